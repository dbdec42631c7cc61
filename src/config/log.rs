//! What is logged, and in which form.

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::{LevelFilter, Targets};

/// The log.
#[derive(Args, Clone, Debug)]
pub struct Log {
    /// trace, debug, info, warn, error or off; also per module, as in "info,phaseflag=debug"
    #[arg(
        long,
        env = "PHASEFLAG_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info",
        value_parser = LogFilter::parse
    )]
    pub log_level: LogFilter,

    /// Form of the log; auto is human on a terminal and json otherwise
    #[arg(long, env = "PHASEFLAG_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    pub log_format: LogFormat,
}

/// Which events are logged: a level for all, and levels for single modules.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFilter(Targets);

/// The form of the log.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Human on a terminal, json otherwise.
    Auto,
    /// Lines for a person.
    Human,
    /// One JSON object per line.
    Json,
}

impl LogFilter {
    /// Reads levels and `module=level`, separated by commas.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut targets = Targets::new();
        for entry in text.split(',').map(str::trim) {
            // The library would take a mistyped level for the name of a module and log it in full.
            let (module, level) = match entry.split_once('=') {
                Some((module, level)) => (Some(module.trim()), level.trim()),
                None => (None, entry),
            };
            let level = read_level(level)
                .ok_or_else(|| format!("`{level}` is none of trace, debug, info, warn, error and off"))?;
            targets = match module {
                Some("") => return Err(format!("`{entry}` names no module")),
                Some(module) => targets.with_target(module, level),
                None => targets.with_default(level),
            };
        }
        Ok(Self(targets))
    }

    /// The filter as the logging library takes it.
    pub fn targets(&self) -> Targets {
        self.0.clone()
    }
}

fn read_level(text: &str) -> Option<LevelFilter> {
    // Numbers and the empty text would parse as well; neither is a promise to keep.
    let word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    text.parse().ok().filter(|_| word)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn logs(filter: &str, module: &str, level: Level) -> bool {
        LogFilter::parse(filter).unwrap().targets().would_enable(module, &level)
    }

    #[test]
    fn a_level_holds_for_all_and_a_module_for_itself() {
        assert!(logs("info", "phaseflag::store", Level::INFO) && !logs("info", "phaseflag", Level::DEBUG));
        assert!(logs("WARN", "any", Level::WARN) && !logs("off", "any", Level::ERROR));
        let mixed = "warn, phaseflag::http=trace";
        assert!(
            logs(mixed, "phaseflag::http::guard", Level::TRACE) && !logs(mixed, "phaseflag", Level::INFO)
        );
    }

    #[test]
    fn a_mistyped_level_is_refused() {
        for text in ["", "verbose", "info,", "phaseflag=loud", "=info", "3", "phaseflag=", "a=b=info"] {
            assert!(LogFilter::parse(text).is_err(), "{text}");
        }
    }
}

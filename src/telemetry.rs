//! The log: lines for a person on a terminal, one JSON object per line for a machine. It goes to standard error,
//! so that standard output stays for what a command answers.

pub mod otlp;

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tracing::Subscriber;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{LogFilter, LogFormat};

/// Starts the log of this process, which from then on also has panics, one line each. Called once, before anything is
/// logged.
///
/// # Errors
/// If the process logs already.
pub fn start(filter: &LogFilter, format: LogFormat) -> Result<(), TryInitError> {
    let terminal = io::stderr().is_terminal();
    let human = match format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let events = Registry::default().with(filter.targets());
    if human {
        let lines = tracing_subscriber::fmt::layer().with_ansi(terminal).with_writer(io::stderr);
        events.with(lines).try_init()?;
    } else {
        json(events, io::stderr).try_init()?;
    }
    std::panic::set_hook(Box::new(note_panic));
    Ok(())
}

/// Whoever catches the panic says what became of it; only here is it known where it began.
fn note_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("without a message");
    tracing::error!(location, why = message, "panicked");
}

/// The fields of an event stand beside its level and its message, where log collectors look for them.
fn json<S, W>(events: S, writer: W) -> impl Subscriber + Send + Sync
where
    S: Subscriber + Send + Sync + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    events.with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_json_line_carries_its_fields_at_its_top() {
        let written = Written::default();
        let writer = written.clone();
        let filter = LogFilter::parse("info").unwrap();
        let log = json(Registry::default().with(filter.targets()), move || writer.clone());
        tracing::subscriber::with_default(log, || {
            tracing::info!(port = 8000, "listening");
            tracing::debug!("too much");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1, "{text}");
        assert_eq!((&lines[0]["port"], &lines[0]["message"]), (&8000.into(), &"listening".into()));
        assert_eq!(lines[0]["level"], "INFO");
    }
}

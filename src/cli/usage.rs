//! Reads the command line, and turns what is wrong with it into one sentence that names the setting.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

use super::{Command, CommandLine};

/// A command line that is wrong in a way that shows only when the command begins; prints as one sentence.
#[derive(Debug)]
pub(super) struct Misuse(pub(super) String);

impl fmt::Display for Misuse {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for Misuse {}

/// Why there is no command to execute.
#[derive(Debug)]
pub(super) enum Stop {
    /// `--help` or `--version`: the answer, already laid out.
    Asked(clap::Error),
    /// What is wrong, in one sentence.
    Wrong(String),
}

pub(super) fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Command, Stop> {
    let definition = CommandLine::command().mut_subcommands(without_empty_variables);
    definition
        .try_get_matches_from(line)
        .and_then(|matches| CommandLine::from_arg_matches(&matches))
        .map(|line| line.command)
        .map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Asked(error),
            _ => Stop::Wrong(sentence(&error)),
        })
}

/// A variable that is set to nothing counts as not set: compose files and service managers cannot unset one.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    command.mut_args(|setting| {
        let empty = setting.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if empty { setting.env(Resettable::Reset) } else { setting }
    })
}

fn sentence(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let setting = text(ContextKind::InvalidArg).unwrap_or_default();
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    match (error.kind(), error.source(), text(ContextKind::ValidValue)) {
        (ErrorKind::ValueValidation, Some(reason), _) => format!("{}: {reason}", named(&setting)),
        (ErrorKind::InvalidValue, _, Some(_)) if value.is_empty() => {
            format!("{}: needs a value", named(&setting))
        }
        (ErrorKind::InvalidValue, _, Some(choices)) => {
            format!("{}: `{value}` is none of {choices}", named(&setting))
        }
        (ErrorKind::InvalidValue, _, None) => format!("{}: needs a value", named(&setting)),
        (ErrorKind::MissingRequiredArgument, _, _) => format!("missing: {setting}"),
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _, _) => {
            "a command is missing; `phaseflag --help` lists them".to_owned()
        }
        _ => first_line(error),
    }
}

/// A flag together with its variable, for whoever set the one and does not know the other.
fn named(setting: &str) -> String {
    let flag = setting.split_whitespace().next().unwrap_or(setting);
    let variable = flag.trim_start_matches('-').replace('-', "_").to_uppercase();
    format!("{flag} (PHASEFLAG_{variable})")
}

/// The library's own words without its advice on usage.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &[&str]) -> String {
        let line = ["phaseflag"].iter().chain(line).map(OsString::from);
        match parse(line) {
            Err(Stop::Wrong(sentence)) => sentence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_wrong_value_is_one_sentence_that_names_the_setting() {
        assert_eq!(
            wrong(&["serve", "--port", "70000"]),
            "--port (PHASEFLAG_PORT): `70000` is not a whole number from 0 to 65535"
        );
        assert_eq!(
            wrong(&["serve", "--registration", "maybe"]),
            "--registration (PHASEFLAG_REGISTRATION): `maybe` is none of open, closed"
        );
        assert_eq!(
            wrong(&["serve", "--log-level=loud"]),
            "--log-level (PHASEFLAG_LOG_LEVEL): `loud` is none of trace, debug, info, warn, error and off"
        );
        assert_eq!(wrong(&["serve", "--data", ""]), "--data (PHASEFLAG_DATA): needs a value");
        assert_eq!(wrong(&["serve", "--log-format="]), "--log-format (PHASEFLAG_LOG_FORMAT): needs a value");
        assert_eq!(wrong(&["healthcheck", "--port"]), "--port (PHASEFLAG_PORT): needs a value");
    }

    #[test]
    fn a_short_secret_is_refused_without_being_repeated() {
        assert_eq!(
            wrong(&["serve", "--jwt-secret-key", "hunter2"]),
            "--jwt-secret-key (PHASEFLAG_JWT_SECRET_KEY): the secret must have at least 32 bytes"
        );
    }

    #[test]
    fn other_mistakes_are_one_line_without_usage() {
        for line in [
            &["serve", "--prot", "1"][..],
            &["sevre"],
            &[],
            &["openapi", "extra"],
            &["serve", "--port=1", "--port=2"],
        ] {
            let sentence = wrong(line);
            assert!(!sentence.is_empty() && !sentence.contains('\n'), "{sentence}");
            assert!(!sentence.starts_with("error") && !sentence.contains("Usage"), "{sentence}");
        }
    }

    #[test]
    fn help_and_version_are_answers() {
        for line in [["phaseflag", "--help"], ["phaseflag", "--version"]] {
            let stop = parse(line.iter().map(OsString::from)).unwrap_err();
            assert!(matches!(stop, Stop::Asked(_)), "{stop:?}");
        }
    }

    #[test]
    fn every_variable_is_named_as_the_sentence_says() {
        for command in CommandLine::command().get_subcommands() {
            for setting in command.get_arguments() {
                let (Some(flag), Some(variable)) = (setting.get_long(), setting.get_env()) else { continue };
                assert_eq!(named(&format!("--{flag}")), format!("--{flag} ({})", variable.display()));
            }
        }
    }
}

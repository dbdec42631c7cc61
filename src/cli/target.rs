//! Where a command finds the data that it is about: in a data file with the server stopped, or at a running server. One
//! set of arguments for every command.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches};
use hyper::Uri;

use super::connection::{Connection, Failure};
use super::usage::Misuse;
use crate::config::{DataFile, Staleness};

/// The address that paths are appended to: without a slash at its end.
#[derive(Clone, Debug)]
pub(super) struct BaseUrl(String);

impl BaseUrl {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "it must be a server's address, like https://flags.example.com, and nothing more";
        let uri: Uri = text.parse().map_err(|_| WRONG)?;
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        // A password in the address would be printed with it.
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if web && plain && uri.query().is_none() && !text.contains('#') {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(WRONG)
        }
    }
}

/// A personal access token or an API key. Prints as `***`.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl FromStr for Token {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it must be a token, without spaces");
        }
        Ok(Self(text.to_owned()))
    }
}

/// The heading of these arguments in the help of every command.
const HEADING: &str = "Where the data is";

#[derive(Args, Debug)]
struct Given {
    /// A running server, like `https://flags.example.com`; without it, the data file is opened
    #[arg(long, env = "PHASEFLAG_SERVER", value_name = "URL", help_heading = HEADING)]
    server: Option<BaseUrl>,

    /// A personal access token, for a running server
    #[arg(
        long,
        env = "PHASEFLAG_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = HEADING
    )]
    token: Option<Token>,

    #[command(flatten, next_help_heading = HEADING)]
    data: DataFile,
}

/// Where the data is that a command reads or changes.
#[derive(Debug)]
pub(super) enum Place {
    /// At a running server, which the owner of a token may ask.
    Server(BaseUrl, Option<Token>),
    /// In a data file that no server has open.
    File(PathBuf),
}

/// Where the data is, and who asks for it: the owner of a token, or the operator of the machine that has the file.
#[derive(Debug)]
pub(super) enum Target {
    /// At a running server.
    Server(BaseUrl, Token),
    /// In a data file that no server has open.
    File(PathBuf),
}

impl Place {
    /// Opens the file, or gets ready to ask the server, with a credential of its own.
    pub(super) fn connection_with(self, credential: Token) -> Result<Connection, Failure> {
        match self {
            Self::Server(url, _) => Connection::to_server(&url, credential),
            Self::File(path) => Connection::to_file(&path, Some(credential)),
        }
    }

    /// The same place with whoever may ask there. A server asks for a token.
    pub(super) fn target(self) -> Result<Target, Misuse> {
        match self {
            Self::Server(url, Some(token)) => Ok(Target::Server(url, token)),
            Self::Server(_, None) => {
                Err(Misuse("missing: --token (PHASEFLAG_TOKEN), with which the server is asked".to_owned()))
            }
            Self::File(path) => Ok(Target::File(path)),
        }
    }
}

impl Target {
    /// Opens the file, or gets ready to ask the server.
    pub(super) fn connection(self) -> Result<Connection, Failure> {
        match self {
            Self::Server(url, token) => Connection::to_server(&url, token),
            Self::File(path) => Connection::to_file(&path, None),
        }
    }
}

impl Target {
    /// The same for what depends on when flags are stale. A running server knows that by itself.
    pub(super) fn connection_where(self, staleness: Staleness) -> Result<Connection, Failure> {
        match self {
            Self::File(path) => Connection::to_file_where(&path, None, staleness.stale_after_days),
            Self::Server(..) => self.connection(),
        }
    }
}

impl FromArgMatches for Place {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Given { server, token, data } = Given::from_arg_matches(matches)?;
        let said = |setting| matches.value_source(setting) == Some(ValueSource::CommandLine);
        match server {
            Some(_) if said("server") && said("data") => Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                "--server and --data: the data is in one place or the other",
            )),
            // Whoever names a file means it, whatever the environment says.
            Some(url) if !said("data") => Ok(Self::Server(url, token)),
            Some(_) | None => Ok(Self::File(data.data)),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl FromArgMatches for Target {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let target = Place::from_arg_matches(matches)?.target();
        target.map_err(|Misuse(sentence)| clap::Error::raw(ErrorKind::ArgumentConflict, sentence))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

macro_rules! as_given {
    ($($target:ty),*) => {$(
        impl Args for $target {
            fn augment_args(command: clap::Command) -> clap::Command {
                Given::augment_args(command)
            }

            fn augment_args_for_update(command: clap::Command) -> clap::Command {
                Given::augment_args_for_update(command)
            }
        }
    )*};
}
as_given!(Place, Target);

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
use crate::config::DataFile;

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

#[derive(Args, Debug)]
struct Given {
    /// A running server, like `https://flags.example.com`; without it, the data file is opened
    #[arg(long, env = "PHASEFLAG_SERVER", value_name = "URL", help_heading = "Where the data is")]
    server: Option<BaseUrl>,

    /// A personal access token, for a running server
    #[arg(
        long,
        env = "PHASEFLAG_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Where the data is"
    )]
    token: Option<Token>,

    #[command(flatten, next_help_heading = "Where the data is")]
    data: DataFile,
}

/// Where the data is that a command reads or changes.
#[derive(Debug)]
pub(super) enum Target {
    /// At a running server, which is asked by the owner of a token.
    Server(BaseUrl, Token),
    /// In a data file that no server has open.
    File(PathBuf),
}

impl Target {
    /// Opens the file, or gets ready to ask the server.
    pub(super) fn connection(self) -> Result<Connection, Failure> {
        match self {
            Self::Server(url, token) => Connection::to_server(url, token),
            Self::File(path) => Connection::to_file(&path),
        }
    }
}

impl FromArgMatches for Target {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Given { server, token, data } = Given::from_arg_matches(matches)?;
        let said = |setting| matches.value_source(setting) == Some(ValueSource::CommandLine);
        match (server, token) {
            (Some(_), _) if said("server") && said("data") => Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                "--server and --data: the data is in one place or the other",
            )),
            // Whoever names a file means it, whatever the environment says.
            (Some(_), _) if said("data") => Ok(Self::File(data.data)),
            (Some(url), Some(token)) => Ok(Self::Server(url, token)),
            (Some(_), None) => Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                "missing: --token (PHASEFLAG_TOKEN), with which the server is asked",
            )),
            (None, _) => Ok(Self::File(data.data)),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Target {
    fn augment_args(command: clap::Command) -> clap::Command {
        Given::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Given::augment_args_for_update(command)
    }
}

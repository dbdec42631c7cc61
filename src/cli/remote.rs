//! A running server, for commands that ask it: where it is, who asks, and its answers as JSON or one sentence.
//! The token is sent to this one address alone (redirects are not followed), and is in nothing that is printed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderValue, Uri};
use ureq::tls::{RootCerts, TlsConfig};

/// How long to wait for the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one request may take, its answer included.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// Bytes of one answer, at most.
const MAX_ANSWER_BYTES: u64 = 64 << 20;

/// Rows that a page is asked to hold: the most that the server gives.
const ROWS_PER_PAGE: u32 = crate::domain::page::MAX_PER_PAGE;

/// Pages of one list, at most: far more than the limits of a project allow, so that no server keeps us for ever.
const MAX_PAGES: usize = 1_000;

/// Characters of a server's own words that are repeated, at most.
const MAX_MESSAGE_CHARS: usize = 500;

/// Which server is asked, and by whom.
#[derive(Args, Debug)]
pub(super) struct Server {
    /// Where the server is, like `https://flags.example.com`
    #[arg(long, env = "PHASEFLAG_SERVER", value_name = "URL")]
    server: BaseUrl,

    /// A personal access token
    #[arg(long, env = "PHASEFLAG_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Token,
}

/// The address that paths are appended to: without a slash at its end.
#[derive(Clone, Debug)]
struct BaseUrl(String);

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

/// A personal access token. Prints as `***`.
#[derive(Clone)]
struct Token(String);

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

/// Why a server did not answer what it was asked; prints as one sentence that names the address and no secret.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody answered, or not all of it.
    Unreachable(String, String),
    /// The server refused, in its own words.
    Refused(String, u16, String),
    /// What answered is no server of ours.
    Strange(String, String),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(url, why) => write!(out, "the server {url} does not answer: {why}"),
            Self::Refused(url, status, message) => {
                write!(out, "the server {url} refused with {status}: {message}")
            }
            Self::Strange(url, what) => write!(out, "{url} does not answer as a PhaseFlag server: {what}"),
        }
    }
}

impl std::error::Error for Failure {}

/// A server that can be asked.
#[derive(Debug)]
pub(super) struct Connection {
    url: String,
    token: Token,
    agent: Agent,
}

impl Server {
    /// Prepares to ask; nothing is sent yet.
    pub(super) fn connection(self) -> Connection {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(REQUEST_TIMEOUT))
            .build();
        Connection { url: self.server.0, token: self.token, agent: agent.into() }
    }
}

impl Connection {
    /// Where the server is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// All rows of the list at `path`, from every page; `query` is made of `name=value`.
    pub(super) fn rows(&self, path: &str, query: &[&str]) -> Result<Vec<Value>, Failure> {
        let mut address = format!("{path}?per_page={ROWS_PER_PAGE}");
        for parameter in query {
            address.push('&');
            address.push_str(parameter);
        }
        let (mut rows, mut next) = (Vec::new(), address.clone());
        for _ in 0..MAX_PAGES {
            let mut page = self.get(&next)?;
            let Value::Array(more) = page["data"].take() else {
                return Err(self.strange("its answer holds no list"));
            };
            rows.extend(more);
            match &page["meta"]["next_cursor"] {
                Value::Null => return Ok(rows),
                Value::String(cursor) => next = format!("{address}&cursor={cursor}"),
                _ => return Err(self.strange("its list has no cursor")),
            }
        }
        Err(self.strange("its list does not end"))
    }

    /// The body of the answer to `GET path`, if that was a success.
    fn get(&self, path: &str) -> Result<Value, Failure> {
        let unreachable = |error: ureq::Error| self.unreachable(&error);
        let mut credential = HeaderValue::from_str(&format!("Bearer {}", self.token.0))
            .map_err(|_| self.strange("the token cannot be sent"))?;
        credential.set_sensitive(true);
        let request = self.agent.get(format!("{}{path}", self.url)).header("Authorization", credential);
        let mut response = request.call().map_err(unreachable)?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        let body: Option<Value> = serde_json::from_slice(&body.map_err(unreachable)?).ok();
        match body {
            Some(body) if status.is_success() => Ok(body),
            Some(body) if body["error"]["message"].is_string() => {
                let message = self.printable(body["error"]["message"].as_str().unwrap_or_default());
                Err(Failure::Refused(self.url.clone(), status.as_u16(), message))
            }
            Some(_) | None => Err(self.strange(&format!("its status is {}", status.as_u16()))),
        }
    }

    fn strange(&self, what: &str) -> Failure {
        Failure::Strange(self.url.clone(), what.to_owned())
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::Unreachable(self.url.clone(), self.printable(&error.to_string()))
    }

    /// Somebody else's words, fit for one line of a terminal. Whatever answers might repeat what it was sent.
    fn printable(&self, text: &str) -> String {
        let text = text.replace(&self.token.0, "***");
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_MESSAGE_CHARS).collect()
    }
}

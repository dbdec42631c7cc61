//! Every setting once: its flag, its environment variable, its default, its help and its final type. What parses
//! here is never checked again.

mod cors;
mod host;
mod log;
mod otlp;
mod proxy;

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

pub use cors::{CorsOrigins, Origin};
pub use host::Host;
pub use log::{LogFilter, LogFormat};
pub use otlp::{Otlp, OtlpEndpoint, OtlpHeaders, SampleRatio};
pub use proxy::TrustedProxies;

use crate::auth::secret::{Secret, SecretTooShort};

/// Connections served at the same time unless configured: room for the streams of contract B7 and ordinary
/// requests beside them.
pub const DEFAULT_MAX_CONNECTIONS: u32 = crate::http::listen::MAX_CONNECTIONS;
/// The most connections that can be configured.
pub const MAX_CONNECTIONS: u32 = 1_000_000;
/// Streams that follow changes at the same time unless configured (contract B7).
pub const DEFAULT_MAX_STREAMS: u32 = 10_000;
/// The same for each API key: no single one takes the place of all others.
pub const DEFAULT_MAX_STREAMS_PER_KEY: u32 = 5_000;
/// Days for which statistics can be kept at most: ten years.
pub const MAX_STATS_RETENTION_DAYS: u32 = 3_650;
/// Days of [`Config::stale_after_days`], at most.
pub const MAX_STALE_AFTER_DAYS: u32 = 3_650;
/// Hours in the longest life of an access token: one year.
pub const MAX_JWT_EXPIRE_HOURS: u32 = 8_760;
/// Days in the longest life of an unused refresh token: ten years.
pub const MAX_REFRESH_EXPIRE_DAYS: u32 = 3_650;

const SECONDS_PER_HOUR: i64 = 3_600;
const SECONDS_PER_DAY: i64 = 86_400;

/// Where the server listens, which is also where a health check asks.
#[derive(Args, Clone, Debug)]
pub struct Listen {
    /// Address or name to listen on; 0.0.0.0 for all
    #[arg(long, env = "PHASEFLAG_HOST", default_value = "127.0.0.1", value_parser = Host::parse)]
    pub host: Host,

    /// Port to listen on; 0 for any free one
    #[arg(long, env = "PHASEFLAG_PORT", default_value = "8000", value_parser = number(0, u16::MAX))]
    pub port: u16,
}

/// The data file, which one process at a time can have open.
#[derive(Args, Clone, Debug)]
pub struct DataFile {
    /// The data file; a server makes it if it does not exist
    #[arg(long, env = "PHASEFLAG_DATA", value_name = "FILE", default_value = "./phaseflag.redb")]
    pub data: PathBuf,
}

/// The settings of `phaseflag serve`.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Where to listen.
    #[command(flatten)]
    pub listen: Listen,

    /// What to serve from.
    #[command(flatten)]
    pub data: DataFile,

    /// Secret of at least 32 bytes that signs tokens; by default made at the first start and kept in the data file
    #[arg(long, env = "PHASEFLAG_JWT_SECRET_KEY", value_name = "SECRET", hide_env_values = true, value_parser = secret)]
    pub jwt_secret_key: Option<Secret>,

    /// Hours until an access token expires
    #[arg(
        long,
        env = "PHASEFLAG_JWT_EXPIRE_HOURS",
        value_name = "HOURS",
        default_value = "24",
        value_parser = number(1, MAX_JWT_EXPIRE_HOURS)
    )]
    pub jwt_expire_hours: u32,

    /// Days until an unused refresh token expires
    #[arg(
        long,
        env = "PHASEFLAG_REFRESH_EXPIRE_DAYS",
        value_name = "DAYS",
        default_value = "30",
        value_parser = number(1, MAX_REFRESH_EXPIRE_DAYS)
    )]
    pub refresh_expire_days: u32,

    /// Origins whose pages may call the API, separated by commas, or * for all; none by default
    #[arg(
        long,
        env = "PHASEFLAG_CORS_ORIGINS",
        value_name = "ORIGINS",
        default_value = "",
        hide_default_value = true,
        value_parser = CorsOrigins::parse
    )]
    pub cors_origins: CorsOrigins,

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

    /// Whether anyone may register, or nobody but the first user and who is invited
    #[arg(long, env = "PHASEFLAG_REGISTRATION", default_value = "open")]
    pub registration: Registration,

    /// Requests per minute to authentication endpoints, for each client address; 0 for no limit
    #[arg(long, env = "PHASEFLAG_RATE_LIMIT_AUTH", value_name = "N", default_value = "10", value_parser = rate())]
    pub rate_limit_auth: u32,

    /// Management requests per minute, for each organization; 0 for no limit
    #[arg(
        long,
        env = "PHASEFLAG_RATE_LIMIT_MANAGEMENT",
        value_name = "N",
        default_value = "1000",
        value_parser = rate()
    )]
    pub rate_limit_management: u32,

    /// Evaluation requests per minute, for each environment; 0 for no limit
    #[arg(
        long,
        env = "PHASEFLAG_RATE_LIMIT_EVALUATION",
        value_name = "N",
        default_value = "10000",
        value_parser = rate()
    )]
    pub rate_limit_evaluation: u32,

    /// Ruleset requests per minute, for each API key; 0 for no limit
    #[arg(
        long,
        env = "PHASEFLAG_RATE_LIMIT_RULESET",
        value_name = "N",
        default_value = "100",
        value_parser = rate()
    )]
    pub rate_limit_ruleset: u32,

    /// Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas; none by default
    #[arg(
        long,
        env = "PHASEFLAG_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true,
        value_parser = TrustedProxies::parse
    )]
    pub trusted_proxies: TrustedProxies,

    /// Days for which it is kept how often flags were served
    #[arg(
        long,
        env = "PHASEFLAG_STATS_RETENTION_DAYS",
        value_name = "DAYS",
        default_value = "90",
        value_parser = number(1, MAX_STATS_RETENTION_DAYS)
    )]
    pub stats_retention_days: u32,

    /// Days after which a flag is stale that was not evaluated, or served everyone the same
    #[arg(
        long,
        env = "PHASEFLAG_STALE_AFTER_DAYS",
        value_name = "DAYS",
        default_value = "30",
        value_parser = number(1, MAX_STALE_AFTER_DAYS)
    )]
    pub stale_after_days: u32,

    /// Connections served at the same time; further ones wait
    #[arg(
        long,
        env = "PHASEFLAG_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = DEFAULT_MAX_CONNECTIONS,
        value_parser = number(1, MAX_CONNECTIONS)
    )]
    pub max_connections: u32,

    /// Streams that follow changes at the same time; further ones are answered with 503
    #[arg(
        long,
        env = "PHASEFLAG_MAX_STREAMS",
        value_name = "N",
        default_value_t = DEFAULT_MAX_STREAMS,
        value_parser = number(0, MAX_CONNECTIONS)
    )]
    pub max_streams: u32,

    /// The same for each API key
    #[arg(
        long,
        env = "PHASEFLAG_MAX_STREAMS_PER_KEY",
        value_name = "N",
        default_value_t = DEFAULT_MAX_STREAMS_PER_KEY,
        value_parser = number(0, MAX_CONNECTIONS)
    )]
    pub max_streams_per_key: u32,

    /// Where traces go.
    #[command(flatten)]
    pub otlp: Otlp,
}

/// Who may register. The first user of a fresh install always may: nobody else could let them in.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone.
    Open,
    /// Nobody after the first user.
    Closed,
}

impl Config {
    /// Seconds in the life of an access token.
    pub fn access_lifetime_seconds(&self) -> i64 {
        i64::from(self.jwt_expire_hours) * SECONDS_PER_HOUR
    }

    /// Seconds in the life of a refresh token that is not used.
    pub fn refresh_lifetime_seconds(&self) -> i64 {
        i64::from(self.refresh_expire_days) * SECONDS_PER_DAY
    }
}

fn rate() -> impl Fn(&str) -> Result<u32, String> + Clone {
    number(0, u32::MAX)
}

fn number<N>(least: N, most: N) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Copy,
{
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("`{text}` is not a whole number from {least} to {most}"))
    }
}

/// The error never quotes the text.
fn secret(text: &str) -> Result<Secret, SecretTooShort> {
    Secret::new(text.as_bytes().to_vec())
}

/// The entries of a list separated by commas; spaces around an entry do not count, and nothing is no entry.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches, Parser};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        config: Config,
    }

    /// Parses flags alone: the environment of the test process must not matter.
    fn parse(flags: &[&str]) -> Result<Config, clap::Error> {
        let command = Line::command().mut_args(|arg| arg.env(clap::builder::Resettable::Reset));
        let matches = command.try_get_matches_from(["test"].iter().chain(flags))?;
        Ok(Line::from_arg_matches(&matches)?.config)
    }

    fn refused(flag: &str, value: &str) -> bool {
        parse(&[&format!("{flag}={value}")]).is_err()
    }

    #[test]
    fn without_flags_the_published_defaults_hold() {
        let config = parse(&[]).unwrap();
        assert_eq!((config.listen.host.to_string().as_str(), config.listen.port), ("127.0.0.1", 8000));
        assert_eq!(config.data.data, PathBuf::from("./phaseflag.redb"));
        assert!(config.jwt_secret_key.is_none());
        assert_eq!(config.access_lifetime_seconds(), 86_400);
        assert_eq!(config.refresh_lifetime_seconds(), 30 * 86_400);
        assert_eq!(config.cors_origins, CorsOrigins::default());
        assert_eq!(config.trusted_proxies, TrustedProxies::default());
        assert_eq!((config.registration, config.log_format), (Registration::Open, LogFormat::Auto));
        assert_eq!((config.rate_limit_auth, config.rate_limit_management), (10, 1_000));
        assert_eq!((config.rate_limit_evaluation, config.rate_limit_ruleset), (10_000, 100));
        assert_eq!(config.max_connections, DEFAULT_MAX_CONNECTIONS);
        assert_eq!((config.max_streams, config.max_streams_per_key), (10_000, 5_000));
    }

    #[test]
    fn every_setting_has_a_variable_named_after_its_flag_and_a_help() {
        let command = Line::command();
        let settings = command.get_arguments().filter(|arg| arg.get_id() != "help");
        for setting in settings {
            let flag = setting.get_long().expect("a long flag");
            let variable = format!("PHASEFLAG_{}", flag.replace('-', "_").to_uppercase());
            assert_eq!(setting.get_env().and_then(|name| name.to_str()), Some(variable.as_str()));
            assert!(setting.get_help().is_some(), "{flag}");
        }
    }

    #[test]
    fn numbers_end_at_their_bounds() {
        assert!(refused("--port", "65536") && refused("--port", "http") && refused("--port", "-1"));
        assert_eq!(parse(&["--port", "65535"]).unwrap().listen.port, 65_535);
        assert_eq!(parse(&["--port", "0"]).unwrap().listen.port, 0);
        assert!(refused("--jwt-expire-hours", "0") && refused("--jwt-expire-hours", "8761"));
        assert_eq!(parse(&["--jwt-expire-hours", "8760"]).unwrap().jwt_expire_hours, 8_760);
        assert!(refused("--refresh-expire-days", "0") && refused("--refresh-expire-days", "3651"));
        assert_eq!(parse(&["--rate-limit-auth", "0"]).unwrap().rate_limit_auth, 0);
        assert!(refused("--rate-limit-auth", "1.5") && refused("--rate-limit-auth", "4294967296"));
        assert!(refused("--max-connections", "0") && refused("--max-connections", "1000001"));
    }

    #[test]
    fn a_secret_is_long_enough_and_never_printed() {
        let short = "short-secret-that-nobody-may-see";
        assert_eq!(short.len(), 32);
        let config = parse(&["--jwt-secret-key", short]).unwrap();
        assert!(!format!("{config:?}").contains(short));
        let error = parse(&["--jwt-secret-key", &short[1..]]).unwrap_err();
        let source = std::error::Error::source(&error).expect("a reason").to_string();
        assert!(!source.contains(&short[1..]) && source.contains("32 bytes"), "{source}");
    }

    #[test]
    fn choices_are_closed() {
        assert_eq!(parse(&["--registration", "closed"]).unwrap().registration, Registration::Closed);
        assert_eq!(parse(&["--log-format", "json"]).unwrap().log_format, LogFormat::Json);
        assert!(refused("--registration", "maybe") && refused("--log-format", "xml"));
    }
}

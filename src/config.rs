//! Every setting once: its flag, its environment variable, its default, its help and its final type. What parses
//! here is never checked again. One file for each noun that can be set.

mod cors;
mod data;
mod file;
mod host;
mod identity;
mod limits;
mod listen;
mod log;
mod number;
mod otlp;
mod proxy;
mod statistics;
mod throwaway;
mod tls;
mod webhooks;

use clap::Args;

pub use cors::{CorsOrigins, Origin};
pub use data::DataFile;
pub use file::SettingsFile;
pub use host::Host;
pub use identity::Identity;
pub use limits::Limits;
pub use listen::Listen;
pub use log::{Log, LogFilter, LogFormat};
pub use otlp::{Otlp, OtlpEndpoint, OtlpHeaders, SampleRatio};
pub use proxy::TrustedProxies;
pub use statistics::{DEFAULT_STALE_AFTER_DAYS, Staleness, Statistics};
pub use throwaway::Throwaway;
pub use tls::TlsFiles;
pub use webhooks::{AllowedHosts, Webhooks};

/// The settings of `phaseflag serve`.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Where to listen.
    #[command(flatten)]
    pub listen: Listen,

    /// What to serve from.
    #[command(flatten)]
    pub data: DataFile,

    /// Who gets in.
    #[command(flatten)]
    pub identity: Identity,

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

    /// Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas, or unix for whoever connects to the socket; none by default
    #[arg(
        long,
        env = "PHASEFLAG_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true,
        value_parser = TrustedProxies::parse
    )]
    pub trusted_proxies: TrustedProxies,

    /// What is logged.
    #[command(flatten)]
    pub log: Log,

    /// What anybody may take.
    #[command(flatten)]
    pub limits: Limits,

    /// What is kept of the use of flags.
    #[command(flatten)]
    pub statistics: Statistics,

    /// Where traces go.
    #[command(flatten)]
    pub otlp: Otlp,

    /// Where webhooks may go.
    #[command(flatten)]
    pub webhooks: Webhooks,

    /// Whether anything is kept at all.
    #[command(flatten)]
    pub throwaway: Throwaway,

    /// Where all of this may be as well.
    #[command(flatten)]
    pub file: SettingsFile,
}

/// The entries of a list separated by commas; spaces around an entry do not count, and nothing is no entry.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::{CommandFactory, FromArgMatches, Parser};

    use super::*;
    use crate::domain::user::Registration;

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
        assert!(config.identity.jwt_secret_key.is_none());
        assert_eq!(config.identity.access_lifetime_seconds(), 86_400);
        assert_eq!(config.identity.refresh_lifetime_seconds(), 30 * 86_400);
        assert_eq!(config.cors_origins, CorsOrigins::default());
        assert_eq!(config.trusted_proxies, TrustedProxies::default());
        assert_eq!(
            (config.identity.registration, config.log.log_format),
            (Registration::Open, LogFormat::Auto)
        );
        assert_eq!((config.limits.rate_limit_auth, config.limits.rate_limit_management), (10, 1_000));
        assert_eq!((config.limits.rate_limit_evaluation, config.limits.rate_limit_ruleset), (10_000, 100));
        assert_eq!(config.limits.max_connections, limits::DEFAULT_MAX_CONNECTIONS);
        assert_eq!((config.limits.max_streams, config.limits.max_streams_per_key), (10_000, 5_000));
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
        assert_eq!(parse(&["--jwt-expire-hours", "8760"]).unwrap().identity.jwt_expire_hours, 8_760);
        assert!(refused("--refresh-expire-days", "0") && refused("--refresh-expire-days", "3651"));
        assert_eq!(parse(&["--rate-limit-auth", "0"]).unwrap().limits.rate_limit_auth, 0);
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
        assert_eq!(parse(&["--registration", "closed"]).unwrap().identity.registration, Registration::Closed);
        assert_eq!(parse(&["--log-format", "json"]).unwrap().log.log_format, LogFormat::Json);
        assert!(refused("--registration", "maybe") && refused("--log-format", "xml"));
    }
}

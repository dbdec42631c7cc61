//! How much of the server anybody may take.

use clap::Args;

use super::number::number;

/// Connections served at the same time unless configured: room for the streams of contract B7 and ordinary
/// requests beside them.
pub(super) const DEFAULT_MAX_CONNECTIONS: u32 = crate::http::listen::MAX_CONNECTIONS;
/// The most connections that can be configured.
const MAX_CONNECTIONS: u32 = 1_000_000;
/// Streams that follow changes at the same time unless configured (contract B7).
const DEFAULT_MAX_STREAMS: u32 = 10_000;
/// The same for each API key: no single one takes the place of all others.
const DEFAULT_MAX_STREAMS_PER_KEY: u32 = 5_000;

/// Rates of requests, connections and streams.
#[derive(Args, Clone, Debug)]
pub struct Limits {
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
}

fn rate() -> impl Fn(&str) -> Result<u32, String> + Clone {
    number(0, u32::MAX)
}

//! For how long it is known how flags were used, and what is made of it.

use clap::Args;

use super::number::number;

/// Days for which statistics can be kept at most: ten years.
const MAX_STATS_RETENTION_DAYS: u32 = 3_650;
/// Days after which a flag is stale unless configured.
pub const DEFAULT_STALE_AFTER_DAYS: u32 = 30;
/// Days of [`Staleness::stale_after_days`], at most.
const MAX_STALE_AFTER_DAYS: u32 = 3_650;

/// What is kept about the use of flags.
#[derive(Args, Clone, Debug)]
pub struct Statistics {
    /// Days for which it is kept how often flags were served
    #[arg(
        long,
        env = "PHASEFLAG_STATS_RETENTION_DAYS",
        value_name = "DAYS",
        default_value = "90",
        value_parser = number(1, MAX_STATS_RETENTION_DAYS)
    )]
    pub stats_retention_days: u32,

    /// What is made of it.
    #[command(flatten)]
    pub staleness: Staleness,
}

/// When a flag is stale.
#[derive(Args, Clone, Copy, Debug)]
pub struct Staleness {
    /// Days after which a flag is stale that was not evaluated, or served everyone the same
    #[arg(
        long,
        env = "PHASEFLAG_STALE_AFTER_DAYS",
        value_name = "DAYS",
        default_value_t = DEFAULT_STALE_AFTER_DAYS,
        value_parser = number(1, MAX_STALE_AFTER_DAYS)
    )]
    pub stale_after_days: u32,
}

//! `phaseflag serve`: runs the server until it is told to stop.

use std::error::Error;
use std::process::ExitCode;

use crate::config::Config;
use crate::server::{self, Ended};
use crate::telemetry;

/// The exit code of a server that was told to stop a second time before it had finished.
const EXIT_CUT: u8 = 3;

pub(super) fn run(config: &Config) -> Result<ExitCode, Box<dyn Error>> {
    telemetry::start(&config.log.log_level, config.log.log_format)?;
    Ok(match server::run(config)? {
        Ended::Finished => ExitCode::SUCCESS,
        Ended::Cut => ExitCode::from(EXIT_CUT),
    })
}

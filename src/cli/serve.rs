//! `phaseflag serve`: runs the server until it is told to stop.

use std::error::Error;

use crate::config::Config;
use crate::{server, telemetry};

pub(super) fn run(config: &Config) -> Result<(), Box<dyn Error>> {
    telemetry::start(&config.log.log_level, config.log.log_format)?;
    server::run(config)?;
    Ok(())
}

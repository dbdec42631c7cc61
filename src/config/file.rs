//! Where settings are, beside flags and variables.

use std::path::PathBuf;

use clap::Args;

/// The file of settings.
#[derive(Args, Clone, Debug)]
pub struct SettingsFile {
    /// TOML file of settings, each by the name of its flag with underscores; flags and variables win over it
    #[arg(long, env = "PHASEFLAG_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

//! What the server serves from.

use std::path::PathBuf;

use clap::Args;

/// The data file, which one process at a time can have open.
#[derive(Args, Clone, Debug)]
pub struct DataFile {
    /// The data file; a server makes it if it does not exist
    #[arg(long, env = "PHASEFLAG_DATA", value_name = "FILE", default_value = "./phaseflag.redb")]
    pub data: PathBuf,
}

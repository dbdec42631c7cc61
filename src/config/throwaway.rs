//! A server for a test or a CI job, which leaves nothing behind.

use std::path::PathBuf;

use clap::Args;

/// What makes a server a throwaway.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Throwaway server")]
pub struct Throwaway {
    /// Keep all data in memory and nothing on disk, without rate limits; ends with the process that started it
    #[arg(long, env = "PHASEFLAG_EPHEMERAL")]
    pub ephemeral: bool,

    /// What it starts with: a project as `phaseflag export` writes it, and people, keys and tokens under `seed`
    #[arg(long, env = "PHASEFLAG_SEED", value_name = "FILE", requires = "ephemeral")]
    pub seed: Option<PathBuf>,

    /// Where address and keys are written as JSON once it is ready; gone when it ends
    #[arg(long, env = "PHASEFLAG_READY_FILE", value_name = "FILE", requires = "ephemeral")]
    pub ready_file: Option<PathBuf>,

    /// Go on when the process that started it ends
    #[arg(long, env = "PHASEFLAG_OUTLIVE_PARENT", requires = "ephemeral")]
    pub outlive_parent: bool,
}

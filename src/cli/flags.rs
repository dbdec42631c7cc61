//! `phaseflag flags stale`: the flags of a project that are probably of no use any more, for people and for CI.

use std::error::Error;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::listing::{Column, Listing};
use super::place::environment_id;
use super::target::Target;
use crate::config::Staleness;

/// The exit code of `--exit-code` where there are stale flags.
const EXIT_STALE: u8 = 3;

const COLUMNS: [Column; 6] = [
    ("KEY", "/key"),
    ("NAME", "/name"),
    ("OWNER", "/owner"),
    ("EXPIRES AT", "/expires_at"),
    ("LAST EVALUATED AT", "/last_evaluated_at"),
    ("BECAUSE", "/lifecycle/because"),
];

#[derive(Args, Debug)]
pub(super) struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List the flags of a project that are stale
    Stale(Stale),
}

#[derive(Args, Debug)]
struct Stale {
    /// The project, by its key or id
    #[arg(long, value_name = "KEY")]
    project: String,

    /// The environment whose last evaluations are shown, by its key or id; the first one by default. What is stale is
    /// stale in all of them
    #[arg(long, value_name = "KEY")]
    environment: Option<String>,

    /// End with 3 if any flag is stale, and with 0 only if none is
    #[arg(long)]
    exit_code: bool,

    // A running server knows for itself.
    #[command(flatten, next_help_heading = "Of a data file")]
    staleness: Staleness,

    #[command(flatten)]
    listing: Listing,

    #[command(flatten)]
    target: Target,
}

pub(super) fn run(command: Flags) -> Result<ExitCode, Box<dyn Error>> {
    match command.command {
        Command::Stale(command) => stale(command),
    }
}

fn stale(command: Stale) -> Result<ExitCode, Box<dyn Error>> {
    let connection = command.target.connection_where(command.staleness)?;
    let environment = environment_id(&connection, &command.project, command.environment.as_deref())?;
    let of_environment = format!("environment_id={environment}");
    let flags =
        connection.rows("/api/v1/flags", &["stale=true", "sort=key", "order=asc", &of_environment])?;
    command.listing.print(&flags, &COLUMNS, "no stale flags")?;
    let found = command.exit_code && !flags.is_empty();
    Ok(if found { ExitCode::from(EXIT_STALE) } else { ExitCode::SUCCESS })
}

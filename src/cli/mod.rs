//! The command line: one file per subcommand. A command that fails says why in one sentence on standard error.

mod backup;
mod connection;
mod evaluate;
mod file;
mod flags;
mod healthcheck;
mod key;
mod listing;
mod openapi;
mod place;
mod project;
mod remote;
mod schema;
mod serve;
mod shell;
mod target;
mod usage;
mod user;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Listen};

/// The exit code of a wrong command line or setting, apart from 1 for a command that failed.
const EXIT_USAGE: u8 = 2;

/// What every command ends with, for its help.
const EXIT_CODES: &str = "Exit codes: 0 for done, 1 for a failure, 2 for a wrong command line or setting. A failure is \
                          one sentence on standard error.";

/// Feature flags from one executable with one data file
#[derive(Parser, Debug)]
#[command(name = "phaseflag", version, after_help = EXIT_CODES)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the server
    Serve(Box<Config>),
    /// Print the description of the API, an `openapi.json`
    #[command(about = "Print the description of the API, an openapi.json")]
    Openapi,
    /// Ask a running server whether it is well; for container health checks
    Healthcheck(Listen),
    /// Copy all data, of a running server or of its file
    Backup(backup::Backup),
    /// Read all of a backup and check that it is whole
    Verify(backup::Verify),
    /// Make a backup the data file, with the server stopped
    Restore(backup::Restore),
    /// Write a project as one document
    Export(project::Export),
    /// Tell what an import of a document would change
    Plan(project::Plan),
    /// Make a project what a document says, all at once or not at all
    Import(project::Import),
    /// Print the JSON Schema of such a document
    Schema,
    /// Look at the flags of a project
    Flags(flags::Flags),
    /// Evaluate flags
    Evaluate(Box<evaluate::Evaluate>),
    /// Look after accounts
    User(user::User),
    /// Look after API keys
    Key(key::Key),
    /// Print what a shell completes command lines with
    Completions(shell::Completions),
    /// Print the manual page, of all commands or of one
    Man(shell::Man),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let command = match usage::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(usage::Stop::Asked(answer)) => {
            // Nobody reads the answer any more if standard output is closed.
            let _closed = answer.print();
            return ExitCode::SUCCESS;
        }
        Err(usage::Stop::Wrong(sentence)) => return fail(&sentence, EXIT_USAGE),
    };
    match execute(command) {
        Ok(code) => code,
        Err(error) if error.is::<usage::Misuse>() => fail(&error.to_string(), EXIT_USAGE),
        Err(error) => fail(&error.to_string(), 1),
    }
}

fn execute(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    let done = match command {
        Command::Serve(config) => return serve::run(&config),
        Command::Openapi => openapi::run(),
        Command::Healthcheck(listen) => healthcheck::run(&listen),
        Command::Backup(command) => backup::take(command),
        Command::Verify(command) => backup::verify(command),
        Command::Restore(command) => backup::restore(command),
        Command::Export(command) => project::export(command),
        Command::Plan(command) => return project::plan(command),
        Command::Import(command) => project::import(command),
        Command::Schema => schema::run(),
        Command::Flags(command) => return flags::run(command),
        Command::User(command) => user::run(command),
        Command::Evaluate(command) => evaluate::run(*command),
        Command::Key(command) => key::run(command),
        Command::Completions(command) => shell::completions(&command),
        Command::Man(command) => shell::man(&command),
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn fail(sentence: &str, code: u8) -> ExitCode {
    eprintln!("phaseflag: {sentence}");
    ExitCode::from(code)
}

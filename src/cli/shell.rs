//! `phaseflag completions` and `phaseflag man`: what a shell and its manual know of the commands, made of their own
//! definition.

use std::error::Error;
use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::CommandLine;
use super::usage::Misuse;

#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell that reads them
    shell: Shell,
}

#[derive(Args, Debug)]
pub(super) struct Man {
    /// The command whose page is printed, like `user create`; the first page by default
    #[arg(value_name = "COMMAND")]
    path: Vec<String>,
}

pub(super) fn completions(command: &Completions) -> Result<(), Box<dyn Error>> {
    let mut definition = CommandLine::command();
    let name = definition.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut definition, name, &mut script);
    Ok(io::stdout().lock().write_all(&script)?)
}

pub(super) fn man(command: &Man) -> Result<(), Box<dyn Error>> {
    let mut definition = CommandLine::command();
    // Names the pages of commands after all of the way to them.
    definition.build();
    let mut found = &definition;
    for name in &command.path {
        let sub = found.find_subcommand(name);
        found = sub.ok_or_else(|| Misuse(format!("there is no command `{}`", command.path.join(" "))))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(found.clone()).render(&mut page)?;
    Ok(io::stdout().lock().write_all(&page)?)
}

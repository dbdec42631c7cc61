//! `phaseflag flags stale`: the flags of a project that are probably of no use any more, for people and for CI.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::connection::Connection;
use super::target::Target;

/// The exit code of `--exit-code` where there are stale flags.
const EXIT_STALE: u8 = 3;

/// What the table shows of a flag, by the pointer to it in the API's object.
const COLUMNS: [(&str, &str); 6] = [
    ("KEY", "/key"),
    ("NAME", "/name"),
    ("OWNER", "/owner"),
    ("EXPIRES AT", "/expires_at"),
    ("LAST EVALUATED AT", "/last_evaluated_at"),
    ("BECAUSE", "/lifecycle/because"),
];

/// What stands in the table for what a flag does not have.
const ABSENT: &str = "-";

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

    /// A table for people, or the API's objects as a JSON array
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

pub(super) fn run(command: Flags) -> Result<ExitCode, Box<dyn Error>> {
    match command.command {
        Command::Stale(command) => stale(command),
    }
}

fn stale(command: Stale) -> Result<ExitCode, Box<dyn Error>> {
    let connection = command.target.connection()?;
    let flags = stale_flags(&connection, &command.project, command.environment.as_deref())?;
    let mut out = io::stdout().lock();
    match command.format {
        Format::Json => writeln!(out, "{:#}", Value::from(flags.as_slice()))?,
        Format::Table if flags.is_empty() => writeln!(out, "no stale flags")?,
        Format::Table => write!(out, "{}", table(&flags))?,
    }
    let found = command.exit_code && !flags.is_empty();
    Ok(if found { ExitCode::from(EXIT_STALE) } else { ExitCode::SUCCESS })
}

fn stale_flags(
    connection: &Connection,
    project: &str,
    environment: Option<&str>,
) -> Result<Vec<Value>, Box<dyn Error>> {
    let place = connection.place();
    let mut projects = connection.rows("/api/v1/projects", &[])?.into_iter().filter(|it| is(it, project));
    let found = projects.next().ok_or_else(|| format!("{place} shows no project `{project}`"))?;
    if projects.next().is_some() {
        return Err(format!("{place} has several projects `{project}`; name one by its id").into());
    }
    let of_project = format!("project_id={}", text(&found, "/id"));
    let mut environments = connection.rows("/api/v1/environments", &[&of_project])?.into_iter();
    let found = environments.find(|it| environment.is_none_or(|name| is(it, name))).ok_or_else(|| {
        let name = environment.unwrap_or_default();
        format!("the project `{project}` of {place} has no environment `{name}`")
    })?;
    let of_environment = format!("environment_id={}", text(&found, "/id"));
    Ok(connection.rows("/api/v1/flags", &["stale=true", "sort=key", "order=asc", &of_environment])?)
}

/// Whether this is what somebody calls `name`.
fn is(thing: &Value, name: &str) -> bool {
    thing["key"] == name || thing["id"] == name
}

fn text<'v>(thing: &'v Value, pointer: &str) -> &'v str {
    thing.pointer(pointer).and_then(Value::as_str).unwrap_or(ABSENT)
}

/// The flags below each other, every column as wide as its widest text.
fn table(flags: &[Value]) -> String {
    let header = COLUMNS.map(|(title, _)| title.to_owned());
    // What somebody wrote as a name is not to steer a terminal.
    let cell = |text: &str| text.replace(char::is_control, " ");
    let rows = flags.iter().map(|flag| COLUMNS.map(|(_, pointer)| cell(text(flag, pointer))));
    let rows: Vec<_> = [header].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(width);
    let mut table = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_steers_the_terminal() {
        let flags = [
            json!({"key": "a", "name": "Größe", "owner": null, "lifecycle": {"because": "Why."}}),
            json!({"key": "long-key", "name": "x\u{1b}[2J", "owner": "Ada", "lifecycle": {"because": "So."}}),
        ];
        let expected = "\
KEY       NAME   OWNER  EXPIRES AT  LAST EVALUATED AT  BECAUSE
a         Größe  -      -           -                  Why.
long-key  x [2J  Ada    -           -                  So.
";
        assert_eq!(table(&flags), expected);
    }
}

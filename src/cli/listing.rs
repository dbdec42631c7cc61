//! Lists as commands print them: a table for people, or the API's objects as a JSON array.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::Value;

/// What stands in a table for what a thing does not have.
const ABSENT: &str = "-";

/// What the table shows of a thing: a title, and the pointer to it in the API's object.
pub(super) type Column = (&'static str, &'static str);

#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Listing {
    /// A table for people, or the API's objects as a JSON array
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

impl Listing {
    /// Prints things; `none` is what a table without any says.
    pub(super) fn print(self, things: &[Value], columns: &[Column], none: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self.format {
            Format::Json => writeln!(out, "{:#}", Value::from(things)),
            Format::Table if things.is_empty() => writeln!(out, "{none}"),
            Format::Table => write!(out, "{}", table(things, columns)),
        }
    }
}

/// What somebody wrote as a name, fit for a line: it is not to steer a terminal.
pub(super) fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// The text at `pointer`; what is no text stands as JSON.
pub(super) fn text(thing: &Value, pointer: &str) -> String {
    match thing.pointer(pointer) {
        None | Some(Value::Null) => ABSENT.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The things below each other, every column as wide as its widest text.
fn table(things: &[Value], columns: &[Column]) -> String {
    let header = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
    let row = |thing| columns.iter().map(|(_, pointer)| printable(&text(thing, pointer))).collect();
    let rows: Vec<Vec<String>> = [header].into_iter().chain(things.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut table = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
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
        let columns =
            [("KEY", "/key"), ("NAME", "/name"), ("OWNER", "/owner"), ("BECAUSE", "/lifecycle/because")];
        let expected = "\
KEY       NAME   OWNER  BECAUSE
a         Größe  -      Why.
long-key  x [2J  Ada    So.
";
        assert_eq!(table(&flags, &columns), expected);
    }
}

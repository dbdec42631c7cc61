//! `phaseflag export`, `plan` and `import`: a project as a document that people keep beside their code.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::connection::Connection;
use super::file::{Faulty, File, save};
use super::importers::{self, Source};
use super::listing::printable;
use super::place::project_id;
use super::target::Target;
use crate::document;

/// The exit code of `plan --exit-code` where the project is not what the document says.
const EXIT_DRIFT: u8 = 3;

/// Characters of a value that are printed, at most.
const MAX_VALUE_CHARS: usize = 100;

#[derive(Args, Debug)]
pub(super) struct Export {
    /// The project, by its key or id
    #[arg(long, value_name = "KEY")]
    project: String,

    /// The file to write; standard output by default
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// How the document is written
    #[arg(long, value_enum, default_value_t = Form::Yaml)]
    format: Form,

    /// Also the API keys, each by its hash
    #[arg(long)]
    api_keys: bool,

    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Yaml,
    Json,
}

#[derive(Args, Debug)]
pub(super) struct Plan {
    #[command(flatten)]
    document: Document,

    /// End with 3 if anything would change, and with 0 only if nothing would
    #[arg(long)]
    exit_code: bool,

    /// Lines for people, or the answer of the API as JSON
    #[arg(long, value_enum, default_value_t = Told::Text)]
    format: Told,

    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
pub(super) struct Import {
    #[command(flatten)]
    document: Document,

    /// The product that the file was exported from, if it is no document of ours; what became of each thing in it is told
    /// on standard error
    #[arg(long, value_enum, value_name = "PRODUCT", requires = "project")]
    from: Option<Source>,

    /// The key of the project that a file of another product becomes
    #[arg(long, value_name = "KEY", requires = "from")]
    project: Option<String>,

    /// Write what a file of another product becomes as a document, in place of importing it
    #[arg(long, short, value_name = "FILE", requires = "from")]
    output: Option<PathBuf>,

    /// Only tell what would change, as `phaseflag plan` does
    #[arg(long)]
    dry_run: bool,

    /// Why a frozen environment has to be changed all the same; the audit log tells it
    #[arg(long, value_name = "WHY")]
    break_glass: Option<String>,

    /// Lines for people, or the answer of the API as JSON
    #[arg(long, value_enum, default_value_t = Told::Text)]
    format: Told,

    #[command(flatten)]
    target: Target,
}

#[derive(Args, Debug)]
struct Document {
    /// The document, YAML or JSON; `-` for standard input
    file: PathBuf,

    /// Delete what the project has and the document does not
    #[arg(long)]
    prune: bool,

    /// The organization of the project, by its id; the oldest one that the token's owner belongs to by default
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Told {
    Text,
    Json,
}

pub(super) fn export(command: Export) -> Result<(), Box<dyn Error>> {
    let connection = command.target.connection()?;
    let id = project_id(&connection, &command.project)?;
    let keys = if command.api_keys { "?api_keys=true" } else { "" };
    let document = connection.get(&format!("/api/v1/projects/{id}/export{keys}"))?["data"].take();
    let text = match command.format {
        Form::Yaml => document::write(&document),
        Form::Json => format!("{document:#}\n"),
    };
    match command.output {
        Some(path) => save(&path, &text)?,
        None => io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(())
}

pub(super) fn plan(command: Plan) -> Result<ExitCode, Box<dyn Error>> {
    let connection = command.target.connection()?;
    let plan = send(&connection, &command.document, &Content::of(&command.document)?, "dry_run=true")?;
    tell(&plan, command.format)?;
    let drifts = command.exit_code && !plan["changes"].as_array().is_none_or(Vec::is_empty);
    Ok(if drifts { ExitCode::from(EXIT_DRIFT) } else { ExitCode::SUCCESS })
}

pub(super) fn import(command: Import) -> Result<(), Box<dyn Error>> {
    let content = match (command.from, &command.project) {
        (Some(source), Some(project)) => Content::translated(&command.document, source, project)?,
        (Some(_) | None, _) => Content::of(&command.document)?,
    };
    if let Some(path) = &command.output {
        return Ok(save(path, &document::write(&content.value))?);
    }
    let connection = command.target.connection()?.breaking_glass(command.break_glass);
    let run = if command.dry_run { "dry_run=true" } else { "dry_run=false" };
    let done = send(&connection, &command.document, &content, run)?;
    tell(&done, command.format)?;
    Ok(())
}

/// What is to be imported, and the text that has it.
struct Content {
    value: Value,
    file: File,
}

impl Content {
    fn of(document: &Document) -> Result<Self, Faulty> {
        let file = File::read(&document.file)?;
        Ok(Self { value: file.value()?, file })
    }

    /// What a file of another product becomes; tells what became of each thing in it.
    fn translated(document: &Document, source: Source, project: &str) -> Result<Self, Box<dyn Error>> {
        let exported = Self::of(document)?.value;
        let translation = importers::translate(source, &exported, project)?;
        let mut out = io::stderr().lock();
        for note in &translation.notes {
            writeln!(out, "{note}")?;
        }
        let value = serde_json::to_value(&translation.document)?;
        // Faults that only the project can show have their lines in the translation.
        let file = File::of("the translation".to_owned(), document::write(&value));
        Ok(Self { value, file })
    }
}

fn send(
    connection: &Connection,
    document: &Document,
    content: &Content,
    run: &str,
) -> Result<Value, Box<dyn Error>> {
    let mut path = format!("/api/v1/projects/import?{run}&prune={}", document.prune);
    if let Some(organization) = &document.organization {
        // Whatever is no identifier is refused with its name.
        let plain = organization.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_');
        path.push_str("&organization_id=");
        path.extend(plain);
    }
    let answer = connection.post(&path, &content.value);
    Ok(answer.map_err(|failure| content.file.refused(failure))?["data"].take())
}

fn tell(plan: &Value, format: Told) -> io::Result<()> {
    let text = match format {
        Told::Text => lines(plan),
        Told::Json => format!("{plan:#}\n"),
    };
    io::stdout().lock().write_all(text.as_bytes())
}

/// A plan, or what came of it, for people.
fn lines(plan: &Value) -> String {
    let word = |value: &Value| printable(value.as_str().unwrap_or_default());
    let mut text = String::new();
    let steps = plan["changes"].as_array().into_iter().flatten();
    for step in steps {
        let sign = match step["action"].as_str() {
            Some("create") => '+',
            Some("delete") => '-',
            Some(_) | None => '~',
        };
        let mut line = format!("{sign} {} {}", word(&step["resource"]), word(&step["key"]));
        if let Some(environment) = step["environment"].as_str() {
            line = format!("{line} in {}", printable(environment));
        }
        // Writing into a String cannot fail.
        let _written = writeln!(text, "{line}");
        if sign == '~' {
            for (field, change) in step["changes"].as_object().into_iter().flatten() {
                let (field, from, to) = (printable(field), shown(&change["from"]), shown(&change["to"]));
                let _written = writeln!(text, "    {field}: {from} -> {to}");
            }
        }
    }
    let project = word(&plan["project"]);
    if text.is_empty() {
        return format!("The project {project} is what the document says.\n");
    }
    let [create, update, delete] = ["create", "update", "delete"].map(|fate| plan[fate].to_string());
    let summary = if plan["dry_run"] == true {
        format!("The project {project}: {create} to create, {update} to change, {delete} to delete.")
    } else {
        format!("The project {project}: {create} created, {update} changed, {delete} deleted.")
    };
    format!("{text}{summary}\n")
}

fn shown(value: &Value) -> String {
    let text = printable(&value.to_string());
    if text.chars().count() <= MAX_VALUE_CHARS {
        return text;
    }
    let head: String = text.chars().take(MAX_VALUE_CHARS).collect();
    format!("{head}…")
}

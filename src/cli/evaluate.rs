//! `phaseflag evaluate`: what flags serve to somebody, asked by an API key as an application does, or by whoever may see
//! the environment, who can have it explained as well.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::connection::Connection;
use super::file::File;
use super::listing::{Column, Listing};
use super::place::environment_id;
use super::target::{Place, Token};
use super::usage::Misuse;

/// What stands for every flag of the environment.
const ALL: &str = "*";

const COLUMNS: [Column; 5] = [
    ("FLAG", "/flag_key"),
    ("VALUE", "/value"),
    ("VARIATION", "/variation_key"),
    ("REASON", "/reason"),
    ("RULE", "/rule_id"),
];

#[derive(Args, Debug)]
pub(super) struct Evaluate {
    /// The flags, by their keys; * for all
    #[arg(required = true, value_name = "FLAG", value_parser = flag)]
    flags: Vec<String>,

    #[command(flatten)]
    context: Context,

    /// An API key, with which the flags are evaluated as for an application
    #[arg(
        long,
        visible_alias = "key",
        env = "PHASEFLAG_API_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    api_key: Option<Token>,

    /// Without an API key: the project, by its key or id
    #[arg(long, value_name = "KEY")]
    project: Option<String>,

    /// Without an API key: the environment, by its key or id
    #[arg(long, value_name = "KEY")]
    environment: Option<String>,

    /// A project as `phaseflag export` writes it, in place of data: no server and no data file is asked
    #[arg(long, value_name = "FILE", conflicts_with = "project", requires = "environment")]
    file: Option<PathBuf>,

    /// Print every step that led to the values, as JSON; without an API key alone
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    listing: Listing,

    #[command(flatten)]
    place: Place,
}

/// Whom the flags are evaluated for.
#[derive(Args, Debug)]
struct Context {
    /// The whole context, as the API reads it: a JSON object
    #[arg(long = "context", value_name = "JSON", value_parser = object)]
    whole: Option<Map<String, Value>>,

    /// The key of the user
    #[arg(long, value_name = "KEY")]
    user: Option<String>,

    /// An attribute, as in plan=pro; what is JSON, like true or 42, is taken as that. Several times for several
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, Value)>,
}

/// What goes into an address as it is.
fn flag(text: &str) -> Result<String, &'static str> {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let sound = text == ALL || !text.is_empty() && text.bytes().all(named);
    if sound { Ok(text.to_owned()) } else { Err("it must be the key of a flag, or * for all") }
}

fn object(text: &str) -> Result<Map<String, Value>, &'static str> {
    serde_json::from_str(text).map_err(|_| "it must be a JSON object")
}

fn attribute(text: &str) -> Result<(String, Value), &'static str> {
    let (name, value) = text.split_once('=').ok_or("it must have the form name=value")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

impl Context {
    /// All of it as the API reads it. What stands on the line by itself counts before what the whole context says.
    fn body(self) -> Value {
        let mut context = self.whole.unwrap_or_default();
        if let Some(user) = self.user {
            context.insert("user_key".to_owned(), user.into());
        }
        if !self.attributes.is_empty() {
            let attributes = context.entry("attributes").or_insert_with(|| json!({}));
            if let Some(attributes) = attributes.as_object_mut() {
                attributes.extend(self.attributes);
            }
        }
        context.into()
    }
}

pub(super) fn run(command: Evaluate) -> Result<(), Box<dyn Error>> {
    let Evaluate { flags, context, api_key, project, environment, file, explain, listing, place } = command;
    let context = context.body();
    if let (Some(path), Some(environment)) = (file, &environment) {
        let connection = Connection::to_document(&File::read(&path)?)?;
        let project = connection.rows("/api/v1/projects", &[])?;
        let project = project.first().and_then(|it| it["id"].as_str()).unwrap_or_default();
        let environment = environment_id(&connection, project, Some(environment))?;
        return print(explained(&connection, &environment, &flags, &context)?, explain, listing);
    }
    let evaluations = match (api_key, project, environment) {
        (Some(_), None, None) if explain => {
            let sentence = "--explain needs --project and --environment: an application is told no reasons";
            return Err(Misuse(sentence.to_owned()).into());
        }
        (Some(key), None, None) => as_application(&place.connection_with(key)?, &flags, &context)?,
        (_, Some(project), Some(environment)) => {
            let connection = place.target()?.connection()?;
            let environment = environment_id(&connection, &project, Some(&environment))?;
            return print(explained(&connection, &environment, &flags, &context)?, explain, listing);
        }
        (_, _, _) => {
            let sentence = "missing: --api-key (PHASEFLAG_API_KEY), or both --project and --environment";
            return Err(Misuse(sentence.to_owned()).into());
        }
    };
    Ok(listing.print(&evaluations, &COLUMNS, "no flags")?)
}

/// Prints what was explained: every step of it, or what came of it.
fn print(explanations: Vec<Value>, explain: bool, listing: Listing) -> Result<(), Box<dyn Error>> {
    if explain {
        writeln!(io::stdout().lock(), "{:#}", Value::from(explanations))?;
        return Ok(());
    }
    let rows = explanations.into_iter().map(|it| row(it["steps"]["flag_key"].clone(), &it["evaluation"]));
    Ok(listing.print(&rows.collect::<Vec<_>>(), &COLUMNS, "no flags")?)
}

fn row(flag_key: Value, evaluation: &Value) -> Value {
    let mut row = json!({"flag_key": flag_key});
    for member in ["value", "variation_key", "reason", "rule_id"] {
        row[member] = evaluation[member].clone();
    }
    row
}

/// What an application gets that has the key.
fn as_application(
    connection: &Connection,
    flags: &[String],
    context: &Value,
) -> Result<Vec<Value>, Box<dyn Error>> {
    let answer = connection.post("/api/v1/evaluate", &json!({"flags": flags, "context": context}))?;
    let evaluations = answer["data"]["evaluations"].as_object().into_iter().flatten();
    let mut rows = Vec::new();
    for (key, evaluation) in evaluations {
        if evaluation["reason"] == "FLAG_NOT_FOUND" {
            return Err(format!("there is no flag `{key}` in the environment of the API key").into());
        }
        rows.push(row(Value::from(key.as_str()), evaluation));
    }
    Ok(rows)
}

/// The explanation of each flag, by whoever may see the environment. Nothing of it is counted.
fn explained(
    connection: &Connection,
    environment: &str,
    flags: &[String],
    context: &Value,
) -> Result<Vec<Value>, Box<dyn Error>> {
    let of_environment = format!("environment_id={environment}");
    let listed: Vec<Value>;
    let keys: Vec<&str> = if flags.iter().any(|flag| flag == ALL) {
        listed = connection.rows("/api/v1/flags", &["sort=key", "order=asc", &of_environment])?;
        listed.iter().filter_map(|flag| flag["key"].as_str()).collect()
    } else {
        flags.iter().map(String::as_str).collect()
    };
    let body = json!({"context": context});
    let mut explanations = Vec::with_capacity(keys.len());
    for key in keys {
        let path = format!("/api/v1/flags/{key}/explain?{of_environment}");
        explanations.push(connection.post(&path, &body)?["data"].take());
    }
    Ok(explanations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_json_where_they_can_be() {
        let read = |text: &str| attribute(text).map(|(_, value)| value);
        assert_eq!(read("plan=pro"), Ok(json!("pro")));
        assert_eq!(read("beta=true"), Ok(json!(true)));
        assert_eq!(read("age=42"), Ok(json!(42)));
        assert_eq!(read("zip=\"042\""), Ok(json!("042")));
        assert_eq!(read("formula=a=b"), Ok(json!("a=b")));
        assert!(attribute("plan").is_err());
    }

    #[test]
    fn single_parts_count_before_the_whole() {
        let whole = json!({"user_key": "ada", "attributes": {"plan": "free", "age": 1}});
        let context = Context {
            whole: whole.as_object().cloned(),
            user: Some("grace".to_owned()),
            attributes: vec![("plan".to_owned(), json!("pro"))],
        };
        assert_eq!(context.body(), json!({"user_key": "grace", "attributes": {"plan": "pro", "age": 1}}));
    }
}

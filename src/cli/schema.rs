//! `phaseflag schema`: the JSON Schema of the document that a project is, for editors and checks.

use std::error::Error;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::server;

/// The schema of a document, among those of the API.
const DOCUMENT: &str = "ProjectDocument";
/// Where the description of the API keeps its schemas.
const IN_API: &str = "#/components/schemas/";
/// Where a schema by itself keeps those that it refers to.
const BY_ITSELF: &str = "#/$defs/";

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    let api: Value = serde_json::from_str(&server::openapi_document()?)?;
    writeln!(std::io::stdout().lock(), "{:#}", of_document(&api["components"]["schemas"]))?;
    Ok(())
}

/// The schema of a document with everything that it refers to.
fn of_document(schemas: &Value) -> Value {
    let mut needed = vec![DOCUMENT.to_owned()];
    let mut next = 0;
    while let Some(name) = needed.get(next).cloned() {
        references(&schemas[&name], &mut needed);
        next += 1;
    }
    let mut definitions = serde_json::Map::new();
    for name in needed.iter().skip(1) {
        definitions.insert(name.clone(), moved(&schemas[name]));
    }
    let mut schema = moved(&schemas[DOCUMENT]);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("A PhaseFlag project as one document");
    schema["$defs"] = Value::Object(definitions);
    schema
}

/// Adds the names of the schemas that this one refers to.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix(IN_API));
            if let Some(name) = name.filter(|name| !found.iter().any(|it| it == name)) {
                found.push(name.to_owned());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema with its references where they are now.
fn moved(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let member = |(name, member): (&String, &Value)| match (name.as_str(), member.as_str()) {
                ("$ref", Some(target)) => (name.clone(), json!(target.replacen(IN_API, BY_ITSELF, 1))),
                _ => (name.clone(), moved(member)),
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(elements) => elements.iter().map(moved).collect(),
        other => other.clone(),
    }
}

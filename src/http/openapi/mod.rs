//! The published document: `OpenAPI` 3.1, made from the 3.0 that the framework writes. Schemas are rewritten to
//! JSON Schema 2020-12, the error answers come from the error table, the examples from their own table.

mod answers;
mod conditional;
mod schema;
mod spelling;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::http::error::Code;
use crate::http::lines::NDJSON;

/// The version that the document declares.
pub const VERSION: &str = "3.1.0";

/// One exchange, shown with an operation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Example {
    /// What it is called, where an operation has several.
    pub name: String,
    /// The parameters of the address, by name.
    pub parameters: Map<String, Value>,
    /// The body of the request.
    pub request: Option<Value>,
    /// The body of the answer.
    pub response: Option<Value>,
}

/// What the framework cannot know about operations, by their identifiers.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Examples.
    pub examples: BTreeMap<String, Vec<Example>>,
    /// Operations without a rate limit.
    pub unlimited: Vec<&'static str>,
    /// Operations that do without the data file.
    pub in_memory: Vec<&'static str>,
    /// What it means if that which a parameter names is not there, by the parameter's name.
    pub named: Vec<(&'static str, Code)>,
    /// Operations that show a thing at a revision, and answer 304 to who has it.
    pub reading_revisions: Vec<&'static str>,
    /// Operations that change a thing only at the revision that is expected.
    pub changing_revisions: Vec<&'static str>,
    /// Errors beyond those that follow from an operation's method, parameters, body and security.
    pub errors: Vec<(&'static str, &'static [Code])>,
}

/// Makes the document from the text of [`poem_openapi::OpenApiService::spec`].
pub fn document(spec: &str, notes: &Notes) -> serde_json::Result<Value> {
    let Spec { paths: Paths(paths), rest } = serde_json::from_str(spec)?;
    let mut document = Map::new();
    for (name, value) in rest {
        document.insert(name, value);
    }
    document.insert("openapi".to_owned(), Value::from(VERSION));
    document.insert("paths".to_owned(), Value::Object(paths));
    let mut document = Value::Object(document);

    schema::upgrade(&mut document);
    schema::close_request_bodies(&mut document);
    spelling::correct(&mut document);
    order_tags(&mut document);
    for_each_operation(&mut document, |_, method, operation| {
        admit_empty(operation);
        conditional::add_headers(operation, notes);
        answers::describe(operation, notes);
        show_examples(operation, notes);
        answers::add_errors(method, operation, notes);
    });
    answers::add_components(&mut document);
    Ok(document)
}

/// Brings the tags into the order of the operations; the framework sorts them by name.
fn order_tags(document: &mut Value) {
    let mut names: Vec<Value> = Vec::new();
    for_each_operation(document, |_, _, operation| {
        names.extend(operation.get("tags").and_then(Value::as_array).into_iter().flatten().cloned());
    });
    if let Some(tags) = document.get_mut("tags").and_then(Value::as_array_mut) {
        tags.sort_by_key(|tag| names.iter().position(|name| *name == tag["name"]));
    }
}

/// Calls `visit` with the template, the method and the operation.
fn for_each_operation(document: &mut Value, mut visit: impl FnMut(&str, &str, &mut Map<String, Value>)) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (template, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                visit(template, method, operation);
            }
        }
    }
}

/// Says that a parameter of the address which may be left out may be empty as well: that means the same.
fn admit_empty(operation: &mut Map<String, Value>) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        if parameter["in"] == "query" && parameter["required"] != true {
            parameter["allowEmptyValue"] = Value::from(true);
        }
    }
}

/// The identifier of an operation; without one it has no notes.
fn id_of(operation: &Map<String, Value>) -> &str {
    operation.get("operationId").and_then(Value::as_str).unwrap_or_default()
}

fn show_examples(operation: &mut Map<String, Value>, notes: &Notes) {
    let Some(examples) = notes.examples.get(id_of(operation)) else {
        return;
    };
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = examples.iter().find_map(|example| example.parameters.get(name));
        if let Some(value) = value.cloned() {
            parameter["example"] = value;
        }
    }
    if let Some(body) = operation.get_mut("requestBody") {
        set_examples(body, examples, |example| example.request.as_ref());
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    let success = responses.into_iter().flatten().find(|(status, _)| status.starts_with('2'));
    if let Some((_, answer)) = success {
        set_examples(answer, examples, |example| example.response.as_ref());
    }
}

fn set_examples(body: &mut Value, examples: &[Example], part: fn(&Example) -> Option<&Value>) {
    let found: Vec<(&str, &Value)> =
        examples.iter().filter_map(|example| Some((example.name.as_str(), part(example)?))).collect();
    let (keyword, value) = match found.as_slice() {
        [] => return,
        [(_, value)] => ("example", (*value).clone()),
        several => {
            let named = |(name, value): &(&str, &Value)| ((*name).to_owned(), json!({ "value": value }));
            ("examples", Value::Object(several.iter().map(named).collect()))
        }
    };
    for (kind, media) in body.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
        media[keyword] = if kind == NDJSON { as_lines(&value) } else { value.clone() };
    }
}

/// The list of an example, one thing a line.
fn as_lines(example: &Value) -> Value {
    let things = example["data"].as_array().into_iter().flatten();
    let lines: Vec<String> = things.map(Value::to_string).collect();
    Value::from(lines.join("\n") + "\n")
}

#[derive(Deserialize)]
struct Spec {
    paths: Paths,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The framework writes a path once per group of operations, so that its name may occur twice.
struct Paths(Map<String, Value>);

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PathsVisitor).map(Self)
    }
}

struct PathsVisitor;

impl<'de> Visitor<'de> for PathsVisitor {
    type Value = Map<String, Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the paths of an OpenAPI document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut paths = Map::new();
        while let Some((template, item)) = members.next_entry::<String, Map<String, Value>>()? {
            match paths.get_mut(&template) {
                Some(Value::Object(known)) => known.extend(item),
                _ => drop(paths.insert(template, Value::Object(item))),
            }
        }
        Ok(paths)
    }
}

#[cfg(test)]
mod tests;

//! The published document: `OpenAPI` 3.1, made from the 3.0 that the framework writes. Schemas are rewritten to
//! JSON Schema 2020-12, the error answers come from the error table, the examples from their own table.

mod answers;
mod schema;
mod spelling;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::http::error::Code;

/// The version that the document declares.
pub const VERSION: &str = "3.1.0";

/// One exchange, shown with an operation.
#[derive(Clone, Debug, Default)]
pub struct Example {
    /// The body of the request.
    pub request: Option<Value>,
    /// The body of the answer.
    pub response: Option<Value>,
}

/// What the framework cannot know about operations, by their identifiers.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Examples.
    pub examples: BTreeMap<&'static str, Example>,
    /// Operations without a rate limit.
    pub unlimited: Vec<&'static str>,
    /// Errors beyond those that follow from an operation's method, parameters, body and security.
    pub errors: Vec<(&'static str, Code)>,
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
    for_each_operation(&mut document, |template, method, operation| {
        answers::describe(operation);
        show_example(operation, notes);
        answers::add_errors(template, method, operation, notes);
    });
    answers::add_components(&mut document);
    Ok(document)
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

/// The identifier of an operation; without one it has no notes.
fn id_of(operation: &Map<String, Value>) -> &str {
    operation.get("operationId").and_then(Value::as_str).unwrap_or_default()
}

fn show_example(operation: &mut Map<String, Value>, notes: &Notes) {
    let Some(example) = notes.examples.get(id_of(operation)) else {
        return;
    };
    if let (Some(body), Some(example)) = (operation.get_mut("requestBody"), &example.request) {
        set_example(body, example);
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    let success = responses.into_iter().flatten().find(|(status, _)| status.starts_with('2'));
    if let (Some((_, answer)), Some(example)) = (success, &example.response) {
        set_example(answer, example);
    }
}

fn set_example(body: &mut Value, example: &Value) {
    for (_, media) in body.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(media) = media.as_object_mut() {
            media.insert("example".to_owned(), example.clone());
        }
    }
}

#[derive(serde::Deserialize)]
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

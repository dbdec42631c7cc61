//! The error answers of every operation, derived from the error table by what an operation is.

use std::collections::BTreeSet;

use poem::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Notes, id_of};
use crate::http::error::Code;

/// Gives every answer that has no description the name of its status.
pub(super) fn describe(operation: &mut Map<String, Value>) {
    for (status, response) in
        operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten()
    {
        if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = Value::from(reason(status));
        }
    }
}

fn reason(status: &str) -> &'static str {
    let status = StatusCode::from_bytes(status.as_bytes()).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("An answer")
}

/// Refers to an error answer for every status that the operation can have.
pub(super) fn add_errors(template: &str, method: &str, operation: &mut Map<String, Value>, notes: &Notes) {
    let statuses = statuses(template, method, operation, notes);
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    for status in statuses {
        if let Some(responses) = responses.as_object_mut() {
            let reference = json!({ "$ref": format!("#/components/responses/{}", component(status)) });
            responses.entry(status.as_str()).or_insert(reference);
        }
    }
}

fn statuses(
    template: &str,
    method: &str,
    operation: &Map<String, Value>,
    notes: &Notes,
) -> BTreeSet<StatusCode> {
    let id = id_of(operation);
    let own = notes.errors.iter().filter(|(of, _)| *of == id).map(|(_, code)| code.status());
    let mut statuses: BTreeSet<StatusCode> = own.collect();
    statuses.extend([StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE]);
    if operation.contains_key("requestBody") {
        statuses.extend([
            StatusCode::BAD_REQUEST,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ]);
    }
    if operation.contains_key("parameters") {
        statuses.insert(StatusCode::BAD_REQUEST);
    }
    if operation.contains_key("security") {
        statuses.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]);
    }
    if template.contains('{') {
        statuses.insert(StatusCode::NOT_FOUND);
    }
    if ["post", "put", "patch", "delete"].contains(&method) {
        statuses.extend([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY]);
    }
    if !notes.unlimited.contains(&id) {
        statuses.insert(StatusCode::TOO_MANY_REQUESTS);
    }
    statuses
}

/// The name of the shared answer with this status, for example `NotFound`.
fn component(status: StatusCode) -> String {
    reason(status.as_str()).split(' ').collect()
}

/// Adds the error envelope and one shared answer for each status of the error table.
pub(super) fn add_components(document: &mut Value) {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.text()).collect();
    document["components"]["schemas"]["Error"] = json!({
        "type": "object",
        "description": "What every failed request is answered with.",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "details"],
                "properties": {
                    "code": {
                        "type": "string", "enum": codes,
                        "description": "What went wrong, for a program.",
                    },
                    "message": { "type": "string", "description": "What went wrong, for a person." },
                    "details": {
                        "type": "object",
                        "description": "More about it. `fields` lists every violation of a 400 and a 422.",
                        "properties": {
                            "fields": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "required": ["field", "message"],
                                    "properties": {
                                        "field": {
                                            "type": "string",
                                            "description": "Where, such as `variations[1].key`; empty for the body as a whole.",
                                        },
                                        "message": { "type": "string" },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    });
    let statuses: BTreeSet<StatusCode> = Code::ALL.iter().map(|code| code.status()).collect();
    for status in statuses {
        document["components"]["responses"][component(status)] = answer(status);
    }
}

fn answer(status: StatusCode) -> Value {
    let rows = Code::ALL.iter().filter(|code| code.status() == status);
    let lines: Vec<String> = rows.map(|code| format!("- `{}`: {}", code.text(), code.when())).collect();
    let mut answer = json!({
        "description": format!("{}.\n\n{}", reason(status.as_str()), lines.join("\n")),
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    });
    if let Some((name, description, kind)) = header_of(status) {
        answer["headers"] = json!({ name: { "description": description, "schema": { "type": kind } } });
    }
    answer
}

fn header_of(status: StatusCode) -> Option<(&'static str, &'static str, &'static str)> {
    match status {
        StatusCode::UNAUTHORIZED => Some(("WWW-Authenticate", "Which credentials are asked for.", "string")),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Some(("Retry-After", "How many seconds to wait.", "integer"))
        }
        _ => None,
    }
}

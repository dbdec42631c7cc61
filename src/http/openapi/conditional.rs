//! Requests that depend on the revision of a thing: the headers that say so, and the answers that follow.

use serde_json::{Map, Value, json};

use super::{Notes, id_of};
use crate::http::error::Code;

/// Adds the headers to the operations that heed them.
pub(super) fn add_headers(operation: &mut Map<String, Value>, notes: &Notes) {
    if notes.reading_revisions.contains(&id_of(operation)) {
        let why = "The `ETag` of what the client has: while its revision is the same, the answer is 304 without a body.";
        add_header(operation, "If-None-Match", why);
        let tag = operation["responses"]["200"]["headers"]["ETag"].clone();
        operation["responses"]["304"] =
            json!({ "description": "Its revision is the same", "headers": { "ETag": tag } });
    }
    if notes.changing_revisions.contains(&id_of(operation)) {
        let why = "The `ETag` of what the client means to change, or several: if it is at another revision by then, \
                   nothing happens and the answer is 412. Weak tags match nothing.";
        add_header(operation, "If-Match", why);
    }
}

/// The error that an operation gives because of such a header.
pub(super) fn error(operation: &Map<String, Value>, notes: &Notes) -> Option<Code> {
    notes.changing_revisions.contains(&id_of(operation)).then_some(Code::RevisionConflict)
}

fn add_header(operation: &mut Map<String, Value>, name: &str, description: &str) {
    let header = json!({
        "name": name, "in": "header", "description": description, "required": false, "schema": { "type": "string" },
    });
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.push(header);
    }
}

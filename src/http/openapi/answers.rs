//! The answers of every operation: which errors it can give, derived from the error table by what the operation is,
//! and which headers come with them.

use std::collections::{BTreeMap, HashSet};

use poem::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Notes, conditional, id_of};
use crate::domain::violation::{Fault, Violations};
use crate::http::error::{ApiError, Code};

/// A header of answers: its name, the type of its value, and what it says.
type Header = (&'static str, &'static str, &'static str);

/// What every answer carries.
const REQUEST_ID: Header = (
    "X-Request-ID",
    "string",
    "The name of this request in logs: the one that it was sent with, or a new one.",
);
/// What every counted answer carries.
const LIMITS: [Header; 3] = [
    ("X-RateLimit-Limit", "integer", "How many requests per minute are allowed."),
    ("X-RateLimit-Remaining", "integer", "How many more may be sent at once."),
    ("X-RateLimit-Reset", "integer", "The Unix second at which all of them are available again."),
];
/// What a 401 carries.
const CHALLENGE: Header = ("WWW-Authenticate", "string", "Which credentials are asked for.");
/// What a 429 carries, and a 503 that will pass.
const RETRY: Header = ("Retry-After", "integer", "How many seconds to wait.");

/// Gives every answer that has no description the name of its status, and says which headers come with it.
pub(super) fn describe(operation: &mut Map<String, Value>, notes: &Notes) {
    let limited = !notes.unlimited.contains(&id_of(operation));
    for (status, response) in
        operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten()
    {
        if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = Value::from(reason(status));
        }
        add_header(response, REQUEST_ID);
        if limited {
            for header in LIMITS {
                add_header(response, header);
            }
        }
    }
}

fn add_header(response: &mut Value, (name, ..): Header) {
    response["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
}

fn reason(status: &str) -> &'static str {
    let status = StatusCode::from_bytes(status.as_bytes()).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("An answer")
}

/// Adds the error answers of an operation, each with the codes that the operation can give.
pub(super) fn add_errors(method: &str, operation: &mut Map<String, Value>, notes: &Notes) {
    let codes = codes(method, operation, notes);
    let mut by_status: BTreeMap<StatusCode, Vec<Code>> = BTreeMap::new();
    for code in Code::ALL.iter().filter(|code| codes.contains(code)) {
        by_status.entry(code.status()).or_default().push(*code);
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    for (status, codes) in by_status {
        let answer = if codes == codes_of(status) {
            json!({ "$ref": format!("#/components/responses/{}", component(status)) })
        } else {
            answer(status, &codes)
        };
        if let Some(responses) = responses.as_object_mut() {
            responses.entry(status.as_str()).or_insert(answer);
        }
    }
}

/// Every code that an operation can answer with, as far as it depends on the operation.
fn codes(method: &str, operation: &Map<String, Value>, notes: &Notes) -> HashSet<Code> {
    let id = id_of(operation);
    let own = notes.errors.iter().filter(|(of, _)| *of == id).flat_map(|(_, codes)| codes.iter());
    let mut codes: HashSet<Code> = own.copied().chain(conditional::error(operation, notes)).collect();
    codes.insert(Code::InternalError);
    if operation.contains_key("requestBody") {
        codes.extend([
            Code::ValidationError,
            Code::RequestTimeout,
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
        ]);
    }
    for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        if parameter["in"] == "query" {
            codes.insert(Code::ValidationError);
        }
        let named = notes.named.iter().filter(|(name, _)| parameter["name"] == *name);
        codes.extend(named.map(|(_, code)| *code));
    }
    if operation.contains_key("security") {
        codes.extend([
            Code::Unauthenticated,
            Code::TokenExpired,
            Code::TokenInvalid,
            Code::ApiKeyInvalid,
            Code::InsufficientPermissions,
        ]);
    }
    if !notes.unlimited.contains(&id) {
        codes.insert(Code::RateLimitExceeded);
    }
    if !notes.in_memory.contains(&id) {
        codes.insert(Code::StorageUnavailable);
        if method != "get" {
            codes.insert(Code::ServerBusy);
        }
    }
    codes
}

fn codes_of(status: StatusCode) -> Vec<Code> {
    Code::ALL.iter().copied().filter(|code| code.status() == status).collect()
}

/// The name of the shared answer with this status, for example `NotFound`.
fn component(status: StatusCode) -> String {
    reason(status.as_str()).split(' ').collect()
}

/// Adds the error envelope, and what the error table says: one shared answer for each status, one example for each
/// code.
pub(super) fn add_components(document: &mut Value) {
    let components = &mut document["components"];
    components["schemas"]["Error"] = envelope();
    for code in Code::ALL {
        let status = code.status();
        components["responses"][component(status)] = answer(status, &codes_of(status));
        components["examples"][code.text()] =
            json!({ "description": code.when(), "value": sample(*code).envelope() });
    }
    for (name, kind, description) in LIMITS.into_iter().chain([REQUEST_ID, CHALLENGE, RETRY]) {
        components["headers"][name] = json!({ "description": description, "schema": { "type": kind } });
    }
}

fn envelope() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.text()).collect();
    let field = json!({
        "type": "object",
        "required": ["field", "message"],
        "properties": {
            "field": {
                "type": "string",
                "description": "Where, such as `variations[1].key`; empty for the body as a whole.",
            },
            "message": { "type": "string", "description": "What is wrong there." },
        },
    });
    json!({
        "type": "object",
        "description": "What every failed request is answered with.",
        "required": ["error"],
        "properties": {
            "key": { "type": "string", "description": "Only below `/ofrep/`: the flag that it is about." },
            "errorCode": {
                "type": "string",
                "description": "Only below `/ofrep/`: `PARSE_ERROR`, `INVALID_CONTEXT`, `TARGETING_KEY_MISSING`, \
                                `FLAG_NOT_FOUND` or `GENERAL`.",
            },
            "errorDetails": { "type": "string", "description": "Only below `/ofrep/`: `error.message` again." },
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
                        "description": "More about it; which members it has depends on the code.",
                        "properties": {
                            "fields": {
                                "type": "array",
                                "description": "Every violation of a 400, and of a 422 about the body.",
                                "items": field,
                            },
                        },
                    },
                },
            },
        },
    })
}

/// An error answer that lists these codes.
fn answer(status: StatusCode, codes: &[Code]) -> Value {
    let lines: Vec<String> =
        codes.iter().map(|code| format!("- `{}`: {}", code.text(), code.when())).collect();
    let example = |code: &Code| {
        (code.text().to_owned(), json!({ "$ref": format!("#/components/examples/{}", code.text()) }))
    };
    let examples: Map<String, Value> = codes.iter().map(example).collect();
    let mut answer = json!({
        "description": format!("{}.\n\n{}", reason(status.as_str()), lines.join("\n")),
        "headers": {},
        "content": {
            "application/json": { "schema": { "$ref": "#/components/schemas/Error" }, "examples": examples },
        },
    });
    add_header(&mut answer, REQUEST_ID);
    match status {
        StatusCode::UNAUTHORIZED => add_header(&mut answer, CHALLENGE),
        StatusCode::TOO_MANY_REQUESTS => {
            for header in LIMITS.into_iter().chain([RETRY]) {
                add_header(&mut answer, header);
            }
        }
        StatusCode::SERVICE_UNAVAILABLE => add_header(&mut answer, RETRY),
        _ => {}
    }
    answer
}

/// Faults of a body, for the examples of their codes.
const FAULTS: [(Code, Fault, &str, &str); 8] = [
    (Code::ValidationError, Fault::Malformed, "variations[1].key", "is required"),
    (Code::VariationCountInvalid, Fault::VariationCount, "variations", "a boolean flag has exactly two"),
    (
        Code::VariationNotFound,
        Fault::VariationUnknown,
        "default_variation",
        "the flag has no variation 'maybe'",
    ),
    (Code::VariationValueInvalid, Fault::VariationValue, "variations[0].value", "must be a number"),
    (
        Code::RuleRolloutExceeds100,
        Fault::RolloutSum,
        "targeting_rules[0].percentage_rollout",
        "the percentages sum to more than 100",
    ),
    (Code::RuleInvalid, Fault::Rule, "targeting_rules[0].conditions[0].value", "is not a semantic version"),
    (
        Code::RevisionNotKept,
        Fault::NotKept,
        "flags[search-ranker]",
        "what it was at that time is not kept any more",
    ),
    (
        Code::PrerequisiteInvalid,
        Fault::Prerequisite,
        "prerequisites[0].flag_key",
        "there is no flag 'old-checkout'",
    ),
];

/// A member of the details of an error.
type Detail = (Code, &'static str, fn() -> Value);

/// Details of errors, for the examples of their codes.
const DETAILS: [Detail; 5] = [
    (Code::InsufficientPermissions, "required_role", || json!("admin")),
    (Code::RevisionConflict, "revision", || json!(8)),
    (Code::FlagInUse, "used_by", || json!(["new-checkout in production"])),
    (Code::VariationInUse, "variation", || json!("on")),
    (Code::VariationInUse, "used_by", || json!(["environment production"])),
];

/// An error with this code, for its example.
fn sample(code: Code) -> ApiError {
    if let Some((_, fault, path, message)) = FAULTS.iter().find(|(of, ..)| *of == code) {
        return Violations::one(*fault, path, *message).into();
    }
    let details = DETAILS.iter().filter(|(of, ..)| *of == code);
    details.fold(ApiError::of(code), |error, (_, name, value)| error.with_detail(name, value()))
}

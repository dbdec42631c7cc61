//! The document of a small API.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::PlainText;
use poem_openapi::{Object, OpenApi, OpenApiService, SecurityScheme, auth};
use serde_json::json;

use super::*;
use crate::domain::api_key::KeyKind;
use crate::http::envelope::{Data, Listed, Meta};
use crate::http::error::ApiError;
use crate::http::patch::Patch;
use crate::http::payload::{FastJson, RawJson, Strict};
use crate::request;

request! {
    /// A part.
    struct Part { name: String, #[oai(validator(minimum(value = "0", exclusive = true)))] weight: Option<f64> }

    /// A thing.
    struct Thing {
        /// Its name.
        #[oai(validator(max_length = 10))]
        name: String,
        /// How it is.
        mood: KeyKind,
        /// One more part.
        spare: Option<Part>,
        parts: Vec<Part>,
        note: Patch<String>,
        value: Option<Value>,
    }
}

/// A thing that was seen.
#[derive(serde::Serialize, Object)]
struct Seen {
    /// What.
    text: String,
    /// When, if ever.
    at: Option<String>,
}

/// A token.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", bearer_format = "JWT")]
struct Token(auth::Bearer);

struct Things;

#[OpenApi]
impl Things {
    /// Make a thing
    #[oai(path = "/things/:kind", method = "post", operation_id = "make")]
    async fn make(
        &self,
        token: Token,
        kind: Path<String>,
        body: Strict<Thing>,
    ) -> Result<FastJson<Data<Seen>>, ApiError> {
        let name = body.parse(|thing, _| Some(thing.name))?;
        let text = [token.0.token, kind.0, name].concat();
        Ok(FastJson(Data { data: Seen { text, at: None } }))
    }

    /// Check
    #[oai(path = "/raw", method = "post", operation_id = "raw")]
    async fn raw(&self, body: RawJson<Thing>) -> RawJson<Seen> {
        RawJson::new(body.bytes)
    }
}

struct Lists;

#[OpenApi]
impl Lists {
    /// List things
    #[oai(path = "/things/:kind", method = "get", operation_id = "list")]
    async fn list(
        &self,
        kind: Path<String>,
        mood: Query<Option<KeyKind>>,
        #[oai(name = "If-None-Match")] seen: Header<Option<String>>,
    ) -> FastJson<Listed<Seen>> {
        drop((kind, mood, seen));
        let meta = Meta { page: 1, per_page: 50, total: 0, next_cursor: None };
        FastJson(Listed { data: vec![], meta })
    }

    /// Health
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self) -> PlainText<&'static str> {
        PlainText("ok")
    }
}

fn document() -> Value {
    let service = OpenApiService::new((Things, Lists), "Things", "1.0").summary("A sample");
    let examples = json!({
        "make": [{"parameters": {"kind": "small"}, "request": {"name": "a"}, "response": {"data": {}}}],
        "raw": [{"name": "one", "request": {"name": "a"}}, {"name": "two", "request": {"name": "b"}}],
    });
    let notes = Notes {
        examples: serde_json::from_value(examples).unwrap(),
        unlimited: vec!["health"],
        in_memory: vec!["raw", "health"],
        reading_revisions: vec!["list"],
        changing_revisions: vec!["make"],
        named: vec![("kind", Code::ProjectNotFound)],
        errors: vec![("raw", &[Code::InvalidCredentials]), ("make", &[Code::FlagArchived])],
    };
    super::document(&service.spec(), &notes).unwrap()
}

fn statuses(operation: &Value) -> Vec<&str> {
    operation["responses"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn groups_of_operations_share_their_paths() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let item = document["paths"]["/things/{kind}"].as_object().unwrap();
    assert_eq!(item.keys().collect::<Vec<_>>(), ["post", "get"]);
}

#[test]
fn errors_follow_from_what_an_operation_is() {
    let document = document();
    let paths = &document["paths"];
    let make = &paths["/things/{kind}"]["post"];
    let all = ["200", "400", "401", "403", "404", "408", "409", "412", "413", "415", "429", "500", "503"];
    assert_eq!(statuses(make), all);
    assert_eq!(statuses(&paths["/things/{kind}"]["get"]), ["200", "304", "400", "404", "429", "500", "503"]);
    assert_eq!(statuses(&paths["/health"]["get"]), ["200", "500"]);
    assert_eq!(statuses(&paths["/raw"]["post"]), ["200", "400", "401", "408", "413", "415", "429", "500"]);
    let headers = |operation: &Value| {
        let parameters = operation["parameters"].as_array().unwrap().iter();
        parameters.filter(|it| it["in"] == "header").map(|it| it["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(headers(make), ["If-Match"]);
    // All of the codes of a status are shared; some of them are listed.
    assert_eq!(make["responses"]["429"]["$ref"], "#/components/responses/TooManyRequests");
    let missing = &make["responses"]["404"];
    let line = format!("Not Found.\n\n- `PROJECT_NOT_FOUND`: {}", Code::ProjectNotFound.when());
    assert_eq!(missing["description"], line);
    let examples = &missing["content"]["application/json"]["examples"];
    assert_eq!(examples, &json!({"PROJECT_NOT_FOUND": {"$ref": "#/components/examples/PROJECT_NOT_FOUND"}}));
}

#[test]
fn every_row_of_the_error_table_is_described_once_and_has_an_example() {
    let document = document();
    let responses = document["components"]["responses"].as_object().unwrap();
    let descriptions: String =
        responses.values().filter_map(|answer| answer["description"].as_str()).collect();
    for code in Code::ALL {
        let line = format!("- `{}`: {}", code.text(), code.when());
        assert_eq!(descriptions.matches(&line).count(), 1, "{line}");
        let example = &document["components"]["examples"][code.text()]["value"];
        assert_eq!(example["error"]["code"], code.text());
        assert!(example["error"]["details"].is_object());
    }
    assert!(responses["TooManyRequests"]["headers"]["Retry-After"].is_object());
}

#[test]
fn bodies_answers_and_headers_are_as_they_are_sent() {
    let document = document();
    let make = &document["paths"]["/things/{kind}"]["post"];
    let body = &make["requestBody"]["content"]["application/json"];
    assert_eq!(body["example"], json!({"name": "a"}));
    assert_eq!(make["responses"]["200"]["content"]["application/json"]["example"], json!({"data": {}}));
    assert_eq!(make["responses"]["200"]["description"], "OK");
    assert!(make["responses"]["200"]["headers"]["X-RateLimit-Limit"].is_object());
    assert!(make["responses"]["200"]["headers"]["X-Request-ID"].is_object());
    assert!(
        document["paths"]["/health"]["get"]["responses"]["200"]["headers"].get("X-RateLimit-Limit").is_none()
    );
    assert_eq!(make["parameters"][0]["example"], "small");
    let several =
        &document["paths"]["/raw"]["post"]["requestBody"]["content"]["application/json"]["examples"];
    assert_eq!(several, &json!({"one": {"value": {"name": "a"}}, "two": {"value": {"name": "b"}}}));
    assert!(make["security"].is_array() && document["components"]["securitySchemes"].is_object());

    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Thing"]["additionalProperties"], false);
    assert_eq!(schemas["Part"]["additionalProperties"], false);
    assert_eq!(schemas["Part"]["properties"]["weight"]["exclusiveMinimum"], 0.0);
    let spare = json!({"description": "One more part.", "anyOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]});
    assert_eq!(schemas["Thing"]["properties"]["spare"], spare);
    assert_eq!(schemas["Seen"]["properties"]["at"]["type"], json!(["string", "null"]));
    assert!(schemas["Seen"].get("additionalProperties").is_none());
    assert_eq!(schemas["Meta"]["properties"]["next_cursor"]["type"], json!(["string", "null"]));
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
                }
                members.values().for_each(|member| check(member, document));
            }
            Value::Array(elements) => elements.iter().for_each(|element| check(element, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}

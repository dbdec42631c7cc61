//! What bodies are read as, and how answers are written.

use poem::test::{TestClient, TestResponse};
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::json;

use super::*;
use crate::http::envelope::{Data, Listed, Meta};
use crate::http::patch::Patch;
use crate::{domain::api_key::KeyKind, request};

request! {
    /// A part.
    #[derive(Debug)]
    struct Part { name: String, weight: Option<f64> }

    /// A thing.
    #[derive(Debug)]
    struct Thing {
        /// Its name.
        #[oai(validator(max_length = 10))]
        name: String,
        r#type: KeyKind,
        parts: Vec<Part>,
        note: Patch<String>,
        count as "countOf": Option<u8>,
    }
}

#[derive(Debug, Serialize, poem_openapi::Object)]
struct Seen {
    text: String,
}

#[derive(poem_openapi::ApiResponse)]
enum Made {
    /// It was made.
    #[oai(status = 201)]
    Created(FastJson<Data<Seen>>),
}

struct Api;

#[OpenApi]
impl Api {
    #[oai(path = "/made", method = "post")]
    async fn made(&self) -> Result<Made, ApiError> {
        Ok(Made::Created(FastJson(Data { data: Seen { text: "made".to_owned() } })))
    }

    #[oai(path = "/things", method = "post")]
    async fn create(&self, body: Strict<Thing>) -> Result<FastJson<Data<Seen>>, ApiError> {
        Ok(FastJson(Data { data: Seen { text: format!("{:?}", body.parse(|thing, _| Some(thing))?) } }))
    }

    #[oai(path = "/raw", method = "post")]
    async fn raw(&self, body: RawJson<Thing>) -> RawJson<Listed<Seen>> {
        RawJson::new(body.bytes)
    }

    #[oai(path = "/things", method = "get")]
    async fn list(&self) -> FastJson<Listed<Seen>> {
        let meta = Meta { page: 1, per_page: 50, total: 0, next_cursor: None };
        FastJson(Listed { data: vec![], meta })
    }
}

async fn post(path: &str, content_type: &str, body: impl Into<poem::Body>) -> TestResponse {
    let client = TestClient::new(OpenApiService::new(Api, "t", "1"));
    client.post(path).header("content-type", content_type).body(body).send().await
}

async fn faults(body: &str) -> Vec<(String, String)> {
    let response = post("/things", JSON, body.to_owned()).await;
    response.assert_status(StatusCode::BAD_REQUEST);
    let envelope: serde_json::Value = response.0.into_body().into_json().await.unwrap();
    assert_eq!(envelope["error"]["code"], "VALIDATION_ERROR");
    let fields = envelope["error"]["details"]["fields"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    fields.iter().map(|field| (text(&field["field"]), text(&field["message"]))).collect()
}

#[tokio::test]
async fn a_sound_body_is_read() {
    let body = r#"{"name":"a","type":"client","parts":[{"name":"p","weight":1}],"note":null,"countOf":3.0}"#;
    let response = post("/things", "application/json; charset=UTF-8", body).await;
    response.assert_status_is_ok();
    response.assert_header("content-type", JSON);
    let text = response.0.into_body().into_json::<serde_json::Value>().await.unwrap();
    let expected = r#"Thing { name: "a", type: Client, parts: [Part { name: "p", weight: Some(1.0) }], note: Null, count: Some(3) }"#;
    assert_eq!(text, json!({"data": {"text": expected}}));
}

#[tokio::test]
async fn every_fault_of_a_body_is_reported_with_its_path() {
    let body = r#"{"nmae":"a","type":"ugly","parts":[{"name":1},{"extra":true,"name":"x","weight":"1"},2],
        "note":{},"countOf":256}"#;
    let expected = [
        ("nmae", "is not a known field"),
        ("name", "is required"),
        ("type", "must be one of `server`, `client`"),
        ("parts[0].name", "must be a string, not a number"),
        ("parts[1].extra", "is not a known field"),
        ("parts[1].weight", "must be a number, not a string"),
        ("parts[2]", "must be an object, not a number"),
        ("note", "must be a string, not an object"),
        ("countOf", "must be between 0 and 255"),
    ];
    let expected: Vec<_> = expected.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
    assert_eq!(faults(body).await, expected);
    assert_eq!(faults("[]").await, [(String::new(), "must be an object, not an array".to_owned())]);
    assert_eq!(faults("").await, [(String::new(), "is empty, and JSON is expected".to_owned())]);
}

#[tokio::test]
async fn bodies_declare_json_and_are_not_compressed() {
    for content_type in ["text/plain", "application/problem+json", "application/json; charset=latin1", ""] {
        post("/things", content_type, "{}").await.assert_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let client = TestClient::new(OpenApiService::new(Api, "t", "1"));
    let request =
        client.post("/raw").header("content-type", JSON).header("content-encoding", "gzip").body("x");
    request.send().await.assert_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn raw_bytes_pass_unread_and_answers_keep_the_order_of_declaration() {
    let response = post("/raw", JSON, "anything").await;
    response.assert_text("anything").await;
    let response = TestClient::new(OpenApiService::new(Api, "t", "1")).get("/things").send().await;
    let expected = r#"{"data":[],"meta":{"page":1,"per_page":50,"total":0,"next_cursor":null}}"#;
    response.assert_text(expected).await;
}

#[tokio::test]
async fn an_answer_may_have_another_status() {
    let response = TestClient::new(OpenApiService::new(Api, "t", "1")).post("/made").send().await;
    response.assert_status(StatusCode::CREATED);
    response.assert_header("content-type", JSON);
    response.assert_text(r#"{"data":{"text":"made"}}"#).await;
}

#[test]
fn schemas_are_those_of_the_payloads() {
    let spec: serde_json::Value = serde_json::from_str(&OpenApiService::new(Api, "t", "1").spec()).unwrap();
    let schemas = &spec["components"]["schemas"];
    assert_eq!(schemas["Thing"]["required"], json!(["name", "type", "parts"]));
    assert_eq!(schemas["Thing"]["properties"]["countOf"]["type"], "integer");
    assert_eq!(schemas["KeyKind"]["enum"], json!(["server", "client"]));
    assert!(schemas["KeyKind"]["description"].as_str().unwrap().contains("- `server`: Kept on a server"));
    assert_eq!(schemas["List_Seen"]["required"], json!(["data", "meta"]));
    assert_eq!(schemas["Data_Seen"]["properties"]["data"]["$ref"], "#/components/schemas/Seen");
}

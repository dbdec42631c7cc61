//! The outermost layer as a client meets it.

use std::sync::Arc;

use poem::endpoint::make;
use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::test::{TestClient, TestRequestBuilder};
use serde_json::{Value, json};

use super::*;
use crate::http::payload::FastJson;

async fn route(mut request: Request) -> poem::Result<Response> {
    match (request.method().as_str(), request.uri().path()) {
        ("GET", "/id") => {
            let id = request.data::<Arrival>().map(|arrival| arrival.id.text().to_owned());
            Ok(id.unwrap_or_default().into_response())
        }
        ("GET", "/large") => Ok(FastJson("x".repeat(5000)).into_response()),
        ("GET", "/panic") => panic!("secret of the handler"),
        ("GET", "/cached") => {
            let response = Response::builder().header("cache-control", "max-age=60");
            Ok(response.header("content-security-policy", "default-src 'self'").body("x"))
        }
        ("POST", "/echo" | "/import") => Ok(Response::from(request.take_body().into_bytes().await?)),
        (_, "/id" | "/echo" | "/large" | "/panic") => Err(MethodNotAllowedError.into()),
        _ => Err(NotFoundError.into()),
    }
}

fn client(origins: &[&str]) -> TestClient<impl Endpoint<Output = Response>> {
    let gets = ["/id", "/large", "/panic"].map(|path| (path, &Method::GET));
    let posts = ["/echo", "/import"].map(|path| (path, &Method::POST));
    let settings = Settings {
        cors: Cors::parse(origins.iter().copied()).unwrap(),
        body: BodyLimits { size: 100, ..BodyLimits::default() },
        larger_bodies: vec![("/import", 200)],
        paths: Arc::new(Paths::of(gets.into_iter().chain(posts))),
        tracer: None,
        clock: Arc::new(|| Timestamp::from_seconds(0)),
        make_request_id: Box::new(|_| "made".into()),
        dialect: Dialect { root: "/foreign/", translate: |failure| failure.or_beside("why", "foreign") },
    };
    TestClient::new(Outermost::new(make(route), settings))
}

async fn error_of(request: TestRequestBuilder<'_, impl Endpoint>) -> (u16, String, HeaderMap) {
    let response = request.send().await.0;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let envelope: Value = response.into_body().into_json().await.unwrap();
    assert!(envelope["error"]["details"].is_object() && envelope["error"]["message"].is_string());
    (status, envelope["error"]["code"].as_str().unwrap().to_owned(), headers)
}

#[tokio::test]
async fn every_answer_is_named_and_guarded() {
    let client = client(&[]);
    for path in ["/id", "/unknown", "/panic"] {
        let response = client.get(path).header("x-request-id", "mine").send().await;
        response.assert_header("x-request-id", "mine");
        response.assert_header("x-content-type-options", "nosniff");
        response.assert_header("x-frame-options", "DENY");
        response.assert_header("referrer-policy", "no-referrer");
        response.assert_header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
        response.assert_header("cache-control", "no-store");
    }
    client.get("/id").header("x-request-id", "a b").send().await.assert_text("made").await;
    let response = client.get("/cached").send().await;
    response.assert_header("cache-control", "max-age=60");
    response.assert_header("content-security-policy", "default-src 'self'");
}

#[tokio::test]
async fn failures_are_told_in_the_language_of_their_path() {
    let client = client(&[]);
    let large = vec![b'x'; 500];
    for (request, status, why) in [
        (client.get("/foreign/unknown"), 404, json!("foreign")),
        (client.post("/foreign/unknown").header("content-length", "500").body(large), 413, json!("foreign")),
        (client.get("/unknown"), 404, Value::Null),
    ] {
        let response = request.send().await.0;
        assert_eq!(response.status(), status);
        let envelope: Value = response.into_body().into_json().await.unwrap();
        assert!(envelope["error"].is_object());
        assert_eq!(envelope["why"], why);
    }
}

#[tokio::test]
async fn every_failure_has_the_envelope() {
    let client = client(&[]);
    let (status, code, _) = error_of(client.get("/unknown")).await;
    assert_eq!((status, code.as_str()), (404, "NOT_FOUND"));
    let (status, code, headers) = error_of(client.delete("/id")).await;
    assert_eq!((status, code.as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(headers["allow"], "GET, HEAD, OPTIONS");
    let (status, code, _) = error_of(client.get("/panic")).await;
    assert_eq!((status, code.as_str()), (500, "INTERNAL_ERROR"));
    client.head("/echo").send().await.assert_status(StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_body_is_bounded_announced_or_not() {
    let client = client(&[]);
    client.post("/echo").body(vec![b'x'; 100]).send().await.assert_status_is_ok();
    let (status, code, _) = error_of(client.post("/echo").body(vec![b'x'; 101])).await;
    assert_eq!((status, code.as_str()), (413, "PAYLOAD_TOO_LARGE"));
    let (status, ..) = error_of(client.post("/echo").header("content-length", "101").body("x")).await;
    assert_eq!(status, 413);
    client.post("/import").body(vec![b'x'; 200]).send().await.assert_status_is_ok();
    assert_eq!(error_of(client.post("/import").body(vec![b'x'; 201])).await.0, 413);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let response = client(&[]).head("/large").send().await;
    response.assert_status_is_ok();
    response.assert_header("content-length", "5002");
    response.assert_header("content-type", "application/json");
    assert!(response.0.into_body().is_empty());
}

#[tokio::test]
async fn large_answers_are_compressed_on_request() {
    let client = client(&["https://app.example"]);
    let response = client.get("/large").header("accept-encoding", "gzip").send().await;
    response.assert_header("content-encoding", "gzip");
    let vary: Vec<_> = response.0.headers().get_all("vary").iter().collect();
    assert_eq!(vary, ["Accept-Encoding", "Origin"]);
    assert!(client.get("/large").send().await.0.header("content-encoding").is_none());
}

#[tokio::test]
async fn options_and_preflights_are_answered_without_a_route() {
    let client = client(&["https://app.example"]);
    let response = client.options("/echo").send().await;
    response.assert_status(StatusCode::NO_CONTENT);
    response.assert_header("allow", "OPTIONS, POST");
    assert_eq!(error_of(client.options("/unknown")).await.0, 404);

    let preflight = |origin: &'static str| {
        let request = client.options("/echo").header("origin", origin);
        request.header("access-control-request-method", "POST").send()
    };
    let response = preflight("https://app.example").await;
    response.assert_status(StatusCode::NO_CONTENT);
    response.assert_header("access-control-allow-origin", "https://app.example");
    response.assert_header("access-control-allow-methods", "OPTIONS, POST");
    let response = preflight("https://evil.example").await;
    response.assert_status(StatusCode::NO_CONTENT);
    assert!(response.0.header("access-control-allow-origin").is_none());

    let response = client.get("/unknown").header("origin", "https://app.example").send().await;
    response.assert_header("access-control-allow-origin", "https://app.example");
}

//! What browsers may do from another origin.

use crate::support::{Answer, Server};

const OURS: &str = "https://app.example";

fn preflight(server: &Server, origin: &str, path: &str) -> Answer {
    server
        .anonymous()
        .with("Origin", origin)
        .with("Access-Control-Request-Method", "PUT")
        .with("Access-Control-Request-Headers", "authorization, content-type")
        .send("OPTIONS", path, None)
}

fn names(answer: &Answer, header: &str) -> Vec<String> {
    let list = answer.header(header).unwrap_or_default();
    list.split(',').map(|name| name.trim().to_lowercase()).collect()
}

#[test]
fn a_listed_origin_may_send_and_read_what_the_contract_says() {
    let server = Server::with(&["--cors-origins=https://app.example, http://localhost:5173"]);
    for origin in [OURS, "http://localhost:5173"] {
        let answer = preflight(&server, origin, "/api/v1/flags/x");
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some(origin)));
        assert_eq!(
            names(&answer, "access-control-allow-methods"),
            ["delete", "get", "head", "options", "put"]
        );
        let allowed = names(&answer, "access-control-allow-headers");
        for name in
            ["authorization", "content-type", "x-api-key", "x-request-id", "if-none-match", "if-match"]
        {
            assert!(allowed.iter().any(|it| it == name), "{name}");
        }
        // A refusal must be readable as well, or the page sees nothing but a network error.
        for path in ["/health", "/nothing", "/api/v1/projects"] {
            let answer = server.anonymous().with("Origin", origin).get(path);
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{path}");
            let exposed = names(&answer, "access-control-expose-headers");
            for name in [
                "etag",
                "retry-after",
                "x-ratelimit-limit",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
                "x-request-id",
            ] {
                assert!(exposed.iter().any(|it| it == name), "{name}");
            }
            assert!(names(&answer, "vary").iter().any(|it| it == "origin"));
        }
    }
}

#[test]
fn any_other_origin_may_not() {
    let listed = Server::with(&["--cors-origins=https://app.example"]);
    let closed = Server::start();
    for (server, origin) in [
        (&listed, "https://evil.example"),
        (&listed, "https://app.example.evil"),
        (&listed, "http://app.example"),
        (&listed, "null"),
        (&closed, OURS),
    ] {
        for answer in [
            preflight(server, origin, "/api/v1/flags/x"),
            server.anonymous().with("Origin", origin).get("/health"),
        ] {
            assert!(
                answer.status < 300 && answer.header("access-control-allow-origin").is_none(),
                "{answer:?}"
            );
            assert!(answer.header("access-control-allow-methods").is_none(), "{answer:?}");
        }
    }
}

#[test]
fn a_star_lets_every_origin_in() {
    let server = Server::with(&["--cors-origins=*"]);
    let answer = preflight(&server, "https://any.example", "/api/v1/evaluate");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some("*")));
    assert_eq!(names(&answer, "access-control-allow-methods"), ["options", "post"]);
    // Never together with credentials.
    assert!(answer.header("access-control-allow-credentials").is_none());
    assert!(server.anonymous().get("/health").header("access-control-allow-origin").is_none());
}

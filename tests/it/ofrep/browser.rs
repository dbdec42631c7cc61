//! What a page from another origin may do.

use serde_json::json;

use super::{ALL, ask_all};
use crate::support::Server;

#[test]
fn a_page_may_ask_and_read_what_a_provider_needs() {
    let server = Server::with(&["--cors-origins=https://app.example"]);
    let team = server.admin();
    let page = team.sdk(&team.development, "client").with("Origin", "https://app.example");
    let has = |list: Option<&str>, name: &str| {
        list.unwrap_or_default().split(',').any(|it| it.trim().eq_ignore_ascii_case(name))
    };
    for path in [ALL.to_owned(), format!("{ALL}/f")] {
        let preflight = server
            .anonymous()
            .with("Origin", "https://app.example")
            .with("Access-Control-Request-Method", "POST")
            .with("Access-Control-Request-Headers", "authorization,content-type,if-none-match")
            .send("OPTIONS", &path, None);
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), Some("https://app.example"));
        assert!(has(preflight.header("access-control-allow-methods"), "POST"), "{path}");
        for name in
            ["Authorization", "Content-Type", "X-API-Key", "X-Request-ID", "If-None-Match", "If-Match"]
        {
            assert!(has(preflight.header("access-control-allow-headers"), name), "{path}: {name}");
        }
    }
    let answer = ask_all(&page, &json!({"targetingKey": "u"}));
    let known = page.with("If-None-Match", answer.header("etag").expect("a tag"));
    let refused = page.with("X-API-Key", "pub-dev-wrong");
    for (client, status) in [(&page, 200), (&known, 304), (&refused, 401)] {
        let answer = ask_all(client, &json!({"targetingKey": "u"}));
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
        for name in [
            "ETag",
            "Retry-After",
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
            "X-Request-ID",
        ] {
            assert!(has(answer.header("access-control-expose-headers"), name), "{status}: {name}");
        }
    }
}

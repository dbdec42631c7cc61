//! The page that shows the API, and the document behind it.

use crate::support::Server;

/// The addresses that a page loads.
pub(super) fn resources(page: &str) -> Vec<&str> {
    let attributes = ["src=\"", "href=\""];
    attributes
        .iter()
        .flat_map(|attribute| page.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().expect("a quoted address"))
        .filter(|address| !address.starts_with("data:"))
        .collect()
}

/// What a page has in itself that belongs into files of their own.
pub(super) fn inline_parts(page: &str) -> Vec<&str> {
    let scripts = page.split("<script").skip(1).filter(|script| !script.contains("></script>"));
    let others = ["<style", " style=", " on"].into_iter().filter(|part| page.contains(part));
    scripts.chain(others).collect()
}

#[test]
fn the_page_and_all_that_it_loads_are_here() {
    let server = Server::start();
    let client = server.anonymous();
    let page = client.get("/docs");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    page.expect(200);
    let html = page.text();
    let loaded = resources(&html);
    assert!(loaded.len() >= 3, "{loaded:?}");
    for address in loaded {
        assert!(!address.contains("//"), "{address} is on another host");
        let answer = client.get(&format!("/{address}"));
        assert_eq!(answer.status, 200, "{address}");
        let kind = answer.header("content-type").unwrap();
        assert!(kind.starts_with("text/javascript") || kind.starts_with("text/css"), "{address}: {kind}");
    }
}

#[test]
fn nothing_on_the_page_is_inline() {
    let server = Server::start();
    let page = server.anonymous().get("/docs");
    let policy = page.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe") && policy.contains("script-src 'self'"), "{policy}");
    let html = page.text();
    assert_eq!(inline_parts(&html), Vec::<&str>::new());
}

#[test]
fn the_document_is_openapi_3_1_and_remembered_by_its_tag() {
    let server = Server::start();
    let answer = server.anonymous().get("/openapi.json");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.expect(200);
    let version = document["openapi"].as_str().unwrap();
    assert!(version.starts_with("3.1."), "{version}");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let tag = answer.header("etag").unwrap();
    let again = server.anonymous().with("If-None-Match", tag).get("/openapi.json");
    assert_eq!((again.status, again.bytes.len()), (304, 0));
}

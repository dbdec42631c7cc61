//! The dashboard's files, as a browser asks for them.

use std::fs;
use std::path::Path;

use super::docs::{inline_parts, resources};
use crate::support::raw::exchange;
use crate::support::{Client, Server};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

fn browser(server: &Server) -> Client {
    server.anonymous().with("accept", BROWSER)
}

/// Every file below `assets/` that a browser may ask for, as an address.
fn files(folder: &Path, address: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (name, path) = (entry.file_name().into_string().unwrap(), entry.path());
        let address = format!("{address}/{name}");
        if path.is_dir() {
            files(&path, &address, found);
        } else if [".js", ".css", ".svg"].iter().any(|end| name.ends_with(end)) {
            found.push(address);
        }
    }
}

#[test]
fn the_page_and_all_that_it_loads_are_here() {
    let server = Server::start();
    let client = browser(&server);
    let page = client.get("/");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.status, 200);
    let html = page.text();
    for address in resources(&html) {
        assert!(address.starts_with('/') && !address.starts_with("//"), "{address} is on another host");
        assert_eq!(client.get(address).status, 200, "{address}");
    }
    assert_eq!(inline_parts(&html), Vec::<&str>::new());
}

#[test]
fn every_file_that_is_in_the_source_is_answered_as_what_it_is() {
    let server = Server::start();
    let client = server.anonymous();
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets"), "/assets", &mut found);
    for address in found {
        let answer = client.get(&address);
        assert_eq!(answer.status, 200, "{address}");
        let kind = answer.header("content-type").unwrap();
        let expected = match address.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(kind, expected, "{address}");
        let tag = answer.header("etag").unwrap();
        assert_eq!(client.with("if-none-match", tag).get(&address).status, 304, "{address}");
    }
}

#[test]
fn an_address_of_the_dashboard_gets_its_page_and_other_unknown_ones_the_envelope() {
    let server = Server::start();
    let (client, page) = (browser(&server), browser(&server).get("/"));
    for path in ["/flags", "/flags/new-checkout?environment=x", "/settings/api-keys", "/nothing/at/all"] {
        let answer = client.get(path);
        assert_eq!((answer.status, &answer.bytes), (200, &page.bytes), "{path}");
        server.anonymous().get(path).refused(404, "NOT_FOUND");
        client.send("DELETE", path, None).refused(404, "NOT_FOUND");
    }
    for path in ["/api/v1/nothing", "/ofrep/v1/nothing", "/assets/nothing.js", "/assets/index.html"] {
        client.get(path).refused(404, "NOT_FOUND");
    }
    // A client that takes no dots out of an address finds nothing behind them.
    for path in
        ["/assets/../Cargo.toml", "/assets/%2e%2e/Cargo.toml", "/assets//etc/passwd", "/assets/vendor"]
    {
        exchange(server.url(), format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).refused(404, "NOT_FOUND");
    }
}

#[test]
fn nothing_but_its_own_files_runs_on_the_page() {
    let server = Server::start();
    for path in ["/", "/flags/x"] {
        let answer = browser(&server).get(path);
        let policy = answer.header("content-security-policy").unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'none'"] {
            assert!(policy.split("; ").any(|it| it == part), "{part} is not in {policy}");
        }
        assert!(policy.contains("require-trusted-types-for 'script'") && !policy.contains("unsafe"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    }
}

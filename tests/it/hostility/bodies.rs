//! Bodies that are small to send and meant to be large to read.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::support::{Answer, Client, Server};

/// As much as a body may have.
const MEBIBYTE: usize = 1 << 20;

/// Every way in for a body, with who may send one there.
fn doors(server: &Server) -> Vec<(Client, String)> {
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let sdk = team.sdk(&team.development, "server");
    let of_sdk =
        ["/api/v1/evaluate", "/api/v1/sdk/events", "/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/a"];
    let of_person = ["/api/v1/auth/login", "/api/v1/projects", "/api/v1/projects/import"];
    let flags = ["", "/a/preview", "/a/explain", "/a/schedules"].map(|rest| team.flags(rest));
    let sdk = of_sdk.map(|path| (sdk.clone(), path.to_owned()));
    let person = of_person.map(str::to_owned).into_iter().chain(flags);
    sdk.into_iter().chain(person.map(|path| (team.client.clone(), path))).collect()
}

/// Checks that a body is refused at every door, and that the server goes on.
fn refused_everywhere(body: &[u8], status: u16, encoding: &str) {
    let server = Server::start();
    for (client, path) in doors(&server) {
        let client = client.with("Content-Type", "application/json").with("Content-Encoding", encoding);
        let answer: Answer = client.send("POST", &path, Some(body));
        // The OpenFeature protocol has its servers pass over members that they do not know.
        if status == 400 && answer.status == 200 && path.starts_with("/ofrep/") {
            continue;
        }
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.body()["error"]["message"].is_string(), "{path}: {}", answer.text());
        assert!(answer.bytes.len() < MEBIBYTE / 8, "{path} answers {} bytes", answer.bytes.len());
    }
    assert_eq!(server.anonymous().get("/health").status, 200);
}

fn repeated(beginning: &str, part: &str, end: &str) -> Vec<u8> {
    let room = MEBIBYTE - beginning.len() - end.len();
    format!("{beginning}{}{end}", part.repeat(room / part.len())).into_bytes()
}

#[test]
fn what_is_nested_a_million_times_is_refused() {
    refused_everywhere(&repeated("", "[", ""), 400, "identity");
    refused_everywhere(&repeated("", r#"{"a":"#, ""), 400, "identity");
    refused_everywhere(&repeated(r#"{"context":"#, "[", ""), 400, "identity");
}

#[test]
fn a_number_of_a_million_digits_is_refused() {
    refused_everywhere(&repeated("", "9", ""), 400, "identity");
    refused_everywhere(&repeated("1e", "9", ""), 400, "identity");
    refused_everywhere(&repeated(r#"{"context": {"user_key": 0."#, "1", "}}"), 400, "identity");
}

#[test]
fn a_hundred_thousand_names_are_refused() {
    let names: Vec<String> = (0..80_000).map(|number| format!("\"k{number}\":0")).collect();
    refused_everywhere(format!("{{{}}}", names.join(",")).as_bytes(), 400, "identity");
}

#[test]
fn what_unpacks_to_gigabytes_is_not_unpacked() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        packed.write_all(&vec![b' '; MEBIBYTE]).expect("a packed mebibyte");
    }
    refused_everywhere(&packed.finish().expect("a bomb"), 415, "gzip");
}

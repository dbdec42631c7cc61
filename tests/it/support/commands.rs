//! Commands that read or change data, on a running server and on the file of the same server while it is stopped.

use std::path::Path;
use std::process::Output;

use serde_json::json;

use super::process::run;
use super::{Server, Team};

/// Where a command finds the data, as its arguments.
pub type Place = Vec<String>;

/// The file of a server that is stopped.
pub fn on_file(data: &Path) -> Place {
    vec![format!("--data={}", data.display())]
}

/// A running server, asked by its admin.
pub fn on_server(server: &Server, team: &Team) -> Place {
    let made = team.client.post("/api/v1/auth/tokens", &json!({"name": "box", "role": "admin"})).expect(201);
    let token = made["data"]["token"].as_str().expect("a token");
    vec![format!("--server={}", server.url()), format!("--token={token}")]
}

/// Runs a command there.
pub fn phaseflag(line: &[&str], place: &Place) -> Output {
    run(line.iter().copied().chain(place.iter().map(String::as_str)))
}

/// Does it on both, and checks each time on the running server what came of it.
pub fn on_both(
    prepare: impl Fn(&Team),
    act: impl Fn(&str, &Place) -> Output,
    check: impl Fn(&Server, &Team, &str, &Output),
) {
    let mut server = Server::start();
    let team = server.admin();
    prepare(&team);
    let output = act("running", &on_server(&server, &team));
    check(&server, &team, "running", &output);
    server.stop();
    let output = act("stopped", &on_file(&server.data()));
    server.restart();
    check(&server, &team.at(&server), "stopped", &output);
}

/// What a command printed that succeeded and had nothing else to say.
#[track_caller]
pub fn printed(output: &Output) -> String {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// Checks that a command failed in one sentence with these words in it.
#[track_caller]
pub fn failed(output: &Output, code: i32, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), text.lines().count()), (Some(code), 1), "{output:?}");
    assert!(text.starts_with("phaseflag: ") && output.stdout.is_empty(), "{output:?}");
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
}

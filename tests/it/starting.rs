//! What a start is given and what it says: settings in a file, the ready event, the greeting, and warnings.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{Process, command, run};
use crate::support::{Client, PASSWORD};

fn write(directory: &TempDir, settings: &str) -> String {
    let path = directory.path().join("phaseflag.toml");
    fs::write(&path, settings).unwrap();
    path.display().to_string()
}

fn ready(log: &[Value]) -> &Value {
    log.iter().find(|line| line["message"] == "ready").expect("a ready event")
}

fn warned(log: &[Value]) -> Vec<&str> {
    let warnings = log.iter().filter(|line| line["level"] == "WARN");
    warnings.map(|line| line["message"].as_str().expect("a message")).collect()
}

fn register(url: &str) {
    let account = json!({"email": "admin@example.com", "password": PASSWORD});
    Client::new(url).post("/api/v1/auth/register", &account).expect(201);
}

#[test]
fn a_flag_wins_over_a_variable_and_that_over_the_file() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let file = write(
        &directory,
        &format!(
            "port = 0\ndata = {:?}\nregistration = \"closed\"\nlog_level = [\"warn\", \"phaseflag=info\"]\n\
             rate_limit_auth = 1\nrate_limit_management = 1\nrate_limit_evaluation = 1\n",
            data.display().to_string()
        ),
    );
    let mut serve = command(["serve", "--rate-limit-evaluation=3"]);
    serve.env("PHASEFLAG_CONFIG", &file).env("PHASEFLAG_RATE_LIMIT_MANAGEMENT", "2");
    let mut server = Process::of(serve);
    let client = Client::new(&server.url);
    let attempt = |path: &str| client.post(path, &json!({})).header("X-RateLimit-Limit").map(str::to_owned);
    assert_eq!(attempt("/api/v1/auth/login").as_deref(), Some("1"), "the file");
    assert!(data.exists());

    // The health check finds the server by the same file; its port is in a flag here, since it was a free one.
    let port = format!("--port={}", server.url.rsplit(':').next().unwrap());
    assert!(run(["healthcheck", "--config", &file, &port]).status.success());
    server.terminate();
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_file_that_says_something_wrong_stops_the_start() {
    let directory = TempDir::new().unwrap();
    let file = write(&directory, "port = 0\njwt_secret_key = \"hunter2\"\n");
    for (arguments, said) in [
        (["serve", "--config", &file], "phaseflag.toml, line 2: jwt_secret_key: the secret must have"),
        (["serve", "--config", "/nowhere.toml"], "/nowhere.toml cannot be read: "),
        (["healthcheck", "--config", &file], "line 2"),
    ] {
        let output = run(arguments);
        let sentence = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{sentence}");
        assert!(sentence.starts_with("phaseflag: ") && sentence.contains(said), "{sentence}");
        assert!(sentence.lines().count() == 1 && !sentence.contains("hunter2"), "{sentence}");
    }
}

#[test]
fn a_secret_in_the_file_is_used_and_not_printed() {
    let directory = TempDir::new().unwrap();
    let secret = "a secret of at least thirty-two bytes";
    let file = write(&directory, &format!("jwt_secret_key = \"{secret}\"\n"));
    let data = directory.path().join("data.redb");
    let log = Process::serve(&data, ["--config", &file, "--log-level=trace"]).log();
    assert_eq!(warned(&log), ["everybody on this machine can read the secret in the file of settings"]);
    assert!(!log.iter().any(|line| line.to_string().contains(secret)));
    assert!(!fs::read(&data).unwrap().windows(secret.len()).any(|window| window == secret.as_bytes()));
}

#[test]
fn the_ready_event_has_what_one_needs() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let server = Process::serve(&data, [""; 0]);
    register(&server.url);
    let url = server.url.clone();
    let log = server.log();
    let event = ready(&log);
    assert_eq!((&event["url"], &event["docs"]), (&json!(url), &json!(format!("{url}/docs"))));
    assert_eq!((&event["data"], &event["admin"]), (&json!(data.display().to_string()), &json!("none yet")));
    assert!(warned(&log).is_empty(), "nobody but this machine can come: {log:?}");
    let again = Process::serve(&data, [""; 0]).log();
    assert_eq!(ready(&again)["admin"], "exists");
}

#[test]
fn who_can_be_reached_by_all_is_warned_until_somebody_is_admin() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let server = Process::serve(&data, ["--host=0.0.0.0"]);
    register(&server.url);
    let port = server.url.rsplit(':').next().expect("a port").to_owned();
    let log = server.log();
    assert_eq!(ready(&log)["url"], format!("http://127.0.0.1:{port}"), "where a client can go");
    assert!(matches!(warned(&log)[..], [warning] if warning.contains("can become admin")), "{log:?}");
    let plain = |log: &[Value]| log.iter().any(|line| line["message"].to_string().contains("plain HTTP"));
    assert!(plain(&log));
    let again = Process::serve(&data, ["--host=0.0.0.0"]).log();
    assert!(warned(&again).is_empty() && plain(&again), "{again:?}");
}

/// What a person reads until the server is ready.
fn greeting(data: &Path) -> String {
    let mut serve = command(["serve", "--port=0", "--log-format=human", "--data"]);
    let mut child = serve.arg(data).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut log = BufReader::new(child.stderr.take().expect("a log"));
    let mut text = String::new();
    while !text.ends_with("exists\n") && !text.ends_with("\"}'\n") {
        assert_ne!(log.read_line(&mut text).expect("a line"), 0, "it ended: {text}");
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    text
}

#[test]
fn a_person_is_greeted_with_the_first_command() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let first = greeting(&data);
    for part in [
        "is ready\n",
        "  Address   http://127.0.0.1:",
        "/docs\n",
        "data.redb\n",
        "none yet",
        "/auth/register",
    ] {
        assert!(first.contains(part), "{part:?} in {first}");
    }
    let server = Process::serve(&data, [""; 0]);
    register(&server.url);
    drop(server);
    assert!(greeting(&data).contains("  Admin     exists\n"));
}

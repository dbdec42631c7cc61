//! `phaseflag flags stale`, the program itself, against a real server: what it prints, its exit codes, and that its
//! token is in nothing that anybody could read.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Output;

use serde_json::{Value, json};

use crate::support::copies::copy_flag;
use crate::support::process::{command, run};
use crate::support::{Server, Team};

const DAY: i64 = 24 * 60 * 60;

/// A personal access token of the lowest role.
fn token(team: &Team) -> String {
    let made = team.client.post("/api/v1/auth/tokens", &json!({"name": "ci", "role": "viewer"})).expect(201);
    made["data"]["token"].as_str().expect("a token").to_owned()
}

/// What the team's project is called.
fn project(team: &Team) -> String {
    let project = team.client.get(&format!("/api/v1/projects/{}", team.project)).expect(200);
    project["data"]["key"].as_str().expect("a key").to_owned()
}

/// Runs the command, and checks that the token is nowhere in what it says.
#[track_caller]
fn stale(url: &str, token: &str, project: &str, more: &[&str]) -> Output {
    let line = ["flags", "stale", "--server", url, "--token", token, "--project", project];
    let output = run(line.iter().chain(more));
    let said = [&output.stdout[..], &output.stderr].concat();
    assert!(!String::from_utf8_lossy(&said).contains(token), "{output:?}");
    output
}

#[track_caller]
fn printed(output: &Output, code: i32) -> String {
    assert!(output.status.code() == Some(code) && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// Checks that the command failed in one sentence with these words in it.
#[track_caller]
fn failed(output: &Output, code: i32, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), text.lines().count()), (Some(code), 1), "{text}");
    assert!(text.starts_with("phaseflag: ") && output.stdout.is_empty(), "{output:?}");
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
}

#[test]
fn stale_flags_are_listed_and_only_asked_for_become_an_exit_code() {
    let server = Server::with(&["--stale-after-days=10", "--jwt-expire-hours=8760"]);
    let team = server.admin();
    let (url, token, project) = (server.url(), token(&team), project(&team));
    team.create_flag("ending", &json!({"owner": "Ada", "expires_at": "2027-01-17T00:00:00Z"}));
    assert_eq!(printed(&stale(url, &token, &project, &["--exit-code"]), 0), "no stale flags\n");
    assert_eq!(printed(&stale(url, &token, &project, &["--exit-code", "--format=json"]), 0), "[]\n");

    server.clock.advance_seconds(3 * DAY);
    team.create_flag("fresh", &json!({}));
    let shown = printed(&stale(url, &token, &project, &["--exit-code"]), 3);
    assert_eq!(printed(&stale(url, &token, &project, &[]), 0), shown);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    let titles = ["KEY", "NAME", "OWNER", "EXPIRES AT", "LAST EVALUATED AT", "BECAUSE"];
    let cells = ["ending", "", "Ada", "2027-01-17T00:00:00Z", "-", "It expired on 2027-01-17."];
    for (title, cell) in titles.into_iter().zip(cells) {
        let column = lines[0].find(title).unwrap_or_else(|| panic!("no {title} in {shown}"));
        assert!(lines[1][column..].starts_with(cell), "{title}: {shown}");
    }

    // Whichever environment is asked, by whichever name, the same flags are stale; JSON is what the API says.
    for environment in ["production", &team.staging] {
        let more = ["--exit-code", "--format=json", "--environment", environment];
        let listed: Value =
            serde_json::from_str(&printed(&stale(url, &token, &team.project, &more), 3)).unwrap();
        let id = if environment == "production" { &team.production } else { &team.staging };
        let api = format!("/api/v1/flags?environment_id={id}&stale=true");
        assert_eq!(listed, team.client.get(&api).expect(200)["data"]);
    }
}

#[test]
fn every_page_is_read() {
    let mut server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({"expires_at": "2027-01-14T00:00:00Z"}));
    let team = copy_flag(&mut server, &team, "f", 450);
    let output = stale(server.url(), &token(&team), &project(&team), &["--exit-code", "--format=json"]);
    let listed: Vec<Value> = serde_json::from_str(&printed(&output, 3)).unwrap();
    let mut keys: Vec<&str> = listed.iter().map(|flag| flag["key"].as_str().expect("a key")).collect();
    assert!(keys.is_sorted());
    keys.dedup();
    assert_eq!(keys.len(), 451);
}

#[test]
fn a_failure_is_one_sentence_and_no_stale_flag() {
    let mut server = Server::start();
    let team = server.admin();
    let (url, token, project) = (server.url().to_owned(), token(&team), project(&team));
    let asked = |token: &str, more: &[&str]| stale(&url, token, &project, &[&["--exit-code"], more].concat());
    let forged = format!("pat_{}", "x".repeat(43));
    failed(&asked(&forged, &[]), 1, &[&url, "refused with 401"]);
    let key = team.client.post(
        &format!("/api/v1/api-keys?environment_id={}", team.production),
        &json!({"name": "k", "kind": "server"}),
    );
    let key = key.expect(201)["data"]["key"].as_str().expect("a key").to_owned();
    failed(&asked(&key, &[]), 1, &[&url, "refused with 403"]);
    failed(&stale(&url, &token, "nothing", &[]), 1, &[&url, "no project `nothing`"]);
    failed(&asked(&token, &["--environment=moon"]), 1, &[&url, "no environment `moon`"]);
    failed(&stale(&format!("{url}/elsewhere"), &token, &project, &[]), 1, &[&url, "refused with 404"]);

    server.stop();
    failed(&asked(&token, &[]), 1, &[&url, "does not answer"]);
    // Nobody speaks TLS there: the scheme is what decides, and no plain request is tried instead.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let https = format!("https://localhost:{port}");
    failed(&stale(&https, &token, &project, &[]), 1, &[&https, "does not answer"]);
}

#[test]
fn a_wrong_line_is_told_apart_and_secrets_stay_secret() {
    for (line, words) in [
        (&["--token=secret-words"][..], &["--project"][..]),
        (&["--project=p", "--server=http://localhost"], &["--token", "PHASEFLAG_TOKEN"]),
        (
            &["--project=p", "--token=secret-words", "--server=http://localhost", "--data=x"],
            &["--server", "--data"],
        ),
        (&["--project=p", "--token=secret-words", "--server=flags.example.com"], &["PHASEFLAG_SERVER"]),
        (&["--project=p", "--token=t", "--server=http://me:secret-words@localhost"], &["PHASEFLAG_SERVER"]),
        (&["--project=p", "--token=secret words", "--server=http://localhost"], &["PHASEFLAG_TOKEN"]),
        (&["--format=secret"], &["none of table, json"]),
    ] {
        let output = run(["flags", "stale"].iter().chain(line));
        failed(&output, 2, words);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("words"), "{output:?}");
    }
    let mut help = command(["flags", "stale", "--help"]);
    let help = help.env("PHASEFLAG_TOKEN", "secret-words").env("PHASEFLAG_SERVER", "http://localhost:1");
    let text = printed(&help.output().expect("the program runs"), 0);
    assert!(text.contains("PHASEFLAG_TOKEN") && !text.contains("secret-words"), "{text}");
}

#[test]
fn server_and_token_come_from_the_environment_too() {
    let server = Server::start();
    let team = server.admin();
    let mut line = command(["flags", "stale", "--exit-code", "--project", &project(&team)]);
    line.env("PHASEFLAG_SERVER", format!("{}/", server.url())).env("PHASEFLAG_TOKEN", token(&team));
    assert_eq!(printed(&line.output().expect("the program runs"), 0), "no stale flags\n");
}

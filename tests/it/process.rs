//! The program as a process: how it starts, how it refuses to, how it ends, and what outlives `kill -9`.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{Process, command, run};
use crate::support::raw::Connection;
use crate::support::{Client, PASSWORD, Team};

/// Checks that the program refused in one sentence, and answers the sentence.
#[track_caller]
fn refused(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let line = text.strip_suffix('\n').expect("a line");
    let sentence = line.strip_prefix("phaseflag: ").unwrap_or_else(|| panic!("{line}"));
    assert!(!sentence.contains('\n') && !sentence.contains("panicked"), "{text}");
    sentence.to_owned()
}

fn serve(data: &Path) -> Vec<String> {
    ["serve", "--port=0", "--data"]
        .iter()
        .map(ToString::to_string)
        .chain([data.display().to_string()])
        .collect()
}

/// Registers the first account of a process, and signs it in.
fn admin(url: &str) -> Team {
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    Client::new(url).post("/api/v1/auth/register", &body).expect(201);
    sign_in(url)
}

fn sign_in(url: &str) -> Team {
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    let tokens = Client::new(url).post("/api/v1/auth/login", &body).expect(200);
    Team::of(Client::new(url).bearer(tokens["data"]["access_token"].as_str().expect("a token")))
}

#[test]
fn it_serves_answers_its_health_check_and_ends_with_0() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let mut server = Process::serve(&data, ["--max-connections=100"]);
    assert_eq!(Client::new(&server.url).get("/ready").expect(200), json!({"ready": true}));
    let port = format!("--port={}", server.url.rsplit(':').next().unwrap());
    let check = run(["healthcheck", &port]);
    assert!(check.status.success() && check.stderr.is_empty(), "{check:?}");
    assert!(String::from_utf8_lossy(&check.stdout).contains("is healthy"));
    server.terminate();
    assert_eq!(server.wait().code(), Some(0));
    let sentence = refused(&run(["healthcheck", &port]), 1);
    assert!(sentence.contains("/health does not answer"), "{sentence}");
}

#[test]
fn variables_set_what_flags_set() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let mut child = command(["serve"]);
    child.env("PHASEFLAG_DATA", &data).env("PHASEFLAG_PORT", "99999");
    assert!(refused(&child.output().unwrap(), 2).starts_with("--port (PHASEFLAG_PORT): "));
    assert!(!data.exists());
}

#[test]
fn the_document_is_printed_as_it_is_served() {
    let output = run(["openapi"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let directory = TempDir::new().unwrap();
    let server = Process::serve(&directory.path().join("data.redb"), [""; 0]);
    assert_eq!(Client::new(&server.url).get("/openapi.json").expect(200), printed);
}

#[test]
fn a_wrong_setting_is_one_sentence() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    for (argument, said) in [
        ("--prot=1", "--prot"),
        ("--port=http", "`http` is not a whole number"),
        ("--rate-limit-auth=-1", "--rate-limit-auth"),
        ("--rate-limit-evaluation=many", "PHASEFLAG_RATE_LIMIT_EVALUATION"),
        ("--jwt-secret-key=too short to be safe", "at least 32 bytes"),
        ("--log-level=loud", "`loud`"),
        ("--log-format=xml", "`xml` is none of"),
        ("--cors-origins=not an origin", "--cors-origins"),
        ("--trusted-proxies=everyone", "--trusted-proxies"),
        ("--registration=maybe", "`maybe` is none of"),
        ("--jwt-expire-hours=0", "--jwt-expire-hours"),
        ("--host=", "--host"),
        ("extra", "extra"),
    ] {
        let mut line = serve(&data);
        line.retain(|it| argument != "--port=http" || it != "--port=0");
        line.push(argument.to_owned());
        let sentence = refused(&run(&line), 2);
        assert!(sentence.contains(said), "{argument}: {sentence}");
        assert!(!sentence.contains("too short to be safe"), "{sentence}");
    }
    refused(&run(["sevre"]), 2);
    refused(&run([""; 0]), 2);
    assert!(!data.exists());
}

#[test]
fn a_place_that_cannot_hold_data_is_one_sentence() {
    let directory = TempDir::new().unwrap();
    let text = directory.path().join("notes.txt");
    std::fs::write(&text, "Not a data file, and nobody may lose it.\n".repeat(500)).unwrap();
    let short = directory.path().join("short.txt");
    std::fs::write(&short, "x").unwrap();
    for path in [
        directory.path().to_path_buf(),
        directory.path().join("missing/data.redb"),
        text.join("data.redb"),
        text.clone(),
        short.clone(),
    ] {
        let sentence = refused(&run(serve(&path)), 1);
        assert!(sentence.contains(&path.display().to_string()), "{}: {sentence}", path.display());
    }
    assert_eq!(std::fs::read_to_string(&short).unwrap(), "x");
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("Not a data file"));
}

#[test]
fn a_damaged_data_file_is_one_sentence() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let mut server = Process::serve(&data, [""; 0]);
    let team = admin(&server.url);
    for index in 0..20 {
        team.create_flag(&format!("flag-{index}"), &json!({}));
    }
    server.terminate();
    server.wait();
    let sound = std::fs::read(&data).unwrap();
    let half = sound.len() / 2;
    let zeroed = [&sound[..4096], &vec![0; sound.len() - 4096][..]].concat();
    let scribbled: Vec<u8> = sound
        .iter()
        .enumerate()
        .map(|(at, byte)| if at > 4096 && at % 7 == 0 { byte ^ 0x5a } else { *byte })
        .collect();
    for (what, bytes) in [
        ("cut in half", &sound[..half]),
        ("cut in its head", &sound[..100]),
        ("its pages zeroed", &zeroed),
        ("its pages scribbled over", &scribbled),
    ] {
        std::fs::write(&data, bytes).unwrap();
        let mut output = run(serve(&data));
        // Where redb panicked, the log says so before.
        let lines = String::from_utf8(output.stderr).unwrap();
        let (log, sentence) = lines.trim_end().rsplit_once('\n').unwrap_or(("", &lines));
        for line in log.lines() {
            serde_json::from_str::<Value>(line).expect("a line of the log");
        }
        output.stderr = format!("{}\n", sentence.trim_end()).into_bytes();
        let sentence = refused(&output, 1);
        assert!(sentence.contains("data file"), "{what}: {sentence}");
    }
}

#[test]
fn what_another_process_uses_is_one_sentence() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let server = Process::serve(&data, [""; 0]);
    let sentence = refused(&run(serve(&data)), 1);
    assert!(sentence.contains("in use by another"), "{sentence}");

    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = format!("--port={}", taken.local_addr().unwrap().port());
    let other = directory.path().join("other.redb");
    let sentence = refused(&run(["serve", &port, "--data", &other.display().to_string()]), 1);
    assert!(sentence.contains("is in use by another process"), "{sentence}");
    let sentence =
        refused(&run(["serve", "--host=203.0.113.1", "--port=0", "--data", &other.display().to_string()]), 1);
    assert!(sentence.starts_with("cannot listen on 203.0.113.1:0"), "{sentence}");
    // The first one has noticed nothing.
    Client::new(&server.url).get("/health").expect(200);
}

#[test]
fn the_log_has_a_line_for_every_request_but_routine_successes() {
    let directory = TempDir::new().unwrap();
    let server = Process::serve(&directory.path().join("data.redb"), [""; 0]);
    let team = admin(&server.url);
    let sdk = team.sdk(&team.development, "server");
    let body = json!({"flags": ["*"], "context": {"user_key": "u"}});
    sdk.post("/api/v1/evaluate", &body).expect(200);
    sdk.get("/api/v1/sdk/ruleset").expect(200);
    sdk.anonymous().get("/ready").expect(200);
    sdk.anonymous().post("/api/v1/evaluate", &body).refused(401, "UNAUTHENTICATED");
    let log = server.log();
    let requests = log.iter().filter(|line| line["message"] == "request");
    let seen: Vec<(&str, &Value)> =
        requests.map(|line| (line["path"].as_str().unwrap(), &line["status"])).collect();
    assert!(seen.contains(&("/api/v1/auth/login", &json!(200))), "{seen:?}");
    let routine = ["/api/v1/evaluate", "/api/v1/sdk/ruleset", "/ready"];
    let routine: Vec<_> = seen.into_iter().filter(|(path, _)| routine.contains(path)).collect();
    assert_eq!(routine, [("/api/v1/evaluate", &json!(401))]);
}

#[test]
fn a_line_about_a_request_names_who_asked_and_no_secret() {
    let directory = TempDir::new().unwrap();
    let server = Process::serve(&directory.path().join("data.redb"), [""; 0]);
    let team = admin(&server.url);
    let user = team.client.get("/api/v1/auth/me").expect(200)["data"]["id"].clone();
    let organization = json!(team.organization());
    let token = json!({"name": "script", "role": "viewer"});
    let token = team.client.post("/api/v1/auth/tokens", &token).expect(201)["data"].clone();
    let script = team.client.anonymous().bearer(token["token"].as_str().unwrap());
    let key = team.create_key(&team.development, "server").expect(201)["data"].clone();
    let sdk = team.client.anonymous().with("X-API-Key", key["key"].as_str().unwrap());
    let asks = |client: &Client, id: &str, path: &str| client.with("X-Request-ID", id).get(path).status;
    assert_eq!(asks(&team.client, "person", "/api/v1/projects"), 200);
    assert_eq!(asks(&script, "script", "/api/v1/projects"), 200);
    assert_eq!(asks(&script, "refused", "/api/v1/auth/tokens"), 403);
    assert_eq!(asks(&sdk, "sdk", "/api/v1/projects"), 403);
    assert_eq!(asks(&sdk.anonymous(), "nobody", "/api/v1/projects"), 401);
    let secrets = ["person", "script", "sdk"].map(|of| match of {
        "person" => team.client.sends("Authorization").unwrap().to_owned(),
        "script" => token["token"].as_str().unwrap().to_owned(),
        _ => key["key"].as_str().unwrap().to_owned(),
    });
    let log = server.log();
    let line = |id: &str| {
        let mut lines = log.iter().filter(|line| line["message"] == "request" && line["request_id"] == id);
        let line = lines.next().unwrap();
        assert!(lines.next().is_none() && line["micros"].is_u64(), "{line}");
        line
    };
    for (id, principal, organization, environment) in [
        ("person", &user, &organization, &Value::Null),
        ("script", &token["id"], &organization, &Value::Null),
        ("refused", &token["id"], &organization, &Value::Null),
        ("sdk", &key["id"], &Value::Null, &json!(team.development)),
        ("nobody", &Value::Null, &Value::Null, &Value::Null),
    ] {
        let line = line(id);
        assert_eq!(&line["principal_id"], principal, "{line}");
        assert_eq!(&line["organization_id"], organization, "{line}");
        assert_eq!(&line["environment_id"], environment, "{line}");
    }
    let text = log.iter().map(Value::to_string).collect::<String>();
    for secret in secrets {
        assert!(!text.contains(secret.trim_start_matches("Bearer ")));
    }
}

#[test]
fn sigterm_finishes_what_is_in_flight() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let mut server = Process::serve(&data, [""; 0]);
    let body = json!({"email": "admin@example.com", "password": PASSWORD}).to_string();
    let mut connection = Connection::open(&server.url);
    connection.send(format!(
        "POST /api/v1/auth/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    ));
    // The handler waits for the body now.
    assert_eq!(connection.receive("POST").status, 100);
    server.terminate();
    let address = server.url.strip_prefix("http://").unwrap();
    let refuses = (0..1_000_000).any(|_| TcpStream::connect(address).is_err());
    assert!(refuses, "it still accepts");
    connection.send(&body);
    assert_eq!(connection.receive("POST").status, 201);
    assert_eq!(server.wait().code(), Some(0));

    // What was acknowledged last is there.
    let again = Process::serve(&data, [""; 0]);
    assert_eq!(sign_in(&again.url).client.get("/api/v1/auth/me").expect(200)["data"]["role"], "admin");
}

#[test]
fn kill_9_loses_no_acknowledged_flag() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let mut acknowledged = BTreeSet::new();
    for round in 0..3 {
        let mut server = Process::serve(&data, [""; 0]);
        let team = if round == 0 { admin(&server.url) } else { sign_in(&server.url) };
        let path = format!("{}&per_page=200", team.flags(""));
        let listed = team.client.get(&path).expect(200);
        let there: BTreeSet<String> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|flag| flag["key"].as_str().unwrap().to_owned())
            .collect();
        assert!(acknowledged.is_subset(&there), "lost: {:?}", acknowledged.difference(&there));
        // One more than was acknowledged may have been under way; nothing else.
        assert!(there.len() <= acknowledged.len() + round, "{} of {}", there.len(), acknowledged.len());

        let (tell, told) = mpsc::channel();
        let writer = thread::spawn(move || {
            for index in 0..10_000 {
                let key = format!("flag-{round}-{index}");
                let body = Team::flag_body(&key, &json!({})).to_string();
                let client = team.client.with("Content-Type", "application/json");
                match client.try_send("POST", &team.flags(""), Some(body.as_bytes())) {
                    Ok(answer) => {
                        answer.expect(201);
                        tell.send(key).unwrap();
                    }
                    Err(_) => return,
                }
            }
            panic!("the server outlived the test");
        });
        acknowledged.extend(told.iter().take(40));
        server.kill();
        writer.join().unwrap();
        acknowledged.extend(told);
    }
    let server = Process::serve(&data, [""; 0]);
    let team = sign_in(&server.url);
    for key in &acknowledged {
        team.client.get(&team.flags(&format!("/{key}"))).expect(200);
    }
    assert!(acknowledged.len() >= 120);
}

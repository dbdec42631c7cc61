//! `phaseflag user` and `phaseflag key`, the program itself, on a running server and on the file of a stopped one: what
//! they do and print is the same.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::commands::{Place, failed, on_both, on_file, on_server, phaseflag, printed};
use crate::support::process::command;
use crate::support::{Answer, PASSWORD, Server, Team};

/// What stands alone on standard output, and the sentence beside it.
#[track_caller]
fn shown_once(output: &Output) -> (String, String) {
    assert!(output.status.success(), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let (secret, sentence) = (text(&output.stdout), text(&output.stderr));
    assert_eq!((secret.lines().count(), sentence.lines().count()), (1, 1), "{secret}{sentence}");
    (secret.trim_end().to_owned(), sentence.trim_end().to_owned())
}

fn login(server: &Server, email: &str, password: &str) -> Answer {
    server.anonymous().post("/api/v1/auth/login", &json!({"email": email, "password": password}))
}

#[test]
fn an_account_is_made_with_a_password_that_is_shown_once() {
    let create = |name: &str, place: &Place| {
        let email = format!("{name}@example.com");
        let line = ["user", "create", "--email", &email, "--role=editor", "--full-name", "Grace Hopper"];
        phaseflag(&line, place)
    };
    on_both(
        |_| (),
        create,
        |server, team, name, output| {
            let email = format!("{name}@example.com");
            let (password, sentence) = shown_once(output);
            assert!(password.len() >= 20 && sentence.contains(&email) && !sentence.contains(&password));
            assert!(sentence.contains("editor of Default"), "{sentence}");
            login(server, &email, &password).expect(200);
            let users = team.client.get("/api/v1/system/users").expect(200);
            let made = users["data"].as_array().expect("users").iter().find(|it| it["email"] == *email);
            assert_eq!(made.expect("the account")["full_name"], "Grace Hopper");
        },
    );
}

#[test]
fn the_first_account_of_a_file_is_the_admin_of_all_that_comes_with_it() {
    let mut server = Server::start();
    server.stop();
    let line = ["user", "create", "--email=ada@example.com", "--password-stdin"];
    let mut child = command(line.into_iter().chain(on_file(&server.data()).iter().map(String::as_str)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    writeln!(child.stdin.take().expect("a pipe"), "{PASSWORD}").expect("it reads");
    let output = child.wait_with_output().expect("its end");
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    server.restart();
    let team = Team::of(server.login("ada@example.com"));
    assert_eq!(team.client.get("/api/v1/auth/me").expect(200)["data"]["role"], "admin");
    team.create_flag("first", &json!({}));
}

#[test]
fn a_reset_password_ends_all_sessions() {
    let mut server = Server::start();
    let team = server.admin();
    let session = server.login("admin@example.com");
    let place = on_server(&server, &team);
    let (password, _) = shown_once(&phaseflag(&["user", "reset-password", "Admin@Example.com"], &place));
    for client in [&session, &team.client] {
        client.get("/api/v1/auth/me").refused(401, "TOKEN_INVALID");
    }
    login(&server, "admin@example.com", PASSWORD).refused(401, "INVALID_CREDENTIALS");
    let signed_in = login(&server, "admin@example.com", &password).expect(200);
    let token = signed_in["data"]["access_token"].as_str().expect("a token");
    let log =
        server.anonymous().bearer(token).get("/api/v1/audit-logs?action=user.password_reset").expect(200);
    assert_eq!(log["data"][0]["actor"]["email"], "admin@example.com", "{log}");

    server.stop();
    let line = ["user", "reset-password", "admin@example.com"];
    let (password, _) = shown_once(&phaseflag(&line, &on_file(&server.data())));
    let unknown = phaseflag(&["user", "reset-password", "moon@example.com"], &on_file(&server.data()));
    failed(&unknown, 1, &["has no account `moon@example.com`"]);
    server.restart();
    login(&server, "admin@example.com", &password).expect(200);
}

#[test]
fn accounts_are_listed_for_people_and_for_scripts() {
    on_both(
        |_| (),
        |_, place| phaseflag(&["user", "list", "--format=json"], place),
        |_, team, _, output| {
            let listed: Value = serde_json::from_str(&printed(output)).expect("JSON");
            assert_eq!(listed, team.client.get("/api/v1/system/users").expect(200)["data"]);
        },
    );
    on_both(
        |_| (),
        |_, place| phaseflag(&["user", "list"], place),
        |_, _, _, output| {
            let text = printed(output);
            assert!(text.starts_with("EMAIL ") && text.contains("\nadmin@example.com "), "{text}");
        },
    );
}

#[test]
fn a_key_is_made_and_works() {
    let create = |name: &str, place: &Place| {
        let line = ["key", "create", "--project=default", "--environment=production", "--name", name];
        phaseflag(&line, place)
    };
    on_both(
        |_| (),
        create,
        |server, team, name, output| {
            let (key, sentence) = shown_once(output);
            assert!(key.starts_with("sdk-") && sentence.contains(name), "{sentence}");
            let application = server.anonymous().with("X-API-Key", &key);
            application.get("/api/v1/sdk/ruleset").expect(200);
            let keys =
                team.client.get(&format!("/api/v1/api-keys?environment_id={}", team.production)).expect(200);
            assert!(keys["data"].as_array().expect("keys").iter().any(|it| it["name"] == name), "{keys}");
        },
    );
    on_both(
        |_| (),
        |_, place| phaseflag(&["key", "list", "--project=default", "--environment=staging"], place),
        |_, _, _, output| assert_eq!(printed(output), "no API keys\n"),
    );
}

#[test]
fn a_revoked_key_is_worth_nothing() {
    let mut server = Server::start();
    let team = server.admin();
    let (on_server, on_file) = (on_server(&server, &team), on_file(&server.data()));
    let [first, second] = [(); 2].map(|()| team.create_key(&team.production, "client").expect(201));
    let text = |made: &Value, member: &str| made["data"][member].as_str().expect("a text").to_owned();
    let revoke = |made: &Value, place: &Place| phaseflag(&["key", "revoke", &text(made, "id")], place);
    let works = |server: &Server, made: &Value| {
        let body = json!({"flags": ["*"], "context": {"user_key": "u"}});
        let client = server.anonymous().with("X-API-Key", &text(made, "key"));
        client.post("/api/v1/evaluate", &body).status == 200
    };
    assert!(works(&server, &first) && works(&server, &second));
    assert!(revoke(&first, &on_server).status.success());
    assert!(!works(&server, &first) && works(&server, &second));
    server.stop();
    assert!(revoke(&second, &on_file).status.success());
    failed(&phaseflag(&["key", "revoke", "../projects"], &on_file), 2, &["key_"]);
    server.restart();
    assert!(!works(&server, &second));
}

#[test]
fn refusals_are_one_sentence_on_either_way() {
    let create = |_: &str, place: &Place| phaseflag(&["user", "create", "--email=Admin@example.com"], place);
    on_both(|_| (), create, |_, _, _, output| failed(output, 1, &["email address"]));
    let create = |_: &str, place: &Place| phaseflag(&["user", "create", "--email=nonsense"], place);
    on_both(|_| (), create, |_, _, _, output| failed(output, 1, &["email: must be an email address"]));

    let server = Server::start();
    let team = server.admin();
    let viewer = team.client.post("/api/v1/auth/tokens", &json!({"name": "v", "role": "viewer"})).expect(201);
    let place = vec![
        format!("--server={}", server.url()),
        format!("--token={}", viewer["data"]["token"].as_str().expect("a token")),
    ];
    failed(&phaseflag(&["user", "list"], &place), 1, &["refused with 403"]);
}

#[test]
fn a_file_is_opened_by_one_and_has_to_be_there() {
    let server = Server::start();
    let data = on_file(&server.data());
    failed(&phaseflag(&["user", "list"], &data), 1, &["in use", "--server"]);
    let folder = TempDir::new().expect("a folder");
    let absent = folder.path().join("absent.redb");
    failed(&phaseflag(&["user", "list"], &on_file(&absent)), 1, &["absent.redb", "no such file"]);
    assert!(!absent.exists());
}

#[test]
fn the_data_is_in_one_place() {
    let mut server = Server::start();
    let team = server.admin();
    let reachable = on_server(&server, &team);
    server.stop();
    let data = on_file(&server.data());
    let both: Place = reachable.iter().chain(&data).cloned().collect();
    failed(&phaseflag(&["user", "list"], &both), 2, &["--server", "--data"]);
    // The environment does not speak against what stands on the line.
    let mut line = command(["user", "list"].into_iter().chain(data.iter().map(String::as_str)));
    line.env("PHASEFLAG_SERVER", "http://127.0.0.1:1").env("PHASEFLAG_TOKEN", "t");
    assert!(printed(&line.output().expect("the program runs")).contains("admin@example.com"));
    // A server that the environment names counts before a file that it names.
    let mut line = command(["user", "list"]);
    line.env("PHASEFLAG_DATA", server.data()).env("PHASEFLAG_SERVER", server.url());
    failed(&line.output().expect("the program runs"), 2, &["PHASEFLAG_TOKEN"]);
}

#[test]
fn an_old_file_is_migrated_and_its_copy_kept() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("old.redb");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/schema-1.redb");
    std::fs::copy(fixture, &data).expect("a copy");
    let output = phaseflag(&["user", "list", "--format=json"], &on_file(&data));
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("older version") && said.contains("old.redb.schema-1"), "{said}");
    let listed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(listed.as_array().is_some_and(|users| !users.is_empty()), "{listed}");
}

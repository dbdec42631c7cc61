//! The other commands about data, on a running server and on the file of a stopped one: `phaseflag evaluate`,
//! `phaseflag flags stale`, `phaseflag backup`; and what the program tells a shell of itself.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::commands::{Place, failed, on_both, on_file, on_server, phaseflag, printed};
use crate::support::process::run;
use crate::support::{Server, Team};

/// A flag that is on for who has the plan `pro`, in `development`.
fn targeted(team: &Team) {
    let rule = json!({
        "conditions": [{"attribute": "plan", "operator": "is", "value": "pro"}], "variation": "on", "priority": 1,
    });
    let body = json!({"enabled": true, "targeting_rules": [rule]});
    team.create_flag("checkout", &body);
    team.create_flag("banner", &json!({"enabled": true}));
}

const OF_DEVELOPMENT: [&str; 2] = ["--project=default", "--environment=development"];

#[test]
fn flags_are_evaluated_for_whom_the_line_says() {
    let evaluate = |_: &str, place: &Place| {
        let line = ["evaluate", "checkout", "--user=ada", "--attribute", "plan=pro", "--format=json"];
        phaseflag(&[&line[..], &OF_DEVELOPMENT].concat(), place)
    };
    on_both(targeted, evaluate, |_, _, _, output| {
        let rows: Value = serde_json::from_str(&printed(output)).expect("JSON");
        let names = ["flag_key", "value", "variation_key", "reason"];
        let found = names.map(|name| rows[0][name].clone());
        assert_eq!(found, [json!("checkout"), json!(true), json!("on"), json!("TARGETING_RULE")]);
        assert_eq!(rows.as_array().map(Vec::len), Some(1));
    });
    let evaluate = |_: &str, place: &Place| {
        phaseflag(&[&["evaluate", "*", "--user=bob"][..], &OF_DEVELOPMENT].concat(), place)
    };
    on_both(targeted, evaluate, |_, _, _, output| {
        let text = printed(output);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("FLAG ") && lines.len() == 3, "{text}");
        assert!(lines[1].starts_with("banner ") && lines[2].starts_with("checkout  false"), "{text}");
    });
    let explain = |_: &str, place: &Place| {
        let line = ["evaluate", "checkout", "--context", r#"{"user_key": "ada"}"#, "--explain"];
        phaseflag(&[&line[..], &OF_DEVELOPMENT].concat(), place)
    };
    on_both(targeted, explain, |_, _, _, output| {
        let explained: Value = serde_json::from_str(&printed(output)).expect("JSON");
        assert_eq!(explained[0]["steps"]["rules"][0]["holds"], false, "{explained}");
    });
}

#[test]
fn an_application_is_stood_in_for_by_its_key() {
    let mut server = Server::start();
    let team = server.admin();
    targeted(&team);
    let made = team.create_key(&team.development, "client").expect(201);
    let key = made["data"]["key"].as_str().expect("a key").to_owned();
    let with = |place: &str, more: &[&str]| {
        let line = ["evaluate", "--api-key", &key, "--user=ada", place];
        let output = run(line.iter().chain(more));
        let said = [&output.stdout[..], &output.stderr].concat();
        assert!(!String::from_utf8_lossy(&said).contains(&key), "{output:?}");
        output
    };
    let url = format!("--server={}", server.url());
    let file = format!("--data={}", server.data().display());
    let asked = |place: &str| {
        let text = printed(&with(place, &["checkout", "--attribute=plan=pro"]));
        assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("checkout  true")), "{text}");
        failed(&with(place, &["moon"]), 1, &["no flag `moon`"]);
        failed(&with(place, &["checkout", "--explain"]), 2, &["--project"]);
    };
    asked(&url);
    server.stop();
    asked(&file);
    for (line, words) in [
        (&["evaluate", "checkout", &file][..], &["--api-key", "--project", "--environment"][..]),
        (&["evaluate", "a/b", &file], &["key of a flag"]),
        (&["evaluate", &file], &["FLAG"]),
        (&["evaluate", "checkout", &file, "--context=[]"], &["JSON object"]),
        (&["evaluate", "checkout", &file, "--attribute=plan"], &["name=value"]),
    ] {
        failed(&run(line), 2, words);
    }
}

#[test]
fn stale_flags_of_a_file_are_those_of_its_server() {
    let expired = |team: &Team| drop(team.create_flag("old", &json!({"expires_at": "2026-01-01T00:00:00Z"})));
    let stale = |_: &str, place: &Place| {
        let output = phaseflag(&["flags", "stale", "--project=default", "--exit-code"], place);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        output
    };
    on_both(expired, stale, |_, _, _, output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.stderr.is_empty() && text.lines().nth(1).is_some_and(|it| it.starts_with("old ")));
    });
}

#[test]
fn a_running_server_is_backed_up_whole_or_not_at_all() {
    let mut server = Server::start();
    let team = server.admin();
    targeted(&team);
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("monday.redb");
    let name = out.display().to_string();
    let place = on_server(&server, &team);
    let told = printed(&phaseflag(&["backup", &name], &place));
    let verified = printed(&run(["verify", &name]));
    let digest = |told: &str| told.split("SHA-256 ").nth(1).map(str::to_owned);
    assert!(digest(&told).is_some() && digest(&told) == digest(&verified), "{told}{verified}");
    // It is there already, and stays what it is.
    let before = fs::read(&out).expect("the backup");
    failed(&phaseflag(&["backup", &name], &place), 1, &["exists; --force replaces it"]);
    assert_eq!(fs::read(&out).expect("the backup"), before);
    assert!(phaseflag(&["backup", &name, "--force"], &place).status.success());

    // Nothing is left of one that was refused, or did not arrive.
    let viewer = team.client.post("/api/v1/auth/tokens", &json!({"name": "v", "role": "viewer"})).expect(201);
    let token = viewer["data"]["token"].as_str().expect("a token");
    let other = folder.path().join("other.redb").display().to_string();
    let refused = vec![format!("--server={}", server.url()), format!("--token={token}")];
    failed(&phaseflag(&["backup", &other], &refused), 1, &["refused with 403"]);
    server.stop();
    failed(&phaseflag(&["backup", &other], &place), 1, &["does not answer"]);
    let names: Vec<_> = fs::read_dir(folder.path()).expect("the folder").flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    // The copy of the file is the same as the server's.
    let copy = folder.path().join("copy.redb").display().to_string();
    printed(&phaseflag(&["backup", &copy], &on_file(&server.data())));
}

#[test]
fn a_shell_and_its_manual_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&run(["completions", shell]));
        for word in ["reset-password", "evaluate", "password-stdin"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let page = printed(&run(["man"]));
    assert!(
        page.contains(".TH phaseflag 1") && page.contains("evaluate") && page.contains("Exit codes"),
        "{page}"
    );
    let page = printed(&run(["man", "user", "create"]));
    assert!(page.contains("password\\-stdin"), "{page}");
    failed(&run(["man", "user", "fly"]), 2, &["user fly"]);
}

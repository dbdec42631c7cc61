//! Data files of every schema there ever was: they open, and answer as they did.
//!
//! A fixture is a data file that the version of its time wrote, which is never changed, and beside it what it answers.
//! - When the schema gets a new version, make its fixture with
//!   `cargo test --test it write_the_fixture_of_this_schema -- --ignored`, and commit both files.
//! - When the API is to answer otherwise on purpose, record that with
//!   `cargo test --test it record_what_the_fixtures_answer_now -- --ignored`, and read the difference.

use std::path::{Path, PathBuf};

use phaseflag::store::migrate::SCHEMA;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Server, Team};

/// Where the fixture of a schema is, without its extension.
fn fixture(schema: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/fixtures/schema-{schema}"))
}

/// The contexts that are evaluated with every flag.
fn contexts() -> Vec<Value> {
    let mut contexts: Vec<Value> =
        (0..12).map(|number| json!({"user_key": format!("user-{number:03}")})).collect();
    for attributes in [
        json!({"plan": "pro", "country": "DE", "age": 42, "app_version": "2.10.0", "email": "ada@example.com"}),
        json!({"plan": "free", "country": ["AT", "CH"], "age": "17", "app_version": "v1.2", "beta": true}),
        json!({"plan": null, "age": 10.5, "app_version": "2.0.0-rc.1", "email": "eve@evil.example"}),
    ] {
        contexts.push(json!({"user_key": "acct-1", "attributes": attributes}));
    }
    contexts
}

/// Everything that is asked of a file: with the account's token, or with the key.
fn answers(team: &Team, key: &str) -> Value {
    let sdk = team.client.anonymous().with("X-API-Key", key);
    let mut ruleset = sdk.get("/api/v1/sdk/ruleset").expect(200);
    ruleset["data"].as_object_mut().expect("an object").remove("fetched_at");
    let read = |path: &str| team.client.get(path).expect(200);
    let keys: Vec<String> = read(&team.flags(""))["data"]
        .as_array()
        .expect("flags")
        .iter()
        .map(|flag| flag["key"].as_str().expect("a key").to_owned())
        .collect();
    let flags: Vec<Value> = keys.iter().map(|key| read(&team.flags(&format!("/{key}")))).collect();
    let histories: Vec<Value> =
        keys.iter().map(|key| read(&team.flags(&format!("/{key}/history")))).collect();
    let mut answers = json!({
        "me": read("/api/v1/auth/me"),
        "projects": read("/api/v1/projects"),
        "environments": read(&format!("/api/v1/environments?project_id={}", team.project)),
        "api_keys": read(&format!("/api/v1/api-keys?environment_id={}", team.development)),
        "segments": read(&format!("/api/v1/segments?project_id={}", team.project)),
        "flags": flags,
        "archived": read(&format!("{}&status=archived", team.flags(""))),
        "elsewhere": read(&format!("/api/v1/flags?environment_id={}", team.production)),
        "histories": histories,
        "stats": read(&format!("{}&period=7d", team.flags("/search-ranker/stats"))),
        "ruleset": ruleset,
    });
    // In the end: evaluations are counted.
    let evaluations = contexts().into_iter().map(|context| {
        let question = json!({"flags": ["*"], "context": context});
        sdk.post("/api/v1/evaluate", &question).expect(200)["data"]["evaluations"].clone()
    });
    answers["evaluations"] = evaluations.collect();
    answers
}

/// Notes every value of `old` that is another one in `new`. A newer version may say more, never something else.
fn differences(old: &Value, new: &Value, path: &str, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                differences(value, new.get(name).unwrap_or(&Value::Null), &format!("{path}.{name}"), found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                differences(old, new, &format!("{path}[{index}]"), found);
            }
        }
        _ if old == new => {}
        _ => found.push(format!("{path}: {old} became {new}")),
    }
}

/// A server on a copy of a fixture, with what is told of the fixture.
fn opened(schema: u32) -> (Server, Value) {
    let told = std::fs::read(fixture(schema).with_extension("json")).expect("what it answered");
    let mut server = Server::start();
    server.stop();
    std::fs::copy(fixture(schema).with_extension("redb"), server.data()).expect("the fixture");
    server.restart();
    (server, serde_json::from_slice(&told).expect("JSON"))
}

/// What a fixture answers to those who have credentials of its time.
fn answers_now(server: &Server, told: &Value) -> Value {
    // The token is still good: the secret that signed it is in the file.
    let old_session = server.anonymous().bearer(told["token"].as_str().expect("a token"));
    answers(&Team::of(old_session), told["key"].as_str().expect("a key"))
}

#[test]
fn a_file_of_every_schema_answers_as_it_did() {
    for schema in 1..=SCHEMA {
        let (server, told) = opened(schema);
        let mut found = Vec::new();
        differences(&told["answers"], &answers_now(&server, &told), "", &mut found);
        assert!(found.is_empty(), "schema {schema}:\n{}", found.join("\n"));

        // What was done before there was an audit log to be searched is in it as well.
        let team = Team::of(server.login("admin@example.com"));
        let told_of = |path: &str| {
            let list = team.client.get(path).expect(200)["data"].clone();
            let entries = list.as_array().expect("a list").clone();
            entries.into_iter().map(|entry| entry["id"].clone()).collect::<Vec<_>>()
        };
        let flag = team.client.get(&team.flags("/parked")).expect(200)["data"]["id"].clone();
        let log = format!("/api/v1/audit-logs?resource_id={}", flag.as_str().expect("an id"));
        assert_eq!(told_of(&log), told_of(&team.flags("/parked/history")));
        assert_eq!(told_of("/api/v1/audit-logs?action=organization.created").len(), 1);

        // The chain reaches back to the first entry, whatever the version of its record.
        let chain = team.client.get("/api/v1/audit-logs/verify").expect(200)["data"].clone();
        assert!(chain["whole"] == true && chain["checked"].as_u64() > Some(20), "schema {schema}: {chain}");
        // What every flag is when revisions begin to be kept is the first one that is known.
        let first = &team.client.get(&team.flags("/search-ranker/revisions")).expect(200)["data"][0];
        let now = &team.client.get(&team.flags("/search-ranker")).expect(200)["data"];
        assert_eq!(first["revision"], now["revision"]);
        let path = team.flags(&format!("/search-ranker/revisions/{}", first["revision"]));
        let then = &team.client.get(&path).expect(200)["data"]["flag"];
        assert_eq!(then["targeting_rules"], now["targeting_rules"]);

        // Everything can still be changed.
        let toggled = team.client.post(&team.flags("/parked/toggle"), &json!({"enabled": true}));
        assert_eq!(toggled.expect(200)["data"]["enabled"], true);
        team.create_flag("made-later", &json!({}));
        let history = team.client.get(&team.flags("/parked/history")).expect(200);
        assert_eq!(history["data"][0]["action"], "flag.toggled");

        // Who belongs to what, and whose sessions there are, is known of old files too.
        let members = format!("/api/v1/organizations/{}/members", team.organization());
        assert_eq!(team.client.get(&members).expect(200)["meta"]["total"], 1);
        let passwords = json!({"current_password": PASSWORD, "new_password": "battery staple horse"});
        team.client.post("/api/v1/auth/change-password", &passwords).expect(204);
        let old_session = server.anonymous().bearer(told["token"].as_str().expect("a token"));
        old_session.get("/api/v1/auth/me").refused(401, "TOKEN_INVALID");
    }
}

/// An account, flags with every kind of rule, a key, some history and some usage.
fn furnish(server: &Server) -> (Team, Client) {
    let team = server.admin();
    let rules = json!([
        {"priority": 3, "name": "Half of the rest", "conditions": [],
         "percentage_rollout": [{"variation": "new", "percentage": 50}, {"variation": "old", "percentage": 20}]},
        {"priority": 1, "name": "Staff", "variation": "staff", "conditions": [
            {"attribute": "email", "operator": "matches_regex", "value": "@example\\.com$"},
            {"attribute": "plan", "operator": "is_not", "value": "free"}]},
        {"priority": 2, "variation": "new", "conditions": [
            {"attribute": "country", "operator": "one_of", "value": ["DE", "AT"]},
            {"attribute": "age", "operator": "lt", "value": 18}]},
        {"priority": 2, "variation": "old", "conditions": [
            {"attribute": "app_version", "operator": "version_lt", "value": "2.0.0"},
            {"attribute": "user_key", "operator": "contains", "value": "acct"}]},
    ]);
    let variation = |key: &str, value: Value| json!({"key": key, "name": key.to_uppercase(), "value": value});
    team.create_flag(
        "search-ranker",
        &json!({
            "name": "Search ranker – «neu»", "description": "Which ranker answers.\nSee the design.",
            "flag_type": "string", "classification": "experiment", "tags": ["search", "ml"],
            "variations": [variation("new", json!("v2")), variation("old", json!("v1")), variation("staff", json!("é😀"))],
            "default_variation": "old", "enabled": true, "targeting_rules": rules,
        }),
    );
    team.create_flag(
        "beta-nav",
        &json!({"enabled": true, "classification": "release", "targeting_rules": [
            {"priority": 1, "variation": "on", "conditions": [
                {"attribute": "age", "operator": "gt", "value": 10.25},
                {"attribute": "country", "operator": "not_one_of", "value": ["US"]},
                {"attribute": "email", "operator": "not_contains", "value": "evil"},
                {"attribute": "app_version", "operator": "version_gt", "value": "1.0.0"}]},
            {"priority": 2, "variation": "on", "conditions": [{"attribute": "beta", "operator": "is", "value": true}]},
        ]}),
    );
    team.create_flag(
        "page-size",
        &json!({
            "flag_type": "number", "enabled": true, "default_variation": "ten",
            "variations": [variation("ten", json!(10.0)), variation("many", json!(9_007_199_254_740_991_i64)), variation("part", json!(-0.5))],
            "bucketing": {"algorithm": "murmur3", "by": "user_key", "salt": "2027"},
            "targeting_rules": [{"priority": 1, "conditions": [], "percentage_rollout": [
                {"variation": "many", "percentage": 33.333}, {"variation": "part", "percentage": 33.334}]}],
        }),
    );
    team.create_flag(
        "theme",
        &json!({
            "flag_type": "json", "enabled": true, "default_variation": "light",
            "variations": [variation("light", json!({"b": 1, "a": [null, 1.0, {"c": ""}]})), variation("dark", json!([]))],
            "prerequisites": [{"flag_key": "beta-nav", "variation_key": "on"}],
            "targeting_rules": [{"priority": 1, "conditions": [], "variation": "dark"}],
        }),
    );
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    let staff = json!({"key": "staff", "name": "Staff", "included": ["user-003"], "excluded": ["user-004"],
        "conditions": [{"attribute": "email", "operator": "ends_with", "value": "@EXAMPLE.com", "case_insensitive": true}]});
    team.client.post(&segments, &staff).expect(201);
    let rules = json!([
        {"priority": 1, "conditions": [{"operator": "in_segment", "value": ["staff"]}], "variation": "on"},
        {"priority": 2, "conditions": [{"attribute": "age", "operator": "exists"}], "variation": "on"},
    ]);
    team.create_flag("staff-only", &json!({"enabled": true, "targeting_rules": rules}));
    team.create_flag("parked", &json!({"default_variation": "on"}));
    team.create_flag("gone", &json!({}));
    (team.clone(), team.sdk(&team.development, "server"))
}

/// Some changes, so that there is history, and some usage.
fn live(team: &Team, sdk: &Client) {
    team.client.put(&team.flags("/parked"), &json!({"status": "inactive", "tags": ["old"]})).expect(200);
    team.client.post(&team.flags("/beta-nav/toggle"), &json!({"enabled": false})).expect(200);
    team.client.post(&team.flags("/beta-nav/toggle"), &json!({"enabled": true})).expect(200);
    team.client
        .put(&team.flags("/beta-nav"), &json!({"name": "Beta navigation", "description": null}))
        .expect(200);
    team.client.delete(&team.flags("/gone")).expect(204);
    let elsewhere = format!("/api/v1/flags/beta-nav/toggle?environment_id={}", team.production);
    team.client.post(&elsewhere, &json!({"enabled": true})).expect(200);
    // To this machine webhooks may not go: what is queued for this one waits.
    let hook = json!({"url": "http://127.0.0.1:9/", "events": ["flag.toggled"], "description": "Kept"});
    let hooks = format!("/api/v1/webhooks?project_id={}", team.project);
    team.client.post(&hooks, &hook).expect(201);
    team.client.post(&elsewhere, &json!({"enabled": true})).expect(200);
    let event = json!({"flag_key": "search-ranker", "variation_key": "new", "user_id": "u"});
    sdk.post("/api/v1/sdk/events", &json!({"events": [event, event]})).expect(202);
}

#[test]
#[ignore = "writes into the source tree; run it when the schema has a new version"]
fn write_the_fixture_of_this_schema() {
    let (file, told) = (fixture(SCHEMA).with_extension("redb"), fixture(SCHEMA).with_extension("json"));
    assert!(!file.exists() && !told.exists(), "a fixture is never changed; its schema was published");
    let mut server = Server::start();
    let (team, sdk) = furnish(&server);
    live(&team, &sdk);
    let key = sdk.sends("X-API-Key").expect("a key");
    let token =
        team.client.sends("Authorization").and_then(|it| it.strip_prefix("Bearer ")).expect("a token");
    // Asking for answers counts evaluations, and the file is from before that.
    server.stop();
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder");
    std::fs::copy(server.data(), file).expect("the file");
    server.restart();
    let team = Team::of(server.reach(&team.client));
    let answers = json!({"key": key, "token": token, "answers": answers(&team, key)});
    std::fs::write(told, format!("{answers:#}\n")).expect("what it answers");
}

#[test]
#[ignore = "writes into the source tree; run it when the API changes on purpose"]
fn record_what_the_fixtures_answer_now() {
    for schema in 1..=SCHEMA {
        let (server, mut told) = opened(schema);
        told["answers"] = answers_now(&server, &told);
        std::fs::write(fixture(schema).with_extension("json"), format!("{told:#}\n"))
            .expect("what it answers");
    }
}

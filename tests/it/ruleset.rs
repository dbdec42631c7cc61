//! The ruleset: both published shapes, its version, conditional requests, who may read it, and its compression.

mod published;

use std::io::Read;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

const PATH: &str = "/api/v1/sdk/ruleset";
const BOOTSTRAP: &str = "/api/v1/sdk/bootstrap";

fn bench() -> (Server, Team, Client) {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    (server, team, sdk)
}

/// The rules of a flag with one of each kind.
fn rules() -> Value {
    json!([
        {
            "priority": 5, "name": "Everyone", "conditions": [],
            "percentage_rollout": [{"variation": "on", "percentage": 25}, {"variation": "off", "percentage": 75}],
        },
        {
            "priority": 1, "name": "Staff", "variation": "on",
            "conditions": [{"attribute": "plan", "operator": "one_of", "value": ["pro", 10.0]}],
        },
    ])
}

/// The members' names, in alphabetical order.
fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn tag(answer: &Answer) -> String {
    answer.header("ETag").expect("a tag").to_owned()
}

#[test]
fn the_documented_shape() {
    let (_server, team, sdk) = bench();
    let made = team.create_flag("a", &json!({"enabled": true, "targeting_rules": rules()}));
    let body = sdk.get(PATH).expect(200);
    let data = &body["data"];
    assert_eq!(members(data), ["environment_id", "fetched_at", "flags", "segments", "version"]);
    assert!(data["version"].is_u64() && data["fetched_at"].is_string(), "{data}");
    assert_eq!((&data["environment_id"], &data["segments"]), (&json!(team.development), &json!([])));
    let mut in_order = made["targeting_rules"].clone();
    in_order.as_array_mut().unwrap().reverse();
    assert_eq!(
        data["flags"],
        json!([{
            "key": "a", "flag_type": "boolean", "enabled": true, "default_variation": "off",
            "variations": [{"key": "on", "value": true}, {"key": "off", "value": false}],
            "targeting_rules": in_order, "prerequisites": [],
            "bucketing": {"algorithm": "djb2", "by": "user_key", "salt": null},
        }]),
        "rules come in the order in which they are tried"
    );
}

#[test]
fn the_shape_that_the_published_sdks_parse() {
    let (_server, team, sdk) = bench();
    let members_of_flag = json!({"enabled": true, "targeting_rules": rules(), "tags": ["web"], "name": "A"});
    let made = team.create_flag("a", &members_of_flag);
    let body = sdk.get(PATH).expect(200);
    assert_eq!(members(&body), ["data", "flags", "version"]);
    assert_eq!(body["version"], json!(body["data"]["version"].to_string()));
    let flag = &body["flags"][0];
    let [on, off] = [0, 1].map(|index| flag["variations"][index]["id"].clone());
    assert!(on.is_string() && on != off, "{flag}");
    assert_eq!(
        *flag,
        json!({
            "id": made["id"], "key": "a", "name": "A", "flag_type": "boolean", "status": "active",
            "environment": "development", "default_variation_id": off, "tags": ["web"],
            "variations": [
                {"id": on, "key": "on", "name": "On", "value": true},
                {"id": off, "key": "off", "name": "Off", "value": false},
            ],
            "targeting_rules": [
                {
                    "priority": 1, "variation_id": on,
                    "conditions": [{"attribute": "plan", "operator": "one_of", "value": ["pro", 10.0]}],
                },
                {
                    "priority": 5, "conditions": [],
                    "percentage_rollout": {"variations": [
                        {"variation_id": on, "weight": 25}, {"variation_id": off, "weight": 75},
                    ]},
                },
            ],
        })
    );
}

#[test]
fn ids_of_variations_are_stable() {
    let (mut server, team, sdk) = bench();
    team.create_flag("a", &json!({}));
    let ids = |sdk: &Client| {
        let body = sdk.get(PATH).expect(200);
        let variations = body["flags"][0]["variations"].as_array().unwrap().clone();
        let mut ids: Vec<_> =
            variations.iter().map(|it| (it["key"].to_string(), it["id"].to_string())).collect();
        ids.sort();
        ids
    };
    let before = ids(&sdk);
    let turned =
        json!([{"key": "off", "name": "No", "value": false}, {"key": "on", "name": "Yes", "value": true}]);
    team.client.put(&team.flags("/a"), &json!({"variations": turned, "name": "A"})).expect(200);
    assert_eq!(ids(&sdk), before);
    server.restart();
    assert_eq!(ids(&server.reach(&sdk)), before);
}

#[test]
fn disabled_flags_are_there_and_archived_ones_are_not() {
    let (_server, team, sdk) = bench();
    for key in ["off", "parked", "gone"] {
        team.create_flag(key, &json!({"enabled": key != "off", "targeting_rules": rules()}));
    }
    team.client.put(&team.flags("/parked"), &json!({"status": "inactive"})).expect(200);
    team.client.delete(&team.flags("/gone")).expect(204);
    let body = sdk.get(PATH).expect(200);
    let keys = |flags: &Value| -> Vec<String> {
        flags.as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys(&body["flags"]), ["off", "parked"]);
    assert_eq!(keys(&body["data"]["flags"]), ["off", "parked"]);
    for index in [0, 1] {
        assert_eq!(body["data"]["flags"][index]["enabled"], false);
        let published = &body["flags"][index];
        assert_eq!((&published["targeting_rules"], &published["tags"]), (&json!([]), &json!([])));
    }
}

#[test]
fn the_version_rises_with_each_change_in_the_environment() {
    let (mut server, team, sdk) = bench();
    let staging = team.sdk(&team.staging, "server");
    let version = |sdk: &Client| sdk.get(PATH).expect(200)["data"]["version"].as_u64().unwrap();
    let mut last = (version(&sdk), version(&staging));
    let mut next = |rises: (bool, bool), what: &str| {
        let now = (version(&sdk), version(&staging));
        assert_eq!((now.0 > last.0, now.1 > last.1), rises, "{what}: {last:?} {now:?}");
        assert!(now.0 >= last.0 && now.1 >= last.1, "{what}");
        last = now;
    };
    team.create_flag("a", &json!({}));
    next((true, true), "a new flag");
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    next((true, false), "a toggle");
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    next((false, false), "the same again");
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    next((true, true), "a new name");
    team.client.put(&team.flags("/a"), &json!({"name": ""})).refused(400, "VALIDATION_ERROR");
    next((false, false), "a refusal");
    team.client.delete(&team.flags("/a")).expect(204);
    next((true, true), "an archived flag");
    sdk.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}})).expect(200);
    next((false, false), "an evaluation");
    let before = version(&sdk);
    server.restart();
    assert_eq!(version(&server.reach(&sdk)), before, "a restart is no change");
}

#[test]
fn a_client_that_has_it_gets_304() {
    let (mut server, mut team, sdk) = bench();
    team.create_flag("a", &json!({}));
    let first = sdk.get(PATH);
    first.expect(200);
    let known = tag(&first);
    assert!(known.starts_with('"') && known.ends_with('"'), "{known}");
    server.clock.advance_seconds(60);
    assert_eq!(sdk.get(PATH).bytes, first.bytes, "a version is written once");
    server.restart();
    let sdk = server.reach(&sdk);
    team.client = server.reach(&team.client);
    let later = sdk.get(PATH);
    assert_ne!(later.expect(200)["data"]["fetched_at"], first.body()["data"]["fetched_at"]);
    assert_eq!(tag(&later), known, "the tag does not depend on the moment");

    for path in [PATH, BOOTSTRAP] {
        for have in [
            known.clone(),
            format!("W/{known}"),
            format!("\"x\", {known}"),
            format!("\"x\",W/{known} , \"y\""),
            "*".into(),
        ] {
            let answer = sdk.with("If-None-Match", &have).get(path);
            assert_eq!((answer.status, answer.bytes.len(), tag(&answer)), (304, 0, known.clone()), "{have}");
        }
        for have in ["\"x\"", "", "W/\"\"", &known[1..known.len() - 2]] {
            sdk.with("If-None-Match", have).get(path).expect(200);
        }
    }
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let changed = sdk.with("If-None-Match", &known).get(PATH);
    assert_eq!(changed.expect(200)["data"]["flags"][0]["enabled"], true);
    assert_ne!(tag(&changed), known);
    let other = team.sdk(&team.staging, "server").with("If-None-Match", &tag(&changed));
    other.get(PATH).expect(200);
}

#[test]
fn bootstrap_is_the_same_body() {
    let (_server, team, sdk) = bench();
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": rules()}));
    let (ruleset, bootstrap) = (sdk.get(PATH), sdk.get(BOOTSTRAP));
    assert_eq!(tag(&ruleset), tag(&bootstrap));
    let (ruleset, mut bootstrap) = (ruleset.expect(200), bootstrap.expect(200));
    bootstrap["data"]["fetched_at"] = ruleset["data"]["fetched_at"].clone();
    assert_eq!(bootstrap, ruleset);
}

#[test]
fn caches_ask_each_time_and_keep_keys_apart() {
    let (_server, _, sdk) = bench();
    let answer = sdk.get(PATH);
    assert_eq!(answer.header("Cache-Control"), Some("private, no-cache"));
    let vary = answer.header("Vary").unwrap_or_default().to_owned();
    assert!(vary.contains("X-API-Key") && vary.contains("Authorization"), "{vary}");
}

#[test]
fn rules_are_for_server_keys_alone() {
    let (server, team, sdk) = bench();
    let browser = team.sdk(&team.development, "client");
    for path in [PATH, BOOTSTRAP] {
        sdk.anonymous().bearer(sdk.sends("X-API-Key").unwrap()).get(path).expect(200);
        browser.get(path).refused(403, "INSUFFICIENT_PERMISSIONS");
        browser.with("If-None-Match", "*").get(path).refused(403, "INSUFFICIENT_PERMISSIONS");
        team.client.get(path).refused(403, "INSUFFICIENT_PERMISSIONS");
        server.anonymous().get(path).refused(401, "UNAUTHENTICATED");
        sdk.with("X-API-Key", "sdk-dev-x").get(path).refused(401, "API_KEY_INVALID");
    }
}

#[test]
fn a_large_body_is_compressed_as_the_client_accepts() {
    let (_server, team, sdk) = bench();
    let small = sdk.with("Accept-Encoding", "gzip, zstd").get(PATH);
    assert!(small.bytes.len() < 1_024 && small.header("Content-Encoding").is_none(), "{}", small.text());
    for number in 0..5 {
        team.create_flag(&format!("flag-{number}"), &json!({"enabled": true, "targeting_rules": rules()}));
    }
    let plain = sdk.with("Accept-Encoding", "identity").get(PATH);
    assert!(plain.bytes.len() >= 1_024 && plain.header("Content-Encoding").is_none());
    let expected = plain.expect(200)["flags"].clone();
    for (accepted, coding) in [
        ("gzip", Some("gzip")),
        ("br", None),
        ("zstd", Some("zstd")),
        ("gzip, deflate, br", Some("gzip")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip;q=1, zstd;q=0.5", Some("gzip")),
        ("zstd;q=0, gzip", Some("gzip")),
        ("deflate", None),
        ("gzip;q=0", None),
    ] {
        let answer = sdk.with("Accept-Encoding", accepted).get(PATH);
        assert_eq!((answer.status, answer.header("Content-Encoding")), (200, coding), "{accepted}");
        assert!(answer.header("Vary").unwrap_or_default().contains("X-API-Key"));
        let body: Value = serde_json::from_slice(&unpacked(&answer)).unwrap();
        assert_eq!(body["flags"], expected, "{accepted}");
        assert_eq!(answer.bytes.len() < plain.bytes.len() / 2, coding.is_some(), "{accepted}");
        assert_eq!(tag(&answer), tag(&plain));
    }
}

/// The body without its coding.
fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut bytes = Vec::new();
    match answer.header("Content-Encoding") {
        Some("gzip") => flate2::read::GzDecoder::new(&answer.bytes[..]).read_to_end(&mut bytes).unwrap(),
        Some("zstd") => zstd::Decoder::new(&answer.bytes[..]).unwrap().read_to_end(&mut bytes).unwrap(),
        _ => answer.bytes.as_slice().read_to_end(&mut bytes).unwrap(),
    };
    bytes
}

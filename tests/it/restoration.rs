//! An environment as it was at a moment: all of it at once, or nothing and why.

use phaseflag::domain::{role::Role, time::Timestamp};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

/// The present moment, as the API prints it.
fn moment(server: &Server) -> String {
    Timestamp::from_millis(server.clock.now()).to_string()
}

fn restore(client: &Client, environment: &str, at: &str, dry_run: bool) -> Answer {
    let body = json!({"at": at, "dry_run": dry_run});
    client.post(&format!("/api/v1/environments/{environment}/restore"), &body)
}

fn everyone() -> Value {
    json!({"targeting_rules": [{"conditions": [], "variation": "on"}]})
}

fn version(sdk: &Client) -> u64 {
    sdk.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].as_u64().expect("a version")
}

/// What every flag of `development` says there.
fn configurations(team: &Team) -> Vec<Value> {
    let flags = team.client.get(&team.flags("")).expect(200)["data"].clone();
    let mut keys: Vec<&str> =
        flags.as_array().expect("a list").iter().map(|flag| flag["key"].as_str().expect("a key")).collect();
    keys.sort_unstable();
    let shown = |key: &&str| {
        let flag = team.client.get(&team.flags(&format!("/{key}"))).expect(200)["data"].clone();
        json!([
            key,
            flag["enabled"],
            flag["default_variation"],
            flag["targeting_rules"],
            flag["prerequisites"]
        ])
    };
    keys.iter().map(shown).collect()
}

/// The key and the outcome of each flag of an answer.
fn outcomes(answer: &Value) -> Vec<(&str, &str)> {
    let flags = answer["flags"].as_array().expect("a list").iter();
    flags.map(|it| (it["key"].as_str().expect("a key"), it["outcome"].as_str().expect("a word"))).collect()
}

#[test]
fn all_configurations_come_back_at_once() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    team.create_flag("a", &everyone());
    team.create_flag(
        "b",
        &json!({"enabled": true, "prerequisites": [{"flag_key": "a", "variation_key": "on"}]}),
    );
    team.create_flag("same", &json!({}));
    let (before, then) = (configurations(&team), moment(&server));
    let elsewhere = team.client.get(&format!("/api/v1/flags/b?environment_id={}", team.staging)).body();
    server.clock.advance_seconds(60);
    let change = json!({"enabled": true, "targeting_rules": [], "default_variation": "on", "name": "A"});
    team.client.put(&team.flags("/a"), &change).expect(200);
    team.client.put(&team.flags("/b"), &json!({"enabled": false, "prerequisites": []})).expect(200);
    team.create_flag("later", &json!({"enabled": true, "targeting_rules": everyone()["targeting_rules"]}));
    let (changed, old) = (configurations(&team), version(&sdk));

    let told = restore(&team.client, &team.development, &then, true).expect(200)["data"].clone();
    assert_eq!((configurations(&team), version(&sdk)), (changed, old), "that was a rehearsal");
    assert_eq!(outcomes(&told), [("a", "changed"), ("b", "changed"), ("later", "changed")]);
    assert_eq!((&told["changed"], &told["unchanged"]), (&json!(3), &json!(1)));
    let flag = &told["flags"][0];
    assert_eq!(flag["changes"]["default_variation"], json!({"from": "on", "to": "off"}));
    assert_eq!(told["flags"][2]["changes"], json!({"enabled": {"from": true, "to": false}}));

    let mut done = restore(&team.client, &team.development, &then, false).expect(200)["data"].clone();
    assert_eq!(done["dry_run"], false);
    done["dry_run"] = json!(true);
    assert_eq!(done, told, "it does what it told");
    assert_eq!(version(&sdk), old + 1, "all at once");
    let mut after = configurations(&team);
    let later = after.remove(2);
    assert_eq!(after, before);
    assert_eq!(
        (&later[0], &later[1], later[3].as_array().map(Vec::len)),
        (&json!("later"), &json!(false), Some(1))
    );
    assert_eq!(
        team.client.get(&team.flags("/a")).expect(200)["data"]["name"],
        "A",
        "that is of all environments"
    );
    let unmoved = team.client.get(&format!("/api/v1/flags/b?environment_id={}", team.staging)).body();
    assert_eq!(unmoved, elsewhere);

    let log = team.client.get(&format!("/api/v1/audit-logs?environment_id={}", team.development)).expect(200);
    let actions: Vec<&str> =
        log["data"].as_array().unwrap()[..4].iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["environment.restored", "flag.rolled_back", "flag.rolled_back", "flag.rolled_back"]);
    assert_eq!(log["data"][0]["changes"]["restored_to"]["to"], json!(then));
    // Once more, and there is nothing to do.
    let again = restore(&team.client, &team.development, &then, false).expect(200)["data"].clone();
    assert_eq!((&again["changed"], &again["unchanged"], version(&sdk)), (&json!(0), &json!(4), old + 1));
}

#[test]
fn what_no_longer_fits_is_all_told_and_keeps_everything_as_it_is() {
    let server = Server::start();
    let team = server.admin();
    let three = json!([{"key": "x", "value": "X"}, {"key": "y", "value": "Y"}, {"key": "z", "value": "Z"}]);
    let rules = json!([{"conditions": [], "variation": "z"}]);
    team.create_flag(
        "gone-variation",
        &json!({"flag_type": "string", "variations": three, "default_variation": "x", "targeting_rules": rules}),
    );
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    team.client.post(&segments, &json!({"key": "s", "name": "S"})).expect(201);
    let rules = json!([{"conditions": [{"operator": "in_segment", "value": "s"}], "variation": "on"}]);
    team.create_flag("gone-segment", &json!({"targeting_rules": rules}));
    team.create_flag("required", &json!({}));
    let requires = json!({"prerequisites": [{"flag_key": "required", "variation_key": "on"}]});
    team.create_flag("gone-prerequisite", &requires);
    team.create_flag("sound", &json!({}));
    let then = moment(&server);
    server.clock.advance_seconds(60);
    let two = json!({"variations": [{"key": "x", "value": "X"}, {"key": "y", "value": "Y"}], "targeting_rules": []});
    team.client.put(&team.flags("/gone-variation"), &two).expect(200);
    team.client.put(&team.flags("/gone-segment"), &json!({"targeting_rules": []})).expect(200);
    team.client.put(&team.flags("/gone-prerequisite"), &json!({"prerequisites": []})).expect(200);
    team.client.post(&team.flags("/sound/toggle"), &json!({"enabled": true})).expect(200);
    team.client.delete(&format!("/api/v1/segments/s?project_id={}", team.project)).expect(204);
    team.client.delete(&team.flags("/required")).expect(204);
    let before = configurations(&team);

    let told = restore(&team.client, &team.development, &then, true).expect(200)["data"].clone();
    assert_eq!(
        outcomes(&told),
        [
            ("gone-prerequisite", "refused"),
            ("gone-segment", "refused"),
            ("gone-variation", "refused"),
            ("required", "archived"),
            ("sound", "changed"),
        ]
    );
    assert_eq!((&told["skipped"], &told["refused"]), (&json!(1), &json!(3)));
    assert_eq!(told["flags"][2]["faults"][0]["field"], "targeting_rules[0].variation");
    let fields = [
        "flags[gone-prerequisite].prerequisites[0].flag_key",
        "flags[gone-segment].targeting_rules[0].conditions[0].value",
        "flags[gone-variation].targeting_rules[0].variation",
    ];
    let refused = restore(&team.client, &team.development, &then, false);
    refused.faults(422, "PREREQUISITE_INVALID", &fields);
    assert_eq!(configurations(&team), before);
}

#[test]
fn a_moment_that_is_not_known_is_refused() {
    let server = Server::start();
    let team = server.admin();
    let before = Timestamp::from_millis(server.clock.now()).plus_seconds(-1).to_string();
    let refused = restore(&team.client, &team.development, &before, true);
    refused.faults(422, "REVISION_NOT_KEPT", &["at"]);
    let ahead = Timestamp::from_millis(server.clock.now()).plus_seconds(60).to_string();
    for at in [ahead.as_str(), "yesterday", ""] {
        restore(&team.client, &team.development, at, true).faults(400, "VALIDATION_ERROR", &["at"]);
    }
    let path = format!("/api/v1/environments/{}/restore", team.development);
    team.client.post(&path, &json!({})).faults(400, "VALIDATION_ERROR", &["at"]);
    let nowhere = restore(&team.client, "env_01ARZ3NDEKTSV4RRFFQ69G5FAV", &before, true);
    nowhere.refused(404, "ENVIRONMENT_NOT_FOUND");
}

#[test]
fn a_frozen_environment_is_restored_only_through_the_glass() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let then = moment(&server);
    server.clock.advance_seconds(60);
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let freeze = format!("/api/v1/environments/{}/freeze", team.development);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    restore(&team.client, &team.development, &then, false).refused(423, "ENVIRONMENT_FROZEN");
    let editor =
        team.enrol(&server, "eddy@example.com", Role::Editor).with("X-PhaseFlag-Break-Glass", "Down");
    restore(&editor, &team.development, &then, false).refused(403, "INSUFFICIENT_PERMISSIONS");
    let breaking = team.client.with("X-PhaseFlag-Break-Glass", "Checkout is down");
    restore(&breaking, &team.development, &then, false).expect(200);
    let log = team.client.get(&format!("/api/v1/audit-logs?environment_id={}", team.development)).expect(200);
    assert_eq!(log["data"][0]["changes"]["break_glass"]["to"], "Checkout is down");
    assert_eq!(team.client.get(&team.flags("/a")).expect(200)["data"]["enabled"], false);
}

#[test]
fn flags_that_were_archived_or_deleted_since_stay_so() {
    let server = Server::start();
    let team = server.admin();
    for key in ["archived-before", "archived", "deleted", "deleted-before"] {
        team.create_flag(key, &json!({"enabled": true}));
    }
    let delete = |key: &str| {
        team.client.delete(&team.flags(&format!("/{key}"))).expect(204);
        let permanent = format!("{}&permanent=true", team.flags(&format!("/{key}")));
        team.client.delete(&permanent).expect(204);
    };
    team.client.delete(&team.flags("/archived-before")).expect(204);
    delete("deleted-before");
    server.clock.advance_seconds(60);
    let then = moment(&server);
    server.clock.advance_seconds(60);
    team.client.delete(&team.flags("/archived")).expect(204);
    delete("deleted");
    team.create_flag("passing", &json!({}));
    delete("passing");
    let done = restore(&team.client, &team.development, &then, false).expect(200)["data"].clone();
    assert_eq!(outcomes(&done), [("archived", "archived"), ("deleted", "deleted")]);
    assert_eq!((&done["skipped"], &done["changed"]), (&json!(2), &json!(0)));
}

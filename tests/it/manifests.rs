//! Projects as documents: what comes out, goes in, and is told of what would.

mod faults;

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

fn export(team: &Team, query: &str) -> Value {
    team.client.get(&format!("/api/v1/projects/{}/export{query}", team.project)).expect(200)["data"].clone()
}

fn import(client: &Client, query: &str, document: &Value) -> Answer {
    client.post(&format!("/api/v1/projects/import{query}"), document)
}

/// What an import did: action, kind, key and environment of each change.
fn steps(plan: &Value) -> Vec<String> {
    let steps = plan["data"]["changes"].as_array().expect("changes").iter();
    let word = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
    let line =
        |it: &Value| [&it["action"], &it["resource"], &it["key"], &it["environment"]].map(word).join(" ");
    steps.map(|it| line(it).trim_end().to_owned()).collect()
}

fn versions(team: &Team) -> Vec<Value> {
    let listed = team.client.get(&format!("/api/v1/environments?project_id={}", team.project)).expect(200);
    let environments = listed["data"].as_array().expect("environments");
    environments.iter().map(|it| it["version"].clone()).collect()
}

/// A project that uses what there is to use.
fn furnish(team: &Team) {
    let segment = json!({
        "key": "beta", "name": "Beta", "description": "Two\nlines", "match": "any", "included": ["u1"], "excluded": ["u2"],
        "conditions": [{"attribute": "plan", "operator": "is", "value": "pro", "case_insensitive": true}],
    });
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    team.client.post(&segments, &segment).expect(201);
    let nested = json!({"operator": "in_segment", "value": ["beta"]});
    team.client.post(&segments, &json!({"key": "nested", "name": "yes", "conditions": [nested]})).expect(201);
    team.create_flag(
        "gate",
        &json!({"enabled": true, "default_variation": "on", "tags": ["a", "on"], "owner": "Team: #1"}),
    );
    let rules = json!([
        {"name": "pros", "conditions": [nested, {"attribute": "age", "operator": "exists"}], "variation": "big"},
        {"conditions": [], "percentage_rollout": [
            {"variation": "small", "percentage": 12.345}, {"variation": "big", "percentage": 30},
        ]},
    ]);
    let rich = json!({
        "key": "rich", "name": "Rich", "description": "- not a list", "flag_type": "json", "classification": "experiment",
        "expires_at": "2030-01-01T00:00:00Z", "default_variation": "none", "enabled": true, "targeting_rules": rules,
        "bucketing": {"algorithm": "murmur3", "by": "account", "salt": "s"},
        "prerequisites": [{"flag_key": "gate", "variation_key": "on"}],
        "variations": [
            {"key": "none", "value": {}}, {"key": "small", "value": {"n": 10.0, "list": [null, true, "é"]}},
            {"key": "big", "value": [1, 2.5, {"deep": [[]]}]},
        ],
    });
    team.client.post(&team.flags(""), &rich).expect(201);
    let number = json!({
        "key": "number", "name": "1", "flag_type": "number", "default_variation": "a",
        "variations": [{"key": "a", "value": 10.0}, {"key": "b", "value": 7}],
    });
    team.client.post(&team.flags(""), &number).expect(201);
    team.client.put(&team.flags("/number"), &json!({"status": "inactive"})).expect(200);
    team.create_flag("old", &json!({}));
    assert_eq!(team.client.delete(&team.flags("/old")).status, 204);
    let extra = json!({"key": "qa", "name": "QA", "type": "staging", "color": "#ABCDEF"});
    team.client.post(&format!("/api/v1/environments?project_id={}", team.project), &extra).expect(201);
}

#[test]
fn an_export_of_an_import_is_the_same_document() {
    let (first, second) = (Server::start(), Server::start());
    let (from, to) = (first.admin(), second.admin());
    furnish(&from);
    let document = from.client.get(&format!("/api/v1/projects/{}/export", from.project)).text();
    let body: Value = serde_json::from_str(&document).expect("JSON");
    let plan = import(&to.client, "?prune=true", &body["data"]).expect(200);
    assert_eq!(plan["data"]["project_id"], to.project.as_str());
    assert_eq!(to.client.get(&format!("/api/v1/projects/{}/export", to.project)).text(), document);
    // Rules keep their identifiers, and so what is served says the same of itself.
    let context =
        json!({"flags": ["*"], "context": {"user_key": "u1", "attributes": {"age": 3, "account": "acme"}}});
    let answers = [&from, &to].map(|team| {
        let mut answer = team.sdk(&team.development, "server").post("/api/v1/evaluate", &context).expect(200);
        answer["data"]["evaluations"].take()
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["rich"]["variation_key"], "big");

    // Once more there is nothing to do: no version, no entry.
    let log = || to.client.get("/api/v1/audit-logs").expect(200)["meta"]["total"].clone();
    let before = (versions(&to), log());
    let again = import(&to.client, "?prune=true", &body["data"]).expect(200);
    assert_eq!(steps(&again), Vec::<String>::new());
    assert_eq!((versions(&to), log()), before);
}

#[test]
fn a_project_that_is_not_there_is_made() {
    let server = Server::start();
    let team = server.admin();
    furnish(&team);
    let mut document = export(&team, "");
    document["project"] = json!({"key": "copy"});
    let plan = import(&team.client, "", &document).expect(200);
    let copy = plan["data"]["project_id"].as_str().expect("a project").to_owned();
    assert_eq!(steps(&plan)[0], "create project copy");
    let made = team.client.get(&format!("/api/v1/projects/{copy}/export")).expect(200)["data"].clone();
    for part in ["environments", "segments", "flags"] {
        assert_eq!(made[part], document[part], "{part}");
    }
    assert_eq!(made["project"], json!({"key": "copy", "name": "copy"}));
    let bare = import(&team.client, "", &json!({"project": {"key": "bare"}})).expect(200);
    let bare =
        format!("/api/v1/environments?project_id={}", bare["data"]["project_id"].as_str().expect("an id"));
    assert_eq!(team.client.get(&bare).expect(200)["meta"]["total"], 3);
}

#[test]
fn a_plan_tells_what_the_import_does_and_does_nothing() {
    let server = Server::start();
    let team = server.admin();
    furnish(&team);
    let sdk = team.sdk(&team.development, "server");
    let mut document = export(&team, "");
    let flags = document["flags"].as_array_mut().expect("flags");
    flags.retain(|flag| flag["key"] != "number");
    flags[0]["name"] = json!("Gate 2");
    flags[0]["environments"]["production"]["enabled"] = json!(true);
    flags.push(json!({
        "key": "fresh", "flag_type": "boolean", "environments": {"development": {"enabled": true}},
    }));
    document["segments"][0]["included"] = json!(["u1", "u9"]);
    let environments = document["environments"].as_array_mut().expect("environments");
    environments.retain(|environment| environment["key"] != "qa");
    environments.push(json!({"key": "eu", "name": "EU", "type": "production"}));
    for flag in document["flags"].as_array_mut().expect("flags") {
        flag["environments"].as_object_mut().expect("environments").remove("qa");
    }
    let before = (export(&team, ""), versions(&team));
    let plan = import(&team.client, "?dry_run=true&prune=true", &document).expect(200);
    assert_eq!((export(&team, ""), versions(&team)), before);
    let expected = [
        "delete environment qa",
        "update segment beta",
        "delete flag number",
        "update flag gate",
        "update flag gate production",
        "create flag fresh",
        "update flag fresh development",
        "create environment eu",
    ];
    assert_eq!(steps(&plan), expected);
    assert_eq!(
        (&plan["data"]["create"], &plan["data"]["update"], &plan["data"]["delete"]),
        (&json!(2), &json!(4), &json!(2))
    );
    assert_eq!(plan["data"]["changes"][3]["changes"], json!({"name": {"from": "gate", "to": "Gate 2"}}));

    let mut done = import(&team.client, "?prune=true", &document).expect(200);
    assert_eq!(done["data"]["dry_run"].take(), false);
    let told = |plan: &Value| steps(plan);
    assert_eq!(told(&done), told(&plan));
    let after = export(&team, "");
    let keys: Vec<_> =
        after["flags"].as_array().expect("flags").iter().map(|flag| flag["key"].clone()).collect();
    assert_eq!(keys, ["fresh", "gate", "old", "rich"]);
    // The new environment knows every flag, and nobody else was turned on.
    assert_eq!(
        after["flags"][0]["environments"]["eu"],
        json!({"enabled": false, "default_variation": "off"})
    );
    let answer =
        sdk.post("/api/v1/evaluate", &json!({"flags": ["fresh", "number"], "context": {"user_key": "u"}}));
    let answer = answer.expect(200)["data"]["evaluations"].clone();
    assert_eq!(
        (&answer["fresh"]["reason"], &answer["number"]["reason"]),
        (&json!("DEFAULT"), &json!("FLAG_NOT_FOUND"))
    );
    // The log has an entry of each, and one of the import.
    let log = team.client.get("/api/v1/audit-logs?per_page=9").expect(200)["data"].clone();
    assert_eq!(log[0]["action"], "project.imported");
    assert_eq!(log[0]["changes"]["delete"], json!({"from": null, "to": 2}));
    let actions: Vec<_> = (1..9).map(|index| log[index]["action"].as_str().expect("an action")).collect();
    assert!(actions.contains(&"flag.deleted") && actions.contains(&"environment.created"), "{actions:?}");
}

#[test]
fn what_a_document_does_not_have_stays() {
    let server = Server::start();
    let team = server.admin();
    furnish(&team);
    let before = export(&team, "");
    let document = json!({"project": {"key": "default", "name": "Default"}, "flags": [
        {"key": "gate", "name": "gate", "flag_type": "boolean", "tags": ["a", "on"], "owner": "Team: #1",
         "environments": {"staging": {"enabled": true, "targeting_rules": [{"conditions": [], "variation": "on"}]}}},
    ]});
    assert_eq!(steps(&import(&team.client, "", &document).expect(200)), ["update flag gate staging"]);
    let after = export(&team, "");
    assert_eq!(
        after["flags"][0]["environments"]["development"],
        before["flags"][0]["environments"]["development"]
    );
    assert_eq!((&after["flags"][1], &after["segments"]), (&before["flags"][1], &before["segments"]));
    // A rule without an identifier is the one that is there, wherever it stands in the list.
    let rule = after["flags"][0]["environments"]["staging"]["targeting_rules"][0]["id"].clone();
    assert_eq!(steps(&import(&team.client, "", &document).expect(200)), Vec::<String>::new());
    let mut longer = document.clone();
    let first = json!({"priority": 2, "conditions": [], "variation": "off"});
    let rules = &mut longer["flags"][0]["environments"]["staging"]["targeting_rules"];
    *rules = json!([first, rules[0].clone()]);
    rules[1]["priority"] = json!(1);
    import(&team.client, "", &longer).expect(200);
    let rules = export(&team, "")["flags"][0]["environments"]["staging"]["targeting_rules"].clone();
    assert_eq!(rules[1]["id"], rule);
}

#[test]
fn flags_that_need_each_other_change_together() {
    let server = Server::start();
    let team = server.admin();
    let document = |gate: &Value, demanded: &str| {
        let variation = |key: &str| json!({"key": key, "value": key});
        json!({"project": {"key": "default", "name": "Default"}, "segments": [], "flags": [
            {"key": "a", "flag_type": "boolean", "environments": {"production": {
                "enabled": true, "prerequisites": [{"flag_key": "gate", "variation_key": demanded}]}}},
            {"key": "gate", "flag_type": "string", "variations": gate.as_array().expect("keys").iter()
                .map(|key| variation(key.as_str().expect("a key"))).collect::<Vec<_>>()},
        ]})
    };
    import(&team.client, "", &document(&json!(["x", "y"]), "x")).expect(200);
    // Neither could be done before the other.
    let plan = import(&team.client, "", &document(&json!(["y", "z"]), "z")).expect(200);
    assert_eq!(steps(&plan), ["update flag a production", "update flag gate"]);
    let both = json!({"project": {"key": "default", "name": "Default"}, "flags": []});
    assert_eq!(
        steps(&import(&team.client, "?prune=true", &both).expect(200)),
        ["delete flag a", "delete flag gate"]
    );
}

#[test]
fn keys_go_along_by_their_hashes() {
    let (first, second) = (Server::start(), Server::start());
    let (from, to) = (first.admin(), second.admin());
    from.create_flag("f", &json!({}));
    let key = from.create_key(&from.production, "client").expect(201)["data"].clone();
    let text = key["key"].as_str().expect("a key");
    let document = export(&from, "?api_keys=true");
    assert!(!document.to_string().contains(text));
    assert_eq!(document["api_keys"][0]["environment"], "production");
    assert_eq!(export(&from, "").get("api_keys"), None);
    import(&to.client, "", &document).expect(200);
    let there = to.client.anonymous().with("X-API-Key", text);
    let asked = json!({"flags": ["f"], "context": {"user_key": "u"}});
    assert_eq!(
        there.post("/api/v1/evaluate", &asked).expect(200)["data"]["evaluations"]["f"]["value"],
        false
    );
    assert_eq!(export(&to, "?api_keys=true"), document);
    let mut renamed = document.clone();
    renamed["api_keys"][0]["name"] = json!("Shop");
    assert_eq!(
        steps(&import(&to.client, "", &renamed).expect(200)),
        [format!("update api_key {} production", key["prefix"].as_str().expect("a prefix"))]
    );
    let none = json!({"project": {"key": "default", "name": "Default"}, "api_keys": []});
    import(&to.client, "", &none).expect(200);
    there.post("/api/v1/evaluate", &asked).expect(200);
    import(&to.client, "?prune=true", &none).expect(200);
    there.post("/api/v1/evaluate", &asked).refused(401, "API_KEY_INVALID");
}

#[test]
fn each_part_takes_the_role_that_it_takes_by_itself() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({}));
    let editor = team.enrol(&server, "editor@example.com", Role::Editor);
    let project = json!({"key": "default", "name": "Default"});
    let may = json!({"project": project, "segments": [{"key": "s", "name": "S"}], "flags": [
        {"key": "f", "name": "f", "flag_type": "boolean", "environments": {"staging": {"enabled": true}}}]});
    import(&editor, "", &may).expect(200);
    for refused in [
        json!({"project": {"key": "default", "name": "Other"}}),
        json!({"project": {"key": "new"}}),
        json!({"project": project, "environments": [{"key": "e", "name": "E", "type": "staging"}]}),
        json!({"project": project, "api_keys": []}),
    ] {
        import(&editor, "", &refused).refused(403, "INSUFFICIENT_PERMISSIONS");
        import(&editor, "?dry_run=true", &refused).refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    import(&editor, "?prune=true", &json!({"project": project, "flags": []}))
        .refused(403, "INSUFFICIENT_PERMISSIONS");
    editor
        .get(&format!("/api/v1/projects/{}/export?api_keys=true", team.project))
        .refused(403, "INSUFFICIENT_PERMISSIONS");
    // Elsewhere the key of the project names another one.
    let stranger = server.outsider("stranger@example.com");
    import(&stranger, "", &may).refused(403, "INSUFFICIENT_PERMISSIONS");
    let of_theirs = format!("?organization_id={}", team.organization());
    import(&stranger, &of_theirs, &may).refused(404, "ORGANIZATION_NOT_FOUND");
}

#[test]
fn a_frozen_environment_is_not_imported_into() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("f", &json!({}));
    let freeze = format!("/api/v1/environments/{}/freeze", team.production);
    team.client.post(&freeze, &json!({"reason": "holidays"})).expect(200);
    let document = |environment: &str| {
        json!({"project": {"key": "default", "name": "Default"}, "flags": [
        {"key": "f", "name": "f", "flag_type": "boolean", "environments": {environment: {"enabled": true}}}]})
    };
    import(&team.client, "", &document("production")).refused(423, "ENVIRONMENT_FROZEN");
    import(&team.client, "", &document("staging")).expect(200);
    let why = team.client.with("X-PhaseFlag-Break-Glass", "it burns");
    import(&why, "", &document("production")).expect(200);
    let all = json!({"project": {"key": "default", "name": "Default"}, "environments": [
        {"key": "staging", "name": "Staging", "type": "staging", "color": "#d97706"}]});
    import(&team.client, "?prune=true", &all).refused(423, "ENVIRONMENT_FROZEN");
}

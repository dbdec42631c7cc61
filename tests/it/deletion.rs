//! Projects and environments that are deleted: everything in them is gone at once, and what was done is still told.

use std::time::Instant;

use phaseflag::domain::flag::{Configuration, Flag, FlagStatus, FlagType, Variation};
use phaseflag::domain::id::{EnvironmentId, FlagId, ProjectId};
use phaseflag::domain::key::{FlagKey, VariationKey};
use phaseflag::domain::rollout::Bucketing;
use phaseflag::domain::text::Name;
use phaseflag::domain::time::Timestamp;
use phaseflag::store::{Store, flag};
use serde_json::{Value, json};

use crate::support::stream::Stream;
use crate::support::{Answer, Client, EPOCH, Server, Team};

fn project(id: &str) -> String {
    format!("/api/v1/projects/{id}")
}

fn environment(id: &str) -> String {
    format!("/api/v1/environments/{id}")
}

fn delete_project(team: &Team, key: &str) -> Answer {
    team.client.delete(&format!("{}?confirm={key}", project(&team.project)))
}

fn evaluate(sdk: &Client) -> Answer {
    sdk.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}}))
}

fn newest(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/audit-logs?{query}")).expect(200)["data"][0].clone()
}

/// A second project with a flag, a segment and applications that ask and follow.
fn furnished(team: &Team) -> (Team, [Client; 2]) {
    let second = team.new_project("second");
    second.create_flag("a", &json!({"enabled": true}));
    let segments = format!("/api/v1/segments?project_id={}", second.project);
    second.client.post(&segments, &json!({"key": "staff", "name": "Staff"})).expect(201);
    let sdks = [second.sdk(&second.development, "server"), second.sdk(&second.production, "client")];
    (second, sdks)
}

#[test]
fn a_project_is_gone_with_everything_in_it_and_at_once() {
    let mut server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({"enabled": true}));
    let kept = team.sdk(&team.development, "server");
    let (second, sdks) = furnished(&team);
    let mut stream = Stream::open(&sdks[1], "/api/v1/sdk/stream");
    assert_eq!(stream.event().name, "connected");
    for sdk in &sdks {
        evaluate(sdk).expect(200);
    }
    let answer = delete_project(&second, "second");
    assert!(answer.status == 204 && answer.bytes.is_empty(), "{}", answer.text());
    assert_eq!(stream.next(), None);
    for round in ["at once", "after a restart"] {
        let (team, second) = (team.at(&server), second.at(&server));
        for sdk in &sdks {
            evaluate(&server.reach(sdk)).refused(401, "API_KEY_INVALID");
        }
        let client = &second.client;
        client.get(&project(&second.project)).refused(404, "PROJECT_NOT_FOUND");
        client.get(&environment(&second.staging)).refused(404, "ENVIRONMENT_NOT_FOUND");
        client.get(&second.flags("/a")).refused(404, "ENVIRONMENT_NOT_FOUND");
        let segments = format!("/api/v1/segments?project_id={}", second.project);
        client.get(&segments).refused(404, "PROJECT_NOT_FOUND");
        delete_project(&second, "second").refused(404, "PROJECT_NOT_FOUND");
        // What is beside it is as it was.
        assert_eq!(client.get("/api/v1/projects").expect(200)["meta"]["total"], 1, "{round}");
        team.client.get(&team.flags("/a")).expect(200);
        evaluate(&server.reach(&kept)).expect(200);
        server.restart();
    }
    let team = team.at(&server);
    assert_eq!(team.client.get("/api/v1/audit-logs/verify").expect(200)["data"]["whole"], true);
    team.new_project("second").create_flag("a", &json!({}));
}

#[test]
fn what_was_done_in_a_deleted_project_is_still_told_to_those_whose_it_was() {
    let server = Server::start();
    let team = server.admin();
    let (second, _) = furnished(&team);
    let of_project = format!("project_id={}", second.project);
    let path = format!("/api/v1/audit-logs?{of_project}");
    let before = team.client.get(&path).expect(200)["meta"]["total"].as_u64();
    delete_project(&second, "second").expect(204);
    let entry = newest(&team.client, "");
    assert_eq!(
        (&entry["action"], &entry["resource_id"]),
        (&json!("project.deleted"), &json!(second.project))
    );
    let gone = |value: Value| json!({"from": value, "to": null});
    assert_eq!(
        entry["changes"],
        json!({"key": gone(json!("second")), "name": gone(json!("second")), "flags": gone(json!(1)),
            "segments": gone(json!(1)), "environments": gone(json!(["development", "staging", "production"]))})
    );
    let after = team.client.get(&path).expect(200)["meta"]["total"].as_u64();
    assert_eq!(after, before.map(|total| total + 1), "one entry, and none is gone");
    let of_environment = format!("environment_id={}", second.development);
    assert_eq!(newest(&team.client, &of_environment)["action"], "api_key.created");
    assert_eq!(newest(&team.client, &format!("{of_project}&action=flag.toggled")), Value::Null);
    let eve = server.outsider("eve@example.com");
    eve.get(&path).refused(404, "PROJECT_NOT_FOUND");
    eve.get(&format!("/api/v1/audit-logs?{of_environment}")).refused(404, "ENVIRONMENT_NOT_FOUND");
}

#[test]
fn a_project_goes_only_when_its_key_is_said() {
    let server = Server::start();
    let team = server.admin();
    team.client.delete(&project(&team.project)).faults(400, "VALIDATION_ERROR", &["confirm"]);
    for wrong in ["", "Default", "second", team.project.as_str()] {
        delete_project(&team, wrong).faults(400, "VALIDATION_ERROR", &["confirm"]);
    }
    team.client.get(&project(&team.project)).expect(200);
    let nowhere = "/api/v1/projects/prj_01ARZ3NDEKTSV4RRFFQ69G5FAV?confirm=default";
    team.client.delete(nowhere).refused(404, "PROJECT_NOT_FOUND");
    // Also the last project of an organization may go.
    delete_project(&team, "default").expect(204);
    assert_eq!(team.client.get("/api/v1/projects").expect(200)["meta"]["total"], 0);
    let body = json!({"key": "default", "name": "Again"});
    team.client.post("/api/v1/projects", &body).expect(201);
}

#[test]
fn an_environment_is_gone_with_its_keys_and_the_others_stay() {
    let mut server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({"enabled": true}));
    let (doomed, kept) = (team.sdk(&team.production, "server"), team.sdk(&team.development, "server"));
    let mut stream = Stream::open(&doomed, "/api/v1/sdk/stream");
    assert_eq!(stream.event().name, "connected");
    evaluate(&doomed).expect(200);
    let answer = team.client.delete(&environment(&team.production));
    assert!(answer.status == 204 && answer.bytes.is_empty(), "{}", answer.text());
    assert_eq!(stream.next(), None);
    assert_eq!(newest(&team.client, "")["action"], "environment.deleted");
    for _ in 0..2 {
        let team = team.at(&server);
        evaluate(&server.reach(&doomed)).refused(401, "API_KEY_INVALID");
        evaluate(&server.reach(&kept)).expect(200);
        let client = &team.client;
        client.get(&environment(&team.production)).refused(404, "ENVIRONMENT_NOT_FOUND");
        client.delete(&environment(&team.production)).refused(404, "ENVIRONMENT_NOT_FOUND");
        let keys = format!("/api/v1/api-keys?environment_id={}", team.production);
        client.get(&keys).refused(404, "ENVIRONMENT_NOT_FOUND");
        let listed = client.get(&format!("/api/v1/environments?project_id={}", team.project)).expect(200);
        assert_eq!(listed["meta"]["total"], 2);
        server.restart();
    }
    // What all environments share is changed in those that are left, and the key is free.
    let team = team.at(&server);
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    team.create_flag("b", &json!({}));
    let again = json!({"key": "production", "name": "Production", "type": "production"});
    let made = team.client.post(&format!("/api/v1/environments?project_id={}", team.project), &again);
    let flags =
        format!("/api/v1/flags?environment_id={}", made.expect(201)["data"]["id"].as_str().expect("an id"));
    assert_eq!(team.client.get(&flags).expect(200)["meta"]["total"], 2);
}

#[test]
fn the_last_environment_stays() {
    let server = Server::start();
    let team = server.admin();
    for id in [&team.development, &team.production] {
        team.client.delete(&environment(id)).expect(204);
    }
    team.client.delete(&environment(&team.staging)).refused(409, "LAST_ENVIRONMENT");
    team.client.get(&environment(&team.staging)).expect(200);
}

#[test]
fn what_is_frozen_is_not_deleted_unless_somebody_says_why() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.production, "server");
    let freeze = |id: &str| {
        let path = format!("{}/freeze", environment(id));
        team.client.post(&path, &json!({"reason": "Sales"})).expect(200);
    };
    freeze(&team.production);
    team.client.delete(&environment(&team.production)).refused(423, "ENVIRONMENT_FROZEN");
    delete_project(&team, "default").refused(423, "ENVIRONMENT_FROZEN");
    team.client.get(&environment(&team.development)).expect(200);
    evaluate(&sdk).expect(200);
    let breaking = team.client.with("X-PhaseFlag-Break-Glass", "It leaks");
    breaking.delete(&environment(&team.production)).expect(204);
    evaluate(&sdk).refused(401, "API_KEY_INVALID");
    assert_eq!(newest(&team.client, "")["changes"]["break_glass"]["to"], "It leaks");
    freeze(&team.staging);
    let path = format!("{}?confirm=default", project(&team.project));
    breaking.delete(&path).expect(204);
    assert_eq!(newest(&team.client, "")["changes"]["break_glass"]["to"], "It leaks");
}

/// Flags of a project, at most.
const MANY: u32 = 10_000;

/// Fills a project with flags behind the server's back.
fn fill(server: &mut Server, team: &Team) {
    server.stop();
    let store = Store::open(&server.data()).expect("the file");
    let writer = store.write().expect("a transaction");
    let project = ProjectId::parse(&team.project).expect("a project");
    let now = Timestamp::from_millis(EPOCH);
    let key = |text: &str| VariationKey::parse(text).expect("a key");
    for number in 0..MANY {
        let variation = |text: &str, value| Variation { key: key(text), name: Name::trusted(text), value };
        let it = Flag {
            id: FlagId::from_bits((u128::from(number) << 64) + 1),
            project,
            key: FlagKey::parse(&format!("flag-{number}")).expect("a key"),
            name: Name::trusted("A flag"),
            description: None,
            flag_type: FlagType::Boolean,
            classification: None,
            tags: Vec::new(),
            owner: None,
            expires_at: None,
            status: FlagStatus::Active,
            variations: vec![variation("on", json!(true)), variation("off", json!(false))],
            bucketing: Bucketing::default(),
            revision: 1,
            created_by: None,
            created_at: now,
            updated_at: now,
        };
        flag::put(&writer, &it).expect("a flag");
        for environment in [&team.development, &team.staging, &team.production] {
            let environment = EnvironmentId::parse(environment).expect("an environment");
            let configuration = Configuration::initial(key("off"), now);
            flag::put_configuration(&writer, environment, it.id, &configuration).expect("a configuration");
        }
    }
    writer.commit().expect("a commit");
    drop(store);
    server.restart();
}

#[test]
#[ignore = "it measures, which takes a release build to mean anything"]
fn the_largest_project_is_deleted() {
    let mut server = Server::start();
    let team = server.admin();
    fill(&mut server, &team);
    let team = team.at(&server);
    assert_eq!(team.client.get(&team.flags("")).expect(200)["meta"]["total"], MANY);
    let begin = Instant::now();
    team.client.delete(&environment(&team.production)).expect(204);
    println!("an environment of {MANY} flags: {:.2?}", begin.elapsed());
    let begin = Instant::now();
    delete_project(&team, "default").expect(204);
    println!("a project of {MANY} flags in two environments: {:.2?}", begin.elapsed());
}

//! Many clients at once: everybody reads their own writes, versions rise, and nothing fails.

use std::collections::BTreeSet;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, Client, PASSWORD, Server, Team};

const THREADS: usize = 8;
const ROUNDS: usize = 12;

/// Runs `work` on every thread at once; the argument is the thread's number.
fn at_once<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                scope.spawn({
                    let work = &work;
                    move || work(number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn evaluate(sdk: &Client, key: &str) -> Value {
    let question = json!({"flags": [key], "context": {"user_key": "u"}});
    sdk.post("/api/v1/evaluate", &question).expect(200)["data"]["evaluations"][key].clone()
}

/// The version of the ruleset. It is at least `before`: nobody is shown an older one than they have seen.
fn version(sdk: &Client, before: i64) -> i64 {
    let answer = sdk.get("/api/v1/sdk/ruleset").expect(200);
    let version = answer["data"]["version"].as_i64().expect("a version");
    assert!(version >= before, "{version} after {before}");
    version
}

#[test]
fn everybody_reads_their_own_writes_at_once() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let first = version(&sdk, 0);
    at_once(|number| {
        let key = format!("flag-{number}");
        let made = team.create_flag(&key, &json!({"default_variation": "off"}));
        let (mut revision, mut version) = (made["revision"].as_i64().unwrap(), version(&sdk, first + 1));
        let id = made["id"].clone();
        assert_eq!(evaluate(&sdk, &key)["reason"], "DISABLED");
        for round in 0..ROUNDS {
            let enabled = round % 2 == 0;
            let toggled =
                team.client.post(&team.flags(&format!("/{key}/toggle")), &json!({"enabled": enabled}));
            assert_eq!(toggled.expect(200)["data"]["enabled"], enabled);
            let reason = match (enabled, round) {
                (false, _) => "DISABLED",
                (true, 0) => "DEFAULT",
                (true, _) => "TARGETING_RULE",
            };
            assert_eq!(evaluate(&sdk, &key)["reason"], reason, "{key}, round {round}");
            version = self::version(&sdk, version + 1);

            let variation = if round % 4 < 2 { "on" } else { "off" };
            let rules = json!([{"priority": 1, "conditions": [], "variation": variation}]);
            let changed =
                team.client.put(&team.flags(&format!("/{key}")), &json!({"targeting_rules": rules}));
            let changed = changed.expect(200)["data"].clone();
            let expected = if enabled { variation } else { "off" };
            assert_eq!(evaluate(&sdk, &key)["variation_key"], expected, "{key}, round {round}");
            let mut shown = team.client.get(&team.flags(&format!("/{key}"))).expect(200)["data"].clone();
            // It was evaluated between the two.
            shown["last_evaluated_at"] = changed["last_evaluated_at"].clone();
            assert_eq!((&shown, &shown["id"]), (&changed, &id));
            let next = shown["revision"].as_i64().unwrap();
            assert!(next > revision, "{key}: {next} after {revision}");
            revision = next;
            version = self::version(&sdk, version + 1);
        }
    });
    // Each change was one step: none was lost, none counted twice.
    let changes = i64::try_from(THREADS * (1 + 2 * ROUNDS)).unwrap();
    assert_eq!(version(&sdk, 0), first + changes);
    assert_eq!(team.client.get(&team.flags("")).expect(200)["meta"]["total"], THREADS);
}

#[test]
fn of_many_who_make_the_same_thing_one_succeeds() {
    let server = Server::start();
    let team = server.admin();
    let succeeded = |answers: Vec<Answer>, conflict: &str| {
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        for answer in refused {
            answer.refused(409, conflict);
        }
        assert_eq!(made.len(), 1);
    };
    let body = Team::flag_body("contested", &json!({}));
    succeeded(at_once(|_| team.client.post(&team.flags(""), &body)), "FLAG_KEY_CONFLICT");
    let body = json!({"key": "contested", "name": "C"});
    succeeded(at_once(|_| team.client.post("/api/v1/projects", &body)), "PROJECT_KEY_CONFLICT");
    let body = json!({"key": "contested", "name": "C", "type": "staging"});
    let path = format!("/api/v1/environments?project_id={}", team.project);
    succeeded(at_once(|_| team.client.post(&path, &body)), "ENVIRONMENT_KEY_CONFLICT");
    succeeded(at_once(|_| server.register("contested@example.com")), "EMAIL_ALREADY_EXISTS");
}

#[test]
fn of_many_who_register_first_one_is_the_admin() {
    let server = Server::start();
    let roles = at_once(|number| {
        server.register(&format!("user{number}@example.com")).expect(201)["data"]["role"].clone()
    });
    assert_eq!(roles.iter().filter(|role| **role == "admin").count(), 1, "{roles:?}");
}

#[test]
fn of_many_who_refresh_the_same_token_one_at_most_is_renewed() {
    let server = Server::start();
    server.register("ada@example.com").expect(201);
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let tokens = server.anonymous().post("/api/v1/auth/login", &body).expect(200);
    let body = json!({"refresh_token": tokens["data"]["refresh_token"]});
    let answers = at_once(|_| server.anonymous().post("/api/v1/auth/refresh", &body));
    let renewed: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(renewed.len(), 1);
    // The others showed a used token: the session is over, whoever won.
    let access = renewed[0].body()["data"]["access_token"].as_str().unwrap().to_owned();
    server.anonymous().bearer(&access).get("/api/v1/auth/me").refused(401, "TOKEN_INVALID");
}

#[test]
fn pages_by_cursor_repeat_and_skip_nothing_while_others_insert() {
    let server = Server::start();
    let team = server.admin();
    for index in 0..30 {
        team.create_flag(&format!("old-{index:02}"), &json!({}));
    }
    at_once(|number| {
        if number % 2 == 0 {
            (0..6).for_each(|index| drop(team.create_flag(&format!("new-{number}-{index}"), &json!({}))));
            return;
        }
        let mut seen = Vec::new();
        let mut path = format!("{}&per_page=7", team.flags(""));
        loop {
            let page = team.client.get(&path).expect(200);
            seen.extend(
                page["data"].as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap().to_owned()),
            );
            let Some(cursor) = page["meta"]["next_cursor"].as_str() else { break };
            path = format!("{}&per_page=7&cursor={cursor}", team.flags(""));
        }
        let distinct: BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "a flag was shown twice");
        assert_eq!(seen.iter().filter(|key| key.starts_with("old-")).count(), 30);
    });
}

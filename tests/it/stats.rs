//! Statistics: what the server evaluated and what clients reported, by flag, variation, reason and hour.

use serde_json::{Value, json};

use crate::support::{Client, Server, Team};

fn stats(team: &Team, path: &str, period: &str) -> Value {
    team.client.get(&format!("{path}&period={period}")).expect(200)["data"].clone()
}

fn of_flag(team: &Team, key: &str, period: &str) -> Value {
    stats(team, &team.flags(&format!("/{key}/stats")), period)
}

fn of_environment(team: &Team, period: &str) -> Value {
    stats(team, &format!("/api/v1/environments/{}/stats?", team.development), period)
}

/// The list of `[name, evaluations]` of those that were served at all.
fn pairs(rows: &Value, name: &str) -> Vec<(String, u64)> {
    let rows = rows.as_array().expect("a list").iter();
    let pair =
        |row: &Value| (row[name].as_str().expect("a name").to_owned(), row["evaluations"].as_u64().unwrap());
    rows.map(pair).filter(|(_, times)| *times > 0).collect()
}

fn reasons(stats: &Value) -> Vec<(String, u64)> {
    pairs(&stats["reasons"], "reason")
}

fn evaluate(sdk: &Client, flags: &[&str], user: &str) {
    sdk.post("/api/v1/evaluate", &json!({"flags": flags, "context": {"user_key": user}})).expect(200);
}

#[test]
fn every_reason_is_counted_by_every_door() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "client");
    let rule = json!({"conditions": [{"attribute": "user_key", "operator": "is", "value": "ada"}], "variation": "on", "priority": 1});
    let everyone = json!([{"variation": "on", "percentage": 100}]);
    let rollout = json!({"conditions": [], "percentage_rollout": everyone, "priority": 2});
    team.create_flag("off", &json!({}));
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": [rule.clone()]}));
    team.create_flag("b", &json!({"enabled": true, "targeting_rules": [rule, rollout]}));
    let demand = json!([{"flag_key": "off", "variation_key": "on"}]);
    team.create_flag("c", &json!({"enabled": true, "prerequisites": demand}));

    evaluate(&sdk, &["*"], "ada");
    evaluate(&sdk, &["a", "b", "nobody"], "bob");
    for user in ["ada", "bob", "bob"] {
        let body = json!({"flag_key": "a", "context": {"user_id": user}});
        sdk.post("/api/v1/evaluate", &body).expect(200);
    }
    sdk.post("/api/v1/sdk/events", &json!([{"flag_key": "a", "variation_key": "on"}])).expect(202);
    let ofrep = "/ofrep/v1/evaluate/flags";
    let context = json!({"context": {"targetingKey": "bob"}});
    let all = sdk.post(ofrep, &context);
    all.expect(200);
    sdk.with("If-None-Match", all.header("ETag").unwrap()).post(ofrep, &context).expect(304);
    sdk.post(&format!("{ofrep}/a"), &context).expect(200);
    sdk.post(&format!("{ofrep}/b"), &json!({})).expect(400);
    let count = |name: &str, times| (name.to_owned(), times);

    let a = of_flag(&team, "a", "24h");
    assert_eq!(reasons(&a), [count("TARGETING_RULE", 2), count("DEFAULT", 5), count("REPORTED", 1)]);
    assert_eq!(
        (&a["evaluations"], pairs(&a["variations"], "variation_key")),
        (&json!(8), vec![count("off", 5), count("on", 3)])
    );
    assert_eq!(
        reasons(&of_flag(&team, "b", "24h")),
        [count("TARGETING_RULE", 1), count("PERCENTAGE_ROLLOUT", 2)]
    );
    assert_eq!(reasons(&of_flag(&team, "c", "24h")), [count("PREREQUISITE", 2)]);
    assert_eq!(
        reasons(&of_flag(&team, "off", "24h")),
        [count("DISABLED", 2)],
        "a prerequisite itself is not served"
    );

    let explain = json!({"context": {"user_key": "ada"}});
    team.client.post(&team.flags("/a/explain"), &explain).expect(200);
    assert_eq!(of_flag(&team, "a", "24h")["evaluations"], 8, "a person who looks is no user");
    assert_eq!(of_environment(&team, "24h")["evaluations"], 15);
}

#[test]
fn the_last_evaluation_by_the_server_is_shown() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let last = || team.client.get(&team.flags("/a")).expect(200)["data"]["last_evaluated_at"].clone();
    assert_eq!(last(), Value::Null);
    server.clock.advance_seconds(60);
    evaluate(&team.sdk(&team.development, "server"), &["a"], "u");
    assert_eq!(last(), "2027-01-15T08:01:00Z");
}

#[test]
fn counts_belong_to_their_hour_and_survive_a_restart() {
    let mut server = Server::start();
    let mut team = server.admin();
    team.create_flag("a", &json!({}));
    let mut sdk = team.sdk(&team.development, "server");
    for times in 1..=3 {
        for _ in 0..times {
            evaluate(&sdk, &["a"], "u");
        }
        if times == 2 {
            server.restart();
            (team.client, sdk) = (server.reach(&team.client), server.reach(&sdk));
        }
        server.clock.advance_seconds(3_600);
    }
    evaluate(&sdk, &["a"], "u");

    let day = of_flag(&team, "a", "24h");
    let points = day["series"].as_array().expect("a list");
    let series: Vec<u64> = points.iter().map(|point| point["evaluations"].as_u64().unwrap()).collect();
    assert_eq!((series.len(), &series[20..]), (24, &[1, 2, 3, 1][..]));
    assert_eq!(points[23]["from"], "2027-01-15T11:00:00Z");
    assert_eq!(
        (&points[22]["variations"], &points[22]["reasons"]),
        (&json!({"off": 3}), &json!({"DISABLED": 3}))
    );
    assert_eq!(of_flag(&team, "a", "1h")["evaluations"], 1);
    for (period, points) in [("1h", 1), ("7d", 28), ("30d", 30)] {
        let stats = of_flag(&team, "a", period);
        let series = stats["series"].as_array().expect("a list");
        assert_eq!(series.len(), points, "{period}");
        let sum: u64 = series.iter().map(|point| point["evaluations"].as_u64().unwrap()).sum();
        assert_eq!(stats["evaluations"], sum, "{period}");
    }
    assert_eq!(of_environment(&team, "7d")["evaluations"], 7);
}

#[test]
fn an_environment_shows_its_most_and_its_never_evaluated_flags() {
    let server = Server::start();
    let mut team = server.admin();
    for number in 0..12 {
        team.create_flag(&format!("flag-{number:02}"), &json!({}));
    }
    team.create_flag("never", &json!({}));
    team.create_flag("gone", &json!({}));
    let sdk = team.sdk(&team.development, "server");
    evaluate(&sdk, &["gone"], "u");
    team.client.delete(&team.flags("/gone")).expect(204);
    for number in 0..12 {
        let key = format!("flag-{number:02}");
        for _ in 0..=number {
            evaluate(&sdk, &[&key], "u");
        }
    }
    let stats = of_environment(&team, "24h");
    assert_eq!((&stats["evaluations"], &stats["period"]), (&json!(78), &json!("24h")));
    let most: Vec<_> = (2..12).rev().map(|number| (format!("flag-{number:02}"), number + 1)).collect();
    assert_eq!(pairs(&stats["most_evaluated"], "flag_key"), most);
    assert_eq!((&stats["never_evaluated"], &stats["never_evaluated_total"]), (&json!(["never"]), &json!(1)));

    server.clock.advance_seconds(2 * 86_400);
    team.client = server.login("admin@example.com");
    let later = of_environment(&team, "24h");
    assert_eq!((&later["evaluations"], &later["most_evaluated"]), (&json!(0), &json!([])));
    assert_eq!(later["never_evaluated_total"], 1, "not lately is not never");
    let other = team.client.get(&format!("/api/v1/environments/{}/stats", team.staging)).expect(200);
    assert_eq!(
        (&other["data"]["evaluations"], &other["data"]["never_evaluated_total"]),
        (&json!(0), &json!(13))
    );
    let refused = team.client.get(&format!("/api/v1/environments/{}/stats?period=1y", team.development));
    refused.faults(400, "VALIDATION_ERROR", &["period"]);
}

#[test]
fn a_change_of_a_flag_loses_no_count() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let sdk = team.sdk(&team.development, "server");
    evaluate(&sdk, &["a"], "u");
    let toggle =
        |enabled: bool| team.client.post(&team.flags("/a/toggle"), &json!({"enabled": enabled})).expect(200);
    toggle(true);
    evaluate(&sdk, &["a"], "u");
    let variations = json!([
        {"key": "off", "name": "Off", "value": false}, {"key": "yes", "name": "Yes", "value": true},
    ]);
    team.client.put(&team.flags("/a"), &json!({"variations": variations})).expect(200);
    team.create_flag("b", &json!({}));
    evaluate(&sdk, &["a"], "u");
    let stats = of_flag(&team, "a", "24h");
    assert_eq!(pairs(&stats["variations"], "variation_key"), [("off".to_owned(), 3)]);
    assert_eq!(reasons(&stats), [("DEFAULT".to_owned(), 2), ("DISABLED".to_owned(), 1)]);
}

#[test]
fn old_statistics_are_forgotten() {
    let mut server = Server::with(&["--stats-retention-days=2"]);
    let mut team = server.admin();
    team.create_flag("a", &json!({}));
    let sdk = team.sdk(&team.development, "server");
    evaluate(&sdk, &["a"], "u");
    server.clock.advance_seconds(86_400);
    evaluate(&sdk, &["a"], "u");
    server.clock.advance_seconds(2 * 86_400 - 7_200);
    // What is old is looked for at the start, and every hour.
    server.restart();
    team.client = server.login("admin@example.com");
    let forgotten = (0..10_000).any(|_| of_flag(&team, "a", "7d")["evaluations"] == 1);
    assert!(forgotten, "{}", of_flag(&team, "a", "7d"));
    let last = team.client.get(&team.flags("/a")).expect(200)["data"]["last_evaluated_at"].clone();
    assert_eq!(last, "2027-01-16T08:00:00Z", "when it was evaluated last stays known");
}

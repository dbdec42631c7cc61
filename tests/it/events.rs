//! Events: evaluations that SDKs made by themselves, counted per flag and variation.

use serde_json::{Value, json};

use crate::support::{Answer, Client, EPOCH, Server, Team};

const PATH: &str = "/api/v1/sdk/events";

fn bench() -> (Server, Team, Client) {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let sdk = team.sdk(&team.development, "server");
    (server, team, sdk)
}

fn event(variation: &str) -> Value {
    json!({"flag_key": "a", "variation_key": variation, "user_id": "u", "metadata": {"page": "/"}})
}

fn events(events: &[Value]) -> Value {
    json!({"events": events})
}

/// Checks that this many were counted and this many not, in both published forms at once.
#[track_caller]
fn received(answer: &Answer, accepted: u64, dropped: u64) {
    let expected = json!({"data": {"accepted": accepted, "dropped": dropped}, "accepted": accepted});
    assert_eq!(answer.expect(202), expected);
}

/// How often `on` and `off` of the flag `a` were served in `environment` during `period`.
#[track_caller]
fn counts(client: &Client, environment: &str, period: &str) -> (u64, u64) {
    let path = format!("/api/v1/flags/a/stats?environment_id={environment}&period={period}");
    let stats = client.get(&path).expect(200)["data"].clone();
    assert_eq!((&stats["flag_key"], &stats["period"]), (&json!("a"), &json!(period)));
    let of = |key: &str| {
        let rows = stats["variations"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["variation_key"] == key).expect("a variation");
        row["evaluations"].as_u64().expect("a count")
    };
    let (on, off) = (of("on"), of("off"));
    assert_eq!(stats["evaluations"], on + off);
    (on, off)
}

fn last_evaluated(team: &Team) -> Value {
    team.client.get(&team.flags("/a")).expect(200)["data"]["last_evaluated_at"].clone()
}

#[test]
fn both_forms_are_counted() {
    let (_server, team, sdk) = bench();
    assert_eq!(counts(&team.client, &team.development, "24h"), (0, 0));
    received(&sdk.post(PATH, &events(&[event("on"), event("on"), event("off")])), 3, 0);
    received(&sdk.post(PATH, &json!([event("off")])), 1, 0);
    received(&sdk.post(PATH, &events(&[])), 0, 0);
    received(&sdk.post(PATH, &json!([])), 0, 0);
    for period in ["1h", "24h", "7d", "30d"] {
        assert_eq!(counts(&team.client, &team.development, period), (2, 2), "{period}");
    }
    assert_eq!(counts(&team.client, &team.staging, "24h"), (0, 0), "another environment");
    let refused = team.client.get(&format!("{}&period=1y", team.flags("/a/stats")));
    refused.faults(400, "VALIDATION_ERROR", &["period"]);
}

#[test]
fn the_last_evaluation_is_shown() {
    let (server, team, sdk) = bench();
    assert_eq!(last_evaluated(&team), Value::Null);
    server.clock.advance_seconds(60);
    sdk.post(PATH, &json!([event("on")])).expect(202);
    assert_eq!(last_evaluated(&team), "2027-01-15T08:01:00Z");
    let mut earlier = event("on");
    earlier["timestamp"] = json!("2027-01-15T07:00:00Z");
    sdk.post(PATH, &json!([earlier])).expect(202);
    assert_eq!(last_evaluated(&team), "2027-01-15T08:01:00Z", "what is late does not turn it back");
    let listed = team.client.get(&team.flags("")).expect(200);
    assert_eq!(listed["data"][0]["last_evaluated_at"], "2027-01-15T08:01:00Z");
    let changed = team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    assert_eq!(changed["data"]["last_evaluated_at"], "2027-01-15T08:01:00Z");
    assert_eq!(changed["data"]["revision"], 2, "being evaluated is no change");
}

#[test]
fn what_is_unknown_is_dropped_and_the_rest_counted() {
    let (_server, team, sdk) = bench();
    let unknown = json!({"flag_key": "nobody", "variation_key": "on"});
    received(&sdk.post(PATH, &events(&[unknown, event("maybe"), event("on")])), 1, 2);
    assert_eq!(counts(&team.client, &team.development, "24h"), (1, 0));
}

#[test]
fn a_moment_is_rfc_3339_or_milliseconds() {
    let (_server, team, sdk) = bench();
    let at = |moment: Value| {
        let mut event = event("on");
        event["timestamp"] = moment;
        event
    };
    let hours_ago = EPOCH - 5 * 3_600_000;
    let sent = [
        at(json!("2027-01-15T03:00:00Z")),
        at(json!("2027-01-15T04:00:00.123+01:00")),
        at(json!(hours_ago)),
        at(json!(1_799_982_000_000.5)),
        at(json!(null)),
    ];
    received(&sdk.post(PATH, &events(&sent)), 5, 0);
    assert_eq!(counts(&team.client, &team.development, "1h"), (1, 0), "without a moment it is now");
    assert_eq!(counts(&team.client, &team.development, "24h"), (5, 0));
}

#[test]
fn a_moment_that_cannot_be_believed_is_now() {
    let (_server, team, sdk) = bench();
    for moment in
        [json!("2020-01-01T00:00:00Z"), json!(0), json!(-1), json!("2030-01-01T00:00:00Z"), json!(1e300)]
    {
        let mut event = event("on");
        event["timestamp"] = moment;
        received(&sdk.post(PATH, &json!([event])), 1, 0);
    }
    assert_eq!(counts(&team.client, &team.development, "1h"), (5, 0));
    let shown = last_evaluated(&team);
    assert!(shown.as_str().unwrap().starts_with("2027-01-15T08:00:"), "{shown}");
}

#[test]
fn counts_leave_a_period_as_time_goes_by() {
    let (server, team, sdk) = bench();
    sdk.post(PATH, &json!([event("on")])).expect(202);
    for (seconds, expected) in [(3_600, [0, 1, 1]), (86_400, [0, 0, 1]), (7 * 86_400, [0, 0, 0])] {
        server.clock.advance_seconds(seconds);
        let seen = ["1h", "24h", "7d"].map(|period| {
            // A token lives for a day.
            let client = server.login("admin@example.com");
            counts(&client, &team.development, period).0
        });
        assert_eq!(seen, expected, "{seconds} seconds later");
    }
    let client = server.login("admin@example.com");
    assert_eq!(counts(&client, &team.development, "30d"), (1, 0));
}

#[test]
fn faults_are_named_with_their_events() {
    let (_server, team, sdk) = bench();
    let mut bad = event("on");
    bad["timestamp"] = json!("yesterday");
    let refused = sdk.post(PATH, &events(&[event("on"), bad.clone(), bad.clone()]));
    refused.faults(400, "VALIDATION_ERROR", &["events[1].timestamp", "events[2].timestamp"]);
    sdk.post(PATH, &json!([bad])).faults(400, "VALIDATION_ERROR", &["[0].timestamp"]);
    let mixed = json!([{"flag_key": 1, "colour": "red"}, "event", {"flag_key": "a", "variation_key": "on", "timestamp": {}}]);
    let places = ["[0].flag_key", "[0].variation_key", "[0].colour", "[1]", "[2].timestamp"];
    sdk.post(PATH, &mixed).faults(400, "VALIDATION_ERROR", &places);
    sdk.post(PATH, &json!({})).faults(400, "VALIDATION_ERROR", &["events"]);
    sdk.post(PATH, &json!("x")).refused(400, "VALIDATION_ERROR");
    assert_eq!(counts(&team.client, &team.development, "24h"), (0, 0), "all or nothing");
}

#[test]
fn five_hundred_events_at_once() {
    let (_server, team, sdk) = bench();
    let many = |count: usize| vec![event("on"); count];
    sdk.post(PATH, &events(&many(501))).faults(400, "VALIDATION_ERROR", &["events"]);
    sdk.post(PATH, &json!(many(501))).faults(400, "VALIDATION_ERROR", &[""]);
    assert_eq!(counts(&team.client, &team.development, "24h"), (0, 0));
    received(&sdk.post(PATH, &events(&many(500))), 500, 0);
    received(&sdk.post(PATH, &json!(many(500))), 500, 0);
    assert_eq!(counts(&team.client, &team.development, "24h"), (1_000, 0));
}

#[test]
fn counts_survive_a_restart_and_go_on() {
    let (mut server, team, sdk) = bench();
    sdk.post(PATH, &json!([event("on"), event("off")])).expect(202);
    server.restart();
    let client = server.reach(&team.client);
    assert_eq!(counts(&client, &team.development, "24h"), (1, 1));
    let shown = client.get(&team.flags("/a")).expect(200)["data"]["last_evaluated_at"].clone();
    assert!(shown.is_string(), "{shown}");
    server.reach(&sdk).post(PATH, &json!([event("on")])).expect(202);
    assert_eq!(counts(&client, &team.development, "24h"), (2, 1), "what is kept and what is not yet");
}

#[test]
fn an_api_key_of_either_kind_reports() {
    let (server, team, sdk) = bench();
    received(&team.sdk(&team.development, "client").post(PATH, &json!([event("on")])), 1, 0);
    let bearer = sdk.anonymous().bearer(sdk.sends("X-API-Key").unwrap());
    received(&bearer.post(PATH, &json!([event("on")])), 1, 0);
    team.client.post(PATH, &json!([event("on")])).refused(403, "INSUFFICIENT_PERMISSIONS");
    server.anonymous().post(PATH, &json!([event("on")])).refused(401, "UNAUTHENTICATED");
    assert_eq!(counts(&team.client, &team.development, "24h"), (2, 0));
    assert_eq!(counts(&team.client, &team.staging, "24h"), (0, 0));
}

//! Ramps: a variation goes to more and more users, and the whole of it can be paused, resumed, cancelled, rolled back.

mod handling;

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::later::{made, wait_for};
use crate::support::{Answer, Server, Team};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Asks for a ramp to `on` with these percentages, an hour apart, the first in an hour.
fn ramp(server: &Server, team: &Team, percentages: &[f64], more: &Value) -> Answer {
    let hours = 1..;
    let step =
        |(hour, percentage): (i64, &f64)| json!({"at": server.moment(hour * HOUR), "percentage": percentage});
    let steps: Vec<Value> = hours.zip(percentages).map(step).collect();
    let mut body = json!({"variation": "on", "steps": steps});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    team.client.post(&team.flags("/a/ramps"), &body)
}

fn shown(team: &Team, id: &str) -> Value {
    team.client.get(&team.flags(&format!("/a/ramps/{id}"))).expect(200)["data"].clone()
}

fn statuses(ramp: &Value) -> Vec<&str> {
    ramp["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|it| it["status"].as_str().expect("a status"))
        .collect()
}

/// Lets an hour pass, and waits for the step of that hour, from 0.
fn pass_hour(server: &Server, team: &Team, id: &str, step: usize) -> Value {
    server.clock.advance_seconds(HOUR);
    wait_for("the step", || {
        let ramp = shown(team, id);
        (statuses(&ramp)[step] != "pending").then_some(ramp)
    })
}

fn rules(team: &Team) -> Vec<Value> {
    team.flag("a")["targeting_rules"].as_array().expect("rules").clone()
}

#[test]
fn a_variation_goes_to_more_and_more_users() {
    let server = Server::start();
    let team = server.admin();
    let own = json!([{"conditions": [{"attribute": "plan", "operator": "is", "value": "pro"}], "variation": "off", "priority": 7}]);
    team.create_flag("a", &json!({"enabled": true, "targeting_rules": own}));
    let answer = ramp(&server, &team, &[10.0, 50.0, 100.0], &json!({}));
    let id = made(&answer);
    let first = shown(&team, &id);
    assert_eq!(answer.body()["data"], first);
    assert!(id.starts_with("ramp_"));
    assert_eq!((&first["state"], &first["adds_rule"]), (&json!("running"), &json!(true)));
    assert_eq!(statuses(&first), ["pending", "pending", "pending"]);
    assert_eq!((&first["steps"][0]["percentage"], rules(&team).len()), (&json!(10), 1));
    let coming =
        team.client.get(&format!("/api/v1/schedules?environment_id={}", team.development)).expect(200);
    assert_eq!(coming["meta"]["total"], 3);
    assert_eq!(coming["data"][0]["change"], json!({"ramp": {"id": id, "variation": "on", "percentage": 10}}));

    pass_hour(&server, &team, &id, 0);
    let added = rules(&team)[1].clone();
    assert_eq!(added["percentage_rollout"], json!([{"variation": "on", "percentage": 10}]));
    assert_eq!((&added["name"], &added["priority"]), (&json!("Ramp to On"), &json!(8)));
    assert_eq!((&added["id"], &added["conditions"]), (&first["rule_id"], &json!([])));
    // What people change meanwhile stays: another rule, and the name and the place of this one.
    let mut edited = rules(&team);
    edited[1]["name"] = json!("Rollout");
    edited[0]["priority"] = json!(9);
    team.client.put(&team.flags("/a"), &json!({"targeting_rules": edited})).expect(200);
    pass_hour(&server, &team, &id, 1);
    assert_eq!(rules(&team)[0]["priority"], 9);
    assert_eq!(rules(&team)[1]["name"], "Rollout");
    assert_eq!(rules(&team)[1]["percentage_rollout"], json!([{"variation": "on", "percentage": 50}]));
    let done = pass_hour(&server, &team, &id, 2);
    assert_eq!((&rules(&team)[1]["variation"], &done["state"]), (&json!("on"), &json!("done")));
    assert_eq!(statuses(&done), ["applied", "applied", "applied"]);
    assert_eq!(team.flag("a")["revision"], 5);
    let entry = team.history("a")[0].clone();
    assert_eq!(entry["changes"]["ramp"]["to"], json!(id));
    assert_eq!(entry["changes"]["schedule"]["to"], done["steps"][2]["schedule_id"]);
}

#[test]
fn a_rule_that_is_there_is_ramped_within() {
    let server = Server::start();
    let team = server.admin();
    let conditions = json!([{"attribute": "plan", "operator": "is", "value": "pro"}]);
    let own = json!([{"conditions": conditions, "variation": "off", "name": "Pros"}]);
    let flag = team.create_flag(
        "a",
        &json!({"enabled": true, "targeting_rules": own, "bucketing": {"algorithm": "murmur3"}}),
    );
    let rule = flag["targeting_rules"][0]["id"].clone();
    let id = made(&ramp(&server, &team, &[0.5, 25.0], &json!({"rule_id": rule})));
    assert_eq!(shown(&team, &id)["adds_rule"], false);
    pass_hour(&server, &team, &id, 0);
    let now = rules(&team);
    assert_eq!(
        (now.len(), &now[0]["id"], &now[0]["conditions"]),
        (1, &rule, &flag["targeting_rules"][0]["conditions"])
    );
    assert_eq!(now[0]["percentage_rollout"], json!([{"variation": "on", "percentage": 0.5}]));
    // The rule goes: so does the ramp.
    team.client.put(&team.flags("/a"), &json!({"targeting_rules": []})).expect(200);
    let failed = pass_hour(&server, &team, &id, 1);
    assert_eq!((&failed["state"], statuses(&failed)), (&json!("failed"), vec!["applied", "failed"]));
    let message = failed["steps"][1]["failure"]["message"].as_str().expect("a sentence");
    assert!(message.contains(rule.as_str().expect("an id")), "{message}");
    assert_eq!(team.history("a")[0]["action"], "flag.schedule_failed");
}

#[test]
fn the_rest_of_a_ramp_fails_with_a_step() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let id = made(&ramp(&server, &team, &[10.0, 20.0, 30.0], &json!({})));
    pass_hour(&server, &team, &id, 0);
    let freeze = format!("/api/v1/environments/{}/freeze", team.development);
    team.client.post(&freeze, &json!({"reason": "Sales"})).expect(200);
    let failed = pass_hour(&server, &team, &id, 1);
    assert_eq!(
        (&failed["state"], statuses(&failed)),
        (&json!("failed"), vec!["applied", "failed", "failed"])
    );
    assert_eq!(failed["steps"][2]["failure"]["code"], "ENVIRONMENT_FROZEN");
    let because = failed["steps"][2]["failure"]["message"].as_str().expect("a sentence");
    assert!(because.starts_with("a step before it failed: "), "{because}");
    let told = team.history("a").iter().filter(|it| it["action"] == "flag.schedule_failed").count();
    assert_eq!(told, 1);
}

#[test]
fn what_is_asked_for_is_checked_whole() {
    let server = Server::start();
    let team = server.admin();
    let flag = team.create_flag("a", &json!({"targeting_rules": [{"conditions": [], "variation": "on"}]}));
    let path = team.flags("/a/ramps");
    let at = |hours: i64| server.moment(hours * HOUR);
    let wrong = |body: &Value| team.client.post(&path, body);
    wrong(&json!({})).faults(400, "VALIDATION_ERROR", &["variation", "steps"]);
    wrong(&json!({"variation": "on", "steps": []})).faults(400, "VALIDATION_ERROR", &["steps"]);
    let many: Vec<Value> = (1..=51).map(|step| json!({"at": at(step), "percentage": step})).collect();
    wrong(&json!({"variation": "on", "steps": many})).faults(400, "VALIDATION_ERROR", &["steps"]);
    let falling = json!([{"at": at(2), "percentage": 20}, {"at": at(2), "percentage": 20}]);
    let places = ["steps[1].at", "steps[1].percentage"];
    wrong(&json!({"variation": "on", "steps": falling})).faults(400, "VALIDATION_ERROR", &places);
    let odd = json!([{"at": at(-1), "percentage": -1}, {"at": "soon", "percentage": "all"}]);
    let places = ["steps[0].at", "steps[0].percentage", "steps[1].at", "steps[1].percentage"];
    let details = wrong(&json!({"variation": "on", "steps": odd})).refused(400, "VALIDATION_ERROR");
    let found: Vec<&str> =
        details["fields"].as_array().expect("a list").iter().filter_map(|it| it["field"].as_str()).collect();
    assert!(places.iter().all(|place| found.contains(place)), "{found:?}");
    let half = json!([{"at": at(1), "percentage": 0.5}]);
    let unknown = json!({"variation": "maybe", "rule_id": "rule_01ARZ3NDEKTSV4RRFFQ69G5FAV", "steps": half});
    let places = ["variation", "rule_id", "steps[0].percentage"];
    wrong(&unknown).faults(422, "VARIATION_NOT_FOUND", &places);
    let beyond = json!({"variation": "on", "steps": [{"at": at(1), "percentage": 101}]});
    wrong(&beyond).faults(422, "RULE_ROLLOUT_EXCEEDS_100", &["steps[0].percentage"]);
    let viewer = Team { client: team.enrol(&server, "vera@example.com", Role::Viewer), ..team.clone() };
    ramp(&server, &viewer, &[10.0], &json!({})).refused(403, "INSUFFICIENT_PERMISSIONS");

    // One at a time for each rule, and for the one that a ramp adds.
    let rule = json!({"rule_id": flag["targeting_rules"][0]["id"]});
    let (own, within) =
        (made(&ramp(&server, &team, &[10.0], &json!({}))), made(&ramp(&server, &team, &[10.0], &rule)));
    assert_eq!(ramp(&server, &team, &[20.0], &json!({})).refused(409, "RAMP_RUNNING")["ramp_id"], json!(own));
    assert_eq!(ramp(&server, &team, &[20.0], &rule).refused(409, "RAMP_RUNNING")["ramp_id"], json!(within));
    let listed = team.client.get(&path).expect(200);
    assert_eq!((&listed["data"][0]["id"], &listed["data"][1]["id"]), (&json!(within), &json!(own)));
    team.client.get(&team.flags("/a/ramps/ramp_01ARZ3NDEKTSV4RRFFQ69G5FAV")).refused(404, "RAMP_NOT_FOUND");
}

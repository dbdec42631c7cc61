//! Ramps handled as one.

use serde_json::{Value, json};

use super::{HOUR, MINUTE, made, pass_hour, ramp, rules, shown, statuses};
use crate::support::{Answer, Server, Team};

fn handle(team: &Team, id: &str, verb: &str) -> Answer {
    team.client.send("POST", &team.flags(&format!("/a/ramps/{id}/{verb}")), None)
}

/// The moments of the steps.
fn moments(ramp: &Value) -> Vec<&str> {
    ramp["steps"].as_array().expect("steps").iter().map(|it| it["at"].as_str().expect("a moment")).collect()
}

#[test]
fn one_that_is_paused_waits_and_goes_on_later_by_as_long() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let id = made(&ramp(&server, &team, &[10.0, 20.0, 30.0], &json!({})));
    let before = pass_hour(&server, &team, &id, 0);
    let paused = handle(&team, &id, "pause").expect(200)["data"].clone();
    assert_eq!(
        (&paused["state"], statuses(&paused)),
        (&json!("paused"), vec!["applied", "paused", "paused"])
    );
    assert!(paused["paused_at"].is_string());
    assert_eq!(handle(&team, &id, "pause").refused(409, "RAMP_STATE_CONFLICT")["state"], "paused");
    let coming = format!("/api/v1/schedules?environment_id={}", team.development);
    assert_eq!(team.client.get(&coming).expect(200)["meta"]["total"], 0);
    // Three hours later both would have come.
    server.clock.advance_seconds(3 * HOUR);
    let other = made(&team.schedule("a", &server.moment(MINUTE), &json!({"enabled": true})));
    server.clock.advance_seconds(MINUTE);
    assert_eq!(team.over("a", &other)["status"], "applied");
    assert_eq!(shown(&team, &id), paused);
    let resumed = handle(&team, &id, "resume").expect(200)["data"].clone();
    assert_eq!((&resumed["state"], &resumed["paused_at"]), (&json!("running"), &Value::Null));
    assert_eq!(moments(&resumed)[0], moments(&before)[0], "what is over stays");
    let seconds = |text: &str| phaseflag::domain::time::Timestamp::parse(text).expect("a moment").seconds();
    for step in [1, 2] {
        let later = seconds(moments(&resumed)[step]) - seconds(moments(&before)[step]);
        assert!((3 * HOUR + MINUTE..3 * HOUR + 2 * MINUTE).contains(&later), "{later}");
    }
    assert_eq!(handle(&team, &id, "resume").refused(409, "RAMP_STATE_CONFLICT")["state"], "running");
    pass_hour(&server, &team, &id, 1);
    let done = pass_hour(&server, &team, &id, 2);
    assert_eq!((&done["state"], rules(&team).len()), (&json!("done"), 1));
}

#[test]
fn one_that_is_cancelled_leaves_what_is() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let id = made(&ramp(&server, &team, &[10.0, 20.0], &json!({})));
    pass_hour(&server, &team, &id, 0);
    let before = team.flag("a");
    let path = team.flags(&format!("/a/ramps/{id}"));
    team.client.delete(&path).expect(204);
    assert_eq!(team.flag("a"), before);
    let over = shown(&team, &id);
    assert_eq!((&over["state"], statuses(&over)), (&json!("cancelled"), vec!["applied", "cancelled"]));
    assert_eq!(team.client.delete(&path).refused(409, "RAMP_STATE_CONFLICT")["state"], "cancelled");
    // Now there may be another one, and steps may be called off one by one.
    let next = made(&ramp(&server, &team, &[30.0, 40.0], &json!({"rule_id": over["rule_id"]})));
    for step in 0..2 {
        let step = shown(&team, &next)["steps"][step]["schedule_id"].as_str().expect("an id").to_owned();
        team.client.delete(&team.flags(&format!("/a/schedules/{step}"))).expect(204);
    }
    assert_eq!(shown(&team, &next)["state"], "cancelled");
    let told: Vec<Value> = team.history("a").iter().map(|entry| entry["action"].clone()).take(4).collect();
    let called_off = "flag.schedule_cancelled";
    assert_eq!(told, [called_off, called_off, "flag.ramp_created", "flag.ramp_cancelled"]);
}

#[test]
fn one_that_is_rolled_back_takes_its_rule_along() {
    let server = Server::start();
    let team = server.admin();
    let own = json!([{"conditions": [], "variation": "off", "name": "All"}]);
    team.create_flag("a", &json!({"targeting_rules": own}));
    let id = made(&ramp(&server, &team, &[10.0, 20.0, 30.0], &json!({})));
    pass_hour(&server, &team, &id, 0);
    pass_hour(&server, &team, &id, 1);
    let mut edited = rules(&team);
    edited[0]["name"] = json!("Everyone");
    team.client.put(&team.flags("/a"), &json!({"targeting_rules": edited, "enabled": true})).expect(200);
    let revision = team.flag("a")["revision"].as_u64().expect("a number");
    let stale = team.client.with("If-Match", "\"1\"");
    let path = team.flags(&format!("/a/ramps/{id}/rollback"));
    assert_eq!(stale.send("POST", &path, None).refused(412, "REVISION_CONFLICT")["revision"], revision);
    let back = handle(&team, &id, "rollback").expect(200)["data"].clone();
    assert_eq!(
        (&back["state"], statuses(&back)),
        (&json!("rolled_back"), vec!["applied", "applied", "cancelled"])
    );
    let flag = team.flag("a");
    assert_eq!((&flag["revision"], &flag["enabled"]), (&json!(revision + 1), &json!(true)));
    assert_eq!((rules(&team).len(), &rules(&team)[0]["name"]), (1, &json!("Everyone")));
    let entry = team.history("a")[0].clone();
    assert_eq!(
        (&entry["action"], &entry["changes"]["ramp"]["to"]),
        (&json!("flag.ramp_rolled_back"), &json!(id))
    );
    assert_eq!(handle(&team, &id, "rollback").refused(409, "RAMP_STATE_CONFLICT")["state"], "rolled_back");
    server.clock.advance_seconds(HOUR);
    let later = made(&team.schedule("a", &server.moment(MINUTE), &json!({"default_variation": "on"})));
    server.clock.advance_seconds(MINUTE);
    team.over("a", &later);
    assert_eq!(rules(&team).len(), 1, "no step comes after it");
}

#[test]
fn a_rule_that_was_there_serves_again_what_it_did() {
    let server = Server::start();
    let team = server.admin();
    let split = json!([{"variation": "off", "percentage": 30}, {"variation": "on", "percentage": 5}]);
    let flag =
        team.create_flag("a", &json!({"targeting_rules": [{"conditions": [], "percentage_rollout": split}]}));
    let rule = json!({"rule_id": flag["targeting_rules"][0]["id"]});
    let id = made(&ramp(&server, &team, &[100.0], &rule));
    let done = pass_hour(&server, &team, &id, 0);
    assert_eq!((&done["state"], &rules(&team)[0]["variation"]), (&json!("done"), &json!("on")));
    handle(&team, &id, "rollback").expect(200);
    assert_eq!(rules(&team), *flag["targeting_rules"].as_array().expect("rules"));
    // One that has not begun changes nothing, and is over.
    let idle = made(&ramp(&server, &team, &[100.0], &rule));
    let before = team.flag("a");
    assert_eq!(handle(&team, &idle, "rollback").expect(200)["data"]["state"], "rolled_back");
    assert_eq!(team.flag("a"), before);
    assert_eq!(team.history("a")[0]["action"], "flag.ramp_rolled_back");
}

//! How many there may be, and what goes with what.

use serde_json::{Value, json};

use super::{DAY, MINUTE};
use crate::support::later::made;
use crate::support::{Server, Team};

fn total(team: &Team, path: &str) -> Value {
    team.client.get(path).expect(200)["meta"]["total"].clone()
}

#[test]
fn a_flag_has_so_many_schedules_to_come_steps_of_ramps_included() {
    let server = Server::start();
    let team = server.admin();
    let flag = team.create_flag("a", &json!({"targeting_rules": [{"conditions": [], "variation": "on"}]}));
    let steps = |count: i64| -> Vec<Value> {
        let step = |hour: i64| json!({"at": server.moment(hour * DAY), "percentage": hour});
        (1..=count).map(step).collect()
    };
    let ramps = team.flags("/a/ramps");
    let ramp = made(&team.client.post(&ramps, &json!({"variation": "on", "steps": steps(50)})));
    let pause = team.flags(&format!("/a/ramps/{ramp}/pause"));
    team.client.send("POST", &pause, None).expect(200);
    let at = server.moment(MINUTE);
    let mut last = String::new();
    for _ in 0..50 {
        last = made(&team.schedule("a", &at, &json!({"enabled": true})));
    }
    // Also those of the ramp that waits are counted.
    team.schedule("a", &at, &json!({"enabled": true})).refused(422, "LIMIT_EXCEEDED");
    let more = json!({"variation": "on", "steps": steps(1), "rule_id": flag["targeting_rules"][0]["id"]});
    team.client.post(&ramps, &more).refused(422, "LIMIT_EXCEEDED");
    team.client.delete(&team.flags(&format!("/a/schedules/{last}"))).expect(204);
    team.client.post(&ramps, &more).expect(201);
    // Another flag has its own.
    team.create_flag("b", &json!({}));
    team.schedule("b", &at, &json!({"enabled": true})).expect(201);
}

#[test]
fn they_go_with_their_flag_and_with_their_environment() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.create_flag("b", &json!({}));
    let at = server.moment(MINUTE);
    team.schedule("a", &at, &json!({"enabled": true})).expect(201);
    let staging = Team { development: team.staging.clone(), ..team.clone() };
    staging.schedule("b", &at, &json!({"enabled": true})).expect(201);
    let coming = |team: &Team| total(team, &format!("/api/v1/schedules?environment_id={}", team.development));
    assert_eq!((coming(&team), coming(&staging)), (json!(1), json!(1)));
    team.client.delete(&team.flags("/a")).expect(204);
    team.client.delete(&format!("{}&permanent=true", team.flags("/a"))).expect(204);
    assert_eq!(coming(&team), 0);
    team.client.delete(&format!("/api/v1/environments/{}?confirm=staging", team.staging)).expect(204);
    // What is left is due to nobody.
    let last = made(&team.schedule("b", &at, &json!({"enabled": true})));
    server.clock.advance_seconds(MINUTE);
    assert_eq!(team.over("b", &last)["status"], "applied");
    let metrics = team.client.anonymous().get("/metrics").text();
    assert!(metrics.contains("phaseflag_schedules_total{outcome=\"applied\"} 1"), "{metrics}");
    assert!(metrics.contains("phaseflag_schedules_total{outcome=\"failed\"} 0"), "{metrics}");
    assert!(metrics.contains("phaseflag_schedules_pending 0"), "{metrics}");
}

#[test]
fn a_flag_that_is_to_change_is_not_stale() {
    let server = Server::with(&["--stale-after-days=10", super::LONG_SESSIONS]);
    let team = server.admin();
    team.create_flag("a", &json!({}));
    server.clock.advance_seconds(30 * DAY);
    assert_eq!(team.flag("a")["lifecycle"]["stage"], "stale");
    let id = made(&team.schedule("a", &server.moment(DAY), &json!({"enabled": true})));
    let lifecycle = team.flag("a")["lifecycle"].clone();
    assert_eq!(lifecycle["stage"], "active");
    assert_eq!(lifecycle["because"], "A change of it is scheduled for 2027-02-15.");
    let stale = format!("{}&stale=true", team.flags(""));
    assert_eq!(total(&team, &stale), 0);
    team.client.delete(&team.flags(&format!("/a/schedules/{id}"))).expect(204);
    assert_eq!(total(&team, &stale), 1);
}

#[test]
fn a_ramp_adds_no_rule_where_there_are_as_many_as_there_may_be() {
    let server = Server::start();
    let team = server.admin();
    let rules = |count: usize| -> Vec<Value> {
        (0..count).map(|_| json!({"conditions": [], "variation": "on"})).collect()
    };
    team.create_flag("a", &json!({"targeting_rules": rules(200)}));
    let steps = json!([{"at": server.moment(MINUTE), "percentage": 10}]);
    let body = json!({"variation": "on", "steps": steps});
    team.client.post(&team.flags("/a/ramps"), &body).refused(422, "LIMIT_EXCEEDED");
    team.client.put(&team.flags("/a"), &json!({"targeting_rules": rules(199)})).expect(200);
    let ramp = team.client.post(&team.flags("/a/ramps"), &body).expect(201)["data"].clone();
    // Somebody takes the place meanwhile.
    team.client.put(&team.flags("/a"), &json!({"targeting_rules": rules(200)})).expect(200);
    server.clock.advance_seconds(MINUTE);
    let over = team.over("a", ramp["steps"][0]["schedule_id"].as_str().expect("an id"));
    assert_eq!((&over["status"], &over["failure"]["code"]), (&json!("failed"), &json!("LIMIT_EXCEEDED")));
}

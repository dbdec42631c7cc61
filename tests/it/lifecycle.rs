//! Flags in their lives, through the front door: owners, ends, stages with their evidence, and the list of stale ones.

use serde_json::{Value, json};

use crate::support::{Server, Team};

const DAY: i64 = 24 * 60 * 60;

fn lifecycle(team: &Team, flag: &str) -> (String, String) {
    let shown = team.client.get(&team.flags(&format!("/{flag}"))).expect(200)["data"]["lifecycle"].clone();
    let text = |name: &str| shown[name].as_str().expect("a text").to_owned();
    (text("stage"), text("because"))
}

fn listed(team: &Team, more: &str) -> Vec<String> {
    let list = team.client.get(&format!("{}&sort=key&order=asc{more}", team.flags(""))).expect(200);
    let key = |flag: &Value| flag["key"].as_str().expect("a key").to_owned();
    list["data"].as_array().expect("a list").iter().map(key).collect()
}

#[test]
fn owner_and_end_are_kept_changed_cleared_and_told_in_the_history() {
    let mut server = Server::start();
    let team = server.admin();
    let made = team.create_flag("f", &json!({"owner": "Ada", "expires_at": "2030-01-01T01:00:00+01:00"}));
    assert_eq!((&made["owner"], &made["expires_at"]), (&json!("Ada"), &json!("2030-01-01T00:00:00Z")));
    assert_eq!(team.create_flag("g", &json!({}))["owner"], Value::Null);
    let moved = json!({"expires_at": "2031-01-01T00:00:00Z"});
    team.client.put(&team.flags("/f"), &moved).expect(200);
    server.restart();
    let team = team.at(&server);
    let kept = team.client.get(&team.flags("/f")).expect(200)["data"].clone();
    assert_eq!((&kept["owner"], &kept["expires_at"]), (&json!("Ada"), &json!("2031-01-01T00:00:00Z")));
    let cleared = team.client.put(&team.flags("/f"), &json!({"owner": null, "expires_at": null})).expect(200);
    assert_eq!((&cleared["data"]["owner"], &cleared["data"]["expires_at"]), (&Value::Null, &Value::Null));
    let entry = team.client.get(&team.flags("/f/history")).expect(200)["data"][0]["changes"].clone();
    assert_eq!(entry["owner"], json!({"from": "Ada", "to": null}));
    assert_eq!(entry["expires_at"], json!({"from": "2031-01-01T00:00:00Z", "to": null}));
    for wrong in
        [json!({"owner": " ", "expires_at": "soon"}), json!({"owner": "x".repeat(201), "expires_at": 7})]
    {
        team.client.put(&team.flags("/f"), &wrong).faults(400, "VALIDATION_ERROR", &["owner", "expires_at"]);
        let body = Team::flag_body("h", &wrong);
        team.client.post(&team.flags(""), &body).faults(400, "VALIDATION_ERROR", &["owner", "expires_at"]);
    }
}

#[test]
fn stages_follow_what_happens() {
    let server = Server::with(&["--stale-after-days=10", "--jwt-expire-hours=8760"]);
    let team = server.admin();
    for key in ["asked", "forgotten", "gone"] {
        team.create_flag(key, &json!({}));
    }
    team.create_flag("ending", &json!({"expires_at": "2027-01-17T00:00:00Z"}));
    let staging = format!("/api/v1/flags/asked?environment_id={}", team.staging);
    let conditions = json!([{"attribute": "plan", "operator": "is", "value": "pro"}]);
    let rules = json!([{"conditions": conditions, "variation": "on"}]);
    team.client.put(&staging, &json!({"enabled": true, "targeting_rules": rules})).expect(200);
    team.client.delete(&team.flags("/gone")).expect(204);
    let draft = "It is off in every environment, and was never evaluated.";
    assert_eq!(lifecycle(&team, "forgotten"), ("draft".into(), draft.into()));
    assert_eq!(lifecycle(&team, "gone"), ("archived".into(), "It was archived on 2027-01-15.".into()));
    assert_eq!(lifecycle(&team, "asked").0, "active", "another environment keeps it alive");
    assert_eq!(listed(&team, "&stale=true"), [""; 0]);
    server.clock.advance_seconds(11 * DAY);
    // It is evaluated in an environment that nobody looks at here, and what is counted is not written down yet.
    let sdk = team.sdk(&team.staging, "server");
    sdk.post("/api/v1/evaluate", &json!({"flags": ["asked"], "context": {"user_key": "u"}})).expect(200);
    assert_eq!(lifecycle(&team, "asked"), ("active".into(), "It was last evaluated on 2027-01-26.".into()));
    let forgotten = "It was never evaluated, and has not changed since 2027-01-15.";
    assert_eq!(lifecycle(&team, "forgotten"), ("stale".into(), forgotten.into()));
    assert_eq!(lifecycle(&team, "ending"), ("stale".into(), "It expired on 2027-01-17.".into()));

    assert_eq!(listed(&team, "&stale=true"), ["ending", "forgotten"]);
    assert_eq!(listed(&team, "&stale=false"), ["asked"]);
    assert_eq!(listed(&team, "&stale=true&search=end"), ["ending"]);
    assert_eq!(listed(&team, ""), ["asked", "ending", "forgotten"]);
    team.client.get(&format!("{}&stale=maybe", team.flags(""))).faults(400, "VALIDATION_ERROR", &["stale"]);

    // The same to everyone, for as long: what it serves is no question any more.
    let everyone = json!({"targeting_rules": [], "default_variation": "on"});
    for environment in [&team.development, &team.staging, &team.production] {
        team.client.put(&format!("/api/v1/flags/asked?environment_id={environment}"), &everyone).expect(200);
    }
    server.clock.advance_seconds(10 * DAY);
    sdk.post("/api/v1/evaluate", &json!({"flags": ["asked"], "context": {"user_key": "u"}})).expect(200);
    let same = "Every environment has served 'on' to everyone since 2027-01-26.";
    assert_eq!(lifecycle(&team, "asked"), ("stale".into(), same.into()));
}

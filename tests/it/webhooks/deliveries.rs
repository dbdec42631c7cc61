//! Deliveries as people see them.

use serde_json::json;

use super::{bodies, deliveries, hook};
use crate::support::Server;

#[test]
fn deliveries_are_listed_newest_first_by_page_and_by_status() {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({"environment_ids": [team.development]}));
    for key in ["a", "b", "c", "d", "e"] {
        team.create_flag(key, &json!({}));
    }
    let mut keys = Vec::new();
    let mut query = "per_page=2".to_owned();
    loop {
        let page = team.client.get(&format!("{path}/deliveries?{query}")).expect(200);
        assert_eq!(page["meta"]["total"], 5);
        keys.extend(page["data"].as_array().expect("rows").iter().map(|row| row["flag_key"].clone()));
        let Some(cursor) = page["meta"]["next_cursor"].as_str() else { break };
        query = format!("per_page=2&cursor={cursor}");
    }
    assert_eq!(keys, ["e", "d", "c", "b", "a"]);
    let of = |status: &str| team.client.get(&format!("{path}/deliveries?status={status}")).expect(200);
    assert_eq!(of("pending")["meta"]["total"], 5);
    assert_eq!(of("failed")["meta"]["total"], 0);
    team.client.get(&format!("{path}/deliveries?status=lost")).faults(400, "VALIDATION_ERROR", &["status"]);
    assert_eq!(team.client.get(&path).expect(200)["data"]["pending_deliveries"], 5);
    let metrics = server.anonymous().get("/metrics").text();
    assert!(metrics.contains("\nphaseflag_webhook_deliveries_pending 5\n"), "{metrics}");
}

#[test]
fn a_test_goes_to_one_webhook_whatever_it_listens_to() {
    let server = Server::start();
    let team = server.admin();
    let asked = hook(&team, &json!({"events": ["flag.deleted"]}));
    let other = hook(&team, &json!({"events": ["webhook.test"]}));
    let queued = team.client.send("POST", &format!("{asked}/test"), None).expect(202)["data"].clone();
    assert_eq!((&queued["event_type"], &queued["status"]), (&json!("webhook.test"), &json!("pending")));
    let sent = bodies(&team.client, &asked).remove(0);
    assert_eq!((&sent["id"], &sent["flag_data"]), (&queued["event_id"], &json!(null)));
    assert!(deliveries(&team.client, &other).is_empty());
}

#[test]
fn a_delivery_that_waits_is_hurried_and_not_doubled() {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({}));
    let queued = team.client.send("POST", &format!("{path}/test"), None).expect(202)["data"].clone();
    let one = format!("{path}/deliveries/{}", queued["id"].as_str().expect("an id"));
    let again = team.client.send("POST", &format!("{one}/redeliver"), None).expect(202)["data"].clone();
    assert_eq!(again["id"], queued["id"]);
    assert_eq!(deliveries(&team.client, &path).len(), 1);

    let elsewhere = hook(&team, &json!({}));
    let not_its_own = one.replace(&path, &elsewhere);
    team.client.get(&not_its_own).refused(404, "DELIVERY_NOT_FOUND");
    team.client.send("POST", &format!("{not_its_own}/redeliver"), None).refused(404, "DELIVERY_NOT_FOUND");
    team.client.get(&format!("{path}/deliveries/dlv_1")).refused(404, "DELIVERY_NOT_FOUND");
}

#[test]
fn what_waits_survives_a_restart_to_the_byte() {
    let mut server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({}));
    team.create_flag("a", &json!({"enabled": true}));
    let before = bodies(&team.client, &path);
    assert_eq!(before.len(), 3);
    server.restart();
    assert_eq!(bodies(&team.at(&server).client, &path), before);
}

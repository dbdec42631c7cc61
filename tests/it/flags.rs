//! Flags through the front door.

use serde_json::json;

use crate::support::{Server, Team};

#[test]
fn a_flag_is_made_shown_changed_and_archived() {
    let server = Server::start();
    let team = server.admin();
    let made = team.create_flag("new-nav", &json!({"tags": ["web"], "description": "The new navigation"}));
    assert_eq!((&made["status"], &made["enabled"]), (&json!("active"), &json!(false)));

    let shown = team.client.get(&team.flags("/new-nav")).expect(200)["data"].clone();
    assert_eq!(shown, made);
    let by_id = team.client.get(&team.flags(&format!("/{}", made["id"].as_str().unwrap()))).expect(200);
    assert_eq!(by_id["data"], made);

    let toggled = team.client.post(&team.flags("/new-nav/toggle"), &json!({"enabled": true})).expect(200);
    assert_eq!(toggled["data"]["enabled"], true);
    let changed = team.client.put(&team.flags("/new-nav"), &json!({"name": "Navigation"})).expect(200);
    assert_eq!(
        (&changed["data"]["name"], &changed["data"]["enabled"], &changed["data"]["description"]),
        (&json!("Navigation"), &json!(true), &json!("The new navigation"))
    );

    team.client.delete(&team.flags("/new-nav")).expect(204);
    assert_eq!(team.client.get(&team.flags("")).expect(200)["meta"]["total"], 0);
    assert_eq!(team.client.get(&team.flags("/new-nav")).expect(200)["data"]["status"], "archived");
    team.client
        .post(&team.flags(""), &Team::flag_body("new-nav", &json!({})))
        .refused(409, "FLAG_KEY_CONFLICT");
}

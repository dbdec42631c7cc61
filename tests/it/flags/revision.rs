//! Revisions and moments: both rise exactly when what a view shows changes.

use serde_json::{Value, json};

use super::{at, everyone, view};
use crate::support::{Server, Team};

/// A view without the members that say that it changed.
fn shown(view: &Value) -> Value {
    let mut shown = view.clone();
    for bookkeeping in ["revision", "updated_at", "last_evaluated_at", "lifecycle"] {
        shown.as_object_mut().expect("an object").remove(bookkeeping);
    }
    shown
}

fn views(team: &Team) -> [Value; 3] {
    [&team.development, &team.staging, &team.production]
        .map(|environment| view(&team.client, environment, "a"))
}

#[test]
fn the_revision_rises_exactly_when_the_view_changes() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let put = |environment: &str, body: Value| {
        team.client.put(&at(environment, "/a"), &body).expect(200);
    };
    let toggle = |environment: &str, enabled: bool| {
        team.client.post(&at(environment, "/a/toggle"), &json!({"enabled": enabled})).expect(200);
    };
    let steps: [&dyn Fn(); 12] = [
        &|| put(&team.development, json!({"name": "A"})),
        &|| put(&team.staging, json!({"name": "A"})),
        &|| put(&team.development, json!({"enabled": true})),
        &|| toggle(&team.development, true),
        &|| toggle(&team.staging, true),
        &|| put(&team.production, json!({"targeting_rules": [everyone("on")]})),
        &|| put(&team.development, json!({"name": "B", "enabled": false, "tags": ["x"]})),
        &|| put(&team.staging, json!({"default_variation": "on"})),
        &|| put(&team.staging, json!({"status": "inactive"})),
        &|| put(&team.staging, json!({})),
        &|| drop(team.client.put(&team.flags("/a"), &json!({"name": ""})).refused(400, "VALIDATION_ERROR")),
        &|| drop(team.client.delete(&team.flags("/a")).expect(204)),
    ];
    let mut changed = 0;
    for (number, step) in steps.iter().enumerate() {
        let before = views(&team);
        server.clock.advance_seconds(60);
        step();
        for (old, new) in before.iter().zip(views(&team)) {
            let (was, is) = (old["revision"].as_u64().unwrap(), new["revision"].as_u64().unwrap());
            let moved = old["updated_at"] != new["updated_at"];
            if shown(old) == shown(&new) {
                assert_eq!((is, moved), (was, false), "step {number}: nothing changed in {new}");
            } else {
                assert!(is > was && moved, "step {number}: {old} became {new}");
                changed += 1;
            }
        }
    }
    assert_eq!(changed, 3 + 1 + 1 + 1 + 3 + 1 + 3 + 3, "views that changed");
}

#[test]
fn moments_are_those_of_the_requests() {
    let server = Server::start();
    let team = server.admin();
    let made = team.create_flag("a", &json!({}));
    assert_eq!(made["created_at"], made["updated_at"]);
    server.clock.advance_seconds(3_600);
    let toggled = team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let after = view(&team.client, &team.development, "a");
    assert_eq!(
        (&after["updated_at"], &after["created_at"]),
        (&toggled["data"]["updated_at"], &made["created_at"])
    );
    assert!(after["updated_at"].as_str() > made["updated_at"].as_str(), "{after}");
}

//! Webhooks: their rows of the table, and what requests of them are about.

use serde_json::{Value, json};

use super::{Row, World};

#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    //                           anonymous outsider viewer editor admin server client
    ("listWebhooks",             [401,     404,     403,   403,   200,  403,   403]),
    ("createWebhook",            [401,     404,     403,   403,   201,  403,   403]),
    ("getWebhook",               [401,     404,     403,   403,   200,  403,   403]),
    ("updateWebhook",            [401,     404,     403,   403,   200,  403,   403]),
    ("deleteWebhook",            [401,     404,     403,   403,   204,  403,   403]),
    ("rotateWebhookSecret",      [401,     404,     403,   403,   200,  403,   403]),
    ("testWebhook",              [401,     404,     403,   403,   202,  403,   403]),
    ("listWebhookDeliveries",    [401,     404,     403,   403,   200,  403,   403]),
    ("getWebhookDelivery",       [401,     404,     403,   403,   200,  403,   403]),
    ("redeliverWebhookDelivery", [401,     404,     403,   403,   202,  403,   403]),
];

/// A project has room for fewer webhooks than there are requests, so each has a project of its own.
fn made(world: &mut World) -> String {
    let key = world.fresh("hooked");
    let team = world.team.new_project(&key);
    let path = format!("/api/v1/webhooks?project_id={}", team.project);
    let made = team.client.post(&path, &body("createWebhook").expect("a body")).expect(201);
    made["data"]["id"].as_str().expect("an id").to_owned()
}

/// Replaces the names of webhooks and of their deliveries.
pub(super) fn named(world: &mut World, template: &str) -> String {
    if !template.contains("{webhook_id}") {
        return template.to_owned();
    }
    let webhook = made(world);
    let path = template.replace("{webhook_id}", &webhook);
    if !path.contains("{delivery_id}") {
        return path;
    }
    let test = format!("/api/v1/webhooks/{webhook}/test");
    let queued = world.team.client.send("POST", &test, None).expect(202);
    path.replace("{delivery_id}", queued["data"]["id"].as_str().expect("an id"))
}

pub(super) fn body(operation: &str) -> Option<Value> {
    Some(match operation {
        // It sends nothing, wherever this runs.
        "createWebhook" => {
            json!({"url": "https://hooks.example.com/", "events": ["flag.deleted"], "active": false})
        }
        "updateWebhook" => json!({"description": "D"}),
        _ => return None,
    })
}

//! Identifiers of other people's things where nobody looks at first: in bodies, and below things that are one's own.

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::{Server, Team};

/// Two organizations on one server, each with an admin who has nothing to do with the other.
fn neighbours(server: &Server) -> (Team, Team) {
    let ours = server.admin();
    let made = ours.client.post("/api/v1/organizations", &json!({"name": "Other"})).expect(201);
    let path = format!("/api/v1/organizations/{}/invitations", made["data"]["id"].as_str().expect("an id"));
    let invitation = json!({"email": "ann@example.com", "role": Role::Admin.as_str()});
    let invited = ours.client.post(&path, &invitation).expect(201);
    let ann = server.outsider("ann@example.com");
    let token = json!({"invitation_token": invited["data"]["token"]});
    ann.post("/api/v1/auth/invitations/accept", &token).expect(200);
    let nothing = Team { client: ann, ..ours.clone() };
    (ours, nothing.new_project("annex"))
}

/// What the courier says of a webhook, at a moment of its own.
const OF_THE_COURIER: [&str; 5] =
    ["status", "failing_since", "paused_at", "paused_reason", "pending_deliveries"];

/// Everything of a team that somebody else might have changed.
fn everything(team: &Team) -> Vec<Value> {
    let paths = [
        format!("/api/v1/projects/{}/export?api_keys=true", team.project),
        format!("/api/v1/webhooks?project_id={}", team.project),
        format!("/api/v1/audit-logs?project_id={}", team.project),
        format!("/api/v1/flags/secret/schedules?environment_id={}", team.development),
    ];
    let mut seen: Vec<_> =
        paths.iter().map(|path| team.client.get(path).expect(200)["data"].clone()).collect();
    for webhook in seen[1].as_array_mut().expect("webhooks") {
        let webhook = webhook.as_object_mut().expect("a webhook");
        webhook.retain(|name, _| !OF_THE_COURIER.contains(&name.as_str()));
    }
    seen
}

#[test]
fn an_identifier_in_a_body_opens_nothing_of_anothers() {
    let server = Server::start();
    let (ours, theirs) = neighbours(&server);
    let flag = ours.create_flag("secret", &json!({}));
    theirs.create_flag("own", &json!({}));
    let before = everything(&ours);
    let (here, there) = (&ours.development, &theirs.development);
    let promote = |from: &str, to: &str| json!({"from_environment_id": from, "to_environment_id": to});
    let webhook =
        json!({"url": "https://example.com/", "events": ["flag.updated"], "environment_ids": [here]});
    let project = json!({"key": "p", "name": "P", "organization_id": ours.organization()});
    let own = |rest: &str| format!("/api/v1/flags/own{rest}?environment_id={there}");
    let secret = json!([{"flag_key": flag["key"], "variation_key": "on"}]);
    for (path, body, status) in [
        ("/api/v1/flags/own/promote".to_owned(), promote(there, here), 404),
        ("/api/v1/flags/own/promote".to_owned(), promote(here, there), 404),
        ("/api/v1/flags/secret/promote".to_owned(), promote(here, there), 404),
        (format!("/api/v1/environments/{there}/promote"), json!({"from_environment_id": here}), 404),
        (format!("/api/v1/environments/{here}/promote"), json!({"from_environment_id": there}), 404),
        (format!("/api/v1/webhooks?project_id={}", theirs.project), webhook, 400),
        ("/api/v1/projects".to_owned(), project, 404),
        (own("/toggle"), json!({"enabled": true, "environment_id": here}), 400),
        (format!("/api/v1/flags/secret/toggle?environment_id={there}"), json!({"enabled": true}), 404),
        (
            format!("/api/v1/flags/{}/toggle?environment_id={there}", flag["id"].as_str().expect("an id")),
            json!({"enabled": true}),
            404,
        ),
    ] {
        let answer = theirs.client.post(&path, &body);
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text());
    }
    let required = theirs.client.put(&own(""), &json!({"prerequisites": secret}));
    required.refused(422, "PREREQUISITE_INVALID");
    theirs
        .client
        .get(&format!("/api/v1/environments/{there}/diff?against={here}"))
        .refused(404, "ENVIRONMENT_NOT_FOUND");
    assert_eq!(everything(&ours), before);
}

#[test]
fn what_is_below_a_thing_of_anothers_is_not_below_ones_own() {
    let server = Server::start();
    let (ours, theirs) = neighbours(&server);
    ours.create_flag("secret", &json!({}));
    theirs.create_flag("secret", &json!({}));
    // Nothing is sent there: it is no public address.
    let hook = json!({"url": "https://localhost/", "events": ["flag.updated"]});
    let made = |team: &Team| {
        let path = format!("/api/v1/webhooks?project_id={}", team.project);
        let id = team.client.post(&path, &hook).expect(201)["data"]["id"].as_str().expect("an id").to_owned();
        let tested = team.client.post(&format!("/api/v1/webhooks/{id}/test"), &json!({}));
        assert!(tested.status < 300, "{}", tested.text());
        id
    };
    let (our_hook, their_hook) = (made(&ours), made(&theirs));
    let deliveries = ours.client.get(&format!("/api/v1/webhooks/{our_hook}/deliveries")).expect(200);
    let delivery = deliveries["data"][0]["id"].as_str().expect("a delivery").to_owned();
    let schedule = json!({"at": "2027-06-01T00:00:00Z", "change": {"enabled": true}});
    let planned = ours.client.post(&ours.flags("/secret/schedules"), &schedule).expect(201);
    let planned = planned["data"]["id"].as_str().expect("an id").to_owned();
    let before = everything(&ours);

    let client = &theirs.client;
    let below = format!("/api/v1/webhooks/{their_hook}/deliveries/{delivery}");
    client.get(&below).refused(404, "DELIVERY_NOT_FOUND");
    client.post(&format!("{below}/redeliver"), &json!({})).refused(404, "DELIVERY_NOT_FOUND");
    let below = theirs.flags(&format!("/secret/schedules/{planned}"));
    client.get(&below).refused(404, "SCHEDULE_NOT_FOUND");
    client.delete(&below).refused(404, "SCHEDULE_NOT_FOUND");
    let me = ours.client.get("/api/v1/auth/me").expect(200)["data"]["id"].as_str().expect("an id").to_owned();
    let organization = theirs.organization();
    let member = format!("/api/v1/organizations/{organization}/members/{me}");
    // Who made the organization belongs to it, and can be sent away; then the id is that of nobody there.
    client.delete(&member).expect(204);
    client.delete(&member).refused(404, "MEMBER_NOT_FOUND");
    client.put(&member, &json!({"role": "viewer"})).refused(404, "MEMBER_NOT_FOUND");
    assert_eq!(everything(&ours), before);
}

//! Changes that are meant for one revision alone: `ETag`, `If-Match` and `If-None-Match` of flags, segments and
//! environments.

use std::sync::Barrier;
use std::thread;

use phaseflag::domain::role::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Server, Team};

/// Writers that change the same flag at the same time.
const WRITERS: usize = 50;

fn tag(answer: &Answer) -> String {
    answer.header("ETag").expect("a tag").to_owned()
}

/// A segment and its address.
fn segment(team: &Team) -> String {
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    team.client.post(&segments, &json!({"key": "staff", "name": "Staff"})).expect(201);
    format!("/api/v1/segments/staff?project_id={}", team.project)
}

/// Addresses of a flag, a segment and an environment.
fn things(team: &Team) -> [String; 3] {
    team.create_flag("a", &json!({}));
    [team.flags("/a"), segment(team), format!("/api/v1/environments/{}", team.staging)]
}

#[test]
fn the_tag_of_a_thing_is_its_revision() {
    let server = Server::start();
    let team = server.admin();
    for path in things(&team) {
        let shown = team.client.get(&path);
        let revision = shown.expect(200)["data"]["revision"].as_u64().expect("a revision");
        assert_eq!(tag(&shown), format!("\"{revision}\""), "{path}");
        let same = team.client.put(&path, &json!({}));
        assert_eq!((same.status, tag(&same)), (200, tag(&shown)), "nothing was said");
        let changed = team.client.put(&path, &json!({"name": "Renamed"}));
        let next = changed.expect(200)["data"]["revision"].as_u64().expect("a revision");
        assert!(next > revision, "{path}");
        assert_eq!(tag(&changed), format!("\"{next}\""));
        assert_eq!(tag(&team.client.get(&path)), tag(&changed));
    }
    let made = team.client.post(&team.flags(""), &Team::flag_body("b", &json!({})));
    assert_eq!(tag(&made), "\"1\"");
    let toggled = team.client.post(&team.flags("/b/toggle"), &json!({"enabled": true}));
    assert_eq!((toggled.status, tag(&toggled)), (200, "\"2\"".to_owned()));
}

#[test]
fn the_tag_of_an_environment_is_of_its_own_fields() {
    let server = Server::start();
    let team = server.admin();
    let path = format!("/api/v1/environments/{}", team.development);
    team.create_flag("a", &json!({"enabled": true}));
    assert_eq!(tag(&team.client.get(&path)), "\"1\"", "its flags are not of it");
    let frozen = team.client.post(&format!("{path}/freeze"), &json!({"reason": "R"}));
    assert_eq!((frozen.status, tag(&frozen)), (200, "\"2\"".to_owned()));
    let stale = team.client.with("If-Match", "\"1\"");
    assert_eq!(
        stale.post(&format!("{path}/unfreeze"), &json!({})).refused(412, "REVISION_CONFLICT")["revision"],
        2
    );
    stale.delete(&path).refused(412, "REVISION_CONFLICT");
    let fresh = team.client.with("If-Match", "\"2\"");
    assert_eq!(tag(&fresh.post(&format!("{path}/unfreeze"), &json!({}))), "\"3\"");
}

#[test]
fn who_has_the_thing_is_not_sent_it_again() {
    let server = Server::start();
    let team = server.admin();
    for path in things(&team) {
        let shown = team.client.get(&path);
        let known = team.client.with("If-None-Match", &tag(&shown)).get(&path);
        assert_eq!((known.status, known.text().as_str()), (304, ""), "{path}");
        assert_eq!(tag(&known), tag(&shown));
        assert_eq!(team.client.with("If-None-Match", "\"0\"").get(&path).body(), shown.body());
        assert_eq!(shown.header("Cache-Control"), Some("no-store"), "warnings and usage have no revision");
    }
}

#[test]
fn a_change_of_another_revision_is_refused_and_leaves_everything_as_it_was() {
    let server = Server::start();
    let team = server.admin();
    for path in things(&team) {
        let shown = team.client.get(&path);
        for stale in ["\"0\"", "\"99\", \"98\"", "", "W/\"1\"", "\"x,1\""] {
            let refused = team.client.with("If-Match", stale).put(&path, &json!({"name": "Lost"}));
            assert_eq!(refused.refused(412, "REVISION_CONFLICT"), json!({"revision": 1}), "{stale}");
        }
        assert_eq!(team.client.get(&path).body(), shown.body());
        for fresh in ["*", "\"7\", \"1\"", "\"1\",", "1"] {
            team.client.with("If-Match", fresh).put(&path, &json!({})).expect(200);
        }
    }
    let stale = team.client.with("If-Match", "\"7\"");
    stale.post(&team.flags("/a/toggle"), &json!({"enabled": true})).refused(412, "REVISION_CONFLICT");
    stale.delete(&team.flags("/a")).refused(412, "REVISION_CONFLICT");
    let segment = format!("/api/v1/segments/staff?project_id={}", team.project);
    stale.delete(&segment).refused(412, "REVISION_CONFLICT");
    let fresh = team.client.with("If-Match", "\"1\"");
    fresh.delete(&segment).expect(204);
    fresh.delete(&team.flags("/a")).expect(204);
}

#[test]
fn a_flag_is_compared_in_the_environment_that_is_named() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    team.client.post(&team.flags("/a/toggle"), &json!({"enabled": true})).expect(200);
    let elsewhere = format!("/api/v1/flags/a?environment_id={}", team.staging);
    let first = team.client.with("If-Match", "\"1\"");
    first.put(&team.flags("/a"), &json!({"name": "A"})).refused(412, "REVISION_CONFLICT");
    first.put(&elsewhere, &json!({"name": "A"})).expect(200);
}

#[test]
fn who_may_not_change_a_thing_learns_nothing_of_its_revision() {
    let server = Server::start();
    let team = server.admin();
    let viewer = team.enrol(&server, "vera@example.com", Role::Viewer).with("If-Match", "\"9\"");
    let outsider = server.outsider("eve@example.com").with("If-Match", "\"9\"");
    for path in things(&team) {
        viewer.put(&path, &json!({})).refused(403, "INSUFFICIENT_PERMISSIONS");
        assert_eq!(outsider.put(&path, &json!({})).status, 404);
    }
    let nothing = team.client.with("If-Match", "*").put(&team.flags("/nothing"), &json!({}));
    nothing.refused(404, "FLAG_NOT_FOUND");
}

/// Adds a tag and a rule of its own to the flag, again and again until nobody was faster. Answers the revision that it
/// made, and how often somebody was faster. All writers have read before the first one writes.
fn write(team: &Team, number: usize, all_have_read: &Barrier) -> (u64, usize) {
    let path = team.flags("/contested");
    let mut lost = 0;
    loop {
        let read = team.client.get(&path);
        if lost == 0 {
            all_have_read.wait();
        }
        let data = read.expect(200)["data"].clone();
        let mut tags = data["tags"].as_array().expect("a list").clone();
        tags.push(json!(format!("writer-{number}")));
        let mut rules = data["targeting_rules"].as_array().expect("a list").clone();
        let condition = json!({"attribute": "n", "operator": "is", "value": number});
        rules.push(json!({"conditions": [condition], "variation": "on", "priority": number}));
        let body = json!({"tags": tags, "targeting_rules": rules});
        let written = team.client.with("If-Match", &tag(&read)).put(&path, &body);
        if written.status == 200 {
            return (written.body()["data"]["revision"].as_u64().expect("a revision"), lost);
        }
        let details = written.refused(412, "REVISION_CONFLICT");
        assert!(details["revision"].as_u64() > data["revision"].as_u64(), "{details}");
        lost += 1;
    }
}

#[test]
fn of_fifty_writers_exactly_one_wins_each_revision_and_nothing_is_lost() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("contested", &json!({}));
    let all_have_read = Barrier::new(WRITERS);
    let written: Vec<(u64, usize)> = thread::scope(|scope| {
        let (team, all_have_read) = (&team, &all_have_read);
        let writers: Vec<_> =
            (0..WRITERS).map(|number| scope.spawn(move || write(team, number, all_have_read))).collect();
        writers.into_iter().map(|writer| writer.join().expect("no panic")).collect()
    });
    // Each changed the definition and the configuration at once: two steps, from the first revision on.
    let mut revisions: Vec<u64> = written.iter().map(|(revision, _)| *revision).collect();
    revisions.sort_unstable();
    let expected: Vec<u64> = (1..=WRITERS as u64).map(|number| 1 + 2 * number).collect();
    assert_eq!(revisions, expected);
    let at_once = written.iter().filter(|(_, lost)| *lost == 0).count();
    assert_eq!(at_once, 1, "all had read the first revision, and one can follow it");

    let flag = team.client.get(&team.flags("/contested")).expect(200)["data"].clone();
    let mut tags: Vec<&str> = flag["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    tags.sort_unstable();
    let mut names: Vec<String> = (0..WRITERS).map(|number| format!("writer-{number}")).collect();
    names.sort_unstable();
    assert_eq!(tags, names);
    let rules = flag["targeting_rules"].as_array().expect("a list");
    let mut numbers: Vec<u64> = rules.iter().filter_map(|rule| rule["priority"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..WRITERS as u64).collect::<Vec<_>>());
}

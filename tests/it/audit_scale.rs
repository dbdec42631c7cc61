//! How long a page of a long audit log takes. It is measured, and nothing fails for taking long: run it with
//! `cargo test --release --test it pages_of_a_long_audit_log -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use phaseflag::auth::entropy::sha256;
use phaseflag::domain::audit::{Action, Actor, Entry, FieldChange, Scope, resource_bits};
use phaseflag::domain::id::{AuditId, EnvironmentId, FlagId, OrganizationId, ProjectId, UserId};
use phaseflag::domain::time::Timestamp;
use phaseflag::store::{Store, audit};
use serde_json::{Value, json};

use crate::support::{Client, EPOCH, Server, Team};

/// Entries of the log.
const ENTRIES: u32 = 100_000;
/// Every second entry is about one flag.
const FLAG: u32 = 2;
/// Requests of which the median and the longest are printed.
const ROUNDS: usize = 41;

/// Writes a long log behind the server's back: toggles of one flag, and updates of others.
fn fill(server: &mut Server, team: &Team, flag: &str) {
    let organization = OrganizationId::parse(&team.organization());
    let me = team.client.get("/api/v1/auth/me").expect(200)["data"]["id"].clone();
    let actor = me.as_str().and_then(UserId::parse).expect("an account");
    server.stop();
    let store = Store::open(&server.data()).expect("the file");
    let writer = store.write().expect("a transaction");
    for number in 0..ENTRIES {
        let of_flag = number % FLAG == 0;
        let id =
            if of_flag { FlagId::parse(flag).expect("a flag") } else { FlagId::from_bits(number.into()) };
        let environment = if number % 3 == 0 { &team.production } else { &team.development };
        let entry = Entry {
            id: AuditId::from_bits(number.into()),
            at: Timestamp::from_millis(EPOCH + i64::from(number) * 1_000),
            actor: Actor { id: actor, email: "admin@example.com".into(), token: None },
            action: if of_flag { Action::FlagToggled } else { Action::FlagUpdated },
            scope: Scope {
                organization,
                project: ProjectId::parse(&team.project),
                environment: EnvironmentId::parse(environment),
            },
            resource: id.to_string(),
            changes: vec![FieldChange { field: "enabled".into(), from: json!(true), to: json!(false) }],
            request_id: "01MCC5RM03WBPPE07YNCW3MNYN".into(),
            address: Some("203.0.113.1".into()),
        };
        audit::append(&writer, resource_bits(id), entry, |bytes| sha256(&[bytes])).expect("an entry");
    }
    writer.commit().expect("a commit");
    drop(store);
    server.restart();
}

/// How long requests take.
fn measure(client: &Client, what: &str, path: &str) -> Value {
    let ask = || {
        let begin = Instant::now();
        let answer = client.get(path);
        (begin.elapsed(), answer)
    };
    let first = ask().1.expect(200);
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| ask().0).collect();
    times.sort_unstable();
    let found = &first["meta"]["total"];
    println!("{what:<44}{:>10.2?}{:>12.2?}   of {found}", times[ROUNDS / 2], times[ROUNDS - 1]);
    first
}

#[test]
#[ignore = "it measures, which takes a release build to mean anything"]
fn pages_of_a_long_audit_log() {
    let mut server = Server::start();
    let team = server.admin();
    let flag = team.create_flag("a", &json!({}))["id"].as_str().expect("an id").to_owned();
    fill(&mut server, &team, &flag);
    let team = team.at(&server);
    let client = &team.client;
    println!("{:<44}{:>10}{:>12}", "", "median", "longest");
    let log = |query: &str| format!("/api/v1/audit-logs?{query}");
    measure(client, "first page", &log("per_page=50"));
    measure(client, "first page of 200", &log("per_page=200"));
    measure(client, "last page of 200", &log("per_page=200&page=500"));
    let middle = measure(client, "page 250 of 200", &log("per_page=200&page=250"));
    let cursor = middle["meta"]["next_cursor"].as_str().expect("a cursor");
    measure(client, "the same by a cursor", &log(&format!("per_page=200&cursor={cursor}")));
    for (what, query) in [
        ("by project", format!("project_id={}", team.project)),
        ("by environment", format!("environment_id={}", team.production)),
        ("by thing, every second entry", format!("resource_id={flag}")),
        ("by kind", "resource_type=flag".into()),
        ("by action", "action=flag.toggled".into()),
        ("by action, nothing", "action=segment.deleted".into()),
        ("by time", "from=2027-01-15T08:00:00Z&to=2027-01-15T18:00:00Z".into()),
    ] {
        measure(client, what, &log(&format!("per_page=200&{query}")));
    }
    let history = |query: &str| format!("{}&{query}", team.flags("/a/history"));
    measure(client, "history of the flag, first page of 200", &history("per_page=200"));
    measure(client, "history of the flag, page 160", &history("per_page=200&page=160"));
    for (what, path) in
        [("verify", log("").replace('?', "/verify")), ("all of it as lines", log("format=ndjson"))]
    {
        let begin = Instant::now();
        let answer = client.get(&path);
        println!("{what:<44}{:>10.2?}{:>12} bytes", begin.elapsed(), answer.bytes.len());
        assert_eq!(answer.status, 200);
    }
}

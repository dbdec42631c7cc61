//! The stream of changes: what it tells, to whom, from where it goes on, and when it ends.

use serde_json::{Value, json};

use crate::support::raw::Connection;
use crate::support::stream::{Event, Stream};
use crate::support::{Client, Server, Team};

const PATH: &str = "/api/v1/sdk/stream";

/// A stream that has said that it is connected.
#[track_caller]
fn connected(client: &Client) -> Stream {
    let mut stream = Stream::open(client, PATH);
    assert_eq!(stream.event().name, "connected");
    stream
}

fn version(sdk: &Client) -> u64 {
    sdk.get("/api/v1/sdk/ruleset").expect(200)["data"]["version"].as_u64().expect("a version")
}

fn toggle(team: &Team, key: &str, enabled: bool) {
    team.client.post(&team.flags(&format!("/{key}/toggle")), &json!({"enabled": enabled})).expect(200);
}

/// What an event is about: its name, and the flag or the segment.
fn subject(event: &Event) -> (&str, &Value, &Value) {
    (&event.name, &event.data["flag_key"], &event.data["segment_key"])
}

#[test]
fn every_change_is_told_with_the_version_that_has_it() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let mut stream = Stream::open(&sdk, PATH);
    let first = stream.event();
    assert_eq!((first.name.as_str(), &first.data["version"]), ("connected", &json!(version(&sdk))));
    assert_eq!(first.id, Some(version(&sdk).to_string()));
    assert!(first.data["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{first:?}");

    let segments = format!("/api/v1/segments?project_id={}", team.project);
    let segment = |key: &str| format!("/api/v1/segments/{key}?project_id={}", team.project);
    let changes: [(&str, &str, &dyn Fn()); 11] = [
        ("flag.created", "a", &|| drop(team.create_flag("a", &json!({})))),
        ("flag.toggled", "a", &|| toggle(&team, "a", true)),
        ("flag.updated", "a", &|| {
            team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
        }),
        ("flag.updated", "a", &|| {
            team.client.post(&team.flags("/a/rollback"), &json!({"revision": 1})).expect(200);
        }),
        ("segment.created", "s", &|| {
            team.client.post(&segments, &json!({"key": "s", "name": "S"})).expect(201);
        }),
        ("segment.updated", "s", &|| {
            team.client.put(&segment("s"), &json!({"name": "T"})).expect(200);
        }),
        ("segment.deleted", "s", &|| {
            team.client.delete(&segment("s")).expect(204);
        }),
        ("flag.archived", "a", &|| {
            team.client.delete(&team.flags("/a")).expect(204);
        }),
        ("flag.restored", "a", &|| {
            team.client.send("POST", &team.flags("/a/restore"), None).expect(200);
        }),
        ("flag.archived", "a", &|| {
            team.client.delete(&team.flags("/a")).expect(204);
        }),
        ("flag.deleted", "a", &|| {
            team.client.delete(&format!("{}&permanent=true", team.flags("/a"))).expect(204);
        }),
    ];
    for (name, key, change) in changes {
        change();
        let event = stream.event();
        let (flag, segment) =
            if name.starts_with("flag") { (json!(key), Value::Null) } else { (Value::Null, json!(key)) };
        assert_eq!(subject(&event), (name, &flag, &segment));
        assert_eq!((&event.data["event"], &event.data["version"]), (&json!(name), &json!(version(&sdk))));
        assert_eq!(event.id, Some(version(&sdk).to_string()));
        assert!(event.data["timestamp"].is_string(), "{event:?}");
    }
}

#[test]
fn an_environment_hears_of_its_own_changes_and_of_those_of_the_project() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("a", &json!({}));
    let mut staging = connected(&team.sdk(&team.staging, "server"));
    toggle(&team, "a", true);
    team.client.put(&team.flags("/a"), &json!({"name": "A"})).expect(200);
    let event = staging.event();
    assert_eq!(subject(&event), ("flag.updated", &json!("a"), &Value::Null), "the toggle was of development");
}

#[test]
fn a_client_key_does_not_learn_segments_by_name() {
    let server = Server::start();
    let team = server.admin();
    let mut stream = connected(&team.sdk(&team.development, "client"));
    let segments = format!("/api/v1/segments?project_id={}", team.project);
    team.client.post(&segments, &json!({"key": "secret-customers", "name": "S"})).expect(201);
    let event = stream.event();
    assert_eq!(event.name, "segment.created");
    assert!(!event.data.to_string().contains("secret-customers"), "{event:?}");
}

#[test]
fn who_comes_back_is_told_at_once_that_something_changed() {
    let mut server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    team.create_flag("a", &json!({}));
    let seen = version(&sdk);
    toggle(&team, "a", true);
    toggle(&team, "a", false);

    for last in [seen.to_string(), "0".to_owned(), "99999".to_owned(), "mine".to_owned()] {
        let mut stream = Stream::open(&sdk.with("Last-Event-ID", &last), PATH);
        let first = stream.event();
        assert_eq!((first.name.as_str(), first.id), ("connected", None), "it is still behind");
        let event = stream.event();
        assert_eq!(subject(&event), ("flag.toggled", &json!("a"), &Value::Null));
        assert_eq!(event.id, Some(version(&sdk).to_string()));
        team.client.put(&team.flags("/a"), &json!({"description": last})).expect(200);
        assert_eq!(stream.event().name, "flag.updated", "one event, and then what is new");
        toggle(&team, "a", true);
        toggle(&team, "a", false);
    }

    let present = version(&sdk);
    let mut stream = connected(&sdk.with("Last-Event-ID", &present.to_string()));
    team.create_flag("b", &json!({}));
    assert_eq!(subject(&stream.event()), ("flag.created", &json!("b"), &Value::Null), "nothing before it");

    server.restart();
    let sdk = server.reach(&sdk).with("Last-Event-ID", &present.to_string());
    let mut stream = connected(&sdk);
    let event = stream.event();
    assert_eq!(
        subject(&event),
        ("flag.updated", &Value::Null, &Value::Null),
        "what it was is not known any more"
    );
    assert_eq!(event.data["version"], json!(version(&sdk)));
}

#[test]
fn a_stream_ends_with_its_key() {
    let server = Server::start();
    let team = server.admin();
    let keys = format!("/api/v1/api-keys?environment_id={}", team.development);
    let key = |body: Value| team.client.post(&keys, &body).expect(201)["data"].clone();
    let stream_of =
        |key: &Value| connected(&server.anonymous().with("X-API-Key", key["key"].as_str().unwrap()));

    let revoked = key(json!({"name": "a", "kind": "server"}));
    let other = key(json!({"name": "b", "kind": "server"}));
    let (mut stream, mut unharmed) = (stream_of(&revoked), stream_of(&other));
    team.client.delete(&format!("/api/v1/api-keys/{}", revoked["id"].as_str().unwrap())).expect(204);
    assert_eq!(stream.next(), None);

    let expiring = key(json!({"name": "c", "kind": "server", "expires_at": "2027-01-15T09:00:00Z"}));
    let mut stream = stream_of(&expiring);
    server.clock.advance_seconds(3_600);
    assert_eq!(stream.next(), None);
    server.login("admin@example.com");
    team.create_flag("a", &json!({}));
    assert_eq!(unharmed.event().name, "flag.created");
}

#[test]
fn streams_end_at_once_when_the_server_stops() {
    let mut server = Server::start();
    let team = server.admin();
    let mut streams = [&team.development, &team.staging].map(|it| connected(&team.sdk(it, "server")));
    server.stop();
    for stream in &mut streams {
        assert_eq!(stream.next(), None);
    }
}

#[test]
fn there_are_only_so_many_streams() {
    let server = Server::with(&["--max-streams=3", "--max-streams-per-key=2"]);
    let team = server.admin();
    let [first, second] = [0, 1].map(|_| team.sdk(&team.development, "server"));
    let refused = |client: &Client| {
        let answer = client.get(PATH);
        answer.refused(503, "STREAM_LIMIT_REACHED");
        assert!(answer.header("Retry-After").is_some_and(|after| after.parse::<u32>().is_ok()));
    };
    let streams = [connected(&first), connected(&first)];
    refused(&first);
    let _third = connected(&second);
    refused(&second);
    drop(streams);
    // The server learns of it as soon as the system tells it that the connections are closed.
    let freed = (0..10_000).any(|_| first.get(PATH).status == 200);
    assert!(freed, "whoever leaves makes room");
}

#[test]
fn connecting_counts_as_fetching_a_ruleset() {
    let server = Server::with(&["--rate-limit-ruleset=2"]);
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let answer = sdk.get(PATH);
    assert_eq!((answer.status, answer.header("X-RateLimit-Remaining")), (200, Some("1")));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    sdk.get("/api/v1/sdk/ruleset").expect(200);
    sdk.get(PATH).refused(429, "RATE_LIMIT_EXCEEDED");
}

#[test]
fn a_stream_that_is_refused_leaves_the_connection_as_it_was() {
    let server = Server::with(&["--rate-limit-ruleset=1"]);
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let key = sdk.sends("X-API-Key").expect("a key");
    let ask = |key: &str| format!("GET {PATH} HTTP/1.1\r\nhost: x\r\nX-Api-KEY: {key}\r\n\r\n");

    let mut connection = Connection::open(server.url());
    connection.send(ask("sdk-dev-nobody"));
    connection.receive("GET").refused(401, "API_KEY_INVALID");
    connection.send(ask(key));
    let begun = connection.receive("GET");
    assert_eq!(begun.status, 200);
    for line in [
        "content-type: text/event-stream\r\n",
        "transfer-encoding: chunked\r\n",
        "connection: close\r\n",
        "cache-control: no-store\r\n",
        "x-content-type-options: nosniff\r\n",
        "x-ratelimit-remaining: 0\r\n",
        "x-request-id: ",
        "date: ",
    ] {
        assert!(begun.head.contains(line), "{line}: {}", begun.head);
    }

    let mut connection = Connection::open(server.url());
    connection.send(ask(key));
    let refused = connection.receive("GET");
    refused.refused(429, "RATE_LIMIT_EXCEEDED");
    assert!(refused.head.contains("retry-after: ") && !refused.head.contains("connection: close"));
    connection.send("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(connection.receive("GET").status, 200, "it serves on");
}

//! What is left after the power was cut, the disk was full, or failed: everything that was acknowledged, nothing by
//! half, and an audit log and an outbox that tell of exactly that. The disk is one of ours; all above it is the real server.

mod later;
mod together;

use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::offline::{Offline, unheard};
use crate::auth::password::Strength;
use crate::store::disk::Disk;

/// Ways in which the blocks that were not synced may turn out, for each moment of the cut.
const FATES: u64 = 2;

/// The answer to one request of the operator's.
async fn ask(server: &Offline, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let request =
        hyper::Request::builder().method(method).uri(path).header("content-type", "application/json");
    let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let answer = server.send(request.body(body).unwrap()).await;
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn get(server: &Offline, path: &str) -> Value {
    let (status, body) = ask(server, "GET", path, None).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

fn start(disk: &Disk) -> Offline {
    Offline::over(unheard(disk.open().expect("the file opens"), 30, Strength::Throwaway).expect("it loads"))
}

/// Where the changes of a script happen.
struct Place {
    project: String,
    environment: String,
    webhook: String,
}

/// A disk with a project and a webhook in it, and nothing else yet.
async fn prepared() -> (Disk, Place) {
    let disk = Disk::default();
    let server = start(&disk);
    let ada = json!({"email": "ada@example.com", "password": "correct horse battery"});
    let (status, made) = ask(&server, "POST", "/api/v1/system/users", Some(&ada)).await;
    assert_eq!(status, 201, "{made}");
    let project = get(&server, "/api/v1/projects").await["data"][0]["id"].as_str().unwrap().to_owned();
    let environments = get(&server, &format!("/api/v1/environments?project_id={project}")).await;
    let environment = environments["data"][0]["id"].as_str().unwrap().to_owned();
    let hook = json!({"url": "https://example.com/", "environment_ids": [environment],
        "events": ["flag.created", "flag.updated", "flag.toggled", "flag.archived", "segment.created"]});
    let (status, made) =
        ask(&server, "POST", &format!("/api/v1/webhooks?project_id={project}"), Some(&hook)).await;
    assert_eq!(status, 201, "{made}");
    let webhook = made["data"]["id"].as_str().unwrap().to_owned();
    drop(server);
    (disk, Place { project, environment, webhook })
}

/// A flag to be made.
fn flag(key: &str) -> Value {
    json!({"key": key, "name": key, "flag_type": "boolean", "default_variation": "off",
        "variations": [{"key": "on", "name": "On", "value": true}, {"key": "off", "name": "Off", "value": false}]})
}

/// Changes of several kinds, each one transaction: method, path and body.
fn script(place: &Place) -> Vec<(&'static str, String, Value)> {
    let Place { project, environment, .. } = place;
    let flags = |rest: &str| format!("/api/v1/flags{rest}?environment_id={environment}");
    let rules = json!([{"priority": 1, "name": "r", "conditions": [], "variation": "on"}]);
    vec![
        ("POST", flags(""), flag("a")),
        ("POST", flags("/a/toggle"), json!({"enabled": true})),
        ("POST", format!("/api/v1/segments?project_id={project}"), json!({"key": "s", "name": "S"})),
        ("PUT", flags("/a"), json!({"targeting_rules": rules})),
        ("POST", flags(""), flag("b")),
        ("PUT", flags("/a"), json!({"name": "Renamed"})),
        ("DELETE", flags("/b"), Value::Null),
        ("POST", flags("/a/rollback"), json!({"revision": 2})),
    ]
}

/// What a client sees of everything that the script changes, without what differs from run to run.
async fn view(server: &Offline, place: &Place) -> Value {
    let Place { project, environment, webhook } = place;
    let flag = |flag: &Value| {
        json!([
            flag["key"],
            flag["name"],
            flag["enabled"],
            flag["status"],
            flag["revision"],
            flag["targeting_rules_count"]
        ])
    };
    let listed = |path: String| async move { get(server, &path).await["data"].as_array().unwrap().clone() };
    let mut flags = listed(format!("/api/v1/flags?environment_id={environment}&sort=key")).await;
    flags.extend(listed(format!("/api/v1/flags?environment_id={environment}&status=archived")).await);
    let segments = listed(format!("/api/v1/segments?project_id={project}")).await;
    let log = listed(format!("/api/v1/audit-logs?project_id={project}&per_page=200")).await;
    let outbox = listed(format!("/api/v1/webhooks/{webhook}/deliveries?per_page=200")).await;
    json!({
        "flags": flags.iter().map(flag).collect::<Vec<_>>(),
        "segments": segments.iter().map(|segment| &segment["key"]).collect::<Vec<_>>(),
        "log": log.iter().map(|entry| &entry["action"]).collect::<Vec<_>>(),
        "outbox": outbox.iter().map(|it| [&it["event_type"], &it["status"]]).collect::<Vec<_>>(),
    })
}

/// Follows the script until something fails; answers how many changes were acknowledged.
async fn follow(server: &Offline, place: &Place) -> usize {
    for (done, (method, path, body)) in script(place).iter().enumerate() {
        let (status, answer) = ask(server, method, path, Some(body).filter(|body| !body.is_null())).await;
        if status >= 300 {
            assert_eq!((status, &answer["error"]["code"]), (503, &json!("STORAGE_UNAVAILABLE")), "{path}");
            return done;
        }
    }
    script(place).len()
}

/// What is seen before the script, and after each of its changes.
async fn stages(base: &Disk, place: &Place) -> Vec<Value> {
    let server = start(&base.copy(None));
    let mut seen = vec![view(&server, place).await];
    for (method, path, body) in script(place) {
        let (code, answer) = ask(&server, method, &path, Some(&body).filter(|body| !body.is_null())).await;
        assert!(code < 300, "{path}: {answer}");
        seen.push(view(&server, place).await);
    }
    seen
}

/// Checks what is on a disk: it opens, its audit log is whole, and it is in one of these states.
async fn holds_one_of(disk: &Disk, place: &Place, states: &[Value], when: &str) {
    let server = start(disk);
    let seen = view(&server, place).await;
    assert!(states.contains(&seen), "{when}: {seen:#} is none of {states:#?}");
    let verified = get(&server, "/api/v1/audit-logs/verify").await;
    assert_eq!(verified["data"]["whole"], true, "{when}: {verified}");
}

/// Steps of the whole script, from the opening of the file to its end.
async fn steps(base: &Disk, place: &Place) -> u64 {
    let disk = base.copy(None);
    let server = start(&disk);
    assert_eq!(follow(&server, place).await, script(place).len());
    disk.steps()
}

#[tokio::test]
async fn the_power_may_go_at_any_moment() {
    let (base, place) = prepared().await;
    let stages = stages(&base, &place).await;
    let mut chance = Chance(1);
    for cut in 0..steps(&base, &place).await {
        let disk = base.copy(Some(cut));
        // Where the cut comes while the file is opened, nothing was acknowledged.
        let opened = disk.open().ok().and_then(|store| unheard(store, 30, Strength::Throwaway).ok());
        let acknowledged = match opened.map(Offline::over) {
            Some(server) => follow(&server, &place).await,
            None => 0,
        };
        for fate in 0..FATES {
            let left = disk.after_the_cut(|| chance.next());
            // The change that was on its way is there as a whole, or not at all.
            let possible = &stages[acknowledged..stages.len().min(acknowledged + 2)];
            holds_one_of(&left, &place, possible, &format!("cut at step {cut}, fate {fate}")).await;
        }
    }
}

#[tokio::test]
async fn after_an_error_of_the_disk_what_is_served_is_what_is_on_it() {
    let (base, place) = prepared().await;
    let stages = stages(&base, &place).await;
    let opened = {
        let disk = base.copy(None);
        drop(start(&disk));
        disk.steps()
    };
    for failing in 0..steps(&base, &place).await - opened {
        let disk = base.copy(None).uncached();
        let server = start(&disk);
        disk.fail_once_after(failing);
        let acknowledged = follow(&server, &place).await;
        // The next change finds the file opened again, and itself in order.
        let body = json!({"key": "after", "name": "After"});
        let (status, answer) =
            ask(&server, "POST", &format!("/api/v1/segments?project_id={}", place.project), Some(&body))
                .await;
        assert_eq!(status, 201, "failing at {failing}: {answer}");
        assert_eq!(get(&server, "/health").await["status"], "ok");
        let shown = view(&server, &place).await;
        assert!(
            shown["flags"] == stages[acknowledged]["flags"]
                || shown["flags"] == stages[acknowledged + 1]["flags"]
        );
        drop(server);
        holds_one_of(&disk, &place, &[shown], &format!("failing at {failing}")).await;
    }
}

#[tokio::test]
async fn a_full_disk_stops_changes_and_nothing_else_until_there_is_room() {
    let (base, place) = prepared().await;
    let disk = base.copy(None).uncached();
    let server = start(&disk);
    assert_eq!(follow(&server, &place).await, script(&place).len());
    disk.limit_room(Some(0));
    let segments = format!("/api/v1/segments?project_id={}", place.project);
    let mut made = 0;
    let refused = loop {
        let users: Vec<_> = (0..4_000).map(|user| format!("{user:0>100}")).collect();
        let large = json!({"key": format!("large-{made}"), "name": "L", "included": users});
        match ask(&server, "POST", &segments, Some(&large)).await {
            (201, _) => made += 1,
            refused => break refused,
        }
    };
    assert_eq!((refused.0, &refused.1["error"]["code"]), (503, &json!("STORAGE_UNAVAILABLE")));
    let seen = view(&server, &place).await;
    assert_eq!(seen["segments"].as_array().unwrap().len(), made + 1);
    let health = get(&server, "/health").await;
    assert_eq!((&health["status"], &health["database"]), (&json!("degraded"), &json!("unavailable")));
    let explain = format!("/api/v1/flags/a/explain?environment_id={}", place.environment);
    let (status, _) = ask(&server, "POST", &explain, Some(&json!({"context": {"user_key": "u"}}))).await;
    assert_eq!(status, 200, "what is served from memory goes on being served");

    disk.limit_room(None);
    let (status, answer) = ask(&server, "POST", &segments, Some(&json!({"key": "small", "name": "S"}))).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(get(&server, "/health").await["status"], "ok");
    let seen = view(&server, &place).await;
    drop(server);
    holds_one_of(&disk, &place, &[seen], "with room again").await;
}

/// Bits that look like chance and are the same in every run (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 & 1 == 1
    }
}

//! The outbox, as a courier sees it: while the server is stopped, its data file is opened here, and attempts are written
//! down whose ends these tests choose.

use std::time::Instant;

use phaseflag::auth::{entropy::SystemEntropy, password::Strength};
use phaseflag::control::{
    Control, Settings,
    call::Call,
    instruments::Instruments,
    outbox::{self, Agenda, Outcome, Verdict},
};
use phaseflag::domain::{
    delivery::{Attempt, MAX_ANSWER_BYTES},
    id::{DeliveryId, WebhookId},
    revision::Expected,
    time::Timestamp,
    user::Registration,
};
use phaseflag::http::wire::letter;
use phaseflag::store::Store;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{deliveries, hook};
use crate::support::{EPOCH, Server, Team};

const DAY: i64 = 86_400;
/// How many deliveries of a webhook may be on their way at once.
const MOST: usize = 8;

/// A courier at work, at a moment that it chooses.
struct Courier {
    control: Control,
    runtime: Runtime,
    now: Timestamp,
}

impl Courier {
    fn due(&self) -> Agenda {
        outbox::due(&self.control, self.now, MOST).expect("what is due")
    }

    /// What is due of the only webhook.
    fn heads(&self) -> (WebhookId, Vec<DeliveryId>) {
        let [one]: [_; 1] = self.due().due.try_into().expect("one webhook");
        one
    }

    fn settle(&self, webhook: WebhookId, delivery: DeliveryId, status: Option<u16>, verdict: Verdict) {
        let error = status.is_none().then(|| "nobody answered".to_owned());
        let attempt = Attempt { at: self.now, status, latency_millis: 12, error, answer: vec![b'x'; 5_000] };
        let outcome = Outcome { webhook, delivery, attempt, verdict };
        let call = Call {
            now: self.now,
            request_id: "courier".into(),
            address: None,
            break_glass: None,
            expected: Expected::Any,
            trace: None,
        };
        self.runtime
            .block_on(outbox::settle(&self.control, &call, vec![outcome]))
            .expect("it is written down");
    }
}

/// Has a courier work on the server's file. Afterwards the team sends to where the server is then.
fn work(server: &mut Server, team: &mut Team, seconds: i64, work: impl FnOnce(&mut Courier)) {
    server.stop();
    let settings = Settings {
        signing_secret: None,
        access_lifetime: 1,
        refresh_lifetime: 1,
        registration: Registration::Closed,
        strength: Strength::Throwaway,
        stale_after_days: 30,
        instruments: Instruments { stopwatch: Instant::now, tracer: None },
        event_body: letter::body,
    };
    let store = Store::open(&server.data()).expect("the file");
    let control = Control::start(store, SystemEntropy::new(), settings).expect("what is in it");
    let now = Timestamp::from_millis(EPOCH).plus_seconds(60 + seconds);
    let mut courier = Courier { control, runtime: Runtime::new().expect("a runtime"), now };
    work(&mut courier);
    courier.control.close();
    server.restart();
    *team = team.at(server);
}

fn furnished() -> (Server, Team, String) {
    let server = Server::start();
    let team = server.admin();
    let path = hook(&team, &json!({"environment_ids": [team.development]}));
    (server, team, path)
}

#[test]
fn the_deliveries_of_one_flag_go_one_after_the_other() {
    let (mut server, mut team, path) = furnished();
    for key in ["a", "b"] {
        team.create_flag(key, &json!({}));
        team.client.post(&team.flags(&format!("/{key}/toggle")), &json!({"enabled": true})).expect(200);
    }
    let ids: Vec<_> = deliveries(&team.client, &path).iter().map(|it| it["id"].clone()).collect();
    work(&mut server, &mut team, 0, |courier| {
        let (webhook, heads) = courier.heads();
        let texts: Vec<_> = heads.iter().map(|id| json!(id.to_string())).collect();
        assert_eq!(texts, [ids[0].clone(), ids[2].clone()], "the first one of each flag");
        let letter =
            outbox::letter(&courier.control, webhook, heads[0]).expect("a letter").expect("to be sent");
        assert_eq!(letter.url.as_str(), super::NOWHERE);
        let body: Value = serde_json::from_slice(&letter.body).expect("JSON");
        assert_eq!(body["id"], letter.event.to_string());
        // One that failed keeps those behind it waiting, and nobody else.
        let retry = courier.now.plus_seconds(300);
        courier.settle(webhook, heads[0], None, Verdict::RetryAt(retry));
        courier.settle(webhook, heads[1], Some(204), Verdict::Delivered);
        assert!(outbox::letter(&courier.control, webhook, heads[1]).expect("an answer").is_none());
        let agenda = courier.due();
        assert_eq!(agenda.next, Some(retry));
        assert_eq!(json!(agenda.due[0].1[0].to_string()), ids[3]);
        assert_eq!(agenda.due[0].1.len(), 1);
        courier.now = retry;
        assert_eq!(courier.heads().1, [heads[0], agenda.due[0].1[0]]);
    });
    let rows = deliveries(&team.client, &path);
    assert_eq!(rows[2]["status"], "delivered");
    assert_eq!((&rows[2]["response_status"], &rows[2]["latency_ms"]), (&json!(204), &json!(12)));
    assert_eq!(rows[2]["response_body"].as_str().map(str::len), Some(MAX_ANSWER_BYTES));
    assert!(rows[2]["finished_at"].is_string() && rows[2]["next_attempt_at"].is_null());
    assert_eq!((&rows[0]["status"], &rows[0]["finished_at"]), (&json!("pending"), &Value::Null));
    let listed = team.client.get(&format!("{path}/deliveries?status=delivered")).expect(200);
    assert_eq!(listed["data"], json!([rows[2]]));
}

#[test]
fn what_is_over_is_delivered_again_as_another_delivery_of_the_same_event() {
    let (mut server, mut team, path) = furnished();
    team.create_flag("a", &json!({}));
    work(&mut server, &mut team, 0, |courier| {
        let (webhook, heads) = courier.heads();
        courier.settle(webhook, heads[0], Some(500), Verdict::Failed);
    });
    let failed = deliveries(&team.client, &path).remove(0);
    assert_eq!(failed["status"], "failed");
    let one = format!("{path}/deliveries/{}", failed["id"].as_str().expect("an id"));
    let again = team.client.send("POST", &format!("{one}/redeliver"), None).expect(202)["data"].clone();
    assert_eq!((&again["status"], &again["redelivery_of"]), (&json!("pending"), &failed["id"]));
    assert_ne!(again["id"], failed["id"]);
    let other = format!("{path}/deliveries/{}", again["id"].as_str().expect("an id"));
    let body = |path: &str| team.client.get(path).expect(200)["data"]["request_body"].clone();
    assert_eq!(body(&one), body(&other));
}

#[test]
fn a_webhook_that_fails_for_days_is_paused_and_goes_on_when_somebody_says_so() {
    let (mut server, mut team, path) = furnished();
    team.create_flag("a", &json!({}));
    let mut fail = |team: &mut Team, seconds: i64| {
        work(&mut server, team, seconds, |courier| {
            // Whatever it waits for is over.
            courier.now = courier.now.plus_seconds(DAY);
            let (webhook, heads) = courier.heads();
            let later = courier.now.plus_seconds(10);
            courier.settle(webhook, heads[0], None, Verdict::RetryAt(later));
        });
        team.client.get(&path).expect(200)["data"].clone()
    };
    let shown = fail(&mut team, 0);
    assert_eq!((&shown["status"], &shown["revision"]), (&json!("failing"), &json!(1)));
    assert!(shown["failing_since"].is_string() && shown["paused_at"].is_null());
    let shown = fail(&mut team, 4 * DAY);
    assert_eq!((&shown["status"], &shown["active"]), (&json!("paused"), &json!(false)));
    assert_eq!((&shown["revision"], &shown["pending_deliveries"]), (&json!(2), &json!(1)));
    assert!(shown["paused_at"].is_string() && shown["paused_reason"].is_string());
    let log = team.client.get("/api/v1/audit-logs?action=webhook.paused").expect(200);
    assert_eq!(log["data"][0]["actor"]["email"], "operator");

    // Nothing new is queued, and nothing is sent.
    team.create_flag("b", &json!({}));
    work(&mut server, &mut team, 5 * DAY, |courier| assert!(courier.due().due.is_empty()));
    let resumed = team.client.put(&path, &json!({"active": true})).expect(200)["data"].clone();
    assert_eq!((&resumed["status"], &resumed["failing_since"]), (&json!("active"), &Value::Null));
    work(&mut server, &mut team, DAY, |courier| {
        let (webhook, heads) = courier.heads();
        assert_eq!(heads.len(), 1);
        courier.settle(webhook, heads[0], Some(200), Verdict::Delivered);
    });
    assert_eq!(team.client.get(&path).expect(200)["data"]["pending_deliveries"], 0);
}

#[test]
fn what_was_over_thirty_days_ago_is_forgotten() {
    let (mut server, mut team, path) = furnished();
    team.create_flag("a", &json!({}));
    team.create_flag("b", &json!({}));
    work(&mut server, &mut team, 0, |courier| {
        let (webhook, heads) = courier.heads();
        courier.settle(webhook, heads[0], Some(200), Verdict::Delivered);
        let forget = |now| {
            let call = Call {
                now,
                request_id: "upkeep".into(),
                address: None,
                break_glass: None,
                expected: Expected::Any,
                trace: None,
            };
            courier.runtime.block_on(outbox::forget(&courier.control, &call)).expect("forgotten");
        };
        forget(courier.now.plus_seconds(29 * DAY));
        assert_eq!(outbox::backlog(&courier.control).expect("a backlog").pending, 1);
        forget(courier.now.plus_seconds(31 * DAY));
    });
    // What waits is kept, however old.
    let rows = deliveries(&team.client, &path);
    let keys: Vec<_> = rows.iter().map(|row| row["flag_key"].clone()).collect();
    assert_eq!(keys, ["b"]);
}

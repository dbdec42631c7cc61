//! How webhooks are delivered: to real machines on loopback, by a clock that tests move.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phaseflag::domain::time::Timestamp;
use serde_json::{Value, json};

use crate::support::receiver::{Received, Receiver, answer, status};
use crate::support::{Server, Team};

/// How long nothing has to arrive until the clock is moved.
const QUIET: Duration = Duration::from_millis(50);

/// Makes a webhook for what happens to flags in development, and answers its view.
fn webhook(team: &Team, url: &str) -> Value {
    let body = json!({
        "url": url, "events": ["flag.created", "flag.updated", "flag.toggled"],
        "environment_ids": [team.development],
    });
    team.client.post(&format!("/api/v1/webhooks?project_id={}", team.project), &body).expect(201)["data"]
        .clone()
}

fn describe(team: &Team, flag: &str, text: &str) {
    team.client.put(&team.flags(&format!("/{flag}")), &json!({"description": text})).expect(200);
}

/// The next request, however long the server waits for its time; the clock is moved by so many seconds at once.
fn sooner_or_later(server: &Server, receiver: &Receiver, seconds: i64) -> Received {
    loop {
        match receiver.within(QUIET) {
            Some(request) => return request,
            None => server.clock.advance_seconds(seconds),
        }
    }
}

/// The flag and its description.
fn told(request: &Received) -> (String, String) {
    let body = request.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&body["flag_key"]), text(&body["flag_data"]["description"]))
}

/// The only delivery of a webhook, once this holds for it.
fn delivery(team: &Team, webhook: &Value, until: impl Fn(&Value) -> bool) -> Value {
    let id = webhook["id"].as_str().expect("an identifier");
    loop {
        let listed = team.client.get(&format!("/api/v1/webhooks/{id}/deliveries")).expect(200);
        let rows = listed["data"].as_array().expect("a list");
        if let [row] = rows.as_slice()
            && until(row)
        {
            return row.clone();
        }
    }
}

#[test]
fn what_happens_to_a_flag_arrives_in_order_although_the_receiver_fails() {
    let server = Server::with(&["--webhook-allow-private"]);
    let team = server.admin();
    // Two of the first three fail, and so on.
    let count = AtomicUsize::new(0);
    let receiver = Receiver::start(move |_| {
        status(if count.fetch_add(1, Ordering::SeqCst) % 3 == 2 { 204 } else { 500 })
    });
    webhook(&team, &receiver.url);
    team.create_flag("a", &json!({}));
    for number in 1..=4 {
        describe(&team, "a", &number.to_string());
    }
    let mut names = Vec::new();
    for expected in ["", "1", "2", "3", "4"] {
        let attempts: Vec<Received> = (0..3).map(|_| sooner_or_later(&server, &receiver, 5)).collect();
        for attempt in &attempts {
            assert_eq!(told(attempt), ("a".to_owned(), expected.to_owned()));
            assert_eq!(attempt.header("webhook-id"), attempts[0].header("webhook-id"));
            assert_eq!(attempt.body, attempts[0].body);
        }
        let moments = attempts.iter().map(|it| it.header("webhook-timestamp").expect("a moment"));
        let moments: Vec<i64> = moments.map(|digits| digits.parse().expect("a number")).collect();
        assert!(moments[1] - moments[0] >= 5 && moments[2] - moments[1] >= 30, "{moments:?}");
        names.push(attempts[0].header("webhook-id").expect("a name").to_owned());
    }
    names.dedup();
    assert_eq!(names.len(), 5);
}

#[test]
fn a_flag_that_waits_holds_up_no_other() {
    let server = Server::with(&["--webhook-allow-private"]);
    let team = server.admin();
    let receiver = Receiver::start(|request| status(if told(request).0 == "bad" { 500 } else { 204 }));
    webhook(&team, &receiver.url);
    team.create_flag("bad", &json!({}));
    assert_eq!(told(&receiver.next()).0, "bad");
    describe(&team, "bad", "later");
    for number in 0..20 {
        team.create_flag(&format!("good-{number}"), &json!({}));
    }
    let mut arrived: Vec<String> = (0..20).map(|_| told(&receiver.next()).0).collect();
    arrived.sort_unstable();
    arrived.dedup();
    assert!(arrived.len() == 20 && arrived.iter().all(|flag| flag.starts_with("good-")), "{arrived:?}");
}

#[test]
fn ten_silent_receivers_hold_up_neither_others_nor_changes_nor_the_end() {
    let mut server = Server::with(&["--webhook-allow-private"]);
    let team = server.admin();
    let (leash, end) = channel::<()>();
    let end = Arc::new(Mutex::new(end));
    let silent: Vec<Receiver> = (0..10)
        .map(|_| {
            let end = Arc::clone(&end);
            Receiver::start(move |_| {
                let _released = end.lock().map(|end| end.recv());
                Vec::new()
            })
        })
        .collect();
    for receiver in &silent {
        webhook(&team, &receiver.url);
    }
    let quick = Receiver::start(|_| status(204));
    webhook(&team, &quick.url);
    for number in 0..20 {
        team.create_flag(&format!("flag-{number}"), &json!({}));
        quick.next();
    }
    for receiver in &silent {
        receiver.next();
    }
    server.stop();
    // They were cut, and are asked again after the next start.
    server.restart();
    for receiver in &silent {
        receiver.next();
    }
    drop(leash);
}

#[test]
fn a_webhook_to_this_machine_is_refused_unless_it_is_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let port = listener.local_addr().expect("an address").port();
    let server = Server::start();
    let team = server.admin();
    let hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]"];
    for (number, host) in hosts.into_iter().enumerate() {
        let made = webhook(&team, &format!("http://{host}:{port}/"));
        team.create_flag(&format!("flag-{number}"), &json!({}));
        let tried = delivery(&team, &made, |row| row["attempts"] == 1);
        assert!(
            tried.to_string().contains("its host has a loopback address, which is not allowed"),
            "{tried}"
        );
        let id = made["id"].as_str().expect("an identifier");
        team.client.delete(&format!("/api/v1/webhooks/{id}")).expect(204);
    }
    assert_eq!(listener.accept().map_err(|error| error.kind()).map(drop), Err(ErrorKind::WouldBlock));

    let allowing = Server::with(&["--webhook-allow-host=localhost"]);
    let team = allowing.admin();
    let receiver = Receiver::start(|_| status(204));
    webhook(&team, &receiver.url.replace("127.0.0.1", "localhost"));
    team.create_flag("allowed", &json!({}));
    assert_eq!(told(&receiver.next()).0, "allowed");
}

#[test]
fn redirects_are_not_followed() {
    let server = Server::with(&["--webhook-allow-private"]);
    let team = server.admin();
    let target = Receiver::start(|_| status(204));
    let location = format!("location: {}\r\n", target.url);
    let receiver = Receiver::start(move |_| answer(307, &location, "over there"));
    let made = webhook(&team, &receiver.url);
    team.create_flag("a", &json!({}));
    let tried = delivery(&team, &made, |row| row["attempts"] == 1);
    assert!(tried.to_string().contains("it answered 307, and redirects are not followed"), "{tried}");
    assert!(tried.to_string().contains("over there"), "{tried}");
    assert!(target.arrived().is_none());
}

#[test]
fn who_is_busy_is_left_alone_and_who_is_gone_for_ever() {
    let server = Server::with(&["--webhook-allow-private"]);
    let team = server.admin();
    let count = AtomicUsize::new(0);
    let busy = Receiver::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => answer(503, "retry-after: 3600\r\n", ""),
        _ => status(204),
    });
    webhook(&team, &busy.url);
    let gone = Receiver::start(|_| status(410));
    let made = webhook(&team, &gone.url);
    team.create_flag("a", &json!({}));
    let moment = |request: Received| -> i64 {
        request.header("webhook-timestamp").expect("a moment").parse().expect("a number")
    };
    let (first, second) = (moment(busy.next()), moment(sooner_or_later(&server, &busy, 600)));
    assert!(second - first >= 3_600, "{first} {second}");
    gone.next();
    delivery(&team, &made, |row| row["status"] == "failed" && row["attempts"] == 1);
}

#[test]
fn what_never_works_is_given_up_after_more_than_a_day() {
    // Access tokens outlive what is waited for.
    let server = Server::with(&["--webhook-allow-private", "--jwt-expire-hours=72"]);
    let team = server.admin();
    let receiver = Receiver::start(|_| status(500));
    let made = webhook(&team, &receiver.url);
    team.create_flag("a", &json!({}));
    let began = server.clock.now();
    let given_up = delivery(&team, &made, |row| {
        if let Some(next) = row["next_attempt_at"].as_str().and_then(Timestamp::parse) {
            // Only whole seconds are shown.
            server.clock.advance_to(next.plus_seconds(1).millis());
        }
        row["status"] == "failed"
    });
    assert_eq!(given_up["attempts"], 11, "{given_up}");
    let hours = (server.clock.now() - began) / (3_600 * 1_000);
    assert!((24..36).contains(&hours), "{hours}");
    assert_eq!(std::iter::from_fn(|| receiver.arrived()).count(), 11);
}

//! How a server ends under load. A request counts as accepted once the system has made its connection: then it gets a
//! whole answer, whether the server had seen the connection before it was told to stop or not, and whether the
//! connection is new or has served before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::Process;
use crate::support::raw::{Connection, RawAnswer};
use crate::support::{Client, PASSWORD, Team};

const EVALUATE: &str = "/api/v1/evaluate";
/// Clients of each kind, which all ask as fast as they can.
const CLIENTS: usize = 3;
/// Answers after which the server is told to stop.
const ENOUGH: usize = 600;

fn team(url: &str) -> Team {
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    let client = Client::new(url);
    // The account is there already after a restart.
    client.post("/api/v1/auth/register", &body);
    let tokens = client.post("/api/v1/auth/login", &body).expect(200);
    Team::of(client.bearer(tokens["data"]["access_token"].as_str().expect("a token")))
}

fn evaluation(sdk: &Client) -> String {
    let body = json!({"flags": ["a"], "context": {"user_key": "u"}}).to_string();
    let key = sdk.sends("X-API-Key").expect("a key");
    let length = body.len();
    format!(
        "POST {EVALUATE} HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

fn is_last(answer: &RawAnswer) -> bool {
    answer.head.contains("connection: close\r\n")
}

/// Sends `request` again and again, on one connection until its last answer, and from then on, or from the start, each
/// on a new one, until nobody listens any more. Answers how many answers there were.
fn ask(url: &str, request: &str, kept: Option<Connection>, answers: &AtomicUsize) -> usize {
    let mut count = 0;
    let mut asked = |connection: &mut Connection| {
        connection.send(request);
        let answer = connection.receive("POST");
        assert_eq!(answer.status, 200, "{answer:?}");
        answers.fetch_add(1, Ordering::SeqCst);
        count += 1;
        answer
    };
    if let Some(mut kept) = kept {
        while !is_last(&asked(&mut kept)) {}
    }
    while let Some(mut connection) = Connection::try_open(url) {
        asked(&mut connection);
    }
    count
}

#[test]
fn no_request_that_was_accepted_fails() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data.redb");
    let mut server = Process::serve(&data, ["--rate-limit-evaluation=0"]);
    let url = server.url.clone();
    let before = team(&url);
    before.create_flag("a", &json!({"enabled": true}));
    let sdk = before.sdk(&before.development, "server");
    let request = evaluation(&sdk);

    let mut stream = Connection::open(&url);
    let key = sdk.sends("X-API-Key").unwrap();
    stream.send(format!("GET /api/v1/sdk/stream HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\r\n"));
    assert_eq!(stream.receive("GET").status, 200);
    let mut ready = Connection::open(&url);
    let answers = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..2 * CLIENTS)
        .map(|number| {
            let (url, request, answers) = (url.clone(), request.clone(), Arc::clone(&answers));
            let kept = (number < CLIENTS).then(|| Connection::open(&url));
            thread::spawn(move || ask(&url, &request, kept, &answers))
        })
        .collect();

    let is_ready = |ready: &mut Connection| {
        ready.send("GET /ready HTTP/1.1\r\nhost: x\r\n\r\n");
        ready.receive("GET")
    };
    while answers.load(Ordering::SeqCst) < ENOUGH {
        assert_eq!(is_ready(&mut ready).status, 200);
    }
    server.terminate();
    let last = loop {
        let answer = is_ready(&mut ready);
        if answer.status != 200 {
            break answer;
        }
    };
    assert!(last.status == 503 && is_last(&last), "{last:?}");
    assert!(stream.rest().ends_with("\r\n0\r\n\r\n"), "the stream was cut");
    let count: usize = clients.into_iter().map(|client| client.join().expect("every answer")).sum();
    assert_eq!(server.wait().code(), Some(0));

    // And every one of them was counted.
    let again = Process::serve(&data, [""; 0]);
    let stats = team(&again.url).client.get(&before.flags("/a/stats")).expect(200);
    assert_eq!(stats["data"]["evaluations"], Value::from(count));
}

#[test]
fn who_was_let_in_is_answered_although_the_server_had_no_place_yet() {
    let directory = TempDir::new().unwrap();
    let mut server = Process::serve(&directory.path().join("data.redb"), ["--max-connections=1"]);
    let request = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut first = Connection::open(&server.url);
    first.send(request);
    assert_eq!(first.receive("GET").status, 200);
    let mut waiting: Vec<Connection> = (0..20).map(|_| Connection::open(&server.url)).collect();
    for connection in &mut waiting {
        connection.send(request);
    }
    server.terminate();
    for mut connection in waiting {
        let answer = connection.receive("GET");
        assert!(answer.status == 200 && is_last(&answer), "{answer:?}");
    }
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let directory = TempDir::new().unwrap();
    let mut server = Process::serve(&directory.path().join("data.redb"), [""; 0]);
    let mut connection = Connection::open(&server.url);
    connection.send(
        "POST /api/v1/auth/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: 10\r\n\r\n",
    );
    // The handler waits for the body now, and would for long.
    assert_eq!(connection.receive("POST").status, 100);
    let mut idle = Connection::open(&server.url);
    idle.send("GET /ready HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(idle.receive("GET").status, 200);
    server.terminate();
    // The server has heard of the first signal once this one ends.
    assert!(idle.rest().is_empty());
    server.terminate();
    assert_eq!(server.wait().code(), Some(3));
}

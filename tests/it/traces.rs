//! Traces, as a collector receives them: a listener in this process that reads OTLP over HTTP.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use serde_json::{Value, json};

use crate::support::raw::Connection;
use crate::support::{Client, Server};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN: &str = "00f067aa0ba902b7";

/// What a collector received: the head of a request, and its body.
struct Received {
    head: String,
    body: Value,
}

/// A collector that answers with these statuses, one after the other, and with 200 from then on.
struct Collector {
    address: String,
    received: Receiver<Received>,
}

impl Collector {
    fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, received) = channel();
        thread::spawn(move || {
            let mut statuses = statuses.iter().copied().chain(std::iter::repeat(200));
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                while let Some(request) = read(&mut stream) {
                    answer(&mut stream, statuses.next().expect("a status"), request, &sender);
                }
            }
        });
        Self { address, received }
    }

    /// A server that traces everything to it, beside these arguments.
    fn server(&self, args: &[&str]) -> Server {
        let endpoint = format!("--otlp-endpoint={}", self.address);
        Server::with(&[&[&*endpoint], args].concat())
    }

    /// The spans of everything that arrives, until there is one with this name.
    fn spans_until(&self, name: &str) -> Vec<Value> {
        let mut spans = Vec::new();
        while !spans.iter().any(|span: &Value| span["name"] == name) {
            let body = self.received.recv().expect("a batch").body;
            let scope = &body["resourceSpans"][0]["scopeSpans"][0];
            assert_eq!(scope["scope"]["name"], "phaseflag");
            spans.extend(scope["spans"].as_array().expect("spans").iter().cloned());
        }
        spans
    }
}

/// One request; `None` at the end of the connection.
fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&piece[..length]);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text").to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let length: usize = length.parse().expect("a number");
    let mut body = bytes[end..].to_vec();
    while body.len() < length {
        let more = stream.read(&mut piece).expect("the body");
        body.extend_from_slice(&piece[..more]);
    }
    Some(Received { head, body: serde_json::from_slice(&body).expect("JSON") })
}

fn answer(stream: &mut TcpStream, status: u16, request: Received, sender: &Sender<Received>) {
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\n{{}}").expect("an answer");
    // A test that has seen enough is gone.
    let _gone = (status == 200).then(|| sender.send(request));
}

fn attributes(thing: &Value) -> HashMap<String, Value> {
    let pairs = thing["attributes"].as_array().expect("attributes").iter();
    let value = |value: &Value| value.get("stringValue").or_else(|| value.get("intValue")).cloned();
    pairs
        .map(|pair| {
            (pair["key"].as_str().expect("a key").to_owned(), value(&pair["value"]).expect("a value"))
        })
        .collect()
}

fn named<'s>(spans: &'s [Value], name: &str) -> &'s Value {
    let mut found = spans.iter().filter(|span| span["name"] == name);
    let span = found.next().unwrap_or_else(|| panic!("there is no span {name} in {spans:?}"));
    assert!(found.next().is_none(), "two spans {name}");
    span
}

fn nanos(span: &Value, which: &str) -> u128 {
    span[which].as_str().expect("text").parse().expect("a number")
}

/// The same, as part of a client's trace.
fn traced(client: &Client) -> Client {
    client.with("traceparent", &format!("00-{TRACE}-{CLIENT_SPAN}-01"))
}

#[test]
fn a_change_is_one_trace_from_the_client_to_the_disk() {
    let collector = Collector::start(&[]);
    let server = collector.server(&["--otlp-sample-ratio=0", "--otlp-headers=x-tenant=blue, a=b"]);
    let team = server.admin();
    team.create_flag("untraced", &json!({}));
    let made = traced(&team.client)
        .with("X-Request-ID", "mine")
        .post(&team.flags(""), &crate::support::Team::flag_body("f", &json!({})));
    made.expect(201);
    let first = collector.received.recv().expect("a batch");
    assert!(first.head.starts_with("post /v1/traces http/1.1\r\n"), "{}", first.head);
    for header in ["content-type: application/json\r\n", "x-tenant: blue\r\n", "a: b\r\n"] {
        assert!(first.head.contains(header), "{}", first.head);
    }
    let resource = attributes(&first.body["resourceSpans"][0]["resource"]);
    assert_eq!(resource["service.name"], "phaseflag");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));

    let spans = first.body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans").clone();
    let request = named(&spans, "POST /api/v1/flags");
    let change = named(&spans, "change");
    let parts = ["change.wait", "change.transaction", "change.commit"].map(|name| named(&spans, name));
    assert_eq!(spans.len(), 5, "{spans:?}");
    assert!(spans.iter().all(|span| span["traceId"] == TRACE));
    assert_eq!((&request["parentSpanId"], &request["kind"]), (&json!(CLIENT_SPAN), &json!(2)));
    assert_eq!((&change["parentSpanId"], &change["kind"]), (&request["spanId"], &json!(1)));
    for part in parts {
        assert_eq!((&part["parentSpanId"], &part["kind"]), (&change["spanId"], &json!(1)));
        assert!(nanos(part, "startTimeUnixNano") >= nanos(change, "startTimeUnixNano"));
        assert!(nanos(part, "endTimeUnixNano") <= nanos(change, "endTimeUnixNano"));
    }
    for pair in parts.windows(2) {
        assert_eq!(pair[0]["endTimeUnixNano"], pair[1]["startTimeUnixNano"]);
    }
    assert!(nanos(request, "startTimeUnixNano") <= nanos(change, "startTimeUnixNano"));
    assert_eq!(attributes(change)["phaseflag.change.outcome"], "committed");
    let told = attributes(request);
    assert_eq!(told["http.request.method"], "POST");
    assert_eq!(told["http.route"], "/api/v1/flags");
    assert_eq!(told["http.response.status_code"], "201");
    assert_eq!(told["network.protocol.version"], "1.1");
    assert_eq!(told["phaseflag.request_id"], "mine");
    let user = team.client.get("/api/v1/auth/me").expect(200)["data"]["id"].clone();
    assert_eq!(told["user.id"], user);
    assert_eq!(request.get("status"), None);
}

#[test]
fn without_a_client_that_decides_a_trace_begins_here() {
    let collector = Collector::start(&[]);
    let server = collector.server(&["--otlp-service-name=flags"]);
    let declined = format!("00-{TRACE}-{CLIENT_SPAN}-00");
    server.anonymous().with("traceparent", &declined).get("/health").expect(200);
    server.anonymous().get("/ready").expect(200);
    let mut connection = Connection::open(server.url());
    connection.send("BREW /pot/secret-of-a-path HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(connection.receive("BREW").status, 404);
    let spans = collector.spans_until("HTTP");
    let ready = named(&spans, "GET /ready");
    assert!(!spans.iter().any(|span| span["name"] == "GET /health"));
    assert_eq!(ready.get("parentSpanId"), None);
    assert_eq!(ready["traceId"].as_str().map(str::len), Some(32));
    assert_eq!(ready["spanId"].as_str().map(str::len), Some(16));
    let unknown = named(&spans, "HTTP");
    assert_ne!(unknown["traceId"], ready["traceId"]);
    assert_eq!(attributes(unknown)["http.request.method"], "_OTHER");
    assert!(!unknown.to_string().contains("secret"));
}

#[test]
fn a_collector_that_fails_gets_its_spans_later() {
    let collector = Collector::start(&[503, 429]);
    let server = collector.server(&[]);
    server.anonymous().get("/ready").expect(200);
    named(&collector.spans_until("GET /ready"), "GET /ready");
}

#[test]
fn the_last_spans_are_sent_before_the_server_ends() {
    let collector = Collector::start(&[]);
    let mut server = collector.server(&[]);
    server.anonymous().get("/ready").expect(200);
    server.stop();
    named(&collector.spans_until("GET /ready"), "GET /ready");
}

#[test]
fn a_collector_that_never_answers_holds_up_neither_answers_nor_the_end() {
    // It accepts, and that is all.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("--otlp-endpoint=http://{}", silent.local_addr().expect("an address"));
    let mut server = Server::with(&[&endpoint]);
    let most = phaseflag::trace::MAX_WAITING_SPANS;
    // More than one batch and the queue.
    let client = server.anonymous();
    for _ in 0..most + 1_024 {
        client.get("/ready").expect(200);
    }
    let metrics = server.anonymous().get("/metrics").text();
    let dropped = metrics.lines().find_map(|line| line.strip_prefix("phaseflag_trace_spans_dropped_total "));
    assert!(dropped.expect("a count").parse::<u64>().expect("a number") > 0);
    server.stop();
    // And one that is not there at all.
    drop(silent);
    let mut server = Server::with(&[&endpoint]);
    server.anonymous().get("/ready").expect(200);
    server.stop();
}

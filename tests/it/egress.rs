//! The way out: real requests to machines on loopback, which may be connected to or not.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use phaseflag::egress::Failure;
use phaseflag::egress::client::{Answer, Limits, exchange};
use phaseflag::egress::destination::Destination;
use phaseflag::egress::guard::{Exception, Guard, Inside, Policy};
use phaseflag::egress::kind::Kind;
use tokio::runtime::Runtime;

use crate::support::receiver::{Receiver, answer, status};

/// Enough for everything that is not about time.
const LIMITS: Limits =
    Limits { connect: Duration::from_mins(1), whole: Duration::from_mins(1), answer_bytes: 64 };

fn guarded(inside: Inside, exceptions: &[&str]) -> Policy {
    let exceptions = exceptions.iter().map(|text| Exception::parse(text).expect("an exception")).collect();
    Policy::Guarded(Guard { inside, exceptions })
}

fn ask(url: &str, policy: &Policy, limits: Limits) -> Result<Answer, Failure> {
    let destination = Destination::parse(url).expect("an address");
    let request =
        Request::post(destination.path().as_str()).body(Bytes::from_static(b"{}")).expect("a request");
    let runtime = Runtime::new().expect("a runtime");
    let answer = runtime.block_on(exchange(&destination, policy, request, limits));
    // A name that is still being resolved is not waited for.
    runtime.shutdown_background();
    answer
}

/// Every way to write an address of this machine that the system reads as one.
const DISGUISES: &[&str] = &[
    "127.0.0.1",
    "127.255.255.254",
    "localhost",
    "LOCALHOST",
    "2130706433",
    "0177.1",
    "0x7f.1",
    "0x7f000001",
    "0x7F.0.0.01",
    "017700000001",
    "127.1",
    "127.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
];

#[test]
fn this_machine_is_not_connected_to_however_it_is_written() {
    let closed = guarded(Inside::Closed, &[]);
    let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0")).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("a listener that does not wait");
    for host in DISGUISES {
        let failure = ask(&format!("http://{host}:{port}/"), &closed, LIMITS).expect_err(host);
        assert!(matches!(failure, Failure::Refused(Kind::Loopback)), "{host}: {failure:?}");
        assert_eq!(failure.to_string(), "its host has a loopback address, which is not allowed");
        let tls = ask(&format!("https://{host}:{port}/"), &closed, LIMITS).expect_err(host);
        assert!(matches!(tls, Failure::Refused(Kind::Loopback)), "{host}: {tls:?}");
    }
    assert_eq!(listener.accept().map_err(|error| error.kind()).map(drop), Err(ErrorKind::WouldBlock));
}

#[test]
fn neither_is_what_else_is_not_public() {
    for (host, kind) in [
        ("169.254.169.254", Kind::LinkLocal),
        ("0xa9fea9fe", Kind::LinkLocal),
        ("2852039166", Kind::LinkLocal),
        ("[::ffff:a9fe:a9fe]", Kind::LinkLocal),
        ("[fe80::1]", Kind::LinkLocal),
        ("10.0.0.1", Kind::Private),
        ("100.100.100.200", Kind::Private),
        ("[fd00:ec2::254]", Kind::Private),
        ("[64:ff9b::10.0.0.1]", Kind::Private),
        ("0.0.0.0", Kind::Reserved),
        ("0", Kind::Reserved),
        ("[::]", Kind::Reserved),
        ("255.255.255.255", Kind::Reserved),
        ("224.0.0.1", Kind::Multicast),
        ("168.63.129.16", Kind::Platform),
    ] {
        let failure = ask(&format!("http://{host}/"), &guarded(Inside::Closed, &[]), LIMITS).expect_err(host);
        assert!(matches!(&failure, Failure::Refused(found) if *found == kind), "{host}: {failure:?}");
        if !matches!(kind, Kind::Private) {
            let open = ask(&format!("http://{host}/"), &guarded(Inside::Open, &[]), LIMITS).expect_err(host);
            assert!(matches!(&open, Failure::Refused(found) if *found == kind), "{host}: {open:?}");
        }
    }
}

#[test]
fn what_is_allowed_is_connected_to() {
    let receiver = Receiver::start(|_| status(204));
    let port = receiver.port();
    for (host, policy) in [
        ("127.0.0.1", guarded(Inside::Open, &[])),
        ("localhost", guarded(Inside::Open, &[])),
        ("localhost", guarded(Inside::Closed, &["LocalHost"])),
        ("2130706433", guarded(Inside::Closed, &["127.0.0.0/8"])),
        ("127.0.0.1", Policy::Anywhere),
    ] {
        let answer = ask(&format!("http://{host}:{port}/a?b=c"), &policy, LIMITS).expect(host);
        assert_eq!(answer.status, 204);
        let request = receiver.next();
        assert_eq!(request.line, "POST /a?b=c HTTP/1.1");
        assert_eq!(request.header("host"), Some(&*format!("{host}:{port}")));
        assert_eq!(request.body, b"{}");
    }
    let elsewhere =
        ask(&format!("http://127.0.0.1:{port}"), &guarded(Inside::Closed, &["localhost"]), LIMITS);
    assert!(matches!(elsewhere, Err(Failure::Refused(Kind::Loopback))), "{elsewhere:?}");
    assert!(receiver.arrived().is_none());
}

#[test]
fn a_redirect_is_an_answer() {
    let target = Receiver::start(|_| status(200));
    let location = format!("location: {}/\r\n", target.url);
    let receiver = Receiver::start(move |_| answer(307, &location, "elsewhere"));
    let answer = ask(&receiver.url, &Policy::Anywhere, LIMITS).expect("an answer");
    assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (307, &b"elsewhere"[..]));
    assert!(target.arrived().is_none());
}

#[test]
fn an_answer_is_read_to_its_limit_and_no_further() {
    let at_limit = "x".repeat(LIMITS.answer_bytes);
    let text = at_limit.clone();
    let receiver = Receiver::start(move |_| answer(200, "", &text));
    assert_eq!(ask(&receiver.url, &Policy::Anywhere, LIMITS).expect("an answer").body, at_limit.as_bytes());
    // It promises far more than anybody would wait for, and sends a little more than the limit.
    let endless = Receiver::start(|_| {
        let mut bytes = b"HTTP/1.1 200 X\r\ncontent-length: 1000000000000\r\n\r\n".to_vec();
        bytes.extend(b"x".repeat(LIMITS.answer_bytes + 1));
        bytes
    });
    assert_eq!(ask(&endless.url, &Policy::Anywhere, LIMITS).expect("an answer").body, at_limit.as_bytes());
}

#[test]
fn a_head_without_an_end_is_no_answer() {
    let receiver = Receiver::start(|_| {
        let mut bytes = b"HTTP/1.1 200 X\r\nx: ".to_vec();
        bytes.extend(b"y".repeat(1 << 20));
        bytes
    });
    let failure = ask(&receiver.url, &Policy::Anywhere, LIMITS).expect_err("no answer");
    assert!(matches!(failure, Failure::Broken(_)), "{failure:?}");
}

#[test]
fn who_says_nothing_is_given_up() {
    let soon = Limits { whole: Duration::from_millis(50), ..LIMITS };
    let (leash, end) = channel::<()>();
    let end = Mutex::new(end);
    let silent = Receiver::start(move |_| {
        let _released = end.lock().expect("a lock").recv();
        Vec::new()
    });
    let failure = ask(&silent.url, &Policy::Anywhere, soon).expect_err("no answer");
    assert_eq!(failure.to_string(), "it takes too long");
    drop(leash);
}

#[test]
fn what_a_status_says_does_not_wait_for_the_body() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let slow = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _first = stream.read(&mut [0; 1]).expect("a request");
        stream.write_all(b"HTTP/1.1 202 X\r\ncontent-length: 10\r\n\r\nhalf").expect("a part");
        stream
    });
    let soon = Limits { whole: Duration::from_millis(500), ..LIMITS };
    let answer = ask(&url, &Policy::Anywhere, soon).expect("an answer");
    assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (202, &b"half"[..]));
    drop(slow.join());
}

#[test]
fn failures_are_short_words() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let of = |url: &str| ask(url, &Policy::Anywhere, LIMITS).expect_err(url).to_string();
    assert_eq!(of(&format!("http://{free}/")), "it refuses connections");
    assert_eq!(of("http://name.invalid/"), "its host has no address");
    let rude = Receiver::start(|_| Vec::new());
    assert_eq!(of(&rude.url), "it closed the connection without an answer");
    let other = Receiver::start(|_| b"SSH-2.0-server\r\n\r\n".to_vec());
    assert_eq!(of(&other.url), "its answer is not HTTP");
}

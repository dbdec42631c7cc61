//! HTTP/2 by hand: what a client library would not send, and what costs a server more than the client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::Server;

/// How long the server may take to have enough of it; only a broken one needs as long.
const PATIENCE: Duration = Duration::from_secs(30);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ENHANCE_YOUR_CALM: u8 = 11;
/// How much is sent before the server is believed to bear everything.
const BATCHES: u32 = 200;
const BATCH: u32 = 500;
/// `GET http://x/health`, by the static table where it can be.
const GET: &[u8] = b"\x82\x86\x04\x07/health\x41\x01x";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Sends the beginning, and then `more` of the numbers of streams until the server hangs up or has had too many; answers the
/// error code that it gave as its reason.
fn provoked(server: &Server, more: impl Fn(u32) -> Vec<u8>) -> Option<u8> {
    let mut stream =
        TcpStream::connect(server.url().trim_start_matches("http://")).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat()).expect("the server reads");
    for batch in 0..BATCHES {
        let numbers = (batch * BATCH..(batch + 1) * BATCH).map(|number| 2 * number + 1);
        if stream.write_all(&numbers.flat_map(&more).collect::<Vec<u8>>()).is_err() {
            break;
        }
    }
    let mut said = Vec::new();
    let _reset = stream.read_to_end(&mut said);
    reason(&said)
}

/// The error code of the GOAWAY among these frames.
fn reason(mut frames: &[u8]) -> Option<u8> {
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = frames {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let payload = rest.get(..length)?;
        if *kind == GOAWAY && payload[7] != 0 {
            return Some(payload[7]);
        }
        frames = &rest[length..];
    }
    None
}

/// CVE-2023-44487: the client never has a request open, and the server begins and drops one after the other.
#[test]
fn who_resets_what_was_just_asked_is_sent_away() {
    let server = Server::start();
    let reset = |stream| {
        let cancel = frame(RESET, 0, stream, &8_u32.to_be_bytes());
        [frame(HEADERS, END_STREAM | END_HEADERS, stream, GET), cancel].concat()
    };
    assert_eq!(provoked(&server, reset), Some(ENHANCE_YOUR_CALM));
    assert_eq!(server.anonymous().get("/health").status, 200);
}

/// CVE-2025-8671: the client has the server do the resetting, by requests whose body is not as long as they say.
#[test]
fn who_has_the_server_reset_is_sent_away_as_well() {
    let server = Server::start();
    let wrong = |stream| frame(HEADERS, END_STREAM | END_HEADERS, stream, &[GET, b"\x0f\x0d\x015"].concat());
    assert_eq!(provoked(&server, wrong), Some(ENHANCE_YOUR_CALM));
    assert_eq!(server.anonymous().get("/health").status, 200);
}

/// CVE-2024-27316: a head that goes on and never ends.
#[test]
fn a_head_does_not_go_on_for_ever() {
    let server = Server::start();
    let more = |stream| match stream {
        1 => frame(HEADERS, 0, 1, GET),
        _ => frame(CONTINUATION, 0, 1, &[b"\x00\x01x\x7f\x81\x07".as_slice(), &[b'y'; 262]].concat()),
    };
    assert!(provoked(&server, more).is_some());
    assert_eq!(server.anonymous().get("/health").status, 200);
}

/// A header that takes a byte to name and thousands to hold, any number of times.
#[test]
fn a_small_head_does_not_unpack_to_a_large_one() {
    let server = Server::start();
    let long = [b"\x40\x01x\x7f\xe1\x1e".as_slice(), &[b'y'; 4_064]].concat();
    let bomb = |stream| {
        let head = match stream {
            1 => [GET, &long].concat(),
            _ => [GET, &[0xbe; 8_000]].concat(),
        };
        frame(HEADERS, END_STREAM | END_HEADERS, stream, &head)
    };
    assert!(provoked(&server, bomb).is_some());
    assert_eq!(server.anonymous().get("/health").status, 200);
}

//! Requests whose end is not where another reader sees it. Behind a proxy, one who sends such a request has the rest of it
//! taken for the beginning of somebody else's. So each is refused, or is the last one on its connection.

use crate::support::{
    Server,
    raw::{Connection, exchange},
};

const POST: &str = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
/// What must not be answered.
const HIDDEN: &str = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";

/// The statuses of all answers on a connection over which these bytes were sent, up to its end.
fn answered(server: &Server, bytes: impl AsRef<[u8]>) -> Vec<String> {
    let mut connection = Connection::open(server.url());
    connection.send(bytes);
    let text = String::from_utf8_lossy(&connection.rest_or_reset()).into_owned();
    let answers = text.split("HTTP/1.1 ").skip(1);
    answers.filter_map(|answer| answer.split_whitespace().next().map(str::to_owned)).collect()
}

/// Checks that each of these heads, with a body after it, is answered with this status and nothing else.
#[track_caller]
fn each_alone(server: &Server, status: &str, body: &str, heads: &[&str]) {
    for head in heads {
        let answers = answered(server, format!("{POST}{head}\r\n\r\n{body}{HIDDEN}"));
        assert_eq!(answers, [status], "{head:?} {body:?}");
    }
}

#[test]
fn a_body_has_one_length() {
    let server = Server::start();
    each_alone(
        &server,
        "400",
        "{}",
        &[
            "content-length: 2\r\ncontent-length: 40",
            "content-length: 2, 40",
            "content-length: +2",
            "content-length: -2",
            "content-length: 0x2",
            "content-length: 2 2",
            "content-length:",
            "content-length: 2\r\n 0",
            "content-length : 2",
            "content-length: 18446744073709551618",
            "content-length: \u{ff12}",
            "transfer-encoding: identity",
            "transfer-encoding: chunked, identity",
            "transfer-encoding: xchunked",
            "transfer-encoding: chunked\r\ntransfer-encoding: identity",
            "transfer-encoding:\r\n chunked",
            "transfer-encoding : chunked",
            "transfer-encoding: \u{b}chunked",
            "transfer-encoding: chunked\r",
        ],
    );
    // The old version knows no chunks.
    let old = POST.replace("1.1", "1.0");
    let answers =
        answered(&server, format!("{old}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{HIDDEN}"));
    assert!(answers.len() <= 1 && answers.iter().all(|status| status == "400"), "{answers:?}");
}

#[test]
fn of_two_lengths_chunks_count_and_the_connection_ends() {
    let server = Server::start();
    each_alone(
        &server,
        "400",
        "2\r\n{}\r\n0\r\n\r\n",
        &[
            "content-length: 500\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\r\ncontent-length: 2",
            "content-length: 2\r\ntransfer-encoding: chunked\r\ncontent-length: 12",
        ],
    );
}

#[test]
fn chunks_are_what_they_say() {
    let server = Server::start();
    let long = format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(32 * 1024));
    for body in [
        "+2\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "2 2\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}x\r\n0\r\n\r\n",
        "2\n{}\n0\n\n",
        "10000000000000002\r\n{}\r\n0\r\n\r\n",
        "2;a=\nb\r\n{}\r\n0\r\n\r\n",
        "\r\n2\r\n{}\r\n0\r\n\r\n",
        &long,
    ] {
        each_alone(&server, "400", body, &["transfer-encoding: chunked"]);
    }
    // What is allowed beside the data is passed over, and the next request begins where it ends.
    let mut connection = Connection::open(server.url());
    connection
        .send(format!("{POST}transfer-encoding: chunked\r\n\r\n2;a=b\r\n{{}}\r\n0\r\nx: y\r\n\r\n{HIDDEN}"));
    connection.receive("POST").refused(400, "VALIDATION_ERROR");
    assert_eq!(connection.receive("GET").status, 200);
}

#[test]
fn a_head_has_a_size_and_no_more() {
    let server = Server::start();
    let head = |rest: String| answered(&server, format!("GET /health HTTP/1.1\r\nhost: x\r\n{rest}"));
    // It ends nowhere: what is too much is seen before the end.
    assert_eq!(head(format!("x: {}", "y".repeat(128 * 1024))), ["431"]);
    assert_eq!(head("x: y\r\n".repeat(20_000)), ["431"]);
    assert_eq!(head(format!("{}\r\n", "x: y\r\n".repeat(200))), ["431"]);
    for wrong in ["x\0: y", "x: a\0b", "x: a\rb", ": y", "x y: z", "(x): y", " x: y"] {
        assert_eq!(head(format!("{wrong}\r\n\r\n{HIDDEN}")), ["400"], "{wrong:?}");
    }
    for first in [
        "GET /health",
        "GET /health HTTP/1.9",
        "GET  /health HTTP/1.1",
        "G\0T / HTTP/1.1",
        "GET / \r HTTP/1.1",
    ] {
        assert_eq!(answered(&server, format!("{first}\r\nhost: x\r\n\r\n{HIDDEN}")), ["400"], "{first:?}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(70_000));
    assert!(["414", "431"].contains(&answered(&server, long)[0].as_str()));
    assert_eq!(exchange(server.url(), HIDDEN).status, 200);
}

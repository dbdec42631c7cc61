//! Answers that go on, which are taken out of hyper's hands.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame};
use poem::Response;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// What the one stream of a server says.
type Saying = Sender<io::Result<Bytes>>;

pub(super) struct Said(pub(super) Receiver<io::Result<Bytes>>);

impl Body for Said {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|said| said.map(|said| said.map(Frame::data)))
    }
}

/// A server with one stream, which a HEAD does not use up, and short answers beside it.
async fn with_stream() -> (Running, Saying) {
    let (saying, said) = channel(1);
    let said = Mutex::new(Some(said));
    let endpoint = make(move |request: Request| {
        let stream = Response::builder().content_type("text/event-stream");
        let response = match (request.uri().path(), request.method().as_str()) {
            ("/stream", "HEAD") => stream.finish(),
            ("/stream", _) => stream.body(BoxBody::new(Said(said.lock().unwrap().take().unwrap()))),
            (path, _) => Response::builder().body(format!("{path} end")),
        };
        async { Ok::<_, poem::Error>(response) }
    });
    (start(endpoint, ListenLimits::default()).await, saying)
}

async fn say(saying: &Saying, text: &'static str) {
    saying.send(Ok(Bytes::from_static(text.as_bytes()))).await.unwrap();
}

async fn head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

async fn expect(client: &mut TcpStream, bytes: &str) {
    let mut arrived = vec![0; bytes.len()];
    client.read_exact(&mut arrived).await.unwrap();
    assert_eq!(String::from_utf8(arrived).unwrap(), bytes);
}

async fn rest(mut client: TcpStream) -> String {
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    rest
}

#[tokio::test]
async fn a_stream_is_told_in_chunks_and_is_the_last_answer() {
    let (server, saying) = with_stream().await;
    let mut client = server.connect().await;
    send(&mut client, "/first").await;
    receive(&mut client).await;
    send(&mut client, "/stream").await;
    // Nothing has been said yet, and the head is there.
    let head = head(&mut client).await;
    assert!(head.starts_with("http/1.1 200 ok\r\n") && head.contains("\r\nconnection: close\r\n"), "{head}");
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n") && head.contains("\r\ndate: "), "{head}");
    say(&saying, "data: 1\n\n").await;
    expect(&mut client, "9\r\ndata: 1\n\n\r\n").await;
    // An empty chunk would be the end.
    say(&saying, "").await;
    say(&saying, ": sixteen bytes\n").await;
    expect(&mut client, "10\r\n: sixteen bytes\n\r\n").await;
    drop(saying);
    assert_eq!(rest(client).await, "0\r\n\r\n");
    server.stop().await;
}

#[tokio::test]
async fn what_was_said_before_the_head_left_is_not_lost() {
    let (server, saying) = with_stream().await;
    say(&saying, "early").await;
    let mut client = server.connect().await;
    client.set_nodelay(true).unwrap();
    for piece in ["GE", "T /stream HTTP/1.1\r\nHO", "ST: x\r\naCCEPT: text/event-stream\r", "\n\r", "\n"] {
        client.write_all(piece.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    head(&mut client).await;
    expect(&mut client, "5\r\nearly\r\n").await;
    drop(saying);
    assert_eq!(rest(client).await, "0\r\n\r\n");
    server.stop().await;
}

#[tokio::test]
async fn a_request_behind_the_one_for_a_stream_is_not_answered() {
    for (behind, later) in [("GET /behind HTTP/1.1\r\nhost: x\r\n\r\n", ""), ("", "POST /later HTTP/1.1\r\n")]
    {
        let (server, saying) = with_stream().await;
        let mut client = server.connect().await;
        let request = format!("GET /stream HTTP/1.1\r\nhost: x\r\n\r\n{behind}");
        client.write_all(request.as_bytes()).await.unwrap();
        head(&mut client).await;
        client.write_all(later.as_bytes()).await.unwrap();
        for _ in 0..3 {
            say(&saying, "data").await;
            expect(&mut client, "4\r\ndata\r\n").await;
        }
        saying.send(Ok(Bytes::from_static(b"last"))).await.unwrap();
        expect(&mut client, "4\r\nlast\r\n").await;
        drop(saying);
        let mut rest = Vec::new();
        // What was sent and never read may make a reset of the end.
        let _end = client.read_to_end(&mut rest).await;
        assert!(b"0\r\n\r\n".starts_with(&rest), "{}", String::from_utf8_lossy(&rest));
        server.stop().await;
    }
}

#[tokio::test]
async fn who_hangs_up_is_not_told_any_more() {
    let (server, saying) = with_stream().await;
    let mut client = server.connect().await;
    send(&mut client, "/stream").await;
    head(&mut client).await;
    drop(client);
    saying.closed().await;
    server.stop().await;
}

#[tokio::test]
async fn a_stream_that_breaks_does_not_look_complete() {
    let (server, saying) = with_stream().await;
    let mut client = server.connect().await;
    send(&mut client, "/stream").await;
    head(&mut client).await;
    saying.send(Err(io::Error::other("broken"))).await.unwrap();
    assert_eq!(rest(client).await, "");
    server.stop().await;
}

#[tokio::test]
async fn the_head_of_a_stream_alone_does_not_end_the_connection() {
    let (server, _saying) = with_stream().await;
    let mut client = server.connect().await;
    client.write_all(b"HEAD /stream HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let head = head(&mut client).await;
    assert!(head.contains("text/event-stream") && !head.contains("connection: close"), "{head}");
    send(&mut client, "/next").await;
    receive(&mut client).await;
    server.stop().await;
}

#[tokio::test]
async fn a_stream_of_http_1_0_has_no_chunks() {
    let (server, saying) = with_stream().await;
    let mut client = server.connect().await;
    client.write_all(b"GET /stream HTTP/1.0\r\n\r\n").await.unwrap();
    let head = head(&mut client).await;
    assert!(head.starts_with("http/1.0 200") && !head.contains("transfer-encoding"), "{head}");
    say(&saying, "data").await;
    drop(saying);
    assert_eq!(rest(client).await, "data");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_might_have_spoken_http_2_has_streams_as_well() {
    let (server, saying) = with_stream().await;
    let mut client = server.connect().await;
    client.set_nodelay(true).unwrap();
    for piece in ["P", "OST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"] {
        client.write_all(piece.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    receive(&mut client).await;
    send(&mut client, "/stream").await;
    head(&mut client).await;
    say(&saying, "data").await;
    expect(&mut client, "4\r\ndata\r\n").await;
    drop(saying);
    expect(&mut client, "0\r\n\r\n").await;
    server.stop().await;
}

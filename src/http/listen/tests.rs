//! What the accept loop promises, over real sockets.

use std::net::SocketAddr;
use std::sync::Mutex;

use poem::Request;
use poem::endpoint::make;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::*;

mod greedy;
mod streams;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<Duration>,
    done: JoinHandle<()>,
}

async fn start(endpoint: impl Endpoint + 'static, limits: ListenLimits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async { stopped.await.unwrap_or_default() };
    let done = tokio::spawn(serve(Listener::Tcp(listener), None, endpoint, limits, shutdown));
    Running { address, stop, done }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn stop(self) {
        self.stop.send(Duration::ZERO).unwrap();
        self.done.await.unwrap();
    }
}

async fn send(stream: &mut TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
}

/// Reads one answer, which ends with the body "end".
async fn receive(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"end") {
        assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "{}", String::from_utf8_lossy(&text));
    }
    String::from_utf8(text).unwrap()
}

async fn is_closed(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    // A reset closes as well as an end.
    stream.read_to_end(&mut rest).await.map_or(true, |_| rest.is_empty())
}

#[tokio::test]
async fn a_connection_serves_many_requests_and_knows_its_client() {
    let endpoint = make(|request: Request| async move {
        Ok::<_, poem::Error>(format!("{} {} end", request.uri().path(), request.remote_addr().0))
    });
    let server = start(endpoint, ListenLimits::default()).await;
    let mut client = server.connect().await;
    let me = client.local_addr().unwrap();
    for path in ["/a", "/b"] {
        send(&mut client, path).await;
        let answer = receive(&mut client).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(&format!("{path} socket://{me} end")),
            "{answer}"
        );
    }
    server.stop().await;
    assert!(is_closed(client).await);
}

#[tokio::test]
async fn http_2_is_spoken_to_clients_that_begin_with_it() {
    let server = start(make(|_| async { Ok::<_, poem::Error>("end") }), ListenLimits::default()).await;
    let mut client = server.connect().await;
    // The preface and an empty SETTINGS frame; the answer begins with the server's SETTINGS (type 4).
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    client.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_first_byte_that_two_versions_share_is_no_answer_to_which_it_is() {
    let server = start(make(|_| async { Ok::<_, poem::Error>("end") }), ListenLimits::default()).await;
    let mut client = server.connect().await;
    client.set_nodelay(true).unwrap();
    for piece in ["P", "O", "ST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"] {
        client.write_all(piece.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(receive(&mut client).await.starts_with("HTTP/1.1 200 OK"));
    server.stop().await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_who_has_said_nothing() {
    // Were they waited for, this test would not end.
    let limits = ListenLimits { shutdown_timeout: Duration::MAX, ..ListenLimits::default() };
    let server = start(make(|_| async { Ok::<_, poem::Error>("end") }), limits).await;
    let silent = server.connect().await;
    // Connections are accepted one after the other.
    let mut second = server.connect().await;
    send(&mut second, "/").await;
    receive(&mut second).await;
    server.stop().await;
    assert!(is_closed(silent).await);
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight_and_accepts_nothing_more() {
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, outside) = (Arc::clone(&entered), Arc::clone(&release));
    let endpoint = make(move |_| {
        let (inside, outside) = (Arc::clone(&inside), Arc::clone(&outside));
        async move {
            inside.notify_one();
            outside.notified().await;
            Ok::<_, poem::Error>("end")
        }
    });
    let server = start(endpoint, ListenLimits::default()).await;
    let mut client = server.connect().await;
    send(&mut client, "/").await;
    entered.notified().await;
    server.stop.send(Duration::ZERO).unwrap();
    release.notify_one();
    assert!(receive(&mut client).await.contains("200 OK"));
    server.done.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn stopping_cuts_what_does_not_finish() {
    let entered = Arc::new(Notify::new());
    let inside = Arc::clone(&entered);
    let endpoint = make(move |_| {
        inside.notify_one();
        std::future::pending::<poem::Result<&'static str>>()
    });
    let limits = ListenLimits { shutdown_timeout: Duration::from_millis(1), ..ListenLimits::default() };
    let server = start(endpoint, limits).await;
    let mut client = server.connect().await;
    send(&mut client, "/").await;
    entered.notified().await;
    server.stop().await;
    assert!(is_closed(client).await);
}

#[tokio::test]
async fn a_head_that_does_not_arrive_is_not_waited_for() {
    let limits = ListenLimits { header_timeout: Duration::from_millis(20), ..ListenLimits::default() };
    let server = start(make(|_| async { Ok::<_, poem::Error>("end") }), limits).await;
    for beginning in [&b"GET / HTTP/1.1\r\nhost: "[..], b"", b"PRI * HT"] {
        let mut client = server.connect().await;
        client.write_all(beginning).await.unwrap();
        assert!(is_closed(client).await, "{beginning:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let inside = Arc::clone(&seen);
    let endpoint = make(move |request: Request| {
        inside.lock().unwrap().push(request.uri().path().to_owned());
        async { Ok::<_, poem::Error>("end") }
    });
    let server = start(endpoint, ListenLimits { connections: 1, ..ListenLimits::default() }).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    send(&mut second, "/second").await;
    for path in ["/first", "/first again"] {
        send(&mut first, path.split(' ').next().unwrap()).await;
        receive(&mut first).await;
    }
    drop(first);
    receive(&mut second).await;
    assert_eq!(*seen.lock().unwrap(), ["/first", "/first", "/second"]);
    server.stop().await;
}

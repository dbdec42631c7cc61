//! Clients that take what others need: they send a byte at a time, or never read what they asked for.

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use poem::Response;
use tokio::sync::mpsc::channel;
use tokio::time::interval;

use super::streams::Said;
use super::*;

/// More than the buffers of any system hold, sent often enough.
const MUCH: usize = 1 << 20;

/// Who sends a byte now and then is never silent, and yet has only so long for a head.
#[tokio::test(start_paused = true)]
async fn a_head_of_a_byte_at_a_time_has_as_long_as_any_other() {
    let server = start(make(|_| async { Ok::<_, poem::Error>("end") }), ListenLimits::default()).await;
    let mut client = server.connect().await;
    client.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    let mut seconds = interval(Duration::from_secs(1));
    seconds.tick().await;
    let mut lasted = Duration::ZERO;
    while client.write_all(b"y").await.is_ok() {
        seconds.tick().await;
        lasted += seconds.period();
    }
    assert!(lasted >= HEADER_TIMEOUT && lasted < 2 * HEADER_TIMEOUT, "{lasted:?}");
    server.stop().await;
}

/// A body that goes on and a stream are written by different hands.
#[tokio::test]
async fn who_does_not_read_is_not_waited_for() {
    for kind in ["application/octet-stream", "text/event-stream"] {
        let (saying, said) = channel(1);
        let said = Mutex::new(Some(said));
        let endpoint = make(move |_| {
            let body = BoxBody::new(Said(said.lock().unwrap().take().unwrap()));
            let answer = Response::builder().content_type(kind).body(body);
            async { Ok::<_, poem::Error>(answer) }
        });
        let limits = ListenLimits { unread_timeout: Duration::from_millis(50), ..ListenLimits::default() };
        let server = start(endpoint, limits).await;
        let mut client = server.connect().await;
        send(&mut client, "/").await;
        // It goes on until the connection is gone, and the body with it.
        while saying.send(Ok(Bytes::from(vec![b'x'; MUCH]))).await.is_ok() {}
        server.stop().await;
        drop(client);
    }
}

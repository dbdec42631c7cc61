//! The courier alone: an outbox in memory, and receivers on loopback.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

const NOW: i64 = 1_800_000_000_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Row {
    webhook: Bits,
    url: String,
    due: Option<Timestamp>,
    failures: u32,
}

/// Deliveries whose identifiers are their places.
#[derive(Default)]
struct Memory {
    rows: Mutex<Vec<Row>>,
    /// How often nothing can be written down.
    broken: AtomicUsize,
    settled: watch::Sender<usize>,
    changes: watch::Sender<u64>,
}

impl Memory {
    fn with(urls: &[(Bits, &str)]) -> Arc<Self> {
        let row = |&(webhook, url): &(Bits, &str)| {
            let due = Some(Timestamp::from_millis(NOW));
            Row { webhook, url: url.to_owned(), due, failures: 0 }
        };
        Arc::new(Self { rows: Mutex::new(urls.iter().map(row).collect()), ..Self::default() })
    }

    /// Waits until so many attempts were written down.
    async fn settled(&self, count: usize) {
        self.settled.subscribe().wait_for(|settled| *settled >= count).await.unwrap();
    }
}

impl Outbox for Arc<Memory> {
    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn due(&self, now: Timestamp, _: usize) -> Result<Round, Error> {
        let rows = self.rows.lock().unwrap();
        let mut round = Round::default();
        for (delivery, row) in (0..).zip(rows.iter()) {
            match row.due {
                Some(due) if due <= now => round.due.push(Due {
                    webhook: row.webhook,
                    delivery,
                    failures: row.failures,
                    parcel: Parcel {
                        url: row.url.clone(),
                        secret: SECRET.to_owned(),
                        event: format!("evt_{delivery}"),
                        body: "{}".into(),
                    },
                }),
                Some(due) => round.next = Some(round.next.map_or(due, |next| next.min(due))),
                None => {}
            }
        }
        Ok(round)
    }

    async fn settle(&self, _: Timestamp, reports: &[Report]) -> Result<(), Error> {
        let repaired = self.broken.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if repaired.is_ok() {
            return Err(Error::Busy);
        }
        let mut rows = self.rows.lock().unwrap();
        for report in reports {
            let row = &mut rows[usize::try_from(report.delivery).unwrap()];
            (row.due, row.failures) = (report.again, row.failures + 1);
        }
        self.settled.send_modify(|settled| *settled += reports.len());
        Ok(())
    }
}

/// A receiver that answers with these statuses, one after the other, and then never again; tells of each request.
async fn receiver(statuses: &'static [u16]) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (told, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut statuses = statuses.iter();
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n{}") {
                stream.read_buf(&mut request).await.unwrap();
            }
            told.send(String::from_utf8(request).unwrap()).unwrap();
            match statuses.next() {
                Some(status) => {
                    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
                None => held.push(stream),
            }
        }
    });
    (url, received)
}

fn start(outbox: &Arc<Memory>) -> (Courier, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(NOW));
    let shown = Arc::clone(&time);
    let clock: Clock = Arc::new(move || Timestamp::from_millis(shown.load(Ordering::SeqCst)));
    (Courier::start(Arc::clone(outbox), clock, Policy::Anywhere), time)
}

#[tokio::test]
async fn what_failed_is_sent_again_at_its_time_under_the_same_name() {
    let (url, mut received) = receiver(&[500, 204]).await;
    let outbox = Memory::with(&[(1, &url)]);
    let (courier, time) = start(&outbox);
    outbox.settled(1).await;
    let due = outbox.rows.lock().unwrap()[0].due.unwrap().millis();
    assert!((NOW + 5_000..=NOW + 6_000).contains(&due), "{due}");
    time.store(due, Ordering::SeqCst);
    outbox.settled(2).await;
    assert_eq!(outbox.rows.lock().unwrap()[0].due, None);
    for at in [NOW, due] {
        let request = received.recv().await.unwrap();
        assert!(request.contains("webhook-id: evt_0\r\n"), "{request}");
        assert!(request.contains(&format!("webhook-timestamp: {}\r\n", at / 1000)), "{request}");
        let agent = concat!("user-agent: PhaseFlag/", env!("CARGO_PKG_VERSION"), "\r\n");
        assert!(
            request.contains(agent) && request.contains("content-type: application/json\r\n"),
            "{request}"
        );
    }
    courier.stop().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent_again_meanwhile() {
    let (url, mut received) = receiver(&[204, 204]).await;
    let outbox = Memory::with(&[(1, &url)]);
    outbox.broken.store(2, Ordering::SeqCst);
    let (courier, time) = start(&outbox);
    received.recv().await.unwrap();
    while outbox.broken.load(Ordering::SeqCst) > 0 {
        time.fetch_add(SETTLE_AGAIN_SECONDS * 1_000, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
    time.fetch_add(SETTLE_AGAIN_SECONDS * 1_000, Ordering::SeqCst);
    outbox.settled(1).await;
    courier.stop().await.unwrap();
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn who_is_silent_holds_up_nobody_else() {
    let (silent, _unread) = receiver(&[]).await;
    let (quick, mut received) = receiver(&[204; 20]).await;
    let mut deliveries: Vec<(Bits, &str)> = Vec::new();
    for webhook in 0..10 {
        deliveries.extend([(webhook, silent.as_str()); 10]);
    }
    deliveries.extend([(10, quick.as_str()); 20]);
    let outbox = Memory::with(&deliveries);
    let (courier, _) = start(&outbox);
    for _ in 0..20 {
        received.recv().await.unwrap();
    }
    // The silent ones are cut, and are still due.
    courier.stop().await.unwrap();
    let rows = outbox.rows.lock().unwrap();
    assert_eq!(rows.iter().filter(|row| row.due == Some(Timestamp::from_millis(NOW))).count(), 100);
    assert_eq!(*outbox.settled.borrow(), 20);
}

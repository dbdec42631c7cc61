//! The courier alone: an outbox in memory, and receivers on loopback.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};

use super::*;
use crate::domain::{
    event::EventType,
    id::EventId,
    webhook::{SECRET_BYTES, SigningSecret, WebhookUrl},
};

const NOW: i64 = 1_800_000_000_000;

struct Row {
    webhook: WebhookId,
    url: String,
    due: Option<Timestamp>,
    attempts: u32,
}

/// Deliveries whose identifiers are their places.
#[derive(Default)]
struct Memory {
    rows: Mutex<Vec<Row>>,
    /// How often nothing can be written down.
    broken: AtomicUsize,
    settled: watch::Sender<usize>,
    queued: Notify,
}

impl Memory {
    fn with(urls: &[(u128, &str)]) -> Arc<Self> {
        let row = |&(webhook, url): &(u128, &str)| {
            let due = Some(Timestamp::from_millis(NOW));
            Row { webhook: WebhookId::from_bits(webhook), url: url.to_owned(), due, attempts: 0 }
        };
        Arc::new(Self { rows: Mutex::new(urls.iter().map(row).collect()), ..Self::default() })
    }

    /// Waits until so many attempts were written down.
    async fn settled(&self, count: usize) {
        self.settled.subscribe().wait_for(|settled| *settled >= count).await.unwrap();
    }
}

fn place(delivery: DeliveryId) -> usize {
    usize::try_from(delivery.bits()).unwrap()
}

impl Outbox for Arc<Memory> {
    async fn queued(&self) {
        self.queued.notified().await;
    }

    async fn due(&self, now: Timestamp, most: usize) -> Result<Agenda, Error> {
        let rows = self.rows.lock().unwrap();
        let mut due: HashMap<WebhookId, Vec<DeliveryId>> = HashMap::new();
        let mut next: Option<Timestamp> = None;
        for (delivery, row) in (0..).zip(rows.iter()) {
            match row.due {
                Some(moment) if moment <= now => {
                    let heads = due.entry(row.webhook).or_default();
                    if heads.len() < most {
                        heads.push(DeliveryId::from_bits(delivery));
                    }
                }
                Some(moment) => next = Some(next.map_or(moment, |next| next.min(moment))),
                None => {}
            }
        }
        Ok(Agenda { due: due.into_iter().collect(), next })
    }

    async fn letter(&self, _: WebhookId, delivery: DeliveryId) -> Result<Option<Letter>, Error> {
        let rows = self.rows.lock().unwrap();
        let row = &rows[place(delivery)];
        Ok(Some(Letter {
            url: WebhookUrl::parse(&row.url).unwrap(),
            secret: SigningSecret::new([7; SECRET_BYTES]),
            event: EventId::from_bits(delivery.bits()),
            event_type: EventType::FlagUpdated,
            attempts: row.attempts,
            body: b"{}".to_vec(),
        }))
    }

    async fn settle(&self, _: Timestamp, outcomes: Vec<Outcome>) -> Result<(), Error> {
        let repaired = self.broken.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if repaired.is_ok() {
            return Err(Error::Busy);
        }
        let mut rows = self.rows.lock().unwrap();
        for outcome in &outcomes {
            let row = &mut rows[place(outcome.delivery)];
            row.attempts += 1;
            row.due = match outcome.verdict {
                Verdict::RetryAt(at) => Some(at),
                Verdict::Delivered | Verdict::Failed => None,
            };
        }
        self.settled.send_modify(|settled| *settled += outcomes.len());
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

/// A courier at work, and its clock.
fn at_work(outbox: &Arc<Memory>) -> (Leash, JoinHandle<()>, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(NOW));
    let shown = Arc::clone(&time);
    let clock: Clock = Arc::new(move || Timestamp::from_millis(shown.load(Ordering::SeqCst)));
    let (leash, courier) = start(Arc::clone(outbox), clock, Policy::Anywhere);
    (leash, courier, time)
}

#[tokio::test]
async fn what_failed_is_sent_again_at_its_time_under_the_same_name() {
    let (url, mut received) = receiver(&[500, 204]).await;
    let outbox = Memory::with(&[(1, &url)]);
    let (leash, courier, time) = at_work(&outbox);
    outbox.settled(1).await;
    let due = outbox.rows.lock().unwrap()[0].due.unwrap().millis();
    assert!((NOW + 5_000..=NOW + 6_000).contains(&due), "{due}");
    time.store(due, Ordering::SeqCst);
    outbox.settled(2).await;
    assert_eq!(outbox.rows.lock().unwrap()[0].due, None);
    for at in [NOW, due] {
        let request = received.recv().await.unwrap();
        assert!(request.contains(&format!("webhook-id: {}\r\n", EventId::from_bits(0))), "{request}");
        assert!(request.contains(&format!("webhook-timestamp: {}\r\n", at / 1000)), "{request}");
        let agent = concat!("user-agent: PhaseFlag/", env!("CARGO_PKG_VERSION"), "\r\n");
        assert!(
            request.contains(agent) && request.contains("content-type: application/json\r\n"),
            "{request}"
        );
    }
    drop(leash);
    courier.await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent_again_meanwhile() {
    let (url, mut received) = receiver(&[204, 204]).await;
    let outbox = Memory::with(&[(1, &url)]);
    outbox.broken.store(2, Ordering::SeqCst);
    let (leash, courier, time) = at_work(&outbox);
    received.recv().await.unwrap();
    while outbox.broken.load(Ordering::SeqCst) > 0 {
        time.fetch_add(AGAIN_SECONDS * 1_000, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
    time.fetch_add(AGAIN_SECONDS * 1_000, Ordering::SeqCst);
    outbox.settled(1).await;
    drop(leash);
    courier.await.unwrap();
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn who_is_silent_holds_up_nobody_else() {
    let (silent, _unread) = receiver(&[]).await;
    let (quick, mut received) = receiver(&[204; 20]).await;
    let mut deliveries: Vec<(u128, &str)> = Vec::new();
    for webhook in 0..10 {
        deliveries.extend([(webhook, silent.as_str()); 10]);
    }
    deliveries.extend([(10, quick.as_str()); 20]);
    let outbox = Memory::with(&deliveries);
    let (leash, courier, _) = at_work(&outbox);
    for _ in 0..20 {
        received.recv().await.unwrap();
    }
    // The silent ones are cut, and are still due.
    drop(leash);
    courier.await.unwrap();
    let rows = outbox.rows.lock().unwrap();
    assert_eq!(rows.iter().filter(|row| row.due == Some(Timestamp::from_millis(NOW))).count(), 100);
    assert_eq!(*outbox.settled.borrow(), 20);
}

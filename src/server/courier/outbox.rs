//! The outbox in the data file. It is read on threads that may wait for the disk.

use std::sync::Arc;

use super::Outbox;
use crate::{
    control::{
        Error,
        call::Call,
        outbox::{self, Agenda, Letter, Outcome},
    },
    domain::{
        id::{DeliveryId, WebhookId},
        time::Timestamp,
    },
    http::app::App,
    server::upkeep::upkeep_call,
};

impl Outbox for Arc<App> {
    async fn queued(&self) {
        outbox::queued(&self.control).await;
    }

    async fn due(&self, now: Timestamp, most: usize) -> Result<Agenda, Error> {
        reading(self, move |app| outbox::due(&app.control, now, most)).await
    }

    async fn letter(&self, webhook: WebhookId, delivery: DeliveryId) -> Result<Option<Letter>, Error> {
        reading(self, move |app| outbox::letter(&app.control, webhook, delivery)).await
    }

    async fn settle(&self, now: Timestamp, outcomes: Vec<Outcome>) -> Result<(), Error> {
        let call = Call { now, request_id: "courier".into(), ..upkeep_call(self) };
        outbox::settle(&self.control, &call, outcomes).await
    }
}

async fn reading<T: Send + 'static>(
    app: &Arc<App>,
    read: impl FnOnce(&App) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let app = Arc::clone(app);
    let read = tokio::task::spawn_blocking(move || read(&app)).await;
    read.unwrap_or_else(|error| Err(Error::Internal(format!("the outbox cannot be read: {error}"))))
}

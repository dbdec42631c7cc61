//! What became of events that were to be sent to webhooks.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, webhooks::webhook_id};
use crate::{
    control::webhook,
    domain::{delivery::DeliveryStatus, id::DeliveryId},
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::{Accepted, FastJson},
        wire::webhook::{DeliveryView, WholeDeliveryView},
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "deliveries";

pub(super) struct DeliveriesApi(pub(super) Arc<App>);

/// The delivery with this identifier; one that cannot be read names nothing.
fn delivery_id(text: &str) -> Result<DeliveryId, ApiError> {
    let missing = || ApiError::new(Code::DeliveryNotFound, format!("there is no delivery '{text}'"));
    DeliveryId::parse(text).ok_or_else(missing)
}

#[OpenApi(prefix_path = "/api/v1/webhooks", tag = "Tag::Webhooks")]
impl DeliveriesApi {
    /// List deliveries
    ///
    /// The deliveries of a webhook, newest first: all that wait, and of those that are over the newest 1,000 of the last 30
    /// days. Needs the role `admin`.
    #[oai(path = "/:webhook_id/deliveries", method = "get", operation_id = "listWebhookDeliveries")]
    async fn list(
        &self,
        person: Person,
        /// The webhook, by its id.
        webhook_id: Path<String>,
        /// Only deliveries of this status.
        status: Query<Optional<DeliveryStatus>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<DeliveryView>>, ApiError> {
        let mut reader = Reader::default();
        let status = reader.word("status", &status, DeliveryStatus::ALL);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (status, request) = reader.finish((status, request))?;
        let id = self::webhook_id(&webhook_id)?;
        let page = webhook::deliveries(&self.0.control, &person.caller, id, status, &request)?;
        Ok(FastJson(page::listed(page.map(DeliveryView::from), ORDER)))
    }

    /// Get a delivery
    ///
    /// With the body that is sent. Needs the role `admin`.
    #[oai(path = "/:webhook_id/deliveries/:delivery_id", method = "get", operation_id = "getWebhookDelivery")]
    async fn get(
        &self,
        person: Person,
        /// The webhook, by its id.
        webhook_id: Path<String>,
        /// The delivery, by its id.
        delivery_id: Path<String>,
    ) -> Result<FastJson<Data<WholeDeliveryView>>, ApiError> {
        let (webhook, id) = (self::webhook_id(&webhook_id)?, self::delivery_id(&delivery_id)?);
        let shown = webhook::delivery(&self.0.control, &person.caller, webhook, id)?;
        Ok(FastJson(Data { data: shown.into() }))
    }

    /// Redeliver
    ///
    /// Sends the same event with the same body once more. Of a delivery that is over, the answer is another one, with
    /// attempts of its own; one that waits is tried at once. Needs the role `admin`.
    #[oai(
        path = "/:webhook_id/deliveries/:delivery_id/redeliver",
        method = "post",
        operation_id = "redeliverWebhookDelivery"
    )]
    async fn redeliver(
        &self,
        person: Person,
        /// The webhook, by its id.
        webhook_id: Path<String>,
        /// The delivery, by its id.
        delivery_id: Path<String>,
    ) -> Result<Accepted<Data<DeliveryView>>, ApiError> {
        let (webhook, id) = (self::webhook_id(&webhook_id)?, self::delivery_id(&delivery_id)?);
        let delivery = webhook::redeliver(&self.0.control, &person.call, &person.caller, webhook, id).await?;
        Ok(Accepted(Data { data: delivery.into() }))
    }
}

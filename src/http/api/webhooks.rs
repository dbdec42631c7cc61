//! Webhooks.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, projects::project_id};
use crate::{
    control::webhook::{self, ShownWebhook},
    domain::{
        id::WebhookId,
        page::{Direction, SortKey, paginate},
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::{Accepted, Created, FastJson, NoContent, Strict},
        tagged::Tagged,
        wire::webhook::{
            CreateWebhook, DeliveryView, SecretWebhookView, UpdateWebhook, WebhookView, new_webhook,
            webhook_change,
        },
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "webhooks";

pub(super) struct WebhooksApi(pub(super) Arc<App>);

/// The webhook with this identifier; one that cannot be read names nothing.
pub(super) fn webhook_id(text: &str) -> Result<WebhookId, ApiError> {
    let missing = || ApiError::new(Code::WebhookNotFound, format!("there is no webhook '{text}'"));
    WebhookId::parse(text).ok_or_else(missing)
}

#[OpenApi(prefix_path = "/api/v1/webhooks", tag = "Tag::Webhooks")]
impl WebhooksApi {
    /// List webhooks
    ///
    /// The webhooks of a project, oldest first, without their secrets. Needs the role `admin`.
    #[oai(path = "/", method = "get", operation_id = "listWebhooks")]
    async fn list(
        &self,
        person: Person,
        /// The project, by its id.
        project_id: Query<Required<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<WebhookView>>, ApiError> {
        let mut reader = Reader::default();
        let project = reader.required("project_id", &project_id);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (project, request) = reader.finish((project, request))?;
        let webhooks = webhook::list(&self.0.control, &person.caller, self::project_id(&project)?)?;
        let page = paginate(webhooks, Direction::Ascending, &request, |shown| {
            (SortKey::Number(shown.webhook.created_at.millis()), shown.webhook.id.bits())
        });
        Ok(FastJson(page::listed(page.map(|shown| WebhookView::from(&shown)), ORDER)))
    }

    /// Create a webhook
    ///
    /// From then on, events of the project are sent to `url` by `POST`, as JSON: `id`, `event_type`, `flag_key`,
    /// `flag_data` (the flag as `GET /flags/{flag_id}` shows it in that environment after the change; null for segments
    /// and for what was deleted), `environment_id`, `actor` (`id` and `email`) and `timestamp`. Events of segments have a
    /// `segment_key`; `schedule.failed` has a `schedule` with `id`, `at` and `reason`. A body of more than 256 KiB is sent
    /// with `"flag_data": null` and `"truncated": true`.
    ///
    /// An event is sent until an answer's status begins with 2, at least once and perhaps more often: `id` tells which
    /// were seen before, and is the same every time, as is the whole body. Events of one flag arrive in the order of its
    /// changes. This answer is the only one that shows the secret, but for `rotateWebhookSecret`. Needs the role `admin`.
    #[oai(path = "/", method = "post", operation_id = "createWebhook")]
    async fn create(
        &self,
        person: Person,
        /// The project, by its id.
        project_id: Query<Required<String>>,
        body: Strict<CreateWebhook>,
    ) -> Result<Tagged<Created<Data<SecretWebhookView>>>, ApiError> {
        let mut reader = Reader::default();
        let project = reader.required("project_id", &project_id);
        let project = reader.finish(project)?;
        let new = body.draft(new_webhook)?;
        let project = self::project_id(&project)?;
        let made = webhook::create(&self.0.control, &person.call, &person.caller, project, new).await?;
        Ok(tagged(&made, Created))
    }

    /// Get a webhook
    ///
    /// With how it goes, and without its secret. Needs the role `admin`.
    #[oai(path = "/:webhook_id", method = "get", operation_id = "getWebhook")]
    async fn get(
        &self,
        person: Person,
        request: &Request,
        /// The webhook, by its id.
        webhook_id: Path<String>,
    ) -> Result<Tagged<FastJson<Data<WebhookView>>>, ApiError> {
        let shown = webhook::get(&self.0.control, &person.caller, self::webhook_id(&webhook_id)?)?;
        Ok(tagged(&shown, FastJson).unless_known(request.headers()))
    }

    /// Change a webhook
    ///
    /// A field that is absent stays; a list replaces the whole list. A webhook that is not active queues nothing, and what
    /// waits for it is kept; once it is active again, that is sent at once. Needs the role `admin`.
    #[oai(path = "/:webhook_id", method = "put", operation_id = "updateWebhook")]
    async fn update(
        &self,
        person: Person,
        /// The webhook, by its id.
        webhook_id: Path<String>,
        body: Strict<UpdateWebhook>,
    ) -> Result<Tagged<FastJson<Data<WebhookView>>>, ApiError> {
        let change = body.draft(webhook_change)?;
        let id = self::webhook_id(&webhook_id)?;
        let shown = webhook::update(&self.0.control, &person.call, &person.caller, id, change).await?;
        Ok(tagged(&shown, FastJson))
    }

    /// Delete a webhook
    ///
    /// With all of its deliveries: what waits is not sent any more. Needs the role `admin`.
    #[oai(path = "/:webhook_id", method = "delete", operation_id = "deleteWebhook")]
    async fn delete(
        &self,
        person: Person,
        /// The webhook, by its id.
        webhook_id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = self::webhook_id(&webhook_id)?;
        webhook::delete(&self.0.control, &person.call, &person.caller, id).await?;
        Ok(NoContent)
    }

    /// Rotate the secret of a webhook
    ///
    /// Everything that is sent from then on, what waits included, is signed with the new secret, which this answer alone
    /// shows. Needs the role `admin`.
    #[oai(path = "/:webhook_id/rotate-secret", method = "post", operation_id = "rotateWebhookSecret")]
    async fn rotate_secret(
        &self,
        person: Person,
        /// The webhook, by its id.
        webhook_id: Path<String>,
    ) -> Result<Tagged<FastJson<Data<SecretWebhookView>>>, ApiError> {
        let id = self::webhook_id(&webhook_id)?;
        let shown = webhook::rotate_secret(&self.0.control, &person.call, &person.caller, id).await?;
        Ok(tagged(&shown, FastJson))
    }

    /// Test a webhook
    ///
    /// Queues a `webhook.test`, whatever the webhook listens to; ask for the delivery to see what became of it. It waits
    /// for as long as the webhook is not active. Needs the role `admin`.
    #[oai(path = "/:webhook_id/test", method = "post", operation_id = "testWebhook")]
    async fn test(
        &self,
        person: Person,
        /// The webhook, by its id.
        webhook_id: Path<String>,
    ) -> Result<Accepted<Data<DeliveryView>>, ApiError> {
        let id = self::webhook_id(&webhook_id)?;
        let delivery = webhook::test(&self.0.control, &person.call, &person.caller, id).await?;
        Ok(Accepted(Data { data: delivery.into() }))
    }
}

/// The webhook under its tag, in an answer of this kind.
fn tagged<V: for<'s> From<&'s ShownWebhook>, A>(
    shown: &ShownWebhook,
    kind: impl FnOnce(Data<V>) -> A,
) -> Tagged<A> {
    Tagged::new(shown.webhook.revision, kind(Data { data: shown.into() }))
}

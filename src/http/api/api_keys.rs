//! API keys.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::api_key,
    domain::{
        id::ApiKeyId,
        page::{Direction, SortKey, paginate},
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::{Created, FastJson, NoContent, Strict},
        wire::api_key::{
            ApiKeyView, CreateApiKey, MintedView, RotateApiKey, RotatedView, new_api_key, rotation,
        },
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "api_keys";

pub(super) struct ApiKeysApi(pub(super) Arc<App>);

/// The API key with this identifier; one that cannot be read names nothing.
fn api_key_id(text: &str) -> Result<ApiKeyId, ApiError> {
    let missing = || ApiError::new(Code::ApiKeyNotFound, format!("there is no API key '{text}'"));
    ApiKeyId::parse(text).ok_or_else(missing)
}

#[OpenApi(prefix_path = "/api/v1/api-keys", tag = "Tag::ApiKeys")]
impl ApiKeysApi {
    /// List API keys
    ///
    /// The keys of an environment, oldest first, without the keys themselves. Each says when it was used last: any
    /// request counts that was let in with it, to the second. Needs the role `admin`.
    #[oai(path = "/", method = "get", operation_id = "listApiKeys")]
    async fn list(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<ApiKeyView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let (environment, request) = reader.finish((environment, request))?;
        let environment = super::environment_id(&environment)?;
        let keys = api_key::list(&self.0.control, &person.caller, environment)?;
        let page = paginate(keys, Direction::Ascending, &request, |shown| {
            (SortKey::Number(shown.key.created_at.millis()), shown.key.id.bits())
        });
        Ok(FastJson(page::listed(page.map(ApiKeyView::from), ORDER)))
    }

    /// Create an API key
    ///
    /// For an application of this environment. The answer is the only one that ever shows the key. Needs the role
    /// `admin`.
    #[oai(path = "/", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        body: Strict<CreateApiKey>,
    ) -> Result<Created<Data<MintedView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let environment = reader.finish(environment)?;
        let now = person.call.now;
        let new = body.parse(|body, faults| new_api_key(body, now, faults))?;
        let environment = super::environment_id(&environment)?;
        let minted = api_key::create(&self.0.control, &person.call, &person.caller, environment, new).await?;
        Ok(Created(Data { data: minted.into() }))
    }

    /// Rotate an API key
    ///
    /// Makes another key with the same name, of the same kind and for the same environment, which this answer alone
    /// shows. The old key goes on for `grace_seconds`, at most 30 days, and then it has expired; if it would have expired
    /// before that, it still does. A key that has expired, or was rotated before, cannot be rotated. Needs the role
    /// `admin`.
    #[oai(path = "/:api_key_id/rotate", method = "post", operation_id = "rotateApiKey")]
    async fn rotate(
        &self,
        person: Person,
        /// The API key, by its id; the key itself is no name for it.
        api_key_id: Path<String>,
        body: Strict<RotateApiKey>,
    ) -> Result<Created<Data<RotatedView>>, ApiError> {
        let now = person.call.now;
        let rotation = body.parse(|body, faults| rotation(body, now, faults))?;
        let id = self::api_key_id(&api_key_id)?;
        let rotated = api_key::rotate(&self.0.control, &person.call, &person.caller, id, rotation).await?;
        Ok(Created(Data { data: rotated.into() }))
    }

    /// Revoke an API key
    ///
    /// From the answer on nobody can use the key. Needs the role `admin`.
    #[oai(path = "/:api_key_id", method = "delete", operation_id = "revokeApiKey")]
    async fn revoke(
        &self,
        person: Person,
        /// The API key, by its id; the key itself is no name for it.
        api_key_id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let id = self::api_key_id(&api_key_id)?;
        api_key::revoke(&self.0.control, &person.call, &person.caller, id).await?;
        Ok(NoContent)
    }
}

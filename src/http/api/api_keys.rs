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
        wire::api_key::{ApiKeyView, CreateApiKey, MintedView, new_api_key},
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "api_keys";

pub(super) struct ApiKeysApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/api-keys", tag = "Tag::ApiKeys")]
impl ApiKeysApi {
    /// List API keys
    ///
    /// The keys of an environment, oldest first, without the keys themselves. Needs the role `admin`.
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
        let page = paginate(keys, Direction::Ascending, &request, |key| {
            (SortKey::Number(key.created_at.millis()), key.id.bits())
        });
        Ok(FastJson(page::listed(page.map(|key| ApiKeyView::from(&key)), ORDER)))
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
        let missing =
            || ApiError::new(Code::ApiKeyNotFound, format!("there is no API key '{}'", *api_key_id));
        let id = ApiKeyId::parse(&api_key_id).ok_or_else(missing)?;
        api_key::revoke(&self.0.control, &person.call, &person.caller, id).await?;
        Ok(NoContent)
    }
}

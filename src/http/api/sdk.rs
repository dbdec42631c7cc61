//! What SDKs fetch and report.

use std::sync::Arc;

use poem::Request;
use poem::http::HeaderValue;
use poem_openapi::OpenApi;
use poem_openapi::param::Header;

use super::Tag;
use crate::{
    control::usage,
    domain::api_key::KeyKind,
    http::{
        app::App,
        conditional::Conditional,
        error::{ApiError, Code},
        guard::Sdk,
        payload::{Accepted, JSON, Strict},
        wire::{
            event::{EventAnswer, EventsBody, events},
            ruleset::RulesetAnswer,
        },
    },
};

pub(super) struct SdkApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/sdk", tag = "Tag::Sdk")]
impl SdkApi {
    /// Fetch the ruleset
    ///
    /// Everything that an SDK needs to evaluate by itself, in both published shapes at once: the documented one under
    /// `data`, and at the top level the one that the published SDKs parse. Needs a `server` key.
    #[oai(path = "/ruleset", method = "get", operation_id = "getRuleset")]
    async fn ruleset(
        &self,
        sdk: Sdk,
        request: &Request,
        /// The `ETag` of the ruleset that the client has: while nothing has changed, the answer is 304 without a body.
        #[oai(name = "If-None-Match")]
        _known: Header<Option<String>>,
    ) -> Result<Conditional<RulesetAnswer>, ApiError> {
        self.conditional(&sdk, request).await
    }

    /// Fetch the ruleset, to keep it in a file
    ///
    /// The same answer, for a build step: an SDK that starts from it does not need the server to be there. Needs a
    /// `server` key.
    #[oai(path = "/bootstrap", method = "get", operation_id = "getBootstrap")]
    async fn bootstrap(
        &self,
        sdk: Sdk,
        request: &Request,
        /// The `ETag` of the file that the client has: while nothing has changed, the answer is 304 without a body.
        #[oai(name = "If-None-Match")]
        _known: Header<Option<String>>,
    ) -> Result<Conditional<RulesetAnswer>, ApiError> {
        self.conditional(&sdk, request).await
    }

    /// Report evaluations
    ///
    /// Evaluations that an application made by itself, to be counted by flag and variation: `{"events": [...]}`
    /// or the bare list, at most 500. One that names an unknown flag or variation is dropped, and `dropped`
    /// counts it. A moment more than two days ago or more than an hour ahead counts as now.
    #[oai(path = "/events", method = "post", operation_id = "reportEvents")]
    async fn events(&self, sdk: Sdk, body: Strict<EventsBody>) -> Result<Accepted<EventAnswer>, ApiError> {
        let events = body.parse(events)?;
        let receipt = usage::count(&self.0.control, &sdk.key.environment, &events, sdk.call.now);
        Ok(Accepted(receipt.into()))
    }
}

impl SdkApi {
    async fn conditional(
        &self,
        sdk: &Sdk,
        request: &Request,
    ) -> Result<Conditional<RulesetAnswer>, ApiError> {
        match sdk.key.key.kind {
            KeyKind::Server => {}
            KeyKind::Client => {
                let message = "a client key may not read rules; this needs a server key";
                return Err(ApiError::new(Code::InsufficientPermissions, message));
            }
        }
        let environment = &sdk.key.environment;
        let tag = |version: u64| {
            let tag = format!("\"{}.{version}\"", environment.id);
            HeaderValue::from_str(&tag).map_err(ApiError::internal)
        };
        let present = tag(environment.ruleset().version())?;
        if let Some(known) = Conditional::known(request.headers(), &present) {
            return Ok(known);
        }
        let (version, body) = self.0.rulesets.fetch(environment, sdk.call.now).await?;
        Ok(Conditional::fresh(tag(version)?, body.answer(HeaderValue::from_static(JSON))))
    }
}

//! The operations of the protocol. Each has two doors, the router's and the shortcut's, that lead to one function.

use std::sync::Arc;

use bytes::Bytes;
use poem::{Endpoint, IntoResponse, Request, RequestBody, Response};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{ApiExtractor, ExtractParamOptions, OpenApi};

use super::{
    evaluation::{Bulk, BulkView, ServedView, served},
    events::{self, Refetch},
    failure::{ErrorCode, IS_MISSING, TARGETING_KEY, refusal},
    request::{EvaluationRequest, read},
    tag::{Fingerprint, Grounds},
};
use crate::{
    auth::stream_token::Grant,
    domain::violation::{Fault, Violations},
    engine::{Timing, evaluate, evaluate_all},
    http::{
        api::Tag,
        app::App,
        conditional::Conditional,
        error::{ApiError, Code},
        event_stream::{Deadline, EventStream, SIGN_OF_LIFE},
        guard::{Invited, Sdk},
        payload::{OptionalJson, RawJson},
    },
};

/// Where the bulk evaluation is.
pub const FLAGS: &str = "/ofrep/v1/evaluate/flags";
/// What the address of a single flag begins with.
pub const FLAG: &str = "/ofrep/v1/evaluate/flags/";

/// The operations.
pub struct OfrepApi(pub(in crate::http) Arc<App>);

#[OpenApi(prefix_path = "/ofrep/v1", tag = "Tag::Ofrep")]
impl OfrepApi {
    /// Evaluate one flag for `OpenFeature`
    ///
    /// What a flag of the API key's environment serves to a context, and why. A missing body is a context about which
    /// nothing is known; where a rollout would need the targeting key, its absence is answered with 400 and
    /// `TARGETING_KEY_MISSING`. Every failure has `errorCode` and `errorDetails` beside `error`, and one about the
    /// flag or the context its `key`.
    #[oai(path = "/evaluate/flags/:key", method = "post", operation_id = "ofrepEvaluateFlag")]
    async fn flag(
        &self,
        sdk: Sdk,
        /// The flag's key.
        key: Path<String>,
        body: OptionalJson<EvaluationRequest>,
    ) -> Result<RawJson<ServedView>, ApiError> {
        one(&self.0, &sdk, &key, &body)
    }

    /// Evaluate all flags for `OpenFeature`
    ///
    /// What every flag of the API key's environment serves to a context, and why; archived flags are left out. Where a
    /// rollout would need the targeting key and there is none, the flag has an `errorCode` in place of a value. The
    /// `ETag` changes with the environment, the context and the key: while it is the same, a request that names it in
    /// `If-None-Match` is answered with 304.
    #[oai(path = "/evaluate/flags", method = "post", operation_id = "ofrepEvaluateFlags")]
    async fn flags(
        &self,
        sdk: Sdk,
        request: &Request,
        /// The `ETag` of the answer that the client has; quoted or not, weak or not, or several of them.
        #[oai(name = "If-None-Match")]
        _known: Header<Option<String>>,
        /// The `etag` of the event that made the client ask. Accepted and not needed: no answer is older than an event.
        #[oai(name = "flagConfigEtag")]
        _etag: Query<Option<String>>,
        /// The `lastModified` of the event that made the client ask. Accepted and not needed.
        #[oai(name = "flagConfigLastModified")]
        _modified: Query<Option<String>>,
        body: OptionalJson<EvaluationRequest>,
    ) -> Result<Conditional<BulkView>, ApiError> {
        all(&self.0, &sdk, request, &body)
    }

    /// Follow changes for `OpenFeature`
    ///
    /// Server-sent events at the address that a bulk answer has in `eventStreams`. Each is a `message` with the
    /// environment's version as its id and with `{"type": "refetchEvaluation", "etag", "lastModified"}`: evaluate all
    /// flags again. Any number of changes that a client did not read in time is one event, and who connects with an
    /// older `version` or `Last-Event-ID` gets one at once. A comment comes at least every 30 seconds. The stream ends
    /// when its token or its key does, and when the server stops.
    #[oai(path = "/events", method = "get", operation_id = "ofrepFollow")]
    async fn events(
        &self,
        invited: Invited,
        /// The version of the answer that had the address.
        version: Query<Option<String>>,
        /// The version of the last event that the client has seen.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
    ) -> Result<EventStream, ApiError> {
        let app = &self.0;
        let follower = app.control.live().follow(&invited.key, app.streams)?;
        let seen = last_event_id.0.or(version.0);
        // What is not ours is no version that we know.
        let is_behind = seen.is_none_or(|seen| seen.trim().parse() != Ok(follower.version()));
        let first = if is_behind {
            Refetch.print(&follower.last_change(invited.call.now))
        } else {
            Bytes::from_static(SIGN_OF_LIFE)
        };
        let deadline = Deadline { at: invited.until, clock: Arc::clone(&app.clock) };
        Ok(EventStream::until(deadline, follower, first, Refetch))
    }
}

/// The evaluation of one flag without the router.
pub(in crate::http) struct DirectFlag(pub(in crate::http) Arc<App>);

impl Endpoint for DirectFlag {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let mut body = RequestBody::new(request.take_body());
        // Not an `async fn`, which has room for its argument twice.
        async move {
            let sdk = Sdk::from_request(&request, &mut body, ExtractParamOptions::default()).await?;
            let body =
                OptionalJson::from_request(&request, &mut body, ExtractParamOptions::default()).await?;
            let key = request.uri().path().strip_prefix(FLAG).unwrap_or_default();
            Ok(one(&self.0, &sdk, key, &body)?.into_response())
        }
    }
}

/// The evaluation of all flags without the router.
pub(in crate::http) struct DirectFlags(pub(in crate::http) Arc<App>);

impl Endpoint for DirectFlags {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let mut body = RequestBody::new(request.take_body());
        async move {
            let sdk = Sdk::from_request(&request, &mut body, ExtractParamOptions::default()).await?;
            let body =
                OptionalJson::from_request(&request, &mut body, ExtractParamOptions::default()).await?;
            Ok(all(&self.0, &sdk, &request, &body)?.into_response())
        }
    }
}

fn one(
    app: &App,
    sdk: &Sdk,
    key: &str,
    body: &OptionalJson<EvaluationRequest>,
) -> Result<RawJson<ServedView>, ApiError> {
    let about_the_flag = |error: ApiError| error.with_beside("key", key);
    let context = read(&body.bytes).map_err(about_the_flag)?;
    let ruleset = sdk.key.environment.ruleset();
    let outcome = evaluate(&ruleset, key, &context, sdk.call.now);
    let outcome = outcome.filter(|outcome| !outcome.flag.is_archived()).ok_or_else(|| {
        let environment = sdk.key.environment.key.as_str();
        let sentence = format!("there is no flag '{key}' in the environment '{environment}'");
        about_the_flag(ApiError::new(Code::FlagNotFound, sentence))
    })?;
    if outcome.lacks_user_key {
        let fault = Violations::one(Fault::Malformed, TARGETING_KEY, IS_MISSING);
        return Err(about_the_flag(refusal(ErrorCode::TargetingKeyMissing, fault)));
    }
    app.control.live().count(&sdk.key.environment, [&outcome], sdk.call.now);
    Ok(RawJson::new(served(&outcome).map_err(ApiError::internal)?.into()))
}

fn all(
    app: &App,
    sdk: &Sdk,
    request: &Request,
    body: &OptionalJson<EvaluationRequest>,
) -> Result<Conditional<BulkView>, ApiError> {
    let context = read(&body.bytes)?;
    let (key, now) = (&sdk.key.key, sdk.call.now);
    let ruleset = sdk.key.environment.ruleset();
    let served = match ruleset.timing() {
        Timing::Timed => Some(evaluate_all(&ruleset, &context, now)),
        Timing::Timeless => None,
    };
    let fingerprint = Fingerprint::of_context(&body.bytes);
    let grant = Grant::new(key.id, now, fingerprint.number());
    let grounds =
        Grounds { grant, version: ruleset.version(), context: fingerprint, served: served.as_deref() };
    let tag = grounds.tag()?;
    if let Some(known) = Conditional::known(request.headers(), &tag) {
        return Ok(known);
    }
    let events = events::EventStream::new(&app.control, grant, ruleset.version());
    let served = served.unwrap_or_else(|| evaluate_all(&ruleset, &context, now));
    let counted = served.iter().filter(|outcome| !outcome.lacks_user_key);
    app.control.live().count(&sdk.key.environment, counted, now);
    let (environment, version) = (key.environment, ruleset.version());
    let bulk = Bulk { outcomes: &served, environment, version, events };
    let json = bulk.json().map_err(ApiError::internal)?;
    Ok(Conditional::fresh(tag, RawJson::<BulkView>::new(json.into()).into_response()))
}

//! Who is asking, and how often: every request is identified and counted here, before its handler runs.
//!
//! A handler says with its parameters what it accepts: [`Person`] or [`Sdk`]. A path belongs to one [`Plane`], which
//! says what its requests are counted by.

mod identity;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, RequestBody, Response};
use poem_openapi::registry::Registry;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::{
    auth::api_key,
    control::{
        call::{Call, Caller, Credential},
        session,
    },
    domain::{
        id::SessionId,
        text::Justification,
        time::Timestamp,
        violation::{Path, Violations},
    },
    http::{
        app::App,
        classify::AnswerHeaders,
        error::{ApiError, Code},
        etag,
        middleware::Arrival,
        plane::{Plane, limit_headers},
    },
    limit::Verdict,
    live::LiveKey,
};

mod schemes;

use schemes::{
    NO_SCHEME, PERSON_SCHEMES, SDK_SCHEMES, SIGNED_IN_SCHEMES, STREAM_TOKEN, TOKEN_SCHEMES, schemes,
};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The justification of a change of a frozen environment (contract B2).
pub const BREAK_GLASS: HeaderName = HeaderName::from_static("x-phaseflag-break-glass");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a request has among its extensions that comes from inside of the process: it is the operator of the machine
/// who asks. Nothing that is sent over a connection becomes an extension; [`Direct`](super::direct::Direct) alone puts
/// this one there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator;

/// Who a request turned out to come from.
#[derive(Clone, Debug)]
enum Identity {
    /// It shows no credentials.
    Nobody,
    /// A person, by an access token or a personal access token.
    Person(Arc<Caller>),
    /// An SDK, by an API key.
    Sdk(Arc<LiveKey>),
    /// An SDK, by a token that was made for its API key, until this moment.
    Invited(Arc<LiveKey>, Timestamp),
    /// Its credentials are worth nothing.
    Refused(ApiError),
}

/// What the guard leaves for handlers.
#[derive(Clone, Debug)]
struct Admitted {
    call: Call,
    identity: Identity,
}

/// The guard around the routes.
pub struct Guard<E> {
    routes: E,
    app: Arc<App>,
}

impl<E> Guard<E> {
    /// Guards `routes`.
    pub fn new(routes: E, app: Arc<App>) -> Self {
        Self { routes, app }
    }
}

impl<E: Endpoint> Endpoint for Guard<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let app = &self.app;
        let plane = Plane::of(request.uri().path());
        if plane == Plane::Open {
            return self.routes.call(request).await.map(IntoResponse::into_response);
        }
        let Some(Arrival { now, id, trace }) = request.data().cloned() else {
            return Err(ApiError::internal("a request has not passed the outermost layer").into());
        };
        let address = client_address(app, &request);
        let identity = if plane == Plane::Events {
            invited(app, request.uri().query().unwrap_or_default(), now)
        } else {
            identify(app, plane, &request, now)
        };
        let decision = app.limits.count(plane, address, identity.payer(), now);
        let headers = decision.as_ref().map(limit_headers);
        let break_glass = break_glass(request.headers())?;
        let expected = etag::expected(request.headers());
        let call = Call { now, request_id: id.into(), address, break_glass, expected, trace };
        let principal = identity.principal();
        request.extensions_mut().insert(Admitted { call, identity });
        let outcome = match decision.map(|decision| decision.verdict) {
            Some(Verdict::Denied { retry_after_seconds }) => {
                Err(ApiError::of(Code::RateLimitExceeded).with_retry_after(retry_after_seconds).into())
            }
            Some(Verdict::Allowed) | None => self.routes.call(request).await.map(IntoResponse::into_response),
        };
        let headers = headers.into_iter().flatten();
        match outcome {
            Ok(mut response) => {
                // Of the evaluations that succeed the log has no line, and so nobody asks whose they were.
                let told = plane.has_news() || response.status().as_u16() >= 400;
                if let Some(principal) = principal.filter(|_| told) {
                    response.extensions_mut().insert(principal);
                }
                for (name, value) in headers {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
            Err(mut error) => {
                if let Some(principal) = principal {
                    error.set_data(principal);
                }
                error.set_data(AnswerHeaders(headers.collect()));
                Err(error)
            }
        }
    }
}

/// Why a frozen environment has to be changed all the same.
fn break_glass(headers: &HeaderMap) -> Result<Option<Justification>, ApiError> {
    let Some(value) = headers.get(BREAK_GLASS) else { return Ok(None) };
    let text = str::from_utf8(value.as_bytes()).unwrap_or_default();
    let mut faults = Violations::new();
    let why = Justification::parse(text, &Path::ROOT.field("X-PhaseFlag-Break-Glass"), &mut faults);
    Ok(faults.or_ok(why)?)
}

/// The address that a request came from: the socket's, unless that is a proxy that is trusted to name another. One that
/// came by a socket in the file system has none of its own.
fn client_address(app: &App, request: &Request) -> Option<IpAddr> {
    let socket = request.remote_addr().as_socket_addr().map(SocketAddr::ip).map(|ip| ip.to_canonical());
    if !(app.trusts)(socket) {
        return socket;
    }
    // Each proxy appends whom it heard; from the right, the first that is not trusted is as far as we can believe.
    let lists = request.headers().get_all(FORWARDED_FOR).iter().filter_map(|list| list.to_str().ok());
    let hops: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
    let mut believed = socket;
    for hop in hops.iter().rev() {
        let Ok(hop) = hop.parse::<IpAddr>().map(|ip| ip.to_canonical()) else { break };
        believed = Some(hop);
        if !(app.trusts)(believed) {
            break;
        }
    }
    believed
}

/// The credentials of a request: each plane has the header that it looks at first.
fn identify(app: &App, plane: Plane, request: &Request, now: Timestamp) -> Identity {
    let headers = request.headers();
    let key = headers.get(API_KEY).map(|value| value.to_str().unwrap_or_default());
    let bearer = headers.get(header::AUTHORIZATION).map(|value| bearer(value).unwrap_or_default());
    let (first, second) = match plane {
        Plane::Evaluation | Plane::Ruleset => (key.map(Shown::ApiKey), bearer.map(Shown::Bearer)),
        Plane::Auth | Plane::Management | Plane::Events | Plane::Open => {
            (bearer.map(Shown::Bearer), key.map(Shown::ApiKey))
        }
    };
    match first.or(second) {
        None if request.extensions().get::<Operator>().is_some() => match Caller::operator(&app.control) {
            Ok(caller) => Identity::Person(Arc::new(caller)),
            Err(error) => Identity::Refused(error.into()),
        },
        None => Identity::Nobody,
        Some(Shown::ApiKey(text)) => sdk(app, text, now),
        Some(Shown::Bearer(text)) if api_key::looks_like(text) => sdk(app, text, now),
        Some(Shown::Bearer(text)) => match session::authenticate(&app.control, text, now) {
            Ok(caller) => Identity::Person(caller),
            Err(error) => Identity::Refused(error.into()),
        },
    }
}

/// Whom the token in an address is for. It opens a stream, and no header is looked at beside it.
fn invited(app: &App, query: &str, now: Timestamp) -> Identity {
    let mut parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
    let Some((_, token)) = parameters.find(|(name, _)| *name == STREAM_TOKEN) else {
        return Identity::Nobody;
    };
    let Some(grant) = app.control.stream_tokens().open(token) else {
        return Identity::Refused(ApiError::new(Code::TokenInvalid, "this is not the token of a stream"));
    };
    if now >= grant.expires_at {
        let sentence = "the token of this stream has expired; evaluate all flags again to get another";
        return Identity::Refused(ApiError::new(Code::TokenExpired, sentence));
    }
    match app.control.live().key_with_id(grant.key).filter(|live| live.is_live(now)) {
        Some(live) => {
            live.note_use(now);
            Identity::Invited(live, grant.expires_at)
        }
        None => Identity::Refused(ApiError::of(Code::ApiKeyInvalid)),
    }
}

enum Shown<'a> {
    ApiKey(&'a str),
    Bearer(&'a str),
}

/// The token of `Authorization: Bearer ...`; the scheme's name is not case-sensitive.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn sdk(app: &App, text: &str, now: Timestamp) -> Identity {
    let live = app.control.live().key(&api_key::digest(text));
    match live.filter(|live| live.is_live(now)) {
        Some(live) => {
            live.note_use(now);
            Identity::Sdk(live)
        }
        None => Identity::Refused(ApiError::of(Code::ApiKeyInvalid)),
    }
}

/// The parameters of a handler: the request, and who must have sent it.
macro_rules! extractors {
    ($($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),* } by $check:ident, schemes $schemes:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name {
            /// The request.
            pub call: Call,
            $(/// Who sent it.
            pub $field: $type,)*
        }

        impl<'a> ApiExtractor<'a> for $name {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                for (name, scheme) in schemes() {
                    if $schemes.contains(&name) {
                        registry.create_security_scheme(name, scheme);
                    }
                }
            }

            fn security_schemes() -> Vec<&'static str> {
                $schemes.to_vec()
            }

            async fn from_request(
                request: &'a Request,
                _: &mut RequestBody,
                _: ExtractParamOptions<()>,
            ) -> poem::Result<Self> {
                let admitted = request.extensions().get::<Admitted>().cloned();
                let admitted = admitted.ok_or_else(|| ApiError::internal("a request has not been guarded"))?;
                Ok($check(admitted)?)
            }
        }
    )*};
}

extractors! {
    /// Anybody.
    Anybody {} by anybody, schemes NO_SCHEME;
    /// A person with an access token, or a script that acts for a person.
    Person { caller: Arc<Caller> } by person, schemes PERSON_SCHEMES;
    /// A person who signed in, for what no script may do: the account itself, and its tokens.
    SignedIn { caller: Arc<Caller>, session: SessionId } by signed_in, schemes SIGNED_IN_SCHEMES;
    /// An SDK with an API key.
    Sdk { key: Arc<LiveKey> } by sdk_only, schemes SDK_SCHEMES;
    /// An SDK with a token that was made for its API key, and until when it counts.
    Invited { key: Arc<LiveKey>, until: Timestamp } by invited_only, schemes TOKEN_SCHEMES;
}

#[expect(clippy::unnecessary_wraps, reason = "the signature that all extractors share")]
fn anybody(admitted: Admitted) -> Result<Anybody, ApiError> {
    Ok(Anybody { call: admitted.call })
}

fn person(admitted: Admitted) -> Result<Person, ApiError> {
    match admitted.identity {
        Identity::Person(caller) => Ok(Person { call: admitted.call, caller }),
        Identity::Sdk(_) | Identity::Invited(..) => Err(ApiError::new(
            Code::InsufficientPermissions,
            "an API key evaluates; this needs an access token",
        )),
        Identity::Nobody => Err(ApiError::of(Code::Unauthenticated)),
        Identity::Refused(error) => Err(error),
    }
}

fn signed_in(admitted: Admitted) -> Result<SignedIn, ApiError> {
    let Person { call, caller } = person(admitted)?;
    match caller.credential {
        Credential::Session(session) => Ok(SignedIn { call, caller, session }),
        Credential::PersonalToken(_) => Err(ApiError::new(
            Code::InsufficientPermissions,
            "a personal access token cannot do this; sign in",
        )),
        Credential::Operator => Err(ApiError::new(
            Code::InsufficientPermissions,
            "the operator of the machine has no account; sign in",
        )),
    }
}

fn sdk_only(admitted: Admitted) -> Result<Sdk, ApiError> {
    match admitted.identity {
        Identity::Sdk(key) => Ok(Sdk { call: admitted.call, key }),
        Identity::Person(_) | Identity::Invited(..) => Err(ApiError::new(
            Code::InsufficientPermissions,
            "an access token manages; this needs an API key",
        )),
        Identity::Nobody => Err(ApiError::of(Code::Unauthenticated)),
        Identity::Refused(error) => Err(error),
    }
}

fn invited_only(admitted: Admitted) -> Result<Invited, ApiError> {
    match admitted.identity {
        Identity::Invited(key, until) => Ok(Invited { call: admitted.call, key, until }),
        Identity::Nobody | Identity::Person(_) | Identity::Sdk(_) => Err(ApiError::of(Code::Unauthenticated)),
        Identity::Refused(error) => Err(error),
    }
}

//! The refresh token in a cookie, for browsers: no script can read it there, and no other site's page can have it sent
//! (`HttpOnly`, `SameSite=Strict`). What uses it is asked for with a JSON body, which no form of another site sends.

use poem::http::uri::Scheme;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{IntoResponse, Request, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaHeader, MetaResponses, Registry};
use poem_openapi::types::Type;

use super::app::App;

/// The cookie's name.
pub const NAME: &str = "phaseflag_refresh";
/// The only paths that it is sent to.
const PATH: &str = "/api/v1/auth";
/// What a proxy says of the connection to the client.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Whether the client's connection is encrypted, as far as that is known: then the cookie never takes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// It may be read by others on the way.
    Plain,
    /// TLS, with us or with a proxy that is trusted.
    Encrypted,
}

impl Wire {
    /// That of the request's client.
    pub fn of(app: &App, request: &Request) -> Self {
        let socket = request.remote_addr().as_socket_addr().map(|address| address.ip().to_canonical());
        let told = request.headers().get(FORWARDED_PROTO).filter(|_| (app.trusts)(socket));
        let encrypted = *request.scheme() == Scheme::HTTPS || told.is_some_and(|proto| proto == "https");
        if encrypted { Self::Encrypted } else { Self::Plain }
    }
}

/// The refresh token that a request carries in the cookie.
pub fn refresh_token(headers: &HeaderMap) -> Option<&str> {
    let lists = headers.get_all(header::COOKIE).iter().filter_map(|list| list.to_str().ok());
    let mut pairs = lists.flat_map(|list| list.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == NAME).map(|(_, value)| value)
}

/// An answer that may leave the cookie with the client, or take it away.
pub struct WithCookie<A> {
    answer: A,
    cookie: Option<HeaderValue>,
}

impl<A> WithCookie<A> {
    /// The answer alone: whatever the client has it keeps.
    pub fn none(answer: A) -> Self {
        Self { answer, cookie: None }
    }

    /// The answer, and a cookie with this token that is kept for so many seconds.
    pub fn keep(answer: A, token: &str, seconds: i64, wire: Wire) -> Self {
        Self { answer, cookie: set(token, seconds, wire) }
    }

    /// The answer, after which the client has no cookie.
    pub fn clear(answer: A, wire: Wire) -> Self {
        Self { answer, cookie: set("", 0, wire) }
    }
}

/// A refresh token is a header as it stands.
fn set(token: &str, seconds: i64, wire: Wire) -> Option<HeaderValue> {
    let secure = match wire {
        Wire::Plain => "",
        Wire::Encrypted => "; Secure",
    };
    let text = format!("{NAME}={token}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

impl<A: IntoResponse> IntoResponse for WithCookie<A> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Some(cookie) = self.cookie {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl<A: ApiResponse> ApiResponse for WithCookie<A> {
    fn meta() -> MetaResponses {
        let mut meta = A::meta();
        for response in &mut meta.responses {
            response.headers.push(MetaHeader {
                name: "Set-Cookie".to_owned(),
                description: Some(format!("`{NAME}`, for a session whose refresh token is in the cookie.")),
                required: false,
                deprecated: false,
                schema: String::schema_ref(),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        for (cookies, found) in [
            (&["phaseflag_refresh=rt_a.b-c_d"][..], Some("rt_a.b-c_d")),
            (&["theme=dark; phaseflag_refresh=rt_1;x=y"], Some("rt_1")),
            (&["theme=dark", "phaseflag_refresh=rt_2"], Some("rt_2")),
            (&["xphaseflag_refresh=rt_1", "phaseflag_refresh"], None),
            (&["phaseflag_refresh="], Some("")),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(header::COOKIE, HeaderValue::from_static(cookie));
            }
            assert_eq!(refresh_token(&headers), found, "{cookies:?}");
        }
    }
}

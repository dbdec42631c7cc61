//! Cross-origin requests, by a configured list of origins (contract, A1). An origin that is not on the list gets an
//! ordinary answer without permission to read it; the browser does the refusing.

use poem::Response;
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::http::middleware::paths::KnownPath;

/// What a browser may send beyond the simple headers.
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, X-API-Key, X-Request-ID, If-None-Match, If-Match");
/// What a script may read of an answer.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID",
);
/// For a path that is not known; the request that follows learns so.
const ANY_METHOD: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// How long a browser may remember a preflight, in seconds.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");

const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");

/// Which origins may read answers.
#[derive(Clone, Debug, Default)]
pub enum Cors {
    /// None: answers say nothing about origins.
    #[default]
    Off,
    /// Every origin. Credentials are headers and not cookies, so this gives away nothing by itself.
    Any,
    /// These, compared exactly.
    Listed(Vec<HeaderValue>),
}

impl Cors {
    /// Reads a configured list; `*` in it means every origin. The error is the entry that cannot be a header.
    pub fn parse<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut listed = Vec::new();
        for origin in origins {
            if origin == "*" {
                return Ok(Self::Any);
            }
            listed.push(HeaderValue::from_str(origin).map_err(|_| origin)?);
        }
        Ok(if listed.is_empty() { Self::Off } else { Self::Listed(listed) })
    }

    /// The permission that an answer to this origin carries. Without an origin there is none to give.
    fn permission(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        match self {
            Cors::Off => None,
            Cors::Any => origin.map(|_| ANY_ORIGIN),
            Cors::Listed(listed) => origin.filter(|origin| listed.contains(origin)).cloned(),
        }
    }

    /// Adds what an answer tells a browser about its origin.
    pub fn decorate(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        if let Cors::Listed(_) = self {
            // Also without an origin: a shared cache must not serve this answer to one.
            answer.append(header::VARY, VARY_ORIGIN);
        }
        if let Some(permission) = self.permission(origin) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, permission);
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }

    /// The answer to a preflight, still to be decorated.
    pub fn preflight(&self, origin: &HeaderValue, path: Option<&KnownPath>) -> Response {
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        if self.permission(Some(origin)).is_some() {
            let methods = path.map_or(ANY_METHOD, |path| path.allow().clone());
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
        }
        response
    }
}

/// The origin of a preflight; `None` for any other request.
pub fn preflight_origin<'h>(method: &Method, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
    let asks = method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    headers.get(header::ORIGIN).filter(|_| asks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: HeaderValue = HeaderValue::from_static("https://app.example");
    const THEIRS: HeaderValue = HeaderValue::from_static("https://app.example.evil");

    fn decorated(cors: &Cors, origin: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        cors.decorate(origin, &mut headers);
        headers
    }

    #[test]
    fn a_listed_origin_may_read_and_no_other() {
        let cors = Cors::parse(["https://other.example", "https://app.example"]).unwrap();
        let headers = decorated(&cors, Some(&OURS));
        assert_eq!(headers["access-control-allow-origin"], OURS);
        assert!(headers["access-control-expose-headers"].to_str().unwrap().contains("ETag"));
        for origin in [Some(&THEIRS), None] {
            let headers = decorated(&cors, origin);
            assert_eq!((headers.len(), &headers["vary"]), (1, &VARY_ORIGIN));
        }
        assert!(cors.preflight(&OURS, None).headers().contains_key("access-control-allow-methods"));
        assert!(cors.preflight(&THEIRS, None).headers().is_empty());
    }

    #[test]
    fn a_star_is_every_origin_and_an_empty_list_none() {
        let any = Cors::parse(["https://app.example", "*"]).unwrap();
        assert_eq!(decorated(&any, Some(&THEIRS))["access-control-allow-origin"], "*");
        assert!(decorated(&any, None).is_empty());
        assert!(decorated(&Cors::parse([]).unwrap(), Some(&OURS)).is_empty());
        assert_eq!(Cors::parse(["https://a\n"]).unwrap_err(), "https://a\n");
    }
}

//! The ways to show who asks, as the document describes them.

use poem_openapi::registry::MetaSecurityScheme;

/// The parameter that has the token of a stream.
pub(super) const STREAM_TOKEN: &str = "token";

pub(super) const NO_SCHEME: [&str; 0] = [];
pub(super) const PERSON_SCHEMES: [&str; 2] = ["AccessToken", "PersonalAccessToken"];
pub(super) const SIGNED_IN_SCHEMES: [&str; 1] = ["AccessToken"];
pub(super) const SDK_SCHEMES: [&str; 2] = ["ApiKey", "ApiKeyAsBearer"];
pub(super) const TOKEN_SCHEMES: [&str; 1] = ["StreamToken"];

/// Every scheme, by its name in the document.
pub(super) fn schemes() -> [(&'static str, MetaSecurityScheme); 5] {
    let scheme = |ty, description| MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    [
        (
            "AccessToken",
            MetaSecurityScheme {
                scheme: Some("bearer"),
                bearer_format: Some("JWT"),
                ..scheme(
                    "http",
                    "The `access_token` of `POST /api/v1/auth/login`, for people and management.",
                )
            },
        ),
        (
            "PersonalAccessToken",
            MetaSecurityScheme {
                scheme: Some("bearer"),
                ..scheme("http", "The `token` of `POST /api/v1/auth/tokens`, for scripts that manage.")
            },
        ),
        (
            "ApiKey",
            MetaSecurityScheme {
                name: Some("X-API-Key"),
                key_in: Some("header"),
                ..scheme("apiKey", "An API key (SDK key) of one environment, for SDKs and servers.")
            },
        ),
        (
            "ApiKeyAsBearer",
            MetaSecurityScheme {
                scheme: Some("bearer"),
                ..scheme("http", "The same API key, as OpenFeature providers send it.")
            },
        ),
        (
            "StreamToken",
            MetaSecurityScheme {
                name: Some(STREAM_TOKEN),
                key_in: Some("query"),
                ..scheme("apiKey", "A token that opens one stream and nothing else, for at most an hour.")
            },
        ),
    ]
}

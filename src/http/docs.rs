//! The published document and its page: `/openapi.json`, and Swagger UI under `/docs` from what is embedded. The page
//! has its scripts in files of their own, so that its content security policy names no inline script, and it asks no
//! other host for anything. Both are made when somebody looks: a server that only evaluates neither starts later nor is
//! larger for them.

use std::io;
use std::sync::Arc;

use poem::http::HeaderValue;
use poem::{Endpoint, Request, Response, Route};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::http::coding::from_zstd;
use crate::http::error::{ApiError, Code};
use crate::http::file::{Caching, File, embedded};

/// Where everything is, for the table of known paths.
pub const PATHS: [&str; 5] =
    ["/openapi.json", "/docs", "/docs/swagger-ui.js", "/docs/swagger-ui.css", "/docs/start.js"];

/// Scripts and styles are files of ours and pictures may be data; Chromium shows the page without a complaint.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Swagger UI, as `assets/vendor/swagger-ui` says, and its style.
const SCRIPT: &str = "vendor/swagger-ui/swagger-ui-bundle.js.zst";
const STYLE: &str = "vendor/swagger-ui/swagger-ui.css.zst";

// Relative addresses, so that the page also works below a prefix of a proxy.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>PhaseFlag API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<script src="docs/swagger-ui.js" defer></script>
<script src="docs/start.js" defer></script>
</head>
<body><div id="ui"></div></body>
</html>
"#;

// Without `validatorUrl` the page would show a badge of another host.
const START: &str = "SwaggerUIBundle({
  dom_id: '#ui',
  url: new URL('openapi.json', document.baseURI).href,
  deepLinking: true,
  validatorUrl: null,
});
";

/// The files of Swagger UI.
struct SwaggerUi {
    page: File,
    script: File,
    style: File,
    start: File,
}

impl SwaggerUi {
    fn new() -> io::Result<Self> {
        Ok(Self {
            page: File::new(PAGE, "text/html; charset=utf-8"),
            script: File::new(unpacked(SCRIPT)?, "text/javascript; charset=utf-8"),
            style: File::new(unpacked(STYLE)?, "text/css; charset=utf-8"),
            start: File::new(START, "text/javascript; charset=utf-8"),
        })
    }
}

/// An embedded file that is kept compressed.
fn unpacked(path: &str) -> io::Result<Vec<u8>> {
    from_zstd(&embedded(path).ok_or(io::ErrorKind::NotFound)?)
}

/// Makes the document.
type Describe = dyn Fn() -> Result<Value, ApiError> + Send + Sync;

/// Answers the paths of [`PATHS`].
#[derive(Clone)]
pub struct Docs(Arc<Inner>);

struct Inner {
    describe: Arc<Describe>,
    document: OnceCell<File>,
    ui: OnceCell<SwaggerUi>,
}

impl Docs {
    /// Publishes the document that `describe` makes; it is called when the document is asked for, and not again once
    /// it has succeeded.
    pub fn new(describe: impl Fn() -> Result<Value, ApiError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { describe: Arc::new(describe), document: OnceCell::new(), ui: OnceCell::new() }))
    }

    /// Adds the paths to the routes.
    #[must_use]
    pub fn mount(self, route: Route) -> Route {
        PATHS.iter().fold(route, |route, path| route.at(path, poem::get(self.clone())))
    }

    /// Who asks while it is being made waits for that.
    async fn document(&self) -> Result<&File, ApiError> {
        let make = || {
            let describe = Arc::clone(&self.0.describe);
            aside(move || Ok(File::new(describe()?.to_string(), "application/json")))
        };
        self.0.document.get_or_try_init(make).await
    }

    async fn ui(&self) -> Result<&SwaggerUi, ApiError> {
        let make = || aside(|| SwaggerUi::new().map_err(ApiError::internal));
        self.0.ui.get_or_try_init(make).await
    }
}

/// Does what takes milliseconds where no request waits for it but those that asked.
async fn aside<T: Send + 'static>(
    make: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    spawn_blocking(make).await.map_err(ApiError::internal)?
}

impl Endpoint for Docs {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let file = match request.uri().path() {
            "/openapi.json" => self.document().await?,
            "/docs" => &self.ui().await?.page,
            "/docs/swagger-ui.js" => &self.ui().await?.script,
            "/docs/swagger-ui.css" => &self.ui().await?.style,
            "/docs/start.js" => &self.ui().await?.start,
            _ => return Err(ApiError::of(Code::NotFound).into()),
        };
        Ok(file.answer(&request, POLICY, Caching::Asked))
    }
}

#[cfg(test)]
mod tests {
    use poem::http::StatusCode;
    use poem::test::{TestClient, TestResponse};
    use serde_json::json;

    use super::*;
    use crate::auth::entropy::sha256;
    use crate::domain::hex;

    async fn get(path: &str, tag: &str) -> TestResponse {
        let docs = Docs::new(|| Ok(json!({"openapi": "3.1.0"})));
        TestClient::new(docs.mount(Route::new())).get(path).header("if-none-match", tag).send().await
    }

    #[tokio::test]
    async fn every_file_is_served_once_and_then_remembered() {
        for path in PATHS {
            let response = get(path, "").await;
            response.assert_status_is_ok();
            response.assert_header("cache-control", "no-cache");
            let tag = response.0.header("etag").unwrap().to_owned();
            assert!(!response.0.into_body().into_bytes().await.unwrap().is_empty());
            let response = get(path, &tag).await;
            response.assert_status(StatusCode::NOT_MODIFIED);
            assert!(response.0.into_body().is_empty());
        }
    }

    #[tokio::test]
    async fn the_page_has_no_inline_script_and_names_no_other_host() {
        let response = get("/docs", "").await;
        let policy = response.0.header("content-security-policy").unwrap();
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
        assert_eq!(scripts.trim(), "script-src 'self'");
        assert!(!PAGE.contains("//") && !START.contains("//"));
        assert!(PAGE.split("<script").skip(1).all(|script| script.starts_with(" src=\"docs/")));
    }

    #[tokio::test]
    async fn the_parts_of_the_page_are_what_was_published() {
        let sums = include_str!("../../assets/vendor/swagger-ui/SHA256SUMS");
        for (path, name) in
            [("/docs/swagger-ui.js", "swagger-ui-bundle.js"), ("/docs/swagger-ui.css", "swagger-ui.css")]
        {
            let served = get(path, "").await.0.into_body().into_bytes().await.unwrap();
            let digits = hex::write(&sha256(&[&served]));
            assert!(sums.contains(&format!("{digits}  {name}\n")), "{name}: {digits}");
        }
        let document = get("/openapi.json", "").await.0.into_body().into_string().await.unwrap();
        assert_eq!(document, r#"{"openapi":"3.1.0"}"#);
    }
}

//! The dashboard: its page at `/` and at every path that is no other's and is asked for as HTML, its parts below
//! `/assets/`. It has no server of its own: what it shows and does goes through the API.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use poem::http::{HeaderMap, HeaderValue, Method, header};
use poem::{Endpoint, Request, Response, Route};

use super::error::{ApiError, Code};
use super::file::{self, File};

/// Scripts and styles are files of ours, and nothing makes HTML of data: what would is refused by the browser. The
/// templates of lit-html are the one exception, which that library makes of its constant texts.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types lit-html",
);

/// Below which its parts are.
const ROOT: &str = "/assets/";
/// The page, below `assets/`.
const PAGE: &str = "index.html";

/// The style sheet of the page, which imports all others.
const SHEET: &str = "styles.css";

/// What is served, by the end of its name, and as what. Other files below `assets/` are for those who read the source.
const KINDS: [(&str, &str); 4] = [
    (".js", "text/javascript; charset=utf-8"),
    (".css", "text/css; charset=utf-8"),
    (".svg", "image/svg+xml"),
    (PAGE, "text/html; charset=utf-8"),
];

/// What the file at this path below `assets/` is served as, if it is served.
fn kind(path: &str) -> Option<&'static str> {
    KINDS.iter().find(|(end, _)| path.ends_with(end)).map(|(_, kind)| *kind)
}

/// What the file at this path below `assets/` is served with. In the sheet each line that imports another one has that in its
/// place: each file that a browser has to ask for makes the first screen later.
fn content(path: &str) -> Option<Bytes> {
    let bytes = file::embedded(path)?;
    if path != SHEET {
        return Some(bytes);
    }
    let imported = |line: &str| line.strip_prefix("@import \"")?.strip_suffix("\";").map(str::to_owned);
    let mut whole = Vec::new();
    for line in std::str::from_utf8(&bytes).ok()?.lines() {
        match imported(line) {
            Some(part) => whole.extend_from_slice(&file::embedded(&part)?),
            None => whole.extend_from_slice(line.as_bytes()),
        }
        whole.push(b'\n');
    }
    Some(whole.into())
}

/// The addresses of everything that is served, for the table of known paths.
pub fn paths() -> Vec<String> {
    let parts = file::paths().filter(|path| kind(path).is_some() && path != PAGE);
    std::iter::once("/".to_owned()).chain(parts.map(|path| format!("{ROOT}{path}"))).collect()
}

/// Answers for the dashboard.
#[derive(Clone)]
pub struct Dashboard(Arc<HashMap<Cow<'static, str>, OnceLock<File>>>);

impl Dashboard {
    /// Over what is embedded.
    pub fn new() -> Self {
        let served = file::paths().filter(|path| kind(path).is_some());
        Self(Arc::new(served.map(|path| (path, OnceLock::new())).collect()))
    }

    /// Adds its paths to the routes, and every path that no other route takes.
    #[must_use]
    pub fn mount(self, route: Route) -> Route {
        route.at("/", poem::get(self.clone())).at("/*path", self)
    }

    /// The file at this path below `assets/`. A debug build looks at the disk each time.
    fn file(&self, path: &str) -> Option<File> {
        let read = || Some(File::new(content(path)?, kind(path)?));
        if cfg!(debug_assertions) {
            return read();
        }
        let place = self.0.get(path)?;
        if let Some(file) = place.get() {
            return Some(file.clone());
        }
        read().map(|file| place.get_or_init(|| file).clone())
    }
}

impl Default for Dashboard {
    fn default() -> Self {
        Self::new()
    }
}

impl Endpoint for Dashboard {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        let file = match path.strip_prefix(ROOT) {
            Some(part) => self.file(part).filter(|_| part != PAGE),
            None if path == "/" || wants_page(request.method(), request.headers()) => self.file(PAGE),
            None => None,
        };
        let file = file.ok_or_else(|| ApiError::of(Code::NotFound))?;
        Ok(file.answer(&request, POLICY))
    }
}

/// Whether this is somebody with a browser who follows an address.
fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    let names_html = |entry: &str| entry.split(';').next().is_some_and(|media| media.trim() == "text/html");
    *method == Method::GET && accepted.is_some_and(|accepted| accepted.split(',').any(names_html))
}

#[cfg(test)]
mod tests {
    use poem::http::StatusCode;
    use poem::test::TestClient;

    use super::*;

    #[tokio::test]
    async fn every_embedded_file_is_answered() {
        let client = TestClient::new(Dashboard::new().mount(Route::new()));
        let paths = paths();
        assert!(!paths.is_empty());
        for path in paths {
            let response = client.get(&path).send().await;
            response.assert_status_is_ok();
            response.assert_header("cache-control", "no-cache");
            let tag = response.0.header("etag").unwrap().to_owned();
            assert!(!response.0.into_body().into_bytes().await.unwrap().is_empty(), "{path}");
            let again = client.get(&path).header("if-none-match", tag).send().await;
            again.assert_status(StatusCode::NOT_MODIFIED);
        }
    }

    #[tokio::test]
    async fn the_sheet_is_all_of_the_sheets() {
        let client = TestClient::new(Dashboard::new().mount(Route::new()));
        let read = async |path: &str| {
            let response = client.get(path).send().await;
            response.assert_status_is_ok();
            response.0.into_body().into_string().await.unwrap()
        };
        let whole = read("/assets/styles.css").await;
        assert!(!whole.contains("@import"));
        let sheets: Vec<_> = paths().into_iter().filter(|path| path.starts_with("/assets/styles/")).collect();
        assert!(!sheets.is_empty());
        for path in sheets {
            assert!(whole.contains(&read(&path).await), "{path}");
        }
    }

    #[tokio::test]
    async fn a_page_is_for_those_who_ask_for_html() {
        let client = TestClient::new(Dashboard::new().mount(Route::new()));
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (path, accept, found) in [
            ("/flags/new-checkout", browser, true),
            ("/flags/new-checkout", "TEXT/HTML", false),
            ("/flags/new-checkout", "application/json", false),
            ("/flags/new-checkout", "*/*", false),
            ("/assets/app/nothing.js", browser, false),
            ("/assets/index.html", browser, false),
            ("/assets/vendor/swagger-ui/LICENSE", browser, false),
            ("/assets/../Cargo.toml", browser, false),
        ] {
            let response = client.get(path).header("accept", accept).send().await;
            assert_eq!(response.0.status() == StatusCode::OK, found, "{path} {accept}");
        }
        let posted = client.post("/flags").header("accept", browser).send().await;
        posted.assert_status(StatusCode::NOT_FOUND);
    }
}

//! The dashboard: its page at `/` and at every path that is no other's and is asked for as HTML, its parts below
//! `/assets/`. It has no server of its own: what it shows and does goes through the API.
//!
//! The page names its parts below `/assets/<version>/`, where they never change: a browser asks for each of them once, and a
//! page never mixes the parts of two builds. One that is still open after an upgrade finds nothing below its old version.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use poem::http::{HeaderMap, HeaderValue, Method, header};
use poem::{Endpoint, Request, Response, Route};

use super::error::{ApiError, Code};
use super::file::{self, Caching, File};
use crate::auth::entropy::Sha256;
use crate::domain::hex;

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

/// Bytes of the digest that is the version.
const VERSION_BYTES: usize = 8;

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

/// What is served, by its path below `assets/`.
fn served() -> impl Iterator<Item = Cow<'static, str>> {
    file::paths().filter(|path| kind(path).is_some())
}

/// The addresses of everything that is served, for the table of known paths.
pub fn paths() -> Vec<String> {
    let parts = served().filter(|path| path != PAGE);
    let addresses = parts.flat_map(|path| [format!("{ROOT}{path}"), format!("{ROOT}{{version}}/{path}")]);
    std::iter::once("/".to_owned()).chain(addresses).collect()
}

/// What this build's parts are together: the beginning of a digest.
fn version() -> String {
    let mut digest = Sha256::new();
    for path in served() {
        let bytes = file::embedded(&path).unwrap_or_default();
        digest.update(path.as_bytes());
        digest.update(&bytes.len().to_le_bytes());
        digest.update(&bytes);
    }
    hex::write(&digest.finish()[..VERSION_BYTES])
}

/// Answers for the dashboard.
#[derive(Clone)]
pub struct Dashboard(Arc<Parts>);

struct Parts {
    files: HashMap<Cow<'static, str>, OnceLock<File>>,
    /// Below which the page finds its parts, with slashes around it; absent: they may change while the server runs.
    version: Option<String>,
}

impl Dashboard {
    /// Over what is embedded. A debug build, which looks at the disk each time, has no version.
    pub fn new() -> Self {
        Self::of((!cfg!(debug_assertions)).then(version))
    }

    fn of(version: Option<String>) -> Self {
        let files = served().map(|path| (path, OnceLock::new())).collect();
        Self(Arc::new(Parts { files, version: version.map(|version| format!("{ROOT}{version}/")) }))
    }

    /// Adds its paths to the routes, and every path that no other route takes.
    #[must_use]
    pub fn mount(self, route: Route) -> Route {
        route.at("/", poem::get(self.clone())).at("/*path", self)
    }

    /// The file at this path below `assets/`.
    fn file(&self, path: &str) -> Option<File> {
        let read = || Some(File::new(self.content(path)?, kind(path)?));
        if cfg!(debug_assertions) {
            return read();
        }
        let place = self.0.files.get(path)?;
        if let Some(file) = place.get() {
            return Some(file.clone());
        }
        read().map(|file| place.get_or_init(|| file).clone())
    }

    /// What a file is served with: the page names its parts of this version.
    fn content(&self, path: &str) -> Option<Bytes> {
        let bytes = content(path)?;
        match &self.0.version {
            Some(version) if path == PAGE => Some(
                str::from_utf8(&bytes).ok()?.replace(&format!("\"{ROOT}"), &format!("\"{version}")).into(),
            ),
            _ => Some(bytes),
        }
    }

    /// What is at this address, and how long a browser may keep it.
    fn find(&self, request: &Request) -> Option<(File, Caching)> {
        let path = request.uri().path();
        let part = |part: &str| self.file(part).filter(|_| part != PAGE);
        let lasting = self.0.version.as_ref().and_then(|version| path.strip_prefix(version.as_str()));
        if let Some(lasting) = lasting {
            return Some((part(lasting)?, Caching::Forever));
        }
        let file = match path.strip_prefix(ROOT) {
            Some(passing) => part(passing),
            None if path == "/" || wants_page(request.method(), request.headers()) => self.file(PAGE),
            None => None,
        };
        Some((file?, Caching::Asked))
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
        let (file, caching) = self.find(&request).ok_or_else(|| ApiError::of(Code::NotFound))?;
        Ok(file.answer(&request, POLICY, caching))
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
        let paths: Vec<_> = paths().into_iter().filter(|path| !path.contains('{')).collect();
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
    async fn the_parts_of_a_version_are_kept_forever_and_those_of_another_are_not_there() {
        let version = version();
        let client = TestClient::new(Dashboard::of(Some(version.clone())).mount(Route::new()));
        let page = client.get("/").send().await;
        page.assert_header("cache-control", "no-cache");
        let page = page.0.into_body().into_string().await.unwrap();
        let named: Vec<_> = page.split('"').filter(|part| part.starts_with(ROOT)).collect();
        assert!(named.len() > 10);
        for path in named {
            assert!(path.starts_with(&format!("{ROOT}{version}/")), "{path}");
        }
        for path in paths().into_iter().filter(|path| path.contains('{')) {
            let response = client.get(path.replace("{version}", &version)).send().await;
            response.assert_status_is_ok();
            response.assert_header("cache-control", "public, max-age=31536000, immutable");
            let other = client.get(path.replace("{version}", "0000000000000000")).send().await;
            other.assert_status(StatusCode::NOT_FOUND);
        }
        client.get(format!("{ROOT}{version}/{PAGE}")).send().await.assert_status(StatusCode::NOT_FOUND);
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

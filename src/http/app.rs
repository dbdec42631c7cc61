//! The routes, what they share, and the document that describes them.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use poem::http::Method;
use poem::web::Redirect;
use poem::{Endpoint, IntoEndpoint, Response, Route, endpoint::make_sync};
use poem_openapi::OpenApiService;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{
    control::Control,
    domain::time::Timestamp,
    http::{
        ApiError, api,
        docs::{self, Docs},
        guard::Guard,
        middleware::{
            Dialect, Outermost, Settings, body::BodyLimits, cors::Cors, paths::Paths,
            request_id::MakeRequestId,
        },
        ofrep::failure,
        openapi,
        plane::Limits,
        rulesets::Rulesets,
    },
    live::feed::StreamLimits,
};

/// What the API is called in its document.
const TITLE: &str = "PhaseFlag";

/// Single paths that the document describes.
const DESCRIBED_PATHS: [&str; 2] = ["/health", "/ready"];
/// Below which everything is described.
const DESCRIBED_ROOTS: [&str; 2] = ["/api", "/ofrep"];

/// Backups that are taken or sent at the same time, at most: each takes the size of the data on the disk.
pub const MAX_BACKUPS: usize = 1;

/// Tells the moment.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every handler may use.
pub struct App {
    /// Everything that decides and changes.
    pub control: Arc<Control>,
    /// The limits of every plane.
    pub limits: Limits,
    /// Rulesets as they were sent last.
    pub rulesets: Rulesets,
    /// How many streams there may be.
    pub streams: StreamLimits,
    /// Whose turn it is to take a backup.
    pub backups: Arc<Semaphore>,
    /// Tells the moment.
    pub clock: Clock,
    /// Whether a proxy at this address may name another client.
    pub trusts: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Whether requests are welcome: not any more once shutdown has begun.
    pub ready: AtomicBool,
}

impl App {
    /// From here on `GET /ready` says no, and streams end.
    pub fn stop_being_ready(&self) {
        self.ready.store(false, Ordering::Relaxed);
        self.control.live().close();
    }
}

fn service(app: &Arc<App>) -> OpenApiService<impl poem_openapi::OpenApi, ()> {
    OpenApiService::new(api::all(app), TITLE, env!("CARGO_PKG_VERSION"))
        .summary("Feature flags from one executable with one data file.")
        .description(api::DESCRIPTION)
        .server("/")
}

/// The document that describes the API: `OpenAPI` 3.1.
pub fn document(app: &Arc<App>) -> Result<Value, ApiError> {
    let notes = api::notes().map_err(ApiError::internal)?;
    openapi::document(&service(app).spec(), &notes).map_err(ApiError::internal)
}

/// Everything that is served. `make_request_id` names requests that have no name.
pub fn routes(
    app: &Arc<App>,
    cors: Cors,
    make_request_id: MakeRequestId,
) -> Result<impl Endpoint<Output = Response> + use<>, ApiError> {
    let document = document(app)?;
    let mut paths = Paths::of_document(&document).with("/", &[Method::GET]);
    for path in docs::PATHS {
        paths = paths.with(path, &[Method::GET]);
    }
    let home = make_sync(|_| Redirect::see_other("/docs"));
    let described = Arc::new(service(app).into_endpoint());
    let open = Docs::new(&document).mount(Route::new().at("/", poem::get(home)));
    let open = DESCRIBED_PATHS.iter().fold(open, |open, path| open.at(path, Arc::clone(&described)));
    let open =
        DESCRIBED_ROOTS.iter().fold(open, |open, root| open.nest_no_strip(root, Arc::clone(&described)));
    let settings = Settings {
        cors,
        body: BodyLimits::default(),
        larger_bodies: Vec::new(),
        paths,
        clock: Arc::clone(&app.clock),
        make_request_id,
        dialect: Dialect { root: failure::ROOT, translate: failure::translate },
    };
    let guarded = Guard::new(api::with_shortcut(app, open), Arc::clone(app));
    Ok(Outermost::new(guarded, settings))
}

//! The routes, what they share, and the document that describes them.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use poem::http::Method;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route};
use poem_openapi::{OpenApi, OpenApiService, registry::MetaApi};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{
    control::Control,
    domain::time::Timestamp,
    http::{
        ApiError, api,
        dashboard::{self, Dashboard},
        docs::{self, Docs},
        guard::Guard,
        metrics::ProcessFigures,
        middleware::{
            Dialect, Outermost, Settings,
            body::{BodyLimits, MAX_IMPORT},
            cors::Cors,
            paths::Paths,
            request_id::MakeRequestId,
        },
        ofrep::failure,
        openapi,
        plane::Limits,
        rulesets::Rulesets,
    },
    live::feed::StreamLimits,
    trace::Tracer,
};

/// What the API is called in its document.
const TITLE: &str = "PhaseFlag";

/// Single paths that the document describes.
const DESCRIBED_PATHS: [&str; 2] = ["/health", "/ready"];
/// One more, which is told of all paths.
const METRICS_PATH: &str = "/metrics";
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
    /// Whether a proxy at this address, or at none, may name another client.
    pub trusts: Box<dyn Fn(Option<IpAddr>) -> bool + Send + Sync>,
    /// Takes spans, if anything is traced.
    pub tracer: Option<Arc<Tracer>>,
    /// What the process takes of the machine, as far as that can be told.
    pub process: fn() -> ProcessFigures,
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

fn service(app: &Arc<App>) -> OpenApiService<impl OpenApi + use<>, ()> {
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

/// What there is to ask for: what the handlers declare, and what the document does not describe.
fn paths<T: OpenApi>(service: &OpenApiService<T, ()>) -> Paths {
    let apis = declared(service);
    let paths = apis.iter().flat_map(|api| &api.paths);
    let operations = paths.flat_map(|path| path.operations.iter().map(|known| (&*path.path, &known.method)));
    let parts = dashboard::paths();
    let files =
        docs::PATHS.into_iter().chain(parts.iter().map(String::as_str)).map(|path| (path, &Method::GET));
    Paths::of(operations.chain(files))
}

/// What the handlers of a service declare. The framework tells it of their types, which have no name here.
fn declared<T: OpenApi>(_: &OpenApiService<T, ()>) -> Vec<MetaApi> {
    T::meta()
}

/// Everything that is served. `make_request_id` names requests that have no name.
pub fn routes(
    app: &Arc<App>,
    cors: Cors,
    make_request_id: MakeRequestId,
) -> impl Endpoint<Output = Response> + use<> {
    let describing = Arc::clone(app);
    let docs = Docs::new(move || document(&describing));
    let open = Dashboard::new().mount(docs.mount(Route::new()));
    let service = service(app);
    let paths = Arc::new(paths(&service));
    let described = Arc::new(service.into_endpoint());
    let open = DESCRIBED_PATHS.iter().fold(open, |open, path| open.at(path, Arc::clone(&described)));
    let open =
        DESCRIBED_ROOTS.iter().fold(open, |open, root| open.nest_no_strip(root, Arc::clone(&described)));
    let open = open.at(METRICS_PATH, Arc::clone(&described).data(Arc::clone(&paths)));
    let settings = Settings {
        cors,
        body: BodyLimits::default(),
        larger_bodies: vec![(api::manifests::IMPORT_PATH, MAX_IMPORT)],
        paths,
        clock: Arc::clone(&app.clock),
        make_request_id,
        dialect: Dialect { root: failure::ROOT, translate: failure::translate },
        tracer: app.tracer.clone(),
    };
    let guarded = Guard::new(api::with_shortcut(app, open), Arc::clone(app));
    Outermost::new(guarded, settings)
}

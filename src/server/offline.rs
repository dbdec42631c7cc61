//! The server without a listener: a data file that no server has open, and the same routes over it, asked from inside
//! of this process by the operator of the machine. So a command is written once, against the API.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::{Error, observation, open_store, request_ids, system_clock, throwaway, undamaged};
use crate::{
    auth::{entropy::SystemEntropy, password::Strength},
    config::DEFAULT_STALE_AFTER_DAYS,
    control::{Control, Settings},
    domain::user::Registration,
    http::{
        app::{self, App, MAX_BACKUPS},
        direct::Direct,
        handover::Content,
        middleware::cors::Cors,
        plane::Limits,
        rulesets::Rulesets,
        wire::letter,
    },
    live::feed::StreamLimits,
    store::{OpenError, Store},
};

/// A data file that can be asked like a server. Dropping it closes the file.
pub struct Offline {
    routes: Direct,
    // Dropped after the routes, which share what it closes.
    _closing: Closing,
}

/// Closes the data file when it is dropped, after the last change.
struct Closing(Option<Arc<App>>);

impl Drop for Closing {
    fn drop(&mut self) {
        let app = self.0.take().and_then(Arc::into_inner);
        if let Some(control) = app.and_then(|app| Arc::into_inner(app.control)) {
            control.close();
        }
    }
}

impl Offline {
    /// Opens the data file at `path` as a start does: one of an older version is copied and migrated. It has to be there.
    pub fn open(path: &Path, stale_after_days: u32) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::Open(OpenError::Inaccessible(
                path.to_path_buf(),
                "there is no such file".into(),
            )));
        }
        let open = || open_store(path).and_then(|store| unheard(store, stale_after_days, Strength::Full));
        Ok(Self::over(undamaged(path, open)?))
    }

    /// A server in memory that has what the document `text` says, and nobody else. `name` stands before the places of
    /// faults. To be called within a runtime.
    pub async fn planted(name: &str, text: &str) -> Result<Self, Error> {
        let store = Store::in_memory().map_err(Error::Open)?;
        let app = unheard(store, DEFAULT_STALE_AFTER_DAYS, Strength::Throwaway)?;
        throwaway::grow(&app, Some((name, text))).await?;
        Ok(Self::over(app))
    }

    pub(super) fn over(app: Arc<App>) -> Self {
        // No browser asks here.
        let routes = Direct::to(app::routes(&app, Cors::Any, request_ids()));
        Self { routes, _closing: Closing(Some(app)) }
    }

    /// Asks. To be called within a runtime.
    pub async fn send(&self, request: hyper::Request<Bytes>) -> hyper::Response<Content> {
        self.routes.send(request).await
    }
}

/// What the routes share where nobody listens: no limits, as nobody else is asking.
pub(super) fn unheard(store: Store, stale_after_days: u32, strength: Strength) -> Result<Arc<App>, Error> {
    let settings = Settings {
        signing_secret: None,
        access_lifetime: 0,
        refresh_lifetime: 0,
        registration: Registration::Open,
        strength,
        stale_after_days,
        instruments: observation::instruments(),
        event_body: letter::body,
    };
    let control = Control::start(store, SystemEntropy::new(), settings).map_err(Error::Load)?;
    Ok(Arc::new(App {
        control: Arc::new(control),
        limits: Limits::per_minute(0, 0, 0, 0),
        rulesets: Rulesets::default(),
        backups: Arc::new(Semaphore::new(MAX_BACKUPS)),
        streams: StreamLimits { total: 0, per_key: 0 },
        clock: system_clock(),
        trusts: Box::new(|_| false),
        tracer: None,
        process: observation::process,
        ready: AtomicBool::new(true),
    }))
}

//! The composition root: opens the data, wires the layers, listens, shuts down. Clock and entropy are read here and
//! handed down.

mod certificate;
mod courier;
mod door;
#[cfg(test)]
mod durability;
mod greeting;
mod observation;
pub mod offline;
mod scheduler;
mod signals;
mod supervisor;
pub mod throwaway;
mod upkeep;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::{
    auth::{entropy::SystemEntropy, password::Strength},
    config::{Config, CorsOrigins, DEFAULT_STALE_AFTER_DAYS, Host, Origin},
    control::{self, Control, Settings, instruments::Instruments},
    domain::{id, time::Timestamp},
    http::{
        app::{self, App, Clock, MAX_BACKUPS},
        listen::{self, ListenLimits},
        listener::Address,
        middleware::{cors::Cors, request_id::MakeRequestId},
        plane::Limits,
        rulesets::Rulesets,
        wire::letter,
    },
    live::feed::StreamLimits,
    store::{OpenError, Store},
};
use certificate::Certificate;
use door::Door;
pub use greeting::Accounts;
use greeting::Greeting;
use observation::Exporter;
use signals::{Signals, Told};
use throwaway::{Parent, ReadyFile};
use upkeep::{close, upkeep, upkeep_call};

/// How long those who are connected may still send a request after SIGTERM: longer than one is on its way.
const GRACE: Duration = Duration::from_millis(500);

/// Why the server did not start; prints as one sentence.
#[derive(Debug)]
pub enum Error {
    /// The data file.
    Open(OpenError),
    /// What is in the data file.
    Load(control::Error),
    /// The address.
    Listen(String, std::io::Error),
    /// What a throwaway server was to start with.
    Seed(String),
    /// The process.
    Process(String),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(out),
            Self::Load(control::Error::Storage(error)) => error.fmt(out),
            Self::Load(control::Error::Internal(why)) | Self::Process(why) | Self::Seed(why) => {
                out.write_str(why)
            }
            Self::Load(error) => write!(out, "the data file cannot be loaded: {error:?}"),
            Self::Listen(address, error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                write!(out, "the address {address} is in use by another process")
            }
            Self::Listen(address, error) => write!(out, "cannot listen on {address}: {error}"),
        }
    }
}

impl std::error::Error for Error {}

/// A server that is listening.
pub struct Running {
    /// Where it listens.
    pub address: Address,
    /// Whether anybody had an account when it started.
    pub accounts: Accounts,
    certificate: Option<Certificate>,
    stop: oneshot::Sender<Duration>,
    serving: JoinHandle<()>,
}

impl Running {
    /// Where clients on this machine find it.
    pub fn url(&self) -> String {
        let address = match &self.address {
            Address::Tcp(address) => address,
            socket @ Address::Unix(_) => return socket.to_string(),
        };
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}:{}", Host::Address(address.ip()).reachable(), address.port())
    }

    /// Takes no more requests, finishes those in flight, writes everything down, and closes the data file.
    pub async fn shut_down(self) {
        self.take_leave(Duration::ZERO).await;
    }

    /// The same, for clients that know nothing of it: for so long, those who are connected may still send a request.
    pub async fn take_leave(self, grace: Duration) {
        // If the server has ended by itself, there is nothing to stop.
        let _ended = self.stop.send(grace);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server ended abnormally");
        }
    }

    fn is_secured(&self) -> bool {
        self.certificate.is_some()
    }

    /// Reads again what can be replaced while it serves.
    fn reload(&self) {
        match &self.certificate {
            Some(certificate) => certificate.reload(),
            None => tracing::info!("told to read its certificate again, but there is none"),
        }
    }
}

/// How a server ended that was told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// After it had finished everything.
    Finished,
    /// At once, since it was told a second time.
    Cut,
}

/// The clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}

/// Bytes that nobody can foresee.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    let failed = |_| Error::Process("no randomness is to be had".to_owned());
    SystemEntropy::new().fill(&mut bytes).map(|()| bytes).map_err(failed)
}

/// Serves until the process is told to stop.
pub fn run(config: &Config) -> Result<Ended, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Process(format!("the process cannot start its threads: {error}")))?;
    let ended = runtime.block_on(async {
        let began = Instant::now();
        let mut signals = Signals::install()?;
        let parent = Parent::now();
        let (running, _ready_file) = begin(config).await?;
        let greeting = Greeting::new(&running, config, began.elapsed());
        greeting.log();
        if config.log.is_human() {
            eprint!("{greeting}");
        }
        supervisor::ready(&running.url());
        tokio::spawn(supervisor::stay_alive());
        wait(config, &running, &mut signals, parent).await;
        tracing::info!("shutting down");
        supervisor::stopping();
        tokio::select! {
            () = running.take_leave(GRACE) => Ok(Ended::Finished),
            () = signals.stop() => {
                tracing::warn!("told to stop a second time; requests in flight are cut");
                Ok(Ended::Cut)
            }
        }
    });
    // Nothing that matters is left, or it is not waited for.
    runtime.shutdown_background();
    ended
}

/// Starts what the settings say, and tells of it if it is a throwaway server.
async fn begin(config: &Config) -> Result<(Running, Option<ReadyFile>), Error> {
    if !config.throwaway.ephemeral {
        return Ok((start(config, system_clock()).await?, None));
    }
    let ready_file = config.throwaway.ready_file.as_deref();
    ready_file.map_or(Ok(()), ReadyFile::clear)?;
    let seed = throwaway::seed_text(config)?;
    let seed = seed.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    let (running, ready) = throwaway::start(config, system_clock(), seed).await?;
    let content = ready.to_json();
    let file = ready_file.map(|path| ReadyFile::write(path, &content)).transpose()?;
    throwaway::tell(&content);
    Ok((running, file))
}

/// Waits until the server is to stop: because it was told to, or because nobody is left who needs it.
async fn wait(config: &Config, running: &Running, signals: &mut Signals, parent: Parent) {
    let alone = async {
        if !config.throwaway.ephemeral || config.throwaway.outlive_parent {
            return std::future::pending().await;
        }
        parent.ends().await;
    };
    let told = async {
        while signals.next().await == Told::Reload {
            supervisor::reloading();
            running.reload();
            supervisor::ready(&running.url());
        }
    };
    tokio::select! {
        () = told => {}
        () = alone => tracing::info!("the process that started this server has ended"),
    }
}

/// Opens the data and begins to listen; on return the server is ready.
pub async fn start(config: &Config, clock: Clock) -> Result<Running, Error> {
    let (instruments, exporter) = observation::begin(&config.otlp)?;
    serve(config, open(config, clock, instruments)?, exporter).await
}

/// Begins to listen.
async fn serve(config: &Config, app: Arc<App>, exporter: Option<Exporter>) -> Result<Running, Error> {
    let certificate = Certificate::open(&config.listen.tls)?;
    let Door { listener, address, file } = Door::open(&config.listen).await?;
    let routes = app::routes(&app, cors(&config.cors_origins)?, request_ids());

    let settled = app.control.has_accounts().map_err(Error::Load)?;
    let accounts = if settled { Accounts::Some } else { Accounts::None };
    let (stop, stopped) = oneshot::channel();
    let limits = ListenLimits { connections: config.limits.max_connections, ..ListenLimits::default() };
    let stats_retention_days = config.statistics.stats_retention_days;
    let policy = config.webhooks.policy();
    let tls = certificate.as_ref().map(|certificate| Arc::clone(&certificate.tls));
    let serving = tokio::spawn(async move {
        let upkeep = tokio::spawn(upkeep(Arc::clone(&app), stats_retention_days));
        let scheduler = tokio::spawn(scheduler::run(Arc::clone(&app)));
        let (leash, courier) = courier::start(Arc::clone(&app), Arc::clone(&app.clock), policy);
        let leaving = Arc::clone(&app);
        let shutdown = async move {
            // A sender that was dropped means the same as one that spoke.
            let grace = stopped.await.unwrap_or_default();
            leaving.stop_being_ready();
            drop((file, leash));
            grace
        };
        listen::serve(listener, tls, routes, limits, shutdown).await;
        for task in [&upkeep, &scheduler] {
            task.abort();
        }
        let _ended = tokio::join!(upkeep, scheduler, courier);
        close(app).await;
        observation::finish(exporter).await;
    });
    Ok(Running { address, accounts, certificate, stop, serving })
}

fn open_store(path: &Path) -> Result<Store, Error> {
    let store = Store::open(path).map_err(Error::Open)?;
    if let Some(kept) = store.kept() {
        tracing::warn!(data = %path.display(), kept = %kept.display(), "the data file was of an older version");
    }
    Ok(store)
}

/// Opens the data, and loads all of it. What redb finds in damaged pages may make it panic; this is the one place
/// where everything is read, so most damage shows here.
fn open(config: &Config, clock: Clock, instruments: Instruments) -> Result<Arc<App>, Error> {
    let path = &config.data.data;
    undamaged(path, || open_store(path).and_then(|store| app(config, store, clock, instruments)))
}

/// What `open` makes of the file at `path`, unless that turns out to be damaged.
fn undamaged<T>(path: &Path, open: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| {
        let why = "its pages are damaged".to_owned();
        Err(Error::Open(OpenError::Unreadable(path.to_path_buf(), why)))
    })
}

/// What the routes share, over a store that is open.
fn app(config: &Config, store: Store, clock: Clock, instruments: Instruments) -> Result<Arc<App>, Error> {
    let tracer = instruments.tracer.clone();
    let settings = Settings {
        signing_secret: config.identity.jwt_secret_key.clone(),
        access_lifetime: config.identity.access_lifetime_seconds(),
        refresh_lifetime: config.identity.refresh_lifetime_seconds(),
        registration: config.identity.registration,
        strength: if config.throwaway.ephemeral { Strength::Throwaway } else { Strength::Full },
        stale_after_days: config.statistics.staleness.stale_after_days,
        instruments,
        event_body: letter::body,
    };
    let control = Control::start(store, SystemEntropy::new(), settings).map_err(Error::Load)?;
    let trusted = config.trusted_proxies.clone();
    Ok(Arc::new(App {
        control: Arc::new(control),
        limits: Limits::per_minute(
            config.limits.rate_limit_auth,
            config.limits.rate_limit_management,
            config.limits.rate_limit_evaluation,
            config.limits.rate_limit_ruleset,
        ),
        rulesets: Rulesets::default(),
        backups: Arc::new(Semaphore::new(MAX_BACKUPS)),
        streams: StreamLimits {
            total: config.limits.max_streams,
            per_key: config.limits.max_streams_per_key,
        },
        clock,
        trusts: Box::new(move |address| trusted.contains(address)),
        tracer,
        process: observation::process,
        ready: AtomicBool::new(true),
    }))
}

/// The document that describes the API. It depends on no setting and needs no data file.
pub fn openapi_document() -> Result<String, Error> {
    let store = Store::in_memory().map_err(Error::Open)?;
    let app = offline::unheard(store, DEFAULT_STALE_AFTER_DAYS, Strength::Full)?;
    let document = app::document(&app).map_err(|error| Error::Process(error.to_string()))?;
    Ok(format!("{document:#}"))
}

fn cors(origins: &CorsOrigins) -> Result<Cors, Error> {
    let parsed = match origins {
        CorsOrigins::Any => return Ok(Cors::Any),
        CorsOrigins::Listed(origins) => Cors::parse(origins.iter().map(Origin::as_str)),
    };
    parsed.map_err(|origin| Error::Process(format!("the origin `{origin}` cannot be sent in a header")))
}

/// Names for requests that have none: identifiers that sort by time. A name need not be secret, only hardly ever the
/// same: entropy tells processes apart, and a counter the requests of one.
fn request_ids() -> MakeRequestId {
    let mut random = [0; 16];
    let _predictable = SystemEntropy::new().fill(&mut random);
    let first = u128::from_le_bytes(random);
    let count = AtomicU64::new(0);
    Box::new(move |now| {
        let number = first.wrapping_add(count.fetch_add(1, Ordering::Relaxed).into());
        id::request_id(now.millis(), number)
    })
}

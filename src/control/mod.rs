//! The only way to learn and to change the truth: every function here decides whether the caller may, checks what
//! depends on the rest of the state, and makes the change whole.
//!
//! A change runs on one thread (`core.rs`) as one transaction (`change.rs`): authorise, load, apply, compile, audit,
//! commit, publish, answer. Readers take what is published; flags are read from memory, where the published ruleset
//! is the truth, everything else from the data file.

pub mod api_key;
pub mod audit;
pub mod backup;
pub mod call;
mod change;
pub mod compare;
mod core;
pub mod environment;
pub mod error;
pub mod event;
pub mod flag;
pub mod flag_change;
mod flag_check;
pub mod flag_life;
mod flag_target;
pub mod instruments;
pub mod invitation;
pub mod lifecycle;
mod load;
pub mod manifest;
pub mod member;
pub mod organization;
pub mod outbox;
pub mod personal_token;
pub mod preview;
pub mod project;
pub mod promotion;
pub mod ramp;
pub mod restoration;
pub mod revision;
pub mod schedule;
mod scope;
pub mod seed;
pub mod segment;
pub mod session;
pub mod stats;
pub mod usage;
pub mod user;
pub mod watch;
pub mod webhook;
mod writer;

use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;

use self::{
    core::Core,
    event::MakeBody,
    instruments::{Instruments, Measured},
    outbox::Outbox,
    writer::WriterThread,
};
use crate::{
    auth::{
        entropy::{SystemEntropy, sha256},
        jwt::JwtKey,
        password::{Hasher, Strength},
        refresh::RefreshKey,
        secret::{MIN_SECRET_BYTES, Secret},
        stream_token::StreamTokenKey,
    },
    domain::{audit::Actor, lifecycle::Patience, user::Registration},
    live::Live,
    store::{self, Store, snapshot::Snapshot},
};
pub use error::{Error, Thing};

/// What `control` needs to know of the settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The secret that signs tokens; where absent, the one in the data file, made on first start.
    pub signing_secret: Option<Secret>,
    /// How long an access token lives, in seconds.
    pub access_lifetime: i64,
    /// How long a session lives after its last refresh, in seconds.
    pub refresh_lifetime: i64,
    /// Whether strangers may make accounts.
    pub registration: Registration,
    /// How much work a guess of a password shall be.
    pub strength: Strength,
    /// After how many days without a sign of life a flag is stale.
    pub stale_after_days: u32,
    /// What changes are measured with.
    pub instruments: Instruments,
    /// Writes events for webhooks.
    pub event_body: MakeBody,
}

/// How large the data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Bytes of the data file, if there is one.
    pub file_bytes: Option<u64>,
    /// Entries of the audit log, of all organizations.
    pub audit_entries: u64,
    /// Schedules whose time is to come, of all organizations.
    pub pending_schedules: u64,
}

/// Everything that decides and changes.
pub struct Control {
    core: Arc<Core>,
    writer: WriterThread,
    hasher: Hasher,
    jwt: JwtKey,
    refresh: RefreshKey,
    stream_tokens: StreamTokenKey,
    /// Places for those who walk along the audit log.
    walks: Semaphore,
    /// What searches of the audit log found.
    audit_counts: store::audit::Counts,
    /// What a throwaway server is set back to.
    beginning: Arc<OnceLock<Snapshot>>,
    settings: Settings,
}

impl Control {
    /// Loads and compiles everything that `store` holds, and starts the writer.
    pub fn start(store: Store, entropy: SystemEntropy, settings: Settings) -> Result<Self, Error> {
        let secret = prepare(&store, &entropy, settings.signing_secret.clone())?;
        let jwt = JwtKey::new(&secret);
        jwt.self_test().map_err(|error| Error::Internal(format!("tokens cannot be signed: {error:?}")))?;
        let live = Arc::new(load::everything(&store)?);
        let outbox = Outbox::new(settings.event_body, Patience { days: settings.stale_after_days });
        let core = Arc::new(Core::new(store, live, entropy, settings.instruments.clone(), outbox)?);
        let writer = WriterThread::start(Arc::clone(&core))
            .map_err(|error| Error::Internal(format!("the writer cannot be started: {error}")))?;
        let (refresh, stream_tokens) = (RefreshKey::new(&secret), StreamTokenKey::new(&secret));
        let (hasher, walks) = (Hasher::new(settings.strength), Semaphore::new(audit::MAX_WALKS));
        Ok(Self {
            core,
            writer,
            hasher,
            jwt,
            refresh,
            stream_tokens,
            walks,
            audit_counts: store::audit::Counts::default(),
            beginning: Arc::default(),
            settings,
        })
    }

    /// What is served from memory.
    pub fn live(&self) -> &Arc<Live> {
        &self.core.live
    }

    /// Signs and opens tokens of event streams.
    pub fn stream_tokens(&self) -> &StreamTokenKey {
        &self.stream_tokens
    }

    /// Whether the data file can be read at this moment, and the last change could be written.
    pub fn check(&self) -> Result<(), Error> {
        if self.core.store.is_failing() {
            return Err(store::Error::Unavailable("the last change could not be written".into()).into());
        }
        Ok(self.core.store.read().map(drop)?)
    }

    /// Whether anybody has an account: the first one becomes admin.
    pub fn has_accounts(&self) -> Result<bool, Error> {
        Ok(store::user::exists(&self.read()?)?)
    }

    /// Whether strangers may make accounts.
    pub fn registration(&self) -> Registration {
        self.settings.registration
    }

    /// Changes that wait for the writer.
    pub fn waiting_changes(&self) -> usize {
        self.writer.waiting()
    }

    /// What was measured of changes.
    pub fn measured(&self) -> &Measured {
        &self.core.panel.measured
    }

    /// How large the data is at this moment.
    pub fn extent(&self) -> Result<Extent, Error> {
        let reader = self.read()?;
        let audit_entries = store::audit::newest(&reader)?;
        let pending_schedules = store::schedule::count_due(&reader)?;
        Ok(Extent { file_bytes: self.core.store.file_bytes(), audit_entries, pending_schedules })
    }

    /// Waits until the last change is made, and closes the data file.
    pub fn close(self) {
        self.writer.join();
    }

    fn read(&self) -> Result<store::Reader, Error> {
        Ok(self.core.store.read()?)
    }

    async fn change<T: Send + 'static>(
        &self,
        call: &call::Call,
        actor: Option<Actor>,
        edit: impl FnOnce(&mut change::Change<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.run(call.clone(), actor, edit).await
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.core
            .entropy
            .fill(&mut bytes)
            .map_err(|_| Error::Internal("no randomness is to be had".into()))?;
        Ok(bytes)
    }
}

/// Writes into a file what one has to have that is served from. Answers the secret that signs tokens: the given one, or
/// else that of the file.
fn prepare(store: &Store, entropy: &SystemEntropy, given: Option<Secret>) -> Result<Secret, Error> {
    let reader = store.read()?;
    let noted = store::audit::is_noted(&reader)?;
    let damaged = |_| store::Error::Damaged("its signing secret is too short".into());
    let known = match given {
        Some(given) => Some(given),
        None => store::meta::signing_secret(&reader)?.map(Secret::new).transpose().map_err(damaged)?,
    };
    let (secret, made) = match known {
        Some(secret) => (secret, None),
        None => {
            let mut bytes = [0; MIN_SECRET_BYTES];
            entropy.fill(&mut bytes).map_err(|_| Error::Internal("no randomness is to be had".into()))?;
            (Secret::from_entropy(bytes), Some(bytes))
        }
    };
    if noted && made.is_none() {
        return Ok(secret);
    }
    let writer = store.write()?;
    if let Some(bytes) = made {
        store::meta::set_signing_secret(&writer, &bytes)?;
    }
    if !noted {
        store::audit::note_head(&writer, |bytes| sha256(&[bytes]))?;
    }
    writer.commit()?;
    Ok(secret)
}

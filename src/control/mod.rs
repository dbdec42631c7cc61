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
pub mod flag;
pub mod flag_change;
mod flag_check;
pub mod flag_life;
mod flag_target;
pub mod instruments;
pub mod invitation;
pub mod lifecycle;
pub mod member;
pub mod organization;
pub mod personal_token;
pub mod preview;
pub mod project;
pub mod promotion;
pub mod restoration;
pub mod revision;
mod scope;
pub mod segment;
pub mod session;
pub mod stats;
pub mod usage;
pub mod user;

use std::{collections::HashMap, sync::Arc};

use tokio::sync::Semaphore;

use self::{
    core::{Core, WriterThread},
    instruments::{Instruments, Measured},
};
use crate::{
    auth::{
        entropy::{SystemEntropy, sha256},
        jwt::JwtKey,
        password::Hasher,
        refresh::RefreshKey,
        secret::{MIN_SECRET_BYTES, Secret},
        stream_token::StreamTokenKey,
    },
    domain::{audit::Actor, environment::Environment, id::ProjectId},
    engine::{Ruleset, Segments, compile},
    live::{Live, LiveEnvironment},
    store::{self, Store},
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
    /// After how many days without a sign of life a flag is stale.
    pub stale_after_days: u32,
    /// What changes are measured with.
    pub instruments: Instruments,
}

/// Whether strangers may make accounts. The first account can always be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// They may.
    Open,
    /// They may not.
    Closed,
}

/// How large the data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Bytes of the data file, if there is one.
    pub file_bytes: Option<u64>,
    /// Entries of the audit log, of all organizations.
    pub audit_entries: u64,
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
    settings: Settings,
}

impl Control {
    /// Loads and compiles everything that `store` holds, and starts the writer.
    pub fn start(store: Store, entropy: SystemEntropy, settings: Settings) -> Result<Self, Error> {
        let secret = match &settings.signing_secret {
            Some(secret) => secret.clone(),
            None => stored_secret(&store, &entropy)?,
        };
        let jwt = JwtKey::new(&secret);
        jwt.self_test().map_err(|error| Error::Internal(format!("tokens cannot be signed: {error:?}")))?;
        if !store::audit::is_noted(&store.read()?)? {
            let writer = store.write()?;
            store::audit::note_head(&writer, |bytes| sha256(&[bytes]))?;
            writer.commit()?;
        }
        let live = Arc::new(load(&store)?);
        let core = Arc::new(Core::new(store, live, entropy, settings.instruments.clone()));
        let writer = WriterThread::start(Arc::clone(&core))
            .map_err(|error| Error::Internal(format!("the writer cannot be started: {error}")))?;
        let (refresh, stream_tokens) = (RefreshKey::new(&secret), StreamTokenKey::new(&secret));
        let (hasher, walks) = (Hasher::new(), Semaphore::new(audit::MAX_WALKS));
        Ok(Self { core, writer, hasher, jwt, refresh, stream_tokens, walks, settings })
    }

    /// What is served from memory.
    pub fn live(&self) -> &Arc<Live> {
        &self.core.live
    }

    /// Signs and opens tokens of event streams.
    pub fn stream_tokens(&self) -> &StreamTokenKey {
        &self.stream_tokens
    }

    /// Whether the data file can be read at this moment.
    pub fn check(&self) -> Result<(), Error> {
        Ok(self.core.store.read().map(drop)?)
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
        let audit_entries = store::audit::newest(&self.read()?)?;
        Ok(Extent { file_bytes: self.core.store.file_bytes(), audit_entries })
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

fn stored_secret(store: &Store, entropy: &SystemEntropy) -> Result<Secret, Error> {
    let damaged = |_| Error::Storage(store::Error::Damaged("its signing secret is too short".into()));
    if let Some(bytes) = store::meta::signing_secret(&store.read()?)? {
        return Secret::new(bytes).map_err(damaged);
    }
    let mut bytes = [0; MIN_SECRET_BYTES];
    entropy.fill(&mut bytes).map_err(|_| Error::Internal("no randomness is to be had".into()))?;
    let writer = store.write()?;
    store::meta::set_signing_secret(&writer, &bytes)?;
    writer.commit()?;
    Ok(Secret::from_entropy(bytes))
}

/// Reads and compiles every environment, and indexes every API key.
fn load(store: &Store) -> Result<Live, Error> {
    let reader = store.read()?;
    let environments = store::environment::every(&reader)?;
    let mut live = Vec::with_capacity(environments.len());
    let mut segments: HashMap<ProjectId, Arc<Segments>> = HashMap::new();
    for environment in &environments {
        let segments = match segments.get(&environment.project) {
            Some(known) => Arc::clone(known),
            None => {
                let read = Arc::new(Segments::new(store::segment::of_project(&reader, environment.project)?));
                segments.insert(environment.project, Arc::clone(&read));
                read
            }
        };
        live.push(LiveEnvironment::new(environment, ruleset(&reader, environment, segments)?));
    }
    Ok(Live::new(live, store::api_key::every(&reader)?))
}

fn ruleset(
    reader: &store::Reader,
    environment: &Environment,
    segments: Arc<Segments>,
) -> Result<Ruleset, Error> {
    let mut flags = Vec::new();
    for flag in store::flag::of_project(reader, environment.project)? {
        let missing =
            || store::Error::Damaged(format!("flag {} has no configuration in {}", flag.id, environment.id));
        let configuration =
            store::flag::configuration(reader, environment.id, flag.id)?.ok_or_else(missing)?;
        let (flag, configuration) = (Arc::new(flag), Arc::new(configuration));
        let damaged =
            |_| store::Error::Damaged(format!("flag {} does not compile in {}", flag.id, environment.id));
        flags.push(compile::flag(Arc::clone(&flag), configuration).map_err(damaged)?);
    }
    Ok(Ruleset::new(environment.id, environment.version, flags).with_segments(segments))
}

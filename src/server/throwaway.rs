//! Servers for tests: everything in memory, filled from a seed, told of by one JSON object, and gone with whoever
//! started them.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Error, Running, app, observation, serve, upkeep_call};
use crate::{
    config::{Config, Limits},
    control::{
        self,
        seed::{Planted, Seed, plant},
    },
    document,
    domain::violation::Violations,
    http::{
        app::{App, Clock},
        middleware::body::MAX_IMPORT,
        wire,
    },
    store::Store,
};

/// Bytes of a seed, at most: as much as an import takes.
const MAX_SEED_BYTES: u64 = MAX_IMPORT;
/// How often it is looked whether the parent is still there.
const PARENT_INTERVAL: Duration = Duration::from_millis(200);

/// What somebody needs to use a throwaway server.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where the server is: `http://127.0.0.1:PORT`.
    pub url: String,
    /// What is known of it beforehand or made up.
    pub planted: Planted,
}

impl Ready {
    /// As it stands in the ready file (contract B6). It holds secrets.
    pub fn to_json(&self) -> Value {
        let environments = self.planted.environments.iter().map(|it| {
            let about = json!({
                "id": it.id.to_string(),
                "server_key": it.server_key.expose(),
                "client_key": it.client_key.expose(),
            });
            (it.key.to_string(), about)
        });
        let environments: Map<String, Value> = environments.collect();
        json!({
            "url": self.url,
            "api_url": format!("{}/api/v1", self.url),
            "pid": std::process::id(),
            "admin": {
                "email": self.planted.email.as_str(),
                "password": self.planted.password.expose(),
                "token": self.planted.token.expose(),
            },
            "environments": environments,
        })
    }
}

/// What a text says that a server starts with; `name` stands before the places of its faults.
pub fn read_seed(name: &str, text: &str) -> Result<Seed, Error> {
    let value = document::parse(text).map_err(|fault| Error::Seed(format!("{name}:{fault}")))?;
    wire::seed::read(&value).map_err(|faults| faulty(name, text, &faults))
}

fn faulty(name: &str, text: &str, faults: &Violations) -> Error {
    let faults = faults.reported().map(|it| (it.path.as_str(), it.message.as_str()));
    Error::Seed(document::located(name, text, faults).join("\n"))
}

/// Starts a throwaway server; on return it is ready, and has what the seed says. `name` and `text` are where the seed
/// comes from.
pub async fn start(
    config: &Config,
    clock: Clock,
    seed: Option<(&str, &str)>,
) -> Result<(Running, Ready), Error> {
    let limits = Limits {
        rate_limit_auth: 0,
        rate_limit_management: 0,
        rate_limit_evaluation: 0,
        rate_limit_ruleset: 0,
        ..config.limits.clone()
    };
    let config = Config { limits, ..config.clone() };
    let (instruments, exporter) = observation::begin(&config.otlp)?;
    let app = app(&config, Store::in_memory().map_err(Error::Open)?, clock, instruments)?;
    let planted = grow(&app, seed).await?;
    let running = serve(&config, app, exporter).await?;
    let url = running.url();
    Ok((running, Ready { url, planted }))
}

/// Fills an empty server with what the seed says.
pub(super) async fn grow(app: &App, seed: Option<(&str, &str)>) -> Result<Planted, Error> {
    let grown = match seed {
        Some((name, text)) => read_seed(name, text)?,
        None => Seed::default(),
    };
    let planted = plant(&app.control, &upkeep_call(app), grown).await;
    planted.map_err(|error| match (error, seed) {
        (control::Error::Invalid(faults), Some((name, text))) => faulty(name, text, &faults),
        (error, _) => Error::Load(error),
    })
}

/// The text of the seed that the settings name.
pub(super) fn seed_text(config: &Config) -> Result<Option<(String, String)>, Error> {
    let Some(path) = &config.throwaway.seed else { return Ok(None) };
    let name = path.display().to_string();
    let text = fs::File::open(path).and_then(|file| document::read(file, MAX_SEED_BYTES));
    let text = text.map_err(|error| Error::Seed(format!("the seed {name} cannot be read: {error}")))?;
    Ok(Some((name, text)))
}

/// The ready file. It is gone with this.
pub(super) struct ReadyFile(PathBuf);

impl ReadyFile {
    /// Takes away what a server left there that could not do it itself.
    pub(super) fn clear(path: &Path) -> Result<(), Error> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, &error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes it whole: who sees it can read it. Nobody but its owner can.
    pub(super) fn write(path: &Path, content: &Value) -> Result<Self, Error> {
        let written = document::save(path, &format!("{content:#}\n"));
        written.map(|()| Self(path.to_owned())).map_err(|error| failed(path, &error))
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Process(format!("the ready file {} cannot be written: {error}", path.display()))
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // Whoever removed it meanwhile wanted the same.
        let _gone = fs::remove_file(&self.0);
    }
}

/// Tells whoever started the server, in one line on standard output.
pub(super) fn tell(content: &Value) {
    let mut out = io::stdout().lock();
    // Whoever does not listen has the ready file.
    let _told = writeln!(out, "{content}").and_then(|()| out.flush());
}

/// Who started this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parent(u32);

impl Parent {
    /// The parent of this moment.
    pub(super) fn now() -> Self {
        Self(parent_id())
    }

    /// Waits until it has ended.
    pub(super) async fn ends(self) {
        let mut looks = tokio::time::interval(PARENT_INTERVAL);
        while Self::now() == self {
            looks.tick().await;
        }
    }
}

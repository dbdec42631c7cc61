//! A throwaway server inside of a test in Rust: everything in memory, a port of its own, gone when it is dropped.
//!
//! ```
//! use phaseflag::testing::Server;
//!
//! let seed = "
//! project: {key: shop}
//! environments: [{key: test, name: Test, type: development}]
//! flags:
//!   - key: new-checkout
//!     flag_type: boolean
//!     environments: {test: {enabled: true, default_variation: 'on'}}
//! ";
//! let server = Server::builder().seed(seed).start().expect("a server");
//! let test = server.environment("test").expect("an environment of the seed");
//! // Whatever speaks HTTP can ask now, at `server.api_url()` with `test.server_key`.
//! assert!(server.api_url().ends_with("/api/v1"));
//! assert!(test.server_key.starts_with("sdk-dev-"));
//! ```

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use clap::Parser;
use tokio::runtime::Builder as Threads;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::http::app::Clock;
use crate::server::{
    Error, system_clock,
    throwaway::{self, Ready},
};

/// How faults of a seed name it.
const SEED: &str = "seed";

/// A throwaway server. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    url: String,
    admin: Admin,
    environments: Vec<(String, Environment)>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The admin of a throwaway server.
#[derive(Clone, Debug)]
pub struct Admin {
    /// How the admin signs in.
    pub email: String,
    /// The password.
    pub password: String,
    /// A personal access token with the role `admin`.
    pub token: String,
}

/// An environment of a throwaway server.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its identifier.
    pub id: String,
    /// A key for servers.
    pub server_key: String,
    /// A key for browsers.
    pub client_key: String,
}

/// What a throwaway server is to be.
#[derive(Default)]
pub struct Builder {
    seed: Option<String>,
    args: Vec<String>,
    clock: Option<Clock>,
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: Config,
}

impl Server {
    /// What a server is to be.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where its API is, as SDKs want it: [`Self::url`] and `/api/v1`.
    pub fn api_url(&self) -> String {
        format!("{}/api/v1", self.url)
    }

    /// Its admin.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// The environment with this key.
    pub fn environment(&self, key: &str) -> Option<&Environment> {
        self.environments.iter().find(|(known, _)| known == key).map(|(_, environment)| environment)
    }

    /// Every environment with its key, oldest first.
    pub fn environments(&self) -> impl Iterator<Item = (&str, &Environment)> {
        self.environments.iter().map(|(key, environment)| (key.as_str(), environment))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has ended by itself needs no word.
        let _ended = self.stop.take().map(|stop| stop.send(()));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a throwaway server ended with a panic");
        }
    }
}

impl Builder {
    /// What it starts with, as YAML or JSON: a project as `phaseflag export` writes it, and people, keys and tokens under
    /// `seed`.
    #[must_use]
    pub fn seed(self, text: impl Into<String>) -> Self {
        Self { seed: Some(text.into()), ..self }
    }

    /// Further settings, as `phaseflag serve` takes them: `--registration=closed`.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Starts it, on a free port of this machine. On return it is ready. May be called from anywhere, also from
    /// asynchronous code, which it keeps waiting for some milliseconds.
    ///
    /// # Errors
    /// If a setting or the seed is wrong, or no port is to be had.
    pub fn start(self) -> Result<Server, Error> {
        let Self { seed, args, clock } = self;
        let line = ["phaseflag", "--ephemeral", "--port=0"].map(str::to_owned).into_iter().chain(args);
        let config = Line::try_parse_from(line).map_err(|error| Error::Process(error.to_string()))?.config;
        let (told, ready) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        // A thread of its own, since whoever calls may be inside of a runtime.
        let run = move || {
            let threads = Threads::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = match threads {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _gone = told.send(Err(Error::Process(error.to_string())));
                    return;
                }
            };
            runtime.block_on(async {
                let clock = clock.unwrap_or_else(system_clock);
                let seed = seed.as_deref().map(|text| (SEED, text));
                match throwaway::start(&config, clock, seed).await {
                    Ok((running, ready)) => {
                        let _gone = told.send(Ok(ready));
                        // A sender that was dropped means the same as one that spoke.
                        let _dropped = stopped.await;
                        running.shut_down().await;
                    }
                    Err(error) => {
                        let _gone = told.send(Err(error));
                    }
                }
            });
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("phaseflag-testing".into()).spawn(run);
        let thread = thread.map_err(|error| Error::Process(error.to_string()))?;
        let ended = |_| Error::Process("the server ended before it was ready".into());
        let Ready { url, planted } = ready.recv().map_err(ended)??;
        let environments = planted.environments.iter().map(|it| {
            let about = Environment {
                id: it.id.to_string(),
                server_key: it.server_key.expose(),
                client_key: it.client_key.expose(),
            };
            (it.key.to_string(), about)
        });
        Ok(Server {
            url,
            admin: Admin {
                email: planted.email.as_str().to_owned(),
                password: planted.password.expose().to_owned(),
                token: planted.token.expose(),
            },
            environments: environments.collect(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

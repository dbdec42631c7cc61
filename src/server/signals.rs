//! What the process is told by signals.

use rustix::process::Signal as Known;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Error;

/// What a signal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// SIGTERM and SIGINT.
    Stop,
    /// SIGHUP.
    Reload,
}

/// The signals that a server listens to.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    pub(super) fn install() -> Result<Self, Error> {
        let failed = |error| Error::Process(format!("signals cannot be received: {error}"));
        // Where the size of files is limited, a write beyond that ends the process, unless it listens to this signal: then
        // the write fails as it does on a full disk. Nobody has to wait for it; tokio keeps listening once asked to.
        drop(signal(SignalKind::from_raw(Known::XFSZ.as_raw())).map_err(failed)?);
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            hang_up: signal(SignalKind::hangup()).map_err(failed)?,
        })
    }

    /// Waits for the next one. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.hang_up.recv() => Told::Reload,
        }
    }

    /// Waits for one that means to stop.
    pub(super) async fn stop(&mut self) {
        while self.next().await != Told::Stop {}
    }
}

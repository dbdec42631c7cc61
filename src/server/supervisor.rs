//! What a service manager hears, if one started the process and said where it listens (`NOTIFY_SOCKET`).

use sd_notify::NotifyState::{self, Ready, Reloading, Status, Stopping, Watchdog};

/// How often a sign of life is given within the time in which one is wanted.
const SIGNS_PER_TIMEOUT: u32 = 2;

/// The server takes requests at this address.
pub(super) fn ready(url: &str) {
    tell(&[Ready, Status(&format!("serving at {url}"))]);
}

/// The server reads its files again. [`ready`] ends it.
pub(super) fn reloading() {
    // systemd takes nothing for a beginning that does not say when.
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[Reloading, now]);
    }
}

/// The server finishes what it has begun.
pub(super) fn stopping() {
    tell(&[Stopping, Status("finishing requests in flight")]);
}

/// Gives signs of life for as long as the process can, if they are wanted: a process that cannot is started anew.
pub(super) async fn stay_alive() {
    let Some(timeout) = sd_notify::watchdog_enabled().filter(|timeout| !timeout.is_zero()) else { return };
    let mut signs = tokio::time::interval(timeout / SIGNS_PER_TIMEOUT);
    loop {
        signs.tick().await;
        tell(&[Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager does not hear what it asked for");
    }
}

//! What a person needs to know when the server is ready, and what they should be warned of.

use std::fmt;
use std::time::Duration;

use super::Running;
use crate::config::Config;
use crate::http::listener::Address;

/// Whether somebody could be an admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Nobody has an account, so whoever registers first becomes admin.
    None,
    /// Somebody has.
    Some,
}

/// Who can come to where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Processes on this machine.
    Machine,
    /// Others, too.
    Network,
}

/// A server that is ready.
pub(super) struct Greeting<'a> {
    running: &'a Running,
    data: String,
    took: Duration,
}

impl<'a> Greeting<'a> {
    pub(super) fn new(running: &'a Running, config: &Config, took: Duration) -> Self {
        let file = config.data.data.display();
        let data = if config.throwaway.ephemeral { "in memory".to_owned() } else { file.to_string() };
        Self { running, data, took }
    }

    /// Says it to the log, as one event, and what is to be warned of.
    pub(super) fn log(&self) {
        let Running { address, accounts, .. } = self.running;
        let url = self.running.url();
        let millis = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        let admin = match accounts {
            Accounts::None => "none yet",
            Accounts::Some => "exists",
        };
        let docs = self.docs();
        tracing::info!(%address, url, docs, data = self.data, admin, millis, "ready");
        if self.reach() == Reach::Machine {
            return;
        }
        if *accounts == Accounts::None {
            tracing::warn!(%address, "nobody has an account yet: whoever reaches this address first can become admin");
        }
        if !self.running.is_secured() {
            tracing::info!(%address, "clients speak plain HTTP here; over networks, let --tls-cert or a proxy encrypt it");
        }
    }

    fn docs(&self) -> String {
        format!("{}/docs", self.running.url())
    }

    fn reach(&self) -> Reach {
        match &self.running.address {
            Address::Tcp(address) if !address.ip().to_canonical().is_loopback() => Reach::Network,
            Address::Tcp(_) | Address::Unix(_) => Reach::Machine,
        }
    }
}

/// As a person reads it on a terminal.
impl fmt::Display for Greeting<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.running.url();
        writeln!(out, "\n  PhaseFlag {} is ready\n", env!("CARGO_PKG_VERSION"))?;
        writeln!(out, "  Address   {url}")?;
        if matches!(self.running.address, Address::Tcp(_)) {
            writeln!(out, "  Dashboard {url}/")?;
        }
        writeln!(out, "  API docs  {}", self.docs())?;
        writeln!(out, "  Data      {}", self.data)?;
        match self.running.accounts {
            Accounts::Some => writeln!(out, "  Admin     exists"),
            Accounts::None => {
                writeln!(out, "  Admin     none yet; the first account becomes admin, made in the dashboard or by\n")?;
                writeln!(out, "    curl {url}/api/v1/auth/register -H 'Content-Type: application/json' \\")?;
                writeln!(out, "      -d '{{\"email\": \"you@example.com\", \"password\": \"...\"}}'")
            }
        }?;
        writeln!(out)
    }
}

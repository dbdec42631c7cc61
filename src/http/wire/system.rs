//! Health and readiness.

use poem_openapi::Object;
use serde::Serialize;

use crate::domain::user::Registration;

/// Whether the server lives.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Health {
    /// `ok`, or `degraded` where the data file fails: evaluation goes on, changes do not.
    pub status: String,
    /// The version of the server.
    pub version: String,
    /// `ok`, or `unavailable`.
    pub database: String,
}

/// Whether the server takes requests.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Ready {
    /// `true` once the data file is open, migrated and compiled, until shutdown begins.
    pub ready: bool,
}

/// What it takes to begin.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Setup {
    /// Whether nobody has an account: whoever registers first becomes admin.
    pub needs_admin: bool,
    /// Whether strangers may register.
    pub registration: Registration,
}

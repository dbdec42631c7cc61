//! Who gets in, and for how long.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::number::number;
use crate::auth::secret::{Secret, SecretTooShort};
use crate::domain::user::Registration;

/// Hours in the longest life of an access token: one year.
const MAX_JWT_EXPIRE_HOURS: u32 = 8_760;
/// Days in the longest life of an unused refresh token: ten years.
const MAX_REFRESH_EXPIRE_DAYS: u32 = 3_650;

const SECONDS_PER_HOUR: i64 = 3_600;
const SECONDS_PER_DAY: i64 = 86_400;

/// Tokens and accounts.
#[derive(Args, Clone, Debug)]
pub struct Identity {
    /// Secret of at least 32 bytes that signs tokens; by default made at the first start and kept in the data file
    #[arg(long, env = "PHASEFLAG_JWT_SECRET_KEY", value_name = "SECRET", hide_env_values = true, value_parser = secret)]
    pub jwt_secret_key: Option<Secret>,

    /// Hours until an access token expires
    #[arg(
        long,
        env = "PHASEFLAG_JWT_EXPIRE_HOURS",
        value_name = "HOURS",
        default_value = "24",
        value_parser = number(1, MAX_JWT_EXPIRE_HOURS)
    )]
    pub jwt_expire_hours: u32,

    /// Days until an unused refresh token expires
    #[arg(
        long,
        env = "PHASEFLAG_REFRESH_EXPIRE_DAYS",
        value_name = "DAYS",
        default_value = "30",
        value_parser = number(1, MAX_REFRESH_EXPIRE_DAYS)
    )]
    pub refresh_expire_days: u32,

    /// Whether anyone may register, or nobody but the first user and who is invited
    #[arg(long, env = "PHASEFLAG_REGISTRATION", default_value = "open", value_parser = registration())]
    pub registration: Registration,
}

/// Reads one of the domain's words.
fn registration() -> impl TypedValueParser<Value = Registration> {
    let words = PossibleValuesParser::new(Registration::ALL.iter().map(|(_, word)| *word));
    words.try_map(|word| Registration::parse(&word).ok_or("is no such word"))
}

impl Identity {
    /// Seconds in the life of an access token.
    pub fn access_lifetime_seconds(&self) -> i64 {
        i64::from(self.jwt_expire_hours) * SECONDS_PER_HOUR
    }

    /// Seconds in the life of a refresh token that is not used.
    pub fn refresh_lifetime_seconds(&self) -> i64 {
        i64::from(self.refresh_expire_days) * SECONDS_PER_DAY
    }
}

/// The error never quotes the text.
fn secret(text: &str) -> Result<Secret, SecretTooShort> {
    Secret::new(text.as_bytes().to_vec())
}

//! What a path is for, and so what its requests are counted by (contract A3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use poem::http::{HeaderName, HeaderValue};

use crate::{
    domain::time::Timestamp,
    http::{guesses::Guesses, ofrep::events::EVENTS},
    limit::{Decision, Limiter},
};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// A part of the API with a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Signing in: by address.
    Auth,
    /// Changing and reading things: by organization.
    Management,
    /// Evaluating: by environment.
    Evaluation,
    /// Fetching rulesets: by API key.
    Ruleset,
    /// Following changes with a token in the address: by the API key that it was made for.
    Events,
    /// Everything else: not counted.
    Open,
}

/// The first row that a path begins with decides.
const PLANES: [(&str, Plane); 8] = [
    ("/api/v1/evaluate", Plane::Evaluation),
    (EVENTS, Plane::Events),
    ("/ofrep/v1/", Plane::Evaluation),
    ("/api/v1/sdk/events", Plane::Evaluation),
    ("/api/v1/sdk/", Plane::Ruleset),
    // It takes a session, so that there is nothing to guess.
    ("/api/v1/auth/tokens", Plane::Management),
    ("/api/v1/auth/", Plane::Auth),
    ("/api/v1/", Plane::Management),
];

impl Plane {
    /// The plane of a path.
    pub fn of(path: &str) -> Self {
        PLANES.iter().find(|(prefix, _)| path.starts_with(prefix)).map_or(Self::Open, |(_, plane)| *plane)
    }
}

impl Plane {
    /// Whether each of its requests is worth a line in the log, and not its failures alone.
    pub fn has_news(self) -> bool {
        match self {
            Self::Auth | Self::Management | Self::Open => true,
            Self::Evaluation | Self::Ruleset | Self::Events => false,
        }
    }
}

/// Whose request it is, as far as counting is concerned.
#[derive(Clone, Copy, Debug)]
pub enum Payer {
    /// Nobody who is known.
    Unknown,
    /// A person of this account.
    Account(u128),
    /// An application.
    Application {
        /// Its API key.
        key: u128,
        /// The environment of the key.
        environment: u128,
    },
}

/// The limits of every plane.
#[derive(Debug)]
pub struct Limits {
    auth: Limiter<IpAddr>,
    management: Limiter<u128>,
    evaluation: Limiter<u128>,
    ruleset: Limiter<u128>,
    /// Of sign-ins, also by account.
    pub guesses: Guesses,
}

impl Limits {
    /// Limits in requests per minute; 0 turns one off.
    pub fn per_minute(auth: u32, management: u32, evaluation: u32, ruleset: u32) -> Self {
        Self {
            auth: Limiter::per_minute(auth),
            management: Limiter::per_minute(management),
            evaluation: Limiter::per_minute(evaluation),
            ruleset: Limiter::per_minute(ruleset),
            guesses: if auth == 0 { Guesses::unlimited() } else { Guesses::limited() },
        }
    }

    /// Forgets keys that have not been seen for a while.
    pub fn sweep(&self, now: Timestamp) {
        self.auth.sweep(now.millis());
        self.guesses.sweep(now);
        for limiter in [&self.management, &self.evaluation, &self.ruleset] {
            limiter.sweep(now.millis());
        }
    }

    /// Counts a request; `None` where nothing is counted.
    pub fn count(
        &self,
        plane: Plane,
        address: Option<IpAddr>,
        payer: Payer,
        now: Timestamp,
    ) -> Option<Decision> {
        let now = now.millis();
        match (plane, payer) {
            (Plane::Auth, _) => {
                let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
                self.auth.check(&network(address), now)
            }
            (Plane::Management, Payer::Account(account)) => self.management.check(&account, now),
            (Plane::Evaluation, Payer::Application { environment, .. }) => {
                self.evaluation.check(&environment, now)
            }
            (Plane::Ruleset | Plane::Events, Payer::Application { key, .. }) => self.ruleset.check(&key, now),
            (Plane::Management | Plane::Evaluation | Plane::Ruleset | Plane::Events | Plane::Open, _) => None,
        }
    }
}

/// What counts as one client: an IPv6 customer has a whole /64 to send from.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// What a counted answer says of the limit.
pub fn limit_headers(decision: &Decision) -> [(HeaderName, HeaderValue); 3] {
    [
        (LIMIT, number(decision.limit)),
        (REMAINING, number(decision.remaining)),
        (RESET, number(decision.reset_at)),
    ]
}

/// A number in a header. `HeaderValue::from` takes two allocations for it.
fn number(number: impl ToString) -> HeaderValue {
    // Digits are fit for a header.
    HeaderValue::try_from(number.to_string()).unwrap_or(HeaderValue::from_static("0"))
}

//! Who a request turned out to come from, for its line in the log and its span. The guard knows, the outermost layer
//! tells: it finds this among the extensions of an answer, or in the error that becomes one.

use std::fmt;

use crate::domain::id::{ApiKeyId, EnvironmentId, OrganizationId, PersonalTokenId, UserId};

/// Somebody with credentials that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal {
    /// What was shown.
    pub proof: Proof,
    /// Whose requests these are, where that is known.
    pub home: Home,
}

/// What somebody is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A person.
    User(UserId),
    /// A script that acts for a person.
    PersonalToken(PersonalTokenId),
    /// An application.
    ApiKey(ApiKeyId),
}

/// Where somebody belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Nowhere.
    Nowhere,
    /// The first organization of a person.
    Organization(OrganizationId),
    /// The environment of an API key.
    Environment(EnvironmentId),
}

impl Principal {
    /// The organization, if that is where it belongs.
    pub fn organization(self) -> Option<OrganizationId> {
        match self.home {
            Home::Organization(id) => Some(id),
            Home::Nowhere | Home::Environment(_) => None,
        }
    }

    /// The environment, if that is where it belongs.
    pub fn environment(self) -> Option<EnvironmentId> {
        match self.home {
            Home::Environment(id) => Some(id),
            Home::Nowhere | Home::Organization(_) => None,
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(out),
            Self::PersonalToken(id) => id.fmt(out),
            Self::ApiKey(id) => id.fmt(out),
        }
    }
}

//! What follows from who is asking: whose limit a request counts for, and who its line in the log names.

use super::Identity;
use crate::control::call::{Caller, Credential};
use crate::domain::id::OrganizationId;
use crate::http::middleware::principal::{Home, Principal, Proof};
use crate::http::plane::Payer;
use crate::live::LiveKey;

impl Identity {
    /// Whose limit its requests count for.
    pub(super) fn payer(&self) -> Payer {
        match self {
            Self::Person(caller) => {
                Payer::Account(caller.home().map_or(caller.user.id.bits(), OrganizationId::bits))
            }
            Self::Sdk(live) | Self::Invited(live, _) => {
                Payer::Application { key: live.key.id.bits(), environment: live.key.environment.bits() }
            }
            Self::Nobody | Self::Refused(_) => Payer::Unknown,
        }
    }

    /// Who it is, unless that is nobody.
    pub(super) fn principal(&self) -> Option<Principal> {
        match self {
            Self::Person(caller) => person(caller),
            Self::Sdk(live) | Self::Invited(live, _) => Some(application(live)),
            Self::Nobody | Self::Refused(_) => None,
        }
    }
}

fn person(caller: &Caller) -> Option<Principal> {
    let proof = match caller.credential {
        Credential::Session(_) => Proof::User(caller.user.id),
        Credential::PersonalToken(id) => Proof::PersonalToken(id),
        // Whoever has the machine is no account.
        Credential::Operator => return None,
    };
    Some(Principal { proof, home: caller.home().map_or(Home::Nowhere, Home::Organization) })
}

fn application(live: &LiveKey) -> Principal {
    Principal { proof: Proof::ApiKey(live.key.id), home: Home::Environment(live.key.environment) }
}

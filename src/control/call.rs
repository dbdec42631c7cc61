//! Who asks, when and from where: the arguments that every request has in common.

use std::{net::IpAddr, sync::Arc};

use super::error::{Error, Thing};
use crate::domain::{
    audit::Actor,
    id::{OrganizationId, SessionId},
    organization::Membership,
    role::Permission,
    time::Timestamp,
    user::User,
};

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The moment at which it came.
    pub now: Timestamp,
    /// The identifier under which logs and answers name it.
    pub request_id: Arc<str>,
    /// The address that it came from.
    pub address: Option<IpAddr>,
    /// Why a frozen environment has to be changed all the same, where somebody says so.
    pub break_glass: Option<Arc<str>>,
}

/// The person behind a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub user: User,
    /// The session whose token was shown.
    pub session: SessionId,
    /// What the person belongs to, oldest organization first.
    pub memberships: Vec<Membership>,
}

impl Caller {
    /// How the audit log names the person.
    pub fn actor(&self) -> Actor {
        actor(&self.user)
    }

    /// The organization that the person's requests are counted for.
    pub fn home(&self) -> Option<OrganizationId> {
        self.memberships.first().map(|membership| membership.organization)
    }
}

/// How the audit log names a person.
pub(super) fn actor(user: &User) -> Actor {
    Actor { id: user.id, email: user.email.as_str().to_owned() }
}

/// Checks that a member with these memberships has `permission` in `organization`. To someone else the thing that
/// was named does not exist.
pub(super) fn authorise(
    memberships: &[Membership],
    organization: OrganizationId,
    permission: Permission,
    missing: impl FnOnce() -> (Thing, String),
) -> Result<(), Error> {
    match memberships.iter().find(|membership| membership.organization == organization) {
        Some(membership) if membership.role.may(permission) => Ok(()),
        Some(_) => Err(Error::Forbidden(permission)),
        None => {
            let (thing, name) = missing();
            Err(Error::Missing(thing, name))
        }
    }
}

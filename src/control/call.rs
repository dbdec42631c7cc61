//! Who asks, when and from where: the arguments that every request has in common.

use std::{net::IpAddr, sync::Arc};

use super::error::{Error, Thing};
use crate::domain::{
    audit::Actor,
    id::{OrganizationId, PersonalTokenId, SessionId},
    organization::Membership,
    revision::Expected,
    role::Permission,
    text::Justification,
    time::Timestamp,
    user::User,
};
use crate::store::{self, Access};
use crate::trace::Context;

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
    pub break_glass: Option<Justification>,
    /// Which revision of the thing that it changes it is meant for.
    pub expected: Expected,
    /// Its span, if it is traced.
    pub trace: Option<Context>,
}

/// What a person is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The access token of this session.
    Session(SessionId),
    /// This personal access token: a script acts for the person.
    PersonalToken(PersonalTokenId),
}

/// The person behind a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub user: User,
    /// What was shown.
    pub credential: Credential,
    /// What the person belongs to, oldest organization first, with the roles that the credential allows.
    pub memberships: Vec<Membership>,
}

impl Caller {
    /// How the audit log names the person.
    pub fn actor(&self) -> Actor {
        let token = match self.credential {
            Credential::Session(_) => None,
            Credential::PersonalToken(id) => Some(id),
        };
        Actor { token, ..actor(&self.user) }
    }

    /// The organization that the person's requests are counted for.
    pub fn home(&self) -> Option<OrganizationId> {
        self.memberships.first().map(|membership| membership.organization)
    }
}

/// How the audit log names a person.
pub(super) fn actor(user: &User) -> Actor {
    Actor { id: user.id, email: user.email.as_str().to_owned(), token: None }
}

/// What `actor` may do now: a token may have been revoked, and a role taken away, since the request came.
pub(super) fn rights(access: &impl Access, actor: &Actor, now: Timestamp) -> Result<Vec<Membership>, Error> {
    let memberships = store::organization::memberships(access, actor.id)?;
    let Some(id) = actor.token else { return Ok(memberships) };
    let token = store::personal_token::by_id(access, actor.id, id)?;
    let token = token.filter(|token| token.is_live(now)).ok_or(Error::TokenInvalid)?;
    Ok(token.limit(memberships))
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

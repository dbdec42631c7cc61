//! Who asks, when and from where: the arguments that every request has in common.

use std::{net::IpAddr, sync::Arc};

use super::{
    Control,
    error::{Error, Thing},
};
use crate::domain::{
    audit::Actor,
    id::{OrganizationId, PersonalTokenId, SessionId, UserId},
    organization::{Membership, Organization},
    revision::Expected,
    role::{Permission, Role},
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

/// Whether a change is made, or only told what it would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It is made.
    Real,
    /// It is not, but it is refused if it would be.
    Dry,
}

/// What a person is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The access token of this session.
    Session(SessionId),
    /// This personal access token: a script acts for the person.
    PersonalToken(PersonalTokenId),
    /// None: the operator of the machine has the data file, and so everything.
    Operator,
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
    /// The operator of the machine. Whoever makes one has to know that nobody else is asking.
    pub fn operator(control: &Control) -> Result<Self, Error> {
        let memberships = all_organizations(&control.read()?)?;
        Ok(Self { user: User::operator(), credential: Credential::Operator, memberships })
    }

    /// How the audit log names the person.
    pub fn actor(&self) -> Actor {
        let token = match self.credential {
            Credential::Session(_) | Credential::Operator => None,
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

/// The operator of the machine is an admin everywhere.
fn all_organizations(access: &impl Access) -> Result<Vec<Membership>, Error> {
    let every = store::organization::every(access)?;
    let admin = |organization: Organization| Membership {
        organization: organization.id,
        user: UserId::OPERATOR,
        role: Role::Admin,
        created_at: organization.created_at,
    };
    Ok(every.into_iter().map(admin).collect())
}

/// What `actor` may do now: a token may have been revoked, and a role taken away, since the request came.
pub(super) fn rights(access: &impl Access, actor: &Actor, now: Timestamp) -> Result<Vec<Membership>, Error> {
    if actor.is_operator() {
        return all_organizations(access);
    }
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

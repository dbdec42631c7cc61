//! Organizations: making, naming and listing them.

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::Error,
    scope::{organization_scope, readable_organization},
    user::highest_role,
};
use crate::{
    domain::{
        audit::{Action, FieldChange, Fields, difference},
        id::{OrganizationId, UserId},
        organization::{MAX_ORGANIZATIONS_PER_USER, Membership, Organization},
        role::{Permission, Role},
        text::Name,
        value::Value,
    },
    store::{self, Access},
};

/// An organization with the role of whoever asks for it.
pub type Joined = (Organization, Role);

/// The organizations of `caller`, oldest first.
pub fn list(control: &Control, caller: &Caller) -> Result<Vec<Joined>, Error> {
    joined(&control.read()?, &caller.memberships)
}

/// The organizations of these memberships, with the role in each.
pub(super) fn joined(access: &impl Access, memberships: &[Membership]) -> Result<Vec<Joined>, Error> {
    let mut organizations = Vec::with_capacity(memberships.len());
    for membership in memberships {
        let organization = store::organization::by_id(access, membership.organization)?;
        organizations.extend(organization.map(|organization| (organization, membership.role)));
    }
    Ok(organizations)
}

/// One organization of `caller`.
pub fn get(control: &Control, caller: &Caller, id: OrganizationId) -> Result<Joined, Error> {
    let organization = readable_organization(&control.read()?, caller, id, Permission::Read)?;
    Ok((organization, role_in(&caller.memberships, id)))
}

fn role_in(memberships: &[Membership], id: OrganizationId) -> Role {
    let membership = memberships.iter().find(|membership| membership.organization == id);
    membership.map_or(Role::Viewer, |membership| membership.role)
}

/// Makes an organization without projects, whose admin is the caller. It takes an admin of another one. The operator of
/// the machine belongs to none, and so this one begins without members.
pub async fn create(control: &Control, call: &Call, caller: &Caller, name: Name) -> Result<Joined, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            if !highest_role(change.memberships()).may(Permission::WriteOrganizations) {
                return Err(Error::Forbidden(Permission::WriteOrganizations));
            }
            let admin = change.actor()?;
            let admin = (!admin.is_operator()).then_some(admin.id);
            if admin.is_some() {
                room_for_another(change.memberships())?;
            }
            let organization = Organization { id: change.mint(), name, created_at: change.now() };
            put_new(change, &organization, admin)?;
            Ok((organization, Role::Admin))
        })
        .await
}

/// Refuses one more membership to somebody who has these.
pub(super) fn room_for_another(memberships: &[Membership]) -> Result<(), Error> {
    if memberships.len() < MAX_ORGANIZATIONS_PER_USER {
        return Ok(());
    }
    let sentence = format!("an account belongs to at most {MAX_ORGANIZATIONS_PER_USER} organizations");
    Err(Error::LimitReached(sentence))
}

/// Keeps a new organization with its first admin, and notes who made it.
pub(super) fn put_new(
    change: &Change<'_>,
    organization: &Organization,
    admin: Option<UserId>,
) -> Result<(), Error> {
    let id = organization.id;
    store::organization::put(change.tx(), organization)?;
    if let Some(user) = admin {
        let membership = Membership { organization: id, user, role: Role::Admin, created_at: change.now() };
        store::organization::put_membership(change.tx(), &membership)?;
    }
    let name = FieldChange::made("name", organization.name.as_str());
    change.audit(Action::OrganizationCreated, organization_scope(id), id, vec![name])
}

/// Renames an organization; `None` leaves it as it is.
pub async fn update(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: OrganizationId,
    name: Option<Name>,
) -> Result<Joined, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let before = change.organization(id, Permission::WriteOrganizations)?;
            let after = Organization { name: name.unwrap_or_else(|| before.name.clone()), ..before.clone() };
            let changes = difference(&fields(&before), &fields(&after));
            if !changes.is_empty() {
                store::organization::put(change.tx(), &after)?;
                change.audit(Action::OrganizationUpdated, organization_scope(id), id, changes)?;
            }
            Ok((after, role_in(change.memberships(), id)))
        })
        .await
}

fn fields(organization: &Organization) -> Fields {
    vec![("name", Value::from(organization.name.as_str()))]
}

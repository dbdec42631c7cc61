//! Members of organizations: who they are, their roles, and how they join and leave: by invitation, or put there by an
//! operator of the server.

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    organization,
    scope::{organization_scope, readable_organization},
};
use crate::{
    domain::{
        audit::{Action, FieldChange},
        id::{OrganizationId, UserId},
        organization::{MAX_MEMBERS_PER_ORGANIZATION, Membership},
        role::{Permission, Role},
        user::User,
        value::Value,
    },
    store::{self, Access},
};

/// Somebody who belongs to an organization.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub user: User,
    /// Its role there, and since when it is a member.
    pub membership: Membership,
}

/// The members of an organization.
pub fn list(control: &Control, caller: &Caller, id: OrganizationId) -> Result<Vec<Member>, Error> {
    let reader = control.read()?;
    readable_organization(&reader, caller, id, Permission::Read)?;
    let mut members = Vec::new();
    for membership in store::organization::members(&reader, id)? {
        let user = store::user::by_id(&reader, membership.user)?;
        members.extend(user.map(|user| Member { user, membership }));
    }
    Ok(members)
}

fn find(access: &impl Access, id: OrganizationId, user: UserId) -> Result<Member, Error> {
    let missing = || Error::Missing(Thing::Member, user.to_string());
    let membership = store::organization::membership(access, id, user)?.ok_or_else(missing)?;
    let user = store::user::by_id(access, user)?.ok_or_else(missing)?;
    Ok(Member { user, membership })
}

/// Makes `user` a member, if there is room. Who did it and why is for the log.
pub(super) fn join(
    change: &Change<'_>,
    id: OrganizationId,
    user: &User,
    role: Role,
) -> Result<Membership, Error> {
    organization::room_for_another(&store::organization::memberships(change.tx(), user.id)?)?;
    if store::organization::members(change.tx(), id)?.len() >= MAX_MEMBERS_PER_ORGANIZATION {
        let sentence = format!("an organization has at most {MAX_MEMBERS_PER_ORGANIZATION} members");
        return Err(Error::LimitReached(sentence));
    }
    let membership = Membership { organization: id, user: user.id, role, created_at: change.now() };
    store::organization::put_membership(change.tx(), &membership)?;
    Ok(membership)
}

/// Makes `user` a member without an invitation.
pub(super) fn add(change: &Change<'_>, id: OrganizationId, user: &User, role: Role) -> Result<(), Error> {
    join(change, id, user, role)?;
    let added =
        vec![FieldChange::made("email", user.email.as_str()), FieldChange::made("role", role.as_str())];
    change.audit(Action::UserAdded, organization_scope(id), user.id, added)
}

/// Gives a member another role.
pub async fn set_role(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: OrganizationId,
    user: UserId,
    role: Role,
) -> Result<Member, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            change.organization(id, Permission::WritePeople)?;
            let Member { user, membership: before } = find(change.tx(), id, user)?;
            let membership = Membership { role, ..before.clone() };
            if role != before.role {
                keep_an_admin(change, &before)?;
                store::organization::put_membership(change.tx(), &membership)?;
                let text = |role: Role| Value::from(role.as_str());
                let changed = FieldChange { field: "role".into(), from: text(before.role), to: text(role) };
                change.audit(Action::UserRoleChanged, organization_scope(id), user.id, vec![changed])?;
            }
            Ok(Member { user, membership })
        })
        .await
}

/// Ends a membership. Whoever signed in may end their own.
pub async fn remove(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: OrganizationId,
    user: UserId,
) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let actor = change.actor()?;
            let leaves = actor.id == user && actor.token.is_none();
            change.organization(id, if leaves { Permission::Read } else { Permission::WritePeople })?;
            let Member { user, membership } = find(change.tx(), id, user)?;
            keep_an_admin(change, &membership)?;
            store::organization::remove_membership(change.tx(), id, user.id)?;
            let gone = vec![
                FieldChange::gone("email", user.email.as_str()),
                FieldChange::gone("role", membership.role.as_str()),
            ];
            change.audit(Action::UserRemoved, organization_scope(id), user.id, gone)
        })
        .await
}

/// Refuses to let the last admin of an organization go.
fn keep_an_admin(change: &Change<'_>, leaving: &Membership) -> Result<(), Error> {
    let members = store::organization::members(change.tx(), leaving.organization)?;
    let mut others = members.iter().filter(|member| member.user != leaving.user);
    if leaving.role == Role::Admin && !others.any(|member| member.role == Role::Admin) {
        return Err(Error::LastAdmin);
    }
    Ok(())
}

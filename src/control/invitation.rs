//! Invitations: making, withdrawing and accepting them. The token is shown once, when it is made.

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    member,
    organization::Joined,
    scope::{organization_scope, readable_organization},
};
use crate::{
    auth::{
        entropy::Digest,
        token::{TokenKind, TokenText},
    },
    domain::{
        audit::{Action, FieldChange, Fields, difference},
        id::{InvitationId, OrganizationId},
        invitation::{INVITATION_LIFETIME, Invitation, MAX_PENDING_INVITATIONS},
        organization::Membership,
        role::{Permission, Role},
        time::Timestamp,
        user::{Email, User},
        value::Value,
    },
    store::{self, Access},
};

/// An invitation to be made.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Whom it is for.
    pub email: Email,
    /// What the new member may do.
    pub role: Role,
}

/// An invitation that was just made, with its token, which nobody can ask for again.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What is kept of it.
    pub invitation: Invitation,
    /// The token itself; prints as `***`.
    pub text: TokenText,
}

/// The invitations to an organization that can be accepted, oldest first.
pub fn list(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: OrganizationId,
) -> Result<Vec<Invitation>, Error> {
    let reader = control.read()?;
    readable_organization(&reader, caller, id, Permission::WritePeople)?;
    let mut invitations = store::invitation::of_organization(&reader, id)?;
    invitations.retain(|invitation| invitation.is_pending(call.now));
    Ok(invitations)
}

/// Invites somebody. An earlier invitation of the same person to the same organization is withdrawn.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: OrganizationId,
    new: NewInvitation,
) -> Result<Issued, Error> {
    let text = TokenText::mint(TokenKind::Invitation, control.random()?);
    control
        .change(call, Some(caller.actor()), move |change| {
            change.organization(id, Permission::WritePeople)?;
            if let Some(user) = store::user::by_email(change.tx(), &new.email)?
                && store::organization::membership(change.tx(), id, user.id)?.is_some()
            {
                return Err(Error::AlreadyMember(new.email.as_str().to_owned()));
            }
            make_room(change, id, &new.email)?;
            let now = change.now();
            let invitation = Invitation {
                id: change.mint(),
                organization: id,
                email: new.email,
                role: new.role,
                digest: text.digest(),
                invited_by: change.actor()?.id,
                created_at: now,
                expires_at: now.plus_seconds(INVITATION_LIFETIME),
            };
            store::invitation::put(change.tx(), &invitation)?;
            let made = difference(&Fields::new(), &fields(&invitation));
            audit(change, Action::InvitationCreated, &invitation, made)?;
            Ok(Issued { invitation, text })
        })
        .await
}

/// Takes away what stands in the way of another invitation of `email`: what has expired, and an earlier one.
fn make_room(change: &Change<'_>, id: OrganizationId, email: &Email) -> Result<(), Error> {
    let mut pending = 0;
    for invitation in store::invitation::of_organization(change.tx(), id)? {
        if !invitation.is_pending(change.now()) {
            store::invitation::remove(change.tx(), &invitation)?;
        } else if invitation.is_for(email) {
            withdraw(change, &invitation)?;
        } else {
            pending += 1;
        }
    }
    if pending < MAX_PENDING_INVITATIONS {
        return Ok(());
    }
    let sentence = format!("an organization has at most {MAX_PENDING_INVITATIONS} invitations at a time");
    Err(Error::LimitReached(sentence))
}

fn withdraw(change: &Change<'_>, invitation: &Invitation) -> Result<(), Error> {
    store::invitation::remove(change.tx(), invitation)?;
    let gone = difference(&fields(invitation), &Fields::new());
    audit(change, Action::InvitationRevoked, invitation, gone)
}

fn fields(invitation: &Invitation) -> Fields {
    vec![("email", Value::from(invitation.email.as_str())), ("role", Value::from(invitation.role.as_str()))]
}

fn audit(
    change: &Change<'_>,
    action: Action,
    invitation: &Invitation,
    changes: Vec<FieldChange>,
) -> Result<(), Error> {
    change.audit(action, organization_scope(invitation.organization), invitation.id, changes)
}

/// Withdraws an invitation: from the answer on nobody can accept it.
pub async fn revoke(
    control: &Control,
    call: &Call,
    caller: &Caller,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            change.organization(organization, Permission::WritePeople)?;
            let found = store::invitation::by_id(change.tx(), organization, id)?;
            let pending = found.filter(|invitation| invitation.is_pending(change.now()));
            let missing = || Error::Missing(Thing::Invitation, id.to_string());
            withdraw(change, &pending.ok_or_else(missing)?)
        })
        .await
}

/// Accepts an invitation, whose token has this digest, for somebody who is signed in.
pub async fn accept(
    control: &Control,
    call: &Call,
    caller: &Caller,
    digest: Digest,
) -> Result<Joined, Error> {
    let user = caller.user.clone();
    control
        .change(call, Some(caller.actor()), move |change| {
            let invitation = find(change.tx(), &digest, &user.email, change.now())?;
            let membership = admit(change, &invitation, &user)?;
            let organization = store::organization::by_id(change.tx(), membership.organization)?;
            Ok((organization.ok_or(Error::InvitationInvalid)?, membership.role))
        })
        .await
}

/// The invitation whose token has this digest, which the person with this address may accept at `now`. Nobody else
/// learns that there is one.
pub(super) fn find(
    access: &impl Access,
    digest: &Digest,
    email: &Email,
    now: Timestamp,
) -> Result<Invitation, Error> {
    let found = store::invitation::with_digest(access, digest)?;
    let invitation = found.filter(|it| it.is_for(email)).ok_or(Error::InvitationInvalid)?;
    if invitation.is_pending(now) { Ok(invitation) } else { Err(Error::InvitationExpired) }
}

/// Makes `user` a member, and uses the invitation up.
pub(super) fn admit(change: &Change<'_>, invitation: &Invitation, user: &User) -> Result<Membership, Error> {
    let membership = member::join(change, invitation.organization, user, invitation.role)?;
    store::invitation::remove(change.tx(), invitation)?;
    let made = difference(&Fields::new(), &fields(invitation));
    audit(change, Action::InvitationAccepted, invitation, made)?;
    Ok(membership)
}

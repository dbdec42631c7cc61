//! Invitations, found by organization and by the digest of their token.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, by_digest,
    codec::{Stored, seal, thaw},
    get, tables, under,
};
use crate::domain::{
    id::{InvitationId, OrganizationId, UserId},
    invitation::Invitation,
    role::Role,
    time::Timestamp,
    user::Email,
};

#[derive(Serialize, Deserialize)]
struct InvitationV1 {
    id: u128,
    organization: u128,
    email: String,
    role: String,
    digest: [u8; 32],
    invited_by: u128,
    created_at: i64,
    expires_at: i64,
}

impl Stored for Invitation {
    const NOUN: &'static str = "an invitation";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = InvitationV1 {
            id: self.id.bits(),
            organization: self.organization.bits(),
            email: self.email.as_str().to_owned(),
            role: self.role.as_str().to_owned(),
            digest: self.digest,
            invited_by: self.invited_by.bits(),
            created_at: self.created_at.millis(),
            expires_at: self.expires_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: InvitationV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: InvitationId::from_bits(record.id),
            organization: OrganizationId::from_bits(record.organization),
            email: Email::parse(&record.email).ok()?,
            role: Role::parse(&record.role)?,
            digest: record.digest,
            invited_by: UserId::from_bits(record.invited_by),
            created_at: Timestamp::from_millis(record.created_at),
            expires_at: Timestamp::from_millis(record.expires_at),
        })
    }
}

/// The invitation of `organization` with this identifier.
pub fn by_id(
    access: &impl Access,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<Option<Invitation>, Error> {
    get(access, tables::INVITATIONS, (organization.bits(), id.bits()))
}

/// The invitation whose token has this digest.
pub fn with_digest(access: &impl Access, digest: &[u8; 32]) -> Result<Option<Invitation>, Error> {
    by_digest(access, tables::INVITATION_BY_DIGEST, tables::INVITATIONS, digest)
}

/// The invitations of `organization`, oldest first, expired ones included.
pub fn of_organization(access: &impl Access, id: OrganizationId) -> Result<Vec<Invitation>, Error> {
    under(access, tables::INVITATIONS, id.bits())
}

/// Keeps an invitation.
pub fn put(writer: &Writer, invitation: &Invitation) -> Result<(), Error> {
    let key = (invitation.organization.bits(), invitation.id.bits());
    writer.put(tables::INVITATIONS, key, invitation)?;
    writer.set(tables::INVITATION_BY_DIGEST, &invitation.digest, key)
}

/// Takes an invitation back, or away because it was accepted.
pub fn remove(writer: &Writer, invitation: &Invitation) -> Result<(), Error> {
    writer.remove(tables::INVITATIONS, (invitation.organization.bits(), invitation.id.bits()))?;
    writer.remove(tables::INVITATION_BY_DIGEST, &invitation.digest)
}

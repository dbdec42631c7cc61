//! Organizations and memberships.

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    get, tables,
};
use crate::domain::{
    id::{OrganizationId, UserId},
    organization::{Membership, Organization},
    role::Role,
    text::Name,
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct OrganizationV1 {
    id: u128,
    name: String,
    created_at: i64,
}

impl Stored for Organization {
    const NOUN: &'static str = "an organization";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = OrganizationV1 {
            id: self.id.bits(),
            name: self.name.to_string(),
            created_at: self.created_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: OrganizationV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: OrganizationId::from_bits(record.id),
            name: Name::trusted(&record.name),
            created_at: Timestamp::from_millis(record.created_at),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct MembershipV1 {
    organization: u128,
    user: u128,
    role: String,
    created_at: i64,
}

impl Stored for Membership {
    const NOUN: &'static str = "a membership";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = MembershipV1 {
            organization: self.organization.bits(),
            user: self.user.bits(),
            role: self.role.as_str().to_owned(),
            created_at: self.created_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: MembershipV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            organization: OrganizationId::from_bits(record.organization),
            user: UserId::from_bits(record.user),
            role: Role::parse(&record.role)?,
            created_at: Timestamp::from_millis(record.created_at),
        })
    }
}

/// The organization with this identifier.
pub fn by_id(access: &impl Access, id: OrganizationId) -> Result<Option<Organization>, Error> {
    get(access, tables::ORGANIZATIONS, id.bits())
}

/// Keeps an organization.
pub fn put(writer: &Writer, organization: &Organization) -> Result<(), Error> {
    writer.put(tables::ORGANIZATIONS, organization.id.bits(), organization)
}

/// What `user` belongs to, oldest organization first.
pub fn memberships(access: &impl Access, user: UserId) -> Result<Vec<Membership>, Error> {
    let table = access.table(tables::MEMBERSHIPS)?;
    let rows = table.range((user.bits(), 0)..=(user.bits(), u128::MAX))?;
    rows.map(|row| Membership::open(row?.1.value())).collect()
}

/// Keeps a membership.
pub fn put_membership(writer: &Writer, membership: &Membership) -> Result<(), Error> {
    writer.put(tables::MEMBERSHIPS, (membership.user.bits(), membership.organization.bits()), membership)
}

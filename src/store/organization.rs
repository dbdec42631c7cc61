//! Organizations and memberships.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, all,
    codec::{Stored, seal, thaw},
    get, indexed, tables, under,
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

/// The organization that was made first.
pub fn first(access: &impl Access) -> Result<Option<Organization>, Error> {
    let table = access.table(tables::ORGANIZATIONS)?;
    let first = redb::ReadableTable::first(&table)?;
    first.map(|(_, bytes)| Organization::open(bytes.value())).transpose()
}

/// Every organization, the one that was made first first.
pub fn every(access: &impl Access) -> Result<Vec<Organization>, Error> {
    all(access, tables::ORGANIZATIONS)
}

/// Keeps an organization.
pub fn put(writer: &Writer, organization: &Organization) -> Result<(), Error> {
    writer.put(tables::ORGANIZATIONS, organization.id.bits(), organization)
}

/// What `user` belongs to, oldest organization first.
pub fn memberships(access: &impl Access, user: UserId) -> Result<Vec<Membership>, Error> {
    under(access, tables::MEMBERSHIPS, user.bits())
}

/// The membership of `user` in `organization`.
pub fn membership(
    access: &impl Access,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Membership>, Error> {
    get(access, tables::MEMBERSHIPS, (user.bits(), organization.bits()))
}

/// Who belongs to `organization`, oldest account first.
pub fn members(access: &impl Access, organization: OrganizationId) -> Result<Vec<Membership>, Error> {
    let users = indexed(access, tables::MEMBERS_OF, organization.bits())?;
    let mut members = Vec::with_capacity(users.len());
    for user in users {
        members.extend(membership(access, organization, UserId::from_bits(user))?);
    }
    Ok(members)
}

/// Keeps a membership.
pub fn put_membership(writer: &Writer, membership: &Membership) -> Result<(), Error> {
    let (user, organization) = (membership.user.bits(), membership.organization.bits());
    writer.put(tables::MEMBERSHIPS, (user, organization), membership)?;
    writer.set(tables::MEMBERS_OF, (organization, user), ())
}

/// Ends a membership.
pub fn remove_membership(writer: &Writer, organization: OrganizationId, user: UserId) -> Result<(), Error> {
    writer.remove(tables::MEMBERSHIPS, (user.bits(), organization.bits()))?;
    writer.remove(tables::MEMBERS_OF, (organization.bits(), user.bits()))
}

/// From schema 2 to 3: members were found by user alone.
pub(super) fn index_members(writer: &Writer) -> Result<(), Error> {
    let every: Vec<Membership> = all(writer, tables::MEMBERSHIPS)?;
    let mut index = writer.0.open_table(tables::MEMBERS_OF)?;
    for membership in every {
        index.insert((membership.organization.bits(), membership.user.bits()), ())?;
    }
    Ok(())
}

//! Organizations.

use poem_openapi::Object;
use serde::Serialize;

use crate::{
    control::organization::Joined,
    domain::{
        role::Role,
        text::Name,
        violation::{Path, Violations},
    },
    request,
};

request! {
    /// An organization to be made. It starts without projects.
    #[derive(Clone, Debug)]
    pub struct CreateOrganization {
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: String,
    }

    /// A partial change of an organization: an absent field stays.
    #[derive(Clone, Debug)]
    pub struct UpdateOrganization {
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
    }
}

/// The name of the organization that a body asks for.
pub fn organization_name(body: CreateOrganization, faults: &mut Violations) -> Option<Name> {
    Name::parse(&body.name, &Path::ROOT.field("name"), faults)
}

/// What becomes of the name; `None` leaves it.
pub fn organization_change(body: UpdateOrganization, faults: &mut Violations) -> Option<Option<Name>> {
    Some(body.name.and_then(|name| Name::parse(&name, &Path::ROOT.field("name"), faults)))
}

/// An organization that the caller belongs to.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Organization")]
pub struct OrganizationView {
    /// Its identifier: `org_` and a ULID.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The caller's role in it.
    pub role: Role,
    /// When it was made.
    pub created_at: String,
}

impl From<Joined> for OrganizationView {
    fn from((organization, role): Joined) -> Self {
        Self {
            id: organization.id.to_string(),
            name: organization.name.to_string(),
            role,
            created_at: organization.created_at.to_string(),
        }
    }
}

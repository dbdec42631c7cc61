//! Roles and THE permission table (contract B2): one row a permission. `control` enforces it.

use super::named::named;

named! {
    /// What a member may do in an organization; each role may do what the ones before it may.
    Role {
        /// Reads.
        Viewer = "viewer",
        /// Also changes flags.
        Editor = "editor",
        /// Also people, projects, environments and API keys.
        Admin = "admin",
    }
}

/// Something that needs a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See an organization and what belongs to it: projects, environments, flags, history.
    Read,
    /// Create, change, toggle and archive flags, now or later.
    WriteFlags,
    /// Delete flags for good.
    DeleteFlags,
    /// Create, change and delete segments.
    WriteSegments,
    /// Create and rename organizations.
    WriteOrganizations,
    /// See who is invited, invite, change roles and remove members.
    WritePeople,
    /// Create, change and delete projects.
    WriteProjects,
    /// Create, change and delete environments.
    WriteEnvironments,
    /// Freeze and unfreeze environments, and change them while they are frozen.
    FreezeEnvironments,
    /// See which API keys exist.
    ReadApiKeys,
    /// Create, rotate and revoke API keys.
    WriteApiKeys,
    /// See which webhooks exist, and what became of their deliveries.
    ReadWebhooks,
    /// Create, change, test and delete webhooks.
    WriteWebhooks,
    /// What concerns all organizations at once: look after all accounts, copy the whole data file, have the chain of the
    /// whole log checked. It takes the role in the organization that was made first.
    OperateServer,
}

impl Permission {
    /// The least role that has this permission.
    pub const fn least_role(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::WriteFlags | Self::WriteSegments => Role::Editor,
            Self::DeleteFlags
            | Self::WriteOrganizations
            | Self::WritePeople
            | Self::WriteProjects
            | Self::WriteEnvironments
            | Self::FreezeEnvironments
            | Self::ReadApiKeys
            | Self::WriteApiKeys
            | Self::ReadWebhooks
            | Self::WriteWebhooks
            | Self::OperateServer => Role::Admin,
        }
    }

    /// What it allows, to follow "may not".
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Read => "read this",
            Self::WriteFlags => "change flags",
            Self::DeleteFlags => "delete flags for good",
            Self::WriteSegments => "change segments",
            Self::WriteOrganizations => "change organizations",
            Self::WritePeople => "manage people",
            Self::WriteProjects => "change projects",
            Self::WriteEnvironments => "change environments",
            Self::FreezeEnvironments => "freeze environments, nor change them while they are frozen",
            Self::ReadApiKeys => "see API keys",
            Self::WriteApiKeys => "change API keys",
            Self::ReadWebhooks => "see webhooks",
            Self::WriteWebhooks => "change webhooks",
            Self::OperateServer => "do this: it takes an admin of the organization that was made first",
        }
    }
}

impl Role {
    /// Whether the role has `permission`.
    pub fn may(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_grant_a_role_above_their_own() {
        // Whoever may grant any role has the highest one, so that nothing else has to be compared.
        let highest = Role::ALL.iter().map(|(role, _)| *role).max();
        assert_eq!(Some(Permission::WritePeople.least_role()), highest);
    }
}

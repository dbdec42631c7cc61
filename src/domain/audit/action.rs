//! What can be done, and with what kind of thing.

use crate::domain::{
    id::{
        ApiKeyId, Bits, EnvironmentId, FlagId, InvitationId, OrganizationId, PersonalTokenId, ProjectId,
        SegmentId, UserId, WebhookId,
    },
    named::named,
};

named! {
    /// What was done.
    Action {
        /// A flag was made.
        FlagCreated = "flag.created",
        /// Fields of a flag changed.
        FlagUpdated = "flag.updated",
        /// A flag was turned on or off.
        FlagToggled = "flag.toggled",
        /// What another environment says of a flag was taken to this one.
        FlagPromoted = "flag.promoted",
        /// A segment was made.
        SegmentCreated = "segment.created",
        /// Fields of a segment changed.
        SegmentUpdated = "segment.updated",
        /// A segment was deleted.
        SegmentDeleted = "segment.deleted",
        /// A flag was put away.
        FlagArchived = "flag.archived",
        /// A flag was made what it was before.
        FlagRolledBack = "flag.rolled_back",
        /// A flag that was put away is in use again.
        FlagRestored = "flag.restored",
        /// A flag that was put away was deleted for good.
        FlagDeleted = "flag.deleted",
        /// A change of a flag was scheduled.
        FlagScheduled = "flag.scheduled",
        /// A scheduled change of a flag was called off.
        FlagScheduleCancelled = "flag.schedule_cancelled",
        /// A scheduled change of a flag could not be made when its time came.
        FlagScheduleFailed = "flag.schedule_failed",
        /// A ramp of a flag was made.
        FlagRampCreated = "flag.ramp_created",
        /// A ramp of a flag waits.
        FlagRampPaused = "flag.ramp_paused",
        /// A ramp of a flag that waited goes on.
        FlagRampResumed = "flag.ramp_resumed",
        /// The rule of a ramp is what it was before it, and the rest of the ramp was called off.
        FlagRampRolledBack = "flag.ramp_rolled_back",
        /// The rest of a ramp of a flag was called off.
        FlagRampCancelled = "flag.ramp_cancelled",
        /// A project was made.
        ProjectCreated = "project.created",
        /// Fields of a project changed.
        ProjectUpdated = "project.updated",
        /// A project was made what a document says.
        ProjectImported = "project.imported",
        /// A project was deleted, with everything in it.
        ProjectDeleted = "project.deleted",
        /// An environment was made.
        EnvironmentCreated = "environment.created",
        /// Fields of an environment changed.
        EnvironmentUpdated = "environment.updated",
        /// From then on its ruleset must not change.
        EnvironmentFrozen = "environment.frozen",
        /// From then on its ruleset may change again.
        EnvironmentUnfrozen = "environment.unfrozen",
        /// An environment was deleted, with everything in it.
        EnvironmentDeleted = "environment.deleted",
        /// The configurations of its flags were made what they were before.
        EnvironmentRestored = "environment.restored",
        /// An API key was made.
        ApiKeyCreated = "api_key.created",
        /// What is known of an API key changed.
        ApiKeyUpdated = "api_key.updated",
        /// An API key was revoked.
        ApiKeyRevoked = "api_key.revoked",
        /// Another API key was put in the place of one, which goes on for a while.
        ApiKeyRotated = "api_key.rotated",
        /// An organization was made.
        OrganizationCreated = "organization.created",
        /// An organization was renamed.
        OrganizationUpdated = "organization.updated",
        /// Somebody was invited.
        InvitationCreated = "invitation.created",
        /// An invitation was withdrawn.
        InvitationRevoked = "invitation.revoked",
        /// Somebody accepted an invitation, and is a member since.
        InvitationAccepted = "invitation.accepted",
        /// An account was made.
        UserRegistered = "user.registered",
        /// An operator made somebody a member of an organization.
        UserAdded = "user.added",
        /// A member of an organization got another role.
        UserRoleChanged = "user.role_changed",
        /// Somebody is no longer a member of an organization.
        UserRemoved = "user.removed",
        /// Fields of an account changed.
        UserUpdated = "user.updated",
        /// An account got another password.
        PasswordChanged = "user.password_changed",
        /// An operator gave an account another password.
        PasswordReset = "user.password_reset",
        /// A personal access token was made.
        PersonalTokenCreated = "personal_token.created",
        /// A personal access token was revoked.
        PersonalTokenRevoked = "personal_token.revoked",
        /// A webhook was made.
        WebhookCreated = "webhook.created",
        /// Fields of a webhook changed.
        WebhookUpdated = "webhook.updated",
        /// A webhook was deleted, with its deliveries.
        WebhookDeleted = "webhook.deleted",
        /// A webhook got another secret.
        WebhookSecretRotated = "webhook.secret_rotated",
        /// The server stopped sending to a webhook that had failed for days.
        WebhookPaused = "webhook.paused",
    }

    /// What kind of thing something was done with.
    Resource {
        /// A flag.
        Flag = "flag",
        /// A segment.
        Segment = "segment",
        /// A project.
        Project = "project",
        /// An environment.
        Environment = "environment",
        /// An API key.
        ApiKey = "api_key",
        /// An organization.
        Organization = "organization",
        /// An account.
        User = "user",
        /// An invitation to an organization.
        Invitation = "invitation",
        /// A personal access token.
        PersonalToken = "personal_token",
        /// A webhook.
        Webhook = "webhook",
    }
}

/// Changes that those who follow an environment know under another name: what they hear of is in the contract, A9.
const TOLD_AS: [(Action, Action); 3] = [
    (Action::FlagRolledBack, Action::FlagUpdated),
    (Action::FlagPromoted, Action::FlagUpdated),
    (Action::FlagRampRolledBack, Action::FlagUpdated),
];

impl Action {
    /// How those who follow an environment are told of it.
    #[must_use]
    pub fn told_as(self) -> Self {
        TOLD_AS.iter().find(|(action, _)| *action == self).map_or(self, |(_, told)| *told)
    }

    /// What kind of thing it is done with. The name of an action begins with it, and a dot.
    pub const fn resource(self) -> Resource {
        match self {
            Self::FlagCreated
            | Self::FlagUpdated
            | Self::FlagToggled
            | Self::FlagArchived
            | Self::FlagRolledBack
            | Self::FlagRestored
            | Self::FlagDeleted
            | Self::FlagPromoted
            | Self::FlagScheduled
            | Self::FlagScheduleCancelled
            | Self::FlagScheduleFailed
            | Self::FlagRampCreated
            | Self::FlagRampPaused
            | Self::FlagRampResumed
            | Self::FlagRampRolledBack
            | Self::FlagRampCancelled => Resource::Flag,
            Self::SegmentCreated | Self::SegmentUpdated | Self::SegmentDeleted => Resource::Segment,
            Self::ProjectCreated | Self::ProjectUpdated | Self::ProjectImported | Self::ProjectDeleted => {
                Resource::Project
            }
            Self::EnvironmentCreated
            | Self::EnvironmentUpdated
            | Self::EnvironmentFrozen
            | Self::EnvironmentUnfrozen
            | Self::EnvironmentDeleted
            | Self::EnvironmentRestored => Resource::Environment,
            Self::ApiKeyCreated | Self::ApiKeyUpdated | Self::ApiKeyRevoked | Self::ApiKeyRotated => {
                Resource::ApiKey
            }
            Self::OrganizationCreated | Self::OrganizationUpdated => Resource::Organization,
            Self::InvitationCreated | Self::InvitationRevoked | Self::InvitationAccepted => {
                Resource::Invitation
            }
            Self::UserRegistered
            | Self::UserAdded
            | Self::PasswordReset
            | Self::UserRoleChanged
            | Self::UserRemoved
            | Self::UserUpdated
            | Self::PasswordChanged => Resource::User,
            Self::PersonalTokenCreated | Self::PersonalTokenRevoked => Resource::PersonalToken,
            Self::WebhookCreated
            | Self::WebhookUpdated
            | Self::WebhookDeleted
            | Self::WebhookSecretRotated
            | Self::WebhookPaused => Resource::Webhook,
        }
    }
}

impl Resource {
    /// Reads the identifier of a thing of any kind.
    pub fn read_id(text: &str) -> Option<(Self, Bits)> {
        let (kind, bits) = match text.split('_').next()? {
            "flg" => (Self::Flag, FlagId::parse(text)?.bits()),
            "seg" => (Self::Segment, SegmentId::parse(text)?.bits()),
            "prj" => (Self::Project, ProjectId::parse(text)?.bits()),
            "env" => (Self::Environment, EnvironmentId::parse(text)?.bits()),
            "key" => (Self::ApiKey, ApiKeyId::parse(text)?.bits()),
            "org" => (Self::Organization, OrganizationId::parse(text)?.bits()),
            "usr" => (Self::User, UserId::parse(text)?.bits()),
            "inv" => (Self::Invitation, InvitationId::parse(text)?.bits()),
            "tok" => (Self::PersonalToken, PersonalTokenId::parse(text)?.bits()),
            "whk" => (Self::Webhook, WebhookId::parse(text)?.bits()),
            _ => return None,
        };
        Some((kind, bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_named_after_what_it_is_done_with() {
        for (action, name) in Action::ALL {
            let kind = name.split('.').next();
            assert_eq!(kind, Some(action.resource().as_str()), "{name}");
        }
    }

    #[test]
    fn the_identifier_of_any_resource_is_read_and_of_nothing_else() {
        let ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        for (prefix, kind) in ["flg", "seg", "prj", "env", "key", "org", "usr", "inv", "tok", "whk"]
            .into_iter()
            .zip(Resource::ALL.iter().map(|it| it.0))
        {
            let read = Resource::read_id(&format!("{prefix}_{ulid}"));
            assert_eq!(read.map(|(kind, _)| kind), Some(kind));
        }
        for other in ["", "flg", "flg_", &format!("rule_{ulid}"), &format!("evt_{ulid}"), "new-nav", ulid] {
            assert_eq!(Resource::read_id(other), None, "{other}");
        }
    }
}

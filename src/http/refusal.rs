//! From a refusal of `control` to its row of the error table.

use crate::{
    control::{Error, Thing},
    domain::{
        id::RampId,
        ramp::RampState,
        role::{Permission, Role},
        schedule::ScheduleStatus,
    },
    http::error::{ApiError, Code},
};

/// Seconds after which a busy server is worth another try.
const BUSY_RETRY: u64 = 1;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Missing(thing, name) => missing(thing, &name),
            Error::KeyTaken(thing, key) => taken(thing, &key),
            Error::EmailTaken => Self::of(Code::EmailAlreadyExists),
            Error::Invalid(violations) => violations.into(),
            Error::Forbidden(permission) => forbidden(permission),
            Error::RoleTooHigh { asked, own } => role_too_high(asked, own),
            Error::LastAdmin => Self::of(Code::LastAdmin),
            Error::LastEnvironment => Self::of(Code::LastEnvironment),
            Error::AlreadyMember(email) => {
                let message = format!("'{email}' belongs to this organization already");
                Self::new(Code::MemberAlreadyExists, message)
            }
            Error::InvitationInvalid => Self::of(Code::InvitationInvalid),
            Error::InvitationExpired => Self::of(Code::InvitationExpired),
            Error::FlagInUse(users) => {
                let message = format!("other flags require this one: {}", users.join(", "));
                Self::new(Code::FlagInUse, message).with_detail("used_by", users)
            }
            Error::SegmentInUse(users) => {
                let message = format!("the segment is in use: {}", users.join(", "));
                Self::new(Code::SegmentInUse, message).with_detail("used_by", users)
            }
            Error::EnvironmentFrozen { environment, reason } => {
                let message = format!("the environment '{environment}' is frozen: {reason}");
                Self::new(Code::EnvironmentFrozen, message)
                    .with_detail("environment_key", environment)
                    .with_detail("frozen_reason", reason)
            }
            Error::RevisionConflict(revision) => {
                let message = format!("it is at revision {revision}, which the request does not expect");
                Self::new(Code::RevisionConflict, message).with_detail("revision", revision)
            }
            Error::KeyRotated(successor) => {
                Self::of(Code::ApiKeyRotated).with_detail("replaced_by", successor.to_string())
            }
            Error::KeyExpired => Self::of(Code::ApiKeyExpired),
            Error::FlagArchived(key) => {
                Self::new(Code::FlagArchived, format!("the flag '{key}' is archived and cannot be changed"))
            }
            Error::FlagNotArchived(key) => {
                Self::new(Code::FlagNotArchived, format!("the flag '{key}' is not archived"))
            }
            Error::ScheduleOver(status) => schedule_over(status),
            Error::RampState(state) => ramp_state(state),
            Error::RampRunning(id) => ramp_running(id),
            Error::VariationInUse { variation, by } => {
                let message = format!("the variation '{variation}' is in use: {}", by.join(", "));
                Self::new(Code::VariationInUse, message)
                    .with_detail("variation", variation)
                    .with_detail("used_by", by)
            }
            Error::LimitReached(sentence) => Self::new(Code::LimitExceeded, sentence),
            Error::InvalidCredentials => Self::of(Code::InvalidCredentials),
            Error::WrongPassword => Self::new(Code::InvalidCredentials, "the current password is wrong"),
            Error::TokenExpired => Self::of(Code::TokenExpired),
            Error::TokenInvalid => Self::of(Code::TokenInvalid),
            Error::RefreshTokenInvalid => Self::of(Code::RefreshTokenInvalid),
            Error::RegistrationClosed => Self::of(Code::RegistrationDisabled),
            Error::Busy => Self::of(Code::ServerBusy).with_retry_after(BUSY_RETRY),
            Error::NothingToResetTo => {
                Self::new(Code::NotFound, "only a server that was started with --ephemeral can be reset")
            }
            Error::Storage(error) => Self::of(Code::StorageUnavailable).with_cause(error),
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}

fn forbidden(permission: Permission) -> ApiError {
    let role = permission.least_role().as_str();
    let message =
        format!("your role may not {}; that needs the role '{role}' or a higher one", permission.verb());
    ApiError::new(Code::InsufficientPermissions, message).with_detail("required_role", role)
}

fn role_too_high(asked: Role, own: Role) -> ApiError {
    let (asked, own) = (asked.as_str(), own.as_str());
    let message = format!("your highest role is '{own}'; a token of yours cannot have the role '{asked}'");
    ApiError::new(Code::InsufficientPermissions, message).with_detail("required_role", asked)
}

fn schedule_over(status: ScheduleStatus) -> ApiError {
    let message = format!("the schedule is over: it is {}", status.as_str());
    ApiError::new(Code::ScheduleOver, message).with_detail("status", status.as_str())
}

fn ramp_state(state: RampState) -> ApiError {
    let message = format!("this cannot be done with a ramp that is {}", state.as_str());
    ApiError::new(Code::RampStateConflict, message).with_detail("state", state.as_str())
}

fn ramp_running(id: RampId) -> ApiError {
    let message = format!("the ramp '{id}' changes the rule already, or adds one as well");
    ApiError::new(Code::RampRunning, message).with_detail("ramp_id", id.to_string())
}

fn missing(thing: Thing, name: &str) -> ApiError {
    match thing {
        // The sentence names the flag and the environment.
        Thing::Flag => ApiError::new(Code::FlagNotFound, name),
        Thing::Environment => named(Code::EnvironmentNotFound, "environment", name),
        Thing::Project => named(Code::ProjectNotFound, "project", name),
        Thing::Organization => named(Code::OrganizationNotFound, "organization", name),
        Thing::Segment => named(Code::SegmentNotFound, "segment", name),
        Thing::ApiKey => named(Code::ApiKeyNotFound, "API key", name),
        Thing::Member => named(Code::MemberNotFound, "member", name),
        Thing::Invitation => named(Code::InvitationNotFound, "invitation", name),
        Thing::PersonalToken => named(Code::TokenNotFound, "personal access token", name),
        Thing::Revision => named(Code::RevisionNotFound, "revision", name),
        Thing::Schedule => named(Code::ScheduleNotFound, "schedule", name),
        Thing::Ramp => named(Code::RampNotFound, "ramp", name),
        Thing::Webhook => named(Code::WebhookNotFound, "webhook", name),
        Thing::Delivery => named(Code::DeliveryNotFound, "delivery", name),
    }
}

fn named(code: Code, noun: &str, name: &str) -> ApiError {
    ApiError::new(code, format!("there is no {noun} '{name}'"))
}

fn taken(thing: Thing, key: &str) -> ApiError {
    let (code, noun, place) = match thing {
        Thing::Flag => (Code::FlagKeyConflict, "a flag", "project"),
        Thing::Environment => (Code::EnvironmentKeyConflict, "an environment", "project"),
        Thing::Segment => (Code::SegmentKeyConflict, "a segment", "project"),
        Thing::Project => (Code::ProjectKeyConflict, "a project", "organization"),
        Thing::Organization
        | Thing::ApiKey
        | Thing::Member
        | Thing::Invitation
        | Thing::PersonalToken
        | Thing::Revision
        | Thing::Schedule
        | Thing::Ramp
        | Thing::Webhook
        | Thing::Delivery => {
            return ApiError::internal(format!("{thing:?} has no key"));
        }
    };
    ApiError::new(code, format!("the {place} has {noun} with the key '{key}'")).with_detail("key", key)
}

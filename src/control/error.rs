//! Why a request was not carried out. The HTTP layer turns each into a row of its error table.

use crate::{
    domain::{
        id::{ApiKeyId, RampId},
        ramp::RampState,
        role::{Permission, Role},
        schedule::ScheduleStatus,
        violation::Violations,
    },
    store,
};

/// What a request can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A flag.
    Flag,
    /// An environment.
    Environment,
    /// A project.
    Project,
    /// An organization.
    Organization,
    /// An API key.
    ApiKey,
    /// A segment.
    Segment,
    /// A member of an organization.
    Member,
    /// An invitation.
    Invitation,
    /// A personal access token.
    PersonalToken,
    /// A revision of a flag.
    Revision,
    /// A schedule.
    Schedule,
    /// A ramp.
    Ramp,
    /// A webhook.
    Webhook,
    /// A delivery of a webhook.
    Delivery,
}

/// Why a request was not carried out. Nothing was changed.
#[derive(Debug)]
pub enum Error {
    /// There is no such thing, or none that the caller may know of. The text names it.
    Missing(Thing, String),
    /// Another thing has this key.
    KeyTaken(Thing, String),
    /// Another account has this address.
    EmailTaken,
    /// The input cannot be accepted.
    Invalid(Violations),
    /// The caller's role does not allow it.
    Forbidden(Permission),
    /// The caller has no role as high as the one that a token shall have.
    RoleTooHigh {
        /// What the token shall have.
        asked: Role,
        /// The highest that the caller has.
        own: Role,
    },
    /// The organization would have no admin.
    LastAdmin,
    /// The person with this address is a member already.
    AlreadyMember(String),
    /// There is no such invitation for the caller: it never was, was accepted, was withdrawn, or is for somebody else.
    InvitationInvalid,
    /// The invitation was for the caller, and its time is over.
    InvitationExpired,
    /// Other flags demand this one; their keys, with the environment's key.
    FlagInUse(Vec<String>),
    /// Flags or other segments refer to this one; their names.
    SegmentInUse(Vec<String>),
    /// The environment is frozen.
    EnvironmentFrozen {
        /// Its key.
        environment: String,
        /// Why it is.
        reason: String,
    },
    /// The project would have no environment.
    LastEnvironment,
    /// The API key was rotated already; this one takes its place.
    KeyRotated(ApiKeyId),
    /// The API key has expired.
    KeyExpired,
    /// The thing is at another revision than the change is meant for: at this one.
    RevisionConflict(u64),
    /// The flag is archived.
    FlagArchived(String),
    /// The flag is not archived.
    FlagNotArchived(String),
    /// Nothing more becomes of the schedule: this became of it.
    ScheduleOver(ScheduleStatus),
    /// What was asked of the ramp cannot be done with one in this state.
    RampState(RampState),
    /// This ramp changes the rule already.
    RampRunning(RampId),
    /// Configurations or other flags name this variation; their names.
    VariationInUse {
        /// The variation's key.
        variation: String,
        /// Who names it.
        by: Vec<String>,
    },
    /// There may be no more of something; a sentence with the limit.
    LimitReached(String),
    /// Wrong address or password.
    InvalidCredentials,
    /// Who is signed in gave another password than theirs.
    WrongPassword,
    /// The access token has expired.
    TokenExpired,
    /// The access token is not genuine, or its session has ended.
    TokenInvalid,
    /// The refresh token is not genuine, not the newest, or its session has ended.
    RefreshTokenInvalid,
    /// Registration is switched off.
    RegistrationClosed,
    /// Too much work is waiting.
    Busy,
    /// There is no state that everything could be set back to.
    NothingToResetTo,
    /// The data file failed.
    Storage(store::Error),
    /// A fault of ours.
    Internal(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

//! What the description of the API says of operations beyond what their declarations say: examples, and the errors
//! that depend on what an operation does.

use crate::http::{error::Code, openapi::Notes};

/// Exchanges that really happen: a test sends every request, and compares the answer.
const EXAMPLES: &str = include_str!("examples.json");

/// Operations of the server itself, which anybody may ask any number of times.
const UNLIMITED: [&str; 3] = ["getHealth", "getReady", "getMetrics"];

/// Operations that go on when the data file fails.
const IN_MEMORY: [&str; 12] = [
    "evaluate",
    "ofrepEvaluateFlag",
    "ofrepEvaluateFlags",
    "ofrepFollow",
    "getRuleset",
    "getBootstrap",
    "followChanges",
    "reportEvents",
    "listOperators",
    "getHealth",
    "getReady",
    "getMetrics",
];

/// What it means that the thing a parameter names is not there.
const NAMED: [(&str, Code); 14] = [
    ("organization_id", Code::OrganizationNotFound),
    ("user_id", Code::MemberNotFound),
    ("invitation_id", Code::InvitationNotFound),
    ("token_id", Code::TokenNotFound),
    ("project_id", Code::ProjectNotFound),
    ("environment_id", Code::EnvironmentNotFound),
    ("flag_id", Code::FlagNotFound),
    ("revision", Code::RevisionNotFound),
    ("schedule_id", Code::ScheduleNotFound),
    ("ramp_id", Code::RampNotFound),
    ("api_key_id", Code::ApiKeyNotFound),
    ("segment_id", Code::SegmentNotFound),
    ("webhook_id", Code::WebhookNotFound),
    ("delivery_id", Code::DeliveryNotFound),
];

/// Operations that show a thing at a revision: who has that one is answered with 304.
const READING_REVISIONS: [&str; 4] = ["getEnvironment", "getFlag", "getSegment", "getWebhook"];

/// Operations that take `If-Match`.
const CHANGING_REVISIONS: [&str; 15] = [
    "updateEnvironment",
    "freezeEnvironment",
    "unfreezeEnvironment",
    "deleteEnvironment",
    "updateFlag",
    "toggleFlag",
    "rollBackFlag",
    "rollBackRamp",
    "restoreFlag",
    "archiveFlag",
    "updateSegment",
    "deleteSegment",
    "updateWebhook",
    "rotateWebhookSecret",
    "deleteWebhook",
];

/// Errors that follow from nothing but what an operation does.
const ERRORS: &[(&str, &[Code])] = &[
    (
        "register",
        &[
            Code::RegistrationDisabled,
            Code::EmailAlreadyExists,
            Code::InvitationInvalid,
            Code::InvitationExpired,
            Code::LimitExceeded,
        ],
    ),
    ("changePassword", &[Code::InvalidCredentials]),
    ("createPersonalToken", &[Code::LimitExceeded]),
    ("createOrganization", &[Code::LimitExceeded]),
    ("setMemberRole", &[Code::LastAdmin]),
    ("removeMember", &[Code::LastAdmin]),
    ("createUser", &[Code::EmailAlreadyExists, Code::OrganizationNotFound, Code::LimitExceeded]),
    ("createInvitation", &[Code::MemberAlreadyExists, Code::LimitExceeded]),
    ("acceptInvitation", &[Code::InvitationInvalid, Code::InvitationExpired, Code::LimitExceeded]),
    ("login", &[Code::InvalidCredentials]),
    ("refresh", &[Code::RefreshTokenInvalid]),
    ("createProject", &[Code::OrganizationNotFound, Code::ProjectKeyConflict, Code::LimitExceeded]),
    (
        "importProject",
        &[
            Code::OrganizationNotFound,
            Code::EnvironmentFrozen,
            Code::LastEnvironment,
            Code::VariationCountInvalid,
            Code::VariationNotFound,
            Code::VariationValueInvalid,
            Code::RuleRolloutExceeds100,
            Code::RuleInvalid,
            Code::PrerequisiteInvalid,
            Code::LimitExceeded,
        ],
    ),
    ("createEnvironment", &[Code::EnvironmentKeyConflict, Code::LimitExceeded]),
    ("verifyAuditLog", &[Code::ServerBusy]),
    ("deleteProject", &[Code::EnvironmentFrozen]),
    ("deleteEnvironment", &[Code::EnvironmentFrozen, Code::LastEnvironment]),
    ("createApiKey", &[Code::LimitExceeded]),
    ("rotateApiKey", &[Code::ApiKeyRotated, Code::ApiKeyExpired, Code::LimitExceeded]),
    (
        "createFlag",
        &[
            Code::EnvironmentFrozen,
            Code::FlagKeyConflict,
            Code::VariationCountInvalid,
            Code::VariationNotFound,
            Code::VariationValueInvalid,
            Code::RuleRolloutExceeds100,
            Code::RuleInvalid,
            Code::PrerequisiteInvalid,
            Code::LimitExceeded,
        ],
    ),
    (
        "updateFlag",
        &[
            Code::EnvironmentFrozen,
            Code::FlagArchived,
            Code::VariationInUse,
            Code::VariationCountInvalid,
            Code::VariationNotFound,
            Code::VariationValueInvalid,
            Code::RuleRolloutExceeds100,
            Code::RuleInvalid,
            Code::PrerequisiteInvalid,
        ],
    ),
    ("diffFlagRevisions", &[Code::RevisionNotFound]),
    (
        "rollBackFlag",
        &[
            Code::RevisionNotFound,
            Code::EnvironmentFrozen,
            Code::FlagArchived,
            Code::VariationInUse,
            Code::RuleInvalid,
            Code::PrerequisiteInvalid,
        ],
    ),
    (
        "createSchedule",
        &[
            Code::EnvironmentFrozen,
            Code::FlagArchived,
            Code::VariationNotFound,
            Code::RuleRolloutExceeds100,
            Code::RuleInvalid,
            Code::LimitExceeded,
        ],
    ),
    ("cancelSchedule", &[Code::ScheduleOver]),
    (
        "createRamp",
        &[
            Code::EnvironmentFrozen,
            Code::FlagArchived,
            Code::RampRunning,
            Code::VariationNotFound,
            Code::RuleInvalid,
            Code::RuleRolloutExceeds100,
            Code::LimitExceeded,
        ],
    ),
    ("pauseRamp", &[Code::RampStateConflict]),
    ("resumeRamp", &[Code::RampStateConflict]),
    (
        "rollBackRamp",
        &[
            Code::RampStateConflict,
            Code::EnvironmentFrozen,
            Code::FlagArchived,
            Code::VariationNotFound,
            Code::RuleInvalid,
        ],
    ),
    ("cancelRamp", &[Code::RampStateConflict]),
    (
        "createSegment",
        &[Code::EnvironmentFrozen, Code::SegmentKeyConflict, Code::RuleInvalid, Code::LimitExceeded],
    ),
    ("updateSegment", &[Code::EnvironmentFrozen, Code::RuleInvalid]),
    ("deleteSegment", &[Code::EnvironmentFrozen, Code::SegmentInUse]),
    ("createWebhook", &[Code::LimitExceeded]),
    ("archiveFlag", &[Code::EnvironmentFrozen, Code::FlagInUse, Code::FlagNotArchived]),
    ("restoreFlag", &[Code::EnvironmentFrozen, Code::FlagNotArchived, Code::PrerequisiteInvalid]),
    ("cloneFlag", &[Code::FlagKeyConflict, Code::PrerequisiteInvalid, Code::LimitExceeded]),
    (
        "restoreEnvironment",
        &[
            Code::EnvironmentFrozen,
            Code::RevisionNotKept,
            Code::VariationNotFound,
            Code::RuleInvalid,
            Code::PrerequisiteInvalid,
        ],
    ),
    (
        "previewFlag",
        &[
            Code::FlagArchived,
            Code::VariationInUse,
            Code::VariationCountInvalid,
            Code::VariationNotFound,
            Code::VariationValueInvalid,
            Code::RuleRolloutExceeds100,
            Code::RuleInvalid,
            Code::PrerequisiteInvalid,
        ],
    ),
    (
        "promoteFlag",
        &[Code::EnvironmentNotFound, Code::EnvironmentFrozen, Code::FlagArchived, Code::PrerequisiteInvalid],
    ),
    (
        "promoteEnvironment",
        &[
            Code::FlagNotFound,
            Code::EnvironmentFrozen,
            Code::FlagArchived,
            Code::PrerequisiteInvalid,
            Code::LimitExceeded,
        ],
    ),
    ("compareEnvironments", &[Code::EnvironmentNotFound]),
    ("toggleFlag", &[Code::EnvironmentFrozen, Code::FlagArchived]),
    ("evaluate", &[Code::FlagNotFound]),
    ("ofrepEvaluateFlag", &[Code::FlagNotFound]),
    ("followChanges", &[Code::StreamLimitReached]),
    ("followProject", &[Code::ProjectNotFound, Code::StreamLimitReached]),
    ("ofrepFollow", &[Code::StreamLimitReached]),
];

/// Everything above.
pub(in crate::http) fn notes() -> serde_json::Result<Notes> {
    Ok(Notes {
        examples: serde_json::from_str(EXAMPLES)?,
        unlimited: UNLIMITED.to_vec(),
        in_memory: IN_MEMORY.to_vec(),
        reading_revisions: READING_REVISIONS.to_vec(),
        changing_revisions: CHANGING_REVISIONS.to_vec(),
        named: NAMED.to_vec(),
        errors: ERRORS.to_vec(),
    })
}

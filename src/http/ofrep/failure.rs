//! Failures as clients of the protocol read them: `errorCode` and `errorDetails` beside our envelope.

use crate::{
    domain::violation::Violations,
    http::error::{ApiError, Code},
};

/// Every path of the protocol begins with this.
pub const ROOT: &str = "/ofrep/";

/// The member that names the failure for a program.
const ERROR_CODE: &str = "errorCode";
/// The member that describes the failure to a person.
const ERROR_DETAILS: &str = "errorDetails";

/// What the protocol knows to go wrong with an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The body is not JSON, or not an object.
    ParseError,
    /// The context is no context.
    InvalidContext,
    /// The evaluation needed a targeting key.
    TargetingKeyMissing,
    /// No flag has the key.
    FlagNotFound,
    /// Everything else.
    General,
}

impl ErrorCode {
    /// How the protocol spells it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::ParseError => "PARSE_ERROR",
            Self::InvalidContext => "INVALID_CONTEXT",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::General => "GENERAL",
        }
    }
}

/// Where the targeting key stands in a request.
pub const TARGETING_KEY: &str = "context.targetingKey";
/// What is told of it where an evaluation needed one.
pub const IS_MISSING: &str = "is required: a percentage rollout needs it";
/// The same as a sentence.
pub const KEY_IS_MISSING: &str = "context.targetingKey is required: a percentage rollout needs it";

/// The refusal of a request for these reasons.
pub fn refusal(code: ErrorCode, faults: Violations) -> ApiError {
    ApiError::from(faults).with_beside(ERROR_CODE, code.text())
}

/// What the protocol calls failures of ours, unless the handler said it better.
const CODES: [(Code, ErrorCode); 2] =
    [(Code::ValidationError, ErrorCode::ParseError), (Code::FlagNotFound, ErrorCode::FlagNotFound)];
/// What it calls all others.
const GENERAL: (Code, ErrorCode) = (Code::InternalError, ErrorCode::General);

/// Any failure below [`ROOT`], with the members that the protocol asks for.
pub fn translate(error: ApiError) -> ApiError {
    let details = error.message().to_owned();
    let (_, code) = CODES.into_iter().find(|(ours, _)| *ours == error.code()).unwrap_or(GENERAL);
    error.or_beside(ERROR_CODE, code.text()).or_beside(ERROR_DETAILS, details)
}

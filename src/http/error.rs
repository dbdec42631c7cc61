//! THE error table. A code, its status and the sentence that says when it occurs stand in one row; the answers,
//! the `OpenAPI` document and the table of the README are derived from it. The codes come from the contract, A1.

use std::fmt::{self, Display};

use bytes::Bytes;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response, error::ResponseError};
use serde_json::{Map, Value, json};

use crate::domain::violation::{Fault, Violations};

/// How many violations one answer lists; an input may have more than anybody would read.
pub const MAX_REPORTED_FIELDS: usize = 100;

macro_rules! codes {
    ($($name:ident = $status:ident $text:literal: $when:literal;)*) => {
        /// What went wrong, as clients see it in `error.code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $when] $name,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The text in `error.code`.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }

            /// The status of an answer with this code.
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Code::$name => StatusCode::$status,)*
                }
            }

            /// When this code occurs, for the documentation.
            pub const fn when(self) -> &'static str {
                match self {
                    $(Code::$name => $when,)*
                }
            }
        }
    };
}

codes! {
    ValidationError = BAD_REQUEST "VALIDATION_ERROR":
        "The request is malformed: broken syntax, a missing, mistyped or unknown field, a bad parameter.";
    Unauthenticated = UNAUTHORIZED "UNAUTHENTICATED":
        "The request carries no credentials.";
    InvalidCredentials = UNAUTHORIZED "INVALID_CREDENTIALS":
        "The email or the password is wrong.";
    TokenExpired = UNAUTHORIZED "TOKEN_EXPIRED":
        "The access token, or personal access token, has expired.";
    TokenInvalid = UNAUTHORIZED "TOKEN_INVALID":
        "The access token, or personal access token, is malformed, not ours or revoked.";
    ApiKeyInvalid = UNAUTHORIZED "API_KEY_INVALID":
        "The API key is unknown, expired or revoked.";
    RefreshTokenInvalid = UNAUTHORIZED "REFRESH_TOKEN_INVALID":
        "The refresh token is unknown, expired or already used.";
    InsufficientPermissions = FORBIDDEN "INSUFFICIENT_PERMISSIONS":
        "The caller is known, and may not do this.";
    RegistrationDisabled = FORBIDDEN "REGISTRATION_DISABLED":
        "This server accepts no registration without an invitation.";
    NotFound = NOT_FOUND "NOT_FOUND":
        "Nothing is at this path.";
    FlagNotFound = NOT_FOUND "FLAG_NOT_FOUND":
        "The flag does not exist.";
    EnvironmentNotFound = NOT_FOUND "ENVIRONMENT_NOT_FOUND":
        "The environment does not exist.";
    ProjectNotFound = NOT_FOUND "PROJECT_NOT_FOUND":
        "The project does not exist.";
    OrganizationNotFound = NOT_FOUND "ORGANIZATION_NOT_FOUND":
        "The organization does not exist.";
    MemberNotFound = NOT_FOUND "MEMBER_NOT_FOUND":
        "The account does not exist, or does not belong to the organization.";
    InvitationNotFound = NOT_FOUND "INVITATION_NOT_FOUND":
        "The invitation does not exist, or was accepted, withdrawn or not accepted in time.";
    TokenNotFound = NOT_FOUND "TOKEN_NOT_FOUND":
        "The caller has no such personal access token.";
    RevisionNotFound = NOT_FOUND "REVISION_NOT_FOUND":
        "The flag has no such revision in this environment, or it is no longer kept.";
    ScheduleNotFound = NOT_FOUND "SCHEDULE_NOT_FOUND":
        "The flag has no such schedule in this environment, or it is no longer kept.";
    RampNotFound = NOT_FOUND "RAMP_NOT_FOUND":
        "The flag has no such ramp in this environment, or it is no longer kept.";
    SegmentNotFound = NOT_FOUND "SEGMENT_NOT_FOUND":
        "The segment does not exist.";
    ApiKeyNotFound = NOT_FOUND "API_KEY_NOT_FOUND":
        "The API key does not exist.";
    WebhookNotFound = NOT_FOUND "WEBHOOK_NOT_FOUND":
        "The webhook does not exist.";
    DeliveryNotFound = NOT_FOUND "DELIVERY_NOT_FOUND":
        "The webhook has no such delivery, or it is no longer kept.";
    MethodNotAllowed = METHOD_NOT_ALLOWED "METHOD_NOT_ALLOWED":
        "The path exists, and does not answer this method.";
    RequestTimeout = REQUEST_TIMEOUT "REQUEST_TIMEOUT":
        "The body did not arrive in time.";
    FlagKeyConflict = CONFLICT "FLAG_KEY_CONFLICT":
        "The project has a flag with this key; an archived flag keeps its key.";
    ProjectKeyConflict = CONFLICT "PROJECT_KEY_CONFLICT":
        "The organization has a project with this key.";
    EnvironmentKeyConflict = CONFLICT "ENVIRONMENT_KEY_CONFLICT":
        "The project has an environment with this key.";
    SegmentKeyConflict = CONFLICT "SEGMENT_KEY_CONFLICT":
        "The project has a segment with this key.";
    EmailAlreadyExists = CONFLICT "EMAIL_ALREADY_EXISTS":
        "An account has this email address.";
    MemberAlreadyExists = CONFLICT "MEMBER_ALREADY_EXISTS":
        "The person with this email address belongs to the organization already.";
    LastAdmin = CONFLICT "LAST_ADMIN":
        "The organization would be left without an admin.";
    LastEnvironment = CONFLICT "LAST_ENVIRONMENT":
        "The project would be left without an environment; delete the project instead.";
    FlagInUse = CONFLICT "FLAG_IN_USE":
        "Other flags require this flag; `details` names them.";
    SegmentInUse = CONFLICT "SEGMENT_IN_USE":
        "Flags or other segments refer to this segment; `details` names them.";
    FlagArchived = CONFLICT "FLAG_ARCHIVED":
        "The flag is archived and cannot be changed.";
    ApiKeyRotated = CONFLICT "API_KEY_ROTATED":
        "The API key was rotated already; `details` names the one in its place.";
    ApiKeyExpired = CONFLICT "API_KEY_EXPIRED":
        "The API key has expired and cannot be rotated; make another one.";
    FlagNotArchived = CONFLICT "FLAG_NOT_ARCHIVED":
        "Only an archived flag can be restored or deleted for good.";
    ScheduleOver = CONFLICT "SCHEDULE_OVER":
        "The schedule was applied, has failed or was cancelled already; `details` says which.";
    RampStateConflict = CONFLICT "RAMP_STATE_CONFLICT":
        "This cannot be done with a ramp in its state, which is in `details`.";
    RampRunning = CONFLICT "RAMP_RUNNING":
        "A ramp that is not over changes this rule already, or adds one as well; `details` names it.";
    VariationInUse = CONFLICT "VARIATION_IN_USE":
        "A configuration or another flag refers to this variation; `details` names it.";
    RevisionConflict = PRECONDITION_FAILED "REVISION_CONFLICT":
        "Somebody has changed it since: `If-Match` does not name its present revision, which is in `details`.";
    PayloadTooLarge = PAYLOAD_TOO_LARGE "PAYLOAD_TOO_LARGE":
        "The body is larger than this path accepts.";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE "UNSUPPORTED_MEDIA_TYPE":
        "The body is not declared as `application/json`, or is compressed.";
    VariationCountInvalid = UNPROCESSABLE_ENTITY "VARIATION_COUNT_INVALID":
        "A boolean flag without exactly two variations, or a flag without any.";
    VariationNotFound = UNPROCESSABLE_ENTITY "VARIATION_NOT_FOUND":
        "The flag has no variation of this name.";
    VariationValueInvalid = UNPROCESSABLE_ENTITY "VARIATION_VALUE_INVALID":
        "The value of a variation does not fit the type of the flag.";
    RuleRolloutExceeds100 = UNPROCESSABLE_ENTITY "RULE_ROLLOUT_EXCEEDS_100":
        "The percentages of one rollout sum to more than 100.";
    RuleInvalid = UNPROCESSABLE_ENTITY "RULE_INVALID":
        "An operand that does not parse, or a rollout that cannot be expressed.";
    PrerequisiteInvalid = UNPROCESSABLE_ENTITY "PREREQUISITE_INVALID":
        "A prerequisite names an unknown flag or variation, or closes a cycle.";
    RevisionNotKept = UNPROCESSABLE_ENTITY "REVISION_NOT_KEPT":
        "What was at that moment is not known, or not kept any more.";
    InvitationInvalid = UNPROCESSABLE_ENTITY "INVITATION_INVALID":
        "The invitation is unknown, was accepted or withdrawn, or is not for this email address.";
    InvitationExpired = UNPROCESSABLE_ENTITY "INVITATION_EXPIRED":
        "The invitation was not accepted in time; ask for another one.";
    LimitExceeded = UNPROCESSABLE_ENTITY "LIMIT_EXCEEDED":
        "There may be no more of this thing.";
    EnvironmentFrozen = LOCKED "ENVIRONMENT_FROZEN":
        "The change would reach a frozen environment; `details` names it and says why it is frozen.";
    RateLimitExceeded = TOO_MANY_REQUESTS "RATE_LIMIT_EXCEEDED":
        "Too many requests; `Retry-After` says when the next one is accepted.";
    InternalError = INTERNAL_SERVER_ERROR "INTERNAL_ERROR":
        "A fault of the server; its log names the request by `X-Request-ID`.";
    ServerBusy = SERVICE_UNAVAILABLE "SERVER_BUSY":
        "Too much work is waiting; try again after `Retry-After`.";
    StreamLimitReached = SERVICE_UNAVAILABLE "STREAM_LIMIT_REACHED":
        "There are as many streams as the server, this API key, or this account, may have.";
    StorageUnavailable = SERVICE_UNAVAILABLE "STORAGE_UNAVAILABLE":
        "The data file cannot be written. Nothing was half-written, and evaluation goes on.";
}

/// One failed request, ready to be answered.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: Code,
    message: String,
    details: Box<Map<String, Value>>,
    /// Members beside `error`, for clients of other protocols.
    beside: Box<Map<String, Value>>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

impl ApiError {
    /// An error with a sentence for a person and no details.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let (details, beside) = (Box::default(), Box::default());
        Self { code, message: message.into(), details, beside, headers: Vec::new(), cause: None }
    }

    /// An error that has nothing to say beyond the sentence of its row.
    pub fn of(code: Code) -> Self {
        Self::new(code, code.when())
    }

    /// A fault of ours. The cause is for the log alone and never reaches the client.
    pub fn internal(cause: impl Display) -> Self {
        let message = "The server failed to answer this request; its log has the cause.";
        Self { cause: Some(cause.to_string()), ..Self::new(Code::InternalError, message) }
    }

    /// Notes a cause for the log.
    #[must_use]
    pub fn with_cause(self, cause: impl Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// One malformed field or parameter.
    pub fn field(path: impl Display, message: impl Into<String>) -> Self {
        Violations::one(Fault::Malformed, path, message).into()
    }

    /// Adds a member to `details`.
    #[must_use]
    pub fn with_detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a member beside `error`.
    #[must_use]
    pub fn with_beside(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.beside.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a member beside `error`, unless it is there already.
    #[must_use]
    pub fn or_beside(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.beside.entry(name).or_insert_with(|| value.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says in `Retry-After` how many seconds to wait.
    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The row of the table.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The sentence for a person.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The members of `details`.
    pub fn details(&self) -> &Map<String, Value> {
        &self.details
    }

    /// The body of the answer.
    pub fn envelope(&self) -> Value {
        let mut envelope = json!({
            "error": { "code": self.code.text(), "message": self.message, "details": *self.details }
        });
        if let Some(envelope) = envelope.as_object_mut() {
            envelope.extend(self.beside.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        envelope
    }

    fn to_response(&self) -> Response {
        let mut response = Response::builder()
            .status(self.code.status())
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Bytes::from(self.envelope().to_string()));
        let headers = response.headers_mut();
        if let Some(challenge) = challenge(self.code) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        response
    }
}

/// What a 401 must ask for (RFC 9110, section 11.6.1; the parameters of RFC 6750).
fn challenge(code: Code) -> Option<&'static str> {
    let rejected = matches!(code, Code::TokenExpired | Code::TokenInvalid | Code::ApiKeyInvalid);
    match code.status() {
        StatusCode::UNAUTHORIZED if rejected => Some(r#"Bearer realm="phaseflag", error="invalid_token""#),
        StatusCode::UNAUTHORIZED => Some(r#"Bearer realm="phaseflag""#),
        _ => None,
    }
}

impl Display for ApiError {
    /// For the log: with the cause.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code.text(), self.message)?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(out, " ({cause})"))
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.code.status()
    }

    fn as_response(&self) -> Response {
        self.to_response()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.to_response()
    }
}

impl From<Violations> for ApiError {
    /// Faults of shape answer 400, faults of meaning 422 with the code of the first.
    fn from(violations: Violations) -> Self {
        let mut reported = violations.reported().peekable();
        let (code, mut message) = match reported.peek() {
            Some(first) if first.path.is_empty() => {
                (code_of(first.fault), format!("the body {}", first.message))
            }
            Some(first) => (code_of(first.fault), format!("{}: {}", first.path, first.message)),
            None => return Self::internal("an input was refused without a violation"),
        };
        let fields: Vec<Value> = reported
            .by_ref()
            .take(MAX_REPORTED_FIELDS)
            .map(|violation| json!({ "field": violation.path, "message": violation.message }))
            .collect();
        let total = fields.len() + reported.count();
        if total > 1 {
            message = format!("{message} (and {} more)", total - 1);
        }
        Self::new(code, message).with_detail("fields", fields)
    }
}

fn code_of(fault: Fault) -> Code {
    match fault {
        Fault::Malformed => Code::ValidationError,
        Fault::VariationCount => Code::VariationCountInvalid,
        Fault::VariationUnknown => Code::VariationNotFound,
        Fault::VariationValue => Code::VariationValueInvalid,
        Fault::RolloutSum => Code::RuleRolloutExceeds100,
        Fault::Rule => Code::RuleInvalid,
        Fault::Prerequisite => Code::PrerequisiteInvalid,
        Fault::NotKept => Code::RevisionNotKept,
        Fault::FlagUnknown => Code::FlagNotFound,
    }
}

#[cfg(test)]
mod tests;

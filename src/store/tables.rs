//! Every table and its key, on one page. Keys are identifiers' bits (which sort by time of making), pairs of them, or
//! texts; values are records of [`super::codec`], or bits where a table is an index.

use redb::{Key, TableDefinition, Value};

use super::Error;

/// Settings of the file itself: the schema's version, the signing secret, and the head of the audit log.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// User -> account.
pub(super) const USERS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("users");
/// Folded email -> user.
pub(super) const USER_BY_EMAIL: TableDefinition<'_, &str, u128> = TableDefinition::new("user_by_email");
/// Session -> session. A session that ended is gone.
pub(super) const SESSIONS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("sessions");

/// (User, session) -> nothing: which sessions are somebody's.
pub(super) const SESSIONS_OF: TableDefinition<'_, (u128, u128), ()> = TableDefinition::new("sessions_of");
/// (User, token) -> personal access token. One that was revoked is gone.
pub(super) const PERSONAL_TOKENS: TableDefinition<'_, (u128, u128), &[u8]> =
    TableDefinition::new("personal_tokens");
/// SHA-256 of a personal access token -> (user, token).
pub(super) const PERSONAL_TOKEN_BY_DIGEST: TableDefinition<'_, &[u8; 32], (u128, u128)> =
    TableDefinition::new("personal_token_by_digest");

/// Organization -> organization.
pub(super) const ORGANIZATIONS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("organizations");
/// (User, organization) -> membership.
pub(super) const MEMBERSHIPS: TableDefinition<'_, (u128, u128), &[u8]> = TableDefinition::new("memberships");
/// (Organization, user) -> nothing: who is a member.
pub(super) const MEMBERS_OF: TableDefinition<'_, (u128, u128), ()> = TableDefinition::new("members_of");
/// (Organization, invitation) -> invitation. One that was accepted or withdrawn is gone.
pub(super) const INVITATIONS: TableDefinition<'_, (u128, u128), &[u8]> = TableDefinition::new("invitations");
/// SHA-256 of an invitation's token -> (organization, invitation).
pub(super) const INVITATION_BY_DIGEST: TableDefinition<'_, &[u8; 32], (u128, u128)> =
    TableDefinition::new("invitation_by_digest");

/// Project -> project.
pub(super) const PROJECTS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("projects");
/// (Organization, project key) -> project.
pub(super) const PROJECT_BY_KEY: TableDefinition<'_, (u128, &str), u128> =
    TableDefinition::new("project_by_key");
/// Environment -> environment.
pub(super) const ENVIRONMENTS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("environments");
/// (Project, environment key) -> environment.
pub(super) const ENVIRONMENT_BY_KEY: TableDefinition<'_, (u128, &str), u128> =
    TableDefinition::new("environment_by_key");

/// Flag -> what all environments share of it.
pub(super) const FLAGS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("flags");
/// (Project, flag key) -> flag. Archived flags keep their key.
pub(super) const FLAG_BY_KEY: TableDefinition<'_, (u128, &str), u128> = TableDefinition::new("flag_by_key");
/// (Environment, flag) -> what the environment says of it.
pub(super) const CONFIGURATIONS: TableDefinition<'_, (u128, u128), &[u8]> =
    TableDefinition::new("configurations");

/// (Flag, revision of what all environments share) -> what they shared.
pub(super) const FLAG_DEFINITIONS: TableDefinition<'_, (u128, u64), &[u8]> =
    TableDefinition::new("flag_definitions");
/// (Environment, flag, revision of what the environment says) -> what it said.
pub(super) const FLAG_CONFIGURATIONS: TableDefinition<'_, (u128, u128, u64), &[u8]> =
    TableDefinition::new("flag_configurations");
/// (Environment, flag, revision as it is shown) -> which two of those it was made of, by whom and when.
pub(super) const FLAG_REVISIONS: TableDefinition<'_, (u128, u128, u64), &[u8]> =
    TableDefinition::new("flag_revisions");

/// (Project, segment key) -> segment.
pub(super) const SEGMENTS: TableDefinition<'_, (u128, &str), &[u8]> = TableDefinition::new("segments");

/// API key -> API key. One that was revoked is gone.
pub(super) const API_KEYS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("api_keys");
/// (Environment, API key) -> nothing: which keys are an environment's.
pub(super) const API_KEYS_OF: TableDefinition<'_, (u128, u128), ()> = TableDefinition::new("api_keys_of");
/// API key -> when it was used last, in milliseconds since the epoch.
pub(super) const API_KEY_LAST_USED: TableDefinition<'_, u128, i64> =
    TableDefinition::new("api_key_last_used");

/// Place in the log, from 1 -> audit entry.
pub(super) const AUDIT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit");
/// (Resource's bits, place in the log) -> nothing: which entries are about a thing.
pub(super) const AUDIT_OF: TableDefinition<'_, (u128, u64), ()> = TableDefinition::new("audit_of");

/// Block of the log, from 0 -> what its entries are searched by, in rows of fixed length: see `audit/index.rs`.
pub(super) const AUDIT_SEARCH: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("audit_search");

/// (Environment, flag, hour since the epoch, variation key) -> how often. Until schema 2.
pub(super) const USAGE_V1: TableDefinition<'_, (u128, u128, u32, &str), u64> = TableDefinition::new("usage");
/// (Environment, flag, hour since the epoch, variation key, cause) -> how often.
pub(super) const USAGE: TableDefinition<'_, (u128, u128, u32, &str, &str), u64> =
    TableDefinition::new("usage_by_cause");
/// (Environment, flag) -> when it was evaluated last, in milliseconds since the epoch.
pub(super) const LAST_EVALUATED: TableDefinition<'_, (u128, u128), i64> =
    TableDefinition::new("last_evaluated");

/// (Environment, flag, schedule) -> schedule.
pub(super) const SCHEDULES: TableDefinition<'_, (u128, u128, u128), &[u8]> =
    TableDefinition::new("schedules");
/// (Moment in milliseconds since the epoch, schedule) -> (environment, flag): those whose time is to come, in the order in
/// which they are applied.
pub(super) const SCHEDULES_DUE: TableDefinition<'_, (i64, u128), (u128, u128)> =
    TableDefinition::new("schedules_due");
/// (Environment, flag, schedule) -> its moment: those that are not over, also where they wait.
pub(super) const SCHEDULES_AHEAD: TableDefinition<'_, (u128, u128, u128), i64> =
    TableDefinition::new("schedules_ahead");
/// (Environment, flag, ramp) -> ramp.
pub(super) const RAMPS: TableDefinition<'_, (u128, u128, u128), &[u8]> = TableDefinition::new("ramps");
/// Webhook -> webhook.
pub(super) const WEBHOOKS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("webhooks");
/// (Project, webhook) -> nothing: which webhooks are a project's.
pub(super) const WEBHOOKS_OF: TableDefinition<'_, (u128, u128), ()> = TableDefinition::new("webhooks_of");
/// Event -> its body. With its last delivery it is gone.
pub(super) const EVENTS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("events");
/// (Event, delivery) -> nothing: which deliveries are an event's.
pub(super) const DELIVERIES_OF: TableDefinition<'_, (u128, u128), ()> = TableDefinition::new("deliveries_of");
/// (Webhook, delivery) -> delivery.
pub(super) const DELIVERIES: TableDefinition<'_, (u128, u128), &[u8]> = TableDefinition::new("deliveries");
/// (Webhook, delivery) -> its lane, and when it is tried next, in milliseconds since the epoch; of those that wait.
pub(super) const PENDING: TableDefinition<'_, (u128, u128), (u64, i64)> = TableDefinition::new("pending");
/// Webhook -> how many deliveries wait, and how many are over.
pub(super) const DELIVERY_COUNTS: TableDefinition<'_, u128, (u64, u64)> =
    TableDefinition::new("delivery_counts");

/// Who looks at each table, whatever is in it.
pub(super) trait Visitor {
    /// The next table.
    fn visit<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
    ) -> Result<(), Error>;
}

macro_rules! every {
    ($($table:ident),* $(,)?) => {
        /// Shows every table to `visitor`, those of older schemas as well, always in the same order.
        pub(super) fn each(visitor: &mut impl Visitor) -> Result<(), Error> {
            $(visitor.visit($table)?;)*
            Ok(())
        }

        /// The names of all of them.
        pub(super) fn names() -> Vec<&'static str> {
            vec![$(redb::TableHandle::name(&$table)),*]
        }
    };
}

// Append only: the digest of a backup is taken in this order.
every!(
    META,
    USERS,
    USER_BY_EMAIL,
    SESSIONS,
    SESSIONS_OF,
    PERSONAL_TOKENS,
    PERSONAL_TOKEN_BY_DIGEST,
    ORGANIZATIONS,
    MEMBERSHIPS,
    MEMBERS_OF,
    INVITATIONS,
    INVITATION_BY_DIGEST,
    PROJECTS,
    PROJECT_BY_KEY,
    ENVIRONMENTS,
    ENVIRONMENT_BY_KEY,
    FLAGS,
    FLAG_BY_KEY,
    CONFIGURATIONS,
    SEGMENTS,
    API_KEYS,
    AUDIT,
    AUDIT_OF,
    AUDIT_SEARCH,
    USAGE_V1,
    USAGE,
    LAST_EVALUATED,
    API_KEYS_OF,
    API_KEY_LAST_USED,
    FLAG_DEFINITIONS,
    FLAG_CONFIGURATIONS,
    FLAG_REVISIONS,
    SCHEDULES,
    SCHEDULES_DUE,
    SCHEDULES_AHEAD,
    RAMPS,
    WEBHOOKS,
    WEBHOOKS_OF,
    EVENTS,
    DELIVERIES_OF,
    DELIVERIES,
    PENDING,
    DELIVERY_COUNTS,
);

//! The tables of the README are those of the code.

use std::time::Duration;

use clap::{Args, Command};
use phaseflag::auth::password;
use phaseflag::config::Config;
use phaseflag::document;
use phaseflag::domain::warning::WarningCode;
use phaseflag::domain::{
    api_key, context, delivery, environment, flag, invitation, key, operator, organization, page,
    personal_token, project, promotion, ramp, retry, revision, rollout, rule, schedule, segment, text, user,
    value, warning, webhook,
};
use phaseflag::engine::{explain, impact, prerequisite};
use phaseflag::http::error::{self, Code};
use phaseflag::http::guesses;
use phaseflag::http::listen;
use phaseflag::http::metrics::{FAMILIES, Family};
use phaseflag::http::middleware::{body, request_id};
use phaseflag::http::wire::{evaluate, event, preview};

/// The page.
pub(crate) const README: &str = include_str!("../../README.md");

/// What stands under a heading of the second level.
pub(crate) fn section<'r>(page: &'r str, heading: &str) -> &'r str {
    let begin = format!("\n## {heading}\n");
    let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("there is no heading {heading}"));
    rest.split("\n## ").next().unwrap_or(rest)
}

/// Checks that the table under a heading has exactly these rows, and shows the right one if not.
fn check(heading: &str, rows: &[Vec<String>]) {
    let lines = section(README, heading).lines().filter(|line| line.starts_with('|'));
    let found: Vec<&str> = lines.skip(2).collect();
    let wanted: Vec<String> = rows.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    assert!(found == wanted, "the table under {heading} must be\n{}", wanted.join("\n"));
}

#[test]
fn every_setting_is_listed_with_its_default() {
    let command = Config::augment_args(Command::new("serve"));
    let row = |setting: &clap::Arg| {
        let defaults = setting.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
        let default = defaults.filter(|default| !default.is_empty()).map(|default| format!("`{default}`"));
        let choices = setting.get_possible_values();
        let choices: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.get_name())).collect();
        let mut meaning = setting.get_help().expect("a help").to_string();
        if !choices.is_empty() {
            meaning = format!("{meaning}: {}", choices.join(", "));
        }
        vec![
            format!("`--{}`", setting.get_long().expect("a flag")),
            format!("`{}`", setting.get_env().expect("a variable").display()),
            default.collect::<Vec<_>>().join(" "),
            meaning,
        ]
    };
    let rows: Vec<_> = command.get_arguments().map(row).collect();
    assert!(rows.len() > 10);
    check("Settings", &rows);
}

#[test]
fn every_error_is_listed() {
    let row = |code: &Code| {
        vec![format!("`{}`", code.text()), code.status().as_u16().to_string(), code.when().to_owned()]
    };
    check("Errors", &Code::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn every_operator_is_listed_under_what_it_is_about() {
    let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
    for row in operator::OPERATORS {
        let (group, name) = (row.group().name(), format!("`{}`", row.name));
        match rows.iter_mut().find(|(known, _)| *known == group) {
            Some((_, names)) => names.push(name),
            None => rows.push((group, vec![name])),
        }
    }
    let rows = rows.into_iter().map(|(group, names)| vec![group.to_owned(), names.join(", ")]);
    check("Targeting", &rows.collect::<Vec<_>>());
}

#[test]
fn every_metric_is_listed() {
    let row = |metric: &Family| {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let name = format!("`{}`", metric.name);
        vec![name, metric.kind.name().to_owned(), labels.join(", "), metric.meaning.to_owned()]
    };
    check("Metrics", &FAMILIES.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn every_warning_is_listed() {
    let row = |(code, name): &(WarningCode, &str)| vec![format!("`{name}`"), code.meaning().to_owned()];
    check("Warnings", &WarningCode::ALL.iter().map(row).collect::<Vec<_>>());
}

/// How much of something there may be.
enum Amount {
    Count(u64),
    Bytes(u64),
    Time(Duration),
}

impl Amount {
    fn print(&self) -> String {
        const KIB: u64 = 1024;
        const MIB: u64 = KIB * KIB;
        match self {
            Self::Count(count) => grouped(*count),
            Self::Bytes(bytes) if bytes % MIB == 0 => format!("{} MiB", bytes / MIB),
            Self::Bytes(bytes) if bytes % KIB == 0 => format!("{} KiB", bytes / KIB),
            Self::Bytes(bytes) => format!("{} bytes", grouped(*bytes)),
            Self::Time(time) => format!("{} s", time.as_secs()),
        }
    }
}

/// With a comma between thousands.
fn grouped(number: u64) -> String {
    let (thousands, rest) = (number / 1000, number % 1000);
    if thousands == 0 { rest.to_string() } else { format!("{},{rest:03}", grouped(thousands)) }
}

macro_rules! limits {
    ($($what:literal: $kind:ident($constant:expr);)*) => {
        /// What the table says of each limit, and the constant that the code obeys.
        fn limits() -> Vec<(&'static str, &'static str, Amount)> {
            vec![$(($what, stringify!($constant), limits!(@$kind $constant)),)*]
        }
    };
    (@Time $constant:expr) => { Amount::Time($constant) };
    (@Count $constant:expr) => { Amount::Count(u64::try_from($constant).expect("not negative")) };
    (@Bytes $constant:expr) => { Amount::Bytes(u64::try_from($constant).expect("not negative")) };
}

limits! {
    "Body of a request": Bytes(body::MAX_BODY);
    "Document that is imported, or a server starts with": Bytes(body::MAX_IMPORT);
    "Lists and maps inside of each other in such a document": Count(document::MAX_DEPTH);
    "Values in such a document, what aliases repeat included": Count(document::MAX_NODES);
    "Time for a body to arrive": Time(body::BODY_TIMEOUT);
    "Time for the head of a request to arrive": Time(listen::HEADER_TIMEOUT);
    "Time that a client may leave unread what it was sent": Time(listen::UNREAD_TIMEOUT);
    "Time for requests in flight at shutdown": Time(listen::SHUTDOWN_TIMEOUT);
    "Characters of an `X-Request-ID`": Count(request_id::MAX_REQUEST_ID);
    "Rows of a page": Count(page::MAX_PER_PAGE);
    "Explanation of an evaluation; further steps are counted": Bytes(explain::MAX_TRACE_BYTES);
    "Violations that one answer lists": Count(error::MAX_REPORTED_FIELDS);
    "Organizations of an account": Count(organization::MAX_ORGANIZATIONS_PER_USER);
    "Members of an organization": Count(organization::MAX_MEMBERS_PER_ORGANIZATION);
    "Invitations of an organization that nobody has accepted yet": Count(invitation::MAX_PENDING_INVITATIONS);
    "Sessions of an account; one more ends the oldest": Count(user::MAX_SESSIONS_PER_USER);
    "Wrong passwords for an account in a row; afterwards one more every 36 s": Count(guesses::MAX_WRONG_PASSWORDS);
    "Personal access tokens of an account": Count(personal_token::MAX_PERSONAL_TOKENS_PER_USER);
    "Projects of an organization": Count(project::MAX_PROJECTS_PER_ORGANIZATION);
    "Environments of a project": Count(environment::MAX_ENVIRONMENTS_PER_PROJECT);
    "API keys of an environment": Count(api_key::MAX_API_KEYS_PER_ENVIRONMENT);
    "Seconds for which an API key that was rotated goes on": Count(api_key::MAX_GRACE_SECONDS);
    "Flags of a project, archived ones included": Count(flag::MAX_FLAGS_PER_PROJECT);
    "Revisions of a flag that are kept in an environment": Count(revision::MAX_REVISIONS);
    "Schedules of a flag in an environment that are to come, steps of ramps included": Count(schedule::MAX_SCHEDULES_AHEAD);
    "Schedules of a flag in an environment that are over and kept": Count(schedule::MAX_SCHEDULES_KEPT);
    "Years ahead for which a change may be scheduled": Count(schedule::MAX_YEARS_AHEAD);
    "Steps of a ramp": Count(ramp::MAX_RAMP_STEPS);
    "Ramps of a flag in an environment that are over and kept": Count(ramp::MAX_RAMPS_KEPT);
    "Variations of a flag": Count(flag::MAX_VARIATIONS);
    "JSON of a value": Bytes(value::MAX_VALUE_BYTES);
    "Nesting of a value": Count(value::MAX_VALUE_DEPTH);
    "Tags of a flag": Count(text::MAX_TAGS);
    "Rules of a flag in an environment": Count(rule::MAX_RULES);
    "Conditions of a rule": Count(rule::MAX_CONDITIONS);
    "Values in the list of a condition": Count(operator::MAX_LIST_VALUES);
    "Regular expressions of a flag in an environment": Count(rule::MAX_PATTERNS);
    "Characters of a regular expression": Count(operator::MAX_PATTERN_CHARS);
    "Characters of an attribute that it looks at": Count(operator::MAX_SUBJECT_CHARS);
    "Segments of a project": Count(segment::MAX_SEGMENTS_PER_PROJECT);
    "Segments inside of each other": Count(segment::MAX_SEGMENT_DEPTH);
    "User keys in a list of a segment": Count(operator::MAX_LIST_VALUES);
    "Characters of such a user key": Count(segment::MAX_USER_KEY);
    "Prerequisites of a flag in an environment": Count(flag::MAX_PREREQUISITES);
    "Prerequisites one behind the other": Count(prerequisite::MAX_PREREQUISITE_DEPTH);
    "Characters of a key": Count(key::MAX_KEY_LENGTH);
    "Characters of a name": Count(text::MAX_NAME_LENGTH);
    "Characters of a description": Count(text::MAX_DESCRIPTION_LENGTH);
    "Characters of the owner of a flag": Count(text::MAX_OWNER_LENGTH);
    "Characters of a tag": Count(text::MAX_TAG_LENGTH);
    "Characters of the name of an attribute in a rule": Count(rule::MAX_ATTRIBUTE_NAME);
    "Characters of a bucketing's attribute and salt": Count(rollout::MAX_BUCKETING_TEXT);
    "Characters of an email address": Count(user::MAX_EMAIL_LENGTH);
    "Characters of a password": Count(password::MAX_PASSWORD_CHARS);
    "Flag keys of one `POST /evaluate`": Count(evaluate::MAX_FLAGS);
    "Flags that one promotion changes": Count(promotion::MAX_PROMOTED_FLAGS);
    "Contexts of one preview": Count(preview::MAX_CONTEXTS);
    "Flags that depend on a previewed one that a preview looks at": Count(impact::MAX_DEPENDENTS);
    "JSON of a context": Bytes(context::MAX_CONTEXT_BYTES);
    "Attributes of a context": Count(context::MAX_ATTRIBUTES);
    "Nesting of a context": Count(context::MAX_CONTEXT_DEPTH);
    "Events of one report": Count(event::MAX_EVENTS);
    "Warnings of one answer": Count(warning::MAX_WARNINGS);
    "Webhooks of a project": Count(webhook::MAX_WEBHOOKS_PER_PROJECT);
    "Characters of a webhook's address": Count(webhook::MAX_WEBHOOK_URL_LENGTH);
    "Body of an event for webhooks; a larger one goes without the flag": Bytes(delivery::MAX_EVENT_BYTES);
    "Deliveries of a webhook that wait; one more gives up the oldest": Count(delivery::MAX_PENDING_PER_WEBHOOK);
    "Deliveries of a webhook that are over and kept, for up to 30 days": Count(delivery::MAX_FINISHED_PER_WEBHOOK);
    "Answer of a webhook's receiver that is kept": Bytes(delivery::MAX_ANSWER_BYTES);
    "Seconds by which the receiver of a webhook can put off the next attempt": Count(retry::MAX_WISH_SECONDS);
}

#[test]
fn every_limit_is_listed_as_the_code_has_it() {
    let row = |(what, _, amount): &(&str, &str, Amount)| vec![(*what).to_owned(), amount.print()];
    check("Limits", &limits().iter().map(row).collect::<Vec<_>>());
}

#[test]
fn no_limit_of_the_domain_is_missing_from_the_list() {
    /// Limits of what nobody sends.
    const INTERNAL: [&str; 2] = ["value::MAX_SAFE_INTEGER", "violation::MAX_NOTED"];
    let listed: Vec<&str> = limits().iter().map(|(_, constant, _)| *constant).collect();
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/domain")).expect("the domain") {
        let path = entry.expect("an entry").path();
        let Ok(source) = std::fs::read_to_string(&path) else { continue };
        let module = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let names = source.lines().filter_map(|line| line.strip_prefix("pub const MAX_")?.split(':').next());
        for constant in names.map(|name| format!("{module}::MAX_{name}")) {
            if !listed.contains(&constant.as_str()) && !INTERNAL.contains(&constant.as_str()) {
                missing.push(constant);
            }
        }
    }
    assert!(missing.is_empty(), "not in the table of limits: {missing:?}");
}

//! The audit log: who changed what, when, from where, from what to what.

mod action;
pub mod chain;
mod itemized;

pub use action::{Action, Resource};
pub use itemized::itemized;

use super::{
    environment::Environment,
    flag::{Configuration, Flag},
    id::{AuditId, Bits, EnvironmentId, OrganizationId, PersonalTokenId, ProjectId, UserId},
    operator::Case,
    project::Project,
    rule::{Condition, Rule, Serve},
    segment::Segment,
    text::{Description, Justification},
    time::Timestamp,
    value::Value,
    webhook::Webhook,
};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub id: UserId,
    /// The user's address at that time.
    pub email: String,
    /// The personal access token that acted for the user, if it was one.
    pub token: Option<PersonalTokenId>,
}

impl Actor {
    /// Whether this is the operator of the machine, who has no account.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.id == UserId::OPERATOR
    }
}

/// Where it belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The organization, where there is one.
    pub organization: Option<OrganizationId>,
    /// The project, where there is one.
    pub project: Option<ProjectId>,
    /// The environment, where it concerns one alone.
    pub environment: Option<EnvironmentId>,
}

/// One field's change; `Null` stands for "there was none".
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// The field's name in the API.
    pub field: String,
    /// What it was.
    pub from: Value,
    /// What it is.
    pub to: Value,
}

impl FieldChange {
    /// A field of something new.
    pub fn made(field: &str, to: impl Into<Value>) -> Self {
        Self { field: field.to_owned(), from: Value::Null, to: to.into() }
    }

    /// A field of something that is gone.
    pub fn gone(field: &str, from: impl Into<Value>) -> Self {
        Self { field: field.to_owned(), from: from.into(), to: Value::Null }
    }
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Identity.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// Where it belongs.
    pub scope: Scope,
    /// The text identifier of the thing that changed.
    pub resource: String,
    /// What changed, field by field.
    pub changes: Vec<FieldChange>,
    /// The request that did it.
    pub request_id: String,
    /// The address that it came from, where it is known.
    pub address: Option<String>,
}

/// Which entries are looked for: those to which everything applies that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Of one of these organizations.
    pub organizations: Vec<OrganizationId>,
    /// Of this project.
    pub project: Option<ProjectId>,
    /// Of this environment alone.
    pub environment: Option<EnvironmentId>,
    /// About things of this kind.
    pub resource: Option<Resource>,
    /// About this thing.
    pub thing: Option<(Resource, Bits)>,
    /// By this user.
    pub actor: Option<UserId>,
    /// Of this action.
    pub action: Option<Action>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

/// A thing's fields by their names in the API, for comparing two states.
pub type Fields = Vec<(&'static str, Value)>;

/// What differs between two states of a thing. A field that one state lacks counts as `Null` there.
pub fn difference(before: &Fields, after: &Fields) -> Vec<FieldChange> {
    let value = |fields: &Fields, name| {
        fields.iter().find(|(field, _)| *field == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let added = after.iter().filter(|(name, _)| !before.iter().any(|(known, _)| known == name));
    before
        .iter()
        .chain(added)
        .map(|&(name, _)| FieldChange {
            field: name.to_owned(),
            from: value(before, name),
            to: value(after, name),
        })
        .filter(|change| change.from != change.to)
        .collect()
}

/// The fields of a flag that every environment shares.
pub fn flag_fields(flag: &Flag) -> Fields {
    let text = |text: &str| Value::from(text);
    vec![
        ("key", text(flag.key.as_str())),
        ("name", text(flag.name.as_str())),
        ("description", flag.description.as_ref().map_or(Value::Null, |it| text(it.as_str()))),
        ("flag_type", text(flag.flag_type.as_str())),
        ("classification", flag.classification.map_or(Value::Null, |it| text(it.as_str()))),
        ("tags", flag.tags.iter().map(|tag| text(tag.as_str())).collect()),
        ("owner", flag.owner.as_ref().map_or(Value::Null, |it| text(it.as_str()))),
        ("expires_at", flag.expires_at.map_or(Value::Null, |at| Value::from(at.to_string()))),
        ("status", text(flag.status.as_str())),
        (
            "variations",
            flag.variations
                .iter()
                .map(|it| {
                    object([
                        ("key", text(it.key.as_str())),
                        ("name", text(it.name.as_str())),
                        ("value", it.value.clone()),
                    ])
                })
                .collect(),
        ),
        (
            "bucketing",
            object([
                ("algorithm", text(flag.bucketing.algorithm.as_str())),
                ("by", text(&flag.bucketing.by)),
                ("salt", flag.bucketing.salt.as_deref().map_or(Value::Null, text)),
            ]),
        ),
    ]
}

/// The fields of a flag that one environment says.
pub fn configuration_fields(configuration: &Configuration) -> Fields {
    vec![
        ("enabled", Value::from(configuration.enabled)),
        ("default_variation", Value::from(configuration.default_variation.as_str())),
        ("targeting_rules", configuration.rules.iter().map(rule_value).collect()),
        (
            "prerequisites",
            configuration
                .prerequisites
                .iter()
                .map(|it| {
                    object([
                        ("flag_key", Value::from(it.flag_key.as_str())),
                        ("variation_key", Value::from(it.variation_key.as_str())),
                    ])
                })
                .collect(),
        ),
    ]
}

fn rule_value(rule: &Rule) -> Value {
    let serve = match &rule.serve {
        Serve::Variation(key) => ("variation", Value::from(key.as_str())),
        Serve::Rollout(rollout) => (
            "percentage_rollout",
            rollout
                .shares()
                .iter()
                .map(|share| {
                    object([
                        ("variation", Value::from(share.variation.as_str())),
                        ("percentage", percent(share.percentage.percent())),
                    ])
                })
                .collect(),
        ),
    };
    object([
        ("id", Value::from(rule.id.to_string())),
        ("priority", Value::from(rule.priority)),
        ("name", rule.name.as_ref().map_or(Value::Null, |name| Value::from(name.as_str()))),
        ("conditions", rule.conditions.iter().map(condition_value).collect()),
        serve,
    ])
}

fn condition_value(it: &Condition) -> Value {
    let attribute = it.operator.row().takes_attribute().then_some(it.attribute.as_str());
    let mut members = vec![
        ("attribute", Value::from(attribute)),
        ("operator", Value::from(it.operator.name())),
        ("value", it.value.clone()),
    ];
    if it.case == Case::Insensitive {
        members.push(("case_insensitive", Value::from(true)));
    }
    object(members)
}

/// The fields of a segment.
pub fn segment_fields(segment: &Segment) -> Fields {
    let keys = |keys: &[Box<str>]| keys.iter().map(|key| Value::from(&**key)).collect();
    vec![
        ("key", Value::from(segment.key.as_str())),
        ("name", Value::from(segment.name.as_str())),
        ("description", Value::from(segment.description.as_ref().map(Description::as_str))),
        ("match", Value::from(segment.matching.as_str())),
        ("conditions", segment.conditions.iter().map(condition_value).collect()),
        ("included", keys(&segment.included)),
        ("excluded", keys(&segment.excluded)),
    ]
}

/// The fields of an environment.
pub fn environment_fields(environment: &Environment) -> Fields {
    vec![
        ("key", Value::from(environment.key.as_str())),
        ("name", Value::from(environment.name.as_str())),
        ("type", Value::from(environment.kind.as_str())),
        ("color", Value::from(environment.color.as_str())),
        ("frozen_reason", Value::from(environment.frozen.as_ref().map(Justification::as_str))),
    ]
}

/// The fields of a project.
pub fn project_fields(project: &Project) -> Fields {
    vec![
        ("key", Value::from(project.key.as_str())),
        ("name", Value::from(project.name.as_str())),
        ("description", Value::from(project.description.as_ref().map(Description::as_str))),
    ]
}

/// The fields of a webhook that everybody may see who may see the log: not its address, nor its secret.
pub fn webhook_fields(webhook: &Webhook) -> Fields {
    vec![
        ("description", Value::from(webhook.description.as_ref().map(Description::as_str))),
        ("events", webhook.events.iter().map(|event| Value::from(event.as_str())).collect()),
        ("environment_ids", webhook.environments.iter().map(|id| Value::from(id.to_string())).collect()),
        ("active", Value::from(webhook.health.is_sending())),
    ]
}

/// A percentage as JSON: a whole one without a fraction.
pub fn percent(percent: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "a percentage is 0 to 100")]
    if percent.fract() == 0.0 { Value::from(percent as i64) } else { Value::from(percent) }
}

fn object<'n>(members: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The bits of any identifier, under which entries about a thing are found.
pub fn resource_bits(id: impl Into<Bits>) -> Bits {
    id.into()
}

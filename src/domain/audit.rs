//! The audit log: who changed what, when, from where, from what to what.

use super::{
    environment::Environment,
    flag::{Configuration, Flag},
    id::{ApiKeyId, AuditId, Bits, EnvironmentId, FlagId, OrganizationId, ProjectId, SegmentId, UserId},
    named::named,
    operator::Case,
    project::Project,
    rule::{Condition, Rule, Serve},
    segment::Segment,
    text::Description,
    time::Timestamp,
    value::Value,
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
        /// A segment was made.
        SegmentCreated = "segment.created",
        /// Fields of a segment changed.
        SegmentUpdated = "segment.updated",
        /// A segment was deleted.
        SegmentDeleted = "segment.deleted",
        /// A flag was put away.
        FlagArchived = "flag.archived",
        /// A project was made.
        ProjectCreated = "project.created",
        /// Fields of a project changed.
        ProjectUpdated = "project.updated",
        /// An environment was made.
        EnvironmentCreated = "environment.created",
        /// Fields of an environment changed.
        EnvironmentUpdated = "environment.updated",
        /// From then on its ruleset must not change.
        EnvironmentFrozen = "environment.frozen",
        /// From then on its ruleset may change again.
        EnvironmentUnfrozen = "environment.unfrozen",
        /// An API key was made.
        ApiKeyCreated = "api_key.created",
        /// An API key was revoked.
        ApiKeyRevoked = "api_key.revoked",
        /// An organization was made.
        OrganizationCreated = "organization.created",
        /// An account was made.
        UserRegistered = "user.registered",
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
    }
}

impl Action {
    /// What kind of thing it is done with. The name of an action begins with it, and a dot.
    pub const fn resource(self) -> Resource {
        match self {
            Self::FlagCreated | Self::FlagUpdated | Self::FlagToggled | Self::FlagArchived => Resource::Flag,
            Self::SegmentCreated | Self::SegmentUpdated | Self::SegmentDeleted => Resource::Segment,
            Self::ProjectCreated | Self::ProjectUpdated => Resource::Project,
            Self::EnvironmentCreated
            | Self::EnvironmentUpdated
            | Self::EnvironmentFrozen
            | Self::EnvironmentUnfrozen => Resource::Environment,
            Self::ApiKeyCreated | Self::ApiKeyRevoked => Resource::ApiKey,
            Self::OrganizationCreated => Resource::Organization,
            Self::UserRegistered => Resource::User,
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
            _ => return None,
        };
        Some((kind, bits))
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub id: UserId,
    /// The user's address at that time.
    pub email: String,
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
#[derive(Clone, Debug, Default)]
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
        ("frozen_reason", Value::from(environment.frozen.as_ref().map(Description::as_str))),
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
        for (prefix, kind) in ["flg", "seg", "prj", "env", "key", "org", "usr"]
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

//! Environments.

use poem_openapi::Object;
use serde::Serialize;

use super::key;
use crate::{
    domain::{
        environment::{Color, Environment, EnvironmentChange, EnvironmentType, NewEnvironment},
        key::EnvironmentKey,
        text::{Justification, Name},
        violation::{Path, Violations},
    },
    request,
};

request! {
    /// An environment to be made. Every flag of the project is off and without rules in it.
    #[derive(Clone, Debug, Serialize)]
    pub struct CreateEnvironment {
        /// Unique in the project; never changes.
        #[oai(validator(pattern = "^[a-z0-9][a-z0-9._-]{0,127}$"))]
        pub key: String,
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: String,
        /// What it is for. The prefix of its API keys tells it.
        pub r#type: EnvironmentType,
        /// How it is painted, as `#rrggbb`.
        #[oai(validator(pattern = "^#[0-9A-Fa-f]{6}$"))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub color: Option<String>,
    }
}

/// The environment that a body asks for.
pub fn new_environment(body: CreateEnvironment, faults: &mut Violations) -> Option<NewEnvironment> {
    let key = key(EnvironmentKey::parse, &body.key, "key", faults);
    let name = Name::parse(&body.name, &Path::ROOT.field("name"), faults);
    let color = body.color.map_or_else(Color::default, |text| color(&text, faults));
    Some(NewEnvironment { key: key?, name: name?, kind: body.r#type, color })
}

request! {
    /// What to change of an environment; what is absent stays.
    #[derive(Clone, Debug)]
    pub struct UpdateEnvironment {
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
        /// What it is for. API keys keep the prefix that they were made with.
        pub r#type: Option<EnvironmentType>,
        /// How it is painted, as `#rrggbb`.
        #[oai(validator(pattern = "^#[0-9A-Fa-f]{6}$"))]
        pub color: Option<String>,
    }

    /// Why an environment is to be frozen.
    #[derive(Clone, Debug)]
    pub struct FreezeEnvironment {
        /// What those are told whose changes are refused.
        #[oai(validator(min_length = 1, max_length = 2000))]
        pub reason: String,
    }
}

/// The change that a body asks for.
pub fn environment_change(body: UpdateEnvironment, faults: &mut Violations) -> Option<EnvironmentChange> {
    let name = body.name.map(|name| Name::parse(&name, &Path::ROOT.field("name"), faults));
    let color = body.color.map(|text| color(&text, faults));
    Some(EnvironmentChange { name: name.flatten(), kind: body.r#type, color })
}

/// The reason that a body gives.
pub fn freeze_reason(body: FreezeEnvironment, faults: &mut Violations) -> Option<Justification> {
    Justification::parse(&body.reason, &Path::ROOT.field("reason"), faults)
}

pub(super) fn color(text: &str, faults: &mut Violations) -> Color {
    Color::parse(text).unwrap_or_else(|| {
        faults.malformed("color", "must be a colour such as #1e90ff");
        Color::default()
    })
}

/// An environment.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Environment")]
pub struct EnvironmentView {
    /// Its identifier: `env_` and a ULID.
    pub id: String,
    /// Unique in the project.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub r#type: EnvironmentType,
    /// How it is painted.
    pub color: String,
    /// Whether changes of its ruleset are refused.
    pub frozen: bool,
    /// Why they are; null while they are not.
    pub frozen_reason: Option<String>,
    /// The project that it belongs to.
    pub project_id: String,
    /// Rises with every change of its own fields.
    pub revision: u64,
    /// When it was made.
    pub created_at: String,
    /// When its own fields last changed.
    pub updated_at: String,
}

impl From<&Environment> for EnvironmentView {
    fn from(environment: &Environment) -> Self {
        Self {
            id: environment.id.to_string(),
            key: environment.key.to_string(),
            name: environment.name.to_string(),
            r#type: environment.kind,
            color: environment.color.as_str().to_owned(),
            frozen: environment.frozen.is_some(),
            frozen_reason: environment.frozen.as_ref().map(ToString::to_string),
            project_id: environment.project.to_string(),
            revision: environment.revision,
            created_at: environment.created_at.to_string(),
            updated_at: environment.updated_at.to_string(),
        }
    }
}

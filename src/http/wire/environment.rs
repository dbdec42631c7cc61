//! Environments.

use poem_openapi::Object;
use serde::Serialize;

use super::key;
use crate::{
    control::environment::NewEnvironment,
    domain::{
        environment::{Color, Environment, EnvironmentType},
        key::EnvironmentKey,
        text::Name,
        violation::{Path, Violations},
    },
    request,
};

request! {
    /// An environment to be made. Every flag of the project is off and without rules in it.
    #[derive(Clone, Debug)]
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
        pub color: Option<String>,
    }
}

/// The environment that a body asks for.
pub fn new_environment(body: CreateEnvironment, faults: &mut Violations) -> Option<NewEnvironment> {
    let key = key(EnvironmentKey::parse, &body.key, "key", faults);
    let name = Name::parse(&body.name, &Path::ROOT.field("name"), faults);
    let color = match body.color {
        None => Color::default(),
        Some(text) => Color::parse(&text).unwrap_or_else(|| {
            faults.malformed("color", "must be a colour such as #1e90ff");
            Color::default()
        }),
    };
    Some(NewEnvironment { key: key?, name: name?, kind: body.r#type, color })
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
    /// The project that it belongs to.
    pub project_id: String,
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
            project_id: environment.project.to_string(),
            created_at: environment.created_at.to_string(),
            updated_at: environment.updated_at.to_string(),
        }
    }
}

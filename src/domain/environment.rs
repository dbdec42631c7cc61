//! Environments: where a flag's configuration lives. The types come from the contract, A2 and B2.

use super::{
    id::{EnvironmentId, ProjectId},
    key::EnvironmentKey,
    named::named,
    text::{Justification, Name},
    time::Timestamp,
};

/// Environments of a project, at most.
pub const MAX_ENVIRONMENTS_PER_PROJECT: usize = 50;
/// The revision of a new environment.
pub const FIRST_REVISION: u64 = 1;
/// The colour of an environment that nothing was said of.
pub const DEFAULT_COLOR: &str = "#64748b";

named! {
    /// What an environment is for. The prefix of its API keys tells it.
    EnvironmentType {
        /// Work in progress.
        Development = "development",
        /// A rehearsal of production.
        Staging = "staging",
        /// Real users.
        Production = "production",
    }
}

/// An environment of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Identity.
    pub id: EnvironmentId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Unique in the project.
    pub key: EnvironmentKey,
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub kind: EnvironmentType,
    /// How it is painted, as `#rrggbb`.
    pub color: Color,
    /// Why its ruleset must not change, while it must not.
    pub frozen: Option<Justification>,
    /// Rises with every change of its own fields.
    pub revision: u64,
    /// The version of its ruleset: rises with each change that evaluation could see.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its own fields last changed.
    pub updated_at: Timestamp,
}

/// An environment to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEnvironment {
    /// Unique in the project.
    pub key: EnvironmentKey,
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub kind: EnvironmentType,
    /// How it is painted.
    pub color: Color,
}

/// What becomes of an environment; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentChange {
    /// What people call it.
    pub name: Option<Name>,
    /// What it is for. The prefix of API keys that were made before stays what it is.
    pub kind: Option<EnvironmentType>,
    /// How it is painted.
    pub color: Option<Color>,
}

impl EnvironmentChange {
    /// The environment after the change.
    pub fn apply(self, before: &Environment) -> Environment {
        Environment {
            name: self.name.unwrap_or_else(|| before.name.clone()),
            kind: self.kind.unwrap_or(before.kind),
            color: self.color.unwrap_or_else(|| before.color.clone()),
            ..before.clone()
        }
    }
}

/// A colour as `#rrggbb` in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Color(Box<str>);

impl Color {
    /// Reads `#rrggbb` in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let sound = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        sound.then(|| Self(text.to_ascii_lowercase().into()))
    }

    /// The colour's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Color {
    fn default() -> Self {
        Self(DEFAULT_COLOR.into())
    }
}

/// The environments that a new project starts with: key, name, type, colour.
pub const DEFAULT_ENVIRONMENTS: [(&str, &str, EnvironmentType, &str); 3] = [
    ("development", "Development", EnvironmentType::Development, "#16a34a"),
    ("staging", "Staging", EnvironmentType::Staging, "#d97706"),
    ("production", "Production", EnvironmentType::Production, "#dc2626"),
];

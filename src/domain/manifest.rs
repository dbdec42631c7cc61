//! A project as one document: what is exported, kept beside an application's code, planned and imported.
//!
//! A list that the document has is the whole truth about what is in it, and a list that it leaves out is not touched.
//! Within a thing the same holds one level down: a field that is left out has its default, but an environment that a
//! flag says nothing of keeps what it has.

use super::{
    api_key::KeyKind,
    environment::NewEnvironment,
    flag::{Classification, FlagStatus, FlagType, Prerequisite, Variation},
    key::{EnvironmentKey, FlagKey, ProjectKey, VariationKey},
    rollout::Bucketing,
    rule::NewRule,
    segment::NewSegment,
    text::{Description, Name, Owner, Tag},
    time::Timestamp,
};

/// The format that this version writes, and the only one that it reads.
pub const FORMAT: u32 = 1;

/// A project as one document.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The project, which its key names.
    pub project: ProjectSheet,
    /// Its environments.
    pub environments: Option<Vec<NewEnvironment>>,
    /// Its segments.
    pub segments: Option<Vec<NewSegment>>,
    /// Its flags, archived ones included.
    pub flags: Option<Vec<FlagSheet>>,
    /// The API keys of its environments, as far as they can be told.
    pub api_keys: Option<Vec<KeySheet>>,
}

/// What a document says of the project itself.
#[derive(Clone, Debug)]
pub struct ProjectSheet {
    /// Unique in the organization.
    pub key: ProjectKey,
    /// What people call it; where absent, what they do, or its key.
    pub name: Option<Name>,
    /// What it is for.
    pub description: Option<Description>,
}

/// What a document says of a flag.
#[derive(Clone, Debug)]
pub struct FlagSheet {
    /// Unique in the project.
    pub key: FlagKey,
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub description: Option<Description>,
    /// The type of its values. That of a flag that is there cannot change.
    pub flag_type: FlagType,
    /// Its purpose.
    pub classification: Option<Classification>,
    /// Labels.
    pub tags: Vec<Tag>,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// When it should be gone.
    pub expires_at: Option<Timestamp>,
    /// Where it is in its life.
    pub status: FlagStatus,
    /// What it can serve.
    pub variations: Vec<Variation>,
    /// How its rollouts share out users.
    pub bucketing: Bucketing,
    /// What a new flag serves in environments that the document does not name.
    pub default_variation: VariationKey,
    /// What the document says of environments, by their keys.
    pub environments: Vec<(EnvironmentKey, ConfigurationSheet)>,
}

/// What a document says of a flag in one environment.
#[derive(Clone, Debug)]
pub struct ConfigurationSheet {
    /// Whether it is on.
    pub enabled: bool,
    /// What is served where no rule yields.
    pub default_variation: VariationKey,
    /// The rules. One that names its identifier has it; one that does not keeps that of an equal rule.
    pub rules: Vec<NewRule>,
    /// What other flags must serve first.
    pub prerequisites: Vec<Prerequisite>,
}

/// What a document says of an API key: never the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySheet {
    /// The environment whose flags it evaluates.
    pub environment: EnvironmentKey,
    /// What people call it.
    pub name: Name,
    /// What it may read.
    pub kind: KeyKind,
    /// SHA-256 of the key.
    pub digest: [u8; 32],
    /// The first characters of the key.
    pub prefix: String,
    /// When it stops working, if it does.
    pub expires_at: Option<Timestamp>,
}

//! Environments, found by identifier, by key and by project.

use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, all, api_key,
    codec::{Stored, seal, thaw},
    find, get, owned, revision, schedule, tables, usage,
};
use crate::domain::{
    environment::{Color, Environment, EnvironmentType, FIRST_REVISION},
    id::{EnvironmentId, ProjectId},
    key::EnvironmentKey,
    text::{Justification, Name},
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct EnvironmentV1 {
    id: u128,
    project: u128,
    key: String,
    name: String,
    kind: String,
    color: String,
    version: u64,
    created_at: i64,
    updated_at: i64,
}

#[derive(Serialize, Deserialize)]
struct EnvironmentV2 {
    id: u128,
    project: u128,
    key: String,
    name: String,
    kind: String,
    color: String,
    frozen: Option<String>,
    version: u64,
    created_at: i64,
    updated_at: i64,
}

/// [`EnvironmentV2`], and how often its own fields have changed.
#[derive(Serialize, Deserialize)]
struct EnvironmentV3 {
    id: u128,
    project: u128,
    key: String,
    name: String,
    kind: String,
    color: String,
    frozen: Option<String>,
    revision: u64,
    version: u64,
    created_at: i64,
    updated_at: i64,
}

impl From<EnvironmentV1> for EnvironmentV2 {
    fn from(before: EnvironmentV1) -> Self {
        let EnvironmentV1 { id, project, key, name, kind, color, version, created_at, updated_at } = before;
        Self { id, project, key, name, kind, color, frozen: None, version, created_at, updated_at }
    }
}

impl From<EnvironmentV2> for EnvironmentV3 {
    fn from(before: EnvironmentV2) -> Self {
        let EnvironmentV2 { id, project, key, name, kind, color, frozen, version, created_at, updated_at } =
            before;
        let revision = FIRST_REVISION;
        Self { id, project, key, name, kind, color, frozen, revision, version, created_at, updated_at }
    }
}

impl Stored for Environment {
    const NOUN: &'static str = "an environment";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = EnvironmentV3 {
            id: self.id.bits(),
            project: self.project.bits(),
            key: self.key.to_string(),
            name: self.name.to_string(),
            kind: self.kind.as_str().to_owned(),
            color: self.color.as_str().to_owned(),
            frozen: self.frozen.as_ref().map(Justification::to_string),
            revision: self.revision,
            version: self.version,
            created_at: self.created_at.millis(),
            updated_at: self.updated_at.millis(),
        };
        seal(3, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: EnvironmentV3 = match version {
            1 => EnvironmentV2::from(thaw::<EnvironmentV1>(payload)?).into(),
            2 => thaw::<EnvironmentV2>(payload)?.into(),
            3 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            id: EnvironmentId::from_bits(record.id),
            project: ProjectId::from_bits(record.project),
            key: EnvironmentKey::parse(&record.key).ok()?,
            name: Name::trusted(&record.name),
            kind: EnvironmentType::parse(&record.kind)?,
            color: Color::parse(&record.color)?,
            frozen: record.frozen.as_deref().map(Justification::trusted),
            revision: record.revision,
            version: record.version,
            created_at: Timestamp::from_millis(record.created_at),
            updated_at: Timestamp::from_millis(record.updated_at),
        })
    }
}

/// The environment with this identifier.
pub fn by_id(access: &impl Access, id: EnvironmentId) -> Result<Option<Environment>, Error> {
    get(access, tables::ENVIRONMENTS, id.bits())
}

/// The environment of `project` with this key.
pub fn by_key(access: &impl Access, project: ProjectId, key: &str) -> Result<Option<EnvironmentId>, Error> {
    Ok(find(access, tables::ENVIRONMENT_BY_KEY, (project.bits(), key))?.map(EnvironmentId::from_bits))
}

/// Every environment there is, oldest first.
pub fn every(access: &impl Access) -> Result<Vec<Environment>, Error> {
    all(access, tables::ENVIRONMENTS)
}

/// Keeps an environment.
pub fn put(writer: &Writer, environment: &Environment) -> Result<(), Error> {
    writer.put(tables::ENVIRONMENTS, environment.id.bits(), environment)?;
    let key = (environment.project.bits(), environment.key.as_str());
    writer.set(tables::ENVIRONMENT_BY_KEY, key, environment.id.bits())
}

/// The environments of `project`, oldest first.
pub fn of_project(access: &impl Access, project: ProjectId) -> Result<Vec<Environment>, Error> {
    let mut environments: Vec<Environment> =
        owned(access, tables::ENVIRONMENT_BY_KEY, tables::ENVIRONMENTS, project.bits())?;
    environments.sort_unstable_by_key(|environment| environment.id);
    Ok(environments)
}

/// Deletes an environment with everything in it: configurations, their revisions, schedules, API keys and
/// counters. Every range of keys begins with the environment.
pub fn remove(writer: &Writer, environment: &Environment) -> Result<(), Error> {
    let bits = environment.id.bits();
    for key in api_key::of_environment(writer, environment.id)? {
        api_key::remove(writer, &key)?;
    }
    writer.remove_under(tables::CONFIGURATIONS, bits)?;
    usage::remove(writer, environment.id)?;
    revision::remove_of_environment(writer, environment.id)?;
    schedule::remove_of_environment(writer, environment.id)?;
    writer.remove(tables::ENVIRONMENT_BY_KEY, (environment.project.bits(), environment.key.as_str()))?;
    writer.remove(tables::ENVIRONMENTS, bits)
}

//! Flags and their configurations.

use std::ops::RangeInclusive;

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer,
    codec::{Stored, seal, thaw},
    find, get, owned, revision,
    rule::RuleV1,
    schedule, tables, usage,
};
use crate::domain::{
    flag::{Classification, Configuration, Flag, FlagStatus, FlagType, Prerequisite, Variation},
    id::{EnvironmentId, FlagId, ProjectId, UserId},
    key::{FlagKey, VariationKey},
    rollout::{Algorithm, Bucketing},
    text::{Description, Name, Owner, Tag},
    time::Timestamp,
    value,
};

#[derive(Serialize, Deserialize)]
struct FlagV1 {
    id: u128,
    project: u128,
    key: String,
    name: String,
    description: Option<String>,
    flag_type: String,
    classification: Option<String>,
    tags: Vec<String>,
    status: String,
    variations: Vec<VariationV1>,
    bucketing: BucketingV1,
    revision: u64,
    created_by: Option<u128>,
    created_at: i64,
    updated_at: i64,
}

/// What the first version lacks comes behind it.
#[derive(Serialize, Deserialize)]
struct FlagV2 {
    first: FlagV1,
    owner: Option<String>,
    expires_at: Option<i64>,
}

impl From<FlagV1> for FlagV2 {
    fn from(first: FlagV1) -> Self {
        Self { first, owner: None, expires_at: None }
    }
}

#[derive(Serialize, Deserialize)]
struct VariationV1 {
    key: String,
    name: String,
    /// JSON text.
    value: String,
}

#[derive(Serialize, Deserialize)]
struct BucketingV1 {
    algorithm: String,
    by: String,
    salt: Option<String>,
}

impl Stored for Flag {
    const NOUN: &'static str = "a flag";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let variation = |it: &Variation| VariationV1 {
            key: it.key.to_string(),
            name: it.name.to_string(),
            value: it.value.to_string(),
        };
        let first = FlagV1 {
            id: self.id.bits(),
            project: self.project.bits(),
            key: self.key.to_string(),
            name: self.name.to_string(),
            description: self.description.as_ref().map(Description::to_string),
            flag_type: self.flag_type.as_str().to_owned(),
            classification: self.classification.map(|it| it.as_str().to_owned()),
            tags: self.tags.iter().map(Tag::to_string).collect(),
            status: self.status.as_str().to_owned(),
            variations: self.variations.iter().map(variation).collect(),
            bucketing: BucketingV1 {
                algorithm: self.bucketing.algorithm.as_str().to_owned(),
                by: self.bucketing.by.clone(),
                salt: self.bucketing.salt.clone(),
            },
            revision: self.revision,
            created_by: self.created_by.map(UserId::bits),
            created_at: self.created_at.millis(),
            updated_at: self.updated_at.millis(),
        };
        let owner = self.owner.as_ref().map(Owner::to_string);
        seal(2, &FlagV2 { first, owner, expires_at: self.expires_at.map(Timestamp::millis) })
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let FlagV2 { first: record, owner, expires_at } = match version {
            1 => thaw::<FlagV1>(payload)?.into(),
            2 => thaw(payload)?,
            _ => return None,
        };
        let variation = |it: VariationV1| {
            Some(Variation {
                key: VariationKey::parse(&it.key).ok()?,
                name: Name::trusted(&it.name),
                value: value::from_text(&it.value)?,
            })
        };
        let classification = match record.classification {
            Some(name) => Some(Classification::parse(&name)?),
            None => None,
        };
        Some(Self {
            id: FlagId::from_bits(record.id),
            project: ProjectId::from_bits(record.project),
            key: FlagKey::parse(&record.key).ok()?,
            name: Name::trusted(&record.name),
            description: record.description.as_deref().map(Description::trusted),
            flag_type: FlagType::parse(&record.flag_type)?,
            classification,
            tags: record.tags.iter().map(|tag| Tag::trusted(tag)).collect(),
            owner: owner.as_deref().map(Owner::trusted),
            expires_at: expires_at.map(Timestamp::from_millis),
            status: FlagStatus::parse(&record.status)?,
            variations: record.variations.into_iter().map(variation).collect::<Option<_>>()?,
            bucketing: Bucketing {
                algorithm: Algorithm::parse(&record.bucketing.algorithm)?,
                by: record.bucketing.by,
                salt: record.bucketing.salt,
            },
            revision: record.revision,
            created_by: record.created_by.map(UserId::from_bits),
            created_at: Timestamp::from_millis(record.created_at),
            updated_at: Timestamp::from_millis(record.updated_at),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ConfigurationV1 {
    enabled: bool,
    default_variation: String,
    rules: Vec<RuleV1>,
    prerequisites: Vec<PrerequisiteV1>,
    revision: u64,
    updated_at: i64,
}

#[derive(Serialize, Deserialize)]
struct PrerequisiteV1 {
    flag_key: String,
    variation_key: String,
}

impl Stored for Configuration {
    const NOUN: &'static str = "a flag's configuration";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let prerequisite = |it: &Prerequisite| PrerequisiteV1 {
            flag_key: it.flag_key.to_string(),
            variation_key: it.variation_key.to_string(),
        };
        let record = ConfigurationV1 {
            enabled: self.enabled,
            default_variation: self.default_variation.to_string(),
            rules: self.rules.iter().map(RuleV1::from).collect(),
            prerequisites: self.prerequisites.iter().map(prerequisite).collect(),
            revision: self.revision,
            updated_at: self.updated_at.millis(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: ConfigurationV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        let prerequisite = |it: PrerequisiteV1| {
            Some(Prerequisite {
                flag_key: FlagKey::parse(&it.flag_key).ok()?,
                variation_key: VariationKey::parse(&it.variation_key).ok()?,
            })
        };
        Some(Self {
            enabled: record.enabled,
            default_variation: VariationKey::parse(&record.default_variation).ok()?,
            rules: record.rules.into_iter().map(RuleV1::into_domain).collect::<Option<_>>()?,
            prerequisites: record.prerequisites.into_iter().map(prerequisite).collect::<Option<_>>()?,
            revision: record.revision,
            updated_at: Timestamp::from_millis(record.updated_at),
        })
    }
}

/// The flag with this identifier.
pub fn by_id(access: &impl Access, id: FlagId) -> Result<Option<Flag>, Error> {
    get(access, tables::FLAGS, id.bits())
}

/// The flag of `project` with this key, archived or not.
pub fn by_key(access: &impl Access, project: ProjectId, key: &str) -> Result<Option<Flag>, Error> {
    match find(access, tables::FLAG_BY_KEY, (project.bits(), key))? {
        Some(bits) => by_id(access, FlagId::from_bits(bits)),
        None => Ok(None),
    }
}

/// The flags of `project`, by key.
pub fn of_project(access: &impl Access, project: ProjectId) -> Result<Vec<Flag>, Error> {
    owned(access, tables::FLAG_BY_KEY, tables::FLAGS, project.bits())
}

/// What `environment` says of a flag.
pub fn configuration(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
) -> Result<Option<Configuration>, Error> {
    get(access, tables::CONFIGURATIONS, (environment.bits(), flag.bits()))
}

/// What `environment` says of the flags between two, both included.
pub fn configurations(
    access: &impl Access,
    environment: EnvironmentId,
    flags: RangeInclusive<FlagId>,
) -> Result<Vec<(FlagId, Configuration)>, Error> {
    let (first, last) = flags.into_inner();
    let table = access.table(tables::CONFIGURATIONS)?;
    let rows = table.range((environment.bits(), first.bits())..=(environment.bits(), last.bits()))?;
    let opened = rows.map(|row| {
        let (key, record) = row?;
        Ok((FlagId::from_bits(key.value().1), Configuration::open(record.value())?))
    });
    opened.collect()
}

/// Keeps what all environments share of a flag, also for later.
pub fn put(writer: &Writer, flag: &Flag) -> Result<(), Error> {
    revision::put_definition(writer, flag)?;
    writer.put(tables::FLAGS, flag.id.bits(), flag)?;
    writer.set(tables::FLAG_BY_KEY, (flag.project.bits(), flag.key.as_str()), flag.id.bits())
}

/// Keeps what `environment` says of a flag, also for later.
pub fn put_configuration(
    writer: &Writer,
    environment: EnvironmentId,
    flag: FlagId,
    configuration: &Configuration,
) -> Result<(), Error> {
    revision::put_configuration(writer, environment, flag, configuration)?;
    writer.put(tables::CONFIGURATIONS, (environment.bits(), flag.bits()), configuration)
}

/// Deletes what all environments share of the flags of `project`; answers how many there were.
pub(super) fn remove_of_project(writer: &Writer, project: ProjectId) -> Result<usize, Error> {
    let keys = (project.bits(), "")..(project.bits().saturating_add(1), "");
    let mut index = writer.0.open_table(tables::FLAG_BY_KEY)?;
    let mut flags = writer.0.open_table(tables::FLAGS)?;
    let mut definitions = writer.0.open_table(tables::FLAG_DEFINITIONS)?;
    let mut removed = 0;
    for row in index.extract_from_if(keys, |_, _| true)? {
        let flag = row?.1.value();
        flags.remove(flag)?;
        definitions.retain_in((flag, 0)..=(flag, u64::MAX), |_, _| false)?;
        removed += 1;
    }
    Ok(removed)
}

/// Forgets a flag in these environments, all of its project: what it is, what it was, and how often it was served.
pub fn remove(
    writer: &Writer,
    flag: &Flag,
    environments: impl IntoIterator<Item = EnvironmentId> + Clone,
) -> Result<(), Error> {
    writer.remove(tables::FLAGS, flag.id.bits())?;
    writer.remove(tables::FLAG_BY_KEY, (flag.project.bits(), flag.key.as_str()))?;
    for environment in environments.clone() {
        writer.remove(tables::CONFIGURATIONS, (environment.bits(), flag.id.bits()))?;
        usage::forget_flag(writer, environment, flag.id)?;
        schedule::remove(writer, environment, flag.id)?;
    }
    revision::remove(writer, flag.id, environments)
}

//! Revisions of flags. Each state of a definition and of a configuration is kept once, under its own revision; a
//! revision of a flag as an environment shows it names the two that it was made of.

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{
    Access, Error, Writer, audit,
    codec::{Stored, seal, thaw},
    environment, flag, get, tables,
};
use crate::domain::{
    audit::{Action, Actor, resource_bits},
    flag::{Configuration, Flag},
    id::{EnvironmentId, FlagId, PersonalTokenId, UserId},
    page::{PageRequest, Start},
    revision::{MAX_REVISIONS, Revision, State},
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
struct RevisionV1 {
    definition: u64,
    configuration: u64,
    at: i64,
    actor_id: u128,
    actor_email: String,
    actor_token: Option<u128>,
    action: String,
}

impl Stored for Revision {
    const NOUN: &'static str = "a revision of a flag";

    fn encode(&self) -> Result<Vec<u8>, Error> {
        let record = RevisionV1 {
            definition: self.definition,
            configuration: self.configuration,
            at: self.at.millis(),
            actor_id: self.actor.id.bits(),
            actor_email: self.actor.email.clone(),
            actor_token: self.actor.token.map(PersonalTokenId::bits),
            action: self.action.as_str().to_owned(),
        };
        seal(1, &record)
    }

    fn decode(version: u8, payload: &[u8]) -> Option<Self> {
        let record: RevisionV1 = match version {
            1 => thaw(payload)?,
            _ => return None,
        };
        Some(Self {
            definition: record.definition,
            configuration: record.configuration,
            at: Timestamp::from_millis(record.at),
            actor: Actor {
                id: UserId::from_bits(record.actor_id),
                email: record.actor_email,
                token: record.actor_token.map(PersonalTokenId::from_bits),
            },
            action: Action::parse(&record.action)?,
        })
    }
}

/// The revisions of a flag that are kept in `environment`, newest first.
pub fn list(access: &impl Access, environment: EnvironmentId, flag: FlagId) -> Result<Vec<Revision>, Error> {
    let table = access.table(tables::FLAG_REVISIONS)?;
    let rows = table.range(all_of(environment, flag))?.rev();
    rows.map(|row| Revision::open(row?.1.value())).collect()
}

/// The revision with this number, if it is kept.
pub fn by_number(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    number: u64,
) -> Result<Option<Revision>, Error> {
    get(access, tables::FLAG_REVISIONS, (environment.bits(), flag.bits(), number))
}

/// The revision that a flag was at in `environment` at `moment`, if it is kept.
pub fn at(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    moment: Timestamp,
) -> Result<Option<Revision>, Error> {
    let table = access.table(tables::FLAG_REVISIONS)?;
    for row in table.range(all_of(environment, flag))?.rev() {
        let revision = Revision::open(row?.1.value())?;
        if revision.was_made_by(moment) {
            return Ok(Some(revision));
        }
    }
    Ok(None)
}

/// The oldest revision of a flag that is kept in `environment`.
pub fn oldest(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
) -> Result<Option<Revision>, Error> {
    let table = access.table(tables::FLAG_REVISIONS)?;
    let first = table.range(all_of(environment, flag))?.next();
    first.map(|row| Revision::open(row?.1.value())).transpose()
}

/// What a flag was at a revision that is kept.
pub fn state(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    revision: &Revision,
) -> Result<State, Error> {
    let lost = || Error::Damaged(format!("the flag {flag} has lost its revision {}", revision.number()));
    let (definition, own) = (revision.definition, revision.configuration);
    let definition = get(access, tables::FLAG_DEFINITIONS, (flag.bits(), definition))?;
    let own = get(access, tables::FLAG_CONFIGURATIONS, (environment.bits(), flag.bits(), own))?;
    Ok(State { flag: definition.ok_or_else(lost)?, configuration: own.ok_or_else(lost)? })
}

/// Keeps what all environments share of a flag under its revision.
pub(super) fn put_definition(writer: &Writer, flag: &Flag) -> Result<(), Error> {
    writer.put(tables::FLAG_DEFINITIONS, (flag.id.bits(), flag.revision), flag)
}

/// Keeps what `environment` says of a flag under its revision.
pub(super) fn put_configuration(
    writer: &Writer,
    environment: EnvironmentId,
    flag: FlagId,
    configuration: &Configuration,
) -> Result<(), Error> {
    let key = (environment.bits(), flag.bits(), configuration.revision);
    writer.put(tables::FLAG_CONFIGURATIONS, key, configuration)
}

/// Keeps the newest revision of a flag, whose two parts are kept, and drops those that are too old.
pub fn append(
    writer: &Writer,
    environment: EnvironmentId,
    flag: &Flag,
    revision: &Revision,
) -> Result<(), Error> {
    let key = (environment.bits(), flag.id.bits(), revision.number());
    writer.put(tables::FLAG_REVISIONS, key, revision)?;
    match revision.number().checked_sub(MAX_REVISIONS) {
        Some(newest_to_drop) if newest_to_drop > 0 => drop_until(writer, environment, flag, newest_to_drop),
        Some(_) | None => Ok(()),
    }
}

fn drop_until(
    writer: &Writer,
    environment: EnvironmentId,
    flag: &Flag,
    newest_to_drop: u64,
) -> Result<(), Error> {
    let (place, id) = (environment.bits(), flag.id.bits());
    let dropped = {
        let mut table = writer.0.open_table(tables::FLAG_REVISIONS)?;
        let old = (place, id, 0)..=(place, id, newest_to_drop);
        let rows = table.extract_from_if(old, |_, _| true)?;
        rows.map(|row| Ok(row?.1.value().to_vec())).collect::<Result<Vec<_>, Error>>()?
    };
    if dropped.is_empty() {
        return Ok(());
    }
    // Both parts only rise: what is below those of the oldest that is left is in use no more.
    let Some(oldest) = oldest(writer, environment, flag.id)? else { return Ok(()) };
    writer
        .0
        .open_table(tables::FLAG_CONFIGURATIONS)?
        .retain_in((place, id, 0)..(place, id, oldest.configuration), |_, _| false)?;
    let mut definition = oldest.definition;
    for other in environment::of_project(writer, flag.project)? {
        let oldest = self::oldest(writer, other.id, flag.id)?;
        definition = oldest.map_or(definition, |it| it.definition.min(definition));
    }
    writer.0.open_table(tables::FLAG_DEFINITIONS)?.retain_in((id, 0)..(id, definition), |_, _| false)?;
    Ok(())
}

/// Drops everything that flags were in `environment`.
pub(super) fn remove_of_environment(writer: &Writer, environment: EnvironmentId) -> Result<(), Error> {
    let bits = environment.bits();
    let all = || (bits, 0, 0)..=(bits, u128::MAX, u64::MAX);
    writer.0.open_table(tables::FLAG_REVISIONS)?.retain_in(all(), |_, _| false)?;
    Ok(writer.0.open_table(tables::FLAG_CONFIGURATIONS)?.retain_in(all(), |_, _| false)?)
}

/// Drops everything that a flag was, in these environments: all of its project.
pub(super) fn remove(
    writer: &Writer,
    flag: FlagId,
    environments: impl IntoIterator<Item = EnvironmentId>,
) -> Result<(), Error> {
    for environment in environments {
        let all = || all_of(environment, flag);
        writer.0.open_table(tables::FLAG_REVISIONS)?.retain_in(all(), |_, _| false)?;
        writer.0.open_table(tables::FLAG_CONFIGURATIONS)?.retain_in(all(), |_, _| false)?;
    }
    let all = (flag.bits(), 0)..=(flag.bits(), u64::MAX);
    Ok(writer.0.open_table(tables::FLAG_DEFINITIONS)?.retain_in(all, |_, _| false)?)
}

fn all_of(environment: EnvironmentId, flag: FlagId) -> std::ops::RangeInclusive<(u128, u128, u64)> {
    (environment.bits(), flag.bits(), 0)..=(environment.bits(), flag.bits(), u64::MAX)
}

/// The newest entry of a history.
const NEWEST: PageRequest = PageRequest { per_page: 1, start: Start::Page(1) };

/// Keeps the present state of every flag as its first known revision. Who made it is in the audit log.
pub(super) fn keep_present(writer: &Writer) -> Result<(), Error> {
    for environment in environment::every(writer)? {
        for flag in flag::of_project(writer, environment.project)? {
            let damaged =
                |what: &str| Error::Damaged(format!("flag {} {what} in {}", flag.id, environment.id));
            let configuration = flag::configuration(writer, environment.id, flag.id)?;
            let configuration = configuration.ok_or_else(|| damaged("has no configuration"))?;
            let told = audit::about(writer, resource_bits(flag.id), Some(environment.id), &NEWEST)?;
            let last = told.rows.into_iter().next().ok_or_else(|| damaged("has no history"))?;
            let revision = Revision {
                definition: flag.revision,
                configuration: configuration.revision,
                at: flag.shown_update(&configuration),
                actor: last.actor,
                action: last.action,
            };
            put_definition(writer, &flag)?;
            put_configuration(writer, environment.id, flag.id, &configuration)?;
            append(writer, environment.id, &flag, &revision)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, tests::check};

    fn revision() -> Revision {
        Revision {
            definition: 300,
            configuration: 7,
            at: Timestamp::from_millis(1_800_000_000_123),
            actor: Actor {
                id: UserId::from_bits(1),
                email: "ada@example.com".into(),
                token: Some(PersonalTokenId::from_bits(13)),
            },
            action: Action::FlagRolledBack,
        }
    }

    #[test]
    fn a_record_never_changes() {
        check(
            &revision(),
            "01fcb4b70afb2c0107fdf6a0b83046030000010f616461406578616d706c652e636f6d010d10666c61672e726f6c6c\
             65645f6261636b",
        );
    }

    #[test]
    fn who_names_the_moment_that_is_shown_means_that_revision() {
        let shown = Timestamp::from_millis(1_800_000_000_000);
        assert!(revision().was_made_by(shown) && !revision().was_made_by(shown.plus_seconds(-1)));
    }

    #[test]
    fn what_only_dropped_revisions_were_made_of_is_dropped_with_them() {
        let store = Store::in_memory().unwrap();
        let (flag, environment) = (crate::store::tests::flag(), EnvironmentId::from_bits(5));
        let count = |store: &Store| {
            let reader = store.read().unwrap();
            let definitions = reader.table(tables::FLAG_DEFINITIONS).unwrap().iter().unwrap().count();
            let own = reader.table(tables::FLAG_CONFIGURATIONS).unwrap().iter().unwrap().count();
            let revisions = reader.table(tables::FLAG_REVISIONS).unwrap().iter().unwrap().count();
            [definitions, own, revisions]
        };
        let writer = store.write().unwrap();
        for number in 1..=MAX_REVISIONS + 10 {
            // The first five change the definition, all others the configuration.
            let definition = number.min(5);
            let flag = Flag { revision: definition, ..flag.clone() };
            let own = Configuration { revision: number - definition, ..crate::store::tests::configuration() };
            put_definition(&writer, &flag).unwrap();
            put_configuration(&writer, environment, flag.id, &own).unwrap();
            let revision = Revision { definition, configuration: own.revision, ..revision() };
            append(&writer, environment, &flag, &revision).unwrap();
        }
        writer.commit().unwrap();
        let kept = usize::try_from(MAX_REVISIONS).unwrap();
        assert_eq!(count(&store), [1, kept, kept]);
        let writer = store.write().unwrap();
        remove(&writer, flag.id, [environment]).unwrap();
        writer.commit().unwrap();
        assert_eq!(count(&store), [0, 0, 0]);
    }
}

//! The flags of a project, in all of its environments, and the environments that are new.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Fate, Unlisted, Work, places::Places, sound};
use crate::{
    control::{
        environment,
        error::Error,
        scope::{Place, project_scope},
    },
    domain::{
        audit::{Action, FieldChange, Resource, configuration_fields, difference, flag_fields, itemized},
        environment::Environment,
        flag::{Configuration, Flag, FlagStatus, MAX_FLAGS_PER_PROJECT},
        id::RuleId,
        key::FlagKey,
        manifest::{ConfigurationSheet, FlagSheet},
        role::Permission,
        rule::{NewRule, Rule},
        violation::Violations,
    },
    engine::Segments,
    store,
};

/// A flag as it is to be.
pub(super) struct Planned {
    /// Its place in the document, if that has it.
    pub(super) listed: Option<usize>,
    pub(super) before: Option<Arc<Flag>>,
    pub(super) flag: Arc<Flag>,
    /// What the environments say, in the order of [`Places::keys`].
    pub(super) said: Vec<Said>,
}

/// What an environment is to say of a flag.
pub(super) struct Said {
    pub(super) before: Option<Arc<Configuration>>,
    pub(super) after: Arc<Configuration>,
}

/// Makes the flags what a document says, with everything that is wrong with the project in the end, and then the
/// environments that are new. Answers every environment.
pub(super) fn flags(
    work: &mut Work<'_, '_>,
    places: Places,
    segments: &Arc<Segments>,
    sheets: Option<Vec<FlagSheet>>,
    mut faults: Violations,
) -> Result<Vec<Environment>, Error> {
    let unlisted = if sheets.is_some() { work.unlisted } else { Unlisted::Stays };
    let mut present: HashMap<FlagKey, Arc<Flag>> = match places.kept.first() {
        Some((_, ruleset)) => {
            ruleset.flags().map(|it| (it.flag().key.clone(), Arc::clone(it.flag()))).collect()
        }
        None => {
            let flags = store::flag::of_project(work.change.tx(), work.project.id)?;
            flags.into_iter().map(|flag| (flag.key.clone(), Arc::new(flag))).collect()
        }
    };
    let mut planned = Vec::with_capacity(present.len());
    for (index, sheet) in sheets.into_iter().flatten().enumerate() {
        let before = present.remove(&sheet.key);
        planned.push(plan(work, &places, index, sheet, before, &mut faults)?);
    }
    let mut rest: Vec<_> = present.into_values().collect();
    rest.sort_by(|left, right| left.key.cmp(&right.key));
    let gone = match unlisted {
        Unlisted::Stays => {
            planned.extend(rest.into_iter().map(|flag| as_it_is(work, &places, flag)));
            Vec::new()
        }
        Unlisted::Goes => rest,
    };
    if planned.len() > MAX_FLAGS_PER_PROJECT {
        let sentence = format!("a project has at most {MAX_FLAGS_PER_PROJECT} flags, archived ones included");
        return Err(Error::LimitReached(sentence));
    }
    sound::check(&places, segments, &planned, &mut faults)?;
    faults.or_ok(())?;
    for flag in gone {
        delete(work, &places, &flag)?;
    }
    for planned in &planned {
        keep(work, &places, planned)?;
    }
    make_environments(work, places, segments, &planned)
}

fn plan(
    work: &Work<'_, '_>,
    places: &Places,
    index: usize,
    sheet: FlagSheet,
    before: Option<Arc<Flag>>,
    faults: &mut Violations,
) -> Result<Planned, Error> {
    for (key, _) in &sheet.environments {
        if !places.keys().any(|known| known == key) {
            let path = format!("flags[{index}].environments.{key}");
            faults.malformed(path, format!("the project has no environment '{key}'"));
        }
    }
    if let Some(before) = before.as_ref().filter(|before| before.flag_type != sheet.flag_type) {
        let message = format!("is '{}' and cannot change", before.flag_type.as_str());
        faults.malformed(format!("flags[{index}].flag_type"), message);
    }
    let said = places.keys().enumerate().map(|(place, key)| {
        let known = places.kept.get(place).and_then(|(_, ruleset)| ruleset.get(sheet.key.as_str()));
        let known = known.map(|compiled| Arc::clone(compiled.configuration()));
        let own = sheet.environments.iter().find(|(environment, _)| environment == key);
        let initial = || Arc::new(Configuration::initial(sheet.default_variation.clone(), work.change.now()));
        let after = match (own, &known) {
            (Some((_, own)), Some(known)) => configured(work, own, known),
            (Some((_, own)), None) => configured(work, own, &initial()),
            (None, Some(known)) => Arc::clone(known),
            (None, None) => initial(),
        };
        Said { before: known, after }
    });
    let said = said.collect();
    let flag = Arc::new(defined(work, sheet, before.as_deref())?);
    Ok(Planned { listed: Some(index), before, flag, said })
}

/// A flag that the document does not have.
fn as_it_is(work: &Work<'_, '_>, places: &Places, flag: Arc<Flag>) -> Planned {
    let known = |place: usize| {
        let (_, ruleset) = places.kept.get(place)?;
        Some(Arc::clone(ruleset.get(flag.key.as_str())?.configuration()))
    };
    // What it serves in an environment that is new is what it serves in the oldest one when it is off.
    let default = known(0).map(|known| known.default_variation.clone());
    let default = default.or_else(|| flag.variations.last().map(|last| last.key.clone()));
    let said = places.keys().enumerate().filter_map(|(place, _)| {
        let before = known(place);
        let initial = || Some(Arc::new(Configuration::initial(default.clone()?, work.change.now())));
        Some(Said { after: before.clone().or_else(initial)?, before })
    });
    let said = said.collect();
    Planned { listed: None, before: Some(Arc::clone(&flag)), flag, said }
}

/// What all environments share of the flag of a sheet.
fn defined(work: &Work<'_, '_>, sheet: FlagSheet, before: Option<&Flag>) -> Result<Flag, Error> {
    let now = work.change.now();
    let flag = Flag {
        id: before.map_or_else(|| work.change.mint(), |before| before.id),
        project: work.project.id,
        key: sheet.key,
        name: sheet.name,
        description: sheet.description,
        flag_type: sheet.flag_type,
        classification: sheet.classification,
        tags: sheet.tags,
        owner: sheet.owner,
        expires_at: sheet.expires_at,
        status: sheet.status,
        variations: sheet.variations,
        bucketing: sheet.bucketing,
        revision: before.map_or(1, |before| before.revision),
        created_by: match before {
            Some(before) => before.created_by,
            None => Some(work.change.actor()?.id),
        },
        created_at: before.map_or(now, |before| before.created_at),
        updated_at: before.map_or(now, |before| before.updated_at),
    };
    Ok(match before {
        Some(before) if flag != *before => Flag { revision: flag.revision + 1, updated_at: now, ..flag },
        Some(_) | None => flag,
    })
}

fn configured(
    work: &Work<'_, '_>,
    sheet: &ConfigurationSheet,
    before: &Arc<Configuration>,
) -> Arc<Configuration> {
    let after = Configuration {
        enabled: sheet.enabled,
        default_variation: sheet.default_variation.clone(),
        rules: identify(&sheet.rules, &before.rules, || work.change.mint()),
        prerequisites: sheet.prerequisites.clone(),
        ..(**before).clone()
    };
    if after == **before {
        return Arc::clone(before);
    }
    Arc::new(Configuration { revision: before.revision + 1, updated_at: work.change.now(), ..after })
}

/// Gives every rule its identifier: its own, that of an equal rule, or a fresh one.
fn identify(rules: &[NewRule], before: &[Rule], mut mint: impl FnMut() -> RuleId) -> Vec<Rule> {
    let mut taken: Vec<RuleId> = rules.iter().filter_map(|rule| rule.id).collect();
    let mut equal = |rule: &NewRule| {
        let same = |it: &&Rule| rule.clone().with_id(it.id) == **it && !taken.contains(&it.id);
        let found = before.iter().find(same).map(|it| it.id);
        taken.extend(found);
        found
    };
    let identified = rules.iter().map(|rule| {
        let id = rule.id.or_else(|| equal(rule)).unwrap_or_else(&mut mint);
        rule.clone().with_id(id)
    });
    identified.collect()
}

fn delete(work: &mut Work<'_, '_>, places: &Places, flag: &Flag) -> Result<(), Error> {
    work.needs(Permission::DeleteFlags)?;
    for (environment, _) in &places.kept {
        work.change.remove_flag(environment.id, flag, Action::FlagDeleted)?;
    }
    store::flag::remove(work.change.tx(), flag, places.kept.iter().map(|(environment, _)| environment.id))?;
    let gone = difference(&flag_fields(flag), &Vec::new());
    work.change.audit(Action::FlagDeleted, project_scope(&work.project), flag.id, gone.clone())?;
    work.steps.add(Fate::Deleted, Resource::Flag, flag.key.as_str(), None, gone);
    Ok(())
}

/// What is done with a flag as a whole.
fn action(planned: &Planned) -> Action {
    let Some(before) = &planned.before else { return Action::FlagCreated };
    match (before.status, planned.flag.status) {
        (FlagStatus::Archived, FlagStatus::Active | FlagStatus::Inactive) => Action::FlagRestored,
        (FlagStatus::Active | FlagStatus::Inactive, FlagStatus::Archived) => Action::FlagArchived,
        (FlagStatus::Archived, FlagStatus::Archived)
        | (FlagStatus::Active | FlagStatus::Inactive, FlagStatus::Active | FlagStatus::Inactive) => {
            Action::FlagUpdated
        }
    }
}

fn keep(work: &mut Work<'_, '_>, places: &Places, planned: &Planned) -> Result<(), Error> {
    let Planned { before, flag, said, .. } = planned;
    let shared = before.as_ref() != Some(flag);
    let action = action(planned);
    if shared {
        store::flag::put(work.change.tx(), flag)?;
        let fields = itemized(&before.as_deref().map(flag_fields).unwrap_or_default(), &flag_fields(flag));
        work.change.audit(action, project_scope(&work.project), flag.id, fields.clone())?;
        let fate = if before.is_some() { Fate::Updated } else { Fate::Created };
        work.steps.add(fate, Resource::Flag, flag.key.as_str(), None, fields);
    }
    for ((environment, _), said) in places.kept.iter().zip(said) {
        if shared || said.before.as_ref() != Some(&said.after) {
            work.change.put_flag(environment.id, flag, Arc::clone(&said.after), action)?;
        }
        tell_own(work, environment, flag, action, said)?;
    }
    Ok(())
}

/// Tells what an environment says of a flag from now on.
fn tell_own(
    work: &mut Work<'_, '_>,
    environment: &Environment,
    flag: &Flag,
    action: Action,
    said: &Said,
) -> Result<(), Error> {
    let fields = own_fields(said);
    if !fields.is_empty() {
        let scope = Place { project: work.project.clone(), environment: environment.clone() }.scope();
        work.change.audit(action, scope, flag.id, fields.clone())?;
        work.steps.changed(Resource::Flag, flag.key.as_str(), Some(environment.key.as_str()), fields);
    }
    Ok(())
}

/// What changes of a flag in one environment; of a new flag: in what it differs from one that nothing was said of.
fn own_fields(said: &Said) -> Vec<FieldChange> {
    let initial = || Configuration::initial(said.after.default_variation.clone(), said.after.updated_at);
    let before = match &said.before {
        Some(before) => configuration_fields(before),
        None => configuration_fields(&initial()),
    };
    itemized(&before, &configuration_fields(&said.after))
}

fn make_environments(
    work: &mut Work<'_, '_>,
    places: Places,
    segments: &Arc<Segments>,
    planned: &[Planned],
) -> Result<Vec<Environment>, Error> {
    let known = places.kept.len();
    let mut environments: Vec<_> = places.kept.into_iter().map(|(environment, _)| environment).collect();
    for (index, new) in places.new.into_iter().enumerate() {
        let said = |planned: &Planned| {
            Some((Arc::clone(&planned.flag), (*planned.said.get(known + index)?.after).clone()))
        };
        let flags = planned.iter().filter_map(said).collect();
        let key = new.key.to_string();
        let made =
            vec![FieldChange::made("name", new.name.as_str()), FieldChange::made("type", new.kind.as_str())];
        let environment = environment::put_new(work.change, &work.project, new, flags, Arc::clone(segments))?;
        work.steps.add(Fate::Created, Resource::Environment, &key, None, made);
        for planned in planned {
            if let Some(said) = planned.said.get(known + index) {
                tell_own(work, &environment, &planned.flag, action(planned), said)?;
            }
        }
        environments.push(environment);
    }
    Ok(environments)
}

/// A fault of something that the document does not have is named after it.
pub(super) fn path(planned: &Planned) -> String {
    match planned.listed {
        Some(index) => format!("flags[{index}]"),
        None => format!("flags[{}]", planned.flag.key),
    }
}

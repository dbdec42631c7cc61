//! Promotion: what one environment says of flags is taken to another one of the project, in one change. The flags in
//! which the two say the same are left alone.

use std::collections::BTreeSet;

use super::{
    Control,
    call::{Call, Caller, Run},
    change::Change,
    compare::{Comparison, of_another_project},
    error::Error,
    flag::{FlagName, find},
    flag_check::check,
    flag_target::{apply, rulesets, target},
};
use crate::{
    domain::{
        audit::{Action, FieldChange},
        environment::Environment,
        flag::FlagStatus,
        id::EnvironmentId,
        promotion::{ConfigurationPart, MAX_PROMOTED_FLAGS, promotion},
        role::Permission,
        violation::{Fault, Path, Violations},
    },
    engine::{CompiledFlag, Ruleset},
};

/// Which flags are meant.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// This one.
    One(FlagName),
    /// Those in the list `flags` of the request.
    Listed(Vec<FlagName>),
    /// All that are not archived.
    All,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// The environment whose configurations are taken.
    pub from: EnvironmentId,
    /// The environment that gets them.
    pub to: EnvironmentId,
    /// Of which flags.
    pub flags: Chosen,
    /// Which parts of them.
    pub parts: Vec<ConfigurationPart>,
    /// In earnest or not.
    pub run: Run,
}

/// Takes configurations from one environment to another, and answers where they differed before. Where nothing differs
/// nothing happens.
pub async fn promote(
    control: &Control,
    call: &Call,
    caller: &Caller,
    asked: Promotion,
) -> Result<Comparison, Error> {
    control.change(call, Some(caller.actor()), move |change| made(change, &asked)).await
}

fn made(change: &mut Change<'_>, asked: &Promotion) -> Result<Comparison, Error> {
    let place = change.place(asked.to, Permission::WriteFlags)?;
    let source = change.place(asked.from, Permission::Read)?;
    if source.project.id != place.project.id {
        return Err(of_another_project("from_environment_id").into());
    }
    match asked.run {
        Run::Real => change.remark(FieldChange::made("promoted_from", source.environment.key.as_str())),
        Run::Dry => change.rehearse(),
    }
    let rulesets = rulesets(change, &place)?;
    let (environment, present) = &rulesets[0];
    let is_source = |(environment, _): &&(Environment, _)| environment.id == asked.from;
    let lost = || Error::Internal(format!("the environment {} is in no project", asked.from));
    let (_, ruleset) = rulesets.iter().find(is_source).ok_or_else(lost)?;
    let keys = chosen(&asked.flags, present, environment)?;
    let found = Comparison::of(keys, &asked.parts, ruleset, present);
    if found.different.len() > MAX_PROMOTED_FLAGS {
        let sentence = format!(
            "a promotion changes at most {MAX_PROMOTED_FLAGS} flags, and {} differ; name some in 'flags'",
            found.different.len()
        );
        return Err(Error::LimitReached(sentence));
    }
    for difference in &found.different {
        let name = FlagName(difference.flag.key.to_string());
        let target = target(place.clone(), &rulesets, &name)?;
        let value = promotion(&difference.parts, &difference.source);
        check(&target, &rulesets, &value, Violations::new())?;
        apply(change, &target, value, Action::FlagPromoted)?;
    }
    Ok(found)
}

/// The keys of the flags that are meant, each once and in their order.
fn chosen<'r>(
    flags: &Chosen,
    ruleset: &'r Ruleset,
    environment: &Environment,
) -> Result<BTreeSet<&'r str>, Error> {
    match flags {
        Chosen::All => Ok(ruleset.live_flags().map(|flag| flag.key()).collect()),
        Chosen::One(name) => {
            let flag = find(ruleset, environment, name)?;
            in_use(flag).map(|()| BTreeSet::from([flag.key()]))
        }
        Chosen::Listed(names) => {
            let (mut keys, mut faults) = (BTreeSet::new(), Violations::new());
            let list = Path::ROOT.field("flags");
            for (place, name) in names.iter().enumerate() {
                match find(ruleset, environment, name) {
                    Ok(flag) => {
                        in_use(flag)?;
                        keys.insert(flag.key());
                    }
                    Err(_) => {
                        let why = format!("there is no flag '{}' in this project", name.0);
                        faults.add(Fault::FlagUnknown, list.index(place), why);
                    }
                }
            }
            Ok(faults.or_ok(keys)?)
        }
    }
}

fn in_use(flag: &CompiledFlag) -> Result<(), Error> {
    match flag.flag().status {
        FlagStatus::Active | FlagStatus::Inactive => Ok(()),
        FlagStatus::Archived => Err(Error::FlagArchived(flag.key().to_owned())),
    }
}

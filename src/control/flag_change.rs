//! Changing flags: what depends on the rest of the project is decided here, in the change's own transaction.

use std::sync::Arc;

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    flag::{FlagName, ShownFlag, find},
    scope::{Place, project_scope},
    segment::check_conditions,
};
use crate::{
    domain::{
        audit::{Action, FieldChange, configuration_fields, difference, flag_fields},
        environment::Environment,
        flag::{Configuration, Flag, FlagStatus, MAX_FLAGS_PER_PROJECT},
        flag_change::{FlagChange, NewFlag},
        id::{EnvironmentId, RuleId},
        role::Permission,
        violation::{Draft, Fault, Path, Violations},
    },
    engine::{Ruleset, prerequisite::dependents},
    store,
};

/// A flag of a project in all of its environments, while it is being changed.
struct Target {
    place: Place,
    flag: Arc<Flag>,
    /// What each environment says, the one that was named first.
    configurations: Vec<(Environment, Arc<Configuration>)>,
}

impl Target {
    fn named(&self) -> &Arc<Configuration> {
        &self.configurations[0].1
    }

    fn rules(&self) -> Vec<RuleId> {
        self.configurations.iter().flat_map(|(_, it)| it.rules.iter().map(|rule| rule.id)).collect()
    }
}

/// Every environment of the place's project with its ruleset, the named one first.
fn rulesets(change: &Change<'_>, place: &Place) -> Result<Vec<(Environment, Arc<Ruleset>)>, Error> {
    let mut environments = store::environment::of_project(change.tx(), place.project.id)?;
    environments.sort_by_key(|environment| environment.id != place.environment.id);
    let unserved = |id: EnvironmentId| Error::Internal(format!("the environment {id} is not served"));
    environments
        .into_iter()
        .map(|environment| {
            let live = change.live().environment(environment.id).ok_or_else(|| unserved(environment.id))?;
            let ruleset = Arc::clone(&live.ruleset());
            Ok((environment, ruleset))
        })
        .collect()
}

fn target(place: Place, rulesets: &[(Environment, Arc<Ruleset>)], name: &FlagName) -> Result<Target, Error> {
    let (environment, ruleset) = &rulesets[0];
    let flag = Arc::clone(find(ruleset, environment, name)?.flag());
    let configurations = rulesets
        .iter()
        .filter_map(|(environment, ruleset)| {
            let compiled = ruleset.get(flag.key.as_str())?;
            Some((environment.clone(), Arc::clone(compiled.configuration())))
        })
        .collect();
    Ok(Target { place, flag, configurations })
}

/// Makes a flag, with a configuration in each environment of the project.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    new: Draft<NewFlag>,
) -> Result<ShownFlag, Error> {
    let user = caller.user.id;
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let Draft { value: new, mut faults } = new;
            let mut mint = || change.mint::<RuleId>();
            let (flag, configuration) =
                new.build(change.mint(), place.project.id, user, change.now(), &mut mint);
            flag.check_variations(&mut faults);
            configuration.check(&flag, &mut faults);
            check_prerequisites(&configuration, &rulesets[0].1, &mut faults);
            check_segments(&configuration, &rulesets[0].1, &mut faults);
            faults.or_ok(())?;
            if rulesets[0].1.get(flag.key.as_str()).is_some() {
                return Err(Error::KeyTaken(Thing::Flag, flag.key.to_string()));
            }
            if rulesets[0].1.flags().count() >= MAX_FLAGS_PER_PROJECT {
                let sentence =
                    format!("a project has at most {MAX_FLAGS_PER_PROJECT} flags, archived ones included");
                return Err(Error::LimitReached(sentence));
            }
            let (flag, configuration) = (Arc::new(flag), Arc::new(configuration));
            store::flag::put(change.tx(), &flag)?;
            let initial = Configuration::initial(configuration.default_variation.clone(), change.now());
            let initial = Arc::new(initial);
            change.put_flag(environment, &flag, Arc::clone(&configuration), Action::FlagCreated)?;
            for (other, _) in rulesets.iter().skip(1) {
                change.put_flag(other.id, &flag, Arc::clone(&initial), Action::FlagCreated)?;
            }
            // All environments share what the flag is at first; what else was said is of the named one alone.
            let mut fields = flag_fields(&flag);
            let before = configuration_fields(&initial);
            fields.extend(before.iter().cloned());
            let made = difference(&Vec::new(), &fields);
            change.audit(Action::FlagCreated, project_scope(&place.project), flag.id, made)?;
            let own = difference(&before, &configuration_fields(&configuration));
            if !own.is_empty() {
                change.audit(Action::FlagCreated, place.scope(), flag.id, own)?;
            }
            Ok(ShownFlag { flag, configuration, environment, last_evaluated_at: None })
        })
        .await
}

/// Changes fields of a flag.
pub async fn update(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
    draft: Draft<FlagChange>,
) -> Result<ShownFlag, Error> {
    let shown = edit(control, call, caller, environment, name, Action::FlagUpdated, draft).await?;
    let mut shown = [shown];
    super::flag::with_usage(control, &mut shown)?;
    let [shown] = shown;
    Ok(shown)
}

/// Turns a flag on or off in one environment.
pub async fn toggle(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
    change: FlagChange,
) -> Result<ShownFlag, Error> {
    let draft = Draft { value: change, faults: Violations::new() };
    edit(control, call, caller, environment, name, Action::FlagToggled, draft).await
}

/// Puts a flag away in every environment. One that is put away already stays so.
pub async fn archive(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            if target.flag.status == FlagStatus::Archived {
                return Ok(());
            }
            let users = demanding(&rulesets, &target.flag, |_| true);
            if !users.is_empty() {
                return Err(Error::FlagInUse(users));
            }
            apply(change, &target, FlagChange::status(FlagStatus::Archived), Action::FlagArchived).map(drop)
        })
        .await
}

async fn edit(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
    action: Action,
    draft: Draft<FlagChange>,
) -> Result<ShownFlag, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            if target.flag.status == FlagStatus::Archived {
                return Err(Error::FlagArchived(target.flag.key.to_string()));
            }
            let Draft { value, faults } = draft;
            check(change, &target, &rulesets, &value, faults)?;
            let (flag, configuration) = apply(change, &target, value, action)?;
            Ok(ShownFlag { flag, configuration, environment, last_evaluated_at: None })
        })
        .await
}

/// Refuses `value` if anything would be wrong with the flag after it, in this environment or in another.
fn check(
    change: &Change<'_>,
    target: &Target,
    rulesets: &[(Environment, Arc<Ruleset>)],
    value: &FlagChange,
    mut faults: Violations,
) -> Result<(), Error> {
    let mut mint = || RuleId::from_bits(0);
    let (flag, configuration) =
        value.clone().apply(&target.flag, target.named(), &[], change.now(), &mut mint);
    // Only what the request says has a path in the request.
    if value.variations.is_some() {
        flag.check_variations(&mut faults);
    }
    if value.default_variation.is_some() {
        configuration.check_default(&flag, &mut faults);
    }
    if value.rules.is_some() {
        configuration.check_rules(&flag, &mut faults);
        check_segments(&configuration, &rulesets[0].1, &mut faults);
    }
    if value.bucketing.is_some() {
        check_bucketing(target, &flag, &configuration, &mut faults);
    }
    if value.prerequisites.is_some() {
        check_prerequisites(&configuration, &rulesets[0].1, &mut faults);
    }
    faults.or_ok(())?;
    check_removed_variations(target, rulesets, &flag, &configuration)
}

/// Notes every environment whose rollouts the new bucketing cannot express.
fn check_bucketing(target: &Target, flag: &Flag, named: &Configuration, faults: &mut Violations) {
    // A variation that is missing is another matter.
    let with_all_variations = Flag {
        variations: target.flag.variations.iter().chain(&flag.variations).cloned().collect(),
        ..flag.clone()
    };
    for (index, (environment, present)) in target.configurations.iter().enumerate() {
        let configuration = if index == 0 { named } else { present };
        let mut unsuited = Violations::new();
        configuration.check_rules(&with_all_variations, &mut unsuited);
        if !unsuited.is_empty() {
            let why =
                format!("the environment '{}' has percentages that djb2 cannot express", environment.key);
            faults.add(Fault::Rule, "bucketing", why);
        }
    }
}

/// Refuses to take a variation away that is served somewhere, or that another flag demands.
fn check_removed_variations(
    target: &Target,
    rulesets: &[(Environment, Arc<Ruleset>)],
    flag: &Flag,
    named: &Configuration,
) -> Result<(), Error> {
    for gone in target.flag.variations.iter().filter(|it| flag.variation(it.key.as_str()).is_none()) {
        let mut by: Vec<String> = target
            .configurations
            .iter()
            .enumerate()
            .filter(|(index, (_, it))| if *index == 0 { named.uses(&gone.key) } else { it.uses(&gone.key) })
            .map(|(_, (environment, _))| format!("environment {}", environment.key))
            .collect();
        by.extend(demanding(rulesets, flag, |variation| variation == gone.key.as_str()));
        if !by.is_empty() {
            return Err(Error::VariationInUse { variation: gone.key.to_string(), by });
        }
    }
    Ok(())
}

/// Applies a checked change, compiles it wherever it is seen, and notes it in the audit log.
fn apply(
    change: &mut Change<'_>,
    target: &Target,
    value: FlagChange,
    action: Action,
) -> Result<(Arc<Flag>, Arc<Configuration>), Error> {
    let mut mint = || change.mint::<RuleId>();
    let (flag, configuration) =
        value.apply(&target.flag, target.named(), &target.rules(), change.now(), &mut mint);
    let (shared, own) = (flag != *target.flag, configuration != **target.named());
    let (flag, configuration) = (Arc::new(flag), Arc::new(configuration));
    if shared {
        store::flag::put(change.tx(), &flag)?;
        for (environment, other) in target.configurations.iter().skip(1) {
            change.put_flag(environment.id, &flag, Arc::clone(other), action)?;
        }
    }
    if shared || own {
        change.put_flag(target.place.environment.id, &flag, Arc::clone(&configuration), action)?;
    }
    let changes = |fields: Vec<FieldChange>| (!fields.is_empty()).then_some(fields);
    if let Some(fields) = changes(difference(&flag_fields(&target.flag), &flag_fields(&flag))) {
        change.audit(action, project_scope(&target.place.project), flag.id, fields)?;
    }
    let before = configuration_fields(target.named());
    if let Some(fields) = changes(difference(&before, &configuration_fields(&configuration))) {
        change.audit(action, target.place.scope(), flag.id, fields)?;
    }
    Ok((flag, configuration))
}

/// Notes every prerequisite that names no flag of the ruleset, or no variation of it. Cycles are found when the
/// whole ruleset is compiled.
fn check_prerequisites(configuration: &Configuration, ruleset: &Ruleset, faults: &mut Violations) {
    let list = Path::ROOT.field("prerequisites");
    for (index, prerequisite) in configuration.prerequisites.iter().enumerate() {
        let place = list.index(index);
        let demanded = ruleset.get(prerequisite.flag_key.as_str()).filter(|compiled| !compiled.is_archived());
        let Some(compiled) = demanded else {
            let message = format!("there is no flag '{}'", prerequisite.flag_key);
            faults.add(Fault::Prerequisite, place.field("flag_key"), message);
            continue;
        };
        if compiled.flag().variation(prerequisite.variation_key.as_str()).is_none() {
            let (flag, variation) = (&prerequisite.flag_key, &prerequisite.variation_key);
            let message = format!("the flag '{flag}' has no variation '{variation}'");
            faults.add(Fault::Prerequisite, place.field("variation_key"), message);
        }
    }
}

/// Notes every condition that names a segment which the project does not have.
fn check_segments(configuration: &Configuration, ruleset: &Ruleset, faults: &mut Violations) {
    let rules = Path::ROOT.field("targeting_rules");
    for (index, rule) in configuration.rules.iter().enumerate() {
        let place = rules.index(index);
        check_conditions(&rule.conditions, &place.field("conditions"), ruleset.segments(), faults);
    }
}

/// The flags, in any environment, that demand `flag` to serve a variation that `selects` accepts.
fn demanding(
    rulesets: &[(Environment, Arc<Ruleset>)],
    flag: &Flag,
    selects: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut users = Vec::new();
    for (environment, ruleset) in rulesets {
        for dependent in dependents(ruleset, &flag.key) {
            let demand = dependent.demand_on(&flag.key);
            if demand.is_some_and(|demand| selects(demand.variation_key.as_str())) {
                users.push(format!("{} in {}", dependent.flag.key(), environment.key));
            }
        }
    }
    users
}

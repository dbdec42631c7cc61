//! Changing flags. What depends on the rest of the project is decided in the change's own transaction.

use std::sync::Arc;

use super::{
    Control,
    call::{Call, Caller},
    error::Error,
    flag::{FlagName, ShownFlag},
    flag_check::{check, check_prerequisites, check_segments, demanding},
    flag_target::{apply, refuse_new, rulesets, target},
    scope::project_scope,
};
use crate::{
    domain::{
        audit::{Action, configuration_fields, difference, flag_fields},
        flag::{Configuration, FlagStatus},
        flag_change::{FlagChange, NewFlag},
        id::{EnvironmentId, RuleId},
        role::Permission,
        violation::{Draft, Violations},
    },
    store,
};

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
            refuse_new(&rulesets, &flag.key)?;
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
    super::flag::used(control, shown)
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
            change.expects(target.shown_revision())?;
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
            change.expects(target.shown_revision())?;
            target.must_be_in_use()?;
            let Draft { value, faults } = draft;
            check(&target, &rulesets, &value, faults)?;
            let (flag, configuration) = apply(change, &target, value, action)?;
            Ok(ShownFlag { flag, configuration, environment, last_evaluated_at: None })
        })
        .await
}

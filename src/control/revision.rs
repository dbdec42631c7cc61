//! What a flag was: its revisions as one environment shows them, what differs between two, and the way back to one.

use super::{
    Control,
    call::{Call, Caller},
    error::{Error, Thing},
    flag::{FlagName, ShownFlag, find, view},
    flag_check::check,
    flag_target::{keep_noting, rulesets, target},
};
use crate::{
    domain::{
        audit::{Action, FieldChange, Fields, configuration_fields, difference, flag_fields, itemized},
        flag_change::FlagChange,
        id::{EnvironmentId, FlagId, RuleId},
        page::{Direction, Page, PageRequest, SortKey, paginate},
        revision::{Revision, State},
        role::Permission,
        violation::Violations,
    },
    store::{self, Access},
};

/// A revision, and what it changed.
#[derive(Clone, Debug)]
pub struct Step {
    /// The revision.
    pub revision: Revision,
    /// What changed since the revision before; of a revision that begins the story, everything. Unknown where the
    /// revision before is not kept.
    pub changes: Option<Vec<FieldChange>>,
}

/// A page of the revisions of a flag that are kept in an environment, newest first.
pub fn list(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    request: &PageRequest,
) -> Result<Page<Step>, Error> {
    let view = view(control, caller, environment)?;
    let flag = find(&view.live.ruleset(), &view.place.environment, name)?.flag().id;
    let kept = store::revision::list(&view.reader, environment, flag)?;
    let before = kept.iter().skip(1).cloned().map(Some).chain([None]);
    let steps: Vec<(Revision, Option<Revision>)> = kept.iter().cloned().zip(before).collect();
    let page = paginate(steps, Direction::Descending, request, |(revision, _)| {
        (SortKey::Number(i64::try_from(revision.number()).unwrap_or(i64::MAX)), 0)
    });
    let mut told = Vec::with_capacity(page.rows.len());
    // Most revisions of a page are also the one before another.
    let mut last: Option<(Revision, Fields)> = None;
    for (revision, before) in &page.rows {
        let after = match last.take() {
            Some((known, fields)) if known == *revision => fields,
            Some(_) | None => fields(&view.reader, environment, flag, revision)?,
        };
        let changes = match before {
            Some(before) => {
                let fields = fields(&view.reader, environment, flag, before)?;
                let changes = itemized(&fields, &after);
                last = Some((before.clone(), fields));
                Some(changes)
            }
            None => begins(revision.action).then(|| difference(&Vec::new(), &after)),
        };
        told.push(Step { revision: revision.clone(), changes });
    }
    Ok(page.with(told))
}

/// Whether nothing was before a revision that was made so.
fn begins(action: Action) -> bool {
    action == Action::FlagCreated || action == Action::EnvironmentCreated
}

fn fields(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    revision: &Revision,
) -> Result<Fields, Error> {
    let State { flag, configuration } = store::revision::state(access, environment, flag, revision)?;
    let mut fields = flag_fields(&flag);
    fields.extend(configuration_fields(&configuration));
    Ok(fields)
}

fn by_number(
    access: &impl Access,
    environment: EnvironmentId,
    flag: FlagId,
    number: u64,
) -> Result<Revision, Error> {
    let missing = || Error::Missing(Thing::Revision, number.to_string());
    store::revision::by_number(access, environment, flag, number)?.ok_or_else(missing)
}

/// A flag as it was at one of its revisions.
pub fn get(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    number: u64,
) -> Result<(Revision, ShownFlag), Error> {
    let view = view(control, caller, environment)?;
    let flag = find(&view.live.ruleset(), &view.place.environment, name)?.flag().id;
    let revision = by_number(&view.reader, environment, flag, number)?;
    let State { flag, configuration } = store::revision::state(&view.reader, environment, flag, &revision)?;
    let (flag, configuration) = (flag.into(), configuration.into());
    Ok((revision, ShownFlag { flag, configuration, environment, last_evaluated_at: None }))
}

/// What differs between two revisions of a flag, element by element.
pub fn compare(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    [from, to]: [u64; 2],
) -> Result<Vec<FieldChange>, Error> {
    let view = view(control, caller, environment)?;
    let flag = find(&view.live.ruleset(), &view.place.environment, name)?.flag().id;
    let fields = |number| {
        let revision = by_number(&view.reader, environment, flag, number)?;
        fields(&view.reader, environment, flag, &revision)
    };
    Ok(itemized(&fields(from)?, &fields(to)?))
}

/// Makes a flag what it was at a revision: a new revision with the old content, checked as any other change. What all
/// environments share changes for all of them; whether it is put away does not change.
pub async fn roll_back(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    name: FlagName,
    number: u64,
) -> Result<ShownFlag, Error> {
    let shown = control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteFlags)?;
            let rulesets = rulesets(change, &place)?;
            let target = target(place, &rulesets, &name)?;
            change.expects(target.shown_revision())?;
            target.must_be_in_use()?;
            let revision = by_number(change.tx(), environment, target.flag.id, number)?;
            let then = store::revision::state(change.tx(), environment, target.flag.id, &revision)?;
            let value = FlagChange::to(&then.flag, &then.configuration);
            check(&target, &rulesets, &value, Violations::new())?;
            let known: Vec<RuleId> = then.configuration.rules.iter().map(|rule| rule.id).collect();
            let mut mint = || change.mint::<RuleId>();
            let (flag, configuration) =
                value.apply(&target.flag, target.named(), &known, change.now(), &mut mint);
            let note = FieldChange::made("rolled_back_to", number);
            let (flag, configuration) =
                keep_noting(change, &target, flag, configuration, Action::FlagRolledBack, &[note])?;
            Ok(ShownFlag { flag, configuration, environment, last_evaluated_at: None })
        })
        .await?;
    super::flag::used(control, shown)
}

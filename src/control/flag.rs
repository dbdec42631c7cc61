//! Reading flags: lists, one flag as an environment shows it, its history, and why it serves what.

use std::sync::Arc;

use super::{
    Control,
    call::Caller,
    error::{Error, Thing},
    lifecycle::observe,
    scope::{Place, readable_place},
};
use crate::{
    domain::{
        audit::{Entry, resource_bits},
        context::Context,
        environment::Environment,
        flag::{Configuration, Flag, FlagStatus, FlagType, Prerequisite},
        id::{EnvironmentId, FlagId},
        key::VariationKey,
        named::named,
        page::{Page, PageRequest},
        role::Permission,
        time::Timestamp,
        value::Value,
        warning::Warning,
    },
    engine::{self, CompiledFlag, Ruleset, Trace, lint, prerequisite},
    store,
};

/// A flag as one environment shows it.
#[derive(Clone, Debug)]
pub struct ShownFlag {
    /// What all environments share.
    pub flag: Arc<Flag>,
    /// What this environment says.
    pub configuration: Arc<Configuration>,
    /// The environment.
    pub environment: EnvironmentId,
    /// When it was evaluated last here, by the server or, as far as they reported it, by clients.
    pub last_evaluated_at: Option<Timestamp>,
}

impl ShownFlag {
    /// The compiled flag as `environment` shows it.
    pub(super) fn of(compiled: &CompiledFlag, environment: EnvironmentId, last: Option<Timestamp>) -> Self {
        Self {
            flag: Arc::clone(compiled.flag()),
            configuration: Arc::clone(compiled.configuration()),
            environment,
            last_evaluated_at: last,
        }
    }

    /// The revision of what is shown.
    pub fn revision(&self) -> u64 {
        self.flag.shown_revision(&self.configuration)
    }
}

/// How a request names a flag: by identifier or by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagName(pub String);

/// Which flags a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those; where absent, all that are not archived.
    pub status: Option<FlagStatus>,
    /// Only those.
    pub flag_type: Option<FlagType>,
    /// Only those whose name or key has this text in it, in any case.
    pub search: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those that are stale, or only those that are not.
    pub stale: Option<Staleness>,
}

named! {
    /// What a list shows of each flag beside the flag.
    Extra {
        /// What every environment says of it.
        Environments = "environments",
        /// How often it was evaluated of late.
        Activity = "activity",
    }

    /// Whether flags are probably of no use any more.
    Staleness {
        /// They are.
        Stale = "true",
        /// They are not.
        Fresh = "false",
    }
}

impl Filter {
    fn selects(&self, flag: &Flag) -> bool {
        let status = match self.status {
            Some(status) => flag.status == status,
            None => flag.status != FlagStatus::Archived,
        };
        let contains = |text: &str, needle: &str| text.to_lowercase().contains(needle);
        status
            && self.flag_type.is_none_or(|wanted| flag.flag_type == wanted)
            && self.tag.as_ref().is_none_or(|tag| flag.tags.iter().any(|it| it.as_str() == tag))
            && self.search.as_ref().is_none_or(|search| {
                let needle = search.to_lowercase();
                contains(flag.name.as_str(), &needle) || contains(flag.key.as_str(), &needle)
            })
    }
}

/// Finds a flag of an environment's ruleset by identifier or by key.
pub(super) fn find<'r>(
    ruleset: &'r Ruleset,
    environment: &Environment,
    name: &FlagName,
) -> Result<&'r Arc<CompiledFlag>, Error> {
    let found = match FlagId::parse(&name.0) {
        Some(id) => ruleset.flags().find(|compiled| compiled.flag().id == id),
        None => ruleset.get(&name.0),
    };
    found.ok_or_else(|| {
        let sentence = format!("there is no flag '{}' in the environment '{}'", name.0, environment.key);
        Error::Missing(Thing::Flag, sentence)
    })
}

/// A view of an environment in memory, beside what the data file says of it.
pub(super) struct View {
    pub(super) reader: store::Reader,
    pub(super) place: Place,
    pub(super) live: Arc<crate::live::LiveEnvironment>,
}

/// The view of `environment`, which the caller may read.
pub(super) fn view(control: &Control, caller: &Caller, environment: EnvironmentId) -> Result<View, Error> {
    let reader = control.read()?;
    let place = readable_place(&reader, caller, environment, Permission::Read)?;
    let missing = || Error::Missing(Thing::Environment, environment.to_string());
    let live = control.live().environment(environment).ok_or_else(missing)?;
    Ok(View { reader, place, live })
}

/// The flags of an environment that `filter` selects, in no particular order and without the moment of their last
/// evaluation: whoever shows them adds it.
pub fn list(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    filter: &Filter,
    now: Timestamp,
) -> Result<Vec<ShownFlag>, Error> {
    let view = view(control, caller, environment)?;
    let ruleset = view.live.ruleset();
    let selected = ruleset.flags().filter(|compiled| filter.selects(compiled.flag()));
    let mut shown: Vec<_> = selected.map(|compiled| ShownFlag::of(compiled, environment, None)).collect();
    if let Some(wanted) = filter.stale {
        let flags = shown.iter().map(|shown| &*shown.flag);
        let observed = observe(control, environment, flags, now)?;
        shown.retain(|shown| match wanted {
            Staleness::Stale => observed.is_stale(&shown.flag),
            Staleness::Fresh => !observed.is_stale(&shown.flag),
        });
    }
    Ok(shown)
}

/// The flag, with when it was evaluated last.
pub(super) fn used(control: &Control, mut shown: ShownFlag) -> Result<ShownFlag, Error> {
    let (environment, flag) = (shown.environment, shown.flag.id);
    if let Some(live) = control.live().environment(environment) {
        control.live().settle(&live);
    }
    let pending = control.live().usage.last_evaluated(environment).get(&flag).copied();
    let kept = store::usage::last_evaluated(&control.read()?, environment, flag)?;
    shown.last_evaluated_at = kept.max(pending);
    Ok(shown)
}

/// One flag.
pub fn get(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
) -> Result<ShownFlag, Error> {
    let view = view(control, caller, environment)?;
    let ruleset = view.live.ruleset();
    used(control, ShownFlag::of(find(&ruleset, &view.place.environment, name)?, environment, None))
}

/// What is probably not meant about a flag, with the segments as they are now.
pub fn warnings(control: &Control, shown: &ShownFlag) -> Vec<Warning> {
    let Some(live) = control.live().environment(shown.environment) else { return Vec::new() };
    lint::flag(&shown.flag, &shown.configuration, live.ruleset().segments())
}

/// A flag that depends on another one in one environment.
#[derive(Clone, Debug)]
pub struct DependentFlag {
    /// The flag.
    pub flag: Arc<Flag>,
    /// The environment.
    pub environment: Arc<Environment>,
    /// The variation that it demands of the other; `None` where it depends on it through flags between them.
    pub demands: Option<VariationKey>,
    /// Those of its prerequisites that lead to the other.
    pub through: Vec<Prerequisite>,
}

/// The flags that depend on a flag, in every environment of the project: what is in the way of archiving it.
pub fn dependents(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
) -> Result<Vec<DependentFlag>, Error> {
    let view = view(control, caller, environment)?;
    let key = find(&view.live.ruleset(), &view.place.environment, name)?.flag().key.clone();
    let mut found = Vec::new();
    for environment in store::environment::of_project(&view.reader, view.place.project.id)? {
        let Some(live) = control.live().environment(environment.id) else { continue };
        let (ruleset, environment) = (live.ruleset(), Arc::new(environment));
        found.extend(prerequisite::dependents(&ruleset, &key).into_iter().map(|it| DependentFlag {
            flag: Arc::clone(it.flag.flag()),
            environment: Arc::clone(&environment),
            demands: it.demand_on(&key).map(|demand| demand.variation_key.clone()),
            through: it.through.into_iter().cloned().collect(),
        }));
    }
    Ok(found)
}

/// A page of what was done with a flag, newest first: everything that all environments share, and what concerns this
/// one.
pub fn history(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    request: &PageRequest,
) -> Result<Page<Entry>, Error> {
    let view = view(control, caller, environment)?;
    let id = find(&view.live.ruleset(), &view.place.environment, name)?.flag().id;
    Ok(store::audit::about(&view.reader, resource_bits(id), Some(environment), request)?)
}

/// An evaluation with every step of it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The steps.
    pub trace: Trace,
    /// The value that was served.
    pub value: Value,
}

/// Why a flag serves what it serves to `context` at the moment `now`.
pub fn explain(
    control: &Control,
    caller: &Caller,
    environment: EnvironmentId,
    name: &FlagName,
    context: &Context<'_>,
    now: Timestamp,
) -> Result<Explained, Error> {
    let view = view(control, caller, environment)?;
    let ruleset = view.live.ruleset();
    let compiled = find(&ruleset, &view.place.environment, name)?;
    let lost = || Error::Internal(format!("the evaluation of '{}' left no trace", compiled.key()));
    let trace = engine::explain(&ruleset, compiled.key(), context, now).ok_or_else(lost)?;
    let served = compiled.flag().variation(trace.variation.as_str()).ok_or_else(lost)?;
    let value = served.value.clone();
    Ok(Explained { trace, value })
}

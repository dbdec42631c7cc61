//! What a change of a flag would do to given contexts.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use super::{
    context::{self, ContextBody},
    flag_change::{UpdateFlag, flag_change},
    warning::WarningView,
};
use crate::{
    control::preview::Preview,
    domain::{
        context::Context,
        flag_change::FlagChange,
        usage::Cause,
        violation::{Draft, Path, Violations},
    },
    engine::impact::{Dragged, Moved, Served, Tally},
    request,
};

/// Contexts of one preview, at most.
pub const MAX_CONTEXTS: usize = 1_000;
/// The member of the request that a change is in.
pub const CHANGE: &str = "change";

request! {
    /// A change that is to be tried, and for whom.
    #[derive(Clone, Debug)]
    pub struct PreviewFlag {
        /// The change, as it would be sent with `PUT /flags/{flag_id}`.
        pub change: UpdateFlag,
        /// For whom it is tried, at most 1,000. `user_id` and `session_id` stand in for `user_key`, as with `flag_key`.
        #[oai(validator(max_items = 1000))]
        pub contexts: Vec<ContextBody>,
    }
}

/// What is to be tried.
#[derive(Debug)]
pub struct Trial {
    /// The change, with what is wrong with its meaning so far. Its paths begin at the change.
    pub change: Draft<FlagChange>,
    /// For whom.
    pub contexts: Vec<Context<'static>>,
}

/// Reads what is to be tried in `environment`.
pub fn trial(body: PreviewFlag, environment: &str, faults: &mut Violations) -> Option<Trial> {
    let PreviewFlag { change, contexts } = body;
    let mut of_change = Violations::new();
    if change.environment_id.as_ref().is_some_and(|named| named != environment) {
        of_change.malformed("environment_id", "is not the one in the address");
    }
    let change = flag_change(change, &mut of_change);
    let list = Path::ROOT.field("contexts");
    let contexts = if contexts.len() > MAX_CONTEXTS {
        faults.malformed(list, format!("must have at most {MAX_CONTEXTS} contexts"));
        Vec::new()
    } else {
        let numbered = contexts.into_iter().enumerate();
        numbered.map(|(place, body)| context::owned(body, &list.index(place), faults)).collect()
    };
    match change {
        Some(value) if !of_change.is_malformed() => {
            Some(Trial { change: Draft { value, faults: of_change }, contexts })
        }
        _ => {
            faults.add_of(CHANGE, of_change);
            None
        }
    }
}

/// What a flag serves to a context.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Served")]
pub struct ServedView {
    /// The key of the variation.
    pub variation_key: String,
    /// Its value.
    pub value: Value,
    /// Why it is served, as in an evaluation.
    pub reason: Cause,
}

/// A context that would get another value.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "PreviewedChange")]
pub struct MovedView {
    /// Its place among the contexts of the request, from 0.
    pub index: usize,
    /// What it gets now.
    pub before: ServedView,
    /// What it would get.
    pub after: ServedView,
}

/// How many contexts get a variation.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "PreviewedVariation")]
pub struct TallyView {
    /// The key of the variation.
    pub variation_key: String,
    /// How many of the contexts get it now.
    pub before: usize,
    /// How many would get it.
    pub after: usize,
}

/// A flag that depends on the one that would change.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "PreviewedDependent")]
pub struct DraggedView {
    /// Its key.
    pub flag_key: String,
    /// How many of the contexts would get another value of it.
    pub changed: usize,
    /// Their places among the contexts of the request, from 0.
    pub indexes: Vec<usize>,
}

/// What a change of a flag would do.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Preview")]
pub struct PreviewView {
    /// The flag.
    pub flag_id: String,
    /// The version of the environment's ruleset that the change was tried on.
    pub version: u64,
    /// How many contexts were asked for.
    pub contexts: usize,
    /// How many of them would get another value of the flag.
    pub changed: usize,
    /// Which, and what they would get.
    pub changes: Vec<MovedView>,
    /// How many get each variation, now and then.
    pub variations: Vec<TallyView>,
    /// How many flags have this one as a prerequisite, by itself or through others. Of more than 100, the first by key
    /// are looked at.
    pub dependents: usize,
    /// Those that would serve another value to some of the contexts, by key.
    pub also_changes: Vec<DraggedView>,
    /// The warnings that the flag would have then, as the answer to the change would tell them.
    pub warnings: Vec<WarningView>,
}

impl From<Served> for ServedView {
    fn from(served: Served) -> Self {
        Self { variation_key: served.variation.to_string(), value: served.value, reason: served.cause }
    }
}

impl From<Moved> for MovedView {
    fn from(moved: Moved) -> Self {
        Self { index: moved.context, before: moved.before.into(), after: moved.after.into() }
    }
}

impl From<Tally> for TallyView {
    fn from(tally: Tally) -> Self {
        Self { variation_key: tally.variation.to_string(), before: tally.before, after: tally.after }
    }
}

impl From<Dragged> for DraggedView {
    fn from(dragged: Dragged) -> Self {
        let (changed, indexes) = (dragged.contexts.len(), dragged.contexts);
        Self { flag_key: dragged.flag.to_string(), changed, indexes }
    }
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        let Preview { flag, version, contexts, impact, warnings } = preview;
        Self {
            flag_id: flag.to_string(),
            version,
            contexts,
            changed: impact.moved.len(),
            changes: impact.moved.into_iter().map(MovedView::from).collect(),
            variations: impact.tallies.into_iter().map(TallyView::from).collect(),
            dependents: impact.dependents,
            also_changes: impact.dragged.into_iter().map(DraggedView::from).collect(),
            warnings: warnings.into_iter().map(WarningView::from).collect(),
        }
    }
}

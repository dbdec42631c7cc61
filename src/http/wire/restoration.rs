//! Restoring the configurations of an environment.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;

use super::history::{ChangeView, changes};
use crate::{
    control::{
        call::Run,
        restoration::{Fate, Restoration, Restored, RestoredFlag},
    },
    domain::{
        named::named,
        time::Timestamp,
        violation::{Violation, Violations},
    },
    request, words,
};

request! {
    /// To which moment, and whether in earnest.
    #[derive(Clone, Debug)]
    pub struct RestoreEnvironment {
        /// The moment, in RFC 3339. It counts in whole seconds, and not after the present one.
        pub at: String,
        /// Only tells what would be done. Where absent: false.
        pub dry_run: Option<bool>,
    }
}

/// The restoration that a body asks for at `now`.
pub fn restoration(
    body: &RestoreEnvironment,
    now: Timestamp,
    faults: &mut Violations,
) -> Option<Restoration> {
    let run = if body.dry_run == Some(true) { Run::Dry } else { Run::Real };
    match Timestamp::parse(&body.at) {
        None => faults.malformed("at", "must be a moment in RFC 3339"),
        Some(at) if at.seconds() > now.seconds() => faults.malformed("at", "must not be in the future"),
        Some(at) => return Some(Restoration { at, run }),
    }
    None
}

named! {
    /// What becomes of a flag when its environment is restored.
    RestoreOutcome {
        /// Its configuration changes.
        Changed = "changed",
        /// It was archived since, and stays so.
        Archived = "archived",
        /// It was deleted since, and stays so.
        Deleted = "deleted",
        /// What it was does not fit what it is, or is not known any more: as long as there is one of these, nothing is
        /// restored.
        Refused = "refused",
    }
}

words! {
    RestoreOutcome as "RestoreOutcome",
}

/// Why a flag cannot be what it was.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "RestoreFault")]
pub struct RestoreFaultView {
    /// Where in the old configuration, such as `targeting_rules[0].variation`; empty where all of it is not known.
    pub field: String,
    /// What is wrong there.
    pub message: String,
}

/// What becomes of one flag.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "RestoredFlag")]
pub struct RestoredFlagView {
    /// Its identifier: `flg_` and a ULID.
    pub id: String,
    /// Its key.
    pub key: String,
    /// What becomes of it.
    pub outcome: RestoreOutcome,
    /// What changes, by the name of the field; of rules and prerequisites each by its id or key.
    pub changes: BTreeMap<String, ChangeView>,
    /// Why it cannot be what it was; empty unless it is refused.
    pub faults: Vec<RestoreFaultView>,
}

/// What was restored, or would be.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "RestoredEnvironment")]
pub struct RestoredView {
    /// The environment.
    pub environment_id: String,
    /// The moment.
    pub at: String,
    /// Whether this only tells what would be done.
    pub dry_run: bool,
    /// How many flags change.
    pub changed: u32,
    /// How many stay as they are.
    pub unchanged: u32,
    /// How many were archived or deleted since.
    pub skipped: u32,
    /// How many cannot be what they were.
    pub refused: u32,
    /// The flags that do not just stay as they are, by key.
    pub flags: Vec<RestoredFlagView>,
}

impl RestoredView {
    /// What a restoration came to.
    pub fn of(environment: String, restoration: Restoration, restored: Restored) -> Self {
        let flags: Vec<_> = restored.flags.into_iter().map(RestoredFlagView::from).collect();
        let count = |outcomes: &[RestoreOutcome]| {
            let counted = flags.iter().filter(|flag| outcomes.contains(&flag.outcome)).count();
            u32::try_from(counted).unwrap_or(u32::MAX)
        };
        Self {
            environment_id: environment,
            at: restoration.at.to_string(),
            dry_run: restoration.run == Run::Dry,
            changed: count(&[RestoreOutcome::Changed]),
            unchanged: restored.unchanged,
            skipped: count(&[RestoreOutcome::Archived, RestoreOutcome::Deleted]),
            refused: count(&[RestoreOutcome::Refused]),
            flags,
        }
    }
}

impl From<RestoredFlag> for RestoredFlagView {
    fn from(flag: RestoredFlag) -> Self {
        let (outcome, differences, faults) = match flag.fate {
            Fate::Changed(differences) => (RestoreOutcome::Changed, differences, Violations::new()),
            Fate::Archived => (RestoreOutcome::Archived, Vec::new(), Violations::new()),
            Fate::Deleted => (RestoreOutcome::Deleted, Vec::new(), Violations::new()),
            Fate::Refused(faults) => (RestoreOutcome::Refused, Vec::new(), faults),
        };
        let fault = |it: &Violation| RestoreFaultView { field: it.path.clone(), message: it.message.clone() };
        let faults = faults.reported().map(fault).collect();
        Self { id: flag.id.to_string(), key: flag.key, outcome, changes: changes(differences), faults }
    }
}

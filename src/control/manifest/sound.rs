//! Whether a project is sound as a whole, once everything in it is what a document says. What the document leaves alone
//! is checked as well: it may name something that goes.

use std::sync::Arc;

use super::{
    flags::{Planned, path},
    places::Places,
};
use crate::{
    control::{
        error::Error,
        flag_check::{check_prerequisites, check_segments},
    },
    domain::{
        flag::FlagStatus,
        id::EnvironmentId,
        violation::{Fault, Violations},
    },
    engine::{Ruleset, Segments, compile},
};

/// Notes everything that could not be evaluated.
pub(super) fn check(
    places: &Places,
    segments: &Arc<Segments>,
    planned: &[Planned],
    faults: &mut Violations,
) -> Result<(), Error> {
    for planned in planned {
        let mut own = Violations::new();
        planned.flag.check_variations(&mut own);
        faults.add_within(&path(planned), &own);
        for (key, said) in places.keys().zip(&planned.said) {
            let mut own = Violations::new();
            said.after.check(&planned.flag, &mut own);
            faults.add_within(&format!("{}.environments.{key}", path(planned)), &own);
        }
    }
    if !faults.is_empty() {
        return Ok(());
    }
    for (place, key) in places.keys().enumerate() {
        // Which environment and which version it is does not matter here.
        let compiled: Result<Vec<_>, _> = planned
            .iter()
            .filter_map(|planned| Some((planned, planned.said.get(place)?)))
            .map(|(planned, said)| compile::flag(Arc::clone(&planned.flag), Arc::clone(&said.after)))
            .collect();
        let ruleset =
            Ruleset::new(EnvironmentId::from_bits(0), 0, compiled?).with_segments(Arc::clone(segments));
        for planned in planned {
            let Some(said) = planned.said.get(place) else { continue };
            let mut own = Violations::new();
            check_segments(&said.after, &ruleset, &mut own);
            match planned.flag.status {
                // What an archived flag requires may be archived as well, or gone.
                FlagStatus::Archived => {}
                FlagStatus::Active | FlagStatus::Inactive => {
                    check_prerequisites(&said.after, &ruleset, &mut own);
                    if ruleset.unsettled().contains(&planned.flag.key) && own.is_empty() {
                        let message = "they form a cycle, or a chain that is too long";
                        own.add(Fault::Prerequisite, "prerequisites", message);
                    }
                }
            }
            faults.add_within(&format!("{}.environments.{key}", path(planned)), &own);
        }
    }
    Ok(())
}

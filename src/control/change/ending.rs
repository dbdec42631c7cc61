//! How a change ends: compiled, committed, and either durable or one of those that will be so together.

use std::sync::Arc;

use super::{Change, Ending, News, Next};
use crate::{
    control::{error::Error, instruments::Interval},
    domain::violation::{Fault, Violations},
    engine::Ruleset,
    store,
};

/// When a change is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) enum Durable {
    /// With its commit.
    Now,
    /// With a later commit, unless it is one on which the next change could not build.
    Later,
}

/// How a change ended.
pub(in crate::control) enum Ended {
    /// It was a rehearsal, and is undone.
    Undone,
    /// Those who follow see it, and nobody else does.
    Kept(News),
    /// It is durable, with all that were kept before.
    Durable(News, Interval),
}

impl Change<'_> {
    /// Raises the version of every environment whose flags changed, and commits. Of prerequisites this is the place that
    /// sees all of a ruleset, and refuses those that could not be evaluated.
    pub(in crate::control) fn commit(mut self, durable: Durable) -> Result<Ended, Error> {
        let mut rulesets = Vec::with_capacity(self.rulesets.len());
        for (id, Next { changes, news }) in std::mem::take(&mut self.rulesets) {
            let unknown = || Error::Internal(format!("the environment {id} is not served"));
            let present = self.ruleset(id).ok_or_else(unknown)?;
            let mut environment = store::environment::by_id(&self.tx, id)?.ok_or_else(unknown)?;
            environment.version += 1;
            store::environment::put(&self.tx, &environment)?;
            rulesets.push((Arc::new(present.with(environment.version, changes)), news));
        }
        rulesets.iter().try_for_each(|(ruleset, _)| check_settled(ruleset))?;
        let due = store::schedule::next(&self.tx)?;
        self.tell_of(&rulesets)?;
        let Self { core, tx, publications, touched, post, ending, .. } = self;
        let news =
            News { at: self.call.now, publications, rulesets, touched: touched.into_inner(), due, post };
        match (ending, durable) {
            (Ending::Undone, _) => Ok(Ended::Undone),
            (Ending::Kept, Durable::Later) if news.is_of_rulesets() => {
                tx.keep()?;
                Ok(Ended::Kept(news))
            }
            (Ending::Kept, _) => {
                let committed = core.panel.time(|| tx.commit())?;
                Ok(Ended::Durable(news, committed))
            }
        }
    }
}

/// Refuses a ruleset with prerequisites that could not be evaluated.
pub(in crate::control) fn check_settled(ruleset: &Ruleset) -> Result<(), Error> {
    let Some(cycle) = ruleset.unsettled().iter().next() else { return Ok(()) };
    let message = format!("those of '{cycle}' form a cycle, or a chain that is too long");
    Err(Violations::one(Fault::Prerequisite, "prerequisites", message).into())
}

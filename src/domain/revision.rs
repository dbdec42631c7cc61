//! Revisions: every state that a thing was in has a number, which rises with each change. Those of flags are kept.

use super::{
    audit::{Action, Actor},
    flag::{Configuration, Flag},
    time::Timestamp,
};

/// Revisions of a flag that are kept in an environment, at most: those whose numbers are less than this below the
/// newest. A change of both what all environments share and what this one says takes two numbers.
pub const MAX_REVISIONS: u64 = 1_000;

/// A revision of a flag as one environment shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The revision of what all environments share.
    pub definition: u64,
    /// The revision of what this environment says.
    pub configuration: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
}

impl Revision {
    /// The number under which it is shown: see [`Flag::shown_revision`].
    pub fn number(&self) -> u64 {
        self.definition + self.configuration
    }

    /// Whether it was there at `moment`. In whole seconds, as moments are shown: who names the moment that a revision
    /// shows means that revision.
    pub fn was_made_by(&self, moment: Timestamp) -> bool {
        self.at.seconds() <= moment.seconds()
    }
}

/// What a flag was at a revision, in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// What all environments shared.
    pub flag: Flag,
    /// What this one said.
    pub configuration: Configuration,
}

/// Which revision of a thing a change is meant for: a change of another one would undo what somebody else did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whichever there is.
    #[default]
    Any,
    /// One of these.
    OneOf(Vec<u64>),
}

impl Expected {
    /// Whether a thing at this revision is what the change is meant for.
    pub fn accepts(&self, revision: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }
}

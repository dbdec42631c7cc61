//! Revisions: every state that a thing was in has a number, which rises with each change.

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

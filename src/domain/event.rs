//! What webhooks tell of: the types of events, in one table. Changes have the names under which those who follow an
//! environment hear of them (contract A9); the rest is what nobody's change of a flag says.

use super::{audit::Action, named::named};

named! {
    /// What an event tells of.
    EventType {
        /// A flag was made.
        FlagCreated = "flag.created",
        /// A flag changed: its fields, its targeting, or all of it by a promotion or a rollback.
        FlagUpdated = "flag.updated",
        /// A flag was turned on or off.
        FlagToggled = "flag.toggled",
        /// A flag was put away.
        FlagArchived = "flag.archived",
        /// A flag that was put away is in use again.
        FlagRestored = "flag.restored",
        /// A flag was deleted for good.
        FlagDeleted = "flag.deleted",
        /// A segment was made.
        SegmentCreated = "segment.created",
        /// A segment changed.
        SegmentUpdated = "segment.updated",
        /// A segment was deleted.
        SegmentDeleted = "segment.deleted",
        /// A scheduled change could not be made when its time came.
        ScheduleFailed = "schedule.failed",
        /// Somebody wanted to see whether events arrive. It is sent to the webhook that was asked, whatever it listens to.
        WebhookTest = "webhook.test",
    }
}

impl EventType {
    /// The event that tells of a change, if one does: it has the name under which streams tell of it.
    #[must_use]
    pub fn of(action: Action) -> Option<Self> {
        Self::parse(action.told_as().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_news_in_a_ruleset_is_an_event() {
        // The actions with which `control` puts and removes flags and segments.
        for (action, event) in [
            (Action::FlagCreated, EventType::FlagCreated),
            (Action::FlagUpdated, EventType::FlagUpdated),
            (Action::FlagToggled, EventType::FlagToggled),
            (Action::FlagPromoted, EventType::FlagUpdated),
            (Action::FlagRolledBack, EventType::FlagUpdated),
            (Action::FlagArchived, EventType::FlagArchived),
            (Action::FlagRestored, EventType::FlagRestored),
            (Action::FlagDeleted, EventType::FlagDeleted),
            (Action::SegmentCreated, EventType::SegmentCreated),
            (Action::SegmentUpdated, EventType::SegmentUpdated),
            (Action::SegmentDeleted, EventType::SegmentDeleted),
        ] {
            assert_eq!(EventType::of(action), Some(event));
        }
        assert_eq!(EventType::of(Action::ProjectCreated), None);
    }
}

//! Where a flag is in its life, by evidence: what its environments say of it, since when, and when it was evaluated.
//!
//! A flag belongs to its project, and it is there that it can be archived: so its stage is one for all environments,
//! and evidence from any of them keeps it alive.

use super::{
    flag::{Configuration, Flag, FlagStatus},
    key::VariationKey,
    named::named,
    rollout::WHOLE,
    rule::{Rule, Serve},
    time::Timestamp,
};

/// Seconds of a day.
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// What a moment prints before the `T`: the date.
const DATE_CHARS: usize = "2026-01-01".len();

named! {
    /// Where a flag is in its life, in all environments at once.
    Stage {
        /// Off in every environment, and never evaluated; it has not been so for long.
        Draft = "draft",
        /// In use.
        Active = "active",
        /// Probably of no use any more: it has expired, was not evaluated for long, or has served the same to everyone
        /// in every environment for long; and no change of it is scheduled.
        Stale = "stale",
        /// Put away.
        Archived = "archived",
    }
}

/// A stage, and what it is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The stage.
    pub stage: Stage,
    /// Why it is this one, as a sentence with its facts.
    pub because: String,
}

/// After how many days without a sign of life a flag is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The days.
    pub days: u32,
}

/// What is known of a flag at one moment.
#[derive(Debug)]
pub struct Evidence<'e> {
    /// The flag.
    pub flag: &'e Flag,
    /// What each environment says of it.
    pub configurations: Vec<&'e Configuration>,
    /// When it was evaluated last in any of them.
    pub last_evaluated_at: Option<Timestamp>,
    /// When the next change is scheduled in any of them.
    pub scheduled_at: Option<Timestamp>,
    /// The moment.
    pub now: Timestamp,
}

impl Evidence<'_> {
    /// The stage that the evidence tells of.
    pub fn lifecycle(&self, patience: Patience) -> Lifecycle {
        let is = |stage, because| Lifecycle { stage, because };
        if self.flag.status == FlagStatus::Archived {
            return is(Stage::Archived, format!("It was archived on {}.", date(self.flag.updated_at)));
        }
        if let Some(because) = self.staleness(patience) {
            return match self.scheduled_at {
                Some(at) => is(Stage::Active, format!("A change of it is scheduled for {}.", date(at))),
                None => is(Stage::Stale, because),
            };
        }
        match self.last_evaluated_at {
            Some(last) => is(Stage::Active, format!("It was last evaluated on {}.", date(last))),
            None if self.configurations.iter().any(|it| self.is_on(it)) => {
                is(Stage::Active, "It is on, and has not been evaluated yet.".to_owned())
            }
            None => is(Stage::Draft, "It is off in every environment, and was never evaluated.".to_owned()),
        }
    }

    /// Why the flag is probably of no use any more.
    fn staleness(&self, patience: Patience) -> Option<String> {
        let Self { flag, now, .. } = self;
        if let Some(end) = flag.expires_at.filter(|end| end <= now) {
            return Some(format!("It expired on {}.", date(end)));
        }
        let long_ago = now.plus_seconds(-i64::from(patience.days) * DAY_SECONDS);
        let changed = self.last_change();
        if changed > long_ago {
            return None;
        }
        match self.last_evaluated_at {
            None => {
                return Some(format!("It was never evaluated, and has not changed since {}.", date(changed)));
            }
            Some(last) if last <= long_ago => {
                return Some(format!("It was last evaluated on {}.", date(last)));
            }
            Some(_) => {}
        }
        let served = self.served_by_all()?;
        Some(format!("Every environment has served '{served}' to everyone since {}.", date(changed)))
    }

    /// When what evaluation goes by last changed in any environment. What nobody has touched since the environment or
    /// the flag was made tells nothing.
    fn last_change(&self) -> Timestamp {
        let touched = self.configurations.iter().filter(|it| it.revision > 0).map(|it| it.updated_at);
        let parked = (self.flag.status == FlagStatus::Inactive).then_some(self.flag.updated_at);
        touched.chain(parked).fold(self.flag.created_at, Timestamp::max)
    }

    fn is_on(&self, configuration: &Configuration) -> bool {
        configuration.enabled && self.flag.status == FlagStatus::Active
    }

    /// The variation that every environment serves to everyone, if it is one.
    fn served_by_all(&self) -> Option<&VariationKey> {
        let mut served = self.configurations.iter().map(|configuration| {
            if self.is_on(configuration) {
                only_variation(configuration)
            } else {
                Some(&configuration.default_variation)
            }
        });
        let first = served.next()??;
        served.all(|other| other == Some(first)).then_some(first)
    }
}

/// The variation that a configuration which is on serves to everyone, if it is one. A rollout counts whole percentages:
/// whoever lacks what users are shared out by is nobody here.
fn only_variation(configuration: &Configuration) -> Option<&VariationKey> {
    let mut only: Option<&VariationKey> = None;
    let mut is_another = |key| only.replace(key).is_some_and(|known| known != key);
    let demanding = !configuration.prerequisites.is_empty();
    if demanding && is_another(&configuration.default_variation) {
        return None;
    }
    let mut everyone = false;
    for rule in configuration.tried().into_iter().map(|place| &configuration.rules[place]) {
        if given(rule).any(&mut is_another) {
            return None;
        }
        if leaves_nobody(rule) {
            everyone = true;
            break;
        }
    }
    if !everyone && is_another(&configuration.default_variation) {
        return None;
    }
    only
}

/// The variations that a rule gives to somebody.
fn given(rule: &Rule) -> impl Iterator<Item = &VariationKey> {
    let (one, many) = match &rule.serve {
        Serve::Variation(key) => (Some(key), [].as_slice()),
        Serve::Rollout(rollout) => (None, rollout.shares()),
    };
    let shares = many.iter().filter(|share| share.percentage.thousandths() > 0);
    one.into_iter().chain(shares.map(|share| &share.variation))
}

fn leaves_nobody(rule: &Rule) -> bool {
    let all_of_them = match &rule.serve {
        Serve::Variation(_) => true,
        Serve::Rollout(rollout) => rollout.total() == WHOLE,
    };
    rule.conditions.is_empty() && all_of_them
}

/// The date of a moment in UTC.
fn date(moment: Timestamp) -> String {
    let mut text = moment.to_string();
    text.truncate(text.find('T').unwrap_or(DATE_CHARS));
    text
}

#[cfg(test)]
mod tests;

//! Lint: what a flag or a segment says that is probably not meant. Whatever it calls impossible is impossible: it goes
//! by what operators imply for every context ([`Operand::implies`](crate::domain::operator::Operand::implies)), and
//! where it cannot tell, it says nothing.

use std::collections::HashMap;

use super::{
    evaluate::NOW,
    segment::{CompiledSegment, Segments},
};
use crate::domain::{
    context::AttributeView,
    flag::{Configuration, Flag},
    key::VariationKey,
    operator::Test,
    rollout::WHOLE,
    rule::{Condition, Rule, Serve},
    segment::Matching,
    violation::Path,
    warning::{MAX_WARNINGS, Warning, WarningCode},
};

/// Values that are compared for one flag or segment, at most, so that the most contrived one takes some milliseconds.
/// What is not compared is not warned of.
const MAX_WORK: usize = 200_000;

/// What is probably not meant about a flag in one environment, in the order of its rules.
pub fn flag(flag: &Flag, configuration: &Configuration, segments: &Segments) -> Vec<Warning> {
    let mut lint = Lint::new(segments);
    lint.rules(configuration);
    lint.variations(flag, configuration);
    lint.warnings
}

/// What is probably not meant about a segment.
pub fn segment(segment: &CompiledSegment, segments: &Segments) -> Vec<Warning> {
    let mut lint = Lint::new(segments);
    let included = Path::ROOT.field("included");
    let conditions = &segment.segment().conditions;
    if conditions.is_empty() && !segment.includes_somebody() {
        let why =
            "nobody is in the segment, as it has no condition and includes nobody whom it does not exclude";
        lint.warn(WarningCode::SegmentEmpty, &included, why);
    }
    lint.conditions(conditions, segment.segment().matching, &Path::ROOT.field("conditions"));
    lint.warnings
}

/// What is known of a condition, or of several, for all contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Never,
    Sometimes,
    Always,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Always } else { Self::Never }
    }
}

struct Lint<'s> {
    segments: &'s Segments,
    /// Of segments: whether a context is in it.
    known: HashMap<&'s str, Verdict>,
    work_left: usize,
    warnings: Vec<Warning>,
}

impl<'s> Lint<'s> {
    fn new(segments: &'s Segments) -> Self {
        Self { segments, known: HashMap::new(), work_left: MAX_WORK, warnings: Vec::new() }
    }

    fn warn(&mut self, code: WarningCode, path: &Path<'_>, message: impl Into<String>) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(Warning { code, path: path.to_string(), message: message.into() });
        }
    }

    fn rules(&mut self, configuration: &Configuration) {
        let (rules, tried) = (&configuration.rules, configuration.tried());
        let list = Path::ROOT.field("targeting_rules");
        for (index, rule) in rules.iter().enumerate() {
            let place = list.index(index);
            let conditions = self.conditions(&rule.conditions, Matching::All, &place.field("conditions"));
            if let Serve::Rollout(rollout) = &rule.serve
                && rollout.total() < WHOLE
            {
                let percent = f64::from(rollout.total()) / 1000.0;
                let why = format!("the percentages sum to {percent}; of the others the next rules decide");
                self.warn(WarningCode::RolloutBelow100, &place.field("percentage_rollout"), why);
            }
            // Of a rule whose conditions never hold, enough is said.
            if conditions == Verdict::Sometimes {
                let before = tried.iter().take_while(|it| **it != index);
                self.rule(rule, &place, before.map(|it| (list.index(*it), &rules[*it])));
            }
        }
    }

    /// Warns of a rule that one of those that are tried `before` it leaves nothing to.
    fn rule<'p, 'r>(
        &mut self,
        rule: &Rule,
        place: &Path<'_>,
        before: impl Iterator<Item = (Path<'p>, &'r Rule)>,
    ) {
        for (other_place, other) in before {
            if !yields_wherever(&other.serve, &rule.serve) || !self.covers(other, rule) {
                continue;
            }
            if other.serve == rule.serve && self.covers(rule, other) {
                let why = format!("{other_place} has the same conditions and serves the same");
                self.warn(WarningCode::RuleRepeated, place, why);
            } else {
                let why =
                    format!("wherever this rule would yield, {other_place} does, which is tried before");
                self.warn(WarningCode::RuleUnreachable, place, why);
            }
            return;
        }
    }

    fn variations(&mut self, flag: &Flag, configuration: &Configuration) {
        if !configuration.enabled && configuration.rules.is_empty() {
            return;
        }
        let list = Path::ROOT.field("variations");
        for (index, variation) in flag.variations.iter().enumerate() {
            let key = &variation.key;
            let served = configuration.default_variation == *key
                || configuration.rules.iter().any(|rule| serves(&rule.serve, key));
            if !served {
                let why = format!("neither the default nor a rule of this environment serves '{key}'");
                self.warn(WarningCode::VariationUnused, &list.index(index), why);
            }
        }
    }

    /// Warns of each condition that never holds, by itself or beside one before it that must hold as well. `Never` if
    /// there was any.
    fn conditions(&mut self, conditions: &[Condition], matching: Matching, list: &Path<'_>) -> Verdict {
        let mut verdict = Verdict::Sometimes;
        for (index, condition) in conditions.iter().enumerate() {
            let why = match (self.verdict(condition), matching) {
                (Verdict::Never, _) => reason(condition).to_owned(),
                (Verdict::Sometimes | Verdict::Always, Matching::Any) => continue,
                (Verdict::Sometimes | Verdict::Always, Matching::All) => {
                    let mut before = conditions[..index].iter();
                    let Some(other) = before.position(|it| self.contradict(it, condition)) else { continue };
                    format!("where it holds, {} does not", list.index(other))
                }
            };
            verdict = Verdict::Never;
            self.warn(WarningCode::ConditionNeverHolds, &list.index(index), why);
        }
        verdict
    }

    /// What is known of conditions of which all, or any, must hold.
    fn taken_together(&mut self, conditions: &[Condition], matching: Matching) -> Verdict {
        let verdicts: Vec<Verdict> = conditions.iter().map(|it| self.verdict(it)).collect();
        let all = |wanted| verdicts.iter().all(|verdict| *verdict == wanted);
        let any = |wanted| verdicts.contains(&wanted);
        match matching {
            Matching::All if all(Verdict::Always) => Verdict::Always,
            Matching::All if any(Verdict::Never) || self.has_contradiction(conditions) => Verdict::Never,
            Matching::Any if any(Verdict::Always) => Verdict::Always,
            Matching::Any if all(Verdict::Never) => Verdict::Never,
            Matching::All | Matching::Any => Verdict::Sometimes,
        }
    }

    fn has_contradiction(&mut self, conditions: &[Condition]) -> bool {
        let mut pairs = conditions.iter().enumerate();
        pairs.any(|(index, it)| conditions[..index].iter().any(|other| self.contradict(other, it)))
    }

    fn verdict(&mut self, condition: &Condition) -> Verdict {
        let operand = &condition.operand;
        if let Some(keys) = operand.segments() {
            let verdicts: Vec<Verdict> = keys.iter().map(|key| self.membership(key.as_str())).collect();
            return if verdicts.contains(&Verdict::Always) {
                operand.holds_in_segment(true).into()
            } else if verdicts.iter().all(|verdict| *verdict == Verdict::Never) {
                operand.holds_in_segment(false).into()
            } else {
                Verdict::Sometimes
            };
        }
        if operand.admits_nothing() {
            return operand.holds(None).into();
        }
        // The clock is always there.
        if condition.attribute == NOW && condition.operator.row().test == Test::Exists {
            return operand.holds(Some(AttributeView::Integer(0))).into();
        }
        Verdict::Sometimes
    }

    /// Whether contexts are in the segment, as the evaluation finds it. The recursion ends: no settled segment leads to
    /// an unsettled one.
    fn membership(&mut self, key: &str) -> Verdict {
        let segments = self.segments;
        let settled = segments.get(key).filter(|it| !segments.unsettled().contains(&it.segment().key));
        let Some(compiled) = settled else { return Verdict::Never };
        let segment = compiled.segment();
        if let Some(known) = self.known.get(segment.key.as_str()) {
            return *known;
        }
        let matched = if segment.conditions.is_empty() {
            Verdict::Never
        } else {
            self.taken_together(&segment.conditions, segment.matching)
        };
        let verdict = match matched {
            Verdict::Never if !compiled.includes_somebody() => Verdict::Never,
            Verdict::Always if segment.excluded.is_empty() => Verdict::Always,
            Verdict::Never | Verdict::Sometimes | Verdict::Always => Verdict::Sometimes,
        };
        self.known.insert(segment.key.as_str(), verdict);
        verdict
    }

    /// Whether `earlier` holds wherever `later` does.
    fn covers(&mut self, earlier: &Rule, later: &Rule) -> bool {
        earlier.conditions.iter().all(|wide| {
            later
                .conditions
                .iter()
                .any(|narrow| self.comparable(narrow, wide) && narrow.operand.implies(&wide.operand))
                || self.verdict(wide) == Verdict::Always
        })
    }

    fn contradict(&mut self, one: &Condition, other: &Condition) -> bool {
        self.comparable(one, other)
            && (one.operand.contradicts(&other.operand)
                || (one.attribute == NOW && one.operand.contradicts_for_a_number(&other.operand)))
    }

    /// Whether the two are about the same attribute, and there is time to compare them.
    fn comparable(&mut self, one: &Condition, other: &Condition) -> bool {
        if one.attribute != other.attribute {
            return false;
        }
        let work = one.operand.work(&other.operand);
        let enough = work <= self.work_left;
        self.work_left = self.work_left.saturating_sub(work);
        enough
    }
}

/// Whether a rule that serves `earlier` yields wherever one with the same conditions that serves `later` would. Both
/// take buckets from the same attribute, so that a user without one has none in either.
fn yields_wherever(earlier: &Serve, later: &Serve) -> bool {
    match (earlier, later) {
        (Serve::Variation(_), _) => true,
        // What yields nothing at all is not in anybody's shadow.
        (Serve::Rollout(earlier), Serve::Rollout(later)) => (1..=earlier.total()).contains(&later.total()),
        // Those who have no bucket get past a rollout of 100 %.
        (Serve::Rollout(_), Serve::Variation(_)) => false,
    }
}

fn serves(serve: &Serve, key: &VariationKey) -> bool {
    match serve {
        Serve::Variation(served) => served == key,
        Serve::Rollout(rollout) => {
            let mut shares = rollout.shares().iter();
            shares.any(|share| share.variation == *key && share.percentage.thousandths() > 0)
        }
    }
}

/// Why a condition never holds by itself.
fn reason(condition: &Condition) -> &'static str {
    let operand = &condition.operand;
    match operand.segments() {
        Some(_) if operand.holds_in_segment(false) => "every context is in one of the segments",
        Some(_) => "no context is in any of the segments",
        None if operand.admits_nothing() => "no value is listed",
        None => "the clock is always there",
    }
}

#[cfg(test)]
mod tests;

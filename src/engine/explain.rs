//! Explanations: why a user gets a value. The trace is what a [`Witness`] of the evaluation itself wrote down; there
//! is no second implementation that could disagree.

use super::{
    bucket::Bucket,
    compile::{CompiledFlag, CompiledRule, Index},
    evaluate::Evaluation,
    outcome::{Outcome, Reason},
    ruleset::Ruleset,
    witness::{Holds, Met, Witness, Zeal},
};
use crate::domain::{
    context::{Attribute, AttributeView, Context},
    flag::Prerequisite,
    id::RuleId,
    key::{FlagKey, VariationKey},
    rule::Condition,
    time::Timestamp,
    value::{self, Value},
};

/// Every step of the evaluation of one flag.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The flag.
    pub flag: FlagKey,
    /// What it served.
    pub variation: VariationKey,
    /// Why.
    pub reason: Reason,
    /// The demands, as far as they were looked at.
    pub prerequisites: Vec<Demand>,
    /// The rules, as far as they were tried, in the order in which they were.
    pub rules: Vec<TriedRule>,
}

/// A demand on another flag.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The demand.
    pub demand: Prerequisite,
    /// Whether it is met.
    pub met: Met,
    /// What the other flag served, and why; `None` where there is no such flag.
    pub served: Option<(VariationKey, Reason)>,
    /// How it came to that; `None` where that was told already.
    pub trace: Option<Box<Trace>>,
}

/// A rule that was tried.
#[derive(Clone, Debug)]
pub struct TriedRule {
    /// The rule.
    pub id: RuleId,
    /// Its conditions, all of them.
    pub conditions: Vec<TestedCondition>,
    /// Whether all of them hold.
    pub holds: Holds,
    /// Where the user fell in its rollout; `None` for a rule without one, or one whose conditions do not hold.
    pub draw: Option<Draw>,
    /// What it yielded.
    pub yielded: Option<VariationKey>,
}

/// A condition that was tested.
#[derive(Clone, Debug)]
pub struct TestedCondition {
    /// The condition.
    pub condition: Condition,
    /// The attribute that it found; `None` where there is none.
    pub actual: Option<Value>,
    /// Its verdict.
    pub holds: Holds,
}

/// A place in a rollout.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The user's bucket; `None` where the context lacks what users are bucketed by.
    pub bucket: Option<Bucket>,
    /// The variations with the end of their buckets, in thousandths of a percent.
    pub thresholds: Vec<(VariationKey, u32)>,
}

/// Why the flag named `key` serves what it serves; `None` if there is no such flag.
pub fn explain(ruleset: &Ruleset, key: &str, context: &Context<'_>, now: Timestamp) -> Option<Trace> {
    let mut evaluation = Evaluation::watched_by(Recorder::default(), ruleset, context, now);
    evaluation.flag(key)?;
    evaluation.into_witness().finished
}

/// Writes a trace. The flags whose evaluations have begun and not ended lie on a stack.
#[derive(Debug, Default)]
struct Recorder {
    open: Vec<Open>,
    finished: Option<Trace>,
}

#[derive(Debug, Default)]
struct Open {
    prerequisites: Vec<Demand>,
    rules: Vec<TriedRule>,
    /// Of the rule that is being tried.
    conditions: Vec<TestedCondition>,
    /// Of the rule that is being tried.
    bucket: Option<Bucket>,
}

impl Recorder {
    fn top(&mut self) -> &mut Open {
        if self.open.is_empty() {
            self.open.push(Open::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }
}

impl Witness for Recorder {
    const ZEAL: Zeal = Zeal::Thorough;

    fn enter(&mut self, _: &CompiledFlag) {
        self.open.push(Open::default());
    }

    fn leave(&mut self, outcome: &Outcome<'_>) {
        let open = self.open.pop().unwrap_or_default();
        self.finished = Some(Trace {
            flag: outcome.flag.flag().key.clone(),
            variation: outcome.variation.key.clone(),
            reason: outcome.reason,
            prerequisites: open.prerequisites,
            rules: open.rules,
        });
    }

    fn prerequisite(&mut self, demand: &Prerequisite, served: Option<&Outcome<'_>>, met: Met) {
        // The trace that has just been finished is the demanded flag's, unless its outcome was remembered.
        let trace = self.finished.take().filter(|trace| trace.flag == demand.flag_key).map(Box::new);
        let served = served.map(|outcome| (outcome.variation.key.clone(), outcome.reason));
        self.top().prerequisites.push(Demand { demand: demand.clone(), met, served, trace });
    }

    fn condition(&mut self, condition: &Condition, actual: Option<AttributeView<'_>>, holds: Holds) {
        let actual = actual.map(json);
        self.top().conditions.push(TestedCondition { condition: condition.clone(), actual, holds });
    }

    fn bucket(&mut self, bucket: Option<Bucket>) {
        self.top().bucket = bucket;
    }

    fn rule(&mut self, flag: &CompiledFlag, rule: &CompiledRule, conditions: Holds, yielded: Option<Index>) {
        let thresholds = flag.thresholds(rule);
        let open = self.top();
        let (tested, bucket) = (std::mem::take(&mut open.conditions), open.bucket.take());
        let drawn = conditions == Holds::Yes && !thresholds.is_empty();
        open.rules.push(TriedRule {
            id: rule.id,
            conditions: tested,
            holds: conditions,
            draw: drawn.then_some(Draw { bucket, thresholds }),
            yielded: yielded.map(|variation| flag.variation(variation).key.clone()),
        });
    }
}

/// An attribute as JSON. What is inside of an object is not kept: no condition can see it.
fn json(attribute: AttributeView<'_>) -> Value {
    match attribute {
        AttributeView::Null => Value::Null,
        AttributeView::Bool(value) => Value::from(value),
        AttributeView::Integer(value) => Value::from(value),
        AttributeView::Float(value) => Value::from(value),
        AttributeView::Text(text) => Value::from(text),
        AttributeView::List(elements) => elements.iter().map(Attribute::view).map(json).collect(),
        AttributeView::Object => value::empty_object(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sample::{self, ENVIRONMENT, condition, serve, split};

    #[test]
    fn every_step_is_told() {
        let gate = sample::flag("gate").rule(1, vec![condition("plan", "is", "pro")], serve("on"));
        let flag = sample::flag("f")
            .requires("gate", "on")
            .rule(1, vec![condition("age", "gt", 17), condition("plan", "is", "pro")], serve("off"))
            .rule(2, Vec::new(), split(&[("on", 60.0), ("off", 40.0)]));
        let ruleset = Ruleset::new(ENVIRONMENT, 1, [gate, flag].map(sample::Sample::compiled));
        let context = Context::for_user("u").with("plan", "pro").with("age", 3_u64);
        let trace = explain(&ruleset, "f", &context, sample::NOW).expect("the flag exists");

        let [demand] = trace.prerequisites.as_slice() else { panic!("one demand") };
        assert_eq!(demand.met, Met::Yes);
        assert_eq!(demand.trace.as_ref().expect("a trace").rules[0].holds, Holds::Yes);
        let [first, second] = trace.rules.as_slice() else { panic!("two rules") };
        let verdicts: Vec<_> = first.conditions.iter().map(|it| (it.actual.clone(), it.holds)).collect();
        assert_eq!(verdicts, [(Some(Value::from(3)), Holds::No), (Some(Value::from("pro")), Holds::Yes)]);
        assert!(first.draw.is_none() && first.yielded.is_none());
        let draw = second.draw.as_ref().expect("a draw");
        let ends: Vec<_> = draw.thresholds.iter().map(|(key, end)| (key.as_str(), *end)).collect();
        assert_eq!(ends, [("on", 60_000), ("off", 100_000)]);
        let bucket = draw.bucket.expect("a bucket").thousandths();
        assert_eq!(
            second.yielded.as_ref().map(VariationKey::as_str),
            Some(if bucket < 60_000 { "on" } else { "off" })
        );
        assert_eq!(second.yielded.as_ref(), Some(&trace.variation));
    }

    #[test]
    fn what_is_not_there_is_told_as_well() {
        let flag =
            sample::flag("f").requires("nobody", "on").rule(1, vec![condition("a", "is", "b")], serve("on"));
        let ruleset = Ruleset::new(ENVIRONMENT, 1, [flag.compiled()]);
        let trace = explain(&ruleset, "f", &Context::anonymous(), sample::NOW).expect("the flag exists");
        assert_eq!((trace.reason, trace.rules.len()), (Reason::Prerequisite, 0));
        assert_eq!((trace.prerequisites[0].met, trace.prerequisites[0].served.is_none()), (Met::No, true));
        assert!(explain(&ruleset, "g", &Context::anonymous(), sample::NOW).is_none());
    }
}

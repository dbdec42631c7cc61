//! The witness that writes traces.

use super::{
    Demand, Draw, MAX_TRACE_BYTES, TestedCondition, TestedConditions, TestedSegment, Trace, TriedRule,
};
use crate::{
    domain::{
        context::{Attribute, AttributeView},
        flag::Prerequisite,
        key::SegmentKey,
        rule::Condition,
        segment::Segment,
        value::{self, Value},
    },
    engine::{
        bucket::Bucket,
        compile::{CompiledFlag, CompiledRule, Index},
        outcome::Outcome,
        segment::Membership,
        witness::{Holds, Met, Witness, Zeal},
    },
};

/// Bytes that a step takes in an answer beside the texts in it: the names of its members. About.
const STEP_BYTES: usize = 128;

/// Writes a trace. The flags whose evaluations have begun and not ended lie on a stack.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    open: Vec<Open>,
    finished: Option<Trace>,
    /// Bytes that were told so far.
    told: usize,
}

#[derive(Debug, Default)]
struct Open {
    prerequisites: Vec<Demand>,
    rules: Vec<TriedRule>,
    /// What was tested for the rule that is being tried, or for the segments that were entered, innermost last.
    tested: Vec<Tested>,
    /// Of the rule that is being tried.
    bucket: Option<Bucket>,
    left_out: usize,
}

#[derive(Debug, Default)]
struct Tested {
    conditions: Vec<TestedCondition>,
    /// Of the condition that is being tested.
    segments: Vec<TestedSegment>,
}

impl Recorder {
    /// What it wrote.
    pub(super) fn finished(self) -> Option<Trace> {
        self.finished
    }

    /// Whether there is room for a step with texts of this length.
    fn has_room(&mut self, bytes: usize) -> bool {
        let told = self.told + STEP_BYTES + bytes;
        let fits = told <= MAX_TRACE_BYTES;
        if fits {
            self.told = told;
        } else {
            last(&mut self.open).left_out += 1;
        }
        fits
    }

    fn tested(&mut self) -> &mut Tested {
        last(&mut last(&mut self.open).tested)
    }
}

/// The innermost of what is open. A witness is never told of what is inside before what is around it.
fn last<T: Default>(open: &mut Vec<T>) -> &mut T {
    if open.is_empty() {
        open.push(T::default());
    }
    let last = open.len() - 1;
    &mut open[last]
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
            left_out: open.left_out,
        });
    }

    fn prerequisite(&mut self, demand: &Prerequisite, served: Option<&Outcome<'_>>, met: Met) {
        // The trace that has just been finished is the demanded flag's, unless its outcome was remembered.
        let trace = self.finished.take().filter(|trace| trace.flag == demand.flag_key).map(Box::new);
        let served = served.map(|outcome| (outcome.variation.key.clone(), outcome.reason));
        if self.has_room(0) {
            last(&mut self.open).prerequisites.push(Demand { demand: demand.clone(), met, served, trace });
        }
    }

    fn enter_segment(&mut self) {
        last(&mut self.open).tested.push(Tested::default());
    }

    fn segment(&mut self, key: &SegmentKey, membership: Membership, conditions: Option<&Segment>) {
        let conditions = conditions.map(|segment| {
            let tested = last(&mut self.open).tested.pop().unwrap_or_default();
            TestedConditions { matching: segment.matching, conditions: tested.conditions }
        });
        if self.has_room(key.as_str().len()) {
            self.tested().segments.push(TestedSegment { key: key.clone(), membership, conditions });
        }
    }

    fn condition(&mut self, condition: &Condition, actual: Option<AttributeView<'_>>, holds: Holds) {
        let actual = actual.map(json);
        let segments = std::mem::take(&mut self.tested().segments);
        let length = |value: &Value| value.to_string().len();
        let bytes = length(&condition.value) + actual.as_ref().map_or(0, length);
        if self.has_room(bytes) {
            let condition = condition.clone();
            self.tested().conditions.push(TestedCondition { condition, actual, holds, segments });
        }
    }

    fn bucket(&mut self, bucket: Option<Bucket>) {
        last(&mut self.open).bucket = bucket;
    }

    fn rule(&mut self, flag: &CompiledFlag, rule: &CompiledRule, conditions: Holds, yielded: Option<Index>) {
        let thresholds = flag.thresholds(rule);
        let has_room = self.has_room(thresholds.len() * STEP_BYTES);
        let open = last(&mut self.open);
        let (tested, bucket) = (open.tested.pop().unwrap_or_default(), open.bucket.take());
        if has_room {
            let drawn = conditions == Holds::Yes && !thresholds.is_empty();
            open.rules.push(TriedRule {
                id: rule.id,
                conditions: tested.conditions,
                holds: conditions,
                draw: drawn.then_some(Draw { bucket, thresholds }),
                yielded: yielded.map(|variation| flag.variation(variation).key.clone()),
            });
        }
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

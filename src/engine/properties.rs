//! What holds for any flag and any context, tried on many that are made up from fixed seeds.

mod rollouts;

use fastrand::Rng;

use super::{
    Ruleset, evaluate, evaluate_all, explain,
    sample::{self, ENVIRONMENT, Sample, serve, split},
};
use crate::domain::{
    context::{Attribute, Context},
    operator::{Case, OPERATORS, Operand},
    rollout::Algorithm,
    rule::Condition,
    time::Timestamp,
    value::Value,
};

const ALGORITHMS: [Algorithm; 2] = [Algorithm::Djb2, Algorithm::Murmur3];

const NAMES: [&str; 8] = ["user_key", "user_id", "userId", "session_id", "plan", "$now", "ключ", ""];

/// Texts at the edges of what operators read.
const TEXTS: [&str; 20] = [
    "",
    " ",
    "0",
    "-0",
    "true",
    "pro",
    "José",
    "😀",
    "1.2",
    "v1.2.3-beta.11+b",
    "1e308",
    "1e999",
    "NaN",
    "+",
    "9223372036854775808",
    "18446744073709551616.0.0",
    "1.0.0-",
    "\u{0}",
    "a\u{301}",
    "²",
];

fn ruleset(flags: impl IntoIterator<Item = Sample>) -> Ruleset {
    Ruleset::new(ENVIRONMENT, 1, flags.into_iter().map(Sample::compiled))
}

fn text(rng: &mut Rng) -> String {
    if rng.bool() {
        TEXTS[rng.usize(..TEXTS.len())].to_owned()
    } else {
        let length = rng.usize(..20);
        (0..length).map(|_| rng.char(..)).collect()
    }
}

fn attribute(rng: &mut Rng, depth: usize) -> Attribute<'static> {
    match rng.u8(..if depth == 0 { 7 } else { 8 }) {
        0 => Attribute::Null,
        1 => Attribute::Bool(rng.bool()),
        2 => Attribute::Integer(rng.i64(..)),
        3 => Attribute::Float(f64::from_bits(rng.u64(..))),
        4 => Attribute::from(rng.u64(..)),
        5 => Attribute::Text(text(rng).into()),
        6 => Attribute::Object,
        _ => Attribute::List((0..rng.usize(..5)).map(|_| attribute(rng, depth - 1)).collect()),
    }
}

fn context(rng: &mut Rng) -> Context<'static> {
    let mut own = || rng.bool().then(|| text(rng).into());
    let mut context = Context { user_key: own(), user_id: own(), session_id: own(), attributes: Vec::new() };
    for _ in 0..rng.usize(..8) {
        let name = NAMES[rng.usize(..NAMES.len())];
        context.attributes.push((name.into(), attribute(rng, 3)));
    }
    context
}

/// An operand that the operator may refuse.
fn operand(rng: &mut Rng, example: &str) -> Value {
    match rng.u8(..5) {
        0 => example.parse().expect("the example is JSON"),
        1 => Value::from(rng.i64(..)),
        2 => Value::from(rng.f64() * 1e300),
        3 => Value::from((0..rng.usize(..20)).map(|_| text(rng)).collect::<Vec<_>>()),
        _ => Value::from(text(rng)),
    }
}

fn any_condition(rng: &mut Rng) -> Condition {
    loop {
        let row = &OPERATORS[rng.usize(..OPERATORS.len())];
        let value = operand(rng, row.example);
        if let Ok(operand) = Operand::parse(row.operator, &value, Case::Sensitive) {
            let attribute = NAMES[rng.usize(..NAMES.len())].to_owned();
            return Condition { attribute, operator: row.operator, value, case: Case::Sensitive, operand };
        }
    }
}

fn any_flag(rng: &mut Rng, key: usize, flags: usize) -> Sample {
    let mut flag = sample::flag(&format!("f{key}")).bucketed(
        ALGORITHMS[rng.usize(..ALGORITHMS.len())],
        NAMES[rng.usize(..NAMES.len() - 1)],
        rng.bool().then_some("salt"),
    );
    for _ in 0..rng.usize(..4) {
        let conditions = (0..rng.usize(..3)).map(|_| any_condition(rng)).collect();
        let first = rng.u8(..=100);
        let shares = [("on", f64::from(first)), ("off", f64::from(rng.u8(..=100 - first)))];
        let gift = if rng.bool() { serve("on") } else { split(&shares) };
        flag = flag.rule(rng.i64(-2..3), conditions, gift);
    }
    for _ in 0..rng.usize(..3) {
        // Cycles included.
        flag = flag.requires(&format!("f{}", rng.usize(..=flags)), if rng.bool() { "on" } else { "off" });
    }
    flag
}

fn any_ruleset(rng: &mut Rng) -> Ruleset {
    let flags = 6;
    let made: Vec<_> = (0..flags).map(|key| any_flag(rng, key, flags)).collect();
    ruleset(made)
}

#[test]
fn every_context_gets_an_answer_from_every_flag_and_always_the_same() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..300 {
        let flags = any_ruleset(&mut rng);
        for _ in 0..20 {
            let context = context(&mut rng);
            let now = Timestamp::from_millis(rng.i64(..));
            let outcomes = evaluate_all(&flags, &context, now);
            assert_eq!(outcomes.len(), flags.live_flags().count());
            for outcome in outcomes {
                let alone = evaluate(&flags, outcome.flag.key(), &context, now).expect("the flag is there");
                assert_eq!(alone.reason, outcome.reason, "{context:?}");
                assert_eq!(alone.variation.key, outcome.variation.key, "{context:?}");
                assert_eq!(alone.lacks_user_key, outcome.lacks_user_key, "{context:?}");
            }
        }
    }
}

#[test]
fn an_explanation_is_the_evaluation_itself() {
    let mut rng = Rng::with_seed(7);
    for _ in 0..300 {
        let flags = any_ruleset(&mut rng);
        for _ in 0..5 {
            let (context, now) = (context(&mut rng), Timestamp::from_millis(rng.i64(..)));
            for outcome in evaluate_all(&flags, &context, now) {
                let trace = explain(&flags, outcome.flag.key(), &context, now).expect("the flag is there");
                assert_eq!((trace.reason, &trace.variation), (outcome.reason, &outcome.variation.key));
                let yielded = trace.rules.iter().find_map(|rule| rule.yielded.as_ref().map(|_| rule.id));
                assert_eq!(yielded, outcome.rule_id(), "{context:?}");
            }
        }
    }
}

#[test]
fn the_order_of_attributes_never_matters() {
    let mut rng = Rng::with_seed(2);
    for _ in 0..300 {
        let flags = any_ruleset(&mut rng);
        for _ in 0..20 {
            let mut context = context(&mut rng);
            // Of several equal names the last counts, so only different ones may change places.
            context.attributes.sort_by(|(left, _), (right, _)| left.cmp(right));
            context.attributes.dedup_by(|(left, _), (right, _)| left == right);
            let reasons = |context: &Context<'_>| -> Vec<_> {
                evaluate_all(&flags, context, sample::NOW).iter().map(|outcome| outcome.reason).collect()
            };
            let before = reasons(&context);
            rng.shuffle(&mut context.attributes);
            assert_eq!(reasons(&context), before, "{context:?}");
        }
    }
}

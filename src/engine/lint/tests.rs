//! What lint calls impossible is never witnessed, and what people get wrong is found.

use std::sync::Arc;

use fastrand::Rng;

use super::*;
use crate::{
    domain::{
        context::{Attribute, Context},
        id::{ProjectId, RuleId, SegmentId},
        key::SegmentKey,
        operator::{Case, OPERATORS, Operand, OperandKind},
        rollout::Algorithm,
        segment::Segment,
        text::Name,
        time::Timestamp,
        value::Value,
    },
    engine::{
        Ruleset, evaluate,
        sample::{self, ENVIRONMENT, NOW as EPOCH, Sample, condition, serve, split},
    },
};

fn segment(key: &str, matching: Matching, conditions: Vec<Condition>) -> Segment {
    Segment {
        id: SegmentId::from_bits(1),
        project: ProjectId::from_bits(1),
        key: SegmentKey::parse(key).expect("a key"),
        name: Name::trusted(key),
        description: None,
        matching,
        conditions,
        included: Vec::new(),
        excluded: Vec::new(),
        revision: 1,
        created_at: EPOCH,
        updated_at: EPOCH,
    }
}

fn listing(key: &str, included: &[&str], excluded: &[&str]) -> Segment {
    let keys = |keys: &[&str]| keys.iter().map(|key| Box::from(*key)).collect();
    Segment { included: keys(included), excluded: keys(excluded), ..segment(key, Matching::All, Vec::new()) }
}

/// Code and path of every warning.
fn told(sample: &Sample, segments: &Segments) -> Vec<(WarningCode, String)> {
    let warnings = flag(&sample.flag, &sample.configuration, segments);
    warnings.into_iter().map(|warning| (warning.code, warning.path)).collect()
}

/// What is said of a flag beyond rollouts and variations.
fn told_of_rules(sample: &Sample, segments: &Segments) -> Vec<String> {
    let told = told(sample, segments).into_iter();
    let beside = [WarningCode::RolloutBelow100, WarningCode::VariationUnused];
    told.filter(|(code, _)| !beside.contains(code))
        .map(|(code, path)| format!("{} {path}", code.as_str()))
        .collect()
}

#[test]
fn a_flag_that_means_what_it_says_is_not_warned_of() {
    let segments = Segments::new([listing("staff", &["ada"], &[])]);
    let flag = sample::flag("f")
        .rule(1, vec![condition("", "in_segment", "staff")], serve("on"))
        .rule(2, vec![condition("plan", "is", "pro"), condition("plan", "is", "beta")], serve("on"))
        .rule(3, vec![condition("age", "gt", 60), condition("age", "lt", 18)], serve("off"))
        .rule(4, Vec::new(), split(&[("on", 60.0), ("off", 40.0)]))
        .rule(5, Vec::new(), serve("off"));
    assert_eq!(told(&flag, &segments), []);
    assert_eq!(told(&sample::flag("f").off(), &segments), [], "nothing was said of it yet");
}

#[test]
fn rules_in_the_shadow_of_others_are_found() {
    let pro = || condition("plan", "is", "pro");
    let adult = || condition("age", "gt", 18);
    let shadowed = sample::flag("f")
        .rule(2, vec![pro(), adult()], serve("off"))
        .rule(1, vec![pro()], serve("on"))
        .rule(3, vec![adult(), pro()], serve("on"))
        .rule(4, vec![pro()], serve("on"))
        .rule(5, Vec::new(), split(&[("on", 50.0)]))
        .rule(6, vec![pro()], split(&[("off", 50.0)]))
        .rule(7, vec![adult()], split(&[("on", 30.0), ("off", 21.0)]))
        .rule(8, Vec::new(), serve("off"))
        .rule(9, Vec::new(), serve("on"));
    let expected = [
        "RULE_UNREACHABLE targeting_rules[0]",
        "RULE_UNREACHABLE targeting_rules[2]",
        "RULE_REPEATED targeting_rules[3]",
        "RULE_UNREACHABLE targeting_rules[5]",
        "RULE_UNREACHABLE targeting_rules[8]",
    ];
    assert_eq!(told_of_rules(&shadowed, &Segments::default()), expected);
}

#[test]
fn whom_a_full_rollout_gives_nothing_a_rule_behind_it_reaches() {
    let full = split(&[("on", 60.0), ("off", 40.0)]);
    let flag = sample::flag("f").rule(1, Vec::new(), full).rule(2, Vec::new(), serve("on"));
    assert_eq!(told(&flag, &Segments::default()), []);
    let ruleset = Ruleset::new(ENVIRONMENT, 1, [flag.clone().compiled()]);
    let outcome = evaluate(&ruleset, "f", &Context::anonymous(), EPOCH).expect("the flag is there");
    assert_eq!(outcome.rule_id().map(RuleId::bits), Some(2));
    let again = flag.rule(3, Vec::new(), split(&[("off", 100.0)]));
    assert_eq!(told_of_rules(&again, &Segments::default()), ["RULE_UNREACHABLE targeting_rules[2]"]);
}

#[test]
fn conditions_that_never_hold_are_found() {
    let segments = Segments::new([
        listing("nobody", &["ada"], &["ada"]),
        listing("ada", &["ada"], &[]),
        segment("nested", Matching::Any, vec![condition("", "in_segment", "nobody")]),
        segment(
            "all",
            Matching::Any,
            vec![condition("plan", "is", "a"), condition("", "not_in_segment", "nested")],
        ),
    ]);
    let never = |conditions: Vec<Condition>| {
        told_of_rules(&sample::flag("f").rule(1, conditions, serve("on")), &segments)
    };
    let nothing: [&str; 0] = [];
    let place = |index: usize| vec![format!("CONDITION_NEVER_HOLDS targeting_rules[0].conditions[{index}]")];
    assert_eq!(never(vec![condition("plan", "one_of", Value::Array(Vec::new()))]), place(0));
    assert_eq!(never(vec![condition("", "in_segment", "nested")]), place(0));
    assert_eq!(never(vec![condition("", "not_in_segment", "all")]), place(0));
    assert_eq!(never(vec![condition("", "in_segment", "all")]), nothing);
    assert_eq!(
        never(vec![condition("", "in_segment", "ada"), condition("", "not_in_segment", "ada")]),
        place(1)
    );
    let pair = |first: (&str, &str), second: (&str, &str)| {
        let json = |text: &str| -> Value { text.parse().expect("JSON") };
        never(vec![condition("a", first.0, json(first.1)), condition("a", second.0, json(second.1))])
    };
    assert_eq!(pair(("is", "\"x\""), ("is_not", "\"x\"")), place(1));
    assert_eq!(pair(("not_exists", "null"), ("matches_regex", "\"x\"")), place(1));
    assert_eq!(pair(("is", "\"x\""), ("is", "\"y\"")), nothing, "a list can have both");
    assert_eq!(never(vec![condition("$now", "not_exists", Value::Null)]), place(0));
    let (new_year, may_day) = ("2027-01-01T00:00:00Z", "2027-05-01T00:00:00Z");
    assert_eq!(
        never(vec![condition("$now", "before", new_year), condition("$now", "after", may_day)]),
        place(1)
    );
    assert_eq!(
        never(vec![condition("$now", "before", may_day), condition("$now", "after", new_year)]),
        nothing
    );
}

#[test]
fn rollouts_with_a_rest_and_variations_that_nothing_serves_are_found() {
    let flag = sample::flag("f").rule(1, Vec::new(), split(&[("on", 0.0), ("off", 25.0)]));
    let warnings = super::flag(&flag.flag, &flag.configuration, &Segments::default());
    let told: Vec<_> = warnings.iter().map(|it| (it.code.as_str(), it.path.as_str())).collect();
    let expected = [
        ("ROLLOUT_BELOW_100", "targeting_rules[0].percentage_rollout"),
        ("VARIATION_UNUSED", "variations[0]"),
    ];
    assert_eq!(told, expected);
    assert!(warnings[0].message.contains("25;"), "{}", warnings[0].message);
}

#[test]
fn segments_are_warned_of_by_themselves() {
    let told = |it: Segment| -> Vec<String> {
        let segments = Segments::new([it.clone(), listing("nobody", &[], &[])]);
        let compiled = CompiledSegment::new(Arc::new(it));
        let warnings = super::segment(&compiled, &segments).into_iter();
        warnings.map(|warning| format!("{} {}", warning.code.as_str(), warning.path)).collect()
    };
    let both = || vec![condition("a", "is", 1), condition("a", "is_not", 1)];
    assert_eq!(told(listing("s", &[], &["ada"])), ["SEGMENT_EMPTY included"]);
    assert_eq!(told(segment("s", Matching::All, both())), ["CONDITION_NEVER_HOLDS conditions[1]"]);
    assert_eq!(told(segment("s", Matching::Any, both())), [""; 0]);
    let empty = vec![condition("", "in_segment", "nobody"), condition("a", "is", 1)];
    assert_eq!(told(segment("s", Matching::Any, empty)), ["CONDITION_NEVER_HOLDS conditions[0]"]);
}

#[test]
fn there_is_an_end_to_warnings_and_to_work() {
    let mut flag = sample::flag("f");
    for _ in 0..150 {
        flag = flag.rule(1, vec![condition("plan", "is", "pro")], serve("on"));
    }
    let warnings = super::flag(&flag.flag, &flag.configuration, &Segments::default());
    assert_eq!(warnings.len(), MAX_WARNINGS);
    // Each pair of lists takes more work than there may be.
    let networks: Vec<Value> =
        (0..1_000).map(|it| Value::from(format!("10.0.{}.{}", it / 250, it % 250))).collect();
    let ids: Vec<Value> = (0..1_000).map(Value::from).collect();
    for (operator, list, expected) in
        [("in_cidr", networks, &[][..]), ("one_of", ids, &["RULE_REPEATED targeting_rules[1]"])]
    {
        let rule = || vec![condition("a", operator, list.clone())];
        let flag = sample::flag("f").rule(1, rule(), serve("on")).rule(2, rule(), serve("on"));
        assert_eq!(told_of_rules(&flag, &Segments::default()), expected, "{operator}");
    }
}

const ATTRIBUTES: [&str; 4] = ["a", "b", "$now", "user_key"];
const TEXTS: [&str; 8] = ["x", "X", "xy", "4", "5", "10.0.0.1", "true", "1.2"];
const SEGMENTS: usize = 4;

fn pick<'t>(rng: &mut Rng, texts: &[&'t str]) -> &'t str {
    texts[rng.usize(..texts.len())]
}

/// A condition that has something to do with others; of segments it refers to those below `below`.
fn any_condition(rng: &mut Rng, below: usize) -> Condition {
    loop {
        let row = &OPERATORS[rng.usize(..OPERATORS.len())];
        let value = match row.operand() {
            OperandKind::Nothing => Value::Null,
            OperandKind::Segments => {
                let count = rng.usize(..3).min(below);
                (0..count).map(|_| Value::from(format!("s{}", rng.usize(..below)))).collect()
            }
            OperandKind::Scalars => (0..rng.usize(..3)).map(|_| Value::from(pick(rng, &TEXTS))).collect(),
            OperandKind::Number | OperandKind::Moment => Value::from(rng.i64(3..7)),
            OperandKind::Networks => Value::from(pick(rng, &["10.0.0.1", "10.0.0.0/8"])),
            OperandKind::Scalar | OperandKind::Pattern | OperandKind::Version => {
                Value::from(pick(rng, &TEXTS))
            }
        };
        let case = if row.folds_case() && rng.bool() { Case::Insensitive } else { Case::Sensitive };
        if let Ok(operand) = Operand::parse(row.operator, &value, case) {
            let attribute = if row.takes_attribute() { pick(rng, &ATTRIBUTES) } else { "" };
            return Condition {
                attribute: attribute.to_owned(),
                operator: row.operator,
                value,
                case,
                operand,
            };
        }
    }
}

fn any_conditions(rng: &mut Rng, below: usize) -> Vec<Condition> {
    (0..rng.usize(..3)).map(|_| any_condition(rng, below)).collect()
}

fn any_segments(rng: &mut Rng) -> Vec<Segment> {
    let any = |number: usize| {
        let keys = |rng: &mut Rng| match rng.u8(..3) {
            0 => vec![Box::from("x")],
            _ => Vec::new(),
        };
        let matching = if rng.bool() { Matching::All } else { Matching::Any };
        let conditions = any_conditions(rng, number);
        let (included, excluded) = (keys(rng), keys(rng));
        Segment { included, excluded, ..segment(&format!("s{number}"), matching, conditions) }
    };
    (0..SEGMENTS).map(any).collect()
}

fn any_flag(rng: &mut Rng) -> Sample {
    let mut flag = sample::flag("f").bucketed(Algorithm::Murmur3, pick(rng, &ATTRIBUTES), None);
    for _ in 0..rng.usize(1..5) {
        let gift = match rng.u8(..4) {
            0 => serve("on"),
            1 => serve("off"),
            _ => {
                let first = rng.u8(..=100);
                split(&[("on", f64::from(first)), ("off", f64::from(rng.u8(..=100 - first)))])
            }
        };
        flag = flag.rule(rng.i64(0..3), any_conditions(rng, SEGMENTS), gift);
    }
    flag
}

fn any_attribute(rng: &mut Rng) -> Attribute<'static> {
    match rng.u8(..8) {
        0 => Attribute::Null,
        1 => Attribute::Integer(rng.i64(2..8)),
        2 => Attribute::Float(rng.f64() * 8.0),
        3 => Attribute::List((0..rng.usize(..3)).map(|_| any_attribute(rng)).collect()),
        4 => Attribute::Bool(true),
        5 => Attribute::Object,
        _ => Attribute::from(pick(rng, &TEXTS)),
    }
}

fn any_context(rng: &mut Rng) -> Context<'static> {
    let mut context = if rng.bool() { Context::for_user(pick(rng, &TEXTS)) } else { Context::anonymous() };
    for name in ["a", "b", "user_key"] {
        if rng.u8(..4) > 0 {
            let attribute = any_attribute(rng);
            context = context.with(name, attribute);
        }
    }
    context
}

/// The index in a path that begins with this field.
fn index(path: &str, field: &str) -> usize {
    let rest = path.strip_prefix(field).and_then(|rest| rest.strip_prefix('[')).expect("the field");
    rest.split(']').next().and_then(|digits| digits.parse().ok()).expect("an index")
}

fn ruleset(flags: impl IntoIterator<Item = Sample>, segments: &Arc<Segments>) -> Ruleset {
    Ruleset::new(ENVIRONMENT, 1, flags.into_iter().map(Sample::compiled)).with_segments(Arc::clone(segments))
}

/// A flag that serves `on` to those, and only to those, who must not be found.
fn impossible(sample: &Sample, code: WarningCode, path: &str) -> Option<(Sample, u128)> {
    let rules = &sample.configuration.rules;
    match code {
        WarningCode::RuleUnreachable | WarningCode::RuleRepeated => {
            Some((sample.clone(), rules[index(path, "targeting_rules")].id.bits()))
        }
        WarningCode::ConditionNeverHolds => {
            let alone = rules[index(path, "targeting_rules")].conditions.clone();
            Some((sample::flag("f").rule(1, alone, serve("on")), 1))
        }
        WarningCode::RolloutBelow100 | WarningCode::VariationUnused | WarningCode::SegmentEmpty => None,
    }
}

#[test]
fn nothing_that_is_called_impossible_ever_happens() {
    let mut rng = Rng::with_seed(11);
    let mut seen = [0; 4];
    for _ in 0..4_000 {
        let made = any_segments(&mut rng);
        let segments = Arc::new(Segments::new(made));
        let sample = any_flag(&mut rng);
        let contexts: Vec<_> = (0..40).map(|_| any_context(&mut rng)).collect();
        let mut never: Vec<(Ruleset, u128)> = Vec::new();
        for (code, path) in told(&sample, &segments) {
            seen[0] += usize::from(code == WarningCode::RuleUnreachable);
            seen[1] += usize::from(code == WarningCode::RuleRepeated);
            seen[2] += usize::from(code == WarningCode::ConditionNeverHolds);
            let case = impossible(&sample, code, &path);
            never.extend(case.map(|(flag, rule)| (ruleset([flag], &segments), rule)));
        }
        for compiled in segments.iter() {
            let is_empty =
                super::segment(compiled, &segments).iter().any(|it| it.code == WarningCode::SegmentEmpty);
            if is_empty {
                seen[3] += 1;
                let inside = condition("", "in_segment", compiled.segment().key.as_str());
                let flag = sample::flag("f").rule(1, vec![inside], serve("on"));
                never.push((ruleset([flag], &segments), 1));
            }
        }
        for (ruleset, rule) in never {
            for context in &contexts {
                let now = Timestamp::from_millis(rng.i64(2..8));
                let outcome = evaluate(&ruleset, "f", context, now).expect("the flag is there");
                let yielded = outcome.rule_id().map(RuleId::bits);
                assert_ne!(yielded, Some(rule), "{:?}\n{context:?}", sample.configuration.rules);
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn a_variation_that_is_called_unused_is_never_served() {
    let mut rng = Rng::with_seed(12);
    let segments = Arc::default();
    for _ in 0..1_000 {
        let sample = any_flag(&mut rng);
        let unused: Vec<_> = told(&sample, &segments)
            .into_iter()
            .filter(|(code, _)| *code == WarningCode::VariationUnused)
            .map(|(_, path)| sample.flag.variations[index(&path, "variations")].key.clone())
            .collect();
        let ruleset = ruleset([sample], &segments);
        for _ in 0..20 {
            let context = any_context(&mut rng);
            let outcome = evaluate(&ruleset, "f", &context, EPOCH).expect("the flag is there");
            assert!(!unused.contains(&outcome.variation.key));
        }
    }
}

//! What an explanation tells.

use super::*;
use crate::domain::{
    id::{ProjectId, SegmentId},
    segment::Segment,
    text::Name,
};
use crate::engine::{
    outcome::Reason,
    sample::{self, ENVIRONMENT, condition, serve, split},
    segment::Segments,
};

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

/// A segment of which all conditions must hold.
fn segment(key: &str, conditions: Vec<Condition>) -> Segment {
    Segment {
        id: SegmentId::from_bits(1),
        project: ProjectId::from_bits(1),
        key: SegmentKey::parse(key).expect("a segment's key"),
        name: Name::trusted(key),
        description: None,
        matching: Matching::All,
        conditions,
        included: Vec::new(),
        excluded: Vec::new(),
        revision: 1,
        created_at: sample::NOW,
        updated_at: sample::NOW,
    }
}

/// What is told of a condition: its verdict, and those on the segments that it names, in brackets with their
/// conditions.
fn told(tested: &TestedCondition) -> String {
    let verdict = |holds: bool| if holds { "yes" } else { "no" };
    let name = if tested.condition.attribute.is_empty() { "in" } else { &tested.condition.attribute };
    let segments: Vec<String> = tested
        .segments
        .iter()
        .map(|it| {
            let conditions = it.conditions.as_ref().map_or(String::new(), |it| {
                let conditions: Vec<String> = it.conditions.iter().map(told).collect();
                format!(" {} of {conditions:?}", it.matching.as_str())
            });
            format!(
                "{} {} by {}{conditions}",
                it.key,
                verdict(it.membership.inside),
                it.membership.ground.as_str()
            )
        })
        .collect();
    format!(
        "{name} {}{}",
        verdict(tested.holds == Holds::Yes),
        if segments.is_empty() { String::new() } else { format!(" {segments:?}") }
    )
    .replace(['"', '\\'], "")
}

#[test]
fn what_decides_about_a_segment_is_told_once() {
    let inside = |keys: &[&str]| condition("", "in_segment", keys.to_vec());
    let segments = Segments::new([
        Segment { excluded: vec!["u".into()], included: vec!["u".into()], ..segment("out", Vec::new()) },
        Segment { included: vec!["u".into()], ..segment("listed", Vec::new()) },
        Segment {
            matching: Matching::Any,
            ..segment(
                "fits",
                vec![condition("age", "gt", 17), condition("plan", "is", "pro"), inside(&["eu"])],
            )
        },
        segment("eu", vec![condition("country", "is", "se"), condition("plan", "exists", Value::Null)]),
        segment("nobody", Vec::new()),
    ]);
    let flag = sample::flag("f")
        .rule(1, vec![inside(&["out", "nobody", "lost"])], serve("on"))
        .rule(
            2,
            vec![inside(&["fits", "listed"]), condition("", "not_in_segment", vec!["listed", "out"])],
            serve("on"),
        )
        .rule(3, vec![inside(&["eu", "fits"])], serve("on"));
    let ruleset = Ruleset::new(ENVIRONMENT, 1, [flag.compiled()]).with_segments(segments.into());
    let context = Context::for_user("u").with("plan", "pro").with("age", 3_u64);
    let trace = explain(&ruleset, "f", &context, sample::NOW).expect("the flag exists");
    let rules: Vec<Vec<String>> =
        trace.rules.iter().map(|rule| rule.conditions.iter().map(told).collect()).collect();
    assert_eq!(
        rules,
        [
            vec![
                "in no [out no by excluded, nobody no by conditions all of [], lost no by missing]"
                    .to_owned()
            ],
            vec![
                "in yes [fits yes by conditions any of [age no, plan yes, \
             in no [eu no by conditions all of [country no, plan yes]]]]"
                    .to_owned(),
                "in no [listed yes by included]".to_owned(),
            ],
            vec!["in yes [eu no by conditions, fits yes by conditions]".to_owned()],
        ]
    );
    assert_eq!((trace.left_out, trace.variation.as_str()), (0, "on"));
}

#[test]
fn an_explanation_has_an_end() {
    let long = || condition("plan", "one_of", vec!["x".repeat(1_000); 1_000]);
    let flag =
        |rules: usize| (0..rules).fold(sample::flag("f"), |flag, _| flag.rule(1, vec![long()], serve("on")));
    let left_out = |rules| {
        let ruleset = Ruleset::new(ENVIRONMENT, 1, [flag(rules).compiled()]);
        let trace = explain(&ruleset, "f", &Context::for_user("u"), sample::NOW).expect("the flag exists");
        assert_eq!(trace.rules.len(), rules);
        trace.left_out
    };
    assert_eq!([1, 4, 5, 8].map(left_out), [0, 0, 1, 4]);
}

//! Evaluations in the documented order.

use super::*;
use crate::{
    domain::{flag::FlagStatus, id::RuleId, rollout::Algorithm},
    engine::{
        Change,
        prerequisite::MAX_PREREQUISITE_DEPTH,
        sample::{self, ENVIRONMENT, Sample, condition, serve, split},
    },
};

fn ruleset(flags: impl IntoIterator<Item = Sample>) -> Ruleset {
    Ruleset::new(ENVIRONMENT, 1, flags.into_iter().map(Sample::compiled))
}

/// The served variation, the reason and the place of the rule from 1.
fn answer(ruleset: &Ruleset, key: &str, context: &Context<'_>) -> (String, &'static str, Option<u128>) {
    let outcome = evaluate(ruleset, key, context, sample::NOW).expect("the flag exists");
    let rule = outcome.rule_id().map(RuleId::bits);
    (outcome.variation.key.to_string(), outcome.reason.name(), rule)
}

fn answer_of(flag: Sample, context: &Context<'_>) -> (String, &'static str, Option<u128>) {
    let key = flag.flag.key.to_string();
    answer(&ruleset([flag]), &key, context)
}

#[test]
fn what_is_off_serves_its_default_whatever_else_it_says() {
    let flag = sample::flag("f").rule(1, Vec::new(), serve("on")).requires("nobody", "on");
    let user = Context::for_user("u");
    for off in [
        flag.clone().off(),
        flag.clone().status(FlagStatus::Inactive),
        flag.clone().status(FlagStatus::Archived),
    ] {
        assert_eq!(answer_of(off, &user), ("off".into(), "DISABLED", None));
    }
    assert_eq!(answer_of(flag, &user), ("off".into(), "PREREQUISITE", None));
}

#[test]
fn the_first_rule_counts_whose_conditions_all_hold() {
    let flag = sample::flag("f")
        .rule(1, vec![condition("plan", "is", "pro"), condition("age", "gt", 17)], serve("on"))
        .rule(2, vec![condition("plan", "is", "pro")], serve("off"));
    let pro = Context::for_user("u").with("plan", "pro");
    assert_eq!(
        answer_of(flag.clone(), &pro.clone().with("age", 18_u64)),
        ("on".into(), "TARGETING_RULE", Some(1))
    );
    assert_eq!(answer_of(flag.clone(), &pro), ("off".into(), "TARGETING_RULE", Some(2)));
    assert_eq!(answer_of(flag, &Context::for_user("u")), ("off".into(), "DEFAULT", None));
}

#[test]
fn a_rollout_past_its_end_leaves_the_next_rule_to_try() {
    // rollout-50:user-010 is in bucket 3.
    let with_share = |percent| {
        sample::flag("rollout-50").rule(1, Vec::new(), split(&[("on", percent)])).rule(
            2,
            vec![condition("plan", "is", "pro")],
            serve("on"),
        )
    };
    let user = Context::for_user("user-010");
    assert_eq!(answer_of(with_share(4.0), &user), ("on".into(), "PERCENTAGE_ROLLOUT", Some(1)));
    assert_eq!(answer_of(with_share(3.0), &user), ("off".into(), "DEFAULT", None));
    let pro = user.with("plan", "pro");
    assert_eq!(answer_of(with_share(3.0), &pro), ("on".into(), "TARGETING_RULE", Some(2)));
}

#[test]
fn a_rollout_without_a_user_key_yields_nothing_and_says_so() {
    let flags = ruleset([sample::flag("f").rule(1, Vec::new(), split(&[("on", 100.0)])), sample::flag("g")]);
    let lacks = |key: &str, context: &Context<'_>| {
        evaluate(&flags, key, context, sample::NOW).map(|outcome| outcome.lacks_user_key)
    };
    let nobody = Context::anonymous();
    assert_eq!(answer(&flags, "f", &nobody), ("off".into(), "DEFAULT", None));
    assert_eq!(lacks("f", &nobody), Some(true));
    assert_eq!(lacks("g", &nobody), Some(false));
    assert_eq!(lacks("f", &Context::for_user("u")), Some(false));
    assert_eq!(lacks("nobody", &nobody), None);
}

#[test]
fn bucketing_by_an_attribute_hashes_its_canonical_text() {
    // a:b is in bucket 42 of DJB2; the salt stands in for the flag's key.
    let flag = sample::flag("f").rule(1, Vec::new(), split(&[("off", 42.0), ("on", 1.0)]));
    let by_team = flag.bucketed(Algorithm::Djb2, "team", Some("a"));
    let user = Context::for_user("u");
    assert_eq!(answer_of(by_team.clone(), &user.clone().with("team", "b")).0, "on");
    assert_eq!(answer_of(by_team.clone(), &user).1, "DEFAULT");

    // m:7 hashes to 0xb42dddea, says an independent implementation of MurmurHash3: bucket 4,810.
    let flag = sample::flag("m").rule(1, Vec::new(), split(&[("off", 4.81), ("on", 0.001)]));
    let by_team = flag.bucketed(Algorithm::Murmur3, "team", None);
    for seven in [Context::anonymous().with("team", 7_u64), Context::anonymous().with("team", "7")] {
        assert_eq!(answer_of(by_team.clone(), &seven), ("on".into(), "PERCENTAGE_ROLLOUT", Some(1)));
    }
}

#[test]
fn now_is_an_attribute() {
    let now = sample::NOW.millis();
    let flag = sample::flag("f").rule(1, vec![condition(NOW, "gt", now - 1)], serve("on"));
    assert_eq!(answer_of(flag, &Context::anonymous().with(NOW, 0_u64)).0, "on");
    let later = sample::flag("f").rule(1, vec![condition(NOW, "gt", now)], serve("on"));
    assert_eq!(answer_of(later, &Context::anonymous()).0, "off");
}

#[test]
fn a_prerequisite_must_be_on_and_serve_what_is_demanded() {
    let dependent = sample::flag("f").requires("p", "on").rule(1, Vec::new(), serve("on"));
    let met = ("on".to_owned(), "TARGETING_RULE", Some(1));
    let unmet = ("off".to_owned(), "PREREQUISITE", None);
    let serving = sample::flag("p").serving("on");
    for (prerequisite, expected) in [
        (serving.clone(), &met),
        (sample::flag("p"), &unmet),
        (sample::flag("p").rule(1, vec![condition("plan", "is", "pro")], serve("on")), &met),
        (serving.clone().off(), &unmet),
        (serving.clone().status(FlagStatus::Inactive), &unmet),
        (serving.clone().status(FlagStatus::Archived), &unmet),
        // Its own demand is unmet, so its default does not count.
        (serving.clone().requires("nobody", "on"), &unmet),
        (sample::flag("other"), &unmet),
    ] {
        let flags = ruleset([dependent.clone(), prerequisite]);
        let pro = Context::for_user("u").with("plan", "pro");
        assert_eq!(answer(&flags, "f", &pro), *expected);
    }
}

#[test]
fn cycles_are_unmet_wherever_they_are_entered() {
    let on = |key: &str| sample::flag(key).rule(1, Vec::new(), serve("on"));
    let flags =
        ruleset([on("a").requires("b", "on"), on("b").requires("a", "on"), on("c").requires("b", "on")]);
    for key in ["a", "b", "c"] {
        assert_eq!(answer(&flags, key, &Context::for_user("u")).1, "PREREQUISITE", "{key}");
    }
    let broken = flags.with(2, [Change::Put(on("a").compiled())]);
    for key in ["a", "b", "c"] {
        assert_eq!(answer(&broken, key, &Context::for_user("u")).1, "TARGETING_RULE", "{key}");
    }
}

#[test]
fn flags_that_share_prerequisites_are_not_evaluated_once_per_path() {
    // 20 flags in each of 11 layers, each demanding the whole layer below: 20^10 paths.
    let mut flags = Vec::new();
    for layer in 0..=MAX_PREREQUISITE_DEPTH {
        for place in 0..20 {
            let flag = sample::flag(&format!("f{layer}-{place}")).serving("on");
            let below =
                layer.checked_sub(1).into_iter().flat_map(|below| (0..20).map(move |other| (below, other)));
            flags.push(
                below.fold(flag, |flag, (below, other)| flag.requires(&format!("f{below}-{other}"), "on")),
            );
        }
    }
    let flags = ruleset(flags);
    let user = Context::for_user("u");
    let top = format!("f{MAX_PREREQUISITE_DEPTH}-0");
    assert_eq!(answer(&flags, &top, &user), ("on".into(), "DEFAULT", None));
    assert!(evaluate_all(&flags, &user, sample::NOW).iter().all(|outcome| outcome.reason == Reason::Default));
}

#[test]
fn all_means_every_flag_that_is_not_archived() {
    let flags = ruleset([
        sample::flag("b").off(),
        sample::flag("c").status(FlagStatus::Archived),
        sample::flag("a").rule(1, Vec::new(), serve("on")),
    ]);
    let outcomes = evaluate_all(&flags, &Context::for_user("u"), sample::NOW);
    let answers: Vec<_> =
        outcomes.iter().map(|outcome| (outcome.flag.key(), outcome.reason.sdk_name())).collect();
    assert_eq!(answers, [("a", "targeting_match"), ("b", "disabled")]);
}

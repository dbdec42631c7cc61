//! What holds for rollouts of many users. What holds for any ruleset is in `tests/it/fuzz.rs`.

use fastrand::Rng;

use super::{
    CompiledFlag, Reason, Ruleset, evaluate, evaluate_all,
    sample::{self, ENVIRONMENT, Sample, split, variation},
};
use crate::domain::{
    context::Context,
    flag::Variation,
    rollout::{Algorithm, WHOLE},
    text::Name,
    value::Value,
};

const ALGORITHMS: [Algorithm; 2] = [Algorithm::Djb2, Algorithm::Murmur3];

/// Users of the tests that count.
const USERS: u32 = 10_000;

/// The variations of the rollouts that grow.
const SHARED: [&str; 3] = ["red", "green", "blue"];

/// A flag whose rollout has these shares, in thousandths of a percent, of [`SHARED`].
fn shared(algorithm: Algorithm, shares: [u32; 3]) -> CompiledFlag {
    let mut flag = sample::flag("f").bucketed(algorithm, "user_key", None);
    flag.flag.variations.extend(SHARED.map(|key| Variation {
        key: variation(key),
        name: Name::trusted(key),
        value: Value::from(key),
    }));
    let shares: Vec<_> =
        SHARED.into_iter().zip(shares.map(|thousandths| f64::from(thousandths) / 1000.0)).collect();
    flag.rule(1, Vec::new(), split(&shares)).compiled()
}

fn ruleset(flags: impl IntoIterator<Item = Sample>) -> Ruleset {
    Ruleset::new(ENVIRONMENT, 1, flags.into_iter().map(Sample::compiled))
}

/// What a user is given by the rollout of `f`; the place in [`SHARED`].
fn given(flag: CompiledFlag) -> impl Fn(u32) -> Option<usize> {
    let flags = Ruleset::new(ENVIRONMENT, 1, [flag]);
    move |user| {
        let context = Context::for_user(format!("user-{user}"));
        let outcome = evaluate(&flags, "f", &context, sample::NOW).expect("the flag is there");
        let drawn = matches!(outcome.reason, Reason::PercentageRollout(_));
        SHARED.iter().position(|key| drawn && *key == outcome.variation.key.as_str())
    }
}

#[test]
fn raising_a_share_never_takes_a_user_out_of_it() {
    let mut rng = Rng::with_seed(3);
    for algorithm in ALGORITHMS {
        // DJB2 knows whole percents alone.
        let step = match algorithm {
            Algorithm::Djb2 => 1_000,
            Algorithm::Murmur3 => 1,
        };
        for _ in 0..100 {
            let mut rest = WHOLE / step;
            let before = [(); 3].map(|()| {
                let share = rng.u32(..=rest);
                rest -= share;
                share * step
            });
            let raised = rng.usize(..3);
            let mut after = before;
            after[raised] += rng.u32(..=rest) * step;
            let (earlier, later) = (given(shared(algorithm, before)), given(shared(algorithm, after)));
            for user in 0..200 {
                let (had, has) = (earlier(user), later(user));
                let said = format!("{algorithm:?} {before:?} {after:?} {user}: {had:?} {has:?}");
                assert!(had != Some(raised) || has == had, "{said}");
                // What comes before the share does not move; where it is the last, nothing does.
                assert!(had.is_none_or(|place| place > raised) || has == had, "{said}");
                assert!(had.is_none() || has.is_some(), "{said}");
            }
        }
    }
}

/// How many users two flags of 50 % have in common, and by how many standard deviations that differs from what it
/// would be if they were drawn independently of each other.
fn overlap(algorithm: Algorithm, keys: [&str; 2]) -> (u32, f64) {
    let half = |key: &str| {
        sample::flag(key).bucketed(algorithm, "user_key", None).rule(1, Vec::new(), split(&[("on", 50.0)]))
    };
    let flags = ruleset(keys.map(half));
    let (mut each, mut both) = ([0_u32; 2], 0);
    for user in 0..USERS {
        let context = Context::for_user(format!("user-{user:05}"));
        let on = evaluate_all(&flags, &context, sample::NOW);
        let on = [0, 1].map(|place: usize| u32::from(on[place].variation.key.as_str() == "on"));
        each = [each[0] + on[0], each[1] + on[1]];
        both += on[0] * on[1];
    }
    let (users, [one, other]) = (f64::from(USERS), each.map(f64::from));
    assert!(
        (one - users / 2.0).abs() < 250.0,
        "{algorithm:?} {keys:?} {each:?}: not about half of the users"
    );
    // The hypergeometric distribution: `other` users are drawn, of whom `one` count.
    let expected = one * other / users;
    let variance = expected * (users - one) / users * (users - other) / (users - 1.0);
    (both, (f64::from(both) - expected) / variance.sqrt())
}

const KEYS: [&str; 12] = [
    "new-checkout",
    "new-nav",
    "new-invoice",
    "new-export",
    "new-chat",
    "a",
    "b",
    "flag-1",
    "flag-2",
    "search-ranker",
    "beta.nav",
    "dark_mode",
];

#[test]
fn rollouts_by_murmur3_are_independent_of_each_other() {
    let pairs: Vec<_> =
        (0..KEYS.len()).flat_map(|one| (0..one).map(move |other| [KEYS[other], KEYS[one]])).collect();
    let mut beyond_two = 0;
    for keys in &pairs {
        let (both, deviations) = overlap(Algorithm::Murmur3, *keys);
        assert!(
            deviations.abs() < 4.0,
            "{keys:?} share {both} users, {deviations:.1} standard deviations off"
        );
        beyond_two += usize::from(deviations.abs() > 2.0);
    }
    // One pair in twenty-two is beyond two standard deviations by chance; with three times as many it is none.
    assert!(beyond_two <= pairs.len() * 3 / 22, "{beyond_two} of {} pairs", pairs.len());
}

#[test]
fn rollouts_by_djb2_are_not() {
    // A quarter of the users, 2,500, would be shared by chance.
    for (keys, shared) in [
        (["new-export", "new-chat"], 0),
        (["new-checkout", "new-nav"], 96),
        (["new-checkout", "new-invoice"], 4_880),
    ] {
        let (both, deviations) = overlap(Algorithm::Djb2, keys);
        assert_eq!(both, shared, "{keys:?}");
        assert!(deviations.abs() > 90.0, "{keys:?} {deviations}");
    }
}

#[test]
fn a_salt_gives_two_flags_the_same_users() {
    let half = |key: &str, salt| {
        let flag = sample::flag(key).bucketed(Algorithm::Murmur3, "user_key", Some(salt));
        flag.rule(1, Vec::new(), split(&[("on", 50.0)]))
    };
    let same = ruleset([half("a", "spring"), half("b", "spring"), half("c", "autumn")]);
    let mut differ = 0;
    for user in 0..1_000 {
        let context = Context::for_user(format!("user-{user}"));
        let served = evaluate_all(&same, &context, sample::NOW);
        assert_eq!(served[0].variation.key, served[1].variation.key, "{user}");
        differ += u32::from(served[0].variation.key != served[2].variation.key);
    }
    assert!((400..600).contains(&differ), "{differ}");
}

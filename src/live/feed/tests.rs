//! Followers that are slow, many or out of date.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::{
    domain::{
        api_key::{ApiKey, KeyKind},
        environment::{Color, Environment, EnvironmentType},
        id::{ApiKeyId, EnvironmentId, ProjectId, UserId},
        key::EnvironmentKey,
        text::Name,
    },
    engine::Ruleset,
    live::{Live, LiveEnvironment},
};

const AT: Timestamp = Timestamp::from_seconds(1);
const LIMITS: StreamLimits = StreamLimits { total: 2, per_key: 2 };

pub(in crate::live) fn live() -> (Live, Arc<LiveKey>) {
    let environment = Environment {
        id: EnvironmentId::from_bits(1),
        project: ProjectId::from_bits(1),
        key: EnvironmentKey::parse("development").unwrap(),
        name: Name::trusted("Development"),
        kind: EnvironmentType::Development,
        color: Color::parse("#000000").unwrap(),
        frozen: None,
        version: 1,
        created_at: AT,
        updated_at: AT,
    };
    let ruleset = Ruleset::new(environment.id, 1, []);
    let key = ApiKey {
        id: ApiKeyId::from_bits(1),
        environment: environment.id,
        name: Name::trusted("key"),
        kind: KeyKind::Server,
        digest: [7; 32],
        prefix: String::new(),
        created_by: UserId::from_bits(1),
        created_at: AT,
        expires_at: Some(Timestamp::from_seconds(100)),
        replaced_by: None,
    };
    let live = Live::new([LiveEnvironment::new(&environment, ruleset)], [key]);
    let key = live.key(&[7; 32]).expect("a key");
    (live, key)
}

fn publish(live: &Live, version: u64) {
    let flag = FlagKey::parse("a").expect("a key");
    let subject = Some(Subject::Flag(flag));
    let notice = Notice { version, action: Action::FlagToggled, subject, at: AT };
    live.publish(Ruleset::new(EnvironmentId::from_bits(1), version, []), [notice]);
}

/// What the follower is told without waiting.
fn poll(follower: &mut Follower) -> Poll<Option<News>> {
    pin!(follower.next()).poll(&mut Context::from_waker(Waker::noop()))
}

fn versions(news: Poll<Option<News>>) -> Vec<u64> {
    match news {
        Poll::Ready(Some(News::Changes(changes))) => changes.iter().map(|notice| notice.version).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_keeps_up_hears_of_every_change_and_who_sleeps_of_the_last() {
    let (live, key) = live();
    let (mut awake, mut asleep) = (live.follow(&key, LIMITS).unwrap(), live.follow(&key, LIMITS).unwrap());
    assert!(poll(&mut awake).is_pending());
    let last = 2 + 2 * MAX_RECENT_NOTICES as u64;
    let mut heard = Vec::new();
    for version in 2..=last {
        publish(&live, version);
        if version % 3 == 0 || version == last {
            heard.extend(versions(poll(&mut awake)));
        }
    }
    assert_eq!(heard, (2..=last).collect::<Vec<_>>());
    assert_eq!(versions(poll(&mut asleep)), [last]);
    assert_eq!((asleep.version(), poll(&mut asleep)), (last, Poll::Pending));
}

#[test]
fn signs_of_life_come_when_nothing_else_does() {
    let (live, key) = live();
    let mut follower = live.follow(&key, LIMITS).unwrap();
    live.beat();
    live.beat();
    assert_eq!(poll(&mut follower), Poll::Ready(Some(News::Beat)), "one is enough");
    assert!(poll(&mut follower).is_pending());
    live.beat();
    publish(&live, 2);
    assert_eq!(versions(poll(&mut follower)), [2]);
    assert!(poll(&mut follower).is_pending(), "a change is a sign of life");
}

#[test]
fn a_follower_ends_with_its_key_and_with_the_server() {
    let (live, key) = live();
    let mut follower = live.follow(&key, LIMITS).unwrap();
    live.end_expired(Timestamp::from_seconds(99));
    assert!(poll(&mut follower).is_pending());
    live.end_expired(Timestamp::from_seconds(100));
    assert_eq!(poll(&mut follower), Poll::Ready(None));

    let (live, key) = self::live();
    let mut follower = live.follow(&key, LIMITS).unwrap();
    live.remove_key(key.key.id);
    assert_eq!(poll(&mut follower), Poll::Ready(None));

    let (live, key) = self::live();
    let mut follower = live.follow(&key, LIMITS).unwrap();
    live.close();
    assert_eq!(poll(&mut follower), Poll::Ready(None));
}

#[test]
fn whoever_leaves_makes_room() {
    let (live, key) = live();
    let few = StreamLimits { total: 2, per_key: 1 };
    let first = live.follow(&key, few).unwrap();
    assert_eq!(live.follow(&key, few).unwrap_err(), TooMany::WithThisKey);
    assert_eq!(live.follow(&key, StreamLimits { total: 1, per_key: 2 }).unwrap_err(), TooMany::InAll);
    let second = live.follow(&key, LIMITS).unwrap();
    assert_eq!(live.follow(&key, StreamLimits { total: 3, per_key: 2 }).unwrap_err(), TooMany::WithThisKey);
    drop((first, second));
    assert!(live.follow(&key, few).is_ok(), "a refusal takes no place");
}

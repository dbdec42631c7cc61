//! Records of every noun: they come back as they went in, their bytes never change, and damage is an error.

mod outbox;
mod queries;
mod removal;

use std::fmt::Debug;

use serde_json::json;

use super::codec::{Stored, seal};
use super::*;
use crate::domain::{
    api_key::{ApiKey, KeyKind},
    environment::{Color, Environment, EnvironmentType},
    flag::{Classification, Configuration, Flag, FlagStatus, FlagType, Prerequisite, Variation},
    id::{
        ApiKeyId, EnvironmentId, FlagId, InvitationId, OrganizationId, PersonalTokenId, ProjectId, RuleId,
        SessionId, UserId,
    },
    invitation::Invitation,
    key::{EnvironmentKey, FlagKey, ProjectKey, VariationKey},
    operator::{Case, Operand, Operator},
    organization::{Membership, Organization},
    personal_token::PersonalToken,
    project::Project,
    role::Role,
    rollout::{Algorithm, Bucketing, Percentage, Rollout, Share},
    rule::{Condition, Rule, Serve},
    text::{Description, Justification, Name, Owner, Tag},
    time::Timestamp,
    user::{Email, Session, User},
    value::Value as Json,
};

/// A moment in 2027, and a bit.
const AT: Timestamp = Timestamp::from_millis(1_800_000_000_123);
const LATER: Timestamp = Timestamp::from_millis(1_800_000_060_000);

pub(super) fn user() -> User {
    User {
        id: UserId::from_bits(0x0192_0000_0000_0000_0000_0000_0000_0001),
        email: Email::parse("Ada@example.com").unwrap(),
        full_name: Some(Name::trusted("Ada Lovelace")),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        created_at: AT,
        last_login_at: None,
    }
}

fn session() -> Session {
    Session {
        id: SessionId::from_bits(2),
        user: user().id,
        generation: 300,
        created_at: AT,
        expires_at: LATER,
    }
}

fn organization() -> Organization {
    Organization { id: OrganizationId::from_bits(3), name: Name::trusted("Größe"), created_at: AT }
}

fn membership() -> Membership {
    Membership { organization: organization().id, user: user().id, role: Role::Editor, created_at: AT }
}

fn invitation() -> Invitation {
    Invitation {
        id: InvitationId::from_bits(11),
        organization: organization().id,
        email: Email::parse("Grace@example.com").unwrap(),
        role: Role::Admin,
        digest: [12; 32],
        invited_by: user().id,
        created_at: AT,
        expires_at: LATER,
    }
}

fn personal_token() -> PersonalToken {
    PersonalToken {
        id: PersonalTokenId::from_bits(13),
        user: user().id,
        name: Name::trusted("deploy"),
        role: Role::Viewer,
        digest: [14; 32],
        prefix: "pat_4fGh…".into(),
        created_at: AT,
        expires_at: None,
    }
}

fn project() -> Project {
    Project {
        id: ProjectId::from_bits(4),
        organization: organization().id,
        key: ProjectKey::parse("mobile-app").unwrap(),
        name: Name::trusted("Mobile"),
        description: Some(Description::trusted("iOS\nand Android")),
        created_at: AT,
        updated_at: LATER,
    }
}

fn environment() -> Environment {
    Environment {
        id: EnvironmentId::from_bits(5),
        project: project().id,
        key: EnvironmentKey::parse("staging").unwrap(),
        name: Name::trusted("Staging"),
        kind: EnvironmentType::Staging,
        color: Color::parse("#1e90ff").unwrap(),
        frozen: Some(Justification::trusted("Über Ostern")),
        revision: 3,
        version: 70_000,
        created_at: AT,
        updated_at: LATER,
    }
}

fn api_key() -> ApiKey {
    ApiKey {
        id: ApiKeyId::from_bits(6),
        environment: environment().id,
        name: Name::trusted("shop"),
        kind: KeyKind::Client,
        digest: [7; 32],
        prefix: "pub-staging-4fGh…".into(),
        created_by: user().id,
        created_at: AT,
        expires_at: Some(LATER),
        replaced_by: Some(ApiKeyId::from_bits(9)),
    }
}

fn variation(key: &str, value: Json) -> Variation {
    Variation { key: VariationKey::parse(key).unwrap(), name: Name::trusted(key), value }
}

pub(super) fn flag() -> Flag {
    Flag {
        id: FlagId::from_bits(8),
        project: project().id,
        key: FlagKey::parse("search-ranker").unwrap(),
        name: Name::trusted("Search ranker"),
        description: None,
        flag_type: FlagType::Json,
        classification: Some(Classification::OpsKillswitch),
        tags: vec![Tag::trusted("ml"), Tag::trusted("search")],
        owner: Some(Owner::trusted("Suche")),
        expires_at: Some(LATER),
        status: FlagStatus::Inactive,
        variations: vec![
            variation("new", json!({"b": 10.0, "a": [null, -1, 9_007_199_254_740_991_i64, "é"]})),
            variation("old", json!([])),
        ],
        bucketing: Bucketing {
            algorithm: Algorithm::Murmur3,
            by: "account".into(),
            salt: Some("2027".into()),
        },
        revision: 3,
        created_by: Some(user().id),
        created_at: AT,
        updated_at: LATER,
    }
}

fn condition(attribute: &str, operator: &str, value: Json) -> Condition {
    let operator = Operator::parse(operator).unwrap();
    let case = Case::Insensitive;
    let case = if operator.row().folds_case() { case } else { Case::Sensitive };
    let operand = Operand::parse(operator, &value, case).unwrap();
    Condition { attribute: attribute.into(), operator, value, case, operand }
}

pub(super) fn configuration() -> Configuration {
    let share = |key: &str, thousandths| Share {
        variation: VariationKey::parse(key).unwrap(),
        percentage: Percentage::from_thousandths(thousandths).unwrap(),
    };
    Configuration {
        enabled: true,
        default_variation: VariationKey::parse("old").unwrap(),
        rules: vec![
            Rule {
                id: RuleId::from_bits(9),
                priority: -1,
                name: Some(Name::trusted("Staff")),
                conditions: vec![
                    condition("email", "matches_regex", json!("@example\\.com$")),
                    condition("country", "one_of", json!(["DE", 41, true])),
                    condition("app", "version_gt", json!("1.2")),
                ],
                serve: Serve::Variation(VariationKey::parse("new").unwrap()),
            },
            Rule {
                id: RuleId::from_bits(10),
                priority: 2,
                name: None,
                conditions: vec![],
                serve: Serve::Rollout(Rollout::trusted(vec![share("new", 33_333), share("old", 0)])),
            },
        ],
        prerequisites: vec![Prerequisite {
            flag_key: FlagKey::parse("beta-nav").unwrap(),
            variation_key: VariationKey::parse("on").unwrap(),
        }],
        revision: 12,
        updated_at: LATER,
    }
}

pub(super) fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|it| !it.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Checks a noun: `golden` is what its newest version writes of it. The golden bytes of a version before that stay, in
/// a test that only reads them.
#[track_caller]
pub(super) fn check<T: Stored + PartialEq + Debug>(thing: &T, golden: &str) {
    let written = thing.encode().unwrap();
    assert_eq!(T::open(&written).unwrap(), *thing);
    assert_eq!(
        hex_of(&written),
        hex_of(&bytes_of(golden)),
        "a record that was once written is never changed"
    );
    assert_eq!(T::open(&bytes_of(golden)).unwrap(), *thing);

    let is_damage = |bytes: &[u8]| match T::open(bytes) {
        Err(Error::Damaged(why)) => why.contains(T::NOUN),
        _ => false,
    };
    for length in 0..written.len() {
        assert!(is_damage(&written[..length]), "cut to {length} bytes");
    }
    for at in 0..written.len() {
        for flip in [1, 0x80, 0xff] {
            let mut bytes = written.clone();
            bytes[at] ^= flip;
            assert!(is_damage(&bytes), "byte {at}");
        }
    }
    assert!(is_damage(&[&written[..], &[0]].concat()));
    // Damage that its checksum vouches for may read as another thing, but never as a panic.
    let payload = &written[5..];
    for at in 0..payload.len() {
        for byte in [0, 1, 0x7f, 0xfb, 0xfc, 0xfd, 0xff] {
            let mut bytes = payload.to_vec();
            bytes[at] = byte;
            if let Err(error) = T::open(&sealed(written[0], &bytes)) {
                assert!(matches!(error, Error::Damaged(_)), "{error:?}");
            }
        }
    }
}

/// A payload as it is, behind a sound checksum.
fn sealed(version: u8, payload: &[u8]) -> Vec<u8> {
    [&[version][..], &crc32fast::hash(payload).to_le_bytes(), payload].concat()
}

#[test]
fn the_records_of_people_never_change() {
    check(
        &user(),
        "0112026a1ffe010000000000000000000000000092010f416461406578616d706c652e636f6d010c41646120\
         4c6f76656c6163652c246172676f6e32696424763d3139246d3d31393435362c743d322c703d312463324673\
         6441246147467a6141fdf6a0b8304603000000",
    );
    check(
        &session(),
        "015daae38102fe01000000000000000000000000009201fb2c01fdf6a0b83046030000fdc074ba3046030000",
    );
    check(&organization(), "01f59b83c103074772c3b6c39f65fdf6a0b83046030000");
    check(&membership(), "01e8d426c703fe0100000000000000000000000000920106656469746f72fdf6a0b83046030000");
}

#[test]
fn the_records_of_people_who_join_never_change() {
    check(
        &invitation(),
        "015ac3c1800b03114772616365406578616d706c652e636f6d0561646d696e0c0c0c0c0c0c0c0c0c0c0c0c0c\
         0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0cfe01000000000000000000000000009201fdf6a0b830460300\
         00fdc074ba3046030000",
    );
    check(
        &personal_token(),
        "017d0e07e30dfe01000000000000000000000000009201066465706c6f79067669657765720e0e0e0e0e0e0e\
         0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0b7061745f34664768e280a6fdf6a0b8304603\
         000000",
    );
}

#[test]
fn the_records_of_places_never_change() {
    check(
        &project(),
        "01e7801ef704030a6d6f62696c652d617070064d6f62696c65010f694f530a616e6420416e64726f6964fdf6\
         a0b83046030000fdc074ba3046030000",
    );
    let before_freezes = "0195f80bcb05040773746167696e670753746167696e670773746167696e670723316539306666fc70110100\
         fdf6a0b83046030000fdc074ba3046030000";
    let before_rotations = "0113cda5aa06050473686f7006636c69656e7407070707070707070707070707070707070707070707070707\
         07070707070707137075622d73746167696e672d34664768e280a6fe01000000000000000000000000009201\
         fdf6a0b8304603000001fdc074ba3046030000";
    let first = ApiKey { replaced_by: None, ..api_key() };
    assert_eq!(ApiKey::open(&bytes_of(before_rotations)).unwrap(), first);
    let before_revisions = "0273cafbd405040773746167696e670753746167696e670773746167696e670723316539306666010cc39c\
         626572204f737465726efc70110100fdf6a0b83046030000fdc074ba3046030000";
    let old = |frozen| Environment { frozen, revision: 1, ..environment() };
    assert_eq!(Environment::open(&bytes_of(before_freezes)).unwrap(), old(None));
    assert_eq!(Environment::open(&bytes_of(before_revisions)).unwrap(), old(environment().frozen));
    check(
        &environment(),
        "036bf1d0e505040773746167696e670753746167696e670773746167696e670723316539306666010cc39c626572204f\
         737465726e03fc70110100fdf6a0b83046030000fdc074ba3046030000",
    );
    check(
        &api_key(),
        "0220ce24a506050473686f7006636c69656e7407070707070707070707070707070707070707070707070707\
         07070707070707137075622d73746167696e672d34664768e280a6fe01000000000000000000000000009201\
         fdf6a0b8304603000001fdc074ba30460300000109",
    );
}

#[test]
fn the_records_of_flags_never_change() {
    let before_owners = "011a2f82ab08040d7365617263682d72616e6b65720d5365617263682072616e6b657200046a736f6e010e6f\
         70735f6b696c6c73776974636802026d6c0673656172636808696e61637469766502036e6577036e65772e7b\
         2262223a31302e302c2261223a5b6e756c6c2c2d312c393030373139393235343734303939312c22c3a9225d\
         7d036f6c64036f6c64025b5d076d75726d757233076163636f756e740104323032370301fe01000000000000\
         000000000000009201fdf6a0b83046030000fdc074ba3046030000";
    let orphan = Flag { owner: None, expires_at: None, ..flag() };
    assert_eq!(Flag::open(&bytes_of(before_owners)).unwrap(), orphan);
    check(
        &flag(),
        "02d858e96e08040d7365617263682d72616e6b65720d5365617263682072616e6b657200046a736f6e010e6f\
         70735f6b696c6c73776974636802026d6c0673656172636808696e61637469766502036e6577036e65772e7b\
         2262223a31302e302c2261223a5b6e756c6c2c2d312c393030373139393235343734303939312c22c3a9225d\
         7d036f6c64036f6c64025b5d076d75726d757233076163636f756e740104323032370301fe01000000000000\
         000000000000009201fdf6a0b83046030000fdc074ba30460300000105537563686501fdc074ba3046030000",
    );
    check(
        &configuration(),
        "019148949b01036f6c64020901010553746166660305656d61696c0d6d6174636865735f7265676578112240\
         6578616d706c655c5c2e636f6d24220107636f756e747279066f6e655f6f660e5b224445222c34312c747275\
         655d01036170700a76657273696f6e5f67740522312e32220000036e65770a0400000102036e6577fb358203\
         6f6c64000108626574612d6e6176026f6e0cfdc074ba3046030000",
    );
}

#[test]
fn a_version_that_is_not_known_is_damage() {
    let written = session().encode().unwrap();
    for version in [0, 2, 255] {
        assert!(Session::open(&sealed(version, &written[5..])).is_err(), "{version}");
    }
    // A sound record of one noun is none of another.
    assert!(matches!(User::open(&written), Err(Error::Damaged(_))));
    assert!(matches!(Project::open(&seal(1, &("x", 1_u8)).unwrap()), Err(Error::Damaged(_))));
}

//! Bodies of flags, segments and contexts: nearly all sound, full of what operators may stumble over.

use fastrand::Rng;
use phaseflag::domain::operator::{Case, OPERATORS, Operand, OperandKind, Operator, Row};
use serde_json::{Map, Value, json};

/// Flags of a ruleset, and segments of its project.
const FLAGS: usize = 8;
const SEGMENTS: usize = 6;

/// Names of attributes, so few that rules and contexts meet.
const NAMES: [&str; 9] =
    ["user_key", "user_id", "userId", "session_id", "plan", "$now", "ключ", "a", "app_version"];

/// Texts at the edges of what operators read.
const TEXTS: [&str; 40] = [
    "",
    " ",
    "0",
    "-0",
    "10",
    "10.0",
    "true",
    "null",
    "pro",
    "user-1",
    "José",
    "😀",
    "ẞß",
    "İı",
    "a\u{301}",
    "²",
    "٣",
    "\u{0}",
    "\u{feff}1",
    "1.2",
    "v1.2.3-beta.11+b",
    "1.0.0-",
    "1.0.0-99999999999999999999.0",
    "18446744073709551616.0.0",
    "1e308",
    "1e999",
    "NaN",
    "+",
    "9223372036854775808",
    "0.1000000000000000055511151231257827",
    "2027-01-01T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "-009999-01-02T01:59:59Z",
    "2016-12-31T23:59:60+14:00",
    "10.0.0.1",
    "::ffff:10.0.0.1",
    "10.0.0.0/8",
    "::/0",
    "256.0.0.1",
    "010.0.0.1",
];

/// Pieces of regular expressions.
const PIECES: [&str; 30] = [
    "a",
    "b",
    ".",
    "^",
    "$",
    "(",
    ")",
    "(?:",
    "(?i)",
    "(?P<n>",
    "[",
    "]",
    "[^a-z]",
    "[[:alpha:]]",
    "|",
    "*",
    "+",
    "?",
    "{2}",
    "{2,}",
    "{0,50}",
    "\\d",
    "\\w",
    "\\b",
    "\\pL",
    "\\x{1F600}",
    "\\",
    "é",
    "{",
    "\\Q",
];

fn any<'a, T: ?Sized>(rng: &mut Rng, of: &[&'a T]) -> &'a T {
    of[rng.usize(..of.len())]
}

/// Mostly few, at times many.
fn count(rng: &mut Rng, few: usize, many: usize) -> usize {
    if rng.u8(..20) == 0 { rng.usize(..=many) } else { rng.usize(..=few) }
}

fn text(rng: &mut Rng) -> String {
    match rng.u8(..10) {
        0..6 => any(rng, &TEXTS).to_owned(),
        6 => (0..count(rng, 12, 400)).map(|_| rng.char(..)).collect(),
        7 => any(rng, &TEXTS).repeat(count(rng, 3, 600)),
        8 => format!("user-{}", rng.u8(..20)),
        _ => pattern(rng),
    }
}

fn pattern(rng: &mut Rng) -> String {
    (0..count(rng, 6, 120)).map(|_| any(rng, &PIECES)).collect()
}

fn number(rng: &mut Rng) -> Value {
    match rng.u8(..6) {
        0 => json!(rng.i64(..)),
        1 => json!(rng.u64(..)),
        2 => json!(rng.i8(..)),
        // What is not finite becomes null.
        3 => json!(f64::from_bits(rng.u64(..))),
        4 => json!(1_800_000_000_000_i64 + i64::from(rng.i8(..))),
        _ => json!(f64::from(rng.i32(..)) / 1000.0),
    }
}

fn value(rng: &mut Rng, depth: usize) -> Value {
    match rng.u8(..if depth == 0 { 7 } else { 10 }) {
        0 => Value::Null,
        1 => json!(rng.bool()),
        2 | 3 => number(rng),
        4..7 => json!(text(rng)),
        7 => json!({text(rng): value(rng, depth - 1)}),
        _ => (0..count(rng, 4, 60)).map(|_| value(rng, depth - 1)).collect(),
    }
}

fn list(rng: &mut Rng, one: impl Fn(&mut Rng) -> Value) -> Value {
    if rng.bool() { one(rng) } else { (0..count(rng, 4, 200)).map(|_| one(rng)).collect() }
}

fn operand(rng: &mut Rng, row: &Row) -> Value {
    if rng.u8(..100) == 0 {
        return value(rng, 2);
    }
    if rng.u8(..4) == 0 {
        return row.example.parse().expect("the example is JSON");
    }
    match row.operand() {
        OperandKind::Scalar => json!(text(rng)),
        OperandKind::Scalars => {
            list(rng, |rng| if rng.bool() { json!(text(rng)) } else { json!(rng.i8(..)) })
        }
        OperandKind::Number => json!(rng.i32(..)),
        OperandKind::Pattern => regex(rng),
        OperandKind::Version => {
            json!(format!("{}.{}.{}-rc.{}", rng.u8(..), rng.u8(..), rng.u8(..), rng.u8(..)))
        }
        OperandKind::Moment => json!(rng.i64(-8_640_000_000_000_000..8_640_000_000_000_000)),
        OperandKind::Nothing => Value::Null,
        OperandKind::Networks => list(rng, |rng| json!(format!("{}.0.0.0/{}", rng.u8(..), rng.u8(..=32)))),
        OperandKind::Segments => list(rng, |rng| json!(format!("s{}", rng.usize(..=SEGMENTS)))),
    }
}

/// Pieces hardly ever fit together; the first that do, or else any.
fn regex(rng: &mut Rng) -> Value {
    let tries: Vec<Value> = (0..8).map(|_| json!(pattern(rng))).collect();
    let fits = |text: &&Value| Operand::parse(Operator::MatchesRegex, text, Case::Sensitive).is_ok();
    tries.iter().find(fits).unwrap_or(&tries[0]).clone()
}

fn condition(rng: &mut Rng) -> Value {
    let row = &OPERATORS[rng.usize(..OPERATORS.len())];
    let mut condition = json!({"operator": row.name, "value": operand(rng, row)});
    if row.takes_attribute() {
        condition["attribute"] = json!(any(rng, &NAMES));
    }
    if row.folds_case() {
        condition["case_insensitive"] = json!(rng.u8(..3) == 0);
    }
    condition
}

fn conditions(rng: &mut Rng) -> Value {
    (0..count(rng, 3, 12)).map(|_| condition(rng)).collect()
}

/// Shares that sum to at most 100, of a hash that may know whole percents alone.
fn shares(rng: &mut Rng, step: u32) -> Value {
    let mut rest = 100_000 / step;
    let mut share = |variation: &str| {
        let taken = rng.u32(..=rest);
        rest -= taken;
        json!({"variation": variation, "percentage": f64::from(taken * step) / 1000.0})
    };
    json!([share("on"), share("off")])
}

fn flag(rng: &mut Rng, key: usize) -> Value {
    let (algorithm, step) = if rng.bool() { ("djb2", 1_000) } else { ("murmur3", 1) };
    let mut bucketing = json!({"algorithm": algorithm, "by": any(rng, &NAMES)});
    if rng.bool() {
        bucketing["salt"] = json!(format!("s{}", text(rng).chars().take(150).collect::<String>()));
    }
    let rules: Vec<Value> = (0..count(rng, 4, 30))
        .map(|_| {
            let mut rule = json!({"priority": rng.i8(-2..3), "conditions": conditions(rng)});
            if rng.bool() {
                rule["variation"] = json!("on");
            } else {
                rule["percentage_rollout"] = shares(rng, step);
            }
            rule
        })
        .collect();
    // Circles, and flags that are not there, included.
    let mut demanded: Vec<usize> = (0..count(rng, 1, 4)).map(|_| rng.usize(..=FLAGS)).collect();
    demanded.sort_unstable();
    demanded.dedup();
    let demand = |key| json!({"flag_key": format!("f{key}"), "variation_key": any(rng, &["on", "off"])});
    let demands: Vec<Value> = demanded.into_iter().map(demand).collect();
    json!({
        "key": format!("f{key}"), "name": "f", "flag_type": "boolean", "enabled": rng.u8(..10) > 0,
        "status": if rng.u8(..10) == 0 { "inactive" } else { "active" },
        "variations": [{"key": "on", "value": true}, {"key": "off", "value": false}],
        "default_variation": if rng.bool() { "on" } else { "off" },
        "bucketing": bucketing, "targeting_rules": rules, "prerequisites": demands,
    })
}

pub(super) fn flags(rng: &mut Rng) -> Vec<Value> {
    (0..FLAGS).map(|key| flag(rng, key)).collect()
}

fn user_keys(rng: &mut Rng) -> Vec<String> {
    let mut keys: Vec<String> = (0..count(rng, 3, 300)).map(|_| format!("user-{}", rng.u16(..20))).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

pub(super) fn segments(rng: &mut Rng) -> Vec<Value> {
    let segment = |key| {
        json!({
            "key": format!("s{key}"), "name": "s", "match": if rng.bool() { "all" } else { "any" },
            "conditions": conditions(rng), "included": user_keys(rng), "excluded": user_keys(rng),
        })
    };
    (0..SEGMENTS).map(segment).collect()
}

pub(super) fn context(rng: &mut Rng) -> Value {
    let mut attributes = Map::new();
    for _ in 0..count(rng, 8, 256) {
        let name = if rng.u8(..4) > 0 { any(rng, &NAMES).to_owned() } else { text(rng) };
        attributes.insert(name, value(rng, 3));
    }
    let mut context = json!({"attributes": attributes});
    for own in ["user_key", "user_id", "session_id"] {
        if rng.bool() {
            context[own] = json!(if rng.bool() { format!("user-{}", rng.u8(..20)) } else { text(rng) });
        }
    }
    context
}

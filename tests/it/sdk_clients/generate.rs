//! Flags and users, generated from a seed.

use fastrand::Rng;
use serde_json::{Value, json};

/// Every operator that is generated: those that the published SDKs know, and two that they do not.
pub(super) const OPERATORS: [&str; 11] = [
    "is",
    "is_not",
    "contains",
    "not_contains",
    "one_of",
    "not_one_of",
    "gt",
    "lt",
    "matches_regex",
    "version_gt",
    "version_lt",
];

/// A flag to be made.
pub(super) struct Generated {
    pub(super) key: String,
    /// The body of the request that makes it.
    pub(super) body: Value,
    /// What it becomes afterwards.
    pub(super) status: &'static str,
}

impl Generated {
    /// The rules.
    pub(super) fn rules(&self) -> &[Value] {
        self.body["targeting_rules"].as_array().expect("a list")
    }

    /// Whether it serves its default to everyone.
    pub(super) fn off(&self) -> bool {
        self.body["enabled"] == false || self.status != "active"
    }

    /// Whether it demands other flags.
    pub(super) fn demands(&self) -> bool {
        self.body["prerequisites"].as_array().is_some_and(|demands| !demands.is_empty())
    }

    /// Whether it has a rollout that the published SDKs cannot follow.
    pub(super) fn buckets_otherwise(&self) -> bool {
        let splits = self.rules().iter().any(|rule| rule.get("percentage_rollout").is_some());
        splits && self.body.get("bucketing").is_some()
    }

    /// Whether the published SDKs cannot compute it (A7).
    pub(super) fn beyond_sdks(&self) -> bool {
        let conditions = self.rules().iter().flat_map(|rule| rule["conditions"].as_array().expect("a list"));
        let operator = |condition: &Value| condition["operator"].as_str().expect("a name").to_owned();
        let mut versions = conditions.map(operator).filter(|operator| operator.starts_with("version"));
        self.off() || self.demands() || self.buckets_otherwise() || versions.next().is_some()
    }
}

/// Somebody who asks.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: Option<String>,
    pub(super) session: Option<String>,
    pub(super) attributes: Value,
}

fn one_of<'v, T>(random: &mut Rng, choices: &'v [T]) -> &'v T {
    &choices[random.usize(..choices.len())]
}

/// Flags, each of which may demand earlier ones.
pub(super) fn flags(random: &mut Rng, count: usize) -> Vec<Generated> {
    let mut flags: Vec<Generated> = Vec::with_capacity(count);
    for number in 0..count {
        let flag = flag(random, number, &flags);
        flags.push(flag);
    }
    flags
}

fn flag(random: &mut Rng, number: usize, earlier: &[Generated]) -> Generated {
    let key = format!("{}-{number}", one_of(random, &["nav", "search.ranker", "beta_x", "0"]));
    let (flag_type, variations) = variations(random);
    let keys: Vec<&str> = variations.iter().map(|it| it["key"].as_str().expect("a key")).collect();
    // Half a dozen kinds of flags; most are such as the SDKs compute.
    let kind = random.u8(0..20);
    let fine_buckets = kind == 1;
    let rules: Vec<Value> = (0..random.usize(0..5)).map(|_| rule(random, &keys, kind)).collect();
    let mut body = json!({
        "key": key, "name": format!("Flag {number}"), "flag_type": flag_type, "variations": variations,
        "default_variation": one_of(random, &keys), "enabled": kind != 2, "targeting_rules": rules,
        "tags": if random.bool() { json!(["web"]) } else { json!([]) },
    });
    if fine_buckets {
        body["bucketing"] = json!({"algorithm": "murmur3"});
    } else if kind == 3 {
        body["bucketing"] = json!({"algorithm": "djb2", "by": "country", "salt": "s"});
    }
    let needed: Vec<&Generated> = earlier.iter().filter(|flag| flag.status != "archived").collect();
    if (4..=5).contains(&kind) && !needed.is_empty() {
        let needed = one_of(random, &needed);
        // A chain would soon be too long.
        if !needed.demands() {
            let wanted = &one_of(random, needed.body["variations"].as_array().expect("a list"))["key"];
            body["prerequisites"] = json!([{"flag_key": needed.key, "variation_key": wanted}]);
        }
    }
    let status = match kind {
        6 => "inactive",
        // What nobody can demand any more may go.
        7 if random.bool() => "archived",
        _ => "active",
    };
    Generated { key, body, status }
}

fn variations(random: &mut Rng) -> (&'static str, Vec<Value>) {
    let flag_type = *one_of(random, &["boolean", "string", "number", "json"]);
    let value = |index: usize| match flag_type {
        "boolean" => json!(index == 0),
        "string" => json!(["red", "", "grün", "😀"][index]),
        "number" => [json!(10), json!(10.0), json!(-0.25), json!(9_007_199_254_740_991_i64)][index].clone(),
        _ => [json!({"z": 1, "a": [null, 1.0]}), json!([]), json!({}), json!(["x", {"y": false}])][index]
            .clone(),
    };
    let count = if flag_type == "boolean" { 2 } else { random.usize(1..=4) };
    let keys = ["on", "off", "Treatment_A", "v.3"];
    let make = |index: usize| json!({"key": keys[index], "name": keys[index], "value": value(index)});
    (flag_type, (0..count).map(make).collect())
}

fn rule(random: &mut Rng, keys: &[&str], kind: u8) -> Value {
    let conditions: Vec<Value> =
        (0..random.usize(0..3)).map(|_| condition(random, (8..=9).contains(&kind))).collect();
    let mut rule = json!({"priority": random.i32(-1..3), "conditions": conditions});
    if random.bool() {
        rule["variation"] = json!(one_of(random, keys));
        return rule;
    }
    let mut left = 100;
    let mut shares = Vec::new();
    for key in keys {
        let percentage = random.i32(0..=left);
        left -= percentage;
        // With murmur3 a share may be of thousandths.
        let fine = kind == 1 && percentage > 0;
        let percentage = if fine { json!(f64::from(percentage) - 0.125) } else { json!(percentage) };
        shares.push(json!({"variation": key, "percentage": percentage}));
    }
    rule["percentage_rollout"] = json!(shares);
    rule
}

/// A condition that some users meet; those of versions only where they are wanted.
fn condition(random: &mut Rng, versions: bool) -> Value {
    if versions && random.bool() {
        let operator = one_of(random, &OPERATORS[9..]);
        let value = one_of(random, &["1.2.0", "v2", "2.0.0-rc.1"]);
        return json!({"attribute": "app", "operator": operator, "value": value});
    }
    let attribute = *one_of(
        random,
        &[
            "plan",
            "country",
            "age",
            "email",
            "beta",
            "groups",
            "nobody-has-it",
            "user_key",
            "user_id",
            "userId",
            "session_id",
        ],
    );
    let scalars = [
        json!("pro"),
        json!("DE"),
        json!(42),
        json!("42"),
        json!(10.0),
        json!(true),
        json!(""),
        json!("u-3"),
        json!("staff"),
    ];
    let operator = *one_of(random, &OPERATORS[..9]);
    let value = match operator {
        "gt" | "lt" => one_of(random, &[json!(18), json!("42"), json!(-1.5), json!(0)]).clone(),
        "matches_regex" => {
            one_of(random, &["^p", "o$", "^u-[0-4]", "^[A-Z]{2}$", "", r"@example\.com$"]).to_owned().into()
        }
        "one_of" | "not_one_of" if random.bool() => {
            (0..random.usize(0..4)).map(|_| one_of(random, &scalars).clone()).collect()
        }
        _ => one_of(random, &scalars).clone(),
    };
    json!({"attribute": attribute, "operator": operator, "value": value})
}

/// Users with few and many attributes, of fitting and of odd types; some have only a session, some have nothing.
pub(super) fn users(random: &mut Rng, count: usize) -> Vec<User> {
    (0..count).map(|number| user(random, number)).collect()
}

fn user(random: &mut Rng, number: usize) -> User {
    let choices: [(&str, Vec<Value>); 6] = [
        ("plan", vec![json!("pro"), json!("PRO"), json!("free"), json!(null), json!("")]),
        ("country", vec![json!("DE"), json!("US"), json!("Österreich"), json!({"code": "DE"})]),
        ("age", vec![json!(42), json!("42"), json!(42.0), json!(17.5), json!("old"), json!(0), json!(-3)]),
        ("email", vec![json!("a@example.com"), json!("pro@other.example"), json!(42)]),
        ("beta", vec![json!(true), json!("true"), json!(false), json!(1)]),
        (
            "groups",
            vec![
                json!(["staff", "pro"]),
                json!([]),
                json!([42, null, true]),
                json!("staff"),
                json!([["pro"]]),
            ],
        ),
    ];
    let mut attributes = json!({});
    for (name, values) in choices {
        if random.u8(0..4) > 0 {
            attributes[name] = one_of(random, &values).clone();
        }
    }
    if random.bool() {
        attributes["app"] =
            one_of(random, &[json!("1.2.1"), json!("v2.0"), json!("2.0.0-beta"), json!("x")]).clone();
    }
    let id = match number % 10 {
        7 | 8 => None,
        _ => Some(one_of(random, &["u-", "user-", "José-", "😀"]).to_string() + &number.to_string()),
    };
    let session = (number % 10 == 8 || random.bool()).then(|| format!("s-{number}"));
    User { session: if number % 10 == 7 { None } else { session }, id, attributes }
}

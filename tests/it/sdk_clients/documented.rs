//! A client of the documented shape, written for the documented names: it reads `data`, and knows whether a flag is on
//! and all eleven operators.

use serde::Deserialize;
use serde_json::Value;

use super::generate::User;

#[derive(Deserialize)]
struct Ruleset {
    version: u64,
    flags: Vec<Flag>,
}

#[derive(Deserialize)]
struct Flag {
    key: String,
    enabled: bool,
    variations: Vec<Variation>,
    default_variation: String,
    targeting_rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Variation {
    key: String,
    value: Value,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    priority: i64,
    conditions: Vec<Condition>,
    variation: Option<String>,
    #[serde(default)]
    percentage_rollout: Vec<Share>,
}

#[derive(Deserialize)]
struct Share {
    variation: String,
    percentage: f64,
}

#[derive(Deserialize)]
struct Condition {
    attribute: String,
    operator: String,
    value: Value,
}

/// What it keeps of a ruleset.
pub(super) struct Rules(Vec<Flag>);

/// What it answers.
pub(super) struct Evaluation<'a> {
    pub(super) value: &'a Value,
    pub(super) variation_key: &'a str,
    pub(super) reason: &'static str,
    pub(super) rule_id: Option<&'a str>,
}

impl Rules {
    /// Reads a ruleset.
    pub(super) fn parse(body: &Value) -> Self {
        let ruleset: Ruleset = serde_json::from_value(body["data"].clone()).expect("the documented shape");
        assert!(ruleset.version > 0);
        let mut flags = ruleset.flags;
        for flag in &mut flags {
            flag.targeting_rules.sort_by_key(|rule| rule.priority);
        }
        Self(flags)
    }

    /// What a flag serves to a user who has a key.
    pub(super) fn evaluate(&self, key: &str, user: &User) -> Evaluation<'_> {
        let flag = self.0.iter().find(|flag| flag.key == key).expect("a known flag");
        if !flag.enabled {
            return flag.serve(&flag.default_variation, "DISABLED", None);
        }
        let user_key = user.id.as_deref().expect("a user with a key");
        for rule in &flag.targeting_rules {
            if !rule.conditions.iter().all(|condition| condition.holds(user)) {
                continue;
            }
            if let Some(variation) = &rule.variation {
                return flag.serve(variation, "TARGETING_RULE", Some(&rule.id));
            }
            let bucket = format!("{key}:{user_key}")
                .chars()
                .fold(5_381_u32, |hash, point| hash.wrapping_mul(33).wrapping_add(point.into()))
                % 100;
            let mut sum = 0.0;
            let first = rule.percentage_rollout.iter().find(|share| {
                sum += share.percentage;
                f64::from(bucket) < sum
            });
            if let Some(share) = first {
                return flag.serve(&share.variation, "PERCENTAGE_ROLLOUT", Some(&rule.id));
            }
        }
        flag.serve(&flag.default_variation, "DEFAULT", None)
    }
}

impl Flag {
    fn serve<'a>(&'a self, key: &str, reason: &'static str, rule_id: Option<&'a str>) -> Evaluation<'a> {
        let variation = self.variations.iter().find(|it| it.key == key).expect("a known variation");
        Evaluation { value: &variation.value, variation_key: &variation.key, reason, rule_id }
    }
}

impl Condition {
    fn holds(&self, user: &User) -> bool {
        let own = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
        let attribute = match self.attribute.as_str() {
            "user_key" | "user_id" | "userId" => own(&user.id),
            "session_id" => own(&user.session),
            name => user.attributes[name].clone(),
        };
        let test: fn(&str, &str) -> bool = match self.operator.as_str() {
            "is" | "is_not" | "one_of" | "not_one_of" => |found, wanted| found == wanted,
            "contains" | "not_contains" => |found, wanted| found.contains(wanted),
            "matches_regex" => |found, wanted| regex::Regex::new(wanted).unwrap().is_match(found),
            "gt" => |found, wanted| ordered(found, wanted, |left, right| left > right),
            "lt" => |found, wanted| ordered(found, wanted, |left, right| left < right),
            "version_gt" => |found, wanted| version(found).is_some_and(|it| it > version(wanted).unwrap()),
            "version_lt" => |found, wanted| version(found).is_some_and(|it| it < version(wanted).unwrap()),
            other => panic!("no operator is called {other}"),
        };
        // Numbers are compared as such only where they are numbers or text.
        let by_number = matches!(self.operator.as_str(), "gt" | "lt");
        let founds = list(&attribute);
        let mut founds =
            founds.iter().filter(|it| !(by_number && it.is_boolean())).filter_map(|it| print(it));
        let wanted: Vec<String> = list(&self.value).iter().filter_map(|it| print(it)).collect();
        let any = founds.any(|found| wanted.iter().any(|wanted| test(&found, wanted)));
        any != matches!(self.operator.as_str(), "is_not" | "not_contains" | "not_one_of")
    }
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |elements| elements.iter().collect())
}

fn print(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(format!("{}", number.as_f64().expect("a small number"))),
    }
}

fn ordered(found: &str, wanted: &str, test: fn(f64, f64) -> bool) -> bool {
    match (found.parse(), wanted.parse()) {
        (Ok(found), Ok(wanted)) => test(found, wanted),
        _ => false,
    }
}

/// A version as numbers, and what it is before: a release comes after all of its pre-releases.
fn version(text: &str) -> Option<([u64; 3], bool, String)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (numbers, before) = text.split_once('-').unwrap_or((text, ""));
    let mut parts = [0; 3];
    let mut given = numbers.split('.');
    for part in &mut parts {
        if let Some(number) = given.next() {
            *part = number.parse().ok()?;
        }
    }
    Some((parts, before.is_empty(), before.to_owned()))
}

//! A client as the published SDKs are: it reads the top level of the ruleset and evaluates by itself.

use serde_json::{Value, json};

use super::generate::User;

/// What it keeps of a ruleset.
pub(super) struct Sdk {
    flags: Vec<Value>,
}

impl Sdk {
    /// Reads a ruleset as strictly as a typed language would.
    pub(super) fn parse(ruleset: &Value) -> Self {
        assert!(ruleset["version"].is_string(), "the version is a string at the top level");
        let flags = ruleset["flags"].as_array().expect("a list of flags").clone();
        for flag in &flags {
            for text in ["id", "key", "name", "flag_type", "environment", "default_variation_id"] {
                assert!(flag[text].is_string(), "{text} of {flag}");
            }
            assert_eq!(flag["status"], "active");
            for rule in flag["targeting_rules"].as_array().expect("a list of rules") {
                assert!(rule["priority"].is_i64(), "{rule}");
                for share in rule["percentage_rollout"]["variations"].as_array().into_iter().flatten() {
                    assert!(share["weight"].is_i64(), "{rule}");
                }
            }
        }
        Self { flags }
    }

    /// What a flag serves to a user, as the SDKs report it.
    pub(super) fn evaluate(&self, key: &str, user: &User) -> Value {
        let flag = self.flags.iter().find(|flag| flag["key"] == key).expect("a known flag");
        let mut rules: Vec<&Value> = flag["targeting_rules"].as_array().into_iter().flatten().collect();
        rules.sort_by_key(|rule| rule["priority"].as_i64());
        for rule in rules {
            let mut conditions = rule["conditions"].as_array().into_iter().flatten();
            if !conditions.all(|condition| matches(condition, user)) {
                continue;
            }
            if let Some(id) = rule["variation_id"].as_str() {
                return answer(flag, id, "targeting_match");
            }
            let shares = rule["percentage_rollout"]["variations"].as_array().expect("a rollout");
            let Some(bucket) = user_key(user).map(|user| bucket(key, user)) else { continue };
            let mut end = 0;
            for share in shares {
                end += share["weight"].as_i64().expect("a weight");
                if bucket < end {
                    return answer(
                        flag,
                        share["variation_id"].as_str().expect("an id"),
                        "percentage_rollout",
                    );
                }
            }
        }
        answer(flag, flag["default_variation_id"].as_str().expect("an id"), "default")
    }
}

fn answer(flag: &Value, id: &str, reason: &str) -> Value {
    let mut variations = flag["variations"].as_array().into_iter().flatten();
    let variation = variations.find(|variation| variation["id"] == id).expect("a known variation");
    json!({
        "flag_key": flag["key"], "variation_id": id, "variation_key": variation["key"],
        "value": variation["value"], "reason": reason,
    })
}

/// The user's id, else that of the session.
fn user_key(user: &User) -> Option<&str> {
    user.id.as_deref().or(user.session.as_deref())
}

/// DJB2 of the code points, modulo 100.
fn bucket(flag: &str, user: &str) -> i64 {
    let mut hash: u64 = 5_381;
    for point in format!("{flag}:{user}").chars() {
        hash = (hash * 33 + u64::from(u32::from(point))) % (1 << 32);
    }
    i64::try_from(hash % 100).expect("a small number")
}

fn matches(condition: &Value, user: &User) -> bool {
    let name = condition["attribute"].as_str().expect("a name");
    let attribute = match name {
        "user_key" => user_key(user).map(Value::from),
        "user_id" | "userId" => user.id.clone().map(Value::from),
        "session_id" => user.session.clone().map(Value::from),
        _ => user.attributes.get(name).cloned(),
    };
    let (positive, negated) = match condition["operator"].as_str().expect("an operator") {
        "is_not" => ("is", true),
        "not_contains" => ("contains", true),
        "not_one_of" => ("one_of", true),
        other => (other, false),
    };
    let Some(attribute) = attribute.filter(|value| !value.is_null()) else { return negated };
    let elements = attribute.as_array().cloned().unwrap_or_else(|| vec![attribute]);
    let any = elements.iter().any(|element| holds(positive, element, &condition["value"]));
    any != negated
}

fn holds(operator: &str, element: &Value, operand: &Value) -> bool {
    match operator {
        "is" => text(element).is_some_and(|found| Some(found) == text(operand)),
        "contains" => text(element).zip(text(operand)).is_some_and(|(found, part)| found.contains(&part)),
        "one_of" => {
            let wanted = operand.as_array().cloned().unwrap_or_else(|| vec![operand.clone()]);
            text(element).is_some_and(|found| wanted.iter().filter_map(text).any(|text| text == found))
        }
        "gt" => number(element).zip(number(operand)).is_some_and(|(left, right)| left > right),
        "lt" => number(element).zip(number(operand)).is_some_and(|(left, right)| left < right),
        "matches_regex" => {
            let pattern = regex::Regex::new(operand.as_str().expect("a pattern")).expect("a sound pattern");
            text(element).is_some_and(|found| pattern.is_match(&found))
        }
        unknown => panic!("a published SDK does not know {unknown}"),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        // As JavaScript prints it: 10.0 is 10.
        Value::Number(number) => Some(number.to_string().trim_end_matches(".0").to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

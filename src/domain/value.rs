//! Values of variations: JSON, since JSON is what a flag's value is. The one file of this layer that knows `serde_json`.

use super::flag::FlagType;

/// Any JSON value. Object members keep their order, and `10.0` stays a float.
pub type Value = serde_json::Value;

/// Bytes of one value in its JSON text, at most.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Lists and objects inside each other, at most.
pub const MAX_VALUE_DEPTH: usize = 10;
/// The largest whole number that every JSON reader keeps exactly: 2^53 - 1.
pub const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Checks that `value` is neither too large nor too deep, whatever the flag; the error says what it must be.
pub fn check_size(value: &Value) -> Result<(), String> {
    if depth(value) > MAX_VALUE_DEPTH {
        return Err(format!("must be nested at most {MAX_VALUE_DEPTH} deep"));
    }
    if value.to_string().len() > MAX_VALUE_BYTES {
        return Err(format!("must be at most {MAX_VALUE_BYTES} bytes of JSON"));
    }
    Ok(())
}

/// Checks that `value` may be served by a flag of type `flag_type` (contract A5); the error says what it must be.
pub fn check_type(flag_type: FlagType, value: &Value) -> Result<(), &'static str> {
    let fits = match flag_type {
        FlagType::Boolean => value.is_boolean(),
        FlagType::String => value.is_string(),
        FlagType::Number => value.as_f64().is_some_and(is_exact),
        FlagType::Json => value.is_object() || value.is_array(),
    };
    let rule = match flag_type {
        FlagType::Boolean => "must be true or false, as the flag is boolean",
        FlagType::String => "must be a string, as the flag's type says",
        FlagType::Number => "must be a finite number, and a whole one within 2^53 - 1 of zero",
        FlagType::Json => "must be an object or an array, as the flag's type is json",
    };
    if fits { Ok(()) } else { Err(rule) }
}

fn is_exact(number: f64) -> bool {
    number.is_finite() && (number.fract() != 0.0 || number.abs() <= MAX_SAFE_INTEGER)
}

/// How many lists and objects enclose the innermost value of `value`, itself included.
///
/// Recursion is bounded: a JSON reader refuses more than 128 levels before a value gets here.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// What kind of JSON a value is, with its article, for messages.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// `{}`.
pub fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}

/// Reads stored JSON text; `None` if it is damaged.
pub fn from_text(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_fit_their_type() {
        let fits = |flag_type, value: Value| check_type(flag_type, &value).is_ok();
        assert!(fits(FlagType::Boolean, json!(true)) && !fits(FlagType::Boolean, json!("true")));
        assert!(fits(FlagType::String, json!("")) && !fits(FlagType::String, json!(null)));
        assert!(
            fits(FlagType::Number, json!(-9_007_199_254_740_991_i64)) && fits(FlagType::Number, json!(0.1))
        );
        assert!(
            !fits(FlagType::Number, json!(9_007_199_254_740_992_i64))
                && !fits(FlagType::Number, json!(1e300))
        );
        assert!(
            fits(FlagType::Json, json!([]))
                && fits(FlagType::Json, json!({}))
                && !fits(FlagType::Json, json!(1))
        );
    }

    #[test]
    fn size_and_depth_have_edges() {
        let mut nested = json!([]);
        for _ in 1..MAX_VALUE_DEPTH {
            nested = json!([nested]);
        }
        assert!(check_size(&nested).is_ok());
        assert!(check_size(&json!([nested])).is_err());
        let text = |bytes: usize| Value::String("x".repeat(bytes - 2));
        assert!(check_size(&text(MAX_VALUE_BYTES)).is_ok());
        assert!(check_size(&text(MAX_VALUE_BYTES + 1)).is_err());
    }
}

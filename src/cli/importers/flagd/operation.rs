//! The operations that compare.

use serde_json::Value;

use super::logic::{Logic, Variable};
use crate::{
    cli::importers::{formula::Formula, node::Node, note::Refusal},
    domain::operator::{Case, Operand, Operator},
};

/// Whether an operation of this name is true or false.
pub(super) fn is_test(name: &str) -> bool {
    const TESTS: &[&str] = &[
        "==",
        "===",
        "!=",
        "!==",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "starts_with",
        "ends_with",
        "sem_ver",
        "!",
        "!!",
    ];
    TESTS.contains(&name)
}

/// For whom a comparison holds.
pub(super) fn read<'v>(
    logic: &mut Logic<'_, 'v>,
    node: &Node<'v>,
    name: &str,
    operands: &[Node<'v>],
) -> Result<Formula, Refusal> {
    match (name, operands) {
        ("==" | "===", [left, right]) => equal(logic, left, right),
        ("!=" | "!==", [left, right]) => Ok(Formula::not(equal(logic, left, right)?)),
        ("<" | "<=" | ">" | ">=", [left, right]) => ordered(logic, name, left, right),
        ("<" | "<=", [low, middle, high]) => {
            Ok(Formula::all([ordered(logic, name, low, middle)?, ordered(logic, name, middle, high)?]))
        }
        ("in", [needle, haystack]) => inside(logic, needle, haystack),
        ("starts_with", [text, part]) => affix(logic, Operator::StartsWith, text, part),
        ("ends_with", [text, part]) => affix(logic, Operator::EndsWith, text, part),
        ("sem_ver", [version, relation, other]) => versions(logic, version, relation, other),
        _ => Err(node.refuse(format!("'{name}' is an operation that no condition can say"))),
    }
}

fn equal<'v>(logic: &mut Logic<'_, 'v>, left: &Node<'v>, right: &Node<'v>) -> Result<Formula, Refusal> {
    let (variable, literal) = match (logic.read_variable(left)?, logic.read_variable(right)?) {
        (Some(variable), None) => (variable, right),
        (None, Some(variable)) => (variable, left),
        (Some(_), Some(_)) | (None, None) => {
            return Err(left.refuse("is not compared with a value, or the other way round"));
        }
    };
    match (variable, literal.value) {
        (_, Value::Array(_) | Value::Object(_)) => Err(literal.refuse("is no value to compare with")),
        (Variable::Timestamp, _) => Err(literal.refuse("is one moment of which no rule can tell")),
        (Variable::FlagKey, value) if *value == *logic.flag => Ok(Formula::Always),
        (Variable::FlagKey, _) => Ok(Formula::Never),
        (Variable::Attribute(name), Value::Null) => Ok(Formula::not(Formula::exists(&name))),
        (Variable::Attribute(name), value) => Ok(Formula::test(&name, Operator::Is, value.clone())),
    }
}

fn ordered<'v>(
    logic: &mut Logic<'_, 'v>,
    name: &str,
    left: &Node<'v>,
    right: &Node<'v>,
) -> Result<Formula, Refusal> {
    let (variable, literal, turned) = match (logic.read_variable(left)?, logic.read_variable(right)?) {
        (Some(variable), None) => (variable, right, false),
        (None, Some(variable)) => (variable, left, true),
        (Some(_), Some(_)) | (None, None) => {
            return Err(left.refuse("is not compared with a number, or the other way round"));
        }
    };
    let operator = match (name, turned) {
        ("<", false) | (">", true) => Operator::Lt,
        ("<=", false) | (">=", true) => Operator::Lte,
        (">", false) | ("<", true) => Operator::Gt,
        _ => Operator::Gte,
    };
    let attribute = match variable {
        Variable::Attribute(attribute) => attribute,
        Variable::Timestamp => return moment(operator, literal),
        Variable::FlagKey => return Err(left.refuse("compares the name of the flag")),
    };
    if Operand::parse(operator, literal.value, Case::Sensitive).is_err() {
        return Err(literal.refuse("is no number to compare with"));
    }
    let message = format!(
        "numbers compared with `{attribute}` do not match where it is missing, which counts as 0 in places"
    );
    logic.tell(literal, message);
    Ok(Formula::test(&attribute, operator, literal.value.clone()))
}

/// flagd counts whole seconds, and this server milliseconds.
fn moment(operator: Operator, literal: &Node<'_>) -> Result<Formula, Refusal> {
    let seconds = literal.value.as_i64().ok_or_else(|| literal.refuse("is no whole number of seconds"))?;
    let millis = |seconds: i64| seconds.checked_mul(1000).ok_or_else(|| literal.refuse("is no moment"));
    let next = millis(seconds.checked_add(1).ok_or_else(|| literal.refuse("is no moment"))?)?;
    let (operator, bound) = match operator {
        Operator::Lt => (Operator::Before, millis(seconds)?),
        Operator::Lte => (Operator::Before, next),
        Operator::Gt => (Operator::After, next - 1),
        _ => (Operator::After, millis(seconds)? - 1),
    };
    if Operand::parse(operator, &Value::from(bound), Case::Sensitive).is_err() {
        return Err(literal.refuse("is no moment"));
    }
    Ok(Formula::test("$now", operator, bound))
}

fn inside<'v>(logic: &mut Logic<'_, 'v>, needle: &Node<'v>, haystack: &Node<'v>) -> Result<Formula, Refusal> {
    if let Value::Array(values) = haystack.value {
        let attribute = logic.variable(needle)?;
        if values.iter().any(|value| value.is_null() || value.is_array() || value.is_object()) {
            return Err(haystack.refuse("has something else in it than texts, numbers and booleans"));
        }
        return Ok(match values.as_slice() {
            [] => Formula::Never,
            [one] => Formula::test(&attribute, Operator::Is, one.clone()),
            _ => Formula::test(&attribute, Operator::OneOf, values.clone()),
        });
    }
    if haystack.value.is_string() {
        return Err(
            haystack.refuse("is a text of which an attribute is to be a part, which no condition can say")
        );
    }
    let attribute = logic.variable(haystack)?;
    let part = needle.text()?;
    let message = format!(
        "`{attribute}` contains '{part}' also if it is a list with an element of which that is a part"
    );
    logic.tell(needle, message);
    Ok(Formula::test(&attribute, Operator::Contains, part))
}

fn affix<'v>(
    logic: &mut Logic<'_, 'v>,
    operator: Operator,
    text: &Node<'v>,
    part: &Node<'v>,
) -> Result<Formula, Refusal> {
    Ok(Formula::test(&logic.variable(text)?, operator, part.text()?))
}

fn versions<'v>(
    logic: &mut Logic<'_, 'v>,
    version: &Node<'v>,
    relation: &Node<'v>,
    other: &Node<'v>,
) -> Result<Formula, Refusal> {
    let attribute = logic.variable(version)?;
    let text = other.text()?;
    let is = |operator, text: String| Formula::test(&attribute, operator, text);
    if Operand::parse(Operator::VersionEq, other.value, Case::Sensitive).is_err() {
        return Err(other.refuse("is no semantic version"));
    }
    // The lowest version of a range is its first pre-release.
    let between = |low: String, high: Option<String>| {
        let high = high.ok_or_else(|| other.refuse("is no semantic version"))?;
        Ok(Formula::all([is(Operator::VersionGte, low + "-0"), is(Operator::VersionLt, high + "-0")]))
    };
    let [major, minor] = parts(text).ok_or_else(|| other.refuse("is no semantic version"))?;
    Ok(match relation.text()? {
        "=" => is(Operator::VersionEq, text.to_owned()),
        "!=" => {
            Formula::any([is(Operator::VersionLt, text.to_owned()), is(Operator::VersionGt, text.to_owned())])
        }
        "<" => is(Operator::VersionLt, text.to_owned()),
        "<=" => is(Operator::VersionLte, text.to_owned()),
        ">" => is(Operator::VersionGt, text.to_owned()),
        ">=" => is(Operator::VersionGte, text.to_owned()),
        "^" => {
            let next = major.checked_add(1).map(|next| format!("{next}.0.0"));
            return between(format!("{major}.0.0"), next);
        }
        "~" => {
            let next = minor.checked_add(1).map(|next| format!("{major}.{next}.0"));
            return between(format!("{major}.{minor}.0"), next);
        }
        name => return Err(relation.refuse(format!("'{name}' is no relation of versions"))),
    })
}

/// The major and the minor version; what is missing is 0.
fn parts(text: &str) -> Option<[u64; 2]> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let core = text.split(['-', '+']).next()?;
    let mut parts = core.split('.').map(str::parse);
    Some([parts.next()?.ok()?, parts.next().unwrap_or(Ok(0)).ok()?])
}

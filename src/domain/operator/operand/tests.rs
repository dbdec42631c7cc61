//! Operands: what is one, and what it compares equal to.

use super::*;
use crate::domain::context::Attribute;

fn json(text: &str) -> Value {
    text.parse().expect("it is JSON")
}

fn parse(name: &str, value: &Value) -> Result<Operand, OperandError> {
    Operand::parse(Operator::parse(name).expect("an operator"), value, Case::Sensitive)
}

fn holds(name: &str, value: &Value, attribute: &Attribute<'_>) -> bool {
    parse(name, value).expect("an operand").holds(Some(attribute.view()))
}

#[test]
fn operands_of_the_wrong_type_are_faults_of_shape() {
    let (null, list, object) = (json("null"), json(r#"["a"]"#), json("{}"));
    for row in crate::domain::operator::OPERATORS {
        let outcome = Operand::parse(row.operator, &object, Case::Sensitive);
        assert!(matches!(outcome, Err(OperandError::Shape(_))), "{}", row.name);
        let outcome = Operand::parse(row.operator, &null, Case::Sensitive);
        assert_eq!(outcome.is_ok(), row.operand() == OperandKind::Nothing, "{}", row.name);
        let listed = Operand::parse(row.operator, &list, Case::Sensitive);
        let takes_lists =
            matches!(row.operand(), OperandKind::Scalars | OperandKind::Networks | OperandKind::Segments);
        assert_eq!(matches!(listed, Err(OperandError::Shape(_))), !takes_lists, "{}", row.name);
    }
    for (name, value) in [
        ("gt", json("true")),
        ("matches_regex", json("1")),
        ("version_gt", json("1.2")),
        ("one_of", json(r#"["a", null]"#)),
        ("one_of", json(r#"[["a"]]"#)),
        ("exists", json("true")),
        ("before", json("true")),
        ("in_cidr", json("[1]")),
    ] {
        assert!(matches!(parse(name, &value), Err(OperandError::Shape(_))), "{name} {value}");
    }
}

#[test]
fn operands_that_mean_nothing_are_faults_of_meaning() {
    for (name, value) in [
        ("gt", Value::from("ten")),
        ("lt", Value::from("")),
        ("lt", Value::from("NaN")),
        ("gt", Value::from("1e999")),
        ("version_lt", Value::from("one")),
        ("matches_regex", Value::from("(")),
        ("before", Value::from("tomorrow")),
        ("after", json("1e300")),
        ("in_cidr", Value::from("10.0.0.0/33")),
        ("in_cidr", json(r#"["10.0.0.0/8", "x"]"#)),
        ("matches_regex", Value::from("(?=a)")),
        ("matches_regex", Value::from("x{1000}{1000}")),
        ("matches_regex", Value::from("(".repeat(100) + &")".repeat(100))),
    ] {
        let outcome = parse(name, &value);
        assert!(matches!(outcome, Err(OperandError::Meaning(_))), "{name} {value}: {outcome:?}");
    }
    let Err(OperandError::Meaning(message)) = parse("matches_regex", &Value::from("a(b")) else { panic!() };
    assert_eq!(message, "is not a usable regular expression: unclosed group");
}

#[test]
fn limits_have_edges() {
    let list = |length: usize| Value::from((0..length).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(parse("one_of", &list(MAX_LIST_VALUES)).is_ok());
    assert!(matches!(parse("one_of", &list(MAX_LIST_VALUES + 1)), Err(OperandError::Shape(_))));
    assert!(parse("matches_regex", &Value::from("é".repeat(MAX_PATTERN_CHARS))).is_ok());
    let long = Value::from("é".repeat(MAX_PATTERN_CHARS + 1));
    assert!(matches!(parse("matches_regex", &long), Err(OperandError::Meaning(_))));
}

#[test]
fn lists_are_searched_alike_whether_short_or_long() {
    for length in [0, 1, FEW, FEW + 1, MAX_LIST_VALUES] {
        let list = Value::from((0..length).collect::<Vec<_>>());
        assert!(!holds("one_of", &list, &Attribute::Integer(-1)));
        assert!(holds("not_one_of", &list, &Attribute::Integer(-1)));
        if let Some(last) = length.checked_sub(1) {
            assert!(holds("one_of", &list, &Attribute::from(last.to_string().as_str())));
        }
    }
}

#[test]
fn a_long_subject_is_cut_between_characters() {
    let subject = "é".repeat(MAX_SUBJECT_CHARS - 1) + "az";
    let subject = Attribute::from(subject.as_str());
    assert!(holds("matches_regex", &Value::from("a$"), &subject));
    assert!(!holds("matches_regex", &Value::from("z"), &subject));
}

#[test]
fn useful_patterns_stay_within_the_size_limit() {
    for pattern in
        [r"^[\w.+-]+@[\w-]+\.[\w.]+$", r"(?i)^\p{L}{1,10}$", r"^\d{4}-\d{2}-\d{2}T", r"(?i)^(alpha|beta)\b"]
    {
        assert!(parse("matches_regex", &Value::from(pattern)).is_ok(), "{pattern}");
    }
}

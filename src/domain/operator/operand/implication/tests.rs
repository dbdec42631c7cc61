//! What is said to follow does follow, tried on everything that could show otherwise.

use super::*;
use crate::domain::{
    context::Attribute,
    operator::{OPERATORS, Operator},
    value::Value,
};

fn operand(name: &str, value: &Value, case: Case) -> Operand {
    Operand::parse(Operator::parse(name).expect("an operator"), value, case).expect("an operand")
}

/// Operands that are alike enough to have to do with each other, of every operator on attributes.
fn operands() -> Vec<Operand> {
    let json = |text: &str| -> Value { text.parse().expect("JSON") };
    let texts = ["\"42\"", "\"4\"", "\"Pro\"", "\"pro\"", "\"\"", "true", "\"10.0.0.0\"", "1e3"].map(json);
    let lists =
        ["[]", "[\"42\", 4]", "[\"pro\", \"Pro\", \"42\", 1, 2, 3, 4, 5, 6]", "[true, \"pro\"]"].map(json);
    let numbers = ["4", "42", "42.5", "9007199254740992", "9007199254740993", "9007199254740992.0", "-0.0"];
    let versions = ["\"4\"", "\"42.0.0\"", "\"42.0.0-rc.1\""].map(json);
    let networks = [
        "[]",
        "\"10.0.0.0\"",
        "[\"10.0.0.0/8\", \"192.0.2.0/24\"]",
        "\"0.0.0.0/0\"",
        "[\"::/0\"]",
        "\"::ffff:10.0.0.0/104\"",
    ];
    let mut found = Vec::new();
    for row in OPERATORS {
        use crate::domain::operator::OperandKind as Kind;
        let values: Vec<Value> = match row.operand() {
            Kind::Scalar => texts.to_vec(),
            Kind::Scalars => texts.iter().chain(&lists).cloned().collect(),
            Kind::Number | Kind::Moment => numbers.map(json).to_vec(),
            Kind::Pattern => ["\"42\"", "\"(?i)pro\"", "\"pro\""].map(json).to_vec(),
            Kind::Version => versions.to_vec(),
            Kind::Nothing => vec![Value::Null],
            Kind::Networks => networks.map(json).to_vec(),
            Kind::Segments => Vec::new(),
        };
        let cases: &[Case] =
            if row.folds_case() { &[Case::Sensitive, Case::Insensitive] } else { &[Case::Sensitive] };
        for case in cases {
            let parsed = values.iter().filter_map(|value| Operand::parse(row.operator, value, *case).ok());
            found.extend(parsed);
        }
    }
    found
}

fn scalars() -> Vec<Attribute<'static>> {
    let texts = [
        "",
        "42",
        "4",
        "142",
        "Pro",
        "pro",
        "PRO",
        "prod",
        "apro",
        "true",
        "10.0.0.0",
        "10.1.0.0",
        "192.0.2.7",
        "1000",
        "42.0.0",
        "42.0.0-rc.1",
        "v42",
        "1e3",
        "9007199254740992",
        "9007199254740993",
        "x",
        "::1",
        "::ffff:10.0.0.1",
    ];
    let mut values: Vec<Attribute<'_>> = texts.map(Attribute::from).to_vec();
    values.extend(
        [0, 3, 4, 5, 42, 43, 1_000, 9_007_199_254_740_992, 9_007_199_254_740_993].map(Attribute::Integer),
    );
    values
        .extend([0.0, 4.0, 42.0, 42.5, 42.75, 1e3, 9_007_199_254_740_992.0, f64::NAN].map(Attribute::Float));
    values.extend([Attribute::Bool(true), Attribute::Bool(false), Attribute::Null, Attribute::Object]);
    values
}

/// Nothing, every scalar, and lists of up to two of them.
fn attributes() -> Vec<Option<Attribute<'static>>> {
    let scalars = scalars();
    let mut found: Vec<_> = scalars.iter().cloned().map(Some).chain([None]).collect();
    found.push(Some(Attribute::List(Vec::new())));
    for first in &scalars {
        for second in &scalars {
            found.push(Some(Attribute::List(vec![first.clone(), second.clone()])));
        }
    }
    found
}

#[test]
fn what_follows_holds_and_what_contradicts_never_does() {
    let (operands, attributes) = (operands(), attributes());
    let verdicts: Vec<Vec<bool>> = operands
        .iter()
        .map(|it| attributes.iter().map(|value| it.holds(value.as_ref().map(Attribute::view))).collect())
        .collect();
    let (mut implied, mut contradicted) = (0, 0);
    for (left, of_left) in operands.iter().zip(&verdicts) {
        assert!(left.implies(left), "{left:?}");
        let never = of_left.iter().all(|holds| !holds);
        let always = of_left.iter().all(|holds| *holds);
        assert!(!left.admits_nothing() || if left.negated { always } else { never }, "{left:?}");
        for (right, of_right) in operands.iter().zip(&verdicts) {
            let mut both = of_left.iter().zip(of_right);
            if left.implies(right) {
                implied += 1;
                assert!(both.clone().all(|(left, right)| !left || *right), "{left:?} and {right:?}");
            }
            if left.contradicts(right) {
                contradicted += 1;
                assert!(right.contradicts(left));
                assert!(!both.any(|(left, right)| *left && *right), "{left:?} and {right:?}");
            }
        }
    }
    // Far more than what follows from itself.
    assert!(implied > 5 * operands.len() && contradicted > operands.len(), "{implied} {contradicted}");
}

#[test]
fn two_operators_that_no_number_passes_are_apart() {
    let moments = [-1_i64, 0, 3, 4, 5, 41, 42, 43, 9_007_199_254_740_992, 9_007_199_254_740_993];
    let operands = operands();
    let mut apart = 0;
    for left in &operands {
        for right in operands.iter().filter(|right| left.contradicts_for_a_number(right)) {
            apart += 1;
            for moment in moments.map(|it| Some(AttributeView::Integer(it))) {
                assert!(!(left.holds(moment) && right.holds(moment)), "{left:?} and {right:?} at {moment:?}");
            }
        }
    }
    assert!(apart > 20, "{apart}");
}

#[test]
fn what_people_write_is_understood() {
    let (sensitive, insensitive) = (Case::Sensitive, Case::Insensitive);
    let text = |name: &str, value: &str, case| operand(name, &Value::from(value), case);
    let list = |name: &str, values: &[&str]| {
        operand(name, &values.iter().copied().map(Value::from).collect(), sensitive)
    };
    for (narrow, wide) in [
        (text("is", "DE", sensitive), list("one_of", &["AT", "DE"])),
        (text("is", "ada@example.com", sensitive), text("ends_with", "@EXAMPLE.com", insensitive)),
        (text("starts_with", "eu-west", sensitive), text("contains", "eu-", sensitive)),
        (text("is", "10.1.2.3", sensitive), list("in_cidr", &["10.0.0.0/8"])),
        (list("in_cidr", &["10.1.0.0/16"]), list("in_cidr", &["192.0.2.0/24", "10.0.0.0/8"])),
        (text("gt", "18", sensitive), text("gte", "18", sensitive)),
        (text("version_eq", "2.1", sensitive), text("version_lt", "2.2.0-rc.1", sensitive)),
        (text("is", "12", sensitive), text("gt", "3", sensitive)),
        (list("in_segment", &["a"]), list("in_segment", &["b", "a"])),
        (text("is", "x", sensitive), operand("exists", &Value::Null, sensitive)),
        (list("not_one_of", &["AT", "DE"]), text("is_not", "DE", sensitive)),
    ] {
        assert!(narrow.implies(&wide) && !wide.implies(&narrow), "{narrow:?} and {wide:?}");
    }
    for (one, other) in [
        (text("is", "pro", sensitive), text("is_not", "PRO", insensitive)),
        (list("in_segment", &["a"]), list("not_in_segment", &["a", "b"])),
        (text("before", "2027-01-01T00:00:00Z", sensitive), operand("not_exists", &Value::Null, sensitive)),
    ] {
        assert!(one.contradicts(&other), "{one:?} and {other:?}");
    }
    // A list can have an element for each.
    assert!(!text("is", "a", sensitive).contradicts(&text("is", "b", sensitive)));
    assert!(!text("gt", "5", sensitive).contradicts(&text("lt", "3", sensitive)));
}

#[test]
fn what_is_folded_folds_to_itself() {
    // Operands are kept folded, and compared with what reads them as if they were a context's.
    for character in '\0'..=char::MAX {
        let lower: String = character.to_lowercase().collect();
        assert!(lower.chars().flat_map(char::to_lowercase).eq(lower.chars()), "{character:?}");
    }
}

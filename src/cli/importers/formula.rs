//! Conditions of any shape. Other products nest "and", "or" and "not"; here a rule has conditions that must all hold,
//! and a segment may ask for any of its own. A formula is simplified while it is made; what a rule cannot say by
//! itself is then said by a segment that it asks for (see [`Draft::conditions`](super::draft::Draft::conditions)).

use serde_json::{Value, json};

use crate::{
    domain::operator::{Case, Operator},
    http::wire::rule::ConditionBody,
};

/// Who is meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    /// Everybody.
    Always,
    /// Nobody.
    Never,
    /// Whom one condition holds for.
    Test(Test),
    /// Whom all of these hold for; at least two.
    All(Vec<Self>),
    /// Whom any of these holds for; at least two.
    Any(Vec<Self>),
    /// Everybody else. What is inside cannot be turned around by itself.
    Not(Box<Self>),
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Test {
    pub(super) attribute: Option<String>,
    pub(super) operator: Operator,
    pub(super) value: Option<Value>,
    pub(super) case: Case,
}

impl From<Test> for ConditionBody {
    fn from(test: Test) -> Self {
        let case_insensitive = (test.case == Case::Insensitive).then_some(true);
        Self { attribute: test.attribute, operator: test.operator, value: test.value, case_insensitive }
    }
}

impl Formula {
    /// An attribute compared with a value.
    pub(super) fn test(attribute: &str, operator: Operator, value: impl Into<Value>) -> Self {
        Self::cased(attribute, operator, value, Case::Sensitive)
    }

    /// The same, in which upper and lower case count or not.
    pub(super) fn cased(attribute: &str, operator: Operator, value: impl Into<Value>, case: Case) -> Self {
        Self::Test(Test { attribute: Some(attribute.to_owned()), operator, value: Some(value.into()), case })
    }

    /// An attribute equal to one of several texts.
    pub(super) fn one_of<'t>(attribute: &str, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let texts: Vec<_> = texts.into_iter().collect();
        match texts.as_slice() {
            [] => Self::Never,
            [one] => Self::test(attribute, Operator::Is, *one),
            several => Self::test(attribute, Operator::OneOf, json!(several)),
        }
    }

    /// The context has the attribute.
    pub(super) fn exists(attribute: &str) -> Self {
        let attribute = Some(attribute.to_owned());
        Self::Test(Test { attribute, operator: Operator::Exists, value: None, case: Case::Sensitive })
    }

    /// The context is in the segment.
    pub(super) fn in_segment(key: &str) -> Self {
        let (operator, value) = (Operator::InSegment, Some(Value::from(key)));
        Self::Test(Test { attribute: None, operator, value, case: Case::Sensitive })
    }

    /// All of these.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut found = Vec::new();
        for part in parts {
            match part {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::All(inner) => found.extend(inner),
                other => found.push(other),
            }
        }
        match found.len() {
            0 => Self::Always,
            1 => found.swap_remove(0),
            _ => Self::All(found),
        }
    }

    /// Any of these.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut found = Vec::new();
        for part in parts {
            match part {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Any(inner) => found.extend(inner),
                other => found.push(other),
            }
        }
        match found.len() {
            0 => Self::Never,
            1 => found.swap_remove(0),
            _ => Self::Any(found),
        }
    }

    /// Everybody whom `inner` does not mean, a missing attribute included.
    pub(super) fn not(inner: Self) -> Self {
        match inner {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Not(inner) => *inner,
            Self::Test(test) => match opposite(test.operator) {
                Some(operator) => Self::Test(Test { operator, ..test }),
                None => Self::Not(Box::new(Self::Test(test))),
            },
            inner @ (Self::All(_) | Self::Any(_)) => Self::Not(Box::new(inner)),
        }
    }
}

/// The operator that holds exactly where this one does not.
fn opposite(operator: Operator) -> Option<Operator> {
    let pairs = [
        (Operator::Is, Operator::IsNot),
        (Operator::Contains, Operator::NotContains),
        (Operator::OneOf, Operator::NotOneOf),
        (Operator::Exists, Operator::NotExists),
        (Operator::InSegment, Operator::NotInSegment),
    ];
    let other = |(one, two)| {
        if one == operator {
            Some(two)
        } else if two == operator {
            Some(one)
        } else {
            None
        }
    };
    pairs.into_iter().find_map(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(value: &str) -> Formula {
        Formula::test("plan", Operator::Is, value)
    }

    #[test]
    fn formulas_are_simplified_while_they_are_made() {
        let both = || Formula::all([is("a"), Formula::all([is("b"), Formula::Always])]);
        assert_eq!(both(), Formula::All(vec![is("a"), is("b")]));
        assert_eq!(Formula::all([is("a"), Formula::Never]), Formula::Never);
        assert_eq!(Formula::all([]), Formula::Always);
        assert_eq!(Formula::any([Formula::Never, is("a")]), is("a"));
        assert_eq!(Formula::any([is("a"), Formula::Always]), Formula::Always);
        assert_eq!(Formula::any([]), Formula::Never);
        assert_eq!(Formula::not(Formula::not(both())), both());
        assert_eq!(Formula::not(is("a")), Formula::test("plan", Operator::IsNot, "a"));
        assert_eq!(Formula::not(Formula::not(is("a"))), is("a"));
    }

    #[test]
    fn an_opposite_is_the_negation_in_the_table_of_operators() {
        for row in crate::domain::operator::OPERATORS {
            if let Some(other) = opposite(row.operator) {
                assert_eq!((other.row().test, other.row().negated), (row.test, !row.negated));
            } else {
                assert!(!row.negated, "{} has an opposite", row.name);
            }
        }
    }
}

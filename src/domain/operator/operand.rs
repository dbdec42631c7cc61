//! The operand of a condition: parsed once, when the condition is written, so that comparing it can neither fail
//! nor panic and, but for a pre-release of more than eight bytes, does not allocate.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};
use semver::Version;

use super::number::Number;
use super::{Bound, OperandKind, Operator, Test, version};
use crate::domain::context::AttributeView;
use crate::domain::value::Value;

/// Values in the list of one condition, at most.
pub const MAX_LIST_VALUES: usize = 5_000;

/// Characters of a regular expression, at most.
pub const MAX_PATTERN_CHARS: usize = 500;

/// Characters of an attribute that a regular expression sees; the rest is cut off.
pub const MAX_SUBJECT_CHARS: usize = 10_000;

/// Bytes of one compiled regular expression, at most: reaching the library's own limit takes 60 ms.
const MAX_PROGRAM_BYTES: usize = 512 * 1024;

/// Bytes of the cache of one running search, at most; beyond it the search is slower, not wrong.
const MAX_SEARCH_CACHE_BYTES: usize = 512 * 1024;

/// Levels of nesting in a regular expression, at most.
const MAX_PATTERN_DEPTH: u32 = 50;

/// Lists up to this length are searched one by one, longer ones by hash.
const FEW: usize = 8;

/// Why a value is not an operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperandError {
    /// The wrong type of JSON, or too long a list: a fault of shape.
    Shape(String),
    /// Well-formed without a meaning: a regular expression, a version or a number that does not parse.
    Meaning(String),
}

/// A parsed operand, ready to be compared.
#[derive(Clone, Debug)]
pub struct Operand {
    negated: bool,
    test: Comparison,
}

#[derive(Clone, Debug)]
enum Comparison {
    Is(Box<str>),
    Contains(Box<str>),
    OneOf(Texts),
    Number(Bound, Number),
    Matches(Pattern),
    Version(Bound, Version),
}

impl Operand {
    /// Reads `value` as an operand of `operator`.
    pub fn parse(operator: Operator, value: &Value) -> Result<Self, OperandError> {
        let row = operator.row();
        let shape = || OperandError::Shape(row.operand().expectation().to_owned());
        let test = match row.test {
            Test::Is => Comparison::Is(scalar(value).ok_or_else(shape)?),
            Test::Contains => Comparison::Contains(scalar(value).ok_or_else(shape)?),
            Test::OneOf => Comparison::OneOf(Texts::parse(value)?),
            Test::Number(bound) => Comparison::Number(bound, number(value)?),
            Test::Matches => Comparison::Matches(Pattern::parse(value.as_str().ok_or_else(shape)?)?),
            Test::Version(bound) => {
                let text = value.as_str().ok_or_else(shape)?;
                let version = version::parse(text)
                    .ok_or_else(|| OperandError::Meaning("is not a semantic version".to_owned()))?;
                Comparison::Version(bound, version)
            }
        };
        Ok(Self { negated: row.negated, test })
    }

    /// Whether the condition holds for `attribute`, which is `None` where the context has none of that name.
    ///
    /// An array holds if any element does. A negated operator holds exactly where its test does not: for a
    /// missing attribute, and for an array none of whose elements passes.
    pub fn holds(&self, attribute: Option<AttributeView<'_>>) -> bool {
        let passes = match attribute {
            Some(AttributeView::List(elements)) => {
                elements.iter().any(|element| self.test.passes(element.view()))
            }
            Some(scalar) => self.test.passes(scalar),
            None => false,
        };
        passes != self.negated
    }
}

impl Comparison {
    /// Null, an object and an array inside an array have neither text nor number, and so pass no test.
    fn passes(&self, attribute: AttributeView<'_>) -> bool {
        match self {
            Self::Is(expected) => attribute.with_text(|text| text == &**expected).unwrap_or(false),
            Self::Contains(part) => attribute.with_text(|text| text.contains(&**part)).unwrap_or(false),
            Self::OneOf(texts) => attribute.with_text(|text| texts.contain(text)).unwrap_or(false),
            Self::Number(bound, operand) => {
                read_number(attribute).is_some_and(|number| bound.admits(number.compare(*operand)))
            }
            Self::Matches(pattern) => attribute.with_text(|text| pattern.found_in(text)).unwrap_or(false),
            Self::Version(bound, operand) => attribute
                .with_text(version::parse)
                .flatten()
                .is_some_and(|version| bound.admits(version.cmp_precedence(operand))),
        }
    }
}

fn read_number(attribute: AttributeView<'_>) -> Option<Number> {
    match attribute {
        AttributeView::Integer(value) => Some(Number::Whole(value)),
        AttributeView::Float(value) => Number::real(value),
        AttributeView::Text(text) => Number::parse(text),
        AttributeView::Null | AttributeView::Bool(_) | AttributeView::List(_) | AttributeView::Object => None,
    }
}

/// The canonical text of a scalar; it is the same as that of an attribute with this value.
fn scalar(value: &Value) -> Option<Box<str>> {
    let view = match value {
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
        Value::Bool(value) => AttributeView::Bool(*value),
        Value::String(text) => AttributeView::Text(text),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => AttributeView::Integer(whole),
            (None, Some(whole)) => return Some(whole.to_string().into()),
            (None, None) => AttributeView::Float(number.as_f64()?),
        },
    };
    view.with_text(|text| text.into())
}

fn number(value: &Value) -> Result<Number, OperandError> {
    let number = match value {
        Value::String(text) => Number::parse(text),
        Value::Number(number) => {
            number.as_i64().map(Number::Whole).or_else(|| number.as_f64().and_then(Number::real))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(OperandError::Shape(OperandKind::Number.expectation().to_owned()));
        }
    };
    number.ok_or_else(|| OperandError::Meaning("is not a finite number".to_owned()))
}

/// The texts of a list.
#[derive(Clone, Debug)]
enum Texts {
    Few(Vec<Box<str>>),
    Many(HashSet<Box<str>>),
}

impl Texts {
    fn parse(value: &Value) -> Result<Self, OperandError> {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        if values.len() > MAX_LIST_VALUES {
            return Err(OperandError::Shape(format!("must have at most {MAX_LIST_VALUES} values")));
        }
        let texts = values.iter().map(scalar);
        let texts = if values.len() > FEW {
            texts.collect::<Option<_>>().map(Self::Many)
        } else {
            texts.collect::<Option<_>>().map(Self::Few)
        };
        texts.ok_or_else(|| OperandError::Shape(OperandKind::Scalars.expectation().to_owned()))
    }

    fn contain(&self, text: &str) -> bool {
        match self {
            Self::Few(texts) => texts.iter().any(|known| &**known == text),
            Self::Many(texts) => texts.contains(text),
        }
    }
}

/// A regular expression of linear time and bounded size.
#[derive(Clone, Debug)]
struct Pattern(Regex);

impl Pattern {
    fn parse(text: &str) -> Result<Self, OperandError> {
        if text.chars().nth(MAX_PATTERN_CHARS).is_some() {
            let message = format!("is longer than {MAX_PATTERN_CHARS} characters");
            return Err(OperandError::Meaning(message));
        }
        RegexBuilder::new(text)
            .size_limit(MAX_PROGRAM_BYTES)
            .dfa_size_limit(MAX_SEARCH_CACHE_BYTES)
            .nest_limit(MAX_PATTERN_DEPTH)
            .build()
            .map(Self)
            .map_err(|error| OperandError::Meaning(complaint(&error)))
    }

    fn found_in(&self, subject: &str) -> bool {
        self.0.is_match(cut(subject))
    }
}

/// The library draws a picture of several lines; its last line says what is wrong.
fn complaint(error: &regex::Error) -> String {
    let reason = match error {
        regex::Error::CompiledTooBig(_) => "it is too large when compiled".to_owned(),
        other => {
            let picture = other.to_string();
            let last = picture.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    };
    format!("is not a usable regular expression: {reason}")
}

/// The first [`MAX_SUBJECT_CHARS`] characters.
fn cut(subject: &str) -> &str {
    if subject.len() <= MAX_SUBJECT_CHARS {
        return subject;
    }
    let end = subject.char_indices().nth(MAX_SUBJECT_CHARS).map_or(subject.len(), |(at, _)| at);
    subject.get(..end).unwrap_or(subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::context::Attribute;

    fn json(text: &str) -> Value {
        text.parse().expect("it is JSON")
    }

    fn parse(name: &str, value: &Value) -> Result<Operand, OperandError> {
        Operand::parse(Operator::parse(name).expect("an operator"), value)
    }

    fn holds(name: &str, value: &Value, attribute: &Attribute<'_>) -> bool {
        parse(name, value).expect("an operand").holds(Some(attribute.view()))
    }

    #[test]
    fn operands_of_the_wrong_type_are_faults_of_shape() {
        let (null, list, object) = (json("null"), json(r#"["a"]"#), json("{}"));
        for row in crate::domain::operator::OPERATORS {
            for value in [&null, &object] {
                let outcome = Operand::parse(row.operator, value);
                assert!(matches!(outcome, Err(OperandError::Shape(_))), "{} {value}", row.name);
            }
            let listed = Operand::parse(row.operator, &list);
            let takes_lists = row.operand() == OperandKind::Scalars;
            assert_eq!(matches!(listed, Err(OperandError::Shape(_))), !takes_lists, "{}", row.name);
        }
        for (name, value) in [
            ("gt", json("true")),
            ("matches_regex", json("1")),
            ("version_gt", json("1.2")),
            ("one_of", json(r#"["a", null]"#)),
            ("one_of", json(r#"[["a"]]"#)),
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
            ("matches_regex", Value::from("(?=a)")),
            ("matches_regex", Value::from("x{1000}{1000}")),
            ("matches_regex", Value::from("(".repeat(100) + &")".repeat(100))),
        ] {
            let outcome = parse(name, &value);
            assert!(matches!(outcome, Err(OperandError::Meaning(_))), "{name} {value}: {outcome:?}");
        }
        let Err(OperandError::Meaning(message)) = parse("matches_regex", &Value::from("a(b")) else {
            panic!()
        };
        assert_eq!(message, "is not a usable regular expression: unclosed group");
    }

    #[test]
    fn limits_have_edges() {
        let list =
            |length: usize| Value::from((0..length).map(|number| number.to_string()).collect::<Vec<_>>());
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
        for pattern in [
            r"^[\w.+-]+@[\w-]+\.[\w.]+$",
            r"(?i)^\p{L}{1,10}$",
            r"^\d{4}-\d{2}-\d{2}T",
            r"(?i)^(alpha|beta)\b",
        ] {
            assert!(parse("matches_regex", &Value::from(pattern)).is_ok(), "{pattern}");
        }
    }
}

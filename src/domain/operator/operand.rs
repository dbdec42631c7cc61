//! The operand of a condition: parsed once, when the condition is written, so that comparing it can neither fail
//! nor panic. Nor does it allocate, with two exceptions: text of more than half a kilobyte that is compared without
//! regard to case, and what regular expressions learn while they are new to a thread.

mod implication;

use std::collections::HashSet;
use std::net::IpAddr;

use regex::{Regex, RegexBuilder};

use super::number::Number;
use super::version::Version;
use super::{Bound, Case, OperandKind, Operator, Test};
use crate::domain::context::AttributeView;
use crate::domain::key::SegmentKey;
use crate::domain::network::Network;
use crate::domain::time::Timestamp;
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
    case: Case,
    test: Comparison,
}

#[derive(Clone, Debug)]
enum Comparison {
    Is(Box<str>),
    Contains(Box<str>),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    OneOf(Texts),
    Number(Bound, Number),
    Matches(Pattern),
    Version(Bound, Version<'static>),
    Moment(Bound, Timestamp),
    Exists,
    InNetwork(Vec<Network>),
    InSegment(Vec<SegmentKey>),
}

impl Operand {
    /// Reads `value` as an operand of `operator`; `case` counts for operators on text alone. `Null` stands for no
    /// value.
    pub fn parse(operator: Operator, value: &Value, case: Case) -> Result<Self, OperandError> {
        let row = operator.row();
        let shape = || OperandError::Shape(row.operand().expectation().to_owned());
        let written = || scalar(value).map(|text| case.folded(text)).ok_or_else(shape);
        let test = match row.test {
            Test::Is => Comparison::Is(written()?),
            Test::Contains => Comparison::Contains(written()?),
            Test::StartsWith => Comparison::StartsWith(written()?),
            Test::EndsWith => Comparison::EndsWith(written()?),
            Test::OneOf => Comparison::OneOf(Texts::parse(value, case)?),
            Test::Number(bound) => Comparison::Number(bound, number(value)?),
            Test::Matches => Comparison::Matches(Pattern::parse(value.as_str().ok_or_else(shape)?, case)?),
            Test::Moment(bound) => Comparison::Moment(bound, moment(value)?),
            Test::Exists if value.is_null() => Comparison::Exists,
            Test::Exists => return Err(shape()),
            Test::InNetwork => Comparison::InNetwork(networks(value)?),
            Test::InSegment => Comparison::InSegment(segments(value)?),
            Test::Version(bound) => {
                let text = value.as_str().ok_or_else(shape)?;
                let version = Version::parse(text)
                    .ok_or_else(|| OperandError::Meaning("is not a semantic version".to_owned()))?;
                Comparison::Version(bound, version.into_owned())
            }
        };
        let case = if row.folds_case() { case } else { Case::Sensitive };
        Ok(Self { negated: row.negated, case, test })
    }

    /// The segments of which the context must be in one, or in none; for operators on segments alone.
    pub fn segments(&self) -> Option<&[SegmentKey]> {
        match &self.test {
            Comparison::InSegment(keys) => Some(keys),
            _ => None,
        }
    }

    /// Whether a condition on segments holds for a context that is, or is not, in one of them.
    pub fn holds_in_segment(&self, inside: bool) -> bool {
        inside != self.negated
    }

    /// Whether the condition holds for `attribute`, which is `None` where the context has none of that name.
    ///
    /// An array holds if any element does. A negated operator holds exactly where its test does not: for a
    /// missing attribute, and for an array none of whose elements passes.
    pub fn holds(&self, attribute: Option<AttributeView<'_>>) -> bool {
        let passes = match (&self.test, attribute) {
            (_, None) => false,
            // Whether there is a list does not depend on what is in it.
            (Comparison::Exists, Some(attribute)) => attribute != AttributeView::Null,
            (test, Some(AttributeView::List(elements))) => {
                elements.iter().any(|element| test.passes(element.view(), self.case))
            }
            (test, Some(scalar)) => test.passes(scalar, self.case),
        };
        passes != self.negated
    }
}

impl Comparison {
    /// Null, an object and an array inside an array have neither text nor number, and so pass no test.
    fn passes(&self, attribute: AttributeView<'_>, case: Case) -> bool {
        match self {
            Self::Is(expected) => folded(attribute, case, |text| text == &**expected),
            Self::Contains(part) => folded(attribute, case, |text| text.contains(&**part)),
            Self::StartsWith(part) => folded(attribute, case, |text| text.starts_with(&**part)),
            Self::EndsWith(part) => folded(attribute, case, |text| text.ends_with(&**part)),
            Self::OneOf(texts) => folded(attribute, case, |text| texts.contain(text)),
            Self::Number(bound, operand) => {
                read_number(attribute).is_some_and(|number| bound.admits(number.compare(*operand)))
            }
            Self::Matches(pattern) => attribute.with_text(|text| pattern.found_in(text)).unwrap_or(false),
            Self::Version(bound, operand) => {
                let order = |text: &str| Version::parse(text).map(|version| version.compare(operand));
                attribute.with_text(order).flatten().is_some_and(|order| bound.admits(order))
            }
            Self::Moment(bound, operand) => {
                read_moment(attribute).is_some_and(|moment| bound.admits(moment.cmp(operand)))
            }
            Self::Exists => attribute != AttributeView::Null,
            Self::InNetwork(networks) => attribute
                .with_text(|text| text.trim_ascii().parse::<IpAddr>().ok())
                .flatten()
                .is_some_and(|address| networks.iter().any(|network| network.contains(address))),
            // Segments are known to the ruleset alone: see `engine::evaluate`.
            Self::InSegment(_) => false,
        }
    }
}

/// Whether the attribute has a text and `holds` is true of it, in the form in which it is compared.
fn folded(attribute: AttributeView<'_>, case: Case, holds: impl FnOnce(&str) -> bool) -> bool {
    attribute.with_text(|text| case.fold(text, holds)).unwrap_or(false)
}

fn read_number(attribute: AttributeView<'_>) -> Option<Number> {
    match attribute {
        AttributeView::Integer(value) => Some(Number::Whole(value)),
        AttributeView::Float(value) => Number::real(value),
        AttributeView::Text(text) => Number::parse(text),
        AttributeView::Null | AttributeView::Bool(_) | AttributeView::List(_) | AttributeView::Object => None,
    }
}

/// A moment in RFC 3339, or in milliseconds since the Unix epoch; fractions of a millisecond are cut off.
fn read_moment(attribute: AttributeView<'_>) -> Option<Timestamp> {
    match attribute {
        AttributeView::Text(text) => {
            let text = text.trim_ascii();
            Timestamp::parse(text).or_else(|| Number::parse(text)?.millis())
        }
        number => read_number(number)?.millis(),
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

fn moment(value: &Value) -> Result<Timestamp, OperandError> {
    let moment = match value {
        Value::String(text) => Timestamp::parse(text),
        Value::Number(_) => number(value)?.millis(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(OperandError::Shape(OperandKind::Moment.expectation().to_owned()));
        }
    };
    moment.ok_or_else(|| OperandError::Meaning("is not a moment in RFC 3339".to_owned()))
}

fn networks(value: &Value) -> Result<Vec<Network>, OperandError> {
    let shape = || OperandError::Shape(OperandKind::Networks.expectation().to_owned());
    let texts = listed(value)?.iter().map(|value| value.as_str().ok_or_else(shape));
    texts
        .map(|text| Network::parse(text?).map_err(|error| OperandError::Meaning(format!("has {error}"))))
        .collect()
}

fn segments(value: &Value) -> Result<Vec<SegmentKey>, OperandError> {
    let shape = || OperandError::Shape(OperandKind::Segments.expectation().to_owned());
    let texts = listed(value)?.iter().map(|value| value.as_str().ok_or_else(shape));
    texts
        .map(|text| {
            SegmentKey::parse(text?)
                .map_err(|error| OperandError::Meaning(format!("a segment's key {error}")))
        })
        .collect()
}

/// The values of a list, or the one value.
fn listed(value: &Value) -> Result<&[Value], OperandError> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    if values.len() > MAX_LIST_VALUES {
        return Err(OperandError::Shape(format!("must have at most {MAX_LIST_VALUES} values")));
    }
    Ok(values)
}

/// The texts of a list.
#[derive(Clone, Debug)]
enum Texts {
    Few(Vec<Box<str>>),
    Many(HashSet<Box<str>>),
}

impl Texts {
    fn parse(value: &Value, case: Case) -> Result<Self, OperandError> {
        let values = listed(value)?;
        let texts = values.iter().map(|value| scalar(value).map(|text| case.folded(text)));
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
    fn parse(text: &str, case: Case) -> Result<Self, OperandError> {
        if text.chars().nth(MAX_PATTERN_CHARS).is_some() {
            let message = format!("is longer than {MAX_PATTERN_CHARS} characters");
            return Err(OperandError::Meaning(message));
        }
        RegexBuilder::new(text)
            .case_insensitive(case == Case::Insensitive)
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
mod tests;

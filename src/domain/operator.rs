//! The operators of targeting conditions, in one table: the parser, the compiler, the API's list of operators
//! and the dashboard follow it. A new operator is a new row, and a new [`Test`] only if it compares in a way
//! that no other does.

mod case;
mod number;
mod operand;
mod version;

use std::cmp::Ordering;

pub use self::case::Case;
pub use self::operand::{MAX_LIST_VALUES, MAX_PATTERN_CHARS, MAX_SUBJECT_CHARS, Operand, OperandError};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operator that the row describes.
    pub operator: Operator,
    /// Its name in the API.
    pub name: &'static str,
    /// How it compares, before negation.
    pub test: Test,
    /// Whether it holds exactly where its test does not, a missing attribute included.
    pub negated: bool,
    /// Whether the published SDKs can evaluate it themselves.
    pub published: bool,
    /// What it means, in one line.
    pub meaning: &'static str,
    /// An operand as JSON.
    pub example: &'static str,
}

/// How an operator compares an attribute with its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Equal canonical text.
    Is,
    /// The operand's canonical text somewhere in the attribute's.
    Contains,
    /// The operand's canonical text at the beginning of the attribute's.
    StartsWith,
    /// The operand's canonical text at the end of the attribute's.
    EndsWith,
    /// Canonical text equal to one of several.
    OneOf,
    /// Both sides as numbers.
    Number(Bound),
    /// The attribute's canonical text searched for a regular expression.
    Matches,
    /// Both sides as semantic versions.
    Version(Bound),
    /// Both sides as moments.
    Moment(Bound),
    /// The attribute is there and not null.
    Exists,
    /// The attribute is an IP address inside of one of several networks.
    InNetwork,
    /// The context is in one of several segments.
    InSegment,
}

/// Which side of the operand an attribute must be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Above the operand.
    Above,
    /// Below the operand.
    Below,
    /// Above the operand, or equal to it.
    AtLeast,
    /// Below the operand, or equal to it.
    AtMost,
    /// Equal to the operand.
    Equal,
}

impl Bound {
    /// Whether an attribute that compares like this with the operand is on the right side.
    pub fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Above => order.is_gt(),
            Self::Below => order.is_lt(),
            Self::AtLeast => order.is_ge(),
            Self::AtMost => order.is_le(),
            Self::Equal => order.is_eq(),
        }
    }
}

/// What an operator is about; the dashboard groups its list by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Canonical text.
    Text,
    /// Numbers.
    Number,
    /// Semantic versions.
    Version,
    /// Moments.
    Time,
    /// Whether there is an attribute at all.
    Presence,
    /// IP addresses.
    Network,
    /// Segments.
    Segment,
}

impl Group {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Version => "version",
            Self::Time => "time",
            Self::Presence => "presence",
            Self::Network => "network",
            Self::Segment => "segment",
        }
    }
}

/// The JSON that an operator takes as its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperandKind {
    /// A string, a number or a boolean.
    Scalar,
    /// An array of scalars, or one scalar.
    Scalars,
    /// A number, or a string that reads as one.
    Number,
    /// A string with a regular expression.
    Pattern,
    /// A string with a semantic version.
    Version,
    /// A string with a moment in RFC 3339, or milliseconds since the Unix epoch.
    Moment,
    /// None at all.
    Nothing,
    /// A string with an IP address or a network, or an array of these.
    Networks,
    /// A string with the key of a segment, or an array of these.
    Segments,
}

impl OperandKind {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Scalars => "scalars",
            Self::Number => "number",
            Self::Pattern => "pattern",
            Self::Version => "version",
            Self::Moment => "moment",
            Self::Nothing => "nothing",
            Self::Networks => "networks",
            Self::Segments => "segments",
        }
    }

    /// What the operand must be, for a person who sent something else.
    pub const fn expectation(self) -> &'static str {
        match self {
            Self::Scalar => "must be a string, a number or a boolean",
            Self::Scalars => "must be an array of strings, numbers or booleans, or one of these",
            Self::Number => "must be a number or a string that holds one",
            Self::Pattern => "must be a string with a regular expression",
            Self::Version => "must be a string with a semantic version",
            Self::Moment => {
                "must be a string with a moment in RFC 3339, or milliseconds since the Unix epoch"
            }
            Self::Nothing => "must be left out, as the operator compares with nothing",
            Self::Networks => "must be a string with an IP address or a network, or an array of these",
            Self::Segments => "must be a string with the key of a segment, or an array of these",
        }
    }
}

impl Row {
    /// What the operator is about.
    pub const fn group(&self) -> Group {
        match self.test {
            Test::Is | Test::Contains | Test::StartsWith | Test::EndsWith | Test::OneOf | Test::Matches => {
                Group::Text
            }
            Test::Number(_) => Group::Number,
            Test::Version(_) => Group::Version,
            Test::Moment(_) => Group::Time,
            Test::Exists => Group::Presence,
            Test::InNetwork => Group::Network,
            Test::InSegment => Group::Segment,
        }
    }

    /// The JSON that it takes.
    pub const fn operand(&self) -> OperandKind {
        match self.test {
            Test::Is | Test::Contains | Test::StartsWith | Test::EndsWith => OperandKind::Scalar,
            Test::OneOf => OperandKind::Scalars,
            Test::Number(_) => OperandKind::Number,
            Test::Matches => OperandKind::Pattern,
            Test::Version(_) => OperandKind::Version,
            Test::Moment(_) => OperandKind::Moment,
            Test::Exists => OperandKind::Nothing,
            Test::InNetwork => OperandKind::Networks,
            Test::InSegment => OperandKind::Segments,
        }
    }

    /// Whether a condition names the attribute that is compared: segments are about the whole context.
    pub const fn takes_attribute(&self) -> bool {
        !matches!(self.test, Test::InSegment)
    }

    /// Whether a condition may ask it to disregard upper and lower case: every operator on text may.
    pub const fn folds_case(&self) -> bool {
        matches!(self.group(), Group::Text)
    }
}

macro_rules! operators {
    ($(
        #[doc = $meaning:literal]
        $variant:ident: $name:literal, $test:expr, $negated:literal, $published:literal, $example:literal;
    )*) => {
        /// The operator of a condition. Its facts are in [`OPERATORS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operator {
            $(#[doc = $meaning] $variant,)*
        }

        /// Every operator once, in the order of the documentation.
        pub const OPERATORS: &[Row] = &[$(Row {
            operator: Operator::$variant,
            name: $name,
            test: $test,
            negated: $negated,
            published: $published,
            // A documentation comment begins with a space.
            meaning: $meaning.trim_ascii_start(),
            example: $example,
        },)*];
    };
}

operators! {
    // Variant: name, test, whether negated, whether published, example of an operand.

    /// The attribute equals the value.
    Is: "is", Test::Is, false, true, r#""pro""#;
    /// The attribute is missing or differs from the value.
    IsNot: "is_not", Test::Is, true, true, r#""free""#;
    /// The attribute contains the value.
    Contains: "contains", Test::Contains, false, true, r#""@example.com""#;
    /// The attribute is missing or does not contain the value.
    NotContains: "not_contains", Test::Contains, true, true, r#""@example.com""#;
    /// The attribute equals one of the values.
    OneOf: "one_of", Test::OneOf, false, true, r#"["US", "CA"]"#;
    /// The attribute is missing or equals none of the values.
    NotOneOf: "not_one_of", Test::OneOf, true, true, r#"["US", "CA"]"#;
    /// The attribute is a number above the value.
    Gt: "gt", Test::Number(Bound::Above), false, true, "18";
    /// The attribute is a number below the value.
    Lt: "lt", Test::Number(Bound::Below), false, true, "18";
    /// The regular expression matches somewhere in the attribute.
    MatchesRegex: "matches_regex", Test::Matches, false, true, r#""^[a-z]+@example\\.com$""#;
    /// The attribute is a semantic version above the value.
    VersionGt: "version_gt", Test::Version(Bound::Above), false, false, r#""2.1.0""#;
    /// The attribute is a semantic version below the value.
    VersionLt: "version_lt", Test::Version(Bound::Below), false, false, r#""2.1.0""#;
    /// The attribute begins with the value.
    StartsWith: "starts_with", Test::StartsWith, false, false, r#""eu-""#;
    /// The attribute ends with the value.
    EndsWith: "ends_with", Test::EndsWith, false, false, r#""@example.com""#;
    /// The attribute is a number that is the value or above it.
    Gte: "gte", Test::Number(Bound::AtLeast), false, false, "18";
    /// The attribute is a number that is the value or below it.
    Lte: "lte", Test::Number(Bound::AtMost), false, false, "18";
    /// The attribute is the same semantic version as the value.
    VersionEq: "version_eq", Test::Version(Bound::Equal), false, false, r#""2.1.0""#;
    /// The attribute is a semantic version that is the value or above it.
    VersionGte: "version_gte", Test::Version(Bound::AtLeast), false, false, r#""2.1.0""#;
    /// The attribute is a semantic version that is the value or below it.
    VersionLte: "version_lte", Test::Version(Bound::AtMost), false, false, r#""2.1.0""#;
    /// The attribute is a moment before the value; `$now` is the server's clock.
    Before: "before", Test::Moment(Bound::Below), false, false, r#""2027-01-01T00:00:00Z""#;
    /// The attribute is a moment after the value; `$now` is the server's clock.
    After: "after", Test::Moment(Bound::Above), false, false, r#""2027-01-01T00:00:00Z""#;
    /// The attribute is there and not null.
    Exists: "exists", Test::Exists, false, false, "null";
    /// The attribute is missing or null.
    NotExists: "not_exists", Test::Exists, true, false, "null";
    /// The attribute is an IP address in the network, or in one of several.
    InCidr: "in_cidr", Test::InNetwork, false, false, r#"["10.0.0.0/8", "2001:db8::/32"]"#;
    /// The context is in the segment, or in one of several; the condition has no attribute.
    InSegment: "in_segment", Test::InSegment, false, false, r#""beta-testers""#;
    /// The context is in none of the segments; the condition has no attribute.
    NotInSegment: "not_in_segment", Test::InSegment, true, false, r#""beta-testers""#;
}

impl Operator {
    /// The operator with this name.
    pub fn parse(name: &str) -> Option<Self> {
        OPERATORS.iter().find(|row| row.name == name).map(|row| row.operator)
    }

    /// Every operator with its name in the API.
    pub const ALL: &'static [(Self, &'static str)] = &{
        let mut all = [(Self::Is, ""); OPERATORS.len()];
        let mut index = 0;
        while index < all.len() {
            all[index] = (OPERATORS[index].operator, OPERATORS[index].name);
            index += 1;
        }
        all
    };

    /// Its name in the API, under the name that all enumerations of the API give it.
    pub const fn as_str(self) -> &'static str {
        self.name()
    }

    /// How all of them compare, for the description of the API.
    pub const ABOUT: &'static str = "How a condition compares an attribute of the context with its `value`. \
        Texts are compared exactly, and other values as the text that they print as: `42` equals `\"42\"`, `10.0` \
        equals `\"10\"`, `true` equals `\"true\"`. Of an attribute that is missing or null the negated operators \
        hold, and no other does. Of a list an operator holds if it holds of any element, and a negated one if the \
        operator that it negates holds of none.";

    /// What it means, and what it is compared with.
    pub fn meaning(self) -> String {
        let row = self.row();
        format!("{} `value` {}, such as `{}`.", row.meaning, row.operand().expectation(), row.example)
    }

    /// Its row; the enum and the table come from one list, so they agree on the order.
    pub const fn row(self) -> &'static Row {
        &OPERATORS[self as usize]
    }

    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether the published SDKs can evaluate it themselves.
    pub const fn is_published(self) -> bool {
        self.row().published
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Value;

    #[test]
    fn every_row_is_found_by_its_name_and_by_its_operator() {
        for row in OPERATORS {
            assert_eq!(Operator::parse(row.name), Some(row.operator));
            assert_eq!(row.operator.name(), row.name);
        }
        assert_eq!(Operator::parse("IS"), None);
    }

    #[test]
    fn every_example_is_an_operand_of_its_operator() {
        for row in OPERATORS {
            let example: Value = row.example.parse().expect("the example is JSON");
            assert!(Operand::parse(row.operator, &example, Case::Sensitive).is_ok(), "{}", row.name);
        }
    }

    #[test]
    fn the_published_operators_are_these() {
        let published: Vec<_> = OPERATORS.iter().filter(|row| row.published).map(|row| row.name).collect();
        let expected =
            ["is", "is_not", "contains", "not_contains", "one_of", "not_one_of", "gt", "lt", "matches_regex"];
        assert_eq!(published, expected);
    }
}

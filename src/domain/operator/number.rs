//! Numbers as `gt` and `lt` read them.

use std::cmp::Ordering;

use crate::domain::time::Timestamp;

/// A finite number. Two whole ones compare exactly, also above 2^53; all others compare as floating point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// A whole number.
    Whole(i64),
    /// Any other; finite.
    Real(f64),
}

impl Number {
    /// As milliseconds since the Unix epoch; `None` beyond all calendars.
    pub(super) fn millis(self) -> Option<Timestamp> {
        /// Milliseconds of 270,000 years, on either side of the epoch.
        const FAR: f64 = 8.64e15;
        match self {
            Self::Whole(millis) => Some(Timestamp::from_millis(millis)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "checked to be far inside of the type's range"
            )]
            Self::Real(millis) => (millis.abs() <= FAR).then(|| Timestamp::from_millis(millis as i64)),
        }
    }

    /// The number `value`; `None` if it is not finite.
    pub(super) fn real(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self::Real(value))
    }

    /// Reads decimal notation: an optional sign, digits with an optional point before, between or after them, an
    /// optional exponent; white space around it is ignored. Words (`inf`, `NaN`), other bases and separators are
    /// not numbers, nor is what exceeds the range of a 64-bit float.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        // The library's reader accepts exactly this grammar and, beyond it, words made of other letters.
        let decimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        if decimal { text.parse().ok().and_then(Self::real) } else { None }
    }

    /// How this number compares with `other`.
    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => left.cmp(&right),
            // Neither side is NaN; partial_cmp, unlike total_cmp, takes -0.0 and 0.0 as equal.
            (left, right) => left.float().partial_cmp(&right.float()).unwrap_or(Ordering::Equal),
        }
    }

    /// How every number that is compared with both sees this number beside `other`; `None` where that depends on the
    /// number: to a floating-point one, large whole ones that differ can be equal.
    pub(super) fn order(self, other: Self) -> Option<Ordering> {
        let order = self.float().partial_cmp(&other.float())?;
        (order.is_ne() || self == other).then_some(order)
    }

    fn float(self) -> f64 {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "one side has a fraction or exceeds 64 bits anyway"
            )]
            Self::Whole(value) => value as f64,
            Self::Real(value) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_decimal_notation() {
        for (text, number) in [
            ("42", Number::Whole(42)),
            (" -7\n", Number::Whole(-7)),
            ("+3", Number::Whole(3)),
            ("007", Number::Whole(7)),
            ("2.50", Number::Real(2.5)),
            (".5", Number::Real(0.5)),
            ("5.", Number::Real(5.0)),
            ("1e3", Number::Real(1000.0)),
            ("-1.5E-2", Number::Real(-0.015)),
            ("9223372036854775808", Number::Real(9_223_372_036_854_775_808.0)),
        ] {
            assert_eq!(Number::parse(text), Some(number), "{text}");
        }
    }

    #[test]
    fn everything_else_is_not_a_number() {
        for text in [
            "",
            " ",
            "abc",
            "1,000",
            "1_000",
            "0x10",
            "NaN",
            "inf",
            "-infinity",
            "1e999",
            "e",
            "e5",
            ".",
            "--1",
            "1 2",
            "٣",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_compare_exactly() {
        let (below, above) = (Number::Whole(9_007_199_254_740_992), Number::Whole(9_007_199_254_740_993));
        assert_eq!(below.compare(above), Ordering::Less);
        assert_eq!(Number::Real(0.0).compare(Number::Real(-0.0)), Ordering::Equal);
        assert_eq!(Number::Whole(1).compare(Number::Real(1.5)), Ordering::Less);
        assert_eq!((below.order(above), above.order(above)), (None, Some(Ordering::Equal)));
        assert_eq!(Number::Whole(3).order(Number::Real(2.5)), Some(Ordering::Greater));
    }
}

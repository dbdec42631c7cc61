//! What follows from a condition without a context at hand: which others hold wherever it does, and which nowhere.
//! An answer of yes is certain; no means that it is not known.
//!
//! The reason for all of it: an operator holds if *any* element of a list passes, a negated one if *none* does. So two
//! operators that no one value can pass do not contradict each other, as a list may have an element for each.

use std::cmp::Ordering;

use super::{Bound, Case, Comparison, Operand, Texts};
use crate::domain::context::AttributeView;

impl Operand {
    /// Whether nothing can pass the test, so that the condition never holds, or, negated, always.
    pub fn admits_nothing(&self) -> bool {
        match &self.test {
            Comparison::OneOf(texts) => texts.len() == 0,
            Comparison::InNetwork(networks) => networks.is_empty(),
            Comparison::InSegment(keys) => keys.is_empty(),
            Comparison::Is(_)
            | Comparison::Contains(_)
            | Comparison::StartsWith(_)
            | Comparison::EndsWith(_)
            | Comparison::Number(..)
            | Comparison::Matches(_)
            | Comparison::Version(..)
            | Comparison::Moment(..)
            | Comparison::Exists => false,
        }
    }

    /// Whether `other`, about the same attribute, holds wherever this one does.
    pub fn implies(&self, other: &Self) -> bool {
        match (self.negated, other.negated) {
            (false, false) => self.within(other),
            (true, true) => other.within(self),
            (false, true) | (true, false) => false,
        }
    }

    /// Whether this one and `other`, about the same attribute, never hold together.
    pub fn contradicts(&self, other: &Self) -> bool {
        match (self.negated, other.negated) {
            (false, true) => self.within(other),
            (true, false) => other.within(self),
            (false, false) | (true, true) => false,
        }
    }

    /// Whether this one and `other` never hold together for a whole number, which is no list.
    pub fn contradicts_for_a_number(&self, other: &Self) -> bool {
        let beyond = |bound: Bound| match bound {
            Bound::Above => Some(Bound::AtMost),
            Bound::AtLeast => Some(Bound::Below),
            Bound::Below => Some(Bound::AtLeast),
            Bound::AtMost => Some(Bound::Above),
            Bound::Equal => None,
        };
        let positive = !self.negated && !other.negated;
        let apart = match (&self.test, &other.test) {
            (Comparison::Number(mine, x), Comparison::Number(its, y)) => {
                beyond(*its).is_some_and(|rest| interval_within(*mine, rest, x.order(*y)))
            }
            (Comparison::Moment(mine, x), Comparison::Moment(its, y)) => {
                beyond(*its).is_some_and(|rest| interval_within(*mine, rest, Some(x.cmp(y))))
            }
            _ => false,
        };
        positive && apart
    }

    /// How much work it is to compare the two, in values that are looked at.
    pub fn work(&self, other: &Self) -> usize {
        let count = |operand: &Self| match &operand.test {
            Comparison::OneOf(texts) => texts.len(),
            Comparison::InNetwork(networks) => networks.len(),
            Comparison::InSegment(keys) => keys.len(),
            Comparison::Is(_)
            | Comparison::Contains(_)
            | Comparison::StartsWith(_)
            | Comparison::EndsWith(_)
            | Comparison::Number(..)
            | Comparison::Matches(_)
            | Comparison::Version(..)
            | Comparison::Moment(..)
            | Comparison::Exists => 1,
        };
        let (mine, its) = (count(self), count(other));
        match (&self.test, &other.test) {
            // Long lists of texts are searched by hash.
            (Comparison::OneOf(_), Comparison::OneOf(_)) => mine.saturating_add(its),
            _ => mine.saturating_mul(its).max(1),
        }
    }

    /// Whether whatever passes this test passes that of `other`; negation does not count.
    fn within(&self, other: &Self) -> bool {
        match (&self.test, &other.test) {
            (Comparison::InSegment(mine), Comparison::InSegment(its)) => {
                mine.iter().all(|key| its.contains(key))
            }
            (Comparison::InSegment(_), _) | (_, Comparison::InSegment(_)) => false,
            (_, Comparison::Exists) => true,
            (Comparison::Is(text), _) => self.text_within(text, other),
            (Comparison::OneOf(texts), _) => texts.iter().all(|text| self.text_within(text, other)),
            (
                Comparison::Contains(part) | Comparison::StartsWith(part) | Comparison::EndsWith(part),
                Comparison::Contains(its),
            ) => self.read_by(other, part, |part| part.contains(&**its)),
            (Comparison::StartsWith(part), Comparison::StartsWith(its)) => {
                self.read_by(other, part, |part| part.starts_with(&**its))
            }
            (Comparison::EndsWith(part), Comparison::EndsWith(its)) => {
                self.read_by(other, part, |part| part.ends_with(&**its))
            }
            (Comparison::Matches(mine), Comparison::Matches(its)) => {
                self.case == other.case && mine.0.as_str() == its.0.as_str()
            }
            (Comparison::Number(mine, x), Comparison::Number(its, y)) => {
                interval_within(*mine, *its, x.order(*y))
            }
            (Comparison::Moment(mine, x), Comparison::Moment(its, y)) => {
                interval_within(*mine, *its, Some(x.cmp(y)))
            }
            (Comparison::Version(mine, x), Comparison::Version(its, y)) => {
                interval_within(*mine, *its, Some(x.compare(y)))
            }
            (Comparison::InNetwork(mine), Comparison::InNetwork(its)) => {
                mine.iter().all(|network| its.iter().any(|wider| wider.covers(network)))
            }
            _ => false,
        }
    }

    /// Whether everything whose text this operand takes for `text` passes the test of `other`.
    fn text_within(&self, text: &str, other: &Self) -> bool {
        match (self.case, other.case) {
            (Case::Sensitive, _) if other.tells_numbers_from_texts() => {
                values_of(text).all(|value| other.test.passes(value, other.case))
            }
            (Case::Sensitive, _) => other.test.passes(AttributeView::Text(text), other.case),
            // `text` stands for many, and only what folds case takes them all for it. A pattern reads them unfolded.
            (Case::Insensitive, Case::Insensitive) => {
                !matches!(other.test, Comparison::Matches(_))
                    && other.test.passes(AttributeView::Text(text), Case::Insensitive)
            }
            (Case::Insensitive, Case::Sensitive) => false,
        }
    }

    /// Whether two values with the same text can differ to the test: a large number loses digits as a float.
    fn tells_numbers_from_texts(&self) -> bool {
        matches!(self.test, Comparison::Number(..) | Comparison::Moment(..))
    }

    /// Asks `part`, which is somewhere in every text that passes this test, as `other` reads it.
    fn read_by(&self, other: &Self, part: &str, holds: impl FnOnce(&str) -> bool) -> bool {
        match (self.case, other.case) {
            (Case::Insensitive, Case::Sensitive) => false,
            (Case::Sensitive, _) | (Case::Insensitive, Case::Insensitive) => other.case.fold(part, holds),
        }
    }
}

impl Texts {
    fn len(&self) -> usize {
        match self {
            Self::Few(texts) => texts.len(),
            Self::Many(texts) => texts.len(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let (few, many) = match self {
            Self::Few(texts) => (texts.as_slice(), None),
            Self::Many(texts) => ([].as_slice(), Some(texts)),
        };
        few.iter().chain(many.into_iter().flatten()).map(|text| &**text)
    }
}

/// Every value with this canonical text.
fn values_of(text: &str) -> impl Iterator<Item = AttributeView<'_>> {
    let number = text.parse().ok().map(AttributeView::Float);
    let others =
        [text.parse().ok().map(AttributeView::Bool), text.parse().ok().map(AttributeView::Integer), number];
    // Some that read alike print otherwise, such as `+1` and `1e3`.
    let prints_alike = move |value: &AttributeView<'_>| value.with_text(|it| it == text) == Some(true);
    std::iter::once(AttributeView::Text(text)).chain(others.into_iter().flatten().filter(prints_alike))
}

/// Whether what is on the side `inner` of one operand is on the side `outer` of another, to which the first compares
/// like `order`.
fn interval_within(inner: Bound, outer: Bound, order: Option<Ordering>) -> bool {
    let Some(order) = order else { return false };
    match (inner, outer) {
        (Bound::Above, Bound::Above | Bound::AtLeast) | (Bound::AtLeast, Bound::AtLeast) => order.is_ge(),
        (Bound::AtLeast, Bound::Above) => order.is_gt(),
        (Bound::Below, Bound::Below | Bound::AtMost) | (Bound::AtMost, Bound::AtMost) => order.is_le(),
        (Bound::AtMost, Bound::Below) => order.is_lt(),
        (Bound::Equal, outer) => outer.admits(order),
        (Bound::Above | Bound::AtLeast, Bound::Below | Bound::AtMost | Bound::Equal)
        | (Bound::Below | Bound::AtMost, Bound::Above | Bound::AtLeast | Bound::Equal) => false,
    }
}

#[cfg(test)]
mod tests;

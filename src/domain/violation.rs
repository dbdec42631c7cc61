//! What is wrong with an input, and where: every parser collects [`Violations`] instead of stopping at the first.

//!
//! A parser returns a value wherever the shape is sound, even if its meaning is not, so that everything that is
//! wrong is found in one pass. Whoever asked for the parse refuses the input if any fault was noted.

use std::fmt::{self, Display};

/// The place of a value inside an input, printed as `targeting_rules[2].conditions[0].value`.
///
/// A path borrows its parent, so that walking a correct document allocates nothing.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// The whole document; prints as the empty string.
    pub const ROOT: Path<'static> = Path { parent: None, step: Step::Root };

    /// The member `name` of the object at this path.
    #[must_use]
    pub fn field(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Field(name) }
    }

    /// The element `index` (from 0) of the list at this path.
    #[must_use]
    pub fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index) }
    }
}

impl Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(out)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(out, "[{index}]"),
            Step::Field(name) => {
                let nested = self.parent.is_some_and(|parent| !matches!(parent.step, Step::Root));
                if nested { write!(out, ".{name}") } else { out.write_str(name) }
            }
        }
    }
}

/// The kind of a violation. [`Fault::Malformed`] is about shape (400), every other about meaning (422); the
/// statuses themselves are in the error table of the HTTP layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Syntax, a missing, mistyped or unknown field, a limit of size.
    Malformed,
    /// A boolean flag without exactly two variations, or a flag without any.
    VariationCount,
    /// A name of a variation that the flag does not have.
    VariationUnknown,
    /// A value that does not fit the flag's type.
    VariationValue,
    /// Percentages of one rollout that sum to more than 100.
    RolloutSum,
    /// An operand that does not parse, or a rollout that its bucketing cannot express.
    Rule,
    /// An unknown flag or variation, or a cycle.
    Prerequisite,
    /// What was at a moment is not known, or no longer.
    NotKept,
    /// A name in the input that no flag has.
    FlagUnknown,
}

/// Faults that one input can have, at most; the rest is not looked at.
pub const MAX_NOTED: usize = 1_000;

/// Whether `inner` is the place `outer` or inside of it.
fn covers(outer: &str, inner: &str) -> bool {
    let Some(rest) = inner.strip_prefix(outer) else { return false };
    outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '['])
}

/// One fault at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What kind of fault.
    pub fault: Fault,
    /// Where, as a printed [`Path`].
    pub path: String,
    /// What is wrong, for a person.
    pub message: String,
}

/// Every violation of one input, in the order of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// An input with nothing wrong so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// A single violation, where nothing else can be said about the input.
    pub fn one(fault: Fault, path: impl Display, message: impl Into<String>) -> Self {
        let mut violations = Self::new();
        violations.add(fault, path, message);
        violations
    }

    /// Notes a fault and goes on. What lies inside of something malformed was read from a placeholder: it is not
    /// worth a word, and neither is anything beyond [`MAX_NOTED`] faults.
    pub fn add(&mut self, fault: Fault, path: impl Display, message: impl Into<String>) {
        let path = path.to_string();
        let covered =
            self.0.iter().any(|earlier| earlier.fault == Fault::Malformed && covers(&earlier.path, &path));
        if !covered && self.0.len() < MAX_NOTED {
            self.0.push(Violation { fault, path, message: message.into() });
        }
    }

    /// Notes everything that is wrong with a part of the input.
    pub fn add_within(&mut self, part: &str, inner: &Self) {
        for Violation { fault, path, message } in &inner.0 {
            let joint = if path.is_empty() { "" } else { "." };
            self.add(*fault, format!("{part}{joint}{path}"), message.as_str());
        }
    }

    /// Notes a fault of shape.
    pub fn malformed(&mut self, path: impl Display, message: impl Into<String>) {
        self.add(Fault::Malformed, path, message);
    }

    /// Notes what is wrong with the member `name` of this input, which was read by itself.
    pub fn add_of(&mut self, name: &str, member: Self) {
        for Violation { fault, path, message } in member.0 {
            let dot = if path.is_empty() { "" } else { "." };
            self.add(fault, format_args!("{name}{dot}{path}"), message);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many faults were noted so far: a parser compares two counts to learn whether a part was sound.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The faults to report: those of shape alone if there are any (400), else those of meaning (422).
    pub fn reported(&self) -> impl Iterator<Item = &Violation> {
        let malformed = self.is_malformed();
        self.0.iter().filter(move |violation| (violation.fault == Fault::Malformed) == malformed)
    }

    /// Whether any fault is one of shape.
    pub fn is_malformed(&self) -> bool {
        self.0.iter().any(|violation| violation.fault == Fault::Malformed)
    }

    /// `value` if nothing is wrong, else all that is.
    pub fn or_ok<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// A thing that was read, and what is wrong with its meaning so far.
#[derive(Clone, Debug)]
pub struct Draft<T> {
    /// The thing; worth something only if nothing is wrong in the end.
    pub value: T,
    /// What is wrong with it.
    pub faults: Violations,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_as_clients_write_them() {
        let rules = Path::ROOT.field("targeting_rules");
        let condition = rules.index(2).field("conditions").index(0).field("value").to_string();
        assert_eq!(condition, "targeting_rules[2].conditions[0].value");
        assert_eq!(Path::ROOT.to_string(), "");
        assert_eq!(Path::ROOT.index(1).field("key").to_string(), "[1].key");
    }

    #[test]
    fn faults_of_a_member_have_its_name_before_their_paths() {
        let mut faults = Violations::one(Fault::Malformed, "change.tags", "must be an array");
        let mut member = Violations::one(Fault::Rule, "bucketing.by", "is too long");
        member.malformed("", "is odd");
        member.malformed("tags[1]", "is given twice");
        faults.add_of("change", member);
        let paths: Vec<_> = faults.0.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["change.tags", "change.bucketing.by", "change"]);
    }

    #[test]
    fn nothing_is_said_about_the_inside_of_what_is_malformed() {
        let mut faults = Violations::one(Fault::Malformed, "variations[1]", "must be an object");
        faults.malformed("variations[1].key", "must not be empty");
        faults.malformed("variations[10].key", "must not be empty");
        faults.add(Fault::VariationCount, "variations", "must be two");
        let paths: Vec<_> = faults.0.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["variations[1]", "variations[10].key", "variations"]);
    }
}

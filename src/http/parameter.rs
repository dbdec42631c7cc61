//! Query parameters. The framework stops at the first bad one, the contract wants all of them at once: so they are
//! taken as text, documented as what they mean, and read together by [`Reader`].

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromParameter, ParseResult, Type};

use crate::domain::violation::Violations;
use crate::http::error::ApiError;

macro_rules! parameters {
    ($($(#[$meta:meta])* $name:ident, $required:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name<T> {
            text: Option<String>,
            schema: PhantomData<fn() -> T>,
        }

        impl<T: Type> Type for $name<T> {
            const IS_REQUIRED: bool = $required;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                T::name()
            }

            fn schema_ref() -> MetaSchemaRef {
                T::schema_ref()
            }

            fn register(registry: &mut Registry) {
                T::register(registry);
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl<T: Type> ParseFromParameter for $name<T> {
            fn parse_from_parameter(value: &str) -> ParseResult<Self> {
                Ok(Self { text: Some(value.to_owned()), schema: PhantomData })
            }

            fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(values: I) -> ParseResult<Self> {
                let first = values.into_iter().next().map(|value| value.as_ref().to_owned());
                Ok(Self { text: first, schema: PhantomData })
            }
        }

        impl<T> $name<T> {
            /// The text, if the parameter was given and is not empty.
            pub fn text(&self) -> Option<&str> {
                // Named in full: the framework's `Type` has a method of this name for `&str`, which is always false.
                self.text.as_deref().filter(|text| !str::is_empty(text))
            }
        }
    )*};
}

parameters! {
    /// A parameter that may be left out.
    Optional, false;
    /// A parameter that must be given.
    Required, true;
}

/// Reads parameters and collects what is wrong with them.
#[derive(Debug, Default)]
pub struct Reader {
    faults: Violations,
}

impl Reader {
    /// The text of a parameter that must be given.
    pub fn required<T>(&mut self, name: &str, parameter: &Required<T>) -> String {
        let text = parameter.text().unwrap_or_default();
        if text.is_empty() {
            self.faults.malformed(name, "is required");
        }
        text.to_owned()
    }

    /// A whole number in `range`.
    pub fn integer<T>(
        &mut self,
        name: &str,
        parameter: &Optional<T>,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let text = parameter.text()?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.faults
                .malformed(name, format!("must be a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// One of the words of `choices`.
    pub fn word<T: Copy>(&mut self, name: &str, parameter: &Optional<T>, choices: &[(T, &str)]) -> Option<T> {
        let text = parameter.text()?;
        let found = choices.iter().find(|(_, word)| *word == text).map(|(value, _)| *value);
        if found.is_none() {
            let words = choices.iter().map(|(_, word)| *word);
            self.faults.malformed(name, crate::http::shape::one_of(words));
        }
        found
    }

    /// Some of the words of `choices`, with commas between them.
    pub fn words<T: Copy>(
        &mut self,
        name: &str,
        parameter: &Optional<String>,
        choices: &[(T, &str)],
    ) -> Vec<T> {
        let mut found = Vec::new();
        for text in parameter.text().into_iter().flat_map(|text| text.split(',')) {
            match choices.iter().find(|(_, word)| *word == text.trim()) {
                Some((value, _)) => found.push(*value),
                None => self
                    .faults
                    .malformed(name, crate::http::shape::one_of(choices.iter().map(|(_, word)| *word))),
            }
        }
        found
    }

    /// `true` or `false`; a parameter that was left out is false.
    pub fn truth(&mut self, name: &str, parameter: &Optional<bool>) -> bool {
        self.word(name, parameter, &[(true, "true"), (false, "false")]).unwrap_or_default()
    }

    /// What `parse` makes of the text; `expectation` says what the text must be.
    pub fn read<T, S>(
        &mut self,
        name: &str,
        parameter: &Optional<S>,
        parse: impl FnOnce(&str) -> Option<T>,
        expectation: &str,
    ) -> Option<T> {
        let read = parse(parameter.text()?);
        if read.is_none() {
            self.faults.malformed(name, expectation);
        }
        read
    }

    /// Notes that a parameter is wrong.
    pub fn refuse(&mut self, name: &str, message: &str) {
        self.faults.malformed(name, message);
    }

    /// `value`, if every parameter was sound.
    pub fn finish<T>(self, value: T) -> Result<T, ApiError> {
        Ok(self.faults.or_ok(value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_parameter_was_not_given() {
        let read = |text: &str| Optional::<String>::parse_from_parameters([text]).unwrap();
        assert_eq!(read("").text(), None);
        assert_eq!(read("a").text(), Some("a"));
    }
}

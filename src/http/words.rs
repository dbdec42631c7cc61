//! The words of domain enumerations: how requests, answers and the `OpenAPI` document spell them, and what the
//! document says of each. A word means the same wherever it stands, so its meaning comes from the domain.

use std::fmt::Display;

/// What an enumeration is, and what each of its words means, in Markdown.
pub fn described<'a>(about: &str, words: impl Iterator<Item = (&'a str, impl Display)>) -> String {
    let lines: Vec<String> = words.map(|(word, meaning)| format!("- `{word}`: {meaning}")).collect();
    format!("{about}\n\n{}", lines.join("\n"))
}

/// Gives the words of a domain enumeration to request bodies, answers and the `OpenAPI` document.
#[macro_export]
macro_rules! words {
    ($($name:ty as $schema:literal,)+) => {$(
        impl ::poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> ::std::borrow::Cow<'static, str> {
                $schema.into()
            }

            fn schema_ref() -> ::poem_openapi::registry::MetaSchemaRef {
                ::poem_openapi::registry::MetaSchemaRef::Reference($schema.to_owned())
            }

            fn register(registry: &mut ::poem_openapi::registry::Registry) {
                // The framework borrows descriptions for good, so each is made once.
                static DESCRIPTION: ::std::sync::OnceLock<String> = ::std::sync::OnceLock::new();
                let words = <$name>::ALL.iter().map(|(it, word)| (*word, it.meaning()));
                let description = DESCRIPTION.get_or_init(|| $crate::http::words::described(<$name>::ABOUT, words));
                registry.create_schema::<Self, _>($schema.to_owned(), |_| ::poem_openapi::registry::MetaSchema {
                    enum_items: <$name>::ALL.iter().map(|(_, word)| ::serde_json::Value::from(*word)).collect(),
                    description: Some(description),
                    ..::poem_openapi::registry::MetaSchema::new("string")
                });
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(::std::iter::once(self))
            }
        }

        impl ::poem_openapi::types::ParseFromJSON for $name {
            fn parse_from_json(value: Option<::serde_json::Value>) -> ::poem_openapi::types::ParseResult<Self> {
                let word = value.as_ref().and_then(::serde_json::Value::as_str);
                word.and_then(Self::parse).ok_or_else(::poem_openapi::types::ParseError::expected_input)
            }
        }

        impl ::poem_openapi::types::ParseFromParameter for $name {
            fn parse_from_parameter(word: &str) -> ::poem_openapi::types::ParseResult<Self> {
                let words = <$name>::ALL.iter().map(|(_, word)| *word);
                <$name>::parse(word)
                    .ok_or_else(|| ::poem_openapi::types::ParseError::custom($crate::http::shape::one_of(words)))
            }
        }

        impl ::poem_openapi::types::ToJSON for $name {
            fn to_json(&self) -> Option<::serde_json::Value> {
                Some(self.as_str().into())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::http::shape::Shape for $name {
            fn read(
                value: &::serde_json::Value,
                path: &$crate::domain::violation::Path<'_>,
                faults: &mut $crate::domain::violation::Violations,
            ) -> Self {
                let Some(word) = value.as_str() else {
                    return $crate::http::shape::mistyped("a string", value, path, faults);
                };
                <$name>::parse(word).unwrap_or_else(|| {
                    faults.malformed(path, $crate::http::shape::one_of(<$name>::ALL.iter().map(|(_, word)| *word)));
                    Self::placeholder()
                })
            }

            fn placeholder() -> Self {
                <$name>::ALL[0].0
            }
        }
    )+};
}

//! The collecting reader of request bodies. serde stops at the first fault; the contract wants every violation
//! at once, each with its path. A [`Shape`] reads itself from a parsed document and notes what is missing,
//! mistyped or unknown before it gives up. [`request!`](crate::request) declares a body once, for the reader and
//! for the `OpenAPI` document; [`choice!`](crate::choice) does the same for a closed set of words.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::violation::{Path, Violations};

/// Something that a request body can hold.
pub trait Shape: Sized {
    /// Reads the value at `path`. `None` only if at least one fault was noted; faults that leave the value
    /// readable, such as an unknown field, are noted beside `Some`, so the caller asks `faults` in the end.
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self>;

    /// What a field that was left out means.
    fn absent(path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        faults.malformed(path, "is required");
        None
    }
}

/// Reads a whole body; every fault or the value.
pub fn read_body<T: Shape>(body: &Value) -> Result<T, Violations> {
    let mut faults = Violations::new();
    match T::read(body, &Path::ROOT, &mut faults) {
        Some(value) => faults.or_ok(value),
        None => Err(faults),
    }
}

/// The object at `path`; its unknown fields are noted.
pub fn read_object<'v>(
    value: &'v Value,
    known: &[&str],
    path: &Path<'_>,
    faults: &mut Violations,
) -> Option<&'v Map<String, Value>> {
    let Value::Object(object) = value else {
        return mistyped("an object", value, path, faults);
    };
    for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
        faults.malformed(path.field(name), "is not a known field");
    }
    Some(object)
}

/// The field `name` of an object.
pub fn read_field<T: Shape>(
    object: &Map<String, Value>,
    name: &str,
    path: &Path<'_>,
    faults: &mut Violations,
) -> Option<T> {
    let path = path.field(name);
    match object.get(name) {
        Some(value) => T::read(value, &path, faults),
        None => T::absent(&path, faults),
    }
}

/// Notes that a value has the wrong type.
pub fn mistyped<T>(wanted: &str, found: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<T> {
    faults.malformed(path, format!("must be {wanted}, not {}", kind_of(found)));
    None
}

/// Notes that a word is none of a closed set.
pub fn not_a_choice<T>(choices: &[&str], path: &Path<'_>, faults: &mut Violations) -> Option<T> {
    faults.malformed(path, one_of(choices));
    None
}

/// "must be one of `a`, `b`".
pub fn one_of(choices: &[&str]) -> String {
    format!("must be one of `{}`", choices.join("`, `"))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Shape for String {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        match value {
            Value::String(text) => Some(text.clone()),
            other => mistyped("a string", other, path, faults),
        }
    }
}

impl Shape for bool {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        value.as_bool().or_else(|| mistyped("true or false", value, path, faults))
    }
}

impl Shape for f64 {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        value.as_f64().or_else(|| mistyped("a number", value, path, faults))
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Shape for $integer {
            fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
                let number = whole(value).or_else(|| mistyped("an integer", value, path, faults))?;
                let in_range = <$integer>::try_from(number).ok();
                if in_range.is_none() {
                    faults.malformed(path, format!("must be between {} and {}", <$integer>::MIN, <$integer>::MAX));
                }
                in_range
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, i32, i64);

/// The whole number that a JSON number is; `3.0` is one, as JSON Schema has it.
fn whole(value: &Value) -> Option<i128> {
    /// Beyond 2^53 a double cannot tell neighbours apart, so it names no integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = value.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = value.as_u64() {
        return Some(number.into());
    }
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number of at most 2^53 is exact in both types"
    )]
    let number = number as i64;
    Some(number.into())
}

impl Shape for Value {
    /// Any JSON, also null.
    fn read(value: &Value, _: &Path<'_>, _: &mut Violations) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: Shape> Shape for Box<T> {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        T::read(value, path, faults).map(Box::new)
    }
}

impl<T: Shape> Shape for Option<T> {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value, path, faults).map(Some) }
    }

    fn absent(_: &Path<'_>, _: &mut Violations) -> Option<Self> {
        Some(None)
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        let Value::Array(elements) = value else {
            return mistyped("a list", value, path, faults);
        };
        // Every element is read before the first unsound one is allowed to matter.
        let mut list = Some(Vec::with_capacity(elements.len()));
        for (index, element) in elements.iter().enumerate() {
            match (T::read(element, &path.index(index), faults), &mut list) {
                (Some(element), Some(list)) => list.push(element),
                _ => list = None,
            }
        }
        list
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        let Value::Object(members) = value else {
            return mistyped("an object", value, path, faults);
        };
        let mut map = Some(BTreeMap::new());
        for (name, member) in members {
            match (T::read(member, &path.field(name), faults), &mut map) {
                (Some(member), Some(map)) => drop(map.insert(name.clone(), member)),
                _ => map = None,
            }
        }
        map
    }
}

/// Declares the body of a request once: the struct, its schema in the `OpenAPI` document and its reader.
///
/// Documentation, further derives and `#[oai(...)]` attributes pass through; the attributes only document,
/// what they say must also be checked by the domain. A field whose name on the wire is not its name in Rust is
/// written `field as "wireName": Type`. Fields that may be left out are `Option<T>`, and [`Patch<T>`] where null
/// clears.
///
/// [`Patch<T>`]: crate::http::patch::Patch
#[macro_export]
macro_rules! request {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident $(as $wire:literal)?: $ty:ty),* $(,)?
    })+) => {$(
        $(#[$meta])*
        #[derive(::poem_openapi::Object)]
        #[oai(deny_unknown_fields)]
        $vis struct $name {
            $($(#[$field_meta])* $(#[oai(rename = $wire)])? $field_vis $field: $ty,)*
        }

        impl $crate::http::shape::Shape for $name {
            fn read(
                value: &::serde_json::Value,
                path: &$crate::domain::violation::Path<'_>,
                faults: &mut $crate::domain::violation::Violations,
            ) -> Option<Self> {
                const FIELDS: &[&str] = &[$($crate::wire_name!($field $(as $wire)?)),*];
                let object = $crate::http::shape::read_object(value, FIELDS, path, faults)?;
                $(let $field: Option<$ty> = $crate::http::shape::read_field(
                    object,
                    $crate::wire_name!($field $(as $wire)?),
                    path,
                    faults,
                );)*
                Some(Self { $($field: $field?),* })
            }
        }
    )+};
}

/// The name of a field in JSON; a part of [`request!`](crate::request).
#[doc(hidden)]
#[macro_export]
macro_rules! wire_name {
    ($field:ident as $wire:literal) => {
        $wire
    };
    ($field:ident) => {
        const { $crate::http::shape::without_raw(stringify!($field)) }
    };
}

/// The name of an identifier that may be written `r#type`.
pub const fn without_raw(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}

/// Declares a closed set of words once: the enum, its schema in the `OpenAPI` document and its reader.
#[macro_export]
macro_rules! choice {
    ($($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$item_meta:meta])* $item:ident = $text:literal),+ $(,)?
    })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ::poem_openapi::Enum)]
        $vis enum $name {
            $($(#[$item_meta])* #[oai(rename = $text)] $item,)+
        }

        impl $name {
            /// Every word, as it is written in JSON.
            $vis const TEXTS: &'static [&'static str] = &[$($text),+];

            /// The word in JSON.
            $vis const fn text(self) -> &'static str {
                match self {
                    $(Self::$item => $text,)+
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.text())
            }
        }

        impl $crate::http::shape::Shape for $name {
            fn read(
                value: &::serde_json::Value,
                path: &$crate::domain::violation::Path<'_>,
                faults: &mut $crate::domain::violation::Violations,
            ) -> Option<Self> {
                match value {
                    ::serde_json::Value::String(text) => match text.as_str() {
                        $($text => Some(Self::$item),)+
                        _ => $crate::http::shape::not_a_choice(Self::TEXTS, path, faults),
                    },
                    other => $crate::http::shape::mistyped("a string", other, path, faults),
                }
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: Shape>(value: &Value) -> Result<T, String> {
        read_body(value).map_err(|faults| {
            let texts = faults.reported().map(|fault| format!("{}: {}", fault.path, fault.message));
            texts.collect::<Vec<_>>().join("; ")
        })
    }

    #[test]
    fn integers_are_whole_and_in_range() {
        assert_eq!(read::<u8>(&json!(255)), Ok(255));
        assert_eq!(read::<u64>(&json!(u64::MAX)), Ok(u64::MAX));
        assert_eq!(read::<i64>(&json!(-3.0)), Ok(-3));
        assert_eq!(read::<u8>(&json!(-1)), Err(": must be between 0 and 255".to_owned()));
        assert_eq!(read::<i64>(&json!(1.5)), Err(": must be an integer, not a number".to_owned()));
        assert_eq!(read::<u64>(&json!(1e17)), Err(": must be an integer, not a number".to_owned()));
        assert_eq!(read::<u32>(&json!("1")), Err(": must be an integer, not a string".to_owned()));
    }

    #[test]
    fn nothing_is_converted_on_the_way() {
        assert!(read::<String>(&json!(1)).is_err());
        assert!(read::<bool>(&json!("true")).is_err());
        assert!(read::<f64>(&json!("1")).is_err());
        assert!(read::<String>(&json!(null)).is_err());
        assert_eq!(read::<Option<String>>(&json!(null)), Ok(None));
        assert_eq!(read::<Value>(&json!({"a": [null]})), Ok(json!({"a": [null]})));
    }

    #[test]
    fn collections_report_every_element() {
        let faults = read::<Vec<BTreeMap<String, bool>>>(&json!([{"a": 1, "b": true, "c": null}, 2]));
        let expected = "[0].a: must be true or false, not a number; [0].c: must be true or false, not null; \
                        [1]: must be an object, not a number";
        assert_eq!(faults, Err(expected.to_owned()));
        assert_eq!(read::<Vec<Box<u8>>>(&json!([1, 2])), Ok(vec![Box::new(1), Box::new(2)]));
    }

    #[test]
    fn a_raw_identifier_has_a_plain_name() {
        assert_eq!((without_raw("r#type"), without_raw("raw")), ("type", "raw"));
    }
}

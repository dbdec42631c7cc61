//! The collecting reader of request bodies. serde stops at the first fault; the contract wants every violation
//! at once, each with its path. A [`Shape`] reads itself from a parsed document and notes what is missing,
//! mistyped or unknown before it gives up. [`request!`](crate::request) declares a body once, for the reader and
//! for the `OpenAPI` document.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::{
    value::kind,
    violation::{Path, Violations},
};

/// Something that a request body can hold.
///
/// Reading is total: where a value is missing or mistyped the fault is noted and a placeholder takes its place, so
/// that the rest, and what the domain says of it, is still checked in the same pass. What was read counts only if
/// no fault was noted in the end.
pub trait Shape: Sized {
    /// Reads the value at `path`.
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self;

    /// Stands in for a value that could not be read.
    fn placeholder() -> Self;

    /// What a field that was left out means.
    fn absent(path: &Path<'_>, faults: &mut Violations) -> Self {
        faults.malformed(path, "is required");
        Self::placeholder()
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
        faults.malformed(path, format!("must be an object, not {}", kind(value)));
        return None;
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
) -> T {
    let path = path.field(name);
    match object.get(name) {
        Some(value) => T::read(value, &path, faults),
        None => T::absent(&path, faults),
    }
}

/// Notes that a value has the wrong type.
pub fn mistyped<T: Shape>(wanted: &str, found: &Value, path: &Path<'_>, faults: &mut Violations) -> T {
    faults.malformed(path, format!("must be {wanted}, not {}", kind(found)));
    T::placeholder()
}

/// "must be one of `a`, `b`".
pub fn one_of<'a>(choices: impl IntoIterator<Item = &'a str>) -> String {
    let choices: Vec<_> = choices.into_iter().collect();
    format!("must be one of `{}`", choices.join("`, `"))
}

impl Shape for String {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
        match value {
            Value::String(text) => text.clone(),
            other => mistyped("a string", other, path, faults),
        }
    }

    fn placeholder() -> Self {
        Self::new()
    }
}

impl Shape for bool {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
        value.as_bool().unwrap_or_else(|| mistyped("true or false", value, path, faults))
    }

    fn placeholder() -> Self {
        false
    }
}

impl Shape for f64 {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
        value.as_f64().unwrap_or_else(|| mistyped("a number", value, path, faults))
    }

    fn placeholder() -> Self {
        0.0
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Shape for $integer {
            fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
                let Some(number) = whole(value) else {
                    return mistyped("an integer", value, path, faults);
                };
                <$integer>::try_from(number).unwrap_or_else(|_| {
                    faults.malformed(path, format!("must be between {} and {}", <$integer>::MIN, <$integer>::MAX));
                    0
                })
            }

            fn placeholder() -> Self {
                0
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
    fn read(value: &Value, _: &Path<'_>, _: &mut Violations) -> Self {
        value.clone()
    }

    fn placeholder() -> Self {
        Self::Null
    }
}

impl<T: Shape> Shape for Option<T> {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
        if value.is_null() { None } else { Some(T::read(value, path, faults)) }
    }

    fn placeholder() -> Self {
        None
    }

    fn absent(_: &Path<'_>, _: &mut Violations) -> Self {
        None
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
        let Value::Array(elements) = value else {
            return mistyped("an array", value, path, faults);
        };
        elements
            .iter()
            .enumerate()
            .map(|(index, element)| T::read(element, &path.index(index), faults))
            .collect()
    }

    fn placeholder() -> Self {
        Self::new()
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    fn read(value: &Value, path: &Path<'_>, faults: &mut Violations) -> Self {
        let Value::Object(members) = value else {
            return mistyped("an object", value, path, faults);
        };
        members
            .iter()
            .map(|(name, member)| (name.clone(), T::read(member, &path.field(name), faults)))
            .collect()
    }

    fn placeholder() -> Self {
        Self::new()
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
            ) -> Self {
                const FIELDS: &[&str] = &[$($crate::wire_name!($field $(as $wire)?)),*];
                let Some(object) = $crate::http::shape::read_object(value, FIELDS, path, faults) else {
                    return Self::placeholder();
                };
                Self {
                    $($field: $crate::http::shape::read_field(
                        object,
                        $crate::wire_name!($field $(as $wire)?),
                        path,
                        faults,
                    ),)*
                }
            }

            fn placeholder() -> Self {
                Self { $($field: $crate::http::shape::Shape::placeholder(),)* }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: Shape>(value: &Value) -> Result<T, String> {
        let mut faults = Violations::new();
        let read = T::read(value, &Path::ROOT, &mut faults);
        faults.or_ok(read).map_err(|faults| {
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
    fn lists_report_every_element() {
        let faults = read::<Vec<Vec<bool>>>(&json!([[1, true, null], 2]));
        let expected = "[0][0]: must be true or false, not a number; [0][2]: must be true or false, not null; \
                        [1]: must be an array, not a number";
        assert_eq!(faults, Err(expected.to_owned()));
    }

    #[test]
    fn a_raw_identifier_has_a_plain_name() {
        assert_eq!((without_raw("r#type"), without_raw("raw")), ("type", "raw"));
    }
}

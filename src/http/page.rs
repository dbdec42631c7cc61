//! Pages of lists: the parameters that ask for one, and cursors as opaque text.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::Type;
use serde::{Deserialize, Serialize};

use crate::domain::page::{Cursor, DEFAULT_PER_PAGE, MAX_PER_PAGE, Page, PageRequest, SortKey, Start};
use crate::http::envelope::{Listed, Meta};
use crate::http::parameter::{Optional, Reader};

/// Characters of a cursor, at most: a name of 200 characters and some digits, encoded.
const MAX_CURSOR_LENGTH: usize = 4_096;

/// The number of the first page.
const FIRST_PAGE: u32 = 1;

macro_rules! numbers {
    ($($(#[$meta:meta])* $name:ident, $minimum:expr, $maximum:expr, $default:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                "integer".into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new(MetaSchema {
                    minimum: Some(f64::from($minimum)),
                    maximum: Some(f64::from($maximum)),
                    default: Some($default.into()),
                    ..MetaSchema::new("integer")
                }))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    )*};
}

numbers! {
    /// The schema of the parameter `page`.
    PageNumber, FIRST_PAGE, u32::MAX, FIRST_PAGE;
    /// The schema of the parameter `per_page`.
    PerPage, 1_u32, MAX_PER_PAGE, DEFAULT_PER_PAGE;
}

/// What a cursor says, in JSON, before it is made opaque.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The order of the list that it continues.
    o: String,
    /// The page.
    p: u32,
    /// The sort key, if it is a number.
    n: Option<i64>,
    /// The sort key, if it is a text.
    t: Option<String>,
    /// The identifier's bits, in decimal.
    i: String,
}

/// Reads `page`, `per_page` and `cursor`. `order` names the order of the list: a cursor of another order is refused.
pub fn request(
    reader: &mut Reader,
    order: &str,
    page: &Optional<PageNumber>,
    per_page: &Optional<PerPage>,
    cursor: &Optional<String>,
) -> PageRequest {
    let number = reader.integer("page", page, FIRST_PAGE..=u32::MAX);
    let per_page = reader.integer("per_page", per_page, 1..=MAX_PER_PAGE).unwrap_or(DEFAULT_PER_PAGE);
    let start = match (cursor.text(), number) {
        (None, number) => Start::Page(number.unwrap_or(FIRST_PAGE)),
        (Some(text), number) => {
            if number.is_some() {
                reader.refuse("cursor", "must not be given together with page");
            }
            match decode(text, order) {
                Some(cursor) => Start::After(cursor),
                None => {
                    reader.refuse("cursor", "must be a next_cursor of this list in this order");
                    Start::Page(FIRST_PAGE)
                }
            }
        }
    };
    PageRequest { per_page, start }
}

/// The page as it is answered.
pub fn listed<T>(page: Page<T>, order: &str) -> Listed<T> {
    let meta = Meta {
        page: page.page,
        per_page: page.per_page,
        total: page.total,
        next_cursor: page.next.map(|cursor| encode(cursor, order)),
    };
    Listed { data: page.rows, meta }
}

fn encode(cursor: Cursor, order: &str) -> String {
    let (key, id) = cursor.place;
    let (n, t) = match key {
        SortKey::Number(number) => (Some(number), None),
        SortKey::Text(text) => (None, Some(text)),
    };
    let written = Written { o: order.to_owned(), p: cursor.page, n, t, i: id.to_string() };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&written).unwrap_or_default())
}

fn decode(text: &str, order: &str) -> Option<Cursor> {
    if text.len() > MAX_CURSOR_LENGTH {
        return None;
    }
    let written: Written = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let key = match (written.n, written.t) {
        (Some(number), None) => SortKey::Number(number),
        (None, Some(text)) => SortKey::Text(text),
        (None, None) | (Some(_), Some(_)) => return None,
    };
    let sound = written.o == order && written.p > 0;
    sound.then_some(Cursor { page: written.p, place: (key, written.i.parse().ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_and_belongs_to_one_order() {
        let cursor = Cursor { page: 3, place: (SortKey::Text("é\"".into()), u128::MAX) };
        let text = encode(cursor.clone(), "name.asc");
        assert_eq!(decode(&text, "name.asc"), Some(cursor));
        assert_eq!(decode(&text, "name.desc"), None);
        for hostile in ["", "x", "e30", &"A".repeat(5_000), &text[1..]] {
            assert_eq!(decode(hostile, "name.asc"), None, "{hostile}");
        }
    }
}

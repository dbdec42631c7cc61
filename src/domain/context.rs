//! A context: who is asking, and what is known about them. It borrows from the request, so that an evaluation
//! copies nothing; what a name means is decided here, once, for conditions and for bucketing alike.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Attributes in one context, at most.
pub const MAX_ATTRIBUTES: usize = 256;

/// Bytes of JSON in one context, at most.
pub const MAX_CONTEXT_BYTES: usize = 64 * 1024;

/// Levels of nesting inside one attribute, at most.
pub const MAX_CONTEXT_DEPTH: usize = 10;

/// Bytes that the canonical text of any finite number fits into: the longest is a sign, `0.`, 307 zeros and
/// 17 digits.
const MAX_NUMBER_BYTES: usize = 344;

/// The value of an attribute, as a client sent it.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute<'a> {
    /// The same as an attribute that is not there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array: an operator looks at its elements one by one.
    List(Vec<Attribute<'a>>),
    /// An object: present, but equal to nothing.
    Object,
}

impl Attribute<'_> {
    /// The same value, borrowed.
    pub fn view(&self) -> AttributeView<'_> {
        match self {
            Self::Null => AttributeView::Null,
            Self::Bool(value) => AttributeView::Bool(*value),
            Self::Integer(value) => AttributeView::Integer(*value),
            Self::Float(value) => AttributeView::Float(*value),
            Self::Text(text) => AttributeView::Text(text),
            Self::List(elements) => AttributeView::List(elements),
            Self::Object => AttributeView::Object,
        }
    }
}

impl From<u64> for Attribute<'_> {
    /// A number above `i64::MAX` is kept as its digits: exact as text, and still read as a number by `gt`.
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Text(Cow::Owned(value.to_string())), Self::Integer)
    }
}

impl<'a> From<&'a str> for Attribute<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

/// The value that a name of a context stands for: an [`Attribute`] or one of the context's own fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AttributeView<'a> {
    /// The same as an attribute that is not there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(&'a str),
    /// An array.
    List(&'a [Attribute<'a>]),
    /// An object.
    Object,
}

impl AttributeView<'_> {
    /// Hands the canonical text to `read`; `None` for what has none: null, an array, an object, a number that
    /// is not finite.
    ///
    /// Numbers print in plain decimal notation with the fewest digits that read back as the same number, whole
    /// ones without a fraction: `10.0` is `10`, `-0.0` is `0`, `1e21` is a one and 21 zeros.
    pub fn with_text<R>(self, read: impl FnOnce(&str) -> R) -> Option<R> {
        match self {
            Self::Text(text) => Some(read(text)),
            Self::Bool(true) => Some(read("true")),
            Self::Bool(false) => Some(read("false")),
            Self::Integer(value) => {
                NumberText::print(format_args!("{value}")).map(|text| read(text.as_str()))
            }
            Self::Float(value) if value.is_finite() => {
                // Adding zero turns -0.0 into 0.0 and leaves every other number as it is.
                NumberText::print(format_args!("{}", value + 0.0)).map(|text| read(text.as_str()))
            }
            Self::Null | Self::Float(_) | Self::List(_) | Self::Object => None,
        }
    }
}

/// A number printed on the stack: comparing numbers as text must not allocate.
struct NumberText {
    bytes: [u8; MAX_NUMBER_BYTES],
    len: usize,
}

impl NumberText {
    fn print(number: fmt::Arguments<'_>) -> Option<Self> {
        let mut text = Self { bytes: [0; MAX_NUMBER_BYTES], len: 0 };
        text.write_fmt(number).ok()?;
        Some(text)
    }

    fn as_str(&self) -> &str {
        let printed = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(printed).unwrap_or_default()
    }
}

impl Write for NumberText {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.len + part.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Who is asking. The limits of this file are checked by whoever reads one from a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context<'a> {
    /// The documented key of the user.
    pub user_key: Option<Cow<'a, str>>,
    /// The key of the user as the published SDKs send it.
    pub user_id: Option<Cow<'a, str>>,
    /// The session, for somebody without a key.
    pub session_id: Option<Cow<'a, str>>,
    /// Everything else, in the order of the request; of two with one name the last counts.
    pub attributes: Vec<(Cow<'a, str>, Attribute<'a>)>,
}

impl<'a> Context<'a> {
    /// Somebody about whom nothing is known.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// The user with this key.
    pub fn for_user(user_key: impl Into<Cow<'a, str>>) -> Self {
        Self { user_key: Some(user_key.into()), ..Self::default() }
    }

    /// The same context and one attribute more.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'a, str>>, attribute: impl Into<Attribute<'a>>) -> Self {
        self.attributes.push((name.into(), attribute.into()));
        self
    }

    /// The effective user key: the user key, else the user id, else the session id. An empty one is nobody's,
    /// and is passed over.
    pub fn key(&self) -> Option<&str> {
        let ids = [&self.user_key, &self.user_id, &self.session_id];
        ids.into_iter().find_map(|id| nonempty(id.as_deref()))
    }

    /// What `name` stands for. The names of the context's own fields mean these fields, and an attribute of
    /// such a name only where the field is absent.
    pub fn attribute(&self, name: &str) -> Option<AttributeView<'_>> {
        let own = match name {
            "user_key" => self.key(),
            "user_id" | "userId" => {
                nonempty(self.user_id.as_deref()).or_else(|| nonempty(self.user_key.as_deref()))
            }
            "session_id" => nonempty(self.session_id.as_deref()),
            _ => None,
        };
        own.map(AttributeView::Text).or_else(|| {
            // From the back, so that the last of several equal names is found first.
            self.attributes.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.view())
        })
    }
}

fn nonempty(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(attribute: &Attribute<'_>) -> Option<String> {
        attribute.view().with_text(str::to_owned)
    }

    #[test]
    fn canonical_text_of_scalars() {
        assert_eq!(text(&Attribute::Bool(true)).as_deref(), Some("true"));
        assert_eq!(text(&Attribute::Integer(i64::MIN)).as_deref(), Some("-9223372036854775808"));
        assert_eq!(text(&Attribute::from(u64::MAX)).as_deref(), Some("18446744073709551615"));
        assert_eq!(text(&Attribute::Float(10.0)).as_deref(), Some("10"));
        assert_eq!(text(&Attribute::Float(-0.0)).as_deref(), Some("0"));
        assert_eq!(text(&Attribute::Float(0.1)).as_deref(), Some("0.1"));
        assert_eq!(text(&Attribute::Float(1e21)).as_deref(), Some("1000000000000000000000"));
        assert_eq!(text(&Attribute::from("")).as_deref(), Some(""));
    }

    #[test]
    fn what_has_no_text() {
        for attribute in [
            Attribute::Null,
            Attribute::Object,
            Attribute::List(vec![Attribute::Integer(1)]),
            Attribute::Float(f64::NAN),
            Attribute::Float(f64::NEG_INFINITY),
        ] {
            assert_eq!(text(&attribute), None, "{attribute:?}");
        }
    }

    #[test]
    fn the_longest_numbers_fit_and_read_back() {
        for number in [f64::MAX, f64::MIN, -f64::MIN_POSITIVE, -5e-324, -2.225_073_858_507_201_4e-308] {
            let printed = text(&Attribute::Float(number)).expect("every finite number has a text");
            assert_eq!(printed.parse::<f64>(), Ok(number));
        }
    }

    #[test]
    fn the_key_falls_back_and_an_empty_one_is_nobodys() {
        let mut context = Context::anonymous();
        assert_eq!(context.key(), None);
        context.session_id = Some("s".into());
        assert_eq!(context.key(), Some("s"));
        context.user_id = Some("i".into());
        assert_eq!(context.key(), Some("i"));
        context.user_key = Some("".into());
        assert_eq!(context.key(), Some("i"));
        context.user_key = Some("k".into());
        assert_eq!(context.key(), Some("k"));
    }

    #[test]
    fn own_names_mean_own_fields_first() {
        let context = Context::for_user("k").with("user_key", "other").with("session_id", "from attributes");
        assert_eq!(context.attribute("user_key"), Some(AttributeView::Text("k")));
        assert_eq!(context.attribute("user_id"), Some(AttributeView::Text("k")));
        assert_eq!(context.attribute("userId"), Some(AttributeView::Text("k")));
        assert_eq!(context.attribute("session_id"), Some(AttributeView::Text("from attributes")));
        assert_eq!(context.attribute("plan"), None);
    }

    #[test]
    fn the_last_of_two_equal_names_counts() {
        let context = Context::anonymous().with("plan", "free").with("plan", "pro");
        assert_eq!(context.attribute("plan"), Some(AttributeView::Text("pro")));
    }
}

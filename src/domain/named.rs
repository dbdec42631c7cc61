//! Enumerations whose variants have a fixed name in the API: declared once, with the name beside the variant.

/// Declares such enums, with `ALL`, `as_str` and `parse`.
macro_rules! named {
    ($($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// Every one with its name in the API.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $text),)*];

            /// The name in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Reads the name; `None` for any other text.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|(_, name)| *name == text).map(|(it, _)| *it)
            }
        }
    )*};
}
pub(crate) use named;

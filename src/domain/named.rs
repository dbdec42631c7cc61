//! Enumerations whose variants have a fixed name in the API: declared once, with the name beside the variant. What
//! their documentation says is also what the description of the API says.

/// Declares such enums, with `ABOUT`, `ALL`, `as_str`, `meaning` and `parse`.
macro_rules! named {
    ($($(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $meaning:literal])+ $variant:ident = $text:literal,)*
    })*) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $meaning])+ $variant,)* }

        impl $name {
            /// What all of them are.
            pub const ABOUT: &'static str = concat!($($about),+).trim_ascii();

            /// Every one with its name in the API.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $text),)*];

            /// The name in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+).trim_ascii(),)* }
            }

            /// Reads the name; `None` for any other text.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|(_, name)| *name == text).map(|(it, _)| *it)
            }
        }
    )*};
}
pub(crate) use named;

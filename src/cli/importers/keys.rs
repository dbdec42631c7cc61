//! Keys: other products allow names that are no keys here. Each gets one, and no two the same.

use std::collections::{HashMap, HashSet};

use crate::domain::key::{FlagKey, MAX_KEY_LENGTH, VariationKey};

/// Which texts are keys.
#[derive(Clone, Copy, Debug)]
pub(super) enum Grammar {
    /// Keys of flags, segments and environments, in lower case.
    Slug,
    /// Keys of variations, which may have capitals.
    Word,
}

impl Grammar {
    fn allows(self, text: &str) -> bool {
        match self {
            Self::Slug => FlagKey::parse(text).is_ok(),
            Self::Word => VariationKey::parse(text).is_ok(),
        }
    }

    /// The key that is nearest to a text.
    fn nearest(self, text: &str) -> String {
        let text = match self {
            Self::Slug => text.to_ascii_lowercase(),
            Self::Word => text.to_owned(),
        };
        let sound = |c: char| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' }
        };
        let key: String = text.chars().map(sound).collect();
        let key = key.trim_start_matches(['.', '_', '-']).trim_end_matches('-');
        let key: String = key.chars().take(MAX_KEY_LENGTH).collect();
        if key.is_empty() { "unnamed".to_owned() } else { key }
    }
}

/// The keys of one kind of thing, by what the things were called.
#[derive(Debug)]
pub(super) struct Keys {
    grammar: Grammar,
    taken: HashSet<String>,
    by_source: HashMap<String, String>,
}

impl Keys {
    pub(super) fn new(grammar: Grammar) -> Self {
        Self { grammar, taken: HashSet::new(), by_source: HashMap::new() }
    }

    /// Keys for all of `sources`: what is a key already keeps it, whatever comes before it in the file.
    pub(super) fn of<'s>(grammar: Grammar, sources: impl IntoIterator<Item = &'s str>) -> Self {
        let mut keys = Self::new(grammar);
        let (sound, rest): (Vec<_>, Vec<_>) = sources.into_iter().partition(|text| grammar.allows(text));
        for source in sound.into_iter().chain(rest) {
            keys.assign(source);
        }
        keys
    }

    /// The key of `source`: the one that it has, or the nearest one that is free.
    pub(super) fn assign(&mut self, source: &str) -> String {
        if let Some(known) = self.by_source.get(source) {
            return known.clone();
        }
        let key = self.mint(source);
        self.by_source.insert(source.to_owned(), key.clone());
        key
    }

    /// A key near to `wish` that nothing has.
    pub(super) fn mint(&mut self, wish: &str) -> String {
        let nearest = self.grammar.nearest(wish);
        let mut key = nearest.clone();
        let mut count: usize = 1;
        while !self.taken.insert(key.clone()) {
            count += 1;
            let suffix = format!("-{count}");
            let stem: String = nearest.chars().take(MAX_KEY_LENGTH - suffix.len()).collect();
            key = stem + &suffix;
        }
        key
    }

    /// The key of what was called `source`.
    pub(super) fn get(&self, source: &str) -> Option<&str> {
        self.by_source.get(source).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_key_keeps_it_and_the_others_get_one_of_their_own() {
        let keys = Keys::of(Grammar::Slug, ["New Nav", "new-nav", "NEW-NAV", "_x", "äö", "😀"]);
        let given = ["New Nav", "new-nav", "NEW-NAV", "_x", "äö", "😀"].map(|text| keys.get(text));
        assert_eq!(
            given,
            [
                Some("new-nav-2"),
                Some("new-nav"),
                Some("new-nav-3"),
                Some("x"),
                Some("unnamed"),
                Some("unnamed-2")
            ]
        );
        assert_eq!(keys.get("other"), None);
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let long = "X".repeat(300);
        let mut keys = Keys::new(Grammar::Word);
        let (first, second) = (keys.assign(&long), keys.mint(&long));
        assert_eq!((first.len(), second.len()), (MAX_KEY_LENGTH, MAX_KEY_LENGTH));
        assert!(second.ends_with("X-2"));
        assert_eq!(keys.assign(&long), first);
    }
}

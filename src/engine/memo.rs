//! What an evaluation has found out already. One flag hardly ever leads to more than a handful of others, and these
//! are kept in place: asking a single flag allocates nothing.

use std::collections::HashMap;

/// Findings that are kept in place; with one more they move to the heap.
const MAX_IN_PLACE: usize = 16;

/// Findings by the key of what they are about.
#[derive(Debug)]
pub(super) enum Memo<'r, V> {
    Empty,
    Few([Option<(&'r str, V)>; MAX_IN_PLACE]),
    Many(HashMap<&'r str, V>),
}

impl<'r, V: Copy> Memo<'r, V> {
    pub(super) fn get(&self, key: &str) -> Option<V> {
        match self {
            Self::Empty => None,
            Self::Few(known) => known.iter().map_while(|it| *it).find(|(it, _)| *it == key).map(|(_, it)| it),
            Self::Many(known) => known.get(key).copied(),
        }
    }

    /// Remembers what was not known.
    pub(super) fn put(&mut self, key: &'r str, value: V) {
        match self {
            Self::Empty => {
                let mut known = [None; MAX_IN_PLACE];
                known[0] = Some((key, value));
                *self = Self::Few(known);
            }
            Self::Few(known) => match known.iter_mut().find(|it| it.is_none()) {
                Some(free) => *free = Some((key, value)),
                None => {
                    let known = known.iter().flatten().copied().chain([(key, value)]);
                    *self = Self::Many(known.collect());
                }
            },
            Self::Many(known) => drop(known.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_put_is_found() {
        let keys: Vec<String> = (0..3 * MAX_IN_PLACE).map(|number| number.to_string()).collect();
        let mut memo = Memo::Empty;
        for (count, key) in keys.iter().enumerate() {
            assert_eq!(memo.get(key), None);
            memo.put(key, count);
            for (known, key) in keys.iter().enumerate() {
                assert_eq!(memo.get(key), (known <= count).then_some(known), "{count}");
            }
            assert_eq!(matches!(memo, Memo::Many(_)), count >= MAX_IN_PLACE);
        }
    }
}

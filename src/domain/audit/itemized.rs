//! Differences element by element, where a field is a list of things that have a name each.

use super::{FieldChange, Fields, Value, difference};

/// What the elements of lists are known by: rules by `id`, variations by `key`, prerequisites by `flag_key`.
const NAMES: [&str; 3] = ["id", "key", "flag_key"];

/// An element with its name.
type Named<'v> = (&'v str, &'v Value);

/// As [`difference`], but of a list whose elements have names it says what changed of which element: the field is then
/// called as in `variations[on].value`. If the elements that are in both are in another order, `variations[]` has
/// their names.
pub fn itemized(before: &Fields, after: &Fields) -> Vec<FieldChange> {
    let mut found = Vec::new();
    for change in difference(before, after) {
        match (named(&change.from), named(&change.to)) {
            (Some(from), Some(to)) => itemize(&change.field, &from, &to, &mut found),
            (None, _) | (_, None) => found.push(change),
        }
    }
    found
}

/// The elements of a list, if every one has a name.
fn named(list: &Value) -> Option<Vec<Named<'_>>> {
    list.as_array()?.iter().map(|element| Some((name_of(element)?, element))).collect()
}

fn name_of(element: &Value) -> Option<&str> {
    NAMES.iter().find_map(|name| element.get(name)?.as_str())
}

fn find<'v>(list: &[Named<'v>], name: &str) -> Option<&'v Value> {
    list.iter().find(|(it, _)| *it == name).map(|(_, element)| *element)
}

fn itemize(field: &str, before: &[Named<'_>], after: &[Named<'_>], found: &mut Vec<FieldChange>) {
    let added = after.iter().filter(|(name, _)| find(before, name).is_none());
    for (name, _) in before.iter().chain(added) {
        let path = format!("{field}[{name}]");
        match (find(before, name), find(after, name)) {
            (Some(from), Some(to)) => compare(&path, from, to, found),
            (from, to) => {
                let (from, to) = (from.cloned().unwrap_or_default(), to.cloned().unwrap_or_default());
                found.push(FieldChange { field: path, from, to });
            }
        }
    }
    let (from, to) = (order(before, after), order(after, before));
    if from != to {
        found.push(FieldChange { field: format!("{field}[]"), from, to });
    }
}

/// Notes what differs between two states of an element.
fn compare(path: &str, from: &Value, to: &Value, found: &mut Vec<FieldChange>) {
    let names = |value| Value::as_object(value).into_iter().flat_map(|it| it.keys());
    let added = names(to).filter(|name| from.get(name).is_none());
    for name in names(from).chain(added) {
        let member = |value: &Value| value.get(name).cloned().unwrap_or_default();
        let change = FieldChange { field: format!("{path}.{name}"), from: member(from), to: member(to) };
        found.extend(Some(change).filter(|change| change.from != change.to));
    }
}

/// The names of the elements that `other` has as well, in the order of `list`.
fn order(list: &[Named<'_>], other: &[Named<'_>]) -> Value {
    let common = list.iter().filter(|(name, _)| find(other, name).is_some());
    common.map(|(name, _)| Value::from(*name)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(before: Value, after: Value) -> Value {
        let fields = |list| vec![("rules", list), ("name", json!("n"))];
        let found = itemized(&fields(before), &fields(after));
        found.into_iter().map(|it| json!([it.field, it.from, it.to])).collect()
    }

    #[test]
    fn elements_are_compared_by_their_names() {
        let before = json!([{"id": "a", "n": 1, "gone": true}, {"id": "b", "n": 2}, {"id": "c", "n": 3}]);
        let after = json!([{"id": "c", "n": 3}, {"id": "d", "n": 4}, {"id": "a", "n": 5, "new": [1]}]);
        assert_eq!(
            changes(before, after),
            json!([
                ["rules[a].n", 1, 5],
                ["rules[a].gone", true, null],
                ["rules[a].new", null, [1]],
                ["rules[b]", {"id": "b", "n": 2}, null],
                ["rules[d]", null, {"id": "d", "n": 4}],
                ["rules[]", ["a", "c"], ["c", "a"]],
            ])
        );
        assert_eq!(changes(json!([{"key": "on"}]), json!([])), json!([["rules[on]", {"key": "on"}, null]]));
    }

    #[test]
    fn what_has_no_names_is_compared_as_a_whole() {
        assert_eq!(changes(json!(["x"]), json!(["y"])), json!([["rules", ["x"], ["y"]]]));
        assert_eq!(changes(json!([]), json!(["y"])), json!([["rules", [], ["y"]]]));
        assert_eq!(changes(json!(null), json!([{"id": "a"}])), json!([["rules", null, [{"id": "a"}]]]));
        assert_eq!(changes(json!([{"id": "a"}]), json!([{"id": "a"}])), json!([]));
    }
}

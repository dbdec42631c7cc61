//! Flagsmith: the environment document (`GET /api/v1/environment-document/`), which its SDKs evaluate by themselves,
//! published with its evaluation engine and that engine's test data.
//!
//! A feature of Flagsmith is two answers: whether it is enabled, and a value, which is served whether it is enabled or
//! not. So it becomes two flags, each of which is exact, or one where nobody gave it a value.
//!
//! | there | here |
//! |---|---|
//! | whether a feature is enabled | a boolean flag with the feature's name; `off` is the default |
//! | its value, where it has one anywhere | a second flag, `name.value`, always on; the environment's value is the default |
//! | values of one type (text, number, boolean) | the flag's type |
//! | values of several types, or sometimes none | approximated: text, none is the empty text |
//! | enabled for everybody | a last rule without conditions |
//! | `multivariate_feature_state_values` | a rollout by murmur3, approximated: other buckets. The rest gets the value |
//! | `identity_overrides` | the first rules, on `user_key` |
//! | overrides of segments, by `priority` | rules in that order, after those |
//! | overrides of one priority | approximated: in the order of the file, which depends on the SDK there |
//! | an override of a segment that cannot be said | skipped: the flag is off, unless the override changes nothing |
//! | segment | a segment |
//! | rules `ALL` `ANY` `NONE` | all, any or none of the conditions, by segments inside of it |
//! | rules inside of `ANY` and `NONE` | skipped: what they mean depends on the version |
//! | `PERCENTAGE_SPLIT`, all of whose other rules must hold too | a rollout of the override, approximated |
//! | `PERCENTAGE_SPLIT` elsewhere, `MODULO` | skipped |
//! | `EQUAL` `IN` `CONTAINS` | `is` `one_of` `contains` |
//! | `NOT_EQUAL` `NOT_CONTAINS` | the opposite, and `exists`: there a missing trait never matches |
//! | `GREATER_THAN` `LESS_THAN`, also `_INCLUSIVE` | `gt` `lt` `gte` `lte`; skipped where the value is no number |
//! | values that end in `:semver` | `version_eq` `version_gt` and so on |
//! | `REGEX` | approximated: `matches_regex`, from the first character on, as the server has it |
//! | `IS_SET` `IS_NOT_SET` | `exists` `not_exists` |
//! | `$.identity.identifier` | `user_key`; other paths are skipped |

mod segment;
mod state;

use std::collections::{BTreeMap, HashMap};

use self::{
    segment::{Book, Crowd},
    state::{Override, States, enabled_flag, value_flag},
};
use super::{
    draft::Draft,
    keys::{Grammar, Keys},
    node::Node,
    note::Refusal,
    remarks::Remarks,
};

/// Reads an environment document.
pub(super) fn read(root: &Node<'_>) -> Result<Draft, Refusal> {
    let Some(states) = root.get("feature_states") else {
        return Err(root.refuse("has no `feature_states`, and so is no environment document of Flagsmith"));
    };
    let states = states.list()?;
    let mut draft = Draft::new(Keys::new(Grammar::Slug));
    let environment = match root.text_of("name")? {
        Some(name) if !name.trim().is_empty() => draft.environment(name, "name"),
        Some(_) | None => draft.nameless_environment(),
    };
    let project = root.get("project");
    let hides = project.as_ref().map_or(Ok(false), |project| project.truth_of("hide_disabled_flags"))?;
    if hides {
        let message =
            "features that are not enabled were hidden, with their values; here they are answered as off";
        draft.note("project.hide_disabled_flags", super::Outcome::Approximated, message);
    }
    let segments = project.as_ref().map_or(Ok(Vec::new()), |project| project.list_of("segments"))?;
    let mut named: Vec<(&str, Node<'_>)> = Vec::new();
    for node in states {
        match name_of(&node) {
            Ok(name) if named.iter().any(|(known, _)| *known == name) => {
                draft.skip(node.refuse(format!("the feature '{name}' is given twice")));
            }
            Ok(name) => named.push((name, node)),
            Err(refusal) => draft.skip(refusal),
        }
    }
    let mut overrides = of_identities(root)?;
    let mut book = Book::default();
    for node in &segments {
        let crowd = book.segment(&mut draft, node);
        for state in node.list_of("feature_states")? {
            let priority = state.get("feature_segment").map_or(Ok(None), |it| it.number_of("priority"))?;
            let name = name_of(&state)?;
            let over = Override { crowd: crowd.clone(), priority: priority.unwrap_or(f64::INFINITY), state };
            overrides.entry(name).or_default().push(over);
        }
    }
    let mut keys = Keys::of(Grammar::Slug, named.iter().map(|(name, _)| *name));
    for (name, node) in named {
        let mut overrides = overrides.remove(name).unwrap_or_default();
        overrides.sort_by(|one, other| one.priority.total_cmp(&other.priority));
        let states = States { name, node: &node, overrides, environment: &environment };
        if let Err(refusal) = feature(&mut draft, &mut keys, &states) {
            draft.skip(refusal);
        }
    }
    let mut rest: Vec<_> = overrides.into_values().flatten().map(|over| over.state).collect();
    rest.sort_by(|one, other| one.place.cmp(&other.place));
    for state in rest {
        draft.skip(state.refuse("overrides a feature that is not in the file"));
    }
    Ok(draft)
}

fn name_of<'v>(state: &Node<'v>) -> Result<&'v str, Refusal> {
    state.need("feature")?.need("name")?.text()
}

/// What single identities get, by the names of features.
fn of_identities<'v>(root: &Node<'v>) -> Result<HashMap<&'v str, Vec<Override<'v>>>, Refusal> {
    let mut overrides: HashMap<&str, Vec<Override<'v>>> = HashMap::new();
    // Identities with equal states share a rule.
    let mut groups: BTreeMap<(String, String), (&'v str, Node<'v>, Vec<String>)> = BTreeMap::new();
    for identity in root.list_of("identity_overrides")? {
        let identifier = identity.need("identifier")?.name()?;
        for state in identity.list_of("identity_features")? {
            let name = name_of(&state)?;
            let said = ["enabled", "feature_state_value", "multivariate_feature_state_values"]
                .map(|member| state.get(member).map(|node| node.value.to_string()).unwrap_or_default());
            let group = groups.entry((name.to_owned(), said.join("\n")));
            group.or_insert_with(|| (name, state, Vec::new())).2.push(identifier.clone());
        }
    }
    for (name, state, identities) in groups.into_values() {
        let over = Override { crowd: Crowd::Identities(identities), priority: f64::NEG_INFINITY, state };
        overrides.entry(name).or_default().push(over);
    }
    Ok(overrides)
}

fn feature(draft: &mut Draft, keys: &mut Keys, states: &States<'_, '_>) -> Result<(), Refusal> {
    let key = keys.assign(states.name);
    let mut remarks = Remarks::default();
    states.tell_ties(&mut remarks);
    let enabled = enabled_flag(draft, states, &key, &mut remarks)?;
    let mut value_remarks = Remarks::default();
    let value = if states.have_values()? {
        let value_key = keys.mint(&format!("{key}.value"));
        let message = format!(
            "the feature is two flags: `{key}` says whether it is enabled, and `{value_key}` has its value"
        );
        remarks.approximated(&states.node.place, message);
        Some(value_flag(draft, states, &key, value_key, &mut value_remarks)?)
    } else {
        None
    };
    draft.flag(&states.node.place, states.name, enabled, remarks);
    if let Some(value) = value {
        let source = value.key.clone();
        draft.flag(&states.node.place, &source, value, value_remarks);
    }
    Ok(())
}

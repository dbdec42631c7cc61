//! LaunchDarkly: the answer of `GET /api/v2/flags/{project}?summary=0` as its API reference publishes it (`items`, each
//! with `environments`), and the data of one environment as its server SDKs read it (`flags`, `segments`, `flagValues`;
//! also inside of `data`, as streams and relays send it), published with the source of those SDKs, whose evaluation
//! is the meaning that counts here.
//!
//! | there | here |
//! |---|---|
//! | `variations` of one type | the flag's type and variations, with their names as keys |
//! | variations of several types, or null | skipped |
//! | `on` | `enabled` |
//! | `offVariation` | the default variation, which is served when off and where prerequisites are unmet |
//! | no `offVariation` (applications served their own fallback) | approximated: the variation false, else the last |
//! | `fallthrough` other than `offVariation` | a last rule without conditions |
//! | `prerequisites` | prerequisites. One that serves its off variation, for its own prerequisites, never meets them here |
//! | `targets`, `contextTargets` | rules on `user_key`, or on `kind.key`, before the others |
//! | rules | rules in their order; if one cannot be said the flag is off, as the next would catch its users |
//! | `rollout` | a rollout by murmur3, approximated: other buckets. The last share takes what is missing to 100 % |
//! | `bucketBy`, another context kind | the flag's attribute for bucketing; who lacks it gets the first share, as there |
//! | several of these in one flag | skipped: the flag is off |
//! | `seed` of an experiment | the salt; the salt of a flag only tells flags apart, as the key does here |
//! | attribute `key` | `user_key` |
//! | attribute of another context kind | approximated: the attribute `kind.name` |
//! | a path into an attribute | approximated: the attribute with points in its name |
//! | attribute `kind` | skipped: the flag is off |
//! | `in` | `is`, `one_of` |
//! | `startsWith` `endsWith` `contains` `matches` | `starts_with` `ends_with` `contains` `matches_regex` |
//! | `lessThan` `lessThanOrEqual` `greaterThan` `greaterThanOrEqual` | `lt` `lte` `gt` `gte` |
//! | `before` `after` | `before` `after` |
//! | `semVerEqual` `semVerLessThan` `semVerGreaterThan` | `version_eq` `version_lt` `version_gt` |
//! | `segmentMatch` | `in_segment` |
//! | several `values` | any of them, by a segment where the operator takes one |
//! | `negate` | the opposite, and `exists`: there a missing attribute never matches |
//! | a value that its operator cannot read | matches nobody, as there |
//! | segment: `included`, `excluded` | the lists; who is in both is included there and therefore not excluded here |
//! | segment: `includedContexts`, `excludedContexts`, `rules` | conditions, by segments inside of it |
//! | segment: rule with a `weight`, big (`unbounded`) segment | skipped, and flags that ask for it are off |
//! | `archived` | the status `archived` |

mod clause;
mod configuration;
mod segment;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use self::configuration::Setting;
use super::{
    buckets::Buckets,
    draft::{Draft, switched_off},
    keys::{Grammar, Keys},
    node::Node,
    note::{Outcome, Refusal},
    remarks::Remarks,
    values::{name_of, shared_type, variation},
};
use crate::{
    domain::flag::{FlagStatus, FlagType},
    http::wire::{flag_change::VariationBody, manifest::FlagSheetBody},
};

/// What flags have to know of each other.
struct Book {
    flags: Keys,
    /// The keys of the variations of each flag, by the key that the flag has there.
    variations: HashMap<String, Vec<String>>,
}

/// Reads an export.
pub(super) fn read(root: &Node<'_>) -> Result<Draft, Refusal> {
    if root.get("items").is_some() {
        return Ok(read_listed(&root.need("items")?.list()?));
    }
    if root.get("environments").is_some() && root.get("key").is_some() {
        return Ok(read_listed(std::slice::from_ref(root)));
    }
    let data = root.get("data").unwrap_or_else(|| root.clone());
    if data.get("flags").is_none() && data.get("flagValues").is_none() {
        return Err(root.refuse("has neither `items` nor `flags`, and so is no export of LaunchDarkly"));
    }
    read_data(&data)
}

/// The flags of the REST API, each with all of its environments.
fn read_listed(items: &[Node<'_>]) -> Draft {
    let mut draft = Draft::new(Keys::new(Grammar::Slug));
    let keyed: Vec<_> = items.iter().filter_map(|item| Some((item.get("key")?.text().ok()?, item))).collect();
    let book = book(&keyed);
    for item in items {
        let environments = match item.get("environments").map(|node| node.members()) {
            Some(Ok(members)) => members,
            Some(Err(_)) | None => Vec::new(),
        };
        let settings: Vec<_> = environments
            .into_iter()
            .map(|(name, node)| (draft.environment(name, "environments"), node))
            .collect();
        let key = item.need("key").and_then(|key| key.text());
        if let Err(refusal) = key.and_then(|key| flag(&mut draft, &book, key, item, settings)) {
            draft.skip(refusal);
        }
    }
    draft
}

/// The data of one environment.
fn read_data(data: &Node<'_>) -> Result<Draft, Refusal> {
    let segments = data.get("segments").map_or(Ok(Vec::new()), |node| node.members())?;
    let mut draft = Draft::new(Keys::of(Grammar::Slug, segments.iter().map(|(key, _)| *key)));
    for (key, node) in &segments {
        segment::read(&mut draft, key, node);
    }
    let environment = draft.nameless_environment();
    let flags = data.get("flags").map_or(Ok(Vec::new()), |node| node.members())?;
    let keyed: Vec<_> = flags.iter().map(|(key, node)| (*key, node)).collect();
    let values = data.get("flagValues").map_or(Ok(Vec::new()), |node| node.members())?;
    let mut book = book(&keyed);
    for (key, node) in &flags {
        let deleted = node.truth_of("deleted").unwrap_or_default();
        let result = if deleted {
            Err(node.refuse("was deleted"))
        } else {
            flag(&mut draft, &book, key, node, vec![(environment.clone(), node.clone())])
        };
        if let Err(refusal) = result {
            draft.skip(refusal);
        }
    }
    for (key, node) in &values {
        // What has rules as well is a flag already.
        if !keyed.iter().any(|(known, _)| known == key) {
            let constant = json!({"variations": [node.value], "on": true, "fallthrough": {"variation": 0},
                "offVariation": 0});
            let constant = Node { value: &constant, place: node.place.clone() };
            book.flags.assign(key);
            let settings = vec![(environment.clone(), constant.clone())];
            if let Err(refusal) = flag(&mut draft, &book, key, &constant, settings) {
                draft.skip(refusal);
            }
        }
    }
    Ok(draft)
}

fn book(flags: &[(&str, &Node<'_>)]) -> Book {
    let keys = Keys::of(Grammar::Slug, flags.iter().map(|(key, _)| *key));
    let keyed = |(key, node): &(&str, &Node<'_>)| {
        let bodies = variations(node).ok()?;
        Some(((*key).to_owned(), bodies.into_iter().map(|body| body.key).collect()))
    };
    Book { flags: keys, variations: flags.iter().filter_map(keyed).collect() }
}

/// The variations, in their order. The REST API wraps each value; SDKs have the bare value.
fn variations(flag: &Node<'_>) -> Result<Vec<VariationBody>, Refusal> {
    let nodes = flag.need("variations")?.list()?;
    let mut keys = Keys::new(Grammar::Word);
    let is_wrapped = flag.get("environments").is_some();
    let mut bodies = Vec::with_capacity(nodes.len());
    for (place, node) in nodes.iter().enumerate() {
        let value = if is_wrapped { node.need("value")?.value } else { node.value };
        let name =
            if is_wrapped { node.text_of("name")?.filter(|name| !name.trim().is_empty()) } else { None };
        let key = keys.mint(&name.map_or_else(|| name_of(value, place), str::to_owned));
        let name = Remarks::default().name(name, "");
        bodies.push(VariationBody { key, name, value: value.clone() });
    }
    let flag_type = shared_type(bodies.iter().map(|body| &body.value))
        .ok_or_else(|| flag.refuse("has variations of several types or without a value, and so no type"))?;
    if let ([only], FlagType::Boolean) = (bodies.as_slice(), flag_type) {
        let missing = Value::Bool(only.value != true);
        bodies.push(variation(&keys.mint(&name_of(&missing, 1)), missing));
    }
    Ok(bodies)
}

fn flag(
    draft: &mut Draft,
    book: &Book,
    source: &str,
    node: &Node<'_>,
    settings: Vec<(String, Node<'_>)>,
) -> Result<(), Refusal> {
    let variations = variations(node)?;
    let flag_type = shared_type(variations.iter().map(|body| &body.value))
        .ok_or_else(|| node.refuse("has no variations"))?;
    let key = book.flags.get(source).ok_or_else(|| node.refuse("is given twice"))?;
    let mut remarks = Remarks::default();
    let mut buckets = Buckets::default();
    let mut environments = BTreeMap::new();
    for (environment, settings_node) in settings {
        let setting = Setting { book, key, variations: &variations, node: &settings_node };
        let configuration = match setting.read(draft, &mut buckets, &mut remarks) {
            Ok(configuration) => configuration,
            Err(refusal) => {
                remarks.switched_off(&environment, &refusal);
                switched_off(setting.off_variation(&mut remarks).ok())
            }
        };
        environments.insert(environment, configuration);
    }
    let off = node.get("defaults").and_then(|defaults| defaults.get("offVariation"));
    let off = off.and_then(|off| variations.get(off.index().ok()?)).map(|body| body.key.clone());
    let first = || environments.values().find_map(|configuration| configuration.default_variation.clone());
    let place = node.place.as_str();
    let archived = node.truth_of("archived")?;
    let owner = node.get("_maintainer").and_then(|maintainer| maintainer.get("email"));
    let body = FlagSheetBody {
        key: key.to_owned(),
        name: remarks.name(node.text_of("name")?, place),
        description: remarks.description(node.text_of("description")?, place),
        flag_type,
        classification: None,
        tags: remarks.tags(&node.texts_of("tags")?, place),
        owner: remarks.name(owner.and_then(|owner| owner.text().ok()), place),
        expires_at: None,
        status: archived.then_some(FlagStatus::Archived),
        bucketing: buckets.into_body(),
        default_variation: off.or_else(first),
        variations: Some(variations),
        environments: Some(environments),
    };
    if draft.flags.iter().any(|known| known.body.key == body.key) {
        draft.note(place, Outcome::Skipped, format!("the flag '{source}' is given twice"));
    } else {
        draft.flag(place, source, body, remarks);
    }
    Ok(())
}

//! flagd: flag definitions, published as a JSON Schema (`https://flagd.dev/schema/v0/flags.json` and
//! `targeting.json`) and in its documentation of custom operations. Their targeting is `JsonLogic`, which computes the
//! name of a variant.
//!
//! | there | here |
//! |---|---|
//! | variants of one type (boolean, text, number, object) | the flag's type and variations |
//! | several names for one boolean | one variation |
//! | `defaultVariant` | the default variation |
//! | none (applications used their own default) | approximated for booleans: false; else skipped: the flag is off |
//! | `state` `DISABLED` (applications used their own default) | off, approximated: serves the default variation |
//! | `targeting` that cannot be said | skipped: the flag is off |
//! | a name of a variant, `true`, `false` | that variation |
//! | null | the default variation |
//! | `if` | rules; what is inside of a branch is decided before what comes after it |
//! | a comparison in place of a name | `true` where it holds, else `false` |
//! | `fractional` | a rollout by murmur3, approximated: other buckets |
//! | … of `[var]` | by that attribute, with one salt for all flags, as there |
//! | … of `cat` with one `var` | by that attribute; the salt is the text beside it |
//! | … of a context that has no such attribute | the default variation, as there |
//! | `$ref` to `$evaluators` | what it refers to |
//! | `and` `or` `!` `!!` and `if` in conditions | conditions, by segments where a rule cannot say it |
//! | `==` `===` `!=` `!==` with a value | `is` `is_not`; with null `not_exists` `exists` |
//! | `<` `<=` `>` `>=` with a number, also between two | `lt` `lte` `gt` `gte`, approximated: never without the attribute |
//! | `in` a list | `one_of` |
//! | `in` an attribute | `contains`, approximated: of a list, part of an element is enough |
//! | `starts_with` `ends_with` | `starts_with` `ends_with` |
//! | `sem_ver` `=` `!=` `<` `<=` `>` `>=` | `version_eq` and so on; `!=` is below or above |
//! | `sem_ver` `^` `~` | `version_gte` and `version_lt` of the next major or minor version |
//! | `var` as a condition | approximated: `exists`, and not false, 0 or the empty text |
//! | `targetingKey` `$flagd.timestamp` | `user_key` `$now`, in milliseconds |
//! | `a.b` | approximated: the attribute with a point in its name |
//! | other operations, defaults of `var`, attributes compared with each other | skipped: the flag is off |

mod decision;
mod logic;
mod operation;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use self::decision::Decision;
use super::{
    buckets::Buckets,
    draft::{Draft, switched_off},
    keys::{Grammar, Keys},
    node::Node,
    note::Refusal,
    remarks::Remarks,
    values::{shared_type, variation},
};
use crate::{
    domain::flag::FlagType,
    http::wire::{
        flag_change::VariationBody,
        manifest::{ConfigurationBody, FlagSheetBody},
    },
};

/// The variations of a flag, and which of them has which name there.
struct Variants {
    flag_type: FlagType,
    bodies: Vec<VariationBody>,
    keys: HashMap<String, String>,
}

/// Reads flag definitions.
pub(super) fn read(root: &Node<'_>) -> Result<Draft, Refusal> {
    let Some(flags) = root.get("flags") else {
        return Err(root.refuse("has no `flags`, and so has no definitions of flagd"));
    };
    let evaluators = root.get("$evaluators").map_or(Ok(Vec::new()), |node| node.members())?;
    let evaluators: HashMap<&str, Node<'_>> = evaluators.into_iter().collect();
    let mut named: Vec<(&str, Node<'_>)> = Vec::new();
    let mut draft = Draft::new(Keys::new(Grammar::Slug));
    if flags.value.is_array() {
        for node in flags.list()? {
            match node.need("key").and_then(|key| key.text()) {
                Ok(key) if named.iter().any(|(known, _)| *known == key) => {
                    draft.skip(node.refuse(format!("the flag '{key}' is given twice")));
                }
                Ok(key) => named.push((key, node)),
                Err(refusal) => draft.skip(refusal),
            }
        }
    } else {
        named = flags.members()?;
    }
    let environment = draft.nameless_environment();
    let keys = Keys::of(Grammar::Slug, named.iter().map(|(name, _)| *name));
    for (name, node) in &named {
        let key = keys.get(name).unwrap_or(name);
        if let Err(refusal) = flag(&mut draft, &evaluators, &environment, (name, key), node) {
            draft.skip(refusal);
        }
    }
    Ok(draft)
}

fn variants(node: &Node<'_>) -> Result<Variants, Refusal> {
    let list = node.need("variants")?;
    let members = list.members()?;
    let flag_type = shared_type(members.iter().map(|(_, node)| node.value))
        .ok_or_else(|| list.refuse("are of several types or without a value, and so the flag has no type"))?;
    let named = Keys::of(Grammar::Word, members.iter().map(|(name, _)| *name));
    let mut bodies: Vec<VariationBody> = Vec::new();
    let mut keys = HashMap::new();
    for (name, node) in members {
        let known = bodies.iter().find(|body| flag_type == FlagType::Boolean && body.value == *node.value);
        let key = match known {
            Some(known) => known.key.clone(),
            None => {
                let key = named.get(name).unwrap_or(name).to_owned();
                let shown = Remarks::default().name(Some(name), "").filter(|shown| *shown != key);
                bodies.push(VariationBody { key: key.clone(), name: shown, value: node.value.clone() });
                key
            }
        };
        keys.insert(name.to_owned(), key);
    }
    if let (FlagType::Boolean, [only]) = (flag_type, bodies.as_slice()) {
        let missing = only.value != true;
        let mut taken = named;
        let key = taken.mint(if missing { "true" } else { "false" });
        bodies.push(variation(&key, missing));
    }
    Ok(Variants { flag_type, bodies, keys })
}

fn flag(
    draft: &mut Draft,
    evaluators: &HashMap<&str, Node<'_>>,
    environment: &str,
    (name, key): (&str, &str),
    node: &Node<'_>,
) -> Result<(), Refusal> {
    let place = node.place.as_str();
    let variants = variants(node)?;
    let mut remarks = Remarks::default();
    let mut buckets = Buckets::default();
    let configuration = default(&variants, node, &mut remarks).and_then(|default| {
        let enabled = enabled(node, &default, &mut remarks)?;
        let mut decision = Decision {
            draft,
            evaluators,
            variants: &variants.keys,
            names: (name, key),
            default: &default,
            buckets: &mut buckets,
            remarks: &mut remarks,
        };
        let rules = match node.get("targeting") {
            Some(targeting) => decision.rules(&targeting)?,
            None => Vec::new(),
        };
        Ok(ConfigurationBody {
            enabled: Some(enabled),
            default_variation: Some(default),
            prerequisites: None,
            targeting_rules: Some(rules),
        })
    });
    let configuration = configuration.unwrap_or_else(|refusal| {
        remarks.switched_off(environment, &refusal);
        switched_off(default(&variants, node, &mut Remarks::default()).ok())
    });
    let default_variation = configuration.default_variation.clone();
    let metadata = node.get("metadata");
    if metadata
        .as_ref()
        .is_some_and(|metadata| !metadata.value.as_object().is_some_and(serde_json::Map::is_empty))
    {
        remarks.approximated(place, "its metadata is left out");
    }
    let body = FlagSheetBody {
        key: key.to_owned(),
        name: remarks.name(Some(name), place),
        description: None,
        flag_type: variants.flag_type,
        classification: None,
        tags: None,
        owner: None,
        expires_at: None,
        status: None,
        bucketing: buckets.into_body(),
        variations: Some(variants.bodies),
        default_variation,
        environments: Some(BTreeMap::from([(environment.to_owned(), configuration)])),
    };
    draft.flag(place, name, body, remarks);
    Ok(())
}

fn enabled(node: &Node<'_>, default: &str, remarks: &mut Remarks) -> Result<bool, Refusal> {
    let state = node.need("state")?;
    match state.text()? {
        "ENABLED" => Ok(true),
        "DISABLED" => {
            let message = format!(
                "where it is off, applications used a default of their own; here it serves the variation `{default}`"
            );
            remarks.approximated(&node.place, message);
            Ok(false)
        }
        other => Err(state.refuse(format!("is '{other}', neither ENABLED nor DISABLED"))),
    }
}

/// The key of the default variation.
fn default(variants: &Variants, node: &Node<'_>, remarks: &mut Remarks) -> Result<String, Refusal> {
    if let Some(named) = node.get("defaultVariant") {
        let key = variants.keys.get(named.text()?).cloned();
        return key.ok_or_else(|| named.refuse("is no variant of the flag"));
    }
    let no = variants.bodies.iter().find(|body| body.value == Value::Bool(false));
    let key = no.map(|body| body.key.clone()).ok_or_else(|| {
        node.refuse("has no default: applications used one of their own, which is not in the file")
    })?;
    let message =
        format!("has no default: applications used one of their own; here it is the variation `{key}`");
    remarks.approximated(&node.place, message);
    Ok(key)
}

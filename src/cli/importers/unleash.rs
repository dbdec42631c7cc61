//! Unleash: the environment export (`POST /api/admin/features-batch/export`, `exportResultSchema` of its `OpenAPI`
//! document) and the features of one environment as clients and Edge read them (`GET /api/client/features`). What they
//! mean is published as its client specification.
//!
//! | there | here |
//! |---|---|
//! | feature without variants | a boolean flag, `on` and `off`; `off` is the default |
//! | feature with variants | a flag whose variations are the variants, and `disabled`, which is the default |
//! | payloads of one type | the flag's type and values: text for `string` and `csv`, `number`, `json` |
//! | variants without payloads | text: the value is the variant's name |
//! | payloads of several types | approximated: text |
//! | on without a variant, beside others | approximated: the variation `enabled` |
//! | several strategies, of which any is enough | a rule each, in their order; a rollout that yields nothing goes on |
//! | a strategy that cannot be said | left out; with variants the flag is off, as the next would catch its users |
//! | no strategies at all | a rule without conditions; none but disabled ones: no rule |
//! | `default`, `userWithId`, `remoteAddress` | a rule without conditions, on `user_key`, by `in_cidr` |
//! | `flexibleRollout`, `gradualRollout…` | a rollout by murmur3, approximated: other buckets. The salt is `groupId` |
//! | 100 % | no rollout, but `exists` where users are shared out by one attribute |
//! | stickiness `default`, `userId` | `user_key` |
//! | stickiness `random` | approximated: `user_key`, so that everybody keeps what they got |
//! | stickiness `sessionId`, another field | `session_id`, that attribute |
//! | several of these in one flag | left out, as above |
//! | several `groupId` in one flag | approximated: the rollouts reach the same users first, and so fewer in all |
//! | `applicationHostname`, custom strategies | left out, as above |
//! | variants by weight | shares of the rollout; overrides are rules before it |
//! | constraints `IN` `NOT_IN` | `one_of` `not_one_of` |
//! | `STR_CONTAINS` `STR_STARTS_WITH` `STR_ENDS_WITH` | `contains` `starts_with` `ends_with`, any of the values |
//! | `NUM_EQ` `NUM_GT` `NUM_GTE` `NUM_LT` `NUM_LTE` | `gte` and `lte`, `gt`, `gte`, `lt`, `lte` |
//! | `DATE_AFTER` `DATE_BEFORE` | `after` `before` |
//! | `SEMVER_EQ` `SEMVER_GT` `SEMVER_GTE` `SEMVER_LT` `SEMVER_LTE` | `version_eq` and so on |
//! | `REGEX` `IN_CIDR` | `matches_regex` `in_cidr` |
//! | `inverted` | the opposite, by a segment where there is no operator for it |
//! | `caseInsensitive` | `case_insensitive` |
//! | fields `userId`, `sessionId`, `currentTime` | `user_key`, `session_id`, `$now` |
//! | fields `appName`, `environment` | approximated: attributes, which the application has to send |
//! | segments with constraints | segments. The environment export has their names alone: strategies are left out |
//! | dependency on a feature without variants, or on one variant | a prerequisite |
//! | on a feature that is off, any or several variants | skipped: the flag is off |
//! | `type` | the classification, but for `operational` |

mod constraint;
mod strategy;
mod variant;

use std::collections::{BTreeMap, HashMap};

use self::{strategy::Standing, variant::Variants};
use super::{
    buckets::Buckets,
    draft::{Draft, switched_off},
    formula::Formula,
    keys::{Grammar, Keys},
    node::Node,
    note::{Outcome, Refusal},
    remarks::Remarks,
};
use crate::{
    domain::flag::{Classification, FlagStatus},
    http::wire::{flag_change::PrerequisiteBody, manifest::FlagSheetBody},
};

/// The keys of segments by their numbers; none for one whose constraints are not in the file.
type SegmentKeys = HashMap<String, Option<String>>;

/// A feature with everything that the file says of it.
struct Feature<'v> {
    name: &'v str,
    node: Node<'v>,
    settings: Vec<Setting<'v>>,
    dependencies: Vec<Node<'v>>,
    tags: Vec<String>,
}

/// A feature in one environment.
struct Setting<'v> {
    environment: String,
    /// What says whether it is on.
    node: Node<'v>,
    variants: Vec<Node<'v>>,
    strategies: Vec<Node<'v>>,
}

/// What features have to know of each other.
struct Book {
    flags: Keys,
    variants: HashMap<String, Variants>,
}

/// Reads an export.
pub(super) fn read(root: &Node<'_>) -> Result<Draft, Refusal> {
    if root.get("features").is_none() {
        return Err(root.refuse("has no `features`, and so is no export of Unleash"));
    }
    if !root.list_of("featureStrategySegments")?.is_empty() {
        return Err(root.refuse("is a state export of an old version: export the environment instead"));
    }
    let mut draft = Draft::new(Keys::new(Grammar::Slug));
    let segments = segments(&mut draft, root)?;
    let features = if root.get("featureStrategies").is_some() {
        exported(&mut draft, root)?
    } else {
        of_clients(&mut draft, root)?
    };
    let mut book = Book {
        flags: Keys::of(Grammar::Slug, features.iter().map(|feature| feature.name)),
        variants: HashMap::new(),
    };
    let mut sound = Vec::new();
    for feature in features {
        match Variants::of(&feature) {
            Ok(_) if book.variants.contains_key(feature.name) => {
                draft.skip(feature.node.refuse(format!("the feature '{}' is given twice", feature.name)));
            }
            Ok(variants) => {
                book.variants.insert(feature.name.to_owned(), variants);
                sound.push(feature);
            }
            Err(refusal) => draft.skip(refusal),
        }
    }
    for feature in &sound {
        if let Err(refusal) = flag(&mut draft, &book, &segments, feature) {
            draft.skip(refusal);
        }
    }
    Ok(draft)
}

fn segments(draft: &mut Draft, root: &Node<'_>) -> Result<SegmentKeys, Refusal> {
    let mut keys = SegmentKeys::new();
    for node in root.list_of("segments")? {
        let mut remarks = Remarks::default();
        match segment(draft, &node, &mut remarks) {
            Ok((id, key)) => drop(keys.insert(id, key)),
            Err(refusal) => draft.skip(refusal),
        }
        draft.notes.extend(remarks.into_notes());
    }
    Ok(keys)
}

fn segment(
    draft: &mut Draft,
    node: &Node<'_>,
    remarks: &mut Remarks,
) -> Result<(String, Option<String>), Refusal> {
    let id = node.need("id")?.name()?;
    let name = node.text_of("name")?;
    if node.get("constraints").is_none() {
        let message = "the constraints of the segment are not in the file: make it by hand";
        draft.note(node.place.as_str(), Outcome::Skipped, message);
        return Ok((id, None));
    }
    let formula = constraint::all(node, remarks)?;
    let wish = name.map_or_else(|| format!("segment-{id}"), str::to_owned);
    let key = draft.segment_keys.mint(&wish);
    draft.segment(&node.place, &key, name, formula);
    Ok((id, Some(key)))
}

/// The environment export: features, strategies and environments lie side by side.
fn exported<'v>(draft: &mut Draft, root: &Node<'v>) -> Result<Vec<Feature<'v>>, Refusal> {
    let mut strategies: HashMap<&str, Vec<Node<'v>>> = HashMap::new();
    for node in root.list_of("featureStrategies")? {
        strategies.entry(node.need("featureName")?.text()?).or_default().push(node);
    }
    for nodes in strategies.values_mut() {
        let order = |node: &Node<'_>| node.number_of("sortOrder").ok().flatten().unwrap_or(0.0);
        nodes.sort_by(|one, other| order(one).total_cmp(&order(other)));
    }
    let mut settings: HashMap<&str, Vec<Setting<'v>>> = HashMap::new();
    for node in root.list_of("featureEnvironments")? {
        let name = match node.text_of("featureName")? {
            Some(name) => name,
            None => node.need("name")?.text()?,
        };
        let environment = match node.text_of("environment")? {
            Some(environment) => draft.environment(environment, &node.place),
            None => draft.nameless_environment(),
        };
        let variants = node.list_of("variants")?;
        let strategies = strategies.get(name).cloned().unwrap_or_default();
        settings.entry(name).or_default().push(Setting { environment, node, variants, strategies });
    }
    let mut tags: HashMap<&str, Vec<String>> = HashMap::new();
    for node in root.list_of("featureTags")? {
        let value = node.need("tagValue")?.text()?;
        let tag = match node.text_of("tagType")? {
            None | Some("simple") => value.to_owned(),
            Some(kind) => format!("{kind}:{value}"),
        };
        tags.entry(node.need("featureName")?.text()?).or_default().push(tag);
    }
    let mut dependencies: HashMap<&str, Vec<Node<'v>>> = HashMap::new();
    for node in root.list_of("dependencies")? {
        let child = node.need("feature")?.text()?;
        dependencies.entry(child).or_default().extend(node.list_of("dependencies")?);
    }
    let mut features = Vec::new();
    for node in root.list_of("features")? {
        let name = node.need("name")?.text()?;
        features.push(Feature {
            name,
            settings: settings.remove(name).unwrap_or_default(),
            dependencies: dependencies.remove(name).unwrap_or_default(),
            tags: tags.remove(name).unwrap_or_default(),
            node,
        });
    }
    Ok(features)
}

/// What clients read: every feature has everything inside of it.
fn of_clients<'v>(draft: &mut Draft, root: &Node<'v>) -> Result<Vec<Feature<'v>>, Refusal> {
    let environment = draft.nameless_environment();
    let mut features = Vec::new();
    for node in root.list_of("features")? {
        let setting = Setting {
            environment: environment.clone(),
            node: node.clone(),
            variants: node.list_of("variants")?,
            strategies: node.list_of("strategies")?,
        };
        let dependencies = node.list_of("dependencies")?;
        let name = node.need("name")?.text()?;
        features.push(Feature { name, settings: vec![setting], dependencies, tags: Vec::new(), node });
    }
    Ok(features)
}

fn flag(
    draft: &mut Draft,
    book: &Book,
    segments: &SegmentKeys,
    feature: &Feature<'_>,
) -> Result<(), Refusal> {
    let node = &feature.node;
    let place = node.place.as_str();
    let key = book.flags.get(feature.name).unwrap_or(feature.name);
    let variants = book.variants.get(feature.name).ok_or_else(|| node.refuse("is not sound"))?;
    let mut remarks = Remarks::default();
    variants.tell(place, &mut remarks);
    let mut buckets = Buckets::default();
    let mut environments = BTreeMap::new();
    for setting in &feature.settings {
        let standing = Standing { feature: feature.name, key, variants, segments, setting };
        let read = prerequisites(book, feature).and_then(|prerequisites| {
            let mut configuration = standing.read(draft, &mut buckets, &mut remarks)?;
            configuration.prerequisites = (!prerequisites.is_empty()).then_some(prerequisites);
            Ok(configuration)
        });
        let configuration = read.unwrap_or_else(|refusal| {
            remarks.switched_off(&setting.environment, &refusal);
            switched_off(Some(variants.off().to_owned()))
        });
        environments.insert(setting.environment.clone(), configuration);
    }
    let archived = node.truth_of("archived")?;
    let body = FlagSheetBody {
        key: key.to_owned(),
        name: remarks.name(Some(feature.name), place),
        description: remarks.description(node.text_of("description")?, place),
        flag_type: variants.flag_type(),
        classification: node.text_of("type")?.and_then(classification),
        tags: remarks.tags(&feature.tags, place),
        owner: None,
        expires_at: None,
        status: archived.then_some(FlagStatus::Archived),
        bucketing: buckets.into_body(),
        default_variation: Some(variants.off().to_owned()),
        variations: Some(variants.bodies()),
        environments: Some(environments),
    };
    draft.flag(place, feature.name, body, remarks);
    Ok(())
}

fn classification(word: &str) -> Option<Classification> {
    match word {
        "release" => Some(Classification::Release),
        "experiment" => Some(Classification::Experiment),
        "kill-switch" => Some(Classification::OpsKillswitch),
        "permission" => Some(Classification::Permission),
        _ => None,
    }
}

/// What the feature demands of others.
fn prerequisites(book: &Book, feature: &Feature<'_>) -> Result<Vec<PrerequisiteBody>, Refusal> {
    let mut prerequisites: Vec<PrerequisiteBody> = Vec::new();
    for node in &feature.dependencies {
        let parent = node.need("feature")?.text()?;
        let found = book.flags.get(parent).zip(book.variants.get(parent));
        let Some((flag_key, variants)) = found else {
            return Err(node.refuse(format!("demands the feature '{parent}', which is not in the file")));
        };
        if !node.get("enabled").map_or(Ok(true), |enabled| enabled.truth())? {
            return Err(node.refuse(format!("demands that '{parent}' is off, which nothing here can")));
        }
        let wanted = node.texts_of("variants")?;
        let variation_key = variants.demanded(&wanted).ok_or_else(|| {
            node.refuse(format!("is met by several variations of '{parent}', and a prerequisite here by one"))
        })?;
        let known = prerequisites.iter().find(|known| known.flag_key == flag_key);
        match known {
            Some(known) if known.variation_key == variation_key => {}
            Some(_) => return Err(node.refuse(format!("demands two variations of '{parent}' at once"))),
            None => prerequisites.push(PrerequisiteBody { flag_key: flag_key.to_owned(), variation_key }),
        }
    }
    Ok(prerequisites)
}

/// The name that a field of the context has here.
fn attribute<'n>(field: &'n str, node: &Node<'_>, remarks: &mut Remarks) -> Result<&'n str, Refusal> {
    match field {
        "" => Err(node.refuse("names no field of the context")),
        "userId" => Ok("user_key"),
        "sessionId" => Ok("session_id"),
        "currentTime" => Ok("$now"),
        "appName" | "environment" => {
            let message = format!(
                "SDKs sent the field `{field}` by themselves; now the application has to send the attribute"
            );
            remarks.approximated(&node.place, message);
            Ok(field)
        }
        other => Ok(other),
    }
}

/// What the segments of a strategy mean: all must match.
fn inside(segments: &SegmentKeys, node: &Node<'_>) -> Result<Formula, Refusal> {
    let mut parts = Vec::new();
    for segment in node.list_of("segments")? {
        let id = segment.name()?;
        match segments.get(&id) {
            Some(Some(key)) => parts.push(Formula::in_segment(key)),
            Some(None) | None => {
                return Err(segment.refuse(format!("asks for the segment {id}, which is not in the file")));
            }
        }
    }
    Ok(Formula::all(parts))
}

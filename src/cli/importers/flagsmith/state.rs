//! States of features: what the environment says, and what overrides say to some.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::segment::Crowd;
use crate::{
    cli::importers::{
        buckets::Buckets,
        draft::{Draft, Serve, switched_off},
        formula::Formula,
        node::Node,
        note::Refusal,
        remarks::Remarks,
        shares::shares,
        values::{Values, on_and_off, shared_type},
    },
    domain::{
        flag::FlagType,
        operator::MAX_LIST_VALUES,
        rollout::{Bucketing, WHOLE},
    },
    http::wire::{
        manifest::{ConfigurationBody, FlagSheetBody},
        rule::RuleBody,
    },
};

/// What some get instead.
pub(super) struct Override<'v> {
    pub(super) crowd: Crowd,
    pub(super) priority: f64,
    pub(super) state: Node<'v>,
}

/// A feature with all of its states.
pub(super) struct States<'s, 'v> {
    pub(super) name: &'v str,
    pub(super) node: &'s Node<'v>,
    /// In the order in which they are tried.
    pub(super) overrides: Vec<Override<'v>>,
    pub(super) environment: &'s str,
}

impl<'v> States<'_, 'v> {
    fn nodes(&self) -> impl Iterator<Item = &Node<'v>> {
        std::iter::once(self.node).chain(self.overrides.iter().map(|over| &over.state))
    }

    /// Whether anybody gets a value.
    pub(super) fn have_values(&self) -> Result<bool, Refusal> {
        let mut any = false;
        for node in self.nodes() {
            any |= values(node)?.iter().any(|(value, _)| !is_none(value));
        }
        Ok(any)
    }

    pub(super) fn tell_ties(&self, remarks: &mut Remarks) {
        let pairs = self.overrides.iter().zip(self.overrides.iter().skip(1));
        for (one, other) in pairs {
            let are_segments = matches!((&one.crowd, &other.crowd), (Crowd::Segment(..), Crowd::Segment(..)));
            if are_segments && one.priority.total_cmp(&other.priority).is_eq() {
                let message = "overrides of one priority are tried in the order of the file";
                remarks.approximated(&other.state.place, message);
            }
        }
    }

    /// Rules for the overrides, each of which serves what `serve` makes of its state.
    fn rules(
        &self,
        draft: &mut Draft,
        key: &str,
        buckets: &mut Buckets,
        remarks: &mut Remarks,
        mut serve: impl FnMut(&Node<'v>) -> Result<Vec<(String, f64)>, Refusal>,
    ) -> Result<Vec<RuleBody>, Refusal> {
        let mut rules = Vec::new();
        for over in &self.overrides {
            let place = over.state.place.as_str();
            let served = serve(&over.state)?;
            let (formulas, share, name) = match &over.crowd {
                Crowd::Unknown(refusal) => return Err(refusal.clone()),
                Crowd::Segment(formula, share) => (vec![formula.clone()], share.unwrap_or(WHOLE), None),
                Crowd::Identities(identities) => {
                    let chunks = identities.chunks(MAX_LIST_VALUES);
                    let formula =
                        |keys: &[String]| Formula::one_of("user_key", keys.iter().map(String::as_str));
                    (chunks.map(formula).collect(), WHOLE, Some("Identities".to_owned()))
                }
            };
            for formula in formulas {
                let serve = split(&served, share, &over.state, key, buckets, remarks)?;
                rules.extend(draft.rule((key, place), name.clone(), formula, serve));
            }
        }
        Ok(rules)
    }
}

/// What a share of somebody gets, by weight. `salt` is the key of the flag that says whether the feature is enabled,
/// so that this flag and that of its value agree on who is in a share.
fn split(
    served: &[(String, f64)],
    total: u32,
    node: &Node<'_>,
    salt: &str,
    buckets: &mut Buckets,
    remarks: &mut Remarks,
) -> Result<Serve, Refusal> {
    let split = shares(served.iter().cloned(), total);
    match split.as_slice() {
        [only] if total == WHOLE => Ok(Serve::Variation(only.variation.clone())),
        _ => {
            buckets.claim(Bucketing::USER_KEY, Some(salt), node, remarks)?;
            Ok(Serve::Shares(split))
        }
    }
}

/// The flag that says whether the feature is enabled.
pub(super) fn enabled_flag(
    draft: &mut Draft,
    states: &States<'_, '_>,
    key: &str,
    remarks: &mut Remarks,
) -> Result<FlagSheetBody, Refusal> {
    let own = states.node.need("enabled")?.truth()?;
    let mut enabled = Vec::new();
    for over in &states.overrides {
        enabled.push(over.state.need("enabled")?.truth()?);
    }
    let mut buckets = Buckets::default();
    let serve = |node: &Node<'_>| {
        let truth = node.need("enabled")?.truth()?;
        Ok(vec![(if truth { "on" } else { "off" }.to_owned(), 1.0)])
    };
    let rules = if enabled.iter().all(|over| *over == own) {
        Ok(Vec::new())
    } else {
        states.rules(draft, key, &mut buckets, remarks, serve)
    };
    let configuration = match rules {
        Ok(mut rules) => {
            if own {
                let at = (key, states.node.place.as_str());
                let everybody = Serve::Variation("on".to_owned());
                rules.extend(draft.rule(at, None, Formula::Always, everybody));
            }
            configuration(own || enabled.contains(&true), "off", rules)
        }
        Err(refusal) => {
            remarks.switched_off(states.environment, &refusal);
            switched_off(Some("off".to_owned()))
        }
    };
    let variations = Some(on_and_off());
    Ok(FlagSheetBody {
        flag_type: FlagType::Boolean,
        default_variation: Some("off".to_owned()),
        variations,
        bucketing: buckets.into_body(),
        ..sheet(states, key, configuration, remarks)
    })
}

/// The flag that has the value of the feature.
pub(super) fn value_flag(
    draft: &mut Draft,
    states: &States<'_, '_>,
    salt: &str,
    key: String,
    remarks: &mut Remarks,
) -> Result<FlagSheetBody, Refusal> {
    let place = states.node.place.as_str();
    let mut all = Vec::new();
    for node in states.nodes() {
        all.extend(values(node)?.into_iter().map(|(value, _)| value));
    }
    let flag_type = shared_type(&all).unwrap_or_else(|| {
        remarks
            .approximated(place, "its values are of several types, or sometimes missing: here all are text");
        FlagType::String
    });
    let fitting = |value: &Value| match (flag_type, value) {
        (FlagType::String, Value::Null) => json!(""),
        (FlagType::String, Value::String(_)) => value.clone(),
        (FlagType::String, other) => Value::from(other.to_string()),
        (FlagType::Boolean | FlagType::Number | FlagType::Json, other) => other.clone(),
    };
    let mut variations = Values::new();
    let default = all.first().map(|value| variations.key(&fitting(value)));
    let default = default.ok_or_else(|| states.node.refuse("has no value"))?;
    for value in &all {
        variations.key(&fitting(value));
    }
    if flag_type == FlagType::Boolean {
        variations.key(&Value::Bool(true));
        variations.key(&Value::Bool(false));
    }
    let mut buckets = Buckets::default();
    let mut serve = |node: &Node<'_>| -> Result<Vec<(String, f64)>, Refusal> {
        let values = values(node)?.into_iter();
        Ok(values.map(|(value, weight)| (variations.key(&fitting(&value)), weight)).collect())
    };
    let own = serve(states.node)?;
    let mut same = true;
    for over in &states.overrides {
        same &= serve(&over.state)? == own;
    }
    let rules = if same { Ok(Vec::new()) } else { states.rules(draft, salt, &mut buckets, remarks, serve) };
    let rules = rules.and_then(|mut rules| {
        let rest = split(&own, WHOLE, states.node, salt, &mut buckets, remarks)?;
        if !matches!(&rest, Serve::Variation(only) if *only == default) {
            rules.extend(draft.rule((salt, place), None, Formula::Always, rest));
        }
        Ok(rules)
    });
    let configuration = match rules {
        Ok(rules) => configuration(true, &default, rules),
        Err(refusal) => {
            remarks.switched_off(states.environment, &refusal);
            switched_off(Some(default.clone()))
        }
    };
    Ok(FlagSheetBody {
        flag_type,
        default_variation: Some(default),
        variations: Some(variations.variations),
        bucketing: buckets.into_body(),
        ..sheet(states, &key, configuration, remarks)
    })
}

fn configuration(enabled: bool, default: &str, rules: Vec<RuleBody>) -> ConfigurationBody {
    ConfigurationBody {
        enabled: Some(enabled),
        default_variation: Some(default.to_owned()),
        prerequisites: None,
        targeting_rules: Some(rules),
    }
}

/// What both flags of a feature have.
fn sheet(
    states: &States<'_, '_>,
    key: &str,
    configuration: ConfigurationBody,
    remarks: &mut Remarks,
) -> FlagSheetBody {
    FlagSheetBody {
        key: key.to_owned(),
        name: remarks.name(Some(states.name), &states.node.place),
        description: None,
        flag_type: FlagType::Boolean,
        classification: None,
        tags: None,
        owner: None,
        expires_at: None,
        status: None,
        bucketing: None,
        variations: None,
        default_variation: None,
        environments: Some(BTreeMap::from([(states.environment.to_owned(), configuration)])),
    }
}

/// The values of a state with the percentage of users who get each. The first is that of everybody else.
fn values(state: &Node<'_>) -> Result<Vec<(Value, f64)>, Refusal> {
    let scalar = |node: Option<Node<'_>>| match node {
        None => Ok(Value::Null),
        Some(node) if node.value.is_array() || node.value.is_object() => Err(node.refuse("is no value")),
        Some(node) => Ok(node.value.clone()),
    };
    let mut options = Vec::new();
    for option in state.list_of("multivariate_feature_state_values")? {
        let percentage = option.need("percentage_allocation")?.number()?.clamp(0.0, 100.0);
        options.push((scalar(option.need("multivariate_feature_option")?.get("value"))?, percentage));
    }
    let rest = 100.0 - options.iter().map(|(_, percentage)| percentage).sum::<f64>();
    let mut values = vec![(scalar(state.get("feature_state_value"))?, rest.max(0.0))];
    values.extend(options);
    Ok(values)
}

fn is_none(value: &Value) -> bool {
    value.is_null() || value == ""
}

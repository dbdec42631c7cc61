//! The language-neutral evaluation cases in `tests/vectors`. A file is a list of groups; a group is a flag in the shape
//! of the API, other flags that it may demand, and contexts with the answers that they must get.

use std::{fs, path::Path as FilePath, sync::Arc};

use phaseflag::{
    domain::{
        context::{Attribute, Context},
        flag::{self, Configuration, Flag, FlagStatus, FlagType, Prerequisite, VariationDraft},
        id::{EnvironmentId, FlagId, ProjectId, RuleId},
        key::{FlagKey, VariationKey},
        operator::{self, Operator},
        rollout::{Algorithm, Bucketing, ShareDraft},
        rule::{ConditionDraft, NewRule, RuleDraft},
        text::Name,
        time::Timestamp,
        value::Value,
        violation::{Path, Violations},
    },
    engine::{CompiledFlag, Ruleset, compile, evaluate},
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    flag: FlagVector,
    #[serde(default)]
    others: Vec<FlagVector>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    context: ContextVector,
    expected: Expected,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Expected {
    value: Value,
    variation_key: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContextVector {
    user_key: Option<String>,
    user_id: Option<String>,
    session_id: Option<String>,
    attributes: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagVector {
    key: String,
    name: String,
    flag_type: String,
    status: Option<String>,
    enabled: bool,
    variations: Vec<VariationVector>,
    default_variation: String,
    targeting_rules: Vec<RuleVector>,
    #[serde(default)]
    prerequisites: Vec<PrerequisiteVector>,
    bucketing: Option<BucketingVector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariationVector {
    key: String,
    name: String,
    value: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleVector {
    priority: Option<i64>,
    conditions: Vec<ConditionVector>,
    variation: Option<String>,
    percentage_rollout: Option<Vec<ShareVector>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionVector {
    attribute: String,
    operator: String,
    value: Option<Value>,
    #[serde(default)]
    case_insensitive: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareVector {
    variation: String,
    percentage: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrerequisiteVector {
    flag_key: String,
    variation_key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketingVector {
    algorithm: String,
    by: String,
    salt: Option<String>,
}

impl FlagVector {
    fn compile(self) -> CompiledFlag {
        let mut faults = Violations::new();
        let now = Timestamp::from_seconds(0);
        let flag_type = FlagType::parse(&self.flag_type).expect("a flag's type");
        let variations = self.variations.into_iter();
        let variations = variations
            .map(|it| VariationDraft { key: it.key, name: Some(it.name), value: it.value })
            .collect();
        let variations = flag::parse_variations(variations, &Path::ROOT, &mut faults);
        let rules = self.targeting_rules.into_iter().map(RuleVector::draft).collect();
        let rules = NewRule::parse_list(rules, &Path::ROOT, &mut faults);
        let bucketing = self.bucketing.map(|it| {
            let algorithm = Algorithm::parse(&it.algorithm).expect("an algorithm");
            Bucketing::parse(algorithm, Some(it.by), it.salt, &Path::ROOT, &mut faults).expect("a bucketing")
        });
        assert!(faults.is_empty(), "{}: {faults:?}", self.key);

        let flag = Flag {
            id: FlagId::from_bits(1),
            project: ProjectId::from_bits(1),
            key: FlagKey::parse(&self.key).expect("a flag's key"),
            name: Name::trusted(&self.name),
            description: None,
            flag_type,
            classification: None,
            tags: Vec::new(),
            status: self.status.map_or(FlagStatus::Active, |it| FlagStatus::parse(&it).expect("a status")),
            variations,
            bucketing: bucketing.unwrap_or_default(),
            revision: 1,
            created_by: None,
            created_at: now,
            updated_at: now,
        };
        let rules = rules.into_iter().zip(1..).map(|(rule, bits)| rule.with_id(RuleId::from_bits(bits)));
        let prerequisites = self.prerequisites.iter().map(|it| Prerequisite {
            flag_key: FlagKey::parse(&it.flag_key).expect("a flag's key"),
            variation_key: VariationKey::parse(&it.variation_key).expect("a variation's key"),
        });
        let default = VariationKey::parse(&self.default_variation).expect("a variation's key");
        let configuration = Configuration {
            enabled: self.enabled,
            rules: rules.collect(),
            prerequisites: prerequisites.collect(),
            ..Configuration::initial(default, now)
        };
        compile::flag(Arc::new(flag), Arc::new(configuration)).expect("the flag compiles")
    }
}

impl RuleVector {
    fn draft(self) -> RuleDraft {
        let condition = |it: ConditionVector| ConditionDraft {
            attribute: Some(it.attribute),
            operator: Operator::parse(&it.operator).expect("an operator"),
            value: it.value,
            case: if it.case_insensitive { operator::Case::Insensitive } else { operator::Case::Sensitive },
        };
        let share = |it: ShareVector| ShareDraft { variation: it.variation, percentage: it.percentage };
        RuleDraft {
            id: None,
            priority: self.priority,
            name: None,
            conditions: self.conditions.into_iter().map(condition).collect(),
            variation: self.variation,
            percentage_rollout: self.percentage_rollout.map(|it| it.into_iter().map(share).collect()),
        }
    }
}

impl ContextVector {
    fn context(&self) -> Context<'_> {
        let own = |field: &'_ Option<String>| field.clone().map(Into::into);
        Context {
            user_key: own(&self.user_key),
            user_id: own(&self.user_id),
            session_id: own(&self.session_id),
            attributes: self.attributes.iter().map(|(name, value)| (name.into(), attribute(value))).collect(),
        }
    }
}

fn attribute(value: &Value) -> Attribute<'_> {
    match value {
        Value::Null => Attribute::Null,
        Value::Bool(value) => Attribute::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Attribute::Integer(whole),
            (None, Some(whole)) => Attribute::from(whole),
            (None, None) => Attribute::Float(number.as_f64().expect("a number")),
        },
        Value::String(text) => Attribute::from(text.as_str()),
        Value::Array(elements) => Attribute::List(elements.iter().map(attribute).collect()),
        Value::Object(_) => Attribute::Object,
    }
}

/// Runs a file and gives the number of its cases.
fn run(file: &str) -> usize {
    let path = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let groups: Vec<Group> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut cases = 0;
    for Group { name, flag, others, cases: asked } in groups {
        let key = flag.key.clone();
        let flags = others.into_iter().chain([flag]).map(FlagVector::compile);
        let ruleset = Ruleset::new(EnvironmentId::from_bits(1), 1, flags);
        for Case { context, expected } in asked {
            let outcome = evaluate(&ruleset, &key, &context.context(), Timestamp::from_seconds(0));
            let outcome = outcome.unwrap_or_else(|| panic!("{file}: {name}: no flag {key}"));
            let answer = Expected {
                value: serde_json::from_str(outcome.variation.json.get()).expect("a value is JSON"),
                variation_key: outcome.variation.key.to_string(),
                reason: outcome.reason.name().to_owned(),
            };
            assert_eq!(answer, expected, "{file}: {name}: {context:?}");
            cases += 1;
        }
    }
    cases
}

#[test]
fn operators_compare_as_documented() {
    assert!(run("operators.json") > 0);
}

#[test]
fn operators_beyond_the_published_ones_compare_as_documented() {
    assert!(run("operators_beyond.json") > 0);
}

#[test]
fn rollouts_hand_out_buckets_as_documented() {
    assert!(run("rollouts.json") > 0);
}

#[test]
fn evaluation_goes_in_the_documented_order() {
    assert!(run("order.json") > 0);
}

//! Targeting rules: conditions, and what is served where all of them hold.

use super::{
    id::RuleId,
    key::VariationKey,
    operator::{Case, Operand, OperandError, OperandKind, Operator},
    rollout::{Rollout, ShareDraft},
    text::Name,
    value::Value,
    violation::{Fault, Path, Violations},
};

/// Rules of a flag in one environment, at most.
pub const MAX_RULES: usize = 200;
/// Conditions of a rule, at most.
pub const MAX_CONDITIONS: usize = 50;
/// Regular expressions among all conditions of a flag in one environment, at most. Compiled, each may take half a megabyte
/// and some milliseconds: as many as there are conditions would take the memory of the machine.
pub const MAX_PATTERNS: usize = 200;
/// Characters of an attribute's name, at most.
pub const MAX_ATTRIBUTE_NAME: usize = 200;

/// One test of one attribute. Its operand was parsed when it was written, so testing cannot fail.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The attribute that is tested; empty for operators on segments, which take none.
    pub attribute: String,
    /// The test.
    pub operator: Operator,
    /// The operand as it was written; `Null` where the operator takes none.
    pub value: Value,
    /// Whether upper and lower case are told apart.
    pub case: Case,
    /// The operand as the test reads it.
    pub operand: Operand,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        // The operand is a function of the operator, the value and the case.
        (&self.attribute, self.operator, &self.value, self.case)
            == (&other.attribute, other.operator, &other.value, other.case)
    }
}

/// What a rule serves.
#[derive(Clone, Debug, PartialEq)]
pub enum Serve {
    /// One variation to everyone whom the conditions match.
    Variation(VariationKey),
    /// Variations by share.
    Rollout(Rollout),
}

impl Serve {
    /// Every variation that may be served.
    pub fn variations(&self) -> impl Iterator<Item = &VariationKey> {
        let (one, many) = match self {
            Self::Variation(key) => (Some(key), [].as_slice()),
            Self::Rollout(rollout) => (None, rollout.shares()),
        };
        one.into_iter().chain(many.iter().map(|share| &share.variation))
    }
}

/// A rule of a flag in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Stable over changes of the rule.
    pub id: RuleId,
    /// Lower is tried first; ties keep the order of the list.
    pub priority: i64,
    /// What people call it.
    pub name: Option<Name>,
    /// All must hold; none at all match everyone.
    pub conditions: Vec<Condition>,
    /// What it yields.
    pub serve: Serve,
}

/// A rule to be stored: its identity is not decided yet.
#[derive(Clone, Debug)]
pub struct NewRule {
    /// The identity it claims, which counts only if the flag has such a rule.
    pub id: Option<RuleId>,
    /// As in [`Rule`].
    pub priority: i64,
    /// As in [`Rule`].
    pub name: Option<Name>,
    /// As in [`Rule`].
    pub conditions: Vec<Condition>,
    /// As in [`Rule`].
    pub serve: Serve,
}

impl From<Rule> for NewRule {
    fn from(rule: Rule) -> Self {
        let Rule { id, priority, name, conditions, serve } = rule;
        Self { id: Some(id), priority, name, conditions, serve }
    }
}

/// A condition as it was sent.
#[derive(Clone, Debug)]
pub struct ConditionDraft {
    /// The attribute's name, if one was sent.
    pub attribute: Option<String>,
    /// The operator.
    pub operator: Operator,
    /// The operand, if one was sent.
    pub value: Option<Value>,
    /// Whether upper and lower case are told apart.
    pub case: Case,
}

/// A rule as it was sent.
#[derive(Clone, Debug)]
pub struct RuleDraft {
    /// An identifier, if the sender knows one.
    pub id: Option<String>,
    /// Where absent: the rule's place in the list, from 1.
    pub priority: Option<i64>,
    /// What people call it.
    pub name: Option<String>,
    /// The conditions.
    pub conditions: Vec<ConditionDraft>,
    /// The variation, in place of a rollout.
    pub variation: Option<String>,
    /// The rollout, in place of a variation.
    pub percentage_rollout: Option<Vec<ShareDraft>>,
}

impl Condition {
    /// Reads a condition found at `path`, and notes everything that is wrong with it.
    pub fn parse(draft: ConditionDraft, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        let before = faults.len();
        let ConditionDraft { attribute, operator, value, case } = draft;
        let attribute = attribute_name(attribute, operator, path, faults);
        if case == Case::Insensitive && !operator.row().folds_case() {
            let why = format!("only operators on text can disregard case, and '{}' is none", operator.name());
            faults.malformed(path.field("case_insensitive"), why);
        }
        if value.is_none() && operator.row().operand() != OperandKind::Nothing {
            faults.malformed(path.field("value"), "is required");
            return None;
        }
        let value = value.unwrap_or_default();
        let operand = match Operand::parse(operator, &value, case) {
            Ok(operand) => operand,
            Err(OperandError::Shape(message)) => {
                faults.malformed(path.field("value"), message);
                return None;
            }
            Err(OperandError::Meaning(message)) => {
                faults.add(Fault::Rule, path.field("value"), message);
                return None;
            }
        };
        (faults.len() == before).then_some(Self { attribute, operator, value, case, operand })
    }
}

fn attribute_name(
    sent: Option<String>,
    operator: Operator,
    path: &Path<'_>,
    faults: &mut Violations,
) -> String {
    let takes_attribute = operator.row().takes_attribute();
    match &sent {
        None if takes_attribute => faults.malformed(path.field("attribute"), "is required"),
        Some(name) if takes_attribute && (name.is_empty() || name.chars().count() > MAX_ATTRIBUTE_NAME) => {
            faults
                .malformed(path.field("attribute"), format!("must be 1 to {MAX_ATTRIBUTE_NAME} characters"));
        }
        Some(name) if !takes_attribute && !name.is_empty() => {
            let why = format!("must be left out, as '{}' is about the whole context", operator.name());
            faults.malformed(path.field("attribute"), why);
        }
        None | Some(_) => {}
    }
    sent.unwrap_or_default()
}

impl Condition {
    /// Reads a list of conditions found at `path`. The broken ones are left out.
    pub fn parse_list(drafts: Vec<ConditionDraft>, path: &Path<'_>, faults: &mut Violations) -> Vec<Self> {
        if drafts.len() > MAX_CONDITIONS {
            faults.malformed(path, format!("must have at most {MAX_CONDITIONS} conditions"));
            return Vec::new();
        }
        let numbered = drafts.into_iter().enumerate();
        numbered.filter_map(|(place, draft)| Self::parse(draft, &path.index(place), faults)).collect()
    }
}

impl NewRule {
    /// Reads the rule at place `index` of the list at `list`, and notes everything that is wrong with it.
    fn parse(draft: RuleDraft, index: usize, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        let priority = draft.priority.unwrap_or_else(|| i64::try_from(index).unwrap_or(i64::MAX - 1) + 1);
        let name = draft.name.and_then(|name| Name::parse(&name, &path.field("name"), faults));
        let conditions = Condition::parse_list(draft.conditions, &path.field("conditions"), faults);
        let serve = match (draft.variation, draft.percentage_rollout) {
            (Some(key), None) => match VariationKey::parse(&key) {
                Ok(key) => Some(Serve::Variation(key)),
                Err(error) => {
                    faults.malformed(path.field("variation"), error.to_string());
                    None
                }
            },
            (None, Some(shares)) => {
                Some(Serve::Rollout(Rollout::parse(&shares, &path.field("percentage_rollout"), faults)))
            }
            (None, None) => {
                faults.malformed(path, "must have either variation or percentage_rollout");
                None
            }
            (Some(_), Some(_)) => {
                faults.malformed(path, "must not have both variation and percentage_rollout");
                None
            }
        };
        // An identifier of another flag, or no identifier at all, is replaced when the rule is stored.
        let id = draft.id.as_deref().and_then(RuleId::parse);
        Some(Self { id, priority, name, conditions, serve: serve? })
    }

    /// Reads a flag's rules found at `path`, and notes everything that is wrong with them.
    pub fn parse_list(drafts: Vec<RuleDraft>, path: &Path<'_>, faults: &mut Violations) -> Vec<Self> {
        if drafts.len() > MAX_RULES {
            faults.malformed(path, format!("must have at most {MAX_RULES} rules"));
            return Vec::new();
        }
        let conditions = drafts.iter().flat_map(|draft| &draft.conditions);
        let kinds = conditions.map(|condition| condition.operator.row().operand());
        if kinds.filter(|kind| *kind == OperandKind::Pattern).count() > MAX_PATTERNS {
            // None is compiled: that is what would take long.
            faults.malformed(path, format!("must have at most {MAX_PATTERNS} regular expressions"));
            return Vec::new();
        }
        let mut rules: Vec<Self> = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts.into_iter().enumerate() {
            let place = path.index(index);
            let Some(rule) = Self::parse(draft, index, &place, faults) else { continue };
            if rule.id.is_some() && rules.iter().any(|earlier| earlier.id == rule.id) {
                faults.malformed(place.field("id"), "is given twice");
            }
            rules.push(rule);
        }
        rules
    }

    /// The rule under its decided identity.
    pub fn with_id(self, id: RuleId) -> Rule {
        Rule { id, priority: self.priority, name: self.name, conditions: self.conditions, serve: self.serve }
    }
}

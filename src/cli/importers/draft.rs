//! The document while it is written: what the translators of all products share.

use std::collections::{HashMap, HashSet};

use super::{
    formula::{Formula, Test},
    keys::{Grammar, Keys},
    note::{Note, Outcome, Refusal},
    remarks::Remarks,
};
use crate::{
    domain::{environment::EnvironmentType, operator::Operator, segment::Matching},
    http::wire::{
        environment::CreateEnvironment,
        manifest::{ConfigurationBody, FlagSheetBody},
        rule::{ConditionBody, RuleBody, ShareBody},
        segment::CreateSegment,
    },
};

/// The environment of what comes from a file that names none.
const NAMELESS_ENVIRONMENT: &str = "production";

/// What a rule serves.
#[derive(Clone, Debug)]
pub(super) enum Serve {
    /// One variation.
    Variation(String),
    /// Shares of the users.
    Shares(Vec<ShareBody>),
}

/// A flag, and where it stands in the file.
#[derive(Debug)]
pub(super) struct DraftFlag {
    pub(super) place: String,
    pub(super) body: FlagSheetBody,
}

/// A segment, and where it stands in the file; what a formula needed has the place of what needed it first.
#[derive(Debug)]
pub(super) struct DraftSegment {
    pub(super) place: String,
    pub(super) body: CreateSegment,
    pub(super) origin: Origin,
}

/// Where a segment comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The file has it.
    Source,
    /// A rule needs it, to say something that conditions cannot say by themselves.
    Formula,
}

/// The document so far.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) environments: Vec<CreateEnvironment>,
    environment_keys: Keys,
    pub(super) segments: Vec<DraftSegment>,
    pub(super) segment_keys: Keys,
    /// Segments that formulas needed, by what they say.
    parts: HashMap<String, String>,
    pub(super) flags: Vec<DraftFlag>,
    pub(super) notes: Vec<Note>,
}

impl Draft {
    /// A document with nothing in it, whose segments will have these keys.
    pub(super) fn new(segment_keys: Keys) -> Self {
        Self {
            environments: Vec::new(),
            environment_keys: Keys::new(Grammar::Slug),
            segments: Vec::new(),
            segment_keys,
            parts: HashMap::new(),
            flags: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, place: impl Into<String>, outcome: Outcome, message: impl Into<String>) {
        self.notes.push(Note { place: place.into(), outcome, message: message.into() });
    }

    /// Notes that a part of the file is left out.
    pub(super) fn skip(&mut self, refusal: Refusal) {
        self.note(refusal.place, Outcome::Skipped, refusal.reason);
    }

    /// The key of the environment that the file calls `name`.
    pub(super) fn environment(&mut self, name: &str, place: &str) -> String {
        if let Some(known) = self.environment_keys.get(name) {
            return known.to_owned();
        }
        let key = self.environment_keys.assign(name);
        let kind = environment_type(&key);
        let mut remarks = Remarks::default();
        let shown = remarks.name(Some(name), place).unwrap_or_else(|| key.clone());
        self.notes.extend(remarks.into_notes());
        let body = CreateEnvironment { key: key.clone(), name: shown, r#type: kind, color: None };
        self.environments.push(body);
        let message =
            format!("the environment '{name}' is `{key}`, of the type {}, by its name", kind.as_str());
        self.note(place, Outcome::Mapped, message);
        key
    }

    /// The key of the one environment of a file that names none.
    pub(super) fn nameless_environment(&mut self) -> String {
        if self.environment_keys.get(NAMELESS_ENVIRONMENT).is_none() {
            let message = format!(
                "names no environment: what it says of flags is said of `{NAMELESS_ENVIRONMENT}` here"
            );
            self.note("", Outcome::Approximated, message);
        }
        self.environment(NAMELESS_ENVIRONMENT, "")
    }

    /// The conditions that say what a formula says; `None` if it means nobody. `stem` begins the names of the
    /// segments that are needed for it.
    pub(super) fn conditions(
        &mut self,
        formula: Formula,
        stem: &str,
        place: &str,
    ) -> Option<Vec<ConditionBody>> {
        let parts = match formula {
            Formula::Never => return None,
            Formula::Always => Vec::new(),
            Formula::All(parts) => parts,
            other @ (Formula::Test(_) | Formula::Any(_) | Formula::Not(_)) => vec![other],
        };
        Some(parts.into_iter().map(|part| self.condition(part, stem, place).into()).collect())
    }

    /// One condition that says what a formula says.
    fn condition(&mut self, formula: Formula, stem: &str, place: &str) -> Test {
        let (formula, operator) = match formula {
            Formula::Test(test) => return test,
            Formula::Not(inner) => (*inner, Operator::NotInSegment),
            other @ (Formula::Always | Formula::Never | Formula::All(_) | Formula::Any(_)) => {
                (other, Operator::InSegment)
            }
        };
        let key = self.part(formula, stem, place);
        let value = Some(key.into());
        Test { attribute: None, operator, value, case: crate::domain::operator::Case::Sensitive }
    }

    /// The key of a segment that says what a formula says; the same formula is the same segment.
    fn part(&mut self, formula: Formula, stem: &str, place: &str) -> String {
        let (matching, conditions) = self.segment_conditions(formula, stem, place);
        // Conditions that print alike are alike.
        let printed = serde_json::to_string(&conditions).unwrap_or_default();
        let said = format!("{}{printed}", matching.as_str());
        if let Some(known) = self.parts.get(&said) {
            return known.clone();
        }
        let key = self.segment_keys.mint(&format!("{stem}-part"));
        let body = CreateSegment {
            key: key.clone(),
            name: key.clone(),
            description: Some("Made by an import, for what a rule cannot say by itself.".to_owned()),
            r#match: Some(matching),
            conditions: Some(conditions),
            included: None,
            excluded: None,
        };
        self.segments.push(DraftSegment { place: place.to_owned(), body, origin: Origin::Formula });
        self.parts.insert(said, key.clone());
        key
    }

    /// How a segment says what a formula says.
    fn segment_conditions(
        &mut self,
        formula: Formula,
        stem: &str,
        place: &str,
    ) -> (Matching, Vec<ConditionBody>) {
        let (matching, parts) = match formula {
            // Without a condition nobody is in a segment.
            Formula::Never => (Matching::All, Vec::new()),
            Formula::Always => {
                let known = Formula::exists("user_key");
                (Matching::Any, vec![known.clone(), Formula::not(known)])
            }
            Formula::All(parts) => (Matching::All, parts),
            Formula::Any(parts) => (Matching::Any, parts),
            other @ (Formula::Test(_) | Formula::Not(_)) => (Matching::All, vec![other]),
        };
        let conditions = parts.into_iter().map(|part| self.condition(part, stem, place).into());
        (matching, conditions.collect())
    }

    /// A segment of the file, of all whom `formula` means; `key` is its key here.
    pub(super) fn segment(&mut self, place: &str, key: &str, name: Option<&str>, formula: Formula) {
        self.listed_segment(place, key, name, formula, Lists::default());
    }

    /// The same, beside lists of users.
    pub(super) fn listed_segment(
        &mut self,
        place: &str,
        key: &str,
        name: Option<&str>,
        formula: Formula,
        lists: Lists,
    ) {
        let (matching, conditions) = self.segment_conditions(formula, key, place);
        let mut remarks = Remarks::default();
        let shown = remarks.name(name, place).unwrap_or_else(|| key.to_owned());
        self.notes.extend(remarks.into_notes());
        let filled = |keys: Vec<String>| (!keys.is_empty()).then(|| deduplicated(keys));
        let body = CreateSegment {
            key: key.to_owned(),
            name: shown,
            description: None,
            r#match: Some(matching),
            conditions: Some(conditions),
            included: filled(lists.included),
            excluded: filled(lists.excluded),
        };
        self.segments.push(DraftSegment { place: place.to_owned(), body, origin: Origin::Source });
        self.note(place, Outcome::Mapped, format!("is the segment `{key}`"));
    }

    /// A rule; `None` if it would serve nobody.
    pub(super) fn rule(
        &mut self,
        (stem, place): (&str, &str),
        name: Option<String>,
        formula: Formula,
        serve: Serve,
    ) -> Option<RuleBody> {
        let (variation, percentage_rollout) = match serve {
            Serve::Variation(key) => (Some(key), None),
            Serve::Shares(shares) if shares.is_empty() => return None,
            Serve::Shares(shares) => (None, Some(shares)),
        };
        let conditions = self.conditions(formula, stem, place)?;
        Some(RuleBody { id: None, priority: None, name, conditions, variation, percentage_rollout })
    }

    /// A flag with what is to be told of it.
    pub(super) fn flag(&mut self, place: &str, source: &str, body: FlagSheetBody, remarks: Remarks) {
        let key = &body.key;
        let notes = remarks.into_notes();
        if *key != source {
            let message = format!("the flag '{source}' is called `{key}` here, as its name is no key");
            self.note(place, Outcome::Approximated, message);
        } else if notes.is_empty() {
            self.note(place, Outcome::Mapped, mapped(key));
        }
        let named = |note: Note| Note { message: format!("the flag `{key}`: {}", note.message), ..note };
        self.notes.extend(notes.into_iter().map(named));
        self.flags.push(DraftFlag { place: place.to_owned(), body });
    }

    /// Tells what is wrong with a flag after all; that it says the same as before is not true then.
    pub(super) fn fault(&mut self, place: &str, key: &str, message: &str) {
        self.notes.retain(|note| note.outcome != Outcome::Mapped || note.message != mapped(key));
        self.note(place, Outcome::Skipped, format!("the flag `{key}`: {message}"));
    }
}

/// What is told of a flag that says the same here.
fn mapped(key: &str) -> String {
    format!("is the flag `{key}`")
}

/// Users that a segment names.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) included: Vec<String>,
    pub(super) excluded: Vec<String>,
}

/// A configuration that serves `default` to everybody.
pub(super) fn switched_off(default: Option<String>) -> ConfigurationBody {
    ConfigurationBody {
        enabled: Some(false),
        default_variation: default,
        prerequisites: None,
        targeting_rules: None,
    }
}

fn deduplicated(keys: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    keys.into_iter().filter(|key| seen.insert(key.clone())).collect()
}

/// What an environment is for, as far as its name tells: what could be anything is not production.
fn environment_type(key: &str) -> EnvironmentType {
    let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
    if has(&["stag", "test", "qa", "uat", "pre", "accept"]) {
        EnvironmentType::Staging
    } else if has(&["prod", "live"]) {
        EnvironmentType::Production
    } else {
        EnvironmentType::Development
    }
}

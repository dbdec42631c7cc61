//! Flags: what a project shares of one (the [`Flag`]), and what each environment says of it (its [`Configuration`]).

use super::{
    id::{FlagId, ProjectId, UserId},
    key::{FlagKey, VariationKey},
    named::named,
    rollout::{Algorithm, Bucketing},
    rule::{Rule, Serve},
    text::{Description, Name, Owner, Tag},
    time::Timestamp,
    value::{self, Value},
    violation::{Fault, Path, Violations},
};

/// Variations of a flag, at most.
pub const MAX_VARIATIONS: usize = 100;
/// Prerequisites of a flag in one environment, at most.
pub const MAX_PREREQUISITES: usize = 20;
/// Flags of a project, archived ones included, at most.
pub const MAX_FLAGS_PER_PROJECT: usize = 10_000;

named! {
    /// The type that all variations of a flag share.
    FlagType {
        /// `true` and `false`, one of each.
        Boolean = "boolean",
        /// Text.
        String = "string",
        /// Finite numbers.
        Number = "number",
        /// Objects and arrays.
        Json = "json",
    }

    /// What a flag is for.
    Classification {
        /// Ships unfinished or unreleased code dark.
        Release = "release",
        /// Compares variations.
        Experiment = "experiment",
        /// Switches something off in an incident.
        OpsKillswitch = "ops_killswitch",
        /// Grants a feature to some, for long.
        Permission = "permission",
        /// Moves from one system to another.
        Migration = "migration",
    }

    /// Where a flag is in its life, in every environment at once.
    FlagStatus {
        /// In use.
        Active = "active",
        /// Parked: every environment serves the default variation.
        Inactive = "inactive",
        /// Put away: listed only when asked for, in no ruleset.
        Archived = "archived",
    }
}

/// One of the values that a flag can serve.
#[derive(Clone, Debug, PartialEq)]
pub struct Variation {
    /// Unique in the flag.
    pub key: VariationKey,
    /// What people call it.
    pub name: Name,
    /// What clients get.
    pub value: Value,
}

/// A demand that another flag serves a certain variation to the same context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prerequisite {
    /// The other flag.
    pub flag_key: FlagKey,
    /// The variation that it must serve.
    pub variation_key: VariationKey,
}

/// A flag, as far as all environments of its project share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// Identity.
    pub id: FlagId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// The name in clients' code; never changes.
    pub key: FlagKey,
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub description: Option<Description>,
    /// The type of its values; never changes.
    pub flag_type: FlagType,
    /// Its purpose.
    pub classification: Option<Classification>,
    /// Labels that lists filter by.
    pub tags: Vec<Tag>,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// When it should be gone. Nothing happens then but that it counts as stale.
    pub expires_at: Option<Timestamp>,
    /// Where it is in its life.
    pub status: FlagStatus,
    /// What it can serve.
    pub variations: Vec<Variation>,
    /// How its rollouts share out users.
    pub bucketing: Bucketing,
    /// Rises with every change of this part.
    pub revision: u64,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this part last changed.
    pub updated_at: Timestamp,
}

/// What one environment says of a flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Off serves the default variation to everyone.
    pub enabled: bool,
    /// What is served where no rule yields.
    pub default_variation: VariationKey,
    /// The rules, in the order of the list.
    pub rules: Vec<Rule>,
    /// What other flags must serve first.
    pub prerequisites: Vec<Prerequisite>,
    /// Rises with every change of this part.
    pub revision: u64,
    /// When this part last changed.
    pub updated_at: Timestamp,
}

impl Flag {
    /// The variation with this key.
    pub fn variation(&self, key: &str) -> Option<&Variation> {
        self.variations.iter().find(|variation| variation.key.as_str() == key)
    }

    /// Notes variations that are too few or too many, and values that do not fit the flag's type.
    pub fn check_variations(&self, faults: &mut Violations) {
        let list = Path::ROOT.field("variations");
        match (self.flag_type, self.variations.len()) {
            (FlagType::Boolean, 2) => {}
            (FlagType::Boolean, _) => {
                faults.add(Fault::VariationCount, list, "a boolean flag must have exactly 2 variations");
            }
            (FlagType::String | FlagType::Number | FlagType::Json, 0) => {
                faults.add(Fault::VariationCount, list, "must have at least one variation");
            }
            (FlagType::String | FlagType::Number | FlagType::Json, _) => {}
        }
        for (index, variation) in self.variations.iter().enumerate() {
            if let Err(message) = value::check_type(self.flag_type, &variation.value) {
                faults.add(Fault::VariationValue, list.index(index).field("value"), message);
            }
        }
        if self.flag_type == FlagType::Boolean
            && let [first, second] = self.variations.as_slice()
            && first.value == second.value
        {
            faults.add(Fault::VariationValue, list, "a boolean flag must have one true and one false");
        }
    }

    /// The revision of a flag as one environment shows it: it rises with every change of what is shown.
    pub fn shown_revision(&self, configuration: &Configuration) -> u64 {
        self.revision + configuration.revision
    }

    /// When what one environment shows of the flag last changed.
    pub fn shown_update(&self, configuration: &Configuration) -> Timestamp {
        self.updated_at.max(configuration.updated_at)
    }
}

impl Configuration {
    /// What a new flag is in an environment that nothing was said of: off, without rules.
    pub fn initial(default_variation: VariationKey, now: Timestamp) -> Self {
        Self {
            enabled: false,
            default_variation,
            rules: Vec::new(),
            prerequisites: Vec::new(),
            revision: 0,
            updated_at: now,
        }
    }

    /// The places of the rules in their list, in the order in which they are tried: by priority, and ties as listed.
    pub fn tried(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.rules.len()).collect();
        places.sort_by_key(|place| self.rules[*place].priority);
        places
    }

    /// Whether `key` is served by the default or by a rule.
    pub fn uses(&self, key: &VariationKey) -> bool {
        self.default_variation == *key
            || self.rules.iter().any(|rule| rule.serve.variations().any(|used| used == key))
    }

    /// Notes everything that [`Configuration::check_default`] and [`Configuration::check_rules`] note.
    pub fn check(&self, flag: &Flag, faults: &mut Violations) {
        self.check_default(flag, faults);
        self.check_rules(flag, faults);
    }

    /// Notes a default that `flag` does not have.
    pub fn check_default(&self, flag: &Flag, faults: &mut Violations) {
        check_variation(flag, &self.default_variation, "default_variation", faults);
    }

    /// Notes every variation of a rule that `flag` does not have, and every share that its bucketing cannot express.
    pub fn check_rules(&self, flag: &Flag, faults: &mut Violations) {
        let list = Path::ROOT.field("targeting_rules");
        for (index, rule) in self.rules.iter().enumerate() {
            let place = list.index(index);
            match &rule.serve {
                Serve::Variation(key) => check_variation(flag, key, place.field("variation"), faults),
                Serve::Rollout(rollout) => {
                    let shares = place.field("percentage_rollout");
                    for (entry, share) in rollout.shares().iter().enumerate() {
                        let at = shares.index(entry);
                        check_variation(flag, &share.variation, at.field("variation"), faults);
                        if flag.bucketing.algorithm == Algorithm::Djb2 && !share.percentage.is_whole() {
                            let why = "must be a whole number, as the flag's bucketing is djb2";
                            faults.add(Fault::Rule, at.field("percentage"), why);
                        }
                    }
                }
            }
        }
    }
}

fn check_variation(flag: &Flag, key: &VariationKey, path: impl std::fmt::Display, faults: &mut Violations) {
    if flag.variation(key.as_str()).is_none() {
        faults.add(Fault::VariationUnknown, path, format!("the flag has no variation '{key}'"));
    }
}

/// A variation as it was sent.
#[derive(Clone, Debug)]
pub struct VariationDraft {
    /// The key.
    pub key: String,
    /// Where absent: the key.
    pub name: Option<String>,
    /// The value.
    pub value: Value,
}

/// Reads the variations found at `path`, and notes everything that is wrong with them whatever the flag; whether
/// they suit it is checked by [`Flag::check_variations`].
pub fn parse_variations(
    drafts: Vec<VariationDraft>,
    path: &Path<'_>,
    faults: &mut Violations,
) -> Vec<Variation> {
    if drafts.len() > MAX_VARIATIONS {
        faults.malformed(path, format!("must have at most {MAX_VARIATIONS} variations"));
        return Vec::new();
    }
    let mut variations: Vec<Variation> = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        let place = path.index(index);
        let name = draft.name.as_ref().unwrap_or(&draft.key);
        let name = Name::parse(name, &place.field("name"), faults);
        if let Err(message) = value::check_size(&draft.value) {
            faults.malformed(place.field("value"), message);
        }
        match VariationKey::parse(&draft.key) {
            Ok(key) => {
                if variations.iter().any(|earlier| earlier.key == key) {
                    faults.malformed(place.field("key"), "is given twice");
                }
                variations.extend(name.map(|name| Variation { key, name, value: draft.value }));
            }
            Err(error) => faults.malformed(place.field("key"), error.to_string()),
        }
    }
    variations
}

/// Reads the prerequisites found at `path` as pairs of keys; whether they exist is checked where flags are known.
pub fn parse_prerequisites(
    drafts: &[(String, String)],
    path: &Path<'_>,
    faults: &mut Violations,
) -> Vec<Prerequisite> {
    if drafts.len() > MAX_PREREQUISITES {
        faults.malformed(path, format!("must have at most {MAX_PREREQUISITES} prerequisites"));
        return Vec::new();
    }
    let mut prerequisites: Vec<Prerequisite> = Vec::with_capacity(drafts.len());
    for (index, (flag, variation)) in drafts.iter().enumerate() {
        let place = path.index(index);
        let flag_key = FlagKey::parse(flag)
            .map_err(|error| faults.malformed(place.field("flag_key"), error.to_string()));
        let variation_key = VariationKey::parse(variation)
            .map_err(|error| faults.malformed(place.field("variation_key"), error.to_string()));
        let (Ok(flag_key), Ok(variation_key)) = (flag_key, variation_key) else { continue };
        if prerequisites.iter().any(|earlier| earlier.flag_key == flag_key) {
            faults.malformed(place.field("flag_key"), "is given twice");
        }
        prerequisites.push(Prerequisite { flag_key, variation_key });
    }
    prerequisites
}

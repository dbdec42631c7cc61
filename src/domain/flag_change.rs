//! Changes of flags: what a request asks for, and what it makes of a flag and its configuration.

use super::{
    flag::{Classification, Configuration, Flag, FlagStatus, FlagType, Prerequisite, Variation},
    id::{FlagId, ProjectId, RuleId, UserId},
    key::{FlagKey, VariationKey},
    rollout::Bucketing,
    rule::{NewRule, Rule},
    text::{Description, Name, Owner, Tag},
    time::Timestamp,
};

/// A flag to be made. `enabled`, the rules and the prerequisites are for the environment that the request names;
/// in every other environment the flag starts off and without rules.
#[derive(Clone, Debug)]
pub struct NewFlag {
    /// The key.
    pub key: FlagKey,
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub description: Option<Description>,
    /// The type of its values.
    pub flag_type: FlagType,
    /// Its purpose.
    pub classification: Option<Classification>,
    /// Labels.
    pub tags: Vec<Tag>,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// When it should be gone.
    pub expires_at: Option<Timestamp>,
    /// What it can serve.
    pub variations: Vec<Variation>,
    /// How its rollouts share out users.
    pub bucketing: Bucketing,
    /// What is served where no rule yields, in every environment.
    pub default_variation: VariationKey,
    /// Whether it is on at once.
    pub enabled: bool,
    /// The rules.
    pub rules: Vec<NewRule>,
    /// What other flags must serve first.
    pub prerequisites: Vec<Prerequisite>,
}

impl NewFlag {
    /// The flag and its configuration in the environment that was named.
    pub fn build(
        self,
        id: FlagId,
        project: ProjectId,
        created_by: UserId,
        now: Timestamp,
        mint: &mut dyn FnMut() -> RuleId,
    ) -> (Flag, Configuration) {
        let configuration = Configuration {
            enabled: self.enabled,
            rules: identify(self.rules, &[], mint),
            prerequisites: self.prerequisites,
            ..Configuration::initial(self.default_variation, now)
        };
        let flag = Flag {
            id,
            project,
            key: self.key,
            name: self.name,
            description: self.description,
            flag_type: self.flag_type,
            classification: self.classification,
            tags: self.tags,
            owner: self.owner,
            expires_at: self.expires_at,
            status: FlagStatus::Active,
            variations: self.variations,
            bucketing: self.bucketing,
            revision: 1,
            created_by: Some(created_by),
            created_at: now,
            updated_at: now,
        };
        (flag, configuration)
    }
}

/// A partial change: `None` leaves a field as it is, and a list replaces the whole list.
#[derive(Clone, Debug, Default)]
pub struct FlagChange {
    /// A new name.
    pub name: Option<Name>,
    /// A new description, or none any more.
    pub description: Option<Option<Description>>,
    /// A new purpose, or none any more.
    pub classification: Option<Option<Classification>>,
    /// New labels.
    pub tags: Option<Vec<Tag>>,
    /// Somebody else who answers for it, or nobody any more.
    pub owner: Option<Option<Owner>>,
    /// Another moment at which it should be gone, or none any more.
    pub expires_at: Option<Option<Timestamp>>,
    /// In use, parked or put away.
    pub status: Option<FlagStatus>,
    /// New variations.
    pub variations: Option<Vec<Variation>>,
    /// A new bucketing.
    pub bucketing: Option<Bucketing>,
    /// On or off, in the environment that is named.
    pub enabled: Option<bool>,
    /// What is served where no rule yields, in that environment.
    pub default_variation: Option<VariationKey>,
    /// New rules in that environment.
    pub rules: Option<Vec<NewRule>>,
    /// New prerequisites in that environment.
    pub prerequisites: Option<Vec<Prerequisite>>,
}

impl FlagChange {
    /// The change that turns a flag on or off.
    pub fn toggle(enabled: bool) -> Self {
        Self { enabled: Some(enabled), ..Self::default() }
    }

    /// The change that moves a flag through its life.
    pub fn status(status: FlagStatus) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// The change that gives a flag the content of this one, wherever that is in its life. Rules keep their
    /// identities if [`FlagChange::apply`] is told to know them.
    pub fn to(flag: &Flag, configuration: &Configuration) -> Self {
        Self {
            name: Some(flag.name.clone()),
            description: Some(flag.description.clone()),
            classification: Some(flag.classification),
            tags: Some(flag.tags.clone()),
            owner: Some(flag.owner.clone()),
            expires_at: Some(flag.expires_at),
            status: Some(flag.status).filter(|status| *status != FlagStatus::Archived),
            variations: Some(flag.variations.clone()),
            bucketing: Some(flag.bucketing.clone()),
            ..Self::to_configuration(configuration)
        }
    }

    /// The same in the environment that is named, and nothing that all environments share.
    pub fn to_configuration(configuration: &Configuration) -> Self {
        Self {
            enabled: Some(configuration.enabled),
            default_variation: Some(configuration.default_variation.clone()),
            rules: Some(configuration.rules.iter().cloned().map(NewRule::from).collect()),
            prerequisites: Some(configuration.prerequisites.clone()),
            ..Self::default()
        }
    }

    /// Applies this change. A part that it leaves equal keeps its revision and its time. `known` are the rules that
    /// the flag has in any environment: a rule that claims one of their identifiers keeps it.
    pub fn apply(
        self,
        flag: &Flag,
        configuration: &Configuration,
        known: &[RuleId],
        now: Timestamp,
        mint: &mut dyn FnMut() -> RuleId,
    ) -> (Flag, Configuration) {
        let mut new_flag = flag.clone();
        set(&mut new_flag.name, self.name);
        set(&mut new_flag.description, self.description);
        set(&mut new_flag.classification, self.classification);
        set(&mut new_flag.tags, self.tags);
        set(&mut new_flag.owner, self.owner);
        set(&mut new_flag.expires_at, self.expires_at);
        set(&mut new_flag.status, self.status);
        set(&mut new_flag.variations, self.variations);
        set(&mut new_flag.bucketing, self.bucketing);
        if new_flag != *flag {
            new_flag.revision += 1;
            new_flag.updated_at = now;
        }
        let mut new_configuration = configuration.clone();
        set(&mut new_configuration.enabled, self.enabled);
        set(&mut new_configuration.default_variation, self.default_variation);
        set(&mut new_configuration.rules, self.rules.map(|rules| identify(rules, known, mint)));
        set(&mut new_configuration.prerequisites, self.prerequisites);
        if new_configuration != *configuration {
            new_configuration.revision += 1;
            new_configuration.updated_at = now;
        }
        (new_flag, new_configuration)
    }
}

fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

fn identify(rules: Vec<NewRule>, known: &[RuleId], mint: &mut dyn FnMut() -> RuleId) -> Vec<Rule> {
    rules
        .into_iter()
        .map(|rule| {
            let id = rule.id.filter(|id| known.contains(id)).unwrap_or_else(&mut *mint);
            rule.with_id(id)
        })
        .collect()
}

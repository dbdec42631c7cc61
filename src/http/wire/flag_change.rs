//! What requests say of flags: to make one, to change one, to turn one on or off.

use serde::Serialize;
use serde_json::Value;

use super::{key, rule::RuleBody};
use crate::{
    domain::{
        flag::{
            Classification, FlagStatus, FlagType, Prerequisite, Variation, VariationDraft,
            parse_prerequisites, parse_variations,
        },
        flag_change::{FlagChange, NewFlag},
        key::{FlagKey, VariationKey},
        rollout::{Algorithm, Bucketing},
        rule::{NewRule, RuleDraft},
        text::{self, Description, Name, Owner},
        time::Timestamp,
        violation::{Path, Violations},
    },
    http::patch::Patch,
    request,
};

request! {
    /// One of the values that a flag can serve.
    #[derive(Clone, Debug, Serialize)]
    pub struct VariationBody {
        /// Unique in the flag.
        #[oai(validator(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"))]
        pub key: String,
        /// What people call it; where absent, the key.
        #[oai(validator(max_length = 200))]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// What clients get. It fits the flag's type: of a number at most 2^53-1 if it is whole, of `json` an
        /// object or an array.
        pub value: Value,
    }

    /// A demand that another flag serves a certain variation to the same context.
    #[derive(Clone, Debug, Serialize)]
    pub struct PrerequisiteBody {
        /// The other flag's key.
        pub flag_key: String,
        /// The key of the variation that it must serve.
        pub variation_key: String,
    }

    /// How rollouts share out users.
    #[derive(Clone, Debug, Serialize)]
    pub struct BucketingBody {
        /// `djb2` is what the published SDKs compute; with `murmur3` the rollouts of different flags are independent.
        pub algorithm: Algorithm,
        /// The attribute whose text is hashed; where absent, `user_key`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub by: Option<String>,
        /// What is hashed before it; where absent, the flag's key.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub salt: Option<String>,
    }

    /// A flag to be made. `enabled`, `targeting_rules` and `prerequisites` are for the environment that the request
    /// names; in every other environment the flag starts off and without rules.
    #[derive(Clone, Debug)]
    pub struct CreateFlag {
        /// The environment, where it is not a parameter of the address.
        pub environment_id: Option<String>,
        /// Unique in the project; never changes.
        #[oai(validator(pattern = "^[a-z0-9][a-z0-9._-]{0,127}$"))]
        pub key: String,
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: String,
        /// What it is for, in words.
        #[oai(validator(max_length = 2000))]
        pub description: Option<String>,
        /// The type of its values; never changes.
        pub flag_type: FlagType,
        /// Its purpose, for people and their lists; evaluation does not ask for it.
        pub classification: Option<Classification>,
        /// Labels that lists filter by.
        #[oai(validator(max_items = 50))]
        pub tags: Option<Vec<String>>,
        /// Who answers for it, a person or a team.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub owner: Option<String>,
        /// When it should be gone, in RFC 3339. From then on it counts as stale; nothing else happens.
        pub expires_at: Option<String>,
        /// What it can serve: of a boolean flag exactly one true and one false.
        #[oai(validator(max_items = 100))]
        pub variations: Vec<VariationBody>,
        /// The key of the variation that is served where no rule yields.
        pub default_variation: String,
        /// Whether it is on at once; where absent, it is off.
        pub enabled: Option<bool>,
        /// Who gets what.
        #[oai(validator(max_items = 200))]
        pub targeting_rules: Option<Vec<RuleBody>>,
        /// What other flags must serve to the same context first; else the default variation is served.
        #[oai(validator(max_items = 20))]
        pub prerequisites: Option<Vec<PrerequisiteBody>>,
        /// How its rollouts share out users; where absent, `djb2` by `user_key`.
        pub bucketing: Option<BucketingBody>,
    }

    /// A partial change of a flag: an absent field stays, a list replaces the whole list.
    #[derive(Clone, Debug)]
    pub struct UpdateFlag {
        /// The environment, where it is not a parameter of the address.
        pub environment_id: Option<String>,
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
        /// What it is for; null clears it.
        #[oai(validator(max_length = 2000))]
        pub description: Patch<String>,
        /// Its purpose; null clears it.
        pub classification: Patch<Classification>,
        /// Labels that lists filter by.
        #[oai(validator(max_items = 50))]
        pub tags: Option<Vec<String>>,
        /// Who answers for it; null clears it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub owner: Patch<String>,
        /// When it should be gone, in RFC 3339; null clears it.
        pub expires_at: Patch<String>,
        /// `active`, or `inactive`: parked in every environment. To archive a flag, delete it.
        pub status: Option<FlagStatus>,
        /// What it can serve.
        #[oai(validator(max_items = 100))]
        pub variations: Option<Vec<VariationBody>>,
        /// How its rollouts share out users; null is the default.
        pub bucketing: Patch<BucketingBody>,
        /// On or off in this environment.
        pub enabled: Option<bool>,
        /// The key of the variation that is served in this environment where no rule yields.
        pub default_variation: Option<String>,
        /// Who gets what in this environment.
        #[oai(validator(max_items = 200))]
        pub targeting_rules: Option<Vec<RuleBody>>,
        /// What other flags must serve to the same context first in this environment.
        #[oai(validator(max_items = 20))]
        pub prerequisites: Option<Vec<PrerequisiteBody>>,
    }

    /// On or off.
    #[derive(Clone, Debug)]
    pub struct ToggleFlag {
        /// The environment, where it is not a parameter of the address.
        pub environment_id: Option<String>,
        /// Whether the flag shall be on in this environment.
        pub enabled: bool,
    }
}

/// The flag that a body asks for.
pub fn new_flag(body: CreateFlag, faults: &mut Violations) -> Option<NewFlag> {
    let name = Name::parse(&body.name, &Path::ROOT.field("name"), faults);
    let key = key(FlagKey::parse, &body.key, "key", faults);
    let description = body.description.and_then(|text| description(&text, faults));
    let tags = tags(&body.tags.unwrap_or_default(), faults);
    let owner = body.owner.and_then(|text| owner(&text, faults));
    let expires_at = body.expires_at.and_then(|text| expires_at(&text, faults));
    let variations = variations(body.variations, faults);
    let default_variation = default_variation(&body.default_variation, faults);
    let rules = rules(body.targeting_rules.unwrap_or_default(), faults);
    let prerequisites = prerequisites(&body.prerequisites.unwrap_or_default(), faults);
    let bucketing = match body.bucketing {
        Some(body) => bucketing(body, faults),
        None => Some(Bucketing::default()),
    };
    Some(NewFlag {
        key: key?,
        name: name?,
        description,
        flag_type: body.flag_type,
        classification: body.classification,
        tags,
        owner,
        expires_at,
        variations,
        bucketing: bucketing?,
        default_variation: default_variation?,
        enabled: body.enabled.unwrap_or(false),
        rules,
        prerequisites,
    })
}

/// The change that a body asks for.
pub fn flag_change(body: UpdateFlag, faults: &mut Violations) -> Option<FlagChange> {
    if body.status == Some(FlagStatus::Archived) {
        faults.malformed("status", "must be `active` or `inactive`; to archive a flag, delete it");
    }
    let new_bucketing = match body.bucketing {
        Patch::Absent => None,
        Patch::Null => Some(Bucketing::default()),
        Patch::Value(body) => bucketing(body, faults),
    };
    Some(FlagChange {
        name: body.name.and_then(|name| Name::parse(&name, &Path::ROOT.field("name"), faults)),
        description: body.description.change().map(|text| text.and_then(|text| description(&text, faults))),
        classification: body.classification.change(),
        tags: body.tags.map(|texts| tags(&texts, faults)),
        owner: body.owner.change().map(|text| text.and_then(|text| owner(&text, faults))),
        expires_at: body.expires_at.change().map(|text| text.and_then(|text| expires_at(&text, faults))),
        status: body.status,
        variations: body.variations.map(|bodies| variations(bodies, faults)),
        bucketing: new_bucketing,
        enabled: body.enabled,
        default_variation: body.default_variation.and_then(|text| default_variation(&text, faults)),
        rules: body.targeting_rules.map(|bodies| rules(bodies, faults)),
        prerequisites: body.prerequisites.map(|bodies| prerequisites(&bodies, faults)),
    })
}

pub(super) fn description(text: &str, faults: &mut Violations) -> Option<Description> {
    Description::parse(text, &Path::ROOT.field("description"), faults)
}

pub(super) fn owner(text: &str, faults: &mut Violations) -> Option<Owner> {
    Owner::parse(text, &Path::ROOT.field("owner"), faults)
}

pub(super) fn expires_at(text: &str, faults: &mut Violations) -> Option<Timestamp> {
    let moment = Timestamp::parse(text);
    if moment.is_none() {
        faults.malformed("expires_at", "must be a moment in RFC 3339");
    }
    moment
}

pub(super) fn default_variation(text: &str, faults: &mut Violations) -> Option<VariationKey> {
    key(VariationKey::parse, text, "default_variation", faults)
}

pub(super) fn tags(texts: &[String], faults: &mut Violations) -> Vec<text::Tag> {
    text::tags(texts, &Path::ROOT.field("tags"), faults)
}

pub(super) fn variations(bodies: Vec<VariationBody>, faults: &mut Violations) -> Vec<Variation> {
    let draft = |body: VariationBody| VariationDraft { key: body.key, name: body.name, value: body.value };
    let drafts = bodies.into_iter().map(draft).collect();
    parse_variations(drafts, &Path::ROOT.field("variations"), faults)
}

pub(super) fn rules(bodies: Vec<RuleBody>, faults: &mut Violations) -> Vec<NewRule> {
    let drafts = bodies.into_iter().map(RuleDraft::from).collect();
    NewRule::parse_list(drafts, &Path::ROOT.field("targeting_rules"), faults)
}

pub(super) fn prerequisites(bodies: &[PrerequisiteBody], faults: &mut Violations) -> Vec<Prerequisite> {
    let drafts: Vec<_> = bodies.iter().map(|it| (it.flag_key.clone(), it.variation_key.clone())).collect();
    parse_prerequisites(&drafts, &Path::ROOT.field("prerequisites"), faults)
}

pub(super) fn bucketing(body: BucketingBody, faults: &mut Violations) -> Option<Bucketing> {
    Bucketing::parse(body.algorithm, body.by, body.salt, &Path::ROOT.field("bucketing"), faults)
}

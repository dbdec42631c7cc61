//! Projects as one document, in both directions: what is exported is written as what an import reads.

mod show;

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::json;

use super::{
    environment::{CreateEnvironment, new_environment},
    flag_change::{
        self, BucketingBody, PrerequisiteBody, VariationBody, prerequisites, rules, tags, variations,
    },
    key,
    rule::RuleBody,
    seed::SeedBody,
    segment::{CreateSegment, new_segment},
};
use crate::{
    domain::{
        api_key::{KeyKind, MAX_API_KEYS_PER_ENVIRONMENT},
        environment::MAX_ENVIRONMENTS_PER_PROJECT,
        flag::{Classification, FlagStatus, FlagType, MAX_FLAGS_PER_PROJECT},
        hex,
        key::{EnvironmentKey, FlagKey, ProjectKey, VariationKey},
        manifest::{ConfigurationSheet, FORMAT, FlagSheet, KeySheet, Manifest, ProjectSheet},
        rollout::Bucketing,
        segment::MAX_SEGMENTS_PER_PROJECT,
        text::{Description, Name},
        violation::{Fault, Path, Violations},
    },
    request,
};

/// API keys of a document, at most: as many as a project can have.
const MAX_API_KEYS: usize = MAX_ENVIRONMENTS_PER_PROJECT * MAX_API_KEYS_PER_ENVIRONMENT;

request! {
    /// A project as one document. A list that it has is the whole truth about what is in it; a list that it leaves out
    /// is not touched.
    #[derive(Clone, Serialize)]
    pub struct ProjectDocument {
        /// The format of the document; where absent, 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(minimum(value = "1"), maximum(value = "1")))]
        pub phaseflag: Option<u32>,
        /// The project itself.
        pub project: ProjectSheetBody,
        /// Its environments.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_items = 50))]
        pub environments: Option<Vec<CreateEnvironment>>,
        /// Its segments.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_items = 1000))]
        pub segments: Option<Vec<CreateSegment>>,
        /// Its flags.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_items = 10000))]
        pub flags: Option<Vec<FlagSheetBody>>,
        /// Its API keys, each by its hash: whoever has the key goes on using it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_items = 10000))]
        pub api_keys: Option<Vec<KeySheetBody>>,
        /// What a server starts with beside the project; for `phaseflag serve --seed` alone.
        #[serde(skip_serializing)]
        pub seed: Option<SeedBody>,
    }

    /// What a document says of the project itself.
    #[derive(Clone, Debug, Serialize)]
    pub struct ProjectSheetBody {
        /// Which project it is; one that is not there is made.
        #[oai(validator(pattern = "^[a-z0-9][a-z0-9._-]{0,127}$"))]
        pub key: String,
        /// What people call it; where absent, what it is called already, or the key of a new one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
        /// What it is for.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_length = 2000))]
        pub description: Option<String>,
    }

    /// What a document says of a flag. A field that is left out has its default.
    #[derive(Clone, Debug, Serialize)]
    pub struct FlagSheetBody {
        /// Unique in the project; never changes.
        #[oai(validator(pattern = "^[a-z0-9][a-z0-9._-]{0,127}$"))]
        pub key: String,
        /// What people call it; where absent, the key.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
        /// What it is for, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_length = 2000))]
        pub description: Option<String>,
        /// The type of its values; never changes.
        pub flag_type: FlagType,
        /// Its purpose.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub classification: Option<Classification>,
        /// Labels that lists filter by.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_items = 50))]
        pub tags: Option<Vec<String>>,
        /// Who answers for it, a person or a team.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(min_length = 1, max_length = 200))]
        pub owner: Option<String>,
        /// When it should be gone, in RFC 3339.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub expires_at: Option<String>,
        /// Where it is in its life; where absent, `active`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<FlagStatus>,
        /// How its rollouts share out users; where absent, `djb2` by `user_key`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub bucketing: Option<BucketingBody>,
        /// What it can serve. A boolean flag that leaves them out has `on`, which is true, and `off`, which is false.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_items = 100))]
        pub variations: Option<Vec<VariationBody>>,
        /// The key of the variation that environments serve where no rule yields, unless they say otherwise; where absent,
        /// the last variation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub default_variation: Option<String>,
        /// What environments say of it, by their keys. One that is not named keeps what it has; a new flag is off there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub environments: Option<BTreeMap<String, ConfigurationBody>>,
    }

    /// What a document says of a flag in one environment. A field that is left out has its default.
    #[derive(Clone, Debug, Serialize)]
    pub struct ConfigurationBody {
        /// Whether it is on; where absent, it is off.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub enabled: Option<bool>,
        /// The key of the variation that is served where no rule yields; where absent, the flag's.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub default_variation: Option<String>,
        /// What other flags must serve to the same context first.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_items = 20))]
        pub prerequisites: Option<Vec<PrerequisiteBody>>,
        /// Who gets what. A rule that is equal to one that is there, but for its `id`, is that one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[oai(validator(max_items = 200))]
        pub targeting_rules: Option<Vec<RuleBody>>,
    }

    /// What a document says of an API key, which it does not hold.
    #[derive(Clone, Debug, Serialize)]
    pub struct KeySheetBody {
        /// The key of the environment whose flags it evaluates.
        pub environment: String,
        /// What people call it.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: String,
        /// What it may read.
        pub kind: KeyKind,
        /// The first characters of the key, by which people tell keys apart.
        #[oai(validator(min_length = 1, max_length = 40))]
        pub prefix: String,
        /// SHA-256 of the key, in hexadecimal digits.
        #[oai(validator(pattern = "^[0-9a-f]{64}$"))]
        pub sha256: String,
        /// When it stops working, in RFC 3339; where absent, never.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub expires_at: Option<String>,
    }
}

/// Characters of the prefix of a key, at most.
const MAX_PREFIX_CHARS: usize = 40;

/// The document that the body of an import is.
pub fn manifest(body: ProjectDocument, faults: &mut Violations) -> Option<Manifest> {
    if body.seed.is_some() {
        faults.malformed("seed", "is for `phaseflag serve --seed` alone");
    }
    project_document(body, faults)
}

/// The document without what is beside the project.
pub fn project_document(body: ProjectDocument, faults: &mut Violations) -> Option<Manifest> {
    if body.phaseflag.is_some_and(|format| format != FORMAT) {
        faults.malformed("phaseflag", format!("must be {FORMAT}, the format that this version reads"));
    }
    let project = within("project", faults, |faults| project_sheet(body.project, faults));
    let environments = body.environments.map(|bodies| {
        unique("environments", bodies.iter().map(|body| body.key.as_str()), faults);
        list("environments", bodies, MAX_ENVIRONMENTS_PER_PROJECT, faults, new_environment)
    });
    let segments = body.segments.map(|bodies| {
        unique("segments", bodies.iter().map(|body| body.key.as_str()), faults);
        list("segments", bodies, MAX_SEGMENTS_PER_PROJECT, faults, new_segment)
    });
    let flags = body.flags.map(|bodies| {
        unique("flags", bodies.iter().map(|body| body.key.as_str()), faults);
        list("flags", bodies, MAX_FLAGS_PER_PROJECT, faults, flag_sheet)
    });
    let api_keys = body.api_keys.map(|bodies| list("api_keys", bodies, MAX_API_KEYS, faults, key_sheet));
    Some(Manifest { project: project?, environments, segments, flags, api_keys })
}

/// Reads the member `name` by itself, and notes its faults with their whole paths.
fn within<T>(name: &str, faults: &mut Violations, read: impl FnOnce(&mut Violations) -> T) -> T {
    let mut own = Violations::new();
    let value = read(&mut own);
    faults.add_of(name, own);
    value
}

/// Reads a list of things, each by itself. What is not sound is left out, so places count only if nothing is wrong.
pub(super) fn list<B, T>(
    name: &str,
    bodies: Vec<B>,
    most: usize,
    faults: &mut Violations,
    read: impl Fn(B, &mut Violations) -> Option<T>,
) -> Vec<T> {
    if bodies.len() > most {
        faults.malformed(name, format!("must have at most {most} entries"));
        return Vec::new();
    }
    let numbered = bodies.into_iter().enumerate();
    numbered
        .filter_map(|(place, body)| within(&format!("{name}[{place}]"), faults, |faults| read(body, faults)))
        .collect()
}

fn unique<'k>(name: &str, keys: impl Iterator<Item = &'k str>, faults: &mut Violations) {
    let mut seen = HashSet::new();
    for (place, key) in keys.enumerate() {
        if !seen.insert(key) {
            faults.malformed(format!("{name}[{place}].key"), format!("'{key}' is given twice"));
        }
    }
}

fn named(name: Option<String>, key: &str, faults: &mut Violations) -> Option<Name> {
    let name = name.unwrap_or_else(|| key.to_owned());
    Name::parse(&name, &Path::ROOT.field("name"), faults)
}

fn description(text: Option<String>, faults: &mut Violations) -> Option<Description> {
    text.and_then(|text| flag_change::description(&text, faults))
}

fn project_sheet(body: ProjectSheetBody, faults: &mut Violations) -> Option<ProjectSheet> {
    let name = body.name.and_then(|name| Name::parse(&name, &Path::ROOT.field("name"), faults));
    let key = key(ProjectKey::parse, &body.key, "key", faults);
    let description = description(body.description, faults);
    Some(ProjectSheet { key: key?, name, description })
}

fn flag_sheet(body: FlagSheetBody, faults: &mut Violations) -> Option<FlagSheet> {
    let name = named(body.name, &body.key, faults);
    let key = key(FlagKey::parse, &body.key, "key", faults);
    let bodies = match (body.variations, body.flag_type) {
        (Some(bodies), _) => bodies,
        (None, FlagType::Boolean) => on_and_off(),
        (None, FlagType::String | FlagType::Number | FlagType::Json) => {
            faults.malformed("variations", "is required, unless the flag is boolean");
            Vec::new()
        }
    };
    let last = bodies.last().map(|last| last.key.clone());
    let variations = variations(bodies, faults);
    let default = match body.default_variation.or(last) {
        Some(text) => flag_change::default_variation(&text, faults),
        None => {
            faults.add(Fault::VariationCount, "variations", "must have at least one variation");
            None
        }
    };
    let environments = body.environments.unwrap_or_default().into_iter();
    let environments = environments.filter_map(|(environment, body)| {
        within("environments", faults, |faults| {
            let place = environment.clone();
            let environment = EnvironmentKey::parse(&environment)
                .map_err(|error| faults.malformed(&place, error.to_string()));
            let sheet = within(&place, faults, |faults| configuration_sheet(body, default.as_ref(), faults));
            Some((environment.ok()?, sheet?))
        })
    });
    let environments = environments.collect();
    let bucketing = match body.bucketing {
        Some(body) => flag_change::bucketing(body, faults),
        None => Some(Bucketing::default()),
    };
    Some(FlagSheet {
        key: key?,
        name: name?,
        description: description(body.description, faults),
        flag_type: body.flag_type,
        classification: body.classification,
        tags: tags(&body.tags.unwrap_or_default(), faults),
        owner: body.owner.and_then(|text| flag_change::owner(&text, faults)),
        expires_at: body.expires_at.and_then(|text| flag_change::expires_at(&text, faults)),
        status: body.status.unwrap_or(FlagStatus::Active),
        variations,
        bucketing: bucketing?,
        default_variation: default?,
        environments,
    })
}

fn on_and_off() -> Vec<VariationBody> {
    [("on", "On", true), ("off", "Off", false)]
        .map(|(key, name, value)| VariationBody {
            key: key.to_owned(),
            name: Some(name.to_owned()),
            value: json!(value),
        })
        .into()
}

fn configuration_sheet(
    body: ConfigurationBody,
    default: Option<&VariationKey>,
    faults: &mut Violations,
) -> Option<ConfigurationSheet> {
    let own = body.default_variation.and_then(|text| flag_change::default_variation(&text, faults));
    let rules = rules(body.targeting_rules.unwrap_or_default(), faults);
    let prerequisites = prerequisites(&body.prerequisites.unwrap_or_default(), faults);
    let default_variation = own.or_else(|| default.cloned())?;
    Some(ConfigurationSheet {
        enabled: body.enabled.unwrap_or(false),
        default_variation,
        rules,
        prerequisites,
    })
}

fn key_sheet(body: KeySheetBody, faults: &mut Violations) -> Option<KeySheet> {
    let environment = key(EnvironmentKey::parse, &body.environment, "environment", faults);
    let name = Name::parse(&body.name, &Path::ROOT.field("name"), faults);
    let digest = hex::read_digest(&body.sha256);
    if digest.is_none() {
        faults.malformed("sha256", "must be 64 hexadecimal digits in lower case");
    }
    if body.prefix.is_empty()
        || body.prefix.chars().count() > MAX_PREFIX_CHARS
        || body.prefix.chars().any(char::is_control)
    {
        faults.malformed("prefix", format!("must be 1 to {MAX_PREFIX_CHARS} characters"));
    }
    let expires_at = body.expires_at.and_then(|text| flag_change::expires_at(&text, faults));
    Some(KeySheet {
        environment: environment?,
        name: name?,
        kind: body.kind,
        digest: digest?,
        prefix: body.prefix,
        expires_at,
    })
}

//! Taking a project out as one document. The order of everything follows from keys alone, so that equal projects are
//! equal documents.

use crate::control::{
    Control, call::Caller, error::Error, flag_target::served, scope::Place, scope::readable_project,
};
use crate::domain::{
    environment::{Environment, NewEnvironment},
    flag::{Configuration, Flag},
    id::ProjectId,
    manifest::{ConfigurationSheet, FlagSheet, KeySheet, Manifest, ProjectSheet},
    role::Permission,
    rule::NewRule,
    segment::{NewSegment, Segment, SegmentFields},
};
use crate::{control::call::authorise, control::error::Thing, store};

/// Whether the document tells of API keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Not at all.
    Untold,
    /// By their hashes.
    Hashed,
}

/// A project as one document.
pub fn export(control: &Control, caller: &Caller, id: ProjectId, keys: Keys) -> Result<Manifest, Error> {
    let reader = control.read()?;
    let project = readable_project(&reader, caller, id)?;
    let mut environments = store::environment::of_project(&reader, id)?;
    environments.sort_by(|left, right| (left.kind, &left.key).cmp(&(right.kind, &right.key)));
    let api_keys = match keys {
        Keys::Untold => None,
        Keys::Hashed => {
            let missing = || (Thing::Project, id.to_string());
            authorise(&caller.memberships, project.organization, Permission::ReadApiKeys, missing)?;
            let mut sheets = Vec::new();
            for environment in &environments {
                let keys = store::api_key::of_environment(&reader, environment.id)?.into_iter();
                let own = keys.filter(|key| key.replaced_by.is_none()).map(|key| KeySheet {
                    environment: environment.key.clone(),
                    name: key.name,
                    kind: key.kind,
                    digest: key.digest,
                    prefix: key.prefix,
                    expires_at: key.expires_at,
                });
                let before = sheets.len();
                sheets.extend(own);
                sheets[before..].sort_by(|left, right| {
                    (left.name.as_str(), left.digest).cmp(&(right.name.as_str(), right.digest))
                });
            }
            Some(sheets)
        }
    };
    let (segments, flags) = match environments.first() {
        Some(first) => {
            let place = Place { project: project.clone(), environment: first.clone() };
            let rulesets = served(&reader, control.live(), &place)?;
            let segments = rulesets[0].1.segments().iter().map(|it| segment_sheet(it.segment())).collect();
            let mut flags: Vec<_> = rulesets[0].1.flags().map(|compiled| compiled.flag()).collect();
            flags.sort_by(|left, right| left.key.cmp(&right.key));
            let sheet = |flag: &Flag| {
                let said = rulesets.iter().filter_map(|(environment, ruleset)| {
                    Some((environment, &**ruleset.get(flag.key.as_str())?.configuration()))
                });
                flag_sheet(flag, said)
            };
            (segments, flags.into_iter().filter_map(|flag| sheet(flag)).collect())
        }
        None => (Vec::new(), Vec::new()),
    };
    Ok(Manifest {
        project: ProjectSheet {
            key: project.key,
            name: Some(project.name),
            description: project.description,
        },
        environments: Some(environments.into_iter().map(environment_sheet).collect()),
        segments: Some(segments),
        flags: Some(flags),
        api_keys,
    })
}

fn environment_sheet(environment: Environment) -> NewEnvironment {
    let Environment { key, name, kind, color, .. } = environment;
    NewEnvironment { key, name, kind, color }
}

fn segment_sheet(segment: &Segment) -> NewSegment {
    NewSegment {
        key: segment.key.clone(),
        fields: SegmentFields {
            name: segment.name.clone(),
            description: segment.description.clone(),
            matching: segment.matching,
            conditions: segment.conditions.clone(),
            included: segment.included.clone(),
            excluded: segment.excluded.clone(),
        },
    }
}

fn flag_sheet<'s>(
    flag: &Flag,
    said: impl Iterator<Item = (&'s Environment, &'s Configuration)>,
) -> Option<FlagSheet> {
    let environments: Vec<_> = said
        .map(|(environment, configuration)| {
            let sheet = ConfigurationSheet {
                enabled: configuration.enabled,
                default_variation: configuration.default_variation.clone(),
                rules: configuration.rules.iter().cloned().map(NewRule::from).collect(),
                prerequisites: configuration.prerequisites.clone(),
            };
            (environment.key.clone(), sheet)
        })
        .collect();
    Some(FlagSheet {
        key: flag.key.clone(),
        name: flag.name.clone(),
        description: flag.description.clone(),
        flag_type: flag.flag_type,
        classification: flag.classification,
        tags: flag.tags.clone(),
        owner: flag.owner.clone(),
        expires_at: flag.expires_at,
        status: flag.status,
        variations: flag.variations.clone(),
        bucketing: flag.bucketing.clone(),
        default_variation: environments.first()?.1.default_variation.clone(),
        environments,
    })
}

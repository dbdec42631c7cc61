//! The last look at a document before it goes out: what the server would refuse is taken out of it and told. It is
//! the readers of the import, the compiler and the law on cycles that judge, so that no limit is written down twice.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{
    Translation,
    draft::{Draft, DraftFlag, DraftSegment, Origin, switched_off},
    note::Outcome,
};
use crate::{
    domain::{
        environment::MAX_ENVIRONMENTS_PER_PROJECT,
        flag::{FlagStatus, MAX_FLAGS_PER_PROJECT},
        flag_change::NewFlag,
        id::{EnvironmentId, FlagId, ProjectId, RuleId, SegmentId, UserId},
        key::FlagKey,
        manifest::FlagSheet,
        operator::Test,
        segment::{MAX_SEGMENTS_PER_PROJECT, Segment},
        time::Timestamp,
        violation::{Fault, Violations},
    },
    engine::{CompiledFlag, Ruleset, Segments, compile, segment::references},
    http::wire::{
        manifest::{FlagSheetBody, ProjectDocument, ProjectSheetBody, project_document},
        rule::ConditionBody,
        segment::new_segment,
    },
};

/// Nothing is stored, so that everything may have been made at once.
const MADE: Timestamp = Timestamp::from_seconds(0);

/// The document of what is sound, and everything that there is to tell.
pub(super) fn settle(mut draft: Draft, project: &str) -> Translation {
    prune(&mut draft);
    limit(&mut draft);
    let segments = settle_segments(&mut draft);
    let compiled = settle_flags(&mut draft, project, &segments);
    settle_prerequisites(&mut draft, compiled);
    prune(&mut draft);
    let document = ProjectDocument {
        environments: Some(draft.environments),
        segments: Some(draft.segments.into_iter().map(|segment| segment.body).collect()),
        flags: Some(draft.flags.into_iter().map(|flag| flag.body).collect()),
        ..empty(project)
    };
    Translation { document, notes: draft.notes }
}

fn empty(project: &str) -> ProjectDocument {
    ProjectDocument {
        phaseflag: Some(crate::domain::manifest::FORMAT),
        project: ProjectSheetBody { key: project.to_owned(), name: None, description: None },
        environments: None,
        segments: None,
        flags: None,
        api_keys: None,
        seed: None,
    }
}

/// What is wrong, in one line.
fn told(faults: &Violations) -> String {
    let lines: Vec<_> =
        faults.reported().take(3).map(|fault| format!("{} {}", fault.path, fault.message)).collect();
    lines.join("; ")
}

/// The segments that a condition asks for.
fn asked(condition: &ConditionBody) -> impl Iterator<Item = &str> {
    let value = condition.value.as_ref().filter(|_| condition.operator.row().test == Test::InSegment);
    let several = value.and_then(|value| value.as_array()).into_iter().flatten();
    several.chain(value).filter_map(|key| key.as_str())
}

fn conditions_of(flag: &FlagSheetBody) -> impl Iterator<Item = &ConditionBody> {
    let environments = flag.environments.iter().flat_map(BTreeMap::values);
    environments.flat_map(|it| it.targeting_rules.iter().flatten()).flat_map(|rule| &rule.conditions)
}

/// Takes out segments that were made for rules which are not there.
fn prune(draft: &mut Draft) {
    let by_key: HashMap<&str, &DraftSegment> =
        draft.segments.iter().map(|segment| (segment.body.key.as_str(), segment)).collect();
    let sources = draft.segments.iter().filter(|segment| segment.origin == Origin::Source);
    let mut open: Vec<&str> = sources.map(|segment| segment.body.key.as_str()).collect();
    open.extend(draft.flags.iter().flat_map(|flag| conditions_of(&flag.body)).flat_map(asked));
    let mut used = HashSet::new();
    while let Some(key) = open.pop() {
        if used.insert(key.to_owned())
            && let Some(segment) = by_key.get(key)
        {
            open.extend(segment.body.conditions.iter().flatten().flat_map(asked));
        }
    }
    draft.segments.retain(|segment| used.contains(&segment.body.key));
}

/// Takes out what is more than a project can have.
fn limit(draft: &mut Draft) {
    let surplus = |what: &str, most: usize, found: usize| {
        format!("has {found} {what}, and a project has at most {most}: those at the end are left out")
    };
    if draft.environments.len() > MAX_ENVIRONMENTS_PER_PROJECT {
        let message = surplus("environments", MAX_ENVIRONMENTS_PER_PROJECT, draft.environments.len());
        draft.note("", Outcome::Skipped, message);
        draft.environments.truncate(MAX_ENVIRONMENTS_PER_PROJECT);
        let kept: HashSet<&str> = draft.environments.iter().map(|it| it.key.as_str()).collect();
        for flag in &mut draft.flags {
            if let Some(environments) = &mut flag.body.environments {
                environments.retain(|key, _| kept.contains(key.as_str()));
            }
        }
    }
    if draft.segments.len() > MAX_SEGMENTS_PER_PROJECT {
        let message = surplus("segments", MAX_SEGMENTS_PER_PROJECT, draft.segments.len());
        draft.note("", Outcome::Skipped, message);
        draft.segments.truncate(MAX_SEGMENTS_PER_PROJECT);
    }
    if draft.flags.len() > MAX_FLAGS_PER_PROJECT {
        let message = surplus("flags", MAX_FLAGS_PER_PROJECT, draft.flags.len());
        draft.note("", Outcome::Skipped, message);
        draft.flags.truncate(MAX_FLAGS_PER_PROJECT);
    }
}

/// Takes out segments that are refused, and those that ask for one that is not there, until none is left.
fn settle_segments(draft: &mut Draft) -> Segments {
    let mut sound: Vec<Segment> = Vec::new();
    let mut refused: HashMap<String, String> = HashMap::new();
    for (at, segment) in (0..).zip(&draft.segments) {
        let mut faults = Violations::new();
        let new = new_segment(segment.body.clone(), &mut faults);
        match new.filter(|_| faults.is_empty()) {
            Some(new) => {
                sound.push(new.build(SegmentId::from_bits(at), ProjectId::from_bits(0), MADE));
            }
            None => drop(refused.insert(segment.body.key.clone(), told(&faults))),
        }
    }
    loop {
        let known: HashSet<String> = sound.iter().map(|segment| segment.key.to_string()).collect();
        let segments = Segments::new(sound.iter().cloned());
        let before = sound.len();
        sound.retain(|segment| {
            let missing = references(&segment.conditions).find(|key| !known.contains(key.as_str()));
            let why = match missing {
                Some(key) => format!("asks for the segment `{key}`, which is not here"),
                None if segments.unsettled().contains(&segment.key) => {
                    "asks for segments in a circle, or too deep inside of each other".to_owned()
                }
                None => return true,
            };
            refused.insert(segment.key.to_string(), why);
            false
        });
        if sound.len() == before {
            for segment in &draft.segments {
                if let Some(why) = refused.get(&segment.body.key) {
                    let message = format!("the segment `{}` is left out: {why}", segment.body.key);
                    draft.notes.push(super::Note {
                        place: segment.place.clone(),
                        outcome: Outcome::Skipped,
                        message,
                    });
                }
            }
            draft.segments.retain(|segment| !refused.contains_key(&segment.body.key));
            return segments;
        }
    }
}

/// A flag in one environment, ready to be asked.
struct Compiled {
    place: usize,
    environment: String,
    flag: CompiledFlag,
}

/// Takes out flags that are refused, and switches those off where what one environment says of them is.
fn settle_flags(draft: &mut Draft, project: &str, segments: &Segments) -> Vec<Compiled> {
    let mut compiled = Vec::new();
    let mut kept: Vec<DraftFlag> = Vec::with_capacity(draft.flags.len());
    for mut flag in std::mem::take(&mut draft.flags) {
        let environments = flag.body.environments.take().unwrap_or_default();
        if let Err(faults) = compiled_flag(&flag.body, project) {
            let message = format!("it is left out: {}", told(&faults));
            draft.fault(&flag.place, &flag.body.key, &message);
            continue;
        }
        let mut settled = BTreeMap::new();
        for (environment, configuration) in environments {
            let mut alone = flag.body.clone();
            alone.environments = Some(BTreeMap::from([(environment.clone(), configuration.clone())]));
            let missing = conditions_of(&alone).flat_map(asked).find(|key| segments.get(key).is_none());
            let result = match missing {
                Some(key) => Err(format!("the segment `{key}` is not here")),
                None => compiled_flag(&alone, project).map_err(|faults| told(&faults)),
            };
            let configuration = match result {
                Ok(ready) => {
                    compiled.push(Compiled {
                        place: kept.len(),
                        environment: environment.clone(),
                        flag: ready,
                    });
                    configuration
                }
                Err(why) => {
                    draft.fault(&flag.place, &flag.body.key, &format!("{why}; it is off in `{environment}`"));
                    switched_off(configuration.default_variation)
                }
            };
            settled.insert(environment, configuration);
        }
        flag.body.environments = Some(settled);
        kept.push(flag);
    }
    draft.flags = kept;
    compiled
}

/// The flag as the server would make it, in the environment that the body says something of, if it does.
fn compiled_flag(body: &FlagSheetBody, project: &str) -> Result<CompiledFlag, Violations> {
    let mut faults = Violations::new();
    let document = ProjectDocument { flags: Some(vec![body.clone()]), ..empty(project) };
    let manifest = project_document(document, &mut faults);
    faults.or_ok(())?;
    let sheet = manifest.and_then(|manifest| manifest.flags?.into_iter().next());
    let unreadable = || Violations::one(Fault::Malformed, "project", "is not sound");
    let status = body.status.unwrap_or(FlagStatus::Active);
    let mut rules = 0..;
    let mut mint = || RuleId::from_bits(rules.next().unwrap_or_default());
    let (id, project, user) = (FlagId::from_bits(0), ProjectId::from_bits(0), UserId::from_bits(0));
    let (mut flag, configuration) =
        new_flag(sheet.ok_or_else(unreadable)?).build(id, project, user, MADE, &mut mint);
    flag.status = status;
    let mut faults = Violations::new();
    flag.check_variations(&mut faults);
    faults.or_ok(())?;
    compile::flag(Arc::new(flag), Arc::new(configuration))
}

fn new_flag(sheet: FlagSheet) -> NewFlag {
    let (default, enabled, rules, prerequisites) = match sheet.environments.into_iter().next() {
        Some((_, it)) => (it.default_variation, it.enabled, it.rules, it.prerequisites),
        None => (sheet.default_variation, false, Vec::new(), Vec::new()),
    };
    NewFlag {
        key: sheet.key,
        name: sheet.name,
        description: sheet.description,
        flag_type: sheet.flag_type,
        classification: sheet.classification,
        tags: sheet.tags,
        owner: sheet.owner,
        expires_at: sheet.expires_at,
        variations: sheet.variations,
        bucketing: sheet.bucketing,
        default_variation: default,
        enabled,
        rules,
        prerequisites,
    }
}

/// Switches flags off that demand what is not there, and those whose demands form a circle.
fn settle_prerequisites(draft: &mut Draft, compiled: Vec<Compiled>) {
    let known: HashMap<String, HashSet<String>> = draft
        .flags
        .iter()
        .filter(|flag| flag.body.status != Some(FlagStatus::Archived))
        .map(|flag| {
            let keys = flag.body.variations.iter().flatten().map(|variation| variation.key.clone());
            (flag.body.key.clone(), keys.collect())
        })
        .collect();
    let mut by_environment: BTreeMap<String, Vec<(usize, CompiledFlag)>> = BTreeMap::new();
    let mut off: Vec<(usize, String, String)> = Vec::new();
    for Compiled { place, environment, flag } in compiled {
        let dangling = flag.configuration().prerequisites.iter().find(|demand| {
            !known
                .get(demand.flag_key.as_str())
                .is_some_and(|keys| keys.contains(demand.variation_key.as_str()))
        });
        match dangling {
            Some(demand) => {
                let why = format!(
                    "demands the variation `{}` of `{}`, which is not here",
                    demand.variation_key, demand.flag_key
                );
                off.push((place, environment, why));
            }
            None => by_environment.entry(environment).or_default().push((place, flag)),
        }
    }
    for (environment, flags) in by_environment {
        let places: HashMap<String, usize> =
            flags.iter().map(|(place, flag)| (flag.key().to_owned(), *place)).collect();
        let flags = flags.into_iter().map(|(_, flag)| flag);
        let ruleset = Ruleset::new(EnvironmentId::from_bits(0), 1, flags);
        let mut circles: Vec<_> = ruleset.unsettled().iter().map(FlagKey::as_str).collect();
        circles.sort_unstable();
        for place in circles.into_iter().filter_map(|key| places.get(key)) {
            let why = "demands other flags in a circle, or too many one after the other".to_owned();
            off.push((*place, environment.clone(), why));
        }
    }
    for (place, environment, why) in off {
        let flag = &mut draft.flags[place];
        if let Some(it) = flag.body.environments.as_mut().and_then(|all| all.get_mut(&environment)) {
            *it = switched_off(it.default_variation.take());
        }
        let (at, key) = (flag.place.clone(), flag.body.key.clone());
        draft.fault(&at, &key, &format!("{why}; it is off in `{environment}`"));
    }
}

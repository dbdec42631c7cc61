//! What grows, and how a file of each size is made.

use std::path::Path;

use phaseflag::auth::entropy::sha256;
use phaseflag::domain::audit::{Entry, Search};
use phaseflag::domain::id::AuditId;
use phaseflag::store::{self, Store};
use serde_json::json;

use crate::Outcome;
use crate::fill::fill;
use crate::running::Running;
use crate::team::Team;

/// Flags in a file in which something else grows.
const FLAGS: u128 = 20;
/// Environments that a project may have, and API keys that an environment may have.
const ENVIRONMENTS_PER_PROJECT: usize = 50;
const KEYS_PER_ENVIRONMENT: usize = 200;
/// Audit entries that become durable together.
const ENTRIES_TOGETHER: usize = 10_000;

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Dimension {
    Flags,
    Environments,
    Streams,
    Audit,
    Keys,
}

impl Dimension {
    pub(crate) const ALL: [Self; 5] =
        [Self::Flags, Self::Environments, Self::Streams, Self::Audit, Self::Keys];

    pub(crate) fn sizes(self, quick: bool) -> &'static [usize] {
        let (few, all): (&[usize], &[usize]) = match self {
            Self::Flags => (&[10, 1_000], &[10, 100, 1_000, 10_000]),
            Self::Environments => (&[3, 50], &[3, 50, 500]),
            Self::Streams | Self::Keys => (&[1, 100], &[1, 100, 1_000, 10_000]),
            Self::Audit => (&[1_000, 10_000], &[1_000, 10_000, 100_000, 1_000_000]),
        };
        if quick { few } else { all }
    }

    /// Makes a file of this size.
    pub(crate) fn grow(self, program: &Path, data: &Path, size: usize) -> Outcome<()> {
        let flags = if self == Self::Flags { u128::try_from(size)? } else { FLAGS };
        fill(program, data, flags)?;
        match self {
            Self::Flags | Self::Streams => Ok(()),
            Self::Audit => log(data, size),
            Self::Environments => through(program, data, |team| places(team, size).map(drop)),
            Self::Keys => through(program, data, |team| keys(team, size)),
        }
    }
}

/// Has a server on the file do something.
fn through(program: &Path, data: &Path, work: impl FnOnce(&Team) -> Outcome<()>) -> Outcome<()> {
    let mut running = Running::start(program, data, &["--rate-limit-management=1000000000".to_owned()])?;
    work(&Team::sign_in(&running.url)?)?;
    running.stop()
}

/// Makes environments until there are so many, in as many projects as that takes; answers all of them.
fn places(team: &Team, size: usize) -> Outcome<Vec<String>> {
    let ids = |project: &str| -> Outcome<Vec<String>> {
        let list = team.get(&format!("/environments?per_page=200&project_id={project}"))?;
        let list = list["data"].as_array().ok_or("no list")?;
        Ok(list.iter().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect())
    };
    let mut all = ids(&team.project)?;
    let (mut project, mut held, mut projects) = (team.project.clone(), all.len(), 1);
    while all.len() < size {
        if held == ENVIRONMENTS_PER_PROJECT {
            projects += 1;
            let body = json!({"key": format!("project-{projects}"), "name": "Another"});
            team.post("/projects", &body)?["data"]["id"]
                .as_str()
                .ok_or("no project")?
                .clone_into(&mut project);
            let fresh = ids(&project)?;
            held = fresh.len();
            all.extend(fresh);
        } else {
            let body = json!({"key": format!("place-{}", all.len()), "name": "Place", "type": "development"});
            let made = team.post(&format!("/environments?project_id={project}"), &body)?;
            all.push(made["data"]["id"].as_str().ok_or("no environment")?.to_owned());
            held += 1;
        }
    }
    Ok(all)
}

/// Makes so many API keys, in as many environments as that takes.
fn keys(team: &Team, size: usize) -> Outcome<()> {
    // The key that asks is one of the first environment's.
    let places = places(team, size.div_ceil(KEYS_PER_ENVIRONMENT - 10))?;
    for number in 0..size {
        team.make_key(&places[number % places.len()], &format!("key {number}"))?;
    }
    Ok(())
}

/// Adds entries like the last one to the audit log, until it has so many.
fn log(data: &Path, size: usize) -> Outcome<()> {
    let store = Store::open(data)?;
    let reader = store.read()?;
    let newest = store::audit::newest(&reader)?;
    let organizations = store::organization::every(&reader)?.into_iter().map(|one| one.id).collect();
    let search = Search { organizations, ..Search::default() };
    let model = store::audit::batch(&reader, &search, newest)?.entries;
    let model: Entry = model.into_iter().find(|entry| entry.scope.project.is_some()).ok_or("an empty log")?;
    drop(reader);
    let mut made = usize::try_from(newest)?;
    while made < size {
        let writer = store.write()?;
        for _ in 0..ENTRIES_TOGETHER.min(size - made) {
            made += 1;
            let id = AuditId::from_bits(model.id.bits() + u128::try_from(made)?);
            let entry = Entry { id, ..model.clone() };
            store::audit::append(&writer, model.id.bits(), entry, |bytes| sha256(&[bytes]))?;
        }
        writer.commit()?;
    }
    Ok(())
}

//! Loading on start: everything that is served is read and compiled before the first request. That is most of what a
//! start takes with many flags, so every thread of the machine takes its part.

use std::{
    collections::{HashMap, HashSet},
    iter,
    num::NonZero,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use super::Error;
use crate::{
    domain::{environment::Environment, flag::Flag, id::ProjectId},
    engine::{
        Ruleset, Segments,
        compile::{self, CompiledFlag},
    },
    live::{Live, LiveEnvironment},
    store::{self, Reader, Store},
};

/// Threads that load, at most: reading is what they do, and they read one file.
const MAX_THREADS: usize = 8;
/// Flags that one thread compiles in one go: few enough that none has to wait long for the last one.
const FLAGS_IN_ONE_GO: usize = 500;

/// What the environments of a project share.
struct Project {
    segments: Arc<Segments>,
    /// By identifier, as configurations are.
    flags: Vec<Arc<Flag>>,
}

/// Reads and compiles every environment, and indexes every API key.
pub(super) fn everything(store: &Store) -> Result<Live, Error> {
    let reader = store.read()?;
    let environments = store::environment::every(&reader)?;
    let projects: HashSet<ProjectId> = environments.iter().map(|environment| environment.project).collect();
    let projects = together(projects, |id| Ok((id, project(&reader, id)?)))?;
    let projects: HashMap<ProjectId, Project> = projects.into_iter().collect();
    let flags_of = |environment: &Environment| projects.get(&environment.project).map(|it| &it.flags[..]);

    let parts = environments.iter().flat_map(|environment| {
        let flags = flags_of(environment).unwrap_or_default();
        flags.chunks(FLAGS_IN_ONE_GO).map(move |part| (environment, part))
    });
    let mut compiled: HashMap<_, Vec<CompiledFlag>> = HashMap::new();
    for (environment, flags) in together(parts, |(environment, flags)| {
        Ok((environment.id, compiled_in(&reader, environment, flags)?))
    })? {
        compiled.entry(environment).or_default().extend(flags);
    }

    let environments = environments
        .iter()
        .map(|environment| (environment, compiled.remove(&environment.id).unwrap_or_default()))
        .collect::<Vec<_>>();
    let live = together(environments, |(environment, flags)| {
        let segments = projects.get(&environment.project).map(|it| Arc::clone(&it.segments));
        let ruleset = Ruleset::new(environment.id, environment.version, flags);
        Ok(LiveEnvironment::new(environment, ruleset.with_segments(segments.unwrap_or_default())))
    })?;
    Ok(Live::new(live, store::api_key::every(&reader)?))
}

fn project(reader: &Reader, id: ProjectId) -> Result<Project, Error> {
    let segments = Arc::new(Segments::new(store::segment::of_project(reader, id)?));
    let mut flags: Vec<_> = store::flag::of_project(reader, id)?.into_iter().map(Arc::new).collect();
    flags.sort_unstable_by_key(|flag| flag.id.bits());
    Ok(Project { segments, flags })
}

/// Flags, by identifier, as an environment has them.
fn compiled_in(
    reader: &Reader,
    environment: &Environment,
    flags: &[Arc<Flag>],
) -> Result<Vec<CompiledFlag>, Error> {
    let (Some(first), Some(last)) = (flags.first(), flags.last()) else { return Ok(Vec::new()) };
    let mut configurations: HashMap<_, _> =
        store::flag::configurations(reader, environment.id, first.id..=last.id)?.into_iter().collect();
    let mut compiled = Vec::with_capacity(flags.len());
    for flag in flags {
        let damaged =
            |what: &str| store::Error::Damaged(format!("flag {} {what} in {}", flag.id, environment.id));
        let configuration = configurations.remove(&flag.id).ok_or_else(|| damaged("has no configuration"))?;
        let flag = compile::flag(Arc::clone(flag), Arc::new(configuration));
        compiled.push(flag.map_err(|_| damaged("does not compile"))?);
    }
    Ok(compiled)
}

/// Does some work for each of these things, on this thread and on others; what comes of it is in no order.
fn together<T: Send, R: Send>(
    things: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let things: Vec<T> = things.into_iter().collect();
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS).min(things.len());
    let queue = Mutex::new(things.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || iter::from_fn(next).map(&work).collect::<Result<Vec<R>, Error>>();
    thread::scope(|scope| {
        // Where the system has no further thread, those that there are do more.
        let others: Vec<_> =
            (1..threads).filter_map(|_| thread::Builder::new().spawn_scoped(scope, run).ok()).collect();
        let mut done = run();
        for other in others {
            let theirs = other.join().unwrap_or_else(|panic| resume_unwind(panic));
            done = done.and_then(|mut done| {
                done.extend(theirs?);
                Ok(done)
            });
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_one_failure_is_told() {
        let mut done = together(0..1_000, |number| Ok(number + 1)).unwrap();
        done.sort_unstable();
        assert_eq!(done, (1..=1_000).collect::<Vec<_>>());
        let failed = together(0..1_000, |number| match number {
            700 => Err(Error::Busy),
            _ => Ok(number),
        });
        assert!(matches!(failed, Err(Error::Busy)));
        assert!(together([0; 0], Ok).unwrap().is_empty());
    }
}

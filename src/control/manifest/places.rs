//! The project itself, and its environments.

use std::sync::Arc;

use super::{Fate, Steps, Unlisted, Work};
use crate::{
    control::{
        change::Change,
        environment,
        error::{Error, Thing},
        flag_target::with_rulesets,
        project,
        scope::Place,
    },
    domain::{
        audit::{Action, FieldChange, Resource},
        environment::{Environment, EnvironmentChange, MAX_ENVIRONMENTS_PER_PROJECT, NewEnvironment},
        id::OrganizationId,
        key::EnvironmentKey,
        manifest::ProjectSheet,
        project::{Project, ProjectChange},
        role::Permission,
        text::Name,
    },
    engine::Ruleset,
    store,
};

/// The environments of the project as they are to be.
pub(super) struct Places {
    /// Those that are there and stay, with what they serve at present.
    pub(super) kept: Vec<(Environment, Arc<Ruleset>)>,
    /// Those that are to be made.
    pub(super) new: Vec<NewEnvironment>,
}

impl Places {
    /// The keys of all of them, those first that are there.
    pub(super) fn keys(&self) -> impl Iterator<Item = &EnvironmentKey> {
        self.kept.iter().map(|(environment, _)| &environment.key).chain(self.new.iter().map(|new| &new.key))
    }
}

/// The project that a document is about, made or changed as it says.
pub(super) fn project(
    change: &mut Change<'_>,
    organization: OrganizationId,
    sheet: ProjectSheet,
    steps: &mut Steps,
) -> Result<Project, Error> {
    let missing = || (Thing::Organization, organization.to_string());
    change.authorise(organization, Permission::WriteFlags, missing)?;
    let ProjectSheet { key, name, description } = sheet;
    let Some(id) = store::project::by_key(change.tx(), organization, key.as_str())? else {
        change.authorise(organization, Permission::WriteProjects, missing)?;
        let (id, now) = (change.mint(), change.now());
        let name = name.unwrap_or_else(|| Name::trusted(key.as_str()));
        let project = Project { id, organization, key, name, description, created_at: now, updated_at: now };
        project::put_new(change, &project)?;
        let made = vec![FieldChange::made("name", project.name.as_str())];
        steps.add(Fate::Created, Resource::Project, project.key.as_str(), None, made);
        return Ok(project);
    };
    let before = change.project(id, Permission::WriteFlags)?;
    let update = ProjectChange { name, description: Some(description) };
    if update.clone().apply(&before, change.now()) == before {
        return Ok(before);
    }
    change.project(id, Permission::WriteProjects)?;
    let (project, fields) = project::keep(change, &before, update)?;
    steps.changed(Resource::Project, project.key.as_str(), None, fields);
    Ok(project)
}

/// Changes and deletes environments as a document says; those that it adds are made when there is something to put into
/// them. A new project of which nothing is said has the environments that every project starts with.
pub(super) fn environments(
    work: &mut Work<'_, '_>,
    sheets: Option<Vec<NewEnvironment>>,
) -> Result<Places, Error> {
    let present = store::environment::of_project(work.change.tx(), work.project.id)?;
    let sheets = match sheets {
        Some(sheets) => sheets,
        None if present.is_empty() => environment::defaults()?,
        None => {
            return Ok(Places {
                kept: with_rulesets(present, |id| work.change.ruleset(id))?,
                new: Vec::new(),
            });
        }
    };
    let listed = |environment: &Environment| sheets.iter().any(|sheet| sheet.key == environment.key);
    let goes = |environment: &Environment| work.unlisted == Unlisted::Goes && !listed(environment);
    let (gone, stays): (Vec<_>, Vec<_>) = present.into_iter().partition(goes);
    let new: Vec<_> =
        sheets.iter().filter(|sheet| !stays.iter().any(|it| it.key == sheet.key)).cloned().collect();
    if !new.is_empty() || !gone.is_empty() {
        work.needs(Permission::WriteEnvironments)?;
    }
    if new.is_empty() && stays.is_empty() {
        return Err(Error::LastEnvironment);
    }
    if new.len() + stays.len() > MAX_ENVIRONMENTS_PER_PROJECT {
        let sentence = format!("a project has at most {MAX_ENVIRONMENTS_PER_PROJECT} environments");
        return Err(Error::LimitReached(sentence));
    }
    for environment in gone {
        let key = environment.key.to_string();
        let place = Place { project: work.project.clone(), environment };
        let fields = environment::remove(work.change, &place)?;
        work.steps.add(Fate::Deleted, Resource::Environment, &key, None, fields);
    }
    let mut kept = Vec::with_capacity(stays.len());
    for environment in stays {
        let sheet = sheets.iter().find(|sheet| sheet.key == environment.key).cloned();
        kept.push(match sheet {
            Some(sheet) => update(work, environment, sheet)?,
            None => environment,
        });
    }
    Ok(Places { kept: with_rulesets(kept, |id| work.change.ruleset(id))?, new })
}

fn update(
    work: &mut Work<'_, '_>,
    environment: Environment,
    sheet: NewEnvironment,
) -> Result<Environment, Error> {
    let NewEnvironment { key, name, kind, color } = sheet;
    let update = EnvironmentChange { name: Some(name), kind: Some(kind), color: Some(color) };
    let after = update.apply(&environment);
    if after == environment {
        return Ok(environment);
    }
    work.needs(Permission::WriteEnvironments)?;
    let place = Place { project: work.project.clone(), environment };
    let (after, fields) = environment::keep(work.change, &place, after, Action::EnvironmentUpdated)?;
    work.steps.changed(Resource::Environment, key.as_str(), None, fields);
    Ok(after)
}

//! A project as one document: taken out whole, and made what a document says, all at once or not at all.
//!
//! A plan is an import that is undone in the end: it says exactly what the import would do, and is refused by whatever
//! would refuse the import. The parts of the project are made in the order in which they need each other: the project,
//! its environments, its segments, its flags, its API keys.

mod export;
mod flags;
mod keys;
mod places;
mod segments;
mod sound;

use super::{
    Control,
    call::{Call, Caller, Run},
    change::Change,
    error::{Error, Thing},
    scope::project_scope,
};
use crate::domain::{
    audit::{Action, FieldChange, Resource},
    id::{OrganizationId, ProjectId},
    manifest::Manifest,
    named::named,
    project::Project,
    role::Permission,
    violation::Draft,
};

pub use export::{Keys, export};

/// What becomes of what is there and is not in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// It stays.
    Stays,
    /// It is deleted, wherever the document has a list of its kind.
    Goes,
}

/// An import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The organization of the project; where absent, the oldest one that the caller belongs to.
    pub organization: Option<OrganizationId>,
    /// What the project is to be.
    pub manifest: Draft<Manifest>,
    /// What becomes of the rest.
    pub unlisted: Unlisted,
    /// Whether it is made.
    pub run: Run,
}

named! {
    /// What becomes of a thing.
    Fate {
        /// It is made.
        Created = "create",
        /// It changes.
        Updated = "update",
        /// It is deleted.
        Deleted = "delete",
    }
}

/// What becomes of one thing.
#[derive(Clone, Debug)]
pub struct Step {
    /// What becomes of it.
    pub fate: Fate,
    /// What kind of thing it is.
    pub resource: Resource,
    /// Its key; of an API key the first characters.
    pub key: String,
    /// The key of the environment, where it is about that one alone.
    pub environment: Option<String>,
    /// What changes, field by field.
    pub fields: Vec<FieldChange>,
}

/// What an import does, in the order in which it does it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The project; one that is only planned has no identifier that lasts.
    pub project: ProjectId,
    /// Its key.
    pub key: String,
    /// What changes.
    pub steps: Vec<Step>,
}

impl Plan {
    /// How many steps are of a kind.
    pub fn count(&self, fate: Fate) -> usize {
        self.steps.iter().filter(|step| step.fate == fate).count()
    }
}

/// Makes a project what a document says. What is so already is not touched: a second import of the same document does
/// nothing.
pub async fn import(control: &Control, call: &Call, caller: &Caller, import: Import) -> Result<Plan, Error> {
    let Some(organization) = import.organization.or_else(|| caller.home()) else {
        return Err(Error::Forbidden(Permission::WriteProjects));
    };
    let edit = move |change: &mut Change<'_>| make(change, organization, import);
    control.change(call, Some(caller.actor()), edit).await
}

/// The same in a change that goes on.
pub(super) fn make(
    change: &mut Change<'_>,
    organization: OrganizationId,
    import: Import,
) -> Result<Plan, Error> {
    match import.run {
        Run::Dry => change.rehearse(),
        Run::Real => {}
    }
    let Draft { value: manifest, faults } = import.manifest;
    let Manifest { project: sheet, environments, segments, flags, api_keys } = manifest;
    let mut steps = Steps::default();
    let project = places::project(change, organization, sheet, &mut steps)?;
    let mut work = Work { change, project, unlisted: import.unlisted, steps };
    let places = places::environments(&mut work, environments)?;
    let (segments, faults) = segments::segments(&mut work, &places, segments, faults)?;
    let places = flags::flags(&mut work, places, &segments, flags, faults)?;
    keys::keys(&mut work, &places, api_keys)?;
    let Work { change, project, steps: Steps(steps), .. } = work;
    let plan = Plan { project: project.id, key: project.key.to_string(), steps };
    if !plan.steps.is_empty() {
        let counted = Fate::ALL.iter().filter(|(fate, _)| plan.count(*fate) > 0);
        let counts = counted.map(|(fate, word)| FieldChange::made(word, plan.count(*fate)));
        change.audit(Action::ProjectImported, project_scope(&project), project.id, counts.collect())?;
    }
    Ok(plan)
}

/// What was done so far.
#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn add(
        &mut self,
        fate: Fate,
        resource: Resource,
        key: &str,
        environment: Option<&str>,
        fields: Vec<FieldChange>,
    ) {
        let (key, environment) = (key.to_owned(), environment.map(str::to_owned));
        self.0.push(Step { fate, resource, key, environment, fields });
    }

    /// The same for a thing that stays, unless nothing of it changes.
    fn changed(
        &mut self,
        resource: Resource,
        key: &str,
        environment: Option<&str>,
        fields: Vec<FieldChange>,
    ) {
        if !fields.is_empty() {
            self.add(Fate::Updated, resource, key, environment, fields);
        }
    }
}

/// An import at work.
struct Work<'w, 'c> {
    change: &'w mut Change<'c>,
    project: Project,
    unlisted: Unlisted,
    steps: Steps,
}

impl Work<'_, '_> {
    /// Checks that the actor may do this in the project's organization.
    fn needs(&self, permission: Permission) -> Result<(), Error> {
        let missing = || (Thing::Project, self.project.id.to_string());
        self.change.authorise(self.project.organization, permission, missing)
    }
}

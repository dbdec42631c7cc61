//! What an import of a project does, or would do.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;

use super::history::{ChangeView, changes};
use crate::{
    control::{
        call::Run,
        manifest::{Fate, Plan, Step},
    },
    domain::audit::Resource,
    words,
};

words! {
    Fate as "PlannedAction",
}

/// What becomes of one thing.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "PlannedChange")]
pub struct StepView {
    /// What becomes of it.
    pub action: Fate,
    /// What kind of thing it is.
    pub resource: Resource,
    /// Its key; of an API key the first characters.
    pub key: String,
    /// The key of the environment, where it is about that one alone.
    pub environment: Option<String>,
    /// What changes, by the name of the field.
    pub changes: BTreeMap<String, ChangeView>,
}

/// What an import does, or would do.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "ImportPlan")]
pub struct PlanView {
    /// The project's key.
    pub project: String,
    /// The project; null while it is only planned.
    pub project_id: Option<String>,
    /// Whether this only tells what would be done.
    pub dry_run: bool,
    /// How many changes make something.
    pub create: usize,
    /// How many change something.
    pub update: usize,
    /// How many delete something.
    pub delete: usize,
    /// The changes, in the order in which they are made. None: the project is what the document says.
    pub changes: Vec<StepView>,
}

impl PlanView {
    /// What an import came to.
    pub fn of(plan: Plan, run: Run) -> Self {
        let made = plan.steps.iter().any(|it| (it.resource, it.fate) == (Resource::Project, Fate::Created));
        let lasting = run == Run::Real || !made;
        Self {
            project: plan.key.clone(),
            project_id: lasting.then(|| plan.project.to_string()),
            dry_run: run == Run::Dry,
            create: plan.count(Fate::Created),
            update: plan.count(Fate::Updated),
            delete: plan.count(Fate::Deleted),
            changes: plan.steps.into_iter().map(StepView::from).collect(),
        }
    }
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        Self {
            action: step.fate,
            resource: step.resource,
            key: step.key,
            environment: step.environment,
            changes: changes(step.fields),
        }
    }
}

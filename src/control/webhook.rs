//! Webhooks: making, changing, trying and deleting them, and what became of their deliveries. A secret is shown when it
//! is made, and never again.

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    scope::{Place, permitted_project, project_scope},
};
use crate::{
    domain::{
        audit::{Action, FieldChange, difference, webhook_fields},
        delivery::{Delivery, DeliveryStatus, Progress},
        id::{DeliveryId, EnvironmentId, ProjectId, WebhookId},
        page::{Page, PageRequest},
        project::Project,
        role::Permission,
        violation::{Draft, Path, Violations},
        webhook::{
            Health, MAX_WEBHOOKS_PER_PROJECT, SECRET_BYTES, SigningSecret, Webhook, WebhookChange,
            WebhookFields,
        },
    },
    store::{self, Access, delivery::Counts},
};

/// A webhook with how much it has to do.
#[derive(Clone, Debug)]
pub struct ShownWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// Its deliveries that wait.
    pub pending: u64,
}

impl ShownWebhook {
    fn of(access: &impl Access, webhook: Webhook) -> Result<Self, Error> {
        let Counts { pending, finished: _ } = store::delivery::counts(access, webhook.id)?;
        Ok(Self { webhook, pending })
    }
}

/// A delivery with what is sent.
#[derive(Clone, Debug)]
pub struct ShownDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// The body.
    pub body: Vec<u8>,
}

fn missing(id: WebhookId) -> Error {
    Error::Missing(Thing::Webhook, id.to_string())
}

fn missing_delivery(id: DeliveryId) -> Error {
    Error::Missing(Thing::Delivery, id.to_string())
}

/// To somebody who may not know of the project there is no such webhook.
fn unless_hidden<T>(found: Result<T, Error>, id: WebhookId) -> Result<T, Error> {
    match found {
        Err(Error::Missing(..)) => Err(missing(id)),
        found => found,
    }
}

/// The webhook `id`, which the caller may see.
fn readable(access: &impl Access, caller: &Caller, id: WebhookId) -> Result<Webhook, Error> {
    let webhook = store::webhook::by_id(access, id)?.ok_or_else(|| missing(id))?;
    unless_hidden(permitted_project(access, caller, webhook.project, Permission::ReadWebhooks), id)?;
    Ok(webhook)
}

/// The webhook `id`, which the actor may change, and its project.
fn find(change: &Change<'_>, id: WebhookId) -> Result<(Webhook, Project), Error> {
    let webhook = store::webhook::by_id(change.tx(), id)?.ok_or_else(|| missing(id))?;
    let project = unless_hidden(change.project(webhook.project, Permission::WriteWebhooks), id)?;
    Ok((webhook, project))
}

/// The webhooks of a project, oldest first.
pub fn list(control: &Control, caller: &Caller, project: ProjectId) -> Result<Vec<ShownWebhook>, Error> {
    let reader = control.read()?;
    permitted_project(&reader, caller, project, Permission::ReadWebhooks)?;
    let webhooks = store::webhook::of_project(&reader, project)?;
    webhooks.into_iter().map(|webhook| ShownWebhook::of(&reader, webhook)).collect()
}

/// One webhook.
pub fn get(control: &Control, caller: &Caller, id: WebhookId) -> Result<ShownWebhook, Error> {
    let reader = control.read()?;
    let webhook = readable(&reader, caller, id)?;
    ShownWebhook::of(&reader, webhook)
}

/// Makes a webhook.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    project: ProjectId,
    new: Draft<WebhookFields>,
) -> Result<ShownWebhook, Error> {
    let secret = control.random::<SECRET_BYTES>()?;
    control
        .change(call, Some(caller.actor()), move |change| {
            let project = change.project(project, Permission::WriteWebhooks)?;
            let Draft { value: new, mut faults } = new;
            check_environments(change, project.id, &new.environments, &mut faults)?;
            faults.or_ok(())?;
            if store::webhook::of_project(change.tx(), project.id)?.len() >= MAX_WEBHOOKS_PER_PROJECT {
                let sentence = format!("a project has at most {MAX_WEBHOOKS_PER_PROJECT} webhooks");
                return Err(Error::LimitReached(sentence));
            }
            let webhook = Webhook {
                id: change.mint(),
                project: project.id,
                url: new.url,
                description: new.description,
                events: new.events,
                environments: new.environments,
                health: Health::Active.switched(new.switch),
                secret: SigningSecret::new(secret),
                created_by: change.actor()?.id,
                revision: 1,
                created_at: change.now(),
                updated_at: change.now(),
            };
            store::webhook::put(change.tx(), &webhook)?;
            let mut changes = difference(&Vec::new(), &webhook_fields(&webhook));
            changes.insert(0, FieldChange::made("url", webhook.url.origin()));
            change.audit(Action::WebhookCreated, project_scope(&project), webhook.id, changes)?;
            Ok(ShownWebhook { webhook, pending: 0 })
        })
        .await
}

/// Notes environments that the project does not have.
fn check_environments<'e>(
    change: &Change<'_>,
    project: ProjectId,
    wanted: impl IntoIterator<Item = &'e EnvironmentId>,
    faults: &mut Violations,
) -> Result<(), Error> {
    let known = store::environment::of_project(change.tx(), project)?;
    let list = Path::ROOT.field("environment_ids");
    for id in wanted {
        if !known.iter().any(|environment| environment.id == *id) {
            faults.malformed(list, format!("the project has no environment '{id}'"));
        }
    }
    Ok(())
}

/// Changes fields of a webhook. One that was paused and shall be active sends at once what waits.
pub async fn update(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: WebhookId,
    update: Draft<WebhookChange>,
) -> Result<ShownWebhook, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let (before, project) = find(change, id)?;
            change.expects(before.revision)?;
            let Draft { value, mut faults } = update;
            let added = value.environments.iter().flatten().filter(|id| !before.environments.contains(id));
            check_environments(change, project.id, added, &mut faults)?;
            faults.or_ok(())?;
            let after = value.apply(&before, change.now());
            keep(change, &project, &before, &after)?;
            ShownWebhook::of(change.tx(), after)
        })
        .await
}

/// Keeps what became of a webhook, unless it is what it was.
fn keep(change: &mut Change<'_>, project: &Project, before: &Webhook, after: &Webhook) -> Result<(), Error> {
    if after == before {
        return Ok(());
    }
    store::webhook::put(change.tx(), after)?;
    if after.health.is_sending() && !before.health.is_sending() {
        store::delivery::hurry(change.tx(), after.id, change.now())?;
        change.hurry_courier();
    }
    let mut changes = difference(&webhook_fields(before), &webhook_fields(after));
    if before.url != after.url {
        let (from, to) = (before.url.origin().into(), after.url.origin().into());
        changes.insert(0, FieldChange { field: "url".to_owned(), from, to });
    }
    change.audit(Action::WebhookUpdated, project_scope(project), after.id, changes)
}

/// Deletes a webhook, and with it what was to be sent.
pub async fn delete(control: &Control, call: &Call, caller: &Caller, id: WebhookId) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let (webhook, project) = find(change, id)?;
            change.expects(webhook.revision)?;
            store::webhook::remove(change.tx(), &webhook)?;
            let mut changes = difference(&webhook_fields(&webhook), &Vec::new());
            changes.insert(0, FieldChange::gone("url", webhook.url.origin()));
            change.audit(Action::WebhookDeleted, project_scope(&project), id, changes)
        })
        .await
}

/// Takes an environment that is deleted out of the webhooks that name it.
pub(super) fn forget_environment(change: &mut Change<'_>, place: &Place) -> Result<(), Error> {
    for before in store::webhook::of_project(change.tx(), place.project.id)? {
        if let Some(after) = before.without(place.environment.id) {
            let (revision, updated_at) = (before.revision + 1, change.now());
            keep(change, &place.project, &before, &Webhook { revision, updated_at, ..after })?;
        }
    }
    Ok(())
}

/// Gives a webhook another secret: what is sent from then on is signed with it.
pub async fn rotate_secret(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: WebhookId,
) -> Result<ShownWebhook, Error> {
    let secret = control.random::<SECRET_BYTES>()?;
    control
        .change(call, Some(caller.actor()), move |change| {
            let (before, project) = find(change, id)?;
            change.expects(before.revision)?;
            let (revision, updated_at) = (before.revision + 1, change.now());
            let after = Webhook { secret: SigningSecret::new(secret), revision, updated_at, ..before };
            store::webhook::put(change.tx(), &after)?;
            change.audit(Action::WebhookSecretRotated, project_scope(&project), id, Vec::new())?;
            ShownWebhook::of(change.tx(), after)
        })
        .await
}

/// Queues an event that tells of nothing, to see whether it arrives.
pub async fn test(control: &Control, call: &Call, caller: &Caller, id: WebhookId) -> Result<Delivery, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let (webhook, _) = find(change, id)?;
            change.tell_test(&webhook)
        })
        .await
}

/// A page of a webhook's deliveries, newest first.
pub fn deliveries(
    control: &Control,
    caller: &Caller,
    id: WebhookId,
    status: Option<DeliveryStatus>,
    request: &PageRequest,
) -> Result<Page<Delivery>, Error> {
    let reader = control.read()?;
    let webhook = readable(&reader, caller, id)?;
    Ok(store::delivery::page(&reader, webhook.id, status, request)?)
}

/// One delivery, with what is sent.
pub fn delivery(
    control: &Control,
    caller: &Caller,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<ShownDelivery, Error> {
    let reader = control.read()?;
    let webhook = readable(&reader, caller, webhook)?;
    let delivery = store::delivery::by_id(&reader, webhook.id, id)?.ok_or_else(|| missing_delivery(id))?;
    let body = store::delivery::body(&reader, delivery.event)?.unwrap_or_default();
    Ok(ShownDelivery { delivery, body })
}

/// Sends a delivery once more: one that waits, at once and by itself; one that is over, as another delivery of the same
/// event.
pub async fn redeliver(
    control: &Control,
    call: &Call,
    caller: &Caller,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Delivery, Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let (webhook, _) = find(change, webhook)?;
            let found = store::delivery::by_id(change.tx(), webhook.id, id)?;
            let found = found.ok_or_else(|| missing_delivery(id))?;
            match found.progress {
                Progress::Pending(_) => {
                    let hurried = Delivery { progress: Progress::Pending(change.now()), ..found };
                    store::delivery::put(change.tx(), &hurried)?;
                    change.hurry_courier();
                    Ok(hurried)
                }
                Progress::Delivered(_) | Progress::Failed(_) => change.repeat(&webhook, &found),
            }
        })
        .await
}

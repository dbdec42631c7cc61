//! A change in progress: one writing transaction with its audit entries, and what will be published once it is
//! durable. Everything that evaluation will need is compiled here, before the commit (invariant 1).

mod ending;
mod news;
mod telling;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    call::{Call, authorise, rights},
    core::Core,
    error::{Error, Thing},
    writer::Group,
};
use crate::{
    auth::entropy::sha256,
    domain::{
        api_key::ApiKey,
        audit::{Action, Actor, Entry, FieldChange, Scope, resource_bits},
        environment::Environment,
        flag::{Configuration, Flag},
        id::{AuditId, Bits, EnvironmentId, OrganizationId},
        organization::Membership,
        revision::Revision,
        role::Permission,
        time::Timestamp,
    },
    engine::{self, Ruleset, Segments, compile},
    live::{LiveEnvironment, feed::Subject, watch::Realm},
    store::{self, Writer, snapshot::Snapshot},
};
pub(super) use ending::{Durable, Ended, check_settled};
pub(super) use news::News;
use news::Publication;

/// What the next ruleset of an environment has over its present one, and what those who follow it are told.
#[derive(Default)]
struct Next {
    changes: Vec<engine::Change>,
    news: Vec<(Action, Subject)>,
}

/// Whether a frozen environment was changed all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Glass {
    Whole,
    Broken,
}

/// What becomes of a change in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Kept,
    /// Everything is checked as if it were kept.
    Undone,
}

/// Whether the courier has to look at the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Post {
    None,
    Due,
}

/// A change in progress. Dropping it undoes it.
pub(super) struct Change<'c> {
    core: &'c Core,
    /// The changes before this one that are not durable yet.
    group: &'c Group,
    tx: Writer,
    call: &'c Call,
    actor: Option<Actor>,
    memberships: Vec<Membership>,
    rulesets: BTreeMap<EnvironmentId, Next>,
    glass: Glass,
    remarks: Vec<FieldChange>,
    ending: Ending,
    publications: Vec<Publication>,
    /// The projects of which something is in the audit log.
    touched: RefCell<BTreeSet<Realm>>,
    /// Whether deliveries of webhooks are due that were not.
    post: Post,
}

impl<'c> Change<'c> {
    /// Takes the writer. The memberships of the actor are read anew: they may have changed since the request came.
    pub(super) fn begin(
        core: &'c Core,
        group: &'c mut Group,
        call: &'c Call,
        actor: Option<Actor>,
    ) -> Result<Self, Error> {
        let tx = core.write(call.now)?;
        group.is_in(core.store.openings());
        let memberships = match &actor {
            Some(actor) => rights(&tx, actor, call.now)?,
            None => Vec::new(),
        };
        let (rulesets, publications) = (BTreeMap::new(), Vec::new());
        let (glass, remarks, ending) = (Glass::Whole, Vec::new(), Ending::Kept);
        let post = Post::None;
        Ok(Self {
            core,
            group,
            tx,
            call,
            actor,
            memberships,
            rulesets,
            glass,
            remarks,
            ending,
            publications,
            touched: RefCell::default(),
            post,
        })
    }

    /// From here on this is a rehearsal: whatever would refuse the change refuses it, and in the end it is undone.
    pub(super) fn rehearse(&mut self) {
        self.ending = Ending::Undone;
    }

    /// Those who watch a project of an organization of the actor are told that something is another than before.
    pub(super) fn tell_colleagues(&self) {
        let organizations = self.memberships.iter().map(|it| Realm::Organization(it.organization));
        self.touched.borrow_mut().extend(organizations);
    }

    /// The transaction.
    pub(super) fn tx(&self) -> &Writer {
        &self.tx
    }

    /// What is served at present. Of rulesets the transaction may be ahead of it: see [`Self::ruleset`].
    pub(super) fn live(&self) -> &crate::live::Live {
        &self.core.live
    }

    /// The ruleset of an environment that the transaction began with.
    pub(super) fn ruleset(&self, environment: EnvironmentId) -> Option<Arc<Ruleset>> {
        self.group.ruleset(environment).or_else(|| self.core.live.ruleset(environment))
    }

    /// The moment of the request.
    pub(super) fn now(&self) -> Timestamp {
        self.call.now
    }

    /// A fresh identifier.
    pub(super) fn mint<I: From<Bits>>(&self) -> I {
        self.core.mint(self.call.now)
    }

    /// Checks that the change is meant for a thing at this revision.
    pub(super) fn expects(&self, revision: u64) -> Result<(), Error> {
        if self.call.expected.accepts(revision) { Ok(()) } else { Err(Error::RevisionConflict(revision)) }
    }

    /// Who makes the change.
    pub(super) fn actor(&self) -> Result<&Actor, Error> {
        self.actor.as_ref().ok_or_else(|| Error::Internal("a change that needs an actor has none".into()))
    }

    /// What the actor belongs to.
    pub(super) fn memberships(&self) -> &[Membership] {
        &self.memberships
    }

    /// From here on, entries name this person: one who has just registered.
    pub(super) fn act_as(&mut self, actor: Actor) {
        self.actor = Some(actor);
    }

    /// From here on, this is a change of `actor`, with the rights that they have by now.
    pub(super) fn act_for(&mut self, actor: Actor) -> Result<(), Error> {
        self.memberships = rights(&self.tx, &actor, self.call.now)?;
        self.act_as(actor);
        Ok(())
    }

    /// From here on, every entry says this as well.
    pub(super) fn remark(&mut self, remark: FieldChange) {
        self.remarks.push(remark);
    }

    /// Checks that the actor has `permission` in `organization`.
    pub(super) fn authorise(
        &self,
        organization: OrganizationId,
        permission: Permission,
        missing: impl FnOnce() -> (Thing, String),
    ) -> Result<(), Error> {
        authorise(&self.memberships, organization, permission, missing)
    }

    /// Writes an audit entry about the thing `id`.
    pub(super) fn audit<I: Into<Bits> + ToString + Copy>(
        &self,
        action: Action,
        scope: Scope,
        id: I,
        mut changes: Vec<FieldChange>,
    ) -> Result<(), Error> {
        self.touched.borrow_mut().extend(news::realm(action, scope));
        changes.extend(self.remarks.iter().cloned());
        if let (Glass::Broken, Some(why)) = (self.glass, &self.call.break_glass) {
            changes.push(FieldChange::made("break_glass", why.as_str()));
        }
        let entry = Entry {
            id: self.mint::<AuditId>(),
            at: self.now(),
            actor: self.actor()?.clone(),
            action,
            scope,
            resource: id.to_string(),
            changes,
            request_id: self.call.request_id.to_string(),
            address: self.call.address.map(|address| address.to_string()),
        };
        Ok(store::audit::append(&self.tx, resource_bits(id), entry, |bytes| sha256(&[bytes]))?)
    }

    /// Checks that the ruleset of `environment` may change: it is not frozen, or somebody who may says why it has to
    /// be. To be asked before the audit entry is written, which tells of it.
    pub(super) fn may_change(&mut self, environment: EnvironmentId) -> Result<(), Error> {
        let Some(environment) = store::environment::by_id(&self.tx, environment)? else { return Ok(()) };
        let Some(reason) = &environment.frozen else { return Ok(()) };
        if self.call.break_glass.is_none() {
            let (environment, reason) = (environment.key.to_string(), reason.to_string());
            return Err(Error::EnvironmentFrozen { environment, reason });
        }
        self.place(environment.id, Permission::FreezeEnvironments)?;
        self.glass = Glass::Broken;
        Ok(())
    }

    /// Keeps a flag as `environment` shows it after `action`, and compiles it.
    pub(super) fn put_flag(
        &mut self,
        environment: EnvironmentId,
        flag: &Arc<Flag>,
        configuration: Arc<Configuration>,
        action: Action,
    ) -> Result<(), Error> {
        // A new flag is off wherever nothing was said of it, and may be made.
        if action != Action::FlagCreated || configuration.enabled {
            self.may_change(environment)?;
        }
        self.revise(environment, flag, &configuration, action)?;
        let compiled = compile::flag(Arc::clone(flag), configuration)?;
        let next = self.rulesets.entry(environment).or_default();
        next.changes.push(engine::Change::Put(compiled));
        next.news.push((action, Subject::Flag(flag.key.clone())));
        Ok(())
    }

    /// From the commit on, `environment` is served without this flag.
    pub(super) fn remove_flag(
        &mut self,
        environment: EnvironmentId,
        flag: &Flag,
        action: Action,
    ) -> Result<(), Error> {
        self.may_change(environment)?;
        let next = self.rulesets.entry(environment).or_default();
        next.changes.push(engine::Change::Remove(flag.key.clone()));
        next.news.push((action, Subject::Flag(flag.key.clone())));
        Ok(())
    }

    /// Keeps what `environment` says of a flag after `action`, and the revision that it shows from then on.
    fn revise(
        &self,
        environment: EnvironmentId,
        flag: &Flag,
        configuration: &Configuration,
        action: Action,
    ) -> Result<(), Error> {
        store::flag::put_configuration(&self.tx, environment, flag.id, configuration)?;
        let revision = Revision {
            definition: flag.revision,
            configuration: configuration.revision,
            at: self.now(),
            actor: self.actor()?.clone(),
            action,
        };
        Ok(store::revision::append(&self.tx, environment, flag, &revision)?)
    }

    /// Keeps a new environment, which is served with `flags` from its first version on.
    pub(super) fn put_environment(
        &mut self,
        environment: &Environment,
        flags: Vec<(Arc<Flag>, Configuration)>,
        segments: Arc<Segments>,
    ) -> Result<(), Error> {
        store::environment::put(&self.tx, environment)?;
        let mut compiled = Vec::with_capacity(flags.len());
        for (flag, configuration) in flags {
            self.revise(environment.id, &flag, &configuration, Action::EnvironmentCreated)?;
            compiled.push(compile::flag(flag, Arc::new(configuration))?);
        }
        let ruleset = Ruleset::new(environment.id, environment.version, compiled).with_segments(segments);
        check_settled(&ruleset)?;
        self.publications.push(Publication::Environment(LiveEnvironment::new(environment, ruleset)));
        Ok(())
    }

    /// From the commit on, `environment` is served no more, and its API keys are worth nothing. It has to be deleted from
    /// the data file beside this.
    pub(super) fn end_environment(&mut self, environment: EnvironmentId) {
        self.publications.push(Publication::EnvironmentDeleted(environment));
    }

    /// From the commit on, `environment` is served with these segments of its project. `news` says which ones
    /// were changed, and how.
    pub(super) fn put_segments(
        &mut self,
        environment: EnvironmentId,
        segments: Arc<Segments>,
        news: impl IntoIterator<Item = (Action, Subject)>,
    ) -> Result<(), Error> {
        self.may_change(environment)?;
        let next = self.rulesets.entry(environment).or_default();
        next.changes.push(engine::Change::Segments(segments));
        next.news.extend(news);
        Ok(())
    }

    /// From the commit on, everything is what it was when the snapshot was taken. Versions are above all that were.
    pub(super) fn set_back(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        let before: BTreeMap<EnvironmentId, u64> =
            store::environment::every(&self.tx)?.into_iter().map(|it| (it.id, it.version)).collect();
        snapshot.put_back(&self.tx)?;
        for mut environment in store::environment::every(&self.tx)? {
            let last = before.get(&environment.id).copied().unwrap_or_default();
            environment.version = environment.version.max(last) + 1;
            store::environment::put(&self.tx, &environment)?;
        }
        self.publications.push(Publication::Everything);
        self.hurry_courier();
        Ok(())
    }

    /// Keeps a new API key.
    pub(super) fn put_key(&mut self, key: ApiKey) -> Result<(), Error> {
        store::api_key::put(&self.tx, &key)?;
        self.publications.push(Publication::Key(Box::new(key)));
        Ok(())
    }

    /// Keeps an API key that has another end than before.
    pub(super) fn put_key_until(&mut self, key: &ApiKey) -> Result<(), Error> {
        store::api_key::put(&self.tx, key)?;
        self.publications.extend(key.expires_at.map(|end| Publication::KeyEnds(key.id, end)));
        Ok(())
    }

    /// Revokes an API key.
    pub(super) fn remove_key(&mut self, key: &ApiKey) -> Result<(), Error> {
        store::api_key::remove(&self.tx, key)?;
        self.publications.push(Publication::KeyRevoked(key.id));
        Ok(())
    }
}

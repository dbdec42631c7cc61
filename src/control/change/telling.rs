//! What a change tells webhooks. Events and their deliveries are written in the transaction of the change (invariant 3),
//! so that no crash parts the two: either there is the change and word of it, or neither.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    sync::Arc,
};

use super::{Change, Ending, Post, news::Next};
use crate::{
    control::{
        error::Error,
        event::{EventFacts, FlagFacts, ScheduleFacts},
        flag::ShownFlag,
        lifecycle::{self, Observation},
    },
    domain::{
        delivery::{Delivery, Lane, Progress},
        event::EventType,
        id::{DeliveryId, EnvironmentId, EventId, ProjectId},
        key::FlagKey,
        time::Timestamp,
        webhook::Webhook,
    },
    engine::{Ruleset, lint},
    live::feed::Subject,
    store,
};

/// What an event is about, and what it is kept in order by.
struct Topic<'a> {
    event_type: EventType,
    environment: Option<EnvironmentId>,
    flag_key: Option<&'a str>,
    segment_key: Option<&'a str>,
    lane: Lane,
}

impl<'a> Topic<'a> {
    fn of(event_type: EventType, environment: EnvironmentId, subject: &'a Subject) -> Self {
        let (flag_key, segment_key) = match subject {
            Subject::Flag(key) => (Some(key.as_str()), None),
            Subject::Segment(key) => (None, Some(key.as_str())),
        };
        let lane = flag_key.map_or_else(
            || Lane::of("segment", segment_key.unwrap_or_default()),
            |key| Lane::of("flag", key),
        );
        Self { event_type, environment: Some(environment), flag_key, segment_key, lane }
    }
}

impl Change<'_> {
    /// From the commit on, the courier has something to do.
    pub(in crate::control) fn hurry_courier(&mut self) {
        self.post = Post::Due;
    }

    /// Tells webhooks that a scheduled change of a flag, planned for the moment `at`, was not made.
    pub(in crate::control) fn tell_schedule_failed(
        &mut self,
        environment: EnvironmentId,
        flag: &FlagKey,
        schedule: &str,
        at: Timestamp,
        reason: &str,
    ) -> Result<(), Error> {
        let Some(live) = self.core.live.environment(environment) else { return Ok(()) };
        let webhooks = self.listening(live.project, EventType::ScheduleFailed, environment)?;
        if webhooks.is_empty() {
            return Ok(());
        }
        let Some(ruleset) = self.ruleset(environment) else { return Ok(()) };
        let observed = self.observe(live.project, &[], [flag.as_str()])?;
        let facts = flag_facts(&ruleset, flag.as_str(), &observed);
        let subject = Subject::Flag(flag.clone());
        let topic = Topic::of(EventType::ScheduleFailed, environment, &subject);
        self.post_event(&webhooks, &topic, facts, Some(ScheduleFacts { id: schedule, at, reason }))
    }

    /// Sends a test to one webhook, and nobody else.
    pub(in crate::control) fn tell_test(&mut self, webhook: &Webhook) -> Result<Delivery, Error> {
        let topic = Topic {
            event_type: EventType::WebhookTest,
            environment: None,
            flag_key: None,
            segment_key: None,
            lane: Lane::of("webhook", ""),
        };
        let event = self.mint();
        let body = self.body(event, &topic, None, None)?;
        store::delivery::put_body(&self.tx, event, body)?;
        self.queue(webhook, event, &topic, None)
    }

    /// Queues once more what `delivery` delivered, or was to deliver.
    pub(in crate::control) fn repeat(
        &mut self,
        webhook: &Webhook,
        delivery: &Delivery,
    ) -> Result<Delivery, Error> {
        let topic = Topic {
            event_type: delivery.event_type,
            environment: delivery.environment,
            flag_key: delivery.flag_key.as_deref(),
            segment_key: None,
            lane: delivery.lane,
        };
        self.queue(webhook, delivery.event, &topic, Some(delivery.id))
    }

    /// Tells webhooks of what is about to be published.
    pub(super) fn tell_of(&mut self, published: &[Next]) -> Result<(), Error> {
        if self.ending == Ending::Undone {
            return Ok(());
        }
        let mut projects: HashMap<ProjectId, (Vec<Webhook>, Option<Observation>)> = HashMap::new();
        for (ruleset, news) in published {
            let environment = ruleset.environment();
            let Some(project) = self.core.live.environment(environment).map(|it| it.project) else {
                continue;
            };
            let (webhooks, observed) = match projects.entry(project) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert((store::webhook::of_project(&self.tx, project)?, None)),
            };
            for (action, subject) in news {
                let Some(event_type) = EventType::of(*action) else { continue };
                let wants = |webhook: &&Webhook| webhook.wants(event_type, environment);
                let listening: Vec<Webhook> = webhooks.iter().filter(wants).cloned().collect();
                if listening.is_empty() {
                    continue;
                }
                let facts = match subject {
                    Subject::Flag(key) => {
                        if observed.is_none() {
                            *observed = Some(self.observe(project, published, flags_of(published))?);
                        }
                        observed.as_ref().and_then(|it| flag_facts(ruleset, key.as_str(), it))
                    }
                    Subject::Segment(_) => None,
                };
                self.post_event(&listening, &Topic::of(event_type, environment, subject), facts, None)?;
            }
        }
        Ok(())
    }

    /// The webhooks of `project` that want to know of such an event.
    fn listening(
        &self,
        project: ProjectId,
        event: EventType,
        environment: EnvironmentId,
    ) -> Result<Vec<Webhook>, Error> {
        if self.ending == Ending::Undone {
            return Ok(Vec::new());
        }
        let mut webhooks = store::webhook::of_project(&self.tx, project)?;
        webhooks.retain(|webhook| webhook.wants(event, environment));
        Ok(webhooks)
    }

    /// What is known of flags of `project` once `published` is.
    fn observe<'k>(
        &self,
        project: ProjectId,
        published: &[Next],
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Result<Observation, Error> {
        let next = |id| published.iter().find(|(it, _)| it.environment() == id).map(|(it, _)| Arc::clone(it));
        let rulesets: Vec<Arc<Ruleset>> = store::environment::of_project(&self.tx, project)?
            .into_iter()
            .filter_map(|environment| next(environment.id).or_else(|| self.ruleset(environment.id)))
            .collect();
        let found = keys.into_iter().filter_map(|key| rulesets.iter().find_map(|ruleset| ruleset.get(key)));
        let flags: Vec<_> = found.map(|compiled| Arc::clone(compiled.flag())).collect();
        let (now, patience) = (self.call.now, self.core.outbox.patience);
        lifecycle::gather(
            &self.tx,
            &self.core.live,
            rulesets,
            flags.iter().map(|flag| &**flag),
            now,
            patience,
        )
    }

    /// Writes one event down, and a delivery of it to each of these webhooks.
    fn post_event(
        &mut self,
        webhooks: &[Webhook],
        topic: &Topic<'_>,
        flag: Option<FlagFacts>,
        schedule: Option<ScheduleFacts<'_>>,
    ) -> Result<(), Error> {
        let event = self.mint();
        let body = self.body(event, topic, flag, schedule)?;
        store::delivery::put_body(&self.tx, event, body)?;
        for webhook in webhooks {
            self.queue(webhook, event, topic, None)?;
        }
        Ok(())
    }

    fn body(
        &self,
        id: EventId,
        topic: &Topic<'_>,
        flag: Option<FlagFacts>,
        schedule: Option<ScheduleFacts<'_>>,
    ) -> Result<Vec<u8>, Error> {
        let facts = EventFacts {
            id,
            event_type: topic.event_type,
            environment: topic.environment,
            flag_key: topic.flag_key,
            segment_key: topic.segment_key,
            flag,
            schedule,
            actor: self.actor()?,
            at: self.call.now,
        };
        Ok((self.core.outbox.body)(&facts))
    }

    fn queue(
        &mut self,
        webhook: &Webhook,
        event: EventId,
        topic: &Topic<'_>,
        redelivery_of: Option<DeliveryId>,
    ) -> Result<Delivery, Error> {
        let delivery = Delivery {
            id: store::delivery::next_id(&self.tx, webhook.id, self.mint())?,
            webhook: webhook.id,
            event,
            event_type: topic.event_type,
            environment: topic.environment,
            flag_key: topic.flag_key.map(str::to_owned),
            lane: topic.lane,
            progress: Progress::Pending(self.call.now),
            attempts: 0,
            last: None,
            abandoned: None,
            redelivery_of,
            created_at: self.call.now,
        };
        store::delivery::queue(&self.tx, &delivery, self.call.now)?;
        self.hurry_courier();
        Ok(delivery)
    }
}

/// A flag as `ruleset` has it, with what there is to say of it.
fn flag_facts(ruleset: &Ruleset, key: &str, observed: &Observation) -> Option<FlagFacts> {
    let compiled = ruleset.get(key)?;
    let (environment, flag) = (ruleset.environment(), compiled.flag());
    let shown = ShownFlag::of(compiled, environment, observed.last_evaluated_in(environment, flag));
    let lifecycle = observed.lifecycle(flag);
    let warnings = lint::flag(flag, compiled.configuration(), ruleset.segments());
    Some(FlagFacts { shown, lifecycle, warnings })
}

/// The keys of all flags that something is published of.
fn flags_of(published: &[Next]) -> BTreeSet<&str> {
    let news = published.iter().flat_map(|(_, news)| news);
    let keys = news.filter_map(|(_, subject)| match subject {
        Subject::Flag(key) => Some(key.as_str()),
        Subject::Segment(_) => None,
    });
    keys.collect()
}

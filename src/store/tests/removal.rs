//! What goes with a project and with an environment: every row of theirs, and no other.

use redb::ReadableTableMetadata;

use super::*;
use crate::domain::{
    audit::{Action, Actor},
    delivery::{Delivery, Lane, Progress},
    event::EventType,
    id::{DeliveryId, EventId, RampId, ScheduleId, SegmentId, WebhookId},
    key::SegmentKey,
    ramp::Ramp,
    revision::Revision,
    schedule::Schedule,
    segment::{Matching, Segment},
    usage::{Cause, Count, Slot},
    webhook::{Health, SigningSecret, Webhook, WebhookUrl},
};
use crate::store::{
    api_key, delivery, environment, flag, project, ramp, revision, schedule, segment, usage, webhook,
};

macro_rules! lengths {
    ($reader:ident: $($table:ident),* $(,)?) => {
        vec![$($reader.0.transaction.open_table(tables::$table).unwrap().len().unwrap()),*]
    };
}

/// The number of rows of every table that has something of a project.
fn rows(store: &Store) -> Vec<u64> {
    let reader = store.read().unwrap();
    lengths!(
        reader:
        PROJECTS,
        PROJECT_BY_KEY,
        ENVIRONMENTS,
        ENVIRONMENT_BY_KEY,
        FLAGS,
        FLAG_BY_KEY,
        CONFIGURATIONS,
        SEGMENTS,
        API_KEYS,
        API_KEYS_OF,
        API_KEY_LAST_USED,
        USAGE,
        LAST_EVALUATED,
        FLAG_DEFINITIONS,
        FLAG_CONFIGURATIONS,
        FLAG_REVISIONS,
        SCHEDULES,
        SCHEDULES_DUE,
        SCHEDULES_AHEAD,
        RAMPS,
        WEBHOOKS,
        WEBHOOKS_OF,
        EVENTS,
        DELIVERIES_OF,
        DELIVERIES,
        PENDING,
        DELIVERY_COUNTS,
    )
}

fn segment(project: ProjectId) -> Segment {
    Segment {
        id: SegmentId::from_bits(project.bits()),
        project,
        key: SegmentKey::parse("staff").unwrap(),
        name: Name::trusted("Staff"),
        description: None,
        matching: Matching::All,
        conditions: vec![],
        included: vec!["ada".into()],
        excluded: vec![],
        revision: 1,
        created_at: AT,
        updated_at: AT,
    }
}

fn place(project: u128, number: u128) -> Environment {
    let key = format!("env-{number}");
    Environment {
        id: EnvironmentId::from_bits(project * 10 + number),
        project: ProjectId::from_bits(project),
        key: EnvironmentKey::parse(&key).unwrap(),
        ..environment()
    }
}

fn revision(flag: &Flag) -> Revision {
    Revision {
        definition: flag.revision,
        configuration: configuration().revision,
        at: AT,
        actor: Actor { id: user().id, email: "ada@example.com".into(), token: None },
        action: Action::FlagCreated,
    }
}

/// A webhook with a delivery.
fn furnish_outbox(writer: &Writer, project: ProjectId) -> Result<(), Error> {
    let hook = Webhook {
        id: WebhookId::from_bits(project.bits()),
        project,
        url: WebhookUrl::parse("https://a.example/").unwrap(),
        description: None,
        events: [EventType::FlagCreated].into(),
        environments: [].into(),
        health: Health::Active,
        secret: SigningSecret::new([7; 32]),
        created_by: user().id,
        revision: 1,
        created_at: AT,
        updated_at: AT,
    };
    webhook::put(writer, &hook)?;
    let delivery = Delivery {
        id: DeliveryId::from_bits(project.bits()),
        webhook: hook.id,
        event: EventId::from_bits(project.bits()),
        event_type: EventType::FlagCreated,
        environment: None,
        flag_key: None,
        lane: Lane::of("flag", "a"),
        progress: Progress::Pending(AT),
        attempts: 0,
        last: None,
        abandoned: None,
        redelivery_of: None,
        created_at: AT,
    };
    delivery::put_body(writer, delivery.event, b"{}".to_vec())?;
    delivery::queue(writer, &delivery, AT)
}

/// A project with two environments, in which there is some of everything.
fn furnish(writer: &Writer, bits: u128) -> Result<Project, Error> {
    let key = ProjectKey::parse(&format!("project-{bits}")).unwrap();
    let project = Project { id: ProjectId::from_bits(bits), key, ..project() };
    project::put(writer, &project)?;
    segment::put(writer, &segment(project.id))?;
    furnish_outbox(writer, project.id)?;
    for number in 1..=2 {
        let environment = place(bits, number);
        environment::put(writer, &environment)?;
        let key = ApiKey {
            id: ApiKeyId::from_bits(environment.id.bits()),
            environment: environment.id,
            ..api_key()
        };
        api_key::put(writer, &key)?;
        api_key::put_last_used(writer, [(key.id, AT)])?;
        for it in 1..=3 {
            let id = FlagId::from_bits(bits * 100 + it);
            let key = FlagKey::parse(&format!("flag-{it}")).unwrap();
            let flag = Flag { id, project: project.id, key, ..flag() };
            flag::put(writer, &flag)?;
            flag::put_configuration(writer, environment.id, id, &configuration())?;
            revision::append(writer, environment.id, &flag, &revision(&flag))?;
            let (variation, cause) = ("on".to_owned(), Cause::Default);
            let slot = Slot { environment: environment.id, flag: id, hour: 7, variation, cause };
            usage::add(writer, [(&slot, &Count { times: 1, last: AT })])?;
            let bits = environment.id.bits() * 100 + it;
            let (environment, flag) = (environment.id, id);
            let id = ScheduleId::from_bits(bits);
            schedule::put(writer, &Schedule { id, environment, flag, ..schedule::tests::schedule() })?;
            let id = RampId::from_bits(bits);
            ramp::put(writer, &Ramp { id, environment, flag, ..ramp::tests::ramp() })?;
        }
    }
    Ok(project)
}

#[test]
fn a_project_goes_with_everything_in_it_and_nothing_else() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    for neighbour in [7, 9] {
        furnish(&writer, neighbour).unwrap();
    }
    writer.commit().unwrap();
    let before = rows(&store);
    assert!(before.iter().all(|rows| *rows > 0), "{before:?}");
    let writer = store.write().unwrap();
    let project = furnish(&writer, 8).unwrap();
    writer.commit().unwrap();
    assert!(
        rows(&store).iter().zip(&before).all(|(rows, before)| rows > before),
        "each table has some of it"
    );
    let writer = store.write().unwrap();
    let contents = project::remove(&writer, &project).unwrap();
    assert_eq!((contents.environments.len(), contents.flags, contents.segments), (2, 3, 1));
    writer.commit().unwrap();
    assert_eq!(rows(&store), before);
    let reader = store.read().unwrap();
    for neighbour in [7, 9] {
        assert_eq!(flag::of_project(&reader, ProjectId::from_bits(neighbour)).unwrap().len(), 3);
        assert_eq!(api_key::of_environment(&reader, place(neighbour, 2).id).unwrap().len(), 1);
    }
}

#[test]
fn an_environment_goes_with_what_is_its_own() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    let project = furnish(&writer, 8).unwrap();
    environment::remove(&writer, &place(8, 1)).unwrap();
    let (gone, kept) = (place(8, 1).id, place(8, 2).id);
    // What was in memory when it went is not written down.
    let slot = |environment| {
        let (flag, variation, cause) = (FlagId::from_bits(801), "on".to_owned(), Cause::Default);
        Slot { environment, flag, hour: 8, variation, cause }
    };
    let late = [gone, kept].map(|environment| (slot(environment), Count { times: 1, last: LATER }));
    usage::add(&writer, late.iter().map(|(slot, count)| (slot, count))).unwrap();
    let key = |environment: EnvironmentId| ApiKeyId::from_bits(environment.bits());
    api_key::put_last_used(&writer, [(key(gone), LATER), (key(kept), LATER)]).unwrap();
    writer.commit().unwrap();
    let reader = store.read().unwrap();
    assert_eq!(environment::of_project(&reader, project.id).unwrap(), [place(8, 2)]);
    assert_eq!(flag::of_project(&reader, project.id).unwrap().len(), 3);
    for (environment, last) in [(gone, None), (kept, Some(LATER))] {
        let flag = FlagId::from_bits(801);
        assert_eq!(usage::last_evaluated(&reader, environment, flag).unwrap(), last);
        assert_eq!(api_key::last_used(&reader, key(environment)).unwrap(), last);
        assert_eq!(flag::configuration(&reader, environment, flag).unwrap().is_some(), last.is_some());
    }
}

#[test]
fn a_flag_goes_with_what_was_to_happen_with_it() {
    let store = Store::in_memory().unwrap();
    let writer = store.write().unwrap();
    let project = furnish(&writer, 8).unwrap();
    let gone = flag::of_project(&writer, project.id).unwrap().remove(0);
    flag::remove(&writer, &gone, [1, 2].map(|number| place(8, number).id)).unwrap();
    writer.commit().unwrap();
    let reader = store.read().unwrap();
    let left = lengths!(reader: SCHEDULES, SCHEDULES_DUE, SCHEDULES_AHEAD, RAMPS);
    assert_eq!(left, [4, 4, 4, 4]);
}

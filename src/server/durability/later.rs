//! A schedule whose time comes while the power goes, or the disk fails: it is applied once, now or when there is a disk
//! again, and it never fails because of that.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Chance, FATES, Place, ask, flag, get, prepared};
use crate::{
    auth::password::Strength,
    control::{
        Error,
        call::Call,
        schedule::{self, Ran},
    },
    domain::schedule::{Due, Failure},
    http::app::App,
    server::{
        offline::{Offline, unheard},
        upkeep::upkeep_call,
    },
    store::disk::Disk,
};

/// The data on a disk and the server over it.
fn opened(disk: &Disk) -> Option<(Arc<App>, Offline)> {
    let app = disk.open().ok().and_then(|store| unheard(store, 30, Strength::Throwaway).ok())?;
    Some((Arc::clone(&app), Offline::over(app)))
}

fn start(disk: &Disk) -> (Arc<App>, Offline) {
    opened(disk).expect("it opens")
}

/// A disk with a flag that is to be turned on.
async fn scheduled() -> (Disk, Place) {
    let (disk, place) = prepared().await;
    let (app, server) = start(&disk);
    let path = |rest: &str| format!("/api/v1/flags{rest}?environment_id={}", place.environment);
    assert_eq!(ask(&server, "POST", &path(""), Some(&flag("a"))).await.0, 201);
    let at = (app.clock)().plus_seconds(3_600).seconds();
    let at = crate::domain::time::Timestamp::from_seconds(at).to_string();
    let body = json!({"at": at, "change": {"enabled": true}});
    assert_eq!(ask(&server, "POST", &path("/a/schedules"), Some(&body)).await.0, 201);
    drop(app);
    drop(server);
    (disk, place)
}

/// The one that is due next.
fn next(app: &App) -> Option<Due> {
    *schedule::due(&app.control).borrow()
}

/// Applies what is due as if its time had come.
async fn run(app: &App) -> Result<Option<Ran>, Error> {
    let Some(due) = next(app) else { return Ok(None) };
    let call = Call { now: due.at, request_id: "scheduler".into(), ..upkeep_call(app) };
    let words = |error: Error| Failure { code: "X".into(), message: format!("{error:?}") };
    schedule::run(&app.control, &call, due, words).await.map(Some)
}

/// What there is to see of it: on or off, its revision, what became of the schedule, how many changes there were.
async fn seen(server: &Offline, place: &Place) -> Value {
    let path = |rest: &str| format!("/api/v1/flags/a{rest}?environment_id={}", place.environment);
    let flag = get(server, &path("")).await["data"].clone();
    let status = get(server, &path("/schedules")).await["data"][0]["status"].clone();
    let history = get(server, &path("/history")).await["data"].clone();
    let changes = history.as_array().unwrap().iter().filter(|it| it["action"] == "flag.updated").count();
    json!([flag["enabled"], flag["revision"], status, changes])
}

/// Steps of the disk from the opening of the file until everything is applied; and those of the opening alone.
async fn steps(base: &Disk) -> (u64, u64) {
    let disk = base.copy(None);
    let (app, _server) = start(&disk);
    let opening = disk.steps();
    assert_eq!(run(&app).await.unwrap(), Some(Ran::Applied));
    (disk.steps(), opening)
}

#[tokio::test]
async fn an_error_of_the_disk_puts_it_off_and_nothing_else() {
    let (base, place) = scheduled().await;
    let (all, opening) = steps(&base).await;
    assert!(all > opening);
    for failing in 0..all - opening {
        let disk = base.copy(None);
        let (app, server) = start(&disk);
        disk.fail_once_after(failing);
        // It may have become durable though nobody was told so: then there is nothing left to do.
        match run(&app).await {
            Ok(ran) => assert_eq!(ran, Some(Ran::Applied), "failing at {failing}"),
            Err(Error::Storage(_)) => {
                let again = run(&app).await.expect("the disk works again");
                assert!(matches!(again, Some(Ran::Applied | Ran::Gone)), "failing at {failing}: {again:?}");
            }
            Err(error) => panic!("failing at {failing}: {error:?}"),
        }
        assert_eq!(next(&app), None);
        assert_eq!(seen(&server, &place).await, json!([true, 2, "applied", 1]), "failing at {failing}");
    }
}

#[tokio::test]
async fn the_power_may_go_while_it_is_applied() {
    let (base, place) = scheduled().await;
    let mut chance = Chance(7);
    for cut in 0..steps(&base).await.0 {
        let disk = base.copy(Some(cut));
        if let Some((app, _server)) = opened(&disk) {
            let _cut = run(&app).await;
        }
        for fate in 0..FATES {
            let left = disk.after_the_cut(|| chance.next());
            let (app, server) = start(&left);
            let then = run(&app).await.expect("a disk with power");
            assert!(matches!(then, None | Some(Ran::Applied)), "cut at step {cut}, fate {fate}: {then:?}");
            assert_eq!(seen(&server, &place).await, json!([true, 2, "applied", 1]), "cut {cut}, fate {fate}");
        }
    }
}

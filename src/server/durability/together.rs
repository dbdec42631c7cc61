//! Changes that wait at the same time and become durable together: they are fewer syncs, and otherwise what they are one by
//! one. Nobody sees any of them before it is on the disk; who was told of it finds it there; who was told otherwise may not
//! find half of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::{JoinSet, yield_now};

use super::{Chance, FATES, Place, ask, flag, get, prepared, start, view};
use crate::{
    auth::password::Strength,
    http::app::App,
    server::offline::{Offline, unheard},
    store::disk::Disk,
};

/// Changes that are asked for at the same time. The first has the disk for itself, as nobody waits when it begins.
const ASKED: usize = 9;

/// The data on a disk and the server over it.
fn opened(disk: &Disk) -> (Arc<App>, Arc<Offline>) {
    let app = unheard(disk.open().expect("it opens"), 30, Strength::Throwaway).expect("it loads");
    (Arc::clone(&app), Arc::new(Offline::over(app)))
}

fn flags_path(place: &Place) -> String {
    format!("/api/v1/flags?environment_id={}", place.environment)
}

/// Asks for so many new flags while the disk is held: the others wait until the first is written. Then calls `then`. Answers
/// which were acknowledged once the disk is released.
async fn at_once(
    disk: &Disk,
    app: &Arc<App>,
    server: &Arc<Offline>,
    place: &Place,
    then: impl AsyncFnOnce(),
) -> BTreeSet<String> {
    disk.hold();
    let mut asking = JoinSet::new();
    for number in 0..ASKED {
        let (server, path) = (Arc::clone(server), flags_path(place));
        let key = format!("flag-{number}");
        let body = flag(&key);
        asking.spawn(async move {
            let (status, answer) = ask(&server, "POST", &path, Some(&body)).await;
            assert!(status == 201 || answer["error"]["code"] == "STORAGE_UNAVAILABLE", "{answer}");
            (status == 201).then_some(key)
        });
        while !disk.is_awaited() || app.control.waiting_changes() < number {
            yield_now().await;
        }
    }
    then().await;
    disk.release();
    asking.join_all().await.into_iter().flatten().collect()
}

/// The keys of the flags that there are.
async fn present(server: &Offline, place: &Place) -> BTreeSet<String> {
    let flags = get(server, &flags_path(place)).await["data"].clone();
    flags.as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap().to_owned()).collect()
}

/// Checks that the log and the outbox tell of each flag that is there, once.
async fn agrees(server: &Offline, place: &Place, when: &str) {
    let seen = view(server, place).await;
    let made = seen["flags"].as_array().unwrap().len();
    let count = |list: &Value, is: &dyn Fn(&Value) -> bool| {
        list.as_array().unwrap().iter().filter(|&it| is(it)).count()
    };
    assert_eq!(count(&seen["log"], &|it| it == "flag.created"), made, "{when}: {seen:#}");
    assert_eq!(count(&seen["outbox"], &|it| it[0] == "flag.created"), made, "{when}: {seen:#}");
    let verified = get(server, "/api/v1/audit-logs/verify").await;
    assert_eq!(verified["data"]["whole"], true, "{when}: {verified}");
}

#[tokio::test]
async fn they_share_a_sync_and_nobody_sees_them_before_it() {
    let (disk, place) = prepared().await;
    let (app, server) = opened(&disk);
    let before = disk.syncs();
    let acknowledged = at_once(&disk, &app, &server, &place, async || {
        assert_eq!(present(&server, &place).await, BTreeSet::new());
    })
    .await;
    assert_eq!((acknowledged.len(), present(&server, &place).await.len()), (ASKED, ASKED));
    let syncs = disk.syncs() - before;
    assert!(syncs < ASKED as u64, "{syncs} syncs, where one by one there would be one for each at least");
    agrees(&server, &place, "after all").await;
}

#[tokio::test]
async fn the_power_may_go_while_they_are_made() {
    let (base, place) = prepared().await;
    let disk = base.copy(None);
    let (app, server) = opened(&disk);
    let opening = disk.steps();
    at_once(&disk, &app, &server, &place, async || ()).await;
    let mut chance = Chance(3);
    for cut in opening..disk.steps() {
        let disk = base.copy(Some(cut));
        let (app, server) = opened(&disk);
        let acknowledged = at_once(&disk, &app, &server, &place, async || ()).await;
        for fate in 0..FATES {
            let when = format!("cut at step {cut}, fate {fate}");
            let server = start(&disk.after_the_cut(|| chance.next()));
            let there = present(&server, &place).await;
            assert!(acknowledged.is_subset(&there), "{when}: {acknowledged:?} {there:?}");
            agrees(&server, &place, &when).await;
        }
    }
}

#[tokio::test]
async fn the_disk_may_fail_while_they_are_made() {
    let (base, place) = prepared().await;
    let disk = base.copy(None);
    let (app, server) = opened(&disk);
    let opening = disk.steps();
    at_once(&disk, &app, &server, &place, async || ()).await;
    for failing in 0..disk.steps() - opening {
        let disk = base.copy(None);
        let (app, server) = opened(&disk);
        disk.fail_once_after(failing);
        let acknowledged = at_once(&disk, &app, &server, &place, async || ()).await;
        let body = json!({"key": "after", "name": "After"});
        let path = format!("/api/v1/segments?project_id={}", place.project);
        assert_eq!(ask(&server, "POST", &path, Some(&body)).await.0, 201, "failing at {failing}");
        let shown = present(&server, &place).await;
        assert!(acknowledged.is_subset(&shown), "failing at {failing}: {acknowledged:?} {shown:?}");
        drop((app, server));
        let server = start(&disk);
        assert_eq!(present(&server, &place).await, shown, "failing at {failing}");
    }
}

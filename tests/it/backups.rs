//! Backups: taken from a running server and from a stopped one, verified, restored, and refused when they are damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use phaseflag::domain::role::Role;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{Process, run};
use crate::support::{Client, Server, Team};

const BACKUP: &str = "/api/v1/system/backup";

/// Runs a command about files; the arguments are texts and paths.
fn phaseflag(arguments: &[&dyn AsRef<Path>]) -> Output {
    run(arguments.iter().map(|argument| argument.as_ref().to_path_buf()))
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Checks that a command refused in one sentence, and answers the sentence.
#[track_caller]
fn refused(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
    assert!(text.starts_with("phaseflag: ") && output.stdout.is_empty(), "{text}");
    text
}

fn digest(told: &str) -> &str {
    told.split("SHA-256 ").nth(1).expect("a digest").trim_end()
}

/// A server with a flag of this key, and its stopped data file copied to `out`.
fn backed_up(key: &str, out: &Path) -> (Server, Team) {
    let mut server = Server::start();
    let team = server.admin();
    team.create_flag(key, &json!({"enabled": true}));
    server.stop();
    done(&phaseflag(&[&"backup", &out, &"--data", &server.data()]));
    (server, team)
}

/// A data file that an older version wrote.
fn fixture(schema: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/fixtures/schema-{schema}.redb"))
}

fn keys(team: &Team) -> Vec<Value> {
    let flags = team.client.get(&team.flags("")).expect(200);
    flags["data"].as_array().expect("flags").iter().map(|flag| flag["key"].clone()).collect()
}

#[test]
fn what_was_restored_answers_as_what_was_backed_up() {
    let folder = TempDir::new().unwrap();
    let backup = folder.path().join("monday.redb");
    let (mut server, team) = backed_up("first", &backup);
    let told = done(&phaseflag(&[&"verify", &backup]));
    assert!(told.starts_with("whole: ") && digest(&told).len() == 64, "{told}");

    // What happens after the backup is not in it.
    server.restart();
    let team = team.at(&server);
    team.create_flag("second", &json!({}));
    assert_eq!(keys(&team), ["second", "first"]);
    server.stop();
    let data = server.data();
    assert!(refused(&phaseflag(&[&"restore", &backup, &"--data", &data])).contains("--force"));
    let restored = done(&phaseflag(&[&"restore", &backup, &"--data", &data, &"--force"]));
    assert_eq!(digest(restored.lines().next().unwrap()), digest(&told));
    server.restart();
    let team = team.at(&server);
    assert_eq!(keys(&team), ["first"]);
    server.stop();

    // The file that was there is kept, and serves as before.
    let replaced = PathBuf::from(format!("{}.replaced", data.display()));
    assert!(restored.contains(&replaced.display().to_string()), "{restored}");
    fs::rename(&replaced, &data).unwrap();
    server.restart();
    assert_eq!(keys(&team.at(&server)), ["second", "first"]);
}

#[test]
fn a_file_that_was_served_from_is_no_backup_any_more() {
    let folder = TempDir::new().unwrap();
    let backup = folder.path().join("backup.redb");
    let (mut server, _) = backed_up("f", &backup);
    assert!(refused(&phaseflag(&[&"verify", &server.data()])).contains("no seal"));
    fs::copy(&backup, server.data()).unwrap();
    server.restart();
    server.stop();
    assert!(refused(&phaseflag(&[&"verify", &server.data()])).contains("no seal"));
    let elsewhere = folder.path().join("elsewhere.redb");
    assert!(refused(&phaseflag(&[&"restore", &server.data(), &"--data", &elsewhere])).contains("no seal"));
    assert!(!elsewhere.exists());
}

#[test]
fn files_that_are_in_the_way_or_in_use_stay() {
    let folder = TempDir::new().unwrap();
    let backup = folder.path().join("backup.redb");
    let (mut server, _) = backed_up("f", &backup);
    let before = fs::read(&backup).unwrap();
    assert!(refused(&phaseflag(&[&"backup", &backup, &"--data", &server.data()])).contains("--force"));
    assert_eq!(fs::read(&backup).unwrap(), before);
    done(&phaseflag(&[&"backup", &backup, &"--data", &server.data(), &"--force"]));
    server.restart();
    let other = folder.path().join("other.redb");
    assert!(refused(&phaseflag(&[&"backup", &other, &"--data", &server.data()])).contains("in use"));
    let over = phaseflag(&[&"restore", &backup, &"--data", &server.data(), &"--force"]);
    assert!(refused(&over).contains("in use"));
    assert!(
        refused(&phaseflag(&[&"backup", &other, &"--data", &folder.path().join("none.redb")]))
            .contains("none.redb")
    );
    // Nothing half-written stays behind.
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["backup.redb"]);
}

#[test]
fn damage_is_found_and_never_restored() {
    let folder = TempDir::new().unwrap();
    let (backup, damaged) = (folder.path().join("backup.redb"), folder.path().join("damaged.redb"));
    let data = folder.path().join("data.redb");
    let _server = backed_up("a-key-that-is-easily-found", &backup);
    let whole = fs::read(&backup).unwrap();
    let told = done(&phaseflag(&[&"verify", &backup]));
    let name = b"a-key-that-is-easily-found";
    let place = whole.windows(name.len()).position(|bytes| bytes == name).expect("the key");
    // Where data is, and wherever else: what is accepted has the same contents.
    let places = [place].into_iter().chain((0..whole.len()).step_by(whole.len() / 40));
    for (number, place) in places.enumerate() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (number % 8);
        fs::write(&damaged, bytes).unwrap();
        let output = phaseflag(&[&"verify", &damaged]);
        if number == 0 || !output.status.success() {
            assert_eq!(output.status.code(), Some(1), "{place}: {output:?}");
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(text.lines().last().unwrap_or_default().starts_with("phaseflag: "), "{text}");
            let restored = phaseflag(&[&"restore", &damaged, &"--data", &data]);
            assert!(restored.status.code() == Some(1) && !data.exists(), "{place}");
        } else {
            assert_eq!(digest(&done(&output)), digest(&told), "{place}");
        }
    }
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&damaged, &whole[..length]).unwrap();
        assert_eq!(phaseflag(&[&"verify", &damaged]).status.code(), Some(1), "{length}");
    }
    assert!(refused(&phaseflag(&[&"verify", &folder.path().join("none.redb")])).contains("none.redb"));
}

#[test]
fn a_data_file_of_an_older_version_is_backed_up_as_it_is() {
    let folder = TempDir::new().unwrap();
    for schema in 1..=phaseflag::store::migrate::SCHEMA {
        let (old, backup) = (folder.path().join("old.redb"), folder.path().join("backup.redb"));
        fs::copy(fixture(schema), &old).unwrap();
        done(&phaseflag(&[&"backup", &backup, &"--data", &old, &"--force"]));
        let mut server = Server::start();
        server.stop();
        done(&phaseflag(&[&"restore", &backup, &"--data", &server.data(), &"--force"]));
        server.restart();
        server.anonymous().get("/ready").expect(200);
    }
}

#[test]
fn a_data_file_is_kept_as_it_was_before_it_is_migrated() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data.redb");
    fs::copy(fixture(1), &data).unwrap();
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let log = Process::serve(&data, [""; 0]).log();
    let kept = folder.path().join("data.redb.schema-1");
    assert!(log.iter().any(|line| line["kept"] == kept.display().to_string()), "{log:?}");
    assert_eq!(names(), ["data.redb", "data.redb.schema-1"]);
    // It is still of the schema that it had, so it is kept again.
    Process::serve(&kept, [""; 0]).log();
    assert_eq!(names(), ["data.redb", "data.redb.schema-1", "data.redb.schema-1.schema-1"]);
    // What needs no migration is not kept.
    Process::serve(&data, [""; 0]).log();
    assert_eq!(names().len(), 3);
}

#[test]
fn a_running_server_gives_a_consistent_copy_of_itself() {
    let server = Server::start();
    let team = server.admin();
    team.create_flag("busy", &json!({}));
    let (stop, team) = (AtomicBool::new(false), &team);
    let answer = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut enabled = true;
            let mut made = 0;
            while !stop.load(Ordering::Relaxed) {
                team.client.post(&team.flags("/busy/toggle"), &json!({"enabled": enabled})).expect(200);
                enabled = !enabled;
                made += 1;
            }
            made
        });
        let answers: Vec<_> = (0..5).map(|_| team.client.get(BACKUP)).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(writer.join().expect("the writer") > 0);
        // Who has all of one may ask for the next at once.
        assert!(answers.iter().all(|answer| answer.status == 200));
        answers.into_iter().last().expect("an answer")
    });
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("content-length"), Some(answer.bytes.len().to_string().as_str()));
    let name = answer.header("content-disposition").expect("a name");
    assert!(name.starts_with("attachment; filename=\"phaseflag-20") && name.ends_with("Z.redb\""), "{name}");

    let folder = TempDir::new().unwrap();
    let backup = folder.path().join("backup.redb");
    fs::write(&backup, &answer.bytes).unwrap();
    done(&phaseflag(&[&"verify", &backup]));
    let mut copy = Server::start();
    copy.stop();
    done(&phaseflag(&[&"restore", &backup, &"--data", &copy.data(), &"--force"]));
    copy.restart();
    // A change and its entry are one transaction, so the two agree at whatever moment the copy was made.
    let team = Team::of(copy.login("admin@example.com"));
    let flag = team.client.get(&team.flags("/busy")).expect(200)["data"].clone();
    let history = team.client.get(&team.flags("/busy/history")).expect(200);
    assert_eq!(history["data"][0]["changes"]["enabled"]["to"], flag["enabled"]);
    assert_eq!(history["meta"]["total"], flag["revision"]);
}

#[test]
fn a_backup_takes_an_admin_of_the_first_organization() {
    let server = Server::start();
    let team = server.admin();
    let stranger = server.outsider("eve@example.com");
    stranger.get(BACKUP).refused(403, "INSUFFICIENT_PERMISSIONS");
    for role in [Role::Viewer, Role::Editor] {
        let client = team.enrol(&server, &format!("{}@example.com", role.as_str()), role);
        client.get(BACKUP).refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    let other: Client = team.enrol(&server, "boss@example.com", Role::Admin);
    assert_eq!(other.get(BACKUP).status, 200);
    team.sdk(&team.development, "server").get(BACKUP).refused(403, "INSUFFICIENT_PERMISSIONS");
    server.anonymous().get(BACKUP).refused(401, "UNAUTHENTICATED");
}

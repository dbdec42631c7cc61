//! The program as a throwaway server: what it prints and writes, and how it goes.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{SEED, served};
use crate::support::{Client, process, program};

/// A throwaway server with a seed and a ready file in `folder`, and what it printed.
fn start(folder: &Path, args: &[&str]) -> (Child, Value) {
    let seed = folder.join("seed.yaml");
    fs::write(&seed, SEED).expect("a seed");
    let mut command = process::command(["serve", "--ephemeral", "--port=0", "--log-level=error"]);
    command.arg("--seed").arg(&seed).arg("--ready-file").arg(folder.join("ready.json")).args(args);
    let mut child = command.current_dir(folder).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.as_mut().expect("an output"));
    out.read_line(&mut line).expect("a line");
    let told = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    (child, told)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    names
}

fn is_there(told: &Value) -> bool {
    let url = told["url"].as_str().expect("an address");
    Client::new(url).try_send("GET", "/health", None).is_ok()
}

#[test]
fn it_tells_where_it_is_and_leaves_nothing_behind() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut child, told) = start(folder.path(), &[]);
        let file: Value =
            serde_json::from_slice(&fs::read(folder.path().join("ready.json")).expect("a file"))
                .expect("JSON");
        assert_eq!(file, told);
        assert_eq!(told["api_url"], format!("{}/api/v1", told["url"].as_str().expect("an address")));
        assert_eq!((&told["pid"], &told["admin"]["token"]), (&child.id().into(), &"pat_fixed-admin".into()));
        assert_eq!(told["environments"]["test"]["client_key"], "pub-test-fixed-key");
        assert!(told["environments"]["live"]["id"].as_str().is_some_and(|id| id.starts_with("env_")));
        let client = Client::new(told["url"].as_str().expect("an address"));
        assert_eq!(served(&client.with("X-API-Key", "sdk-test-fixed-key")), true);
        assert_eq!(names(folder.path()), ["ready.json", "seed.yaml"], "no data file");

        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        assert_eq!(child.wait().expect("an end").code(), Some(0));
        assert_eq!(names(folder.path()), ["seed.yaml"]);
        assert!(!is_there(&told));
    }
}

#[test]
fn what_a_killed_one_left_is_gone_with_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, told) = start(folder.path(), &[]);
    child.kill().expect("a signal");
    child.wait().expect("an end");
    assert_eq!(names(folder.path()), ["ready.json", "seed.yaml"]);
    // Who waits for the file must not see that of the one before, even if this one never becomes ready.
    let ready = folder.path().join("ready.json");
    let mut wrong =
        process::command(["serve", "--ephemeral", "--port=0", "--seed=/does/not/exist", "--ready-file"]);
    let wrong = wrong.arg(&ready).output().expect("the program starts");
    assert_eq!(wrong.status.code(), Some(1));
    let why = String::from_utf8(wrong.stderr).expect("a text");
    assert!(why.contains("the seed /does/not/exist cannot be read"), "{why}");
    assert!(!ready.exists());
    let (mut next, other) = start(folder.path(), &[]);
    assert_ne!(other["pid"], told["pid"]);
    next.kill().expect("a signal");
    next.wait().expect("an end");
}

/// A shell that starts the program in its background, says that it did, and waits for a line.
fn shell(folder: &Path, more: &str) -> (Child, Value) {
    fs::write(folder.join("seed.yaml"), SEED).expect("a seed");
    let script = format!(
        "{} serve --ephemeral --port=0 --log-level=error --seed seed.yaml {more} & read line",
        program().display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = shell.spawn().expect("a shell");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("an output")).read_line(&mut line).expect("a line");
    (child, serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
}

#[test]
fn it_ends_with_the_process_that_started_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut parent, told) = shell(folder.path(), "--ready-file ready.json");
    assert!(is_there(&told));
    parent.kill().expect("a signal");
    // The server has the other end of this pipe: it ends when the server does.
    let mut rest = String::new();
    parent.stdout.take().expect("an output").read_to_string(&mut rest).expect("an end");
    parent.wait().expect("an end");
    assert_eq!(rest, "");
    assert!(!is_there(&told));
    assert_eq!(names(folder.path()), ["seed.yaml"]);
}

#[test]
fn it_goes_on_without_it_if_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut parent, told) = shell(folder.path(), "--outlive-parent");
    parent.kill().expect("a signal");
    parent.wait().expect("an end");
    let (mut quick, _) = shell(folder.path(), "");
    // By the time that this one has noticed, the other one had noticed as well.
    quick.kill().expect("a signal");
    quick.stdout.take().expect("an output").read_to_string(&mut String::new()).expect("an end");
    quick.wait().expect("an end");
    assert!(is_there(&told));
    let ended = Command::new("kill").arg(told["pid"].to_string()).status().expect("a signal");
    assert!(ended.success());
}

#[test]
fn many_stand_side_by_side() {
    let folders: Vec<_> = (0..20).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let mut servers: Vec<_> = folders.iter().map(|folder| start(folder.path(), &[])).collect();
    let mut urls: Vec<_> = servers.iter().map(|(_, told)| told["url"].to_string()).collect();
    assert!(servers.iter().all(|(_, told)| is_there(told)));
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), servers.len());
    for (server, _) in &mut servers {
        server.kill().expect("a signal");
        server.wait().expect("an end");
    }
}

#[test]
fn what_belongs_to_it_is_refused_without_it() {
    for flag in ["--seed=x", "--ready-file=x", "--outlive-parent"] {
        let refused = process::run(["serve", flag]);
        assert_eq!(refused.status.code(), Some(2), "{flag}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("--ephemeral"), "{flag}");
    }
}

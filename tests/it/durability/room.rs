//! No room for the data file, and room again: changes are refused meanwhile, evaluation goes on, and what was
//! acknowledged is there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::Process;
use crate::support::{Client, Team};

/// Bytes of a description: a few hundred of them fill what there is.
const DESCRIPTION_BYTES: usize = 2_000;
/// Changes after which there must be no room, whatever there was.
const MOST_CHANGES: usize = 4_000;
/// The variable that names the folder of a small file system.
const SMALL_DISK: &str = "PHASEFLAG_SMALL_DISK";
/// Bytes that a file may have which is limited.
const LIMIT_BYTES: u64 = 4 * 1024 * 1024;

/// A server whose data file cannot grow for ever.
struct Cramped {
    process: Process,
    team: Team,
    sdk: Client,
    /// Flags whose creation was acknowledged.
    made: usize,
}

impl Cramped {
    fn start(data: &Path) -> Self {
        let process = Process::serve(data, [""; 0]);
        let team = Team::sign_in(&process.url);
        team.create_flag("asked", &json!({"enabled": true, "default_variation": "on"}));
        let sdk = team.sdk(&team.development, "server");
        Self { process, team, sdk, made: 0 }
    }

    /// Makes flags until one is refused.
    fn fill(&mut self) {
        while self.make().is_ok() {
            assert!(self.made < MOST_CHANGES, "there was room for everything");
        }
        assert!(self.made > 0, "there was room for nothing");
    }

    /// Makes one more flag. What was refused for want of room is no flag.
    fn make(&mut self) -> Result<(), Value> {
        let body = Team::flag_body(
            &format!("f{}", self.made),
            &json!({"description": "x".repeat(DESCRIPTION_BYTES)}),
        );
        let answer = self.team.client.post(&self.team.flags(""), &body);
        if answer.status == 503 {
            return Err(answer.refused(503, "STORAGE_UNAVAILABLE"));
        }
        answer.expect(201);
        self.made += 1;
        Ok(())
    }

    /// Checks that changes are refused and evaluations are not.
    fn evaluates_without_changing(&mut self) {
        for _ in 0..3 {
            self.make().expect_err("there is no room");
            let answer = self
                .sdk
                .post("/api/v1/evaluate", &json!({"flags": ["asked"], "context": {"user_key": "u"}}))
                .expect(200);
            assert_eq!(answer["data"]["evaluations"]["asked"]["value"], true, "{answer}");
            self.holds_what_was_acknowledged();
        }
    }

    /// Checks that changes are made again, by the first who asks.
    fn changes_again(&mut self) {
        self.make().expect("there is room again");
        self.holds_what_was_acknowledged();
    }

    fn holds_what_was_acknowledged(&self) {
        let listed = self.team.client.get(&format!("{}&per_page=1", self.team.flags(""))).expect(200);
        assert_eq!(listed["meta"]["total"], self.made + 1, "{listed}");
        if let Some(last) = self.made.checked_sub(1) {
            assert_eq!(self.team.flag(&format!("f{last}"))["revision"], 1);
        }
    }

    /// Checks that what was acknowledged is still there after a start, and that changes are made again.
    fn starts_again_whole(mut self, data: &Path) {
        self.process.terminate();
        assert_eq!(self.process.wait().code(), Some(0));
        self.process = Process::serve(data, [""; 0]);
        self.team.client = self.team.client.sending_to(&self.process.url);
        self.holds_what_was_acknowledged();
        self.changes_again();
    }
}

/// From here on the process may write files of so many bytes.
fn limit(process: &Process, bytes: &str) {
    system("prlimit", [format!("--pid={}", process.id()), format!("--fsize={bytes}:unlimited")]);
}

/// Runs a command of the system.
fn system<A: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = A>) {
    let status = Command::new(program).args(args).status();
    assert!(status.is_ok_and(|status| status.success()), "{program} does it");
}

#[test]
fn a_limit_of_the_size_of_files_refuses_changes_and_ends_nothing() {
    let directory = TempDir::new().expect("a directory");
    let data = directory.path().join("data.redb");
    let mut server = Cramped::start(&data);
    limit(&server.process, &LIMIT_BYTES.to_string());
    server.fill();
    server.evaluates_without_changing();
    limit(&server.process, "unlimited");
    server.changes_again();
    server.starts_again_whole(&data);
}

#[test]
#[ignore = "needs root and a small file system of its own: .ci/durability/run"]
fn a_full_file_system_refuses_changes_until_there_is_room() {
    let disk = PathBuf::from(std::env::var_os(SMALL_DISK).expect("the folder of a small file system"));
    let data = disk.join("data.redb");
    let mut server = Cramped::start(&data);
    server.fill();
    server.evaluates_without_changing();
    system("mount", [OsStr::new("-o"), OsStr::new("remount,size=64m"), disk.as_os_str()]);
    server.changes_again();
    server.starts_again_whole(&data);
}

#[test]
#[ignore = "needs root and ext4: .ci/durability/run"]
fn a_file_that_turns_read_only_refuses_changes_until_it_can_be_written() {
    let directory = TempDir::new().expect("a directory");
    let data = directory.path().join("data.redb");
    let mut server = Cramped::start(&data);
    server.make().expect("it can be written");
    system("chattr", [OsStr::new("+i"), data.as_os_str()]);
    server.evaluates_without_changing();
    system("chattr", [OsStr::new("-i"), data.as_os_str()]);
    server.changes_again();
    server.starts_again_whole(&data);
}

//! A data file in which single bits are wrong: the program says so and does not start, or it answers what it would have
//! answered without. It never answers anything else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{self, Process};
use crate::support::{Client, Team};

/// How many bits are wrong, one after the other, unless `PHASEFLAG_FLIPS` says so.
const FLIPS: u64 = 24;
/// Flags in the file.
const FLAGS: usize = 40;

/// A file with a bit of everything, and what the server answers about it.
struct Whole {
    data: Vec<u8>,
    team: Team,
    sdk: Client,
    answers: BTreeMap<String, Value>,
}

impl Whole {
    fn make(directory: &Path) -> Self {
        let data = directory.join("whole.redb");
        let mut process = Process::serve(&data, [""; 0]);
        let team = Team::sign_in(&process.url);
        let segment = json!({"key": "some", "name": "Some", "included": ["ada", "bob"]});
        team.client.post(&format!("/api/v1/segments?project_id={}", team.project), &segment).expect(201);
        for flag in 0..FLAGS {
            let body =
                json!({"enabled": true, "default_variation": "on", "description": "x".repeat(flag * 50)});
            team.create_flag(&format!("flag-{flag}"), &body);
            team.client
                .post(&team.flags(&format!("/flag-{flag}/toggle")), &json!({"enabled": flag % 2 == 0}))
                .expect(200);
        }
        let sdk = team.sdk(&team.development, "server");
        process.terminate();
        process.wait();
        // Before anything is asked: who evaluates leaves traces.
        let mut whole =
            Self { data: fs::read(&data).expect("the file"), team, sdk, answers: BTreeMap::new() };
        let process = Process::serve(&data, [""; 0]);
        let answers = whole.asked(&process.url).into_iter();
        whole.answers = answers.map(|(path, answer)| (path, answer.expect("it is whole"))).collect();
        whole
    }

    /// What the server there answers, or the code of its error.
    fn asked(&self, url: &str) -> BTreeMap<String, Result<Value, Value>> {
        let (team, sdk) = (self.team.client.sending_to(url), self.sdk.sending_to(url));
        let read = |answer: crate::support::Answer| match answer.status {
            200 => {
                let data = answer.expect(200)["data"].clone();
                // An evaluation also tells of its moment.
                Ok(if data["evaluations"].is_null() { data } else { data["evaluations"].clone() })
            }
            _ => Err(answer.refused(503, "STORAGE_UNAVAILABLE")),
        };
        let paths = [
            self.team.flags(""),
            self.team.flags("/flag-7"),
            self.team.flags("/flag-39/history"),
            format!("/api/v1/segments?project_id={}", self.team.project),
            format!("/api/v1/audit-logs?resource_type=flag&project_id={}", self.team.project),
            format!("/api/v1/environments?project_id={}", self.team.project),
            "/api/v1/auth/me".to_owned(),
        ];
        let mut answers: BTreeMap<_, _> =
            paths.into_iter().map(|path| (path.clone(), read(team.get(&path)))).collect();
        let all = json!({"flags": (0..FLAGS).map(|flag| format!("flag-{flag}")).collect::<Vec<_>>(), "context": {"user_key": "ada"}});
        answers.insert("evaluate".to_owned(), read(sdk.post("/api/v1/evaluate", &all)));
        answers
    }
}

/// Whether the program ended with a sentence that says what is wrong.
fn says_so(text: &str) -> bool {
    let last = text.lines().last().unwrap_or_default();
    last.starts_with("phaseflag: the data file is damaged: ")
        || last.contains("is not a readable PhaseFlag data file: ")
}

#[test]
fn a_wrong_bit_is_told_or_changes_nothing() {
    let flips = std::env::var("PHASEFLAG_FLIPS").map_or(FLIPS, |flips| flips.parse().expect("a number"));
    let directory = TempDir::new().expect("a directory");
    let whole = Whole::make(directory.path());
    let written: Vec<_> = (0..whole.data.len()).filter(|place| whole.data[*place] != 0).collect();
    let data = directory.path().join("data.redb");
    let mut places = fastrand::Rng::with_seed(flips);
    let mut told = 0;
    for _ in 0..flips {
        let (place, bit) = (written[places.usize(..written.len())], places.u8(..8));
        let mut damaged = whole.data.clone();
        damaged[place] ^= 1 << bit;
        fs::write(&data, damaged).expect("a file");
        let mut command = process::command(["serve", "--port=0", "--rate-limit-management=0", "--data"]);
        command.arg(&data);
        match Process::start(command) {
            Err(text) => {
                assert!(says_so(&text), "bit {bit} of byte {place}: {text}");
                told += 1;
            }
            Ok(process) => {
                for (question, answer) in whole.asked(&process.url) {
                    if let Ok(answer) = answer {
                        assert_eq!(answer, whole.answers[&question], "bit {bit} of byte {place}: {question}");
                    }
                }
                let log = process.log();
                let panics = log.iter().any(|line| line.to_string().contains("panicked"));
                assert!(!panics, "bit {bit} of byte {place}: {log:?}");
            }
        }
    }
    assert!(told > 0, "some of the bits matter");
}

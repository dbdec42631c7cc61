//! The tour of the README and its pages on people, keys, the audit log and targeting, followed as a reader would: their
//! shell blocks, pasted one after the other into one shell, against the program itself. What a block prints is what
//! stands below it; `…` stands for any text.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Deserializer, Value};
use tempfile::TempDir;

use crate::readme::{README, section};
use crate::support::process::Process;

/// Where the tour says that the server is.
const ADDRESS: &str = "http://localhost:8000";
/// What no block prints: what comes after it belongs to the next block.
const END: &str = "=== end of a block ===";

/// A block between fences.
struct Block<'r> {
    language: &'r str,
    text: &'r str,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let parts = text.split("```").skip(1).step_by(2);
    let block = |part| {
        let (language, text) = str::split_once(part, '\n').expect("a fence begins a line");
        Block { language, text }
    };
    parts.map(block).collect()
}

#[test]
fn the_tour_and_what_goes_on_after_it_lead_where_they_say() {
    let directory = TempDir::new().expect("a temporary directory");
    let process = Process::serve(&directory.path().join("tour.redb"), [""; 0]);
    let headings = [
        "A tour in five minutes",
        "People and roles",
        "API keys",
        "Audit log",
        "Changes and revisions",
        "Targeting",
        "From one environment to the next",
    ];
    let sections = headings.map(|heading| section(README, heading));
    let blocks: Vec<_> = sections.into_iter().flat_map(blocks).collect();
    let (mut script, end) = (String::from("set -euo pipefail\n"), format!("echo '{END}'\n"));
    let mut promises: Vec<Vec<&Block<'_>>> = Vec::new();
    for block in &blocks {
        if block.language == "sh" {
            assert!(block.text.contains("curl"), "a block of the tour does nothing: {}", block.text);
            script.push_str(&block.text.replace(ADDRESS, &process.url));
            script.push_str(&end);
            promises.push(Vec::new());
        } else {
            promises.last_mut().expect("commands come first").push(block);
        }
    }
    assert!(promises.len() > 10, "the tour has {} steps", promises.len());
    let printed = pasted(&script, &directory);
    let printed: Vec<&str> = printed.split_terminator(&format!("{END}\n")).collect();
    assert_eq!(printed.len(), promises.len(), "{printed:?}");
    for (printed, below) in printed.iter().zip(promises) {
        match below.as_slice() {
            [] => assert_eq!(*printed, "", "a block prints what the tour does not show"),
            [promise] => check(promise, printed),
            more => panic!("{} blocks are said to be the answer of one", more.len()),
        }
    }
}

/// What bash prints that reads the script line by line, as from a terminal.
fn pasted(script: &str, directory: &TempDir) -> String {
    let mut bash = Command::new("bash")
        .env("TMPDIR", directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash starts");
    bash.stdin.take().expect("an input").write_all(script.as_bytes()).expect("bash reads");
    let output = bash.wait_with_output().expect("bash ends");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// Checks that what was printed is what the block says.
fn check(block: &Block<'_>, printed: &str) {
    let same = if block.language == "text" {
        let (wanted, got): (Vec<_>, Vec<_>) = (block.text.lines().collect(), printed.lines().collect());
        wanted.len() == got.len() && wanted.iter().zip(&got).all(|(wanted, got)| is_text(wanted, got))
    } else {
        let (wanted, got) = (values(block.text), values(printed));
        wanted.len() == got.len() && wanted.iter().zip(&got).all(|(wanted, got)| is_value(wanted, got))
    };
    assert!(same, "the tour says\n{}\nand there is\n{printed}", block.text);
}

/// The JSON values of a text, one after the other.
fn values(text: &str) -> Vec<Value> {
    let values: Result<Vec<Value>, _> = Deserializer::from_str(text).into_iter().collect();
    values.unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn is_text(wanted: &str, got: &str) -> bool {
    match wanted.strip_suffix('…') {
        Some(begin) => got.starts_with(begin) && got.len() > begin.len(),
        None => wanted == got,
    }
}

fn is_value(wanted: &Value, got: &Value) -> bool {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            wanted.keys().eq(got.keys()) && wanted.values().zip(got.values()).all(|(a, b)| is_value(a, b))
        }
        (Value::Array(wanted), Value::Array(got)) => {
            wanted.len() == got.len() && wanted.iter().zip(got).all(|(a, b)| is_value(a, b))
        }
        (Value::String(wanted), Value::String(got)) => is_text(wanted, got),
        (wanted, got) => wanted == got,
    }
}

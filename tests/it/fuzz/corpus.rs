//! The files of `tests/corpus`, and what becomes of them when bytes change: a change is made of a seed, so that every run
//! tries the same. `PHASEFLAG_FUZZ_CASES` says how many changes are tried, of all files together.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;

use super::number;
use super::targets::{TARGETS, Target};

/// Changes of each file in an ordinary run.
const CHANGES: u64 = 60;
/// What the name of a file has that is tried as it is: what is only refused at a large limit takes too long to be tried
/// often.
const WHOLE: &str = ".whole.";
/// Bytes of all files together, at most.
const MAX_CORPUS_BYTES: usize = 100_000;
/// Files of a target, at least.
const MIN_FILES: usize = 10;

/// What parsers stumble over.
const PIECES: [&[u8]; 24] = [
    b"",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xff",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"[[[[",
    b"]",
    b",",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"1e999",
    b"-0",
    b"18446744073709551616",
    b"W/",
];

#[test]
fn every_parser_stands_its_corpus_and_what_becomes_of_it() {
    let all: u64 = TARGETS.iter().map(|(name, _)| files(name).len() as u64).sum();
    let changes = number("PHASEFLAG_FUZZ_CASES").map_or(CHANGES, |asked| asked.div_ceil(all));
    let mut bytes = 0;
    for (name, target) in TARGETS {
        let files = files(name);
        assert!(files.len() >= MIN_FILES, "{name} has {} files", files.len());
        for (path, content) in files {
            bytes += content.len();
            attempt(&path, target, &content);
            if path.to_string_lossy().contains(WHOLE) {
                continue;
            }
            let mut random = Rng::with_seed(number("PHASEFLAG_FUZZ_SEED").unwrap_or(1));
            for _ in 0..changes {
                attempt(&path, target, &changed(&content, &mut random));
            }
        }
    }
    assert!(bytes <= MAX_CORPUS_BYTES, "{bytes} bytes");
}

/// The files of a target, in the order of their names.
fn files(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

fn attempt(path: &Path, target: Target, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(bytes))) {
        eprintln!("{}, changed into {}", path.display(), bytes.escape_ascii());
        resume_unwind(panic);
    }
}

/// The bytes with some changes.
fn changed(bytes: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.usize(1..4) {
        let from = random.usize(0..=bytes.len());
        let to = random.usize(from..=bytes.len().min(from + 8));
        match random.u8(0..5) {
            0 => drop(bytes.splice(from..to, PIECES[random.usize(0..PIECES.len())].iter().copied())),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let again = bytes[from..to].to_vec();
                drop(bytes.splice(to..to, again));
            }
            3 if from < bytes.len() => bytes[from] ^= 1 << random.u8(0..8),
            3 => bytes.push(random.u8(..)),
            _ => bytes.truncate(bytes.len() - (to - from)),
        }
    }
    bytes
}

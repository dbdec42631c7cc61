//! The shape of the house: reads `src/` and fails on what breaks the rules that `src/lib.rs` explains. The rules
//! are the tables at the top; below them is the checker, and in `proof.rs` are the tests that it catches each kind.

mod proof;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use tokens::{Token, tokens};

/// Every layer, and what it may import of ours besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("limit", &[]),
    ("tally", &[]),
    ("trace", &["tally"]),
    ("document", &[]),
    ("engine", &["domain"]),
    ("auth", &["domain"]),
    ("store", &["domain"]),
    ("egress", &["domain"]),
    ("live", &["domain", "engine", "tally"]),
    ("control", &["domain", "engine", "auth", "store", "live", "tally", "trace"]),
    ("http", &["domain", "engine", "live", "control", "auth", "limit", "tally", "trace"]),
    // Settings parse into the types of whoever uses them, so they may look anywhere below.
    ("config", &["domain", "engine", "live", "control", "auth", "limit", "http", "egress"]),
    ("telemetry", &["config", "trace", "egress"]),
    (
        "server",
        &[
            "domain",
            "engine",
            "auth",
            "store",
            "live",
            "control",
            "limit",
            "http",
            "config",
            "telemetry",
            "document",
            "tally",
            "trace",
            "egress",
        ],
    ),
    (
        "cli",
        &[
            "domain",
            "engine",
            "auth",
            "store",
            "live",
            "control",
            "limit",
            "http",
            "config",
            "telemetry",
            "document",
            "tally",
            "trace",
            "egress",
            "server",
        ],
    ),
    // A server for other people's tests.
    ("testing", &["config", "http", "server"]),
    ("lib", &[]),
    ("main", &[]),
];

/// Foreign crates, and the only places that may name them: layers, or single modules of a layer.
const HOMES: &[(&str, &[&str])] = &[
    ("poem", &["http"]),
    ("poem_openapi", &["http"]),
    ("redb", &["store"]),
    ("bincode", &["store/codec"]),
    ("jsonwebtoken", &["auth"]),
    ("argon2", &["auth"]),
    ("aws_lc_rs", &["auth"]),
    ("rustix", &["auth/entropy", "server/signals"]),
    ("governor", &["limit"]),
    ("sd_notify", &["server/supervisor"]),
    ("clap", &["config", "cli", "testing"]),
    ("clap_complete", &["cli/shell"]),
    ("clap_mangen", &["cli/shell"]),
    ("toml", &["cli/settings"]),
    ("rustls", &["egress", "cli/healthcheck/trust", "http/tls"]),
    ("tokio_rustls", &["egress/trust", "http/tls"]),
    ("rustls_native_certs", &["egress/trust"]),
    ("rust_embed", &["http/file"]),
    ("socket2", &["http/listener"]),
    ("tracing_subscriber", &["config", "telemetry"]),
    ("ulid", &["domain"]),
    ("jiff", &["domain"]),
    ("serde", &["http", "store", "auth", "domain/value"]),
    (
        "serde_json",
        &[
            "http",
            "store",
            "auth",
            "domain/value",
            "engine/compile",
            "cli",
            "document",
            "server",
            "telemetry/otlp",
        ],
    ),
    ("saphyr_parser", &["document/tree"]),
    (
        "tokio",
        &["auth", "store", "live", "control", "http", "server", "telemetry/otlp", "egress", "cli", "testing"],
    ),
];

/// Powers that are handed down as values, and the only places that hold them.
const POWERS: &[(&[&str], &[&str])] = &[
    (&["SystemTime", "::", "now"], &["server"]),
    (&["Timestamp", "::", "now"], &["server"]),
    (&["SystemEntropy", "::", "new"], &["server"]),
    // How long a request took is logged and decides nothing.
    // ... and how long spans of traces wait to be sent.
    (&["Instant", "::", "now"], &["server", "http/middleware", "telemetry/otlp"]),
    // There is one way out.
    (&["TcpStream", "::", "connect"], &["egress", "http/listen/tests"]),
    (&["TcpStream", "::", "connect_timeout"], &["cli/healthcheck"]),
    (&["UnixStream", "::", "connect"], &["cli/healthcheck", "server/door"]),
];

const MAX_LINES: usize = 400;

/// Names for a place where things lie that nobody gave a name.
const NAMELESS: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "managers", "service", "services"];

#[test]
fn the_house_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut findings = Vec::new();
    let files = sources(&root);
    assert!(files.len() > 10, "found no sources in {}", root.display());
    let read = |file: &PathBuf| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        (path, fs::read_to_string(file).unwrap())
    };
    let sources: Vec<(String, String)> = files.iter().map(read).collect();
    let macros: Vec<_> = sources.iter().flat_map(|(path, source)| exported_macros(path, source)).collect();
    for (path, source) in &sources {
        findings.extend(check(path, source, &macros));
    }
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The names of the module that a file is, given its path below `src/`. The first one is the layer.
fn module(path: &str) -> Vec<&str> {
    path.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect()
}

/// A macro that stands in the crate's root, wherever it was written, and the layer in which it was.
type ExportedMacro<'a> = (&'a str, &'a str);

fn exported_macros<'a>(path: &'a str, source: &'a str) -> Vec<ExportedMacro<'a>> {
    let code = tokens(source);
    let exported = |window: &&[Token<'_>]| {
        let texts = window[..6].iter().map(|token| token.text);
        texts.eq(["#", "[", "macro_export", "]", "macro_rules", "!"])
    };
    code.windows(7).filter(exported).map(|window| (window[6].text, module(path)[0])).collect()
}

/// What is wrong with one file, given its path below `src/`.
fn check(path: &str, source: &str, macros: &[ExportedMacro<'_>]) -> Vec<String> {
    let module = module(path);
    let code = tokens(source);
    let mut findings = Vec::new();
    let mut find = |line: usize, what: String| findings.push(format!("src/{path}:{line}: {what}"));

    if !source.trim_start().starts_with("//!") {
        find(1, "does not open with `//!` that says what it is and why".to_owned());
    }
    let lines = source.lines().count();
    if lines > MAX_LINES {
        find(lines, format!("has {lines} lines, more than {MAX_LINES}"));
    }
    for word in module.iter().flat_map(|part| part.split('_')).filter(|word| NAMELESS.contains(word)) {
        find(1, format!("`{word}` names no noun"));
    }
    match LAYERS.iter().find(|(layer, _)| *layer == module[0]) {
        None => find(1, format!("`{}` is no layer", module[0])),
        // The root and the executable are seen by nobody and may look at everything.
        Some(("lib" | "main", _)) => {}
        Some((layer, allowed)) => {
            for (line, name) in imports(&code, module.len()) {
                let exported = macros.iter().find(|(exported, _)| *exported == name);
                let import = exported.map_or(name, |(_, layer)| layer);
                if import != *layer && !allowed.contains(&import) {
                    find(line, format!("`{layer}` may not import `{import}`"));
                }
            }
        }
    }
    for (line, name) in strangers(without_tests(&code), &module) {
        find(line, format!("`{name}` is not at home here"));
    }
    for window in without_tests(&code).windows(3) {
        let texts = window.iter().map(|token| token.text);
        let power = POWERS
            .iter()
            .find(|(power, homes)| texts.clone().eq(power.iter().copied()) && !lives_in(&module, homes));
        if let Some((power, _)) = power {
            find(window[0].line, format!("`{}` is a power; take its value as an argument", power.concat()));
        }
    }
    for (line, what) in attributes(&code) {
        find(line, what);
    }
    findings
}

/// Everything that a file names of the crate's root: `crate::here`, `crate::{here, here::too}`, and as many
/// `super`s as lead up to the root. `depth` is how far below the root the file's module is.
fn imports<'a>(code: &[Token<'a>], depth: usize) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    // Braces that are open, and which of them belong to an inline module.
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let text = code[at].text;
        let mut next = at + 1;
        match text {
            "{" => {
                let is_module = at >= 2 && code[at - 2].text == "mod";
                braces.push(is_module);
            }
            "}" => drop(braces.pop()),
            "crate" if text_at(code, next) == "::" => found.extend(heads(code, next + 1)),
            "super" => {
                let mut climbed = 1;
                while text_at(code, next) == "::" && text_at(code, next + 1) == "super" {
                    climbed += 1;
                    next += 2;
                }
                let nested = braces.iter().filter(|is_module| **is_module).count();
                if climbed >= depth + nested && text_at(code, next) == "::" {
                    found.extend(heads(code, next + 1));
                }
            }
            _ => {}
        }
        at = next;
    }
    found
}

/// The first names of the paths that begin here: one, or several in braces.
fn heads<'a>(code: &[Token<'a>], at: usize) -> Vec<(usize, &'a str)> {
    let Some(first) = code.get(at) else { return Vec::new() };
    if first.text != "{" {
        return vec![(first.line, first.text)];
    }
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (index, token) in code.iter().enumerate().skip(at) {
        match token.text {
            "{" => depth += 1,
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            text => {
                let begins = matches!(code[index - 1].text, "{" | ",");
                if depth == 1 && begins && text != "," {
                    found.push((token.line, text));
                }
            }
        }
    }
    found
}

/// Uses of foreign crates outside of their homes.
fn strangers<'a>(code: &[Token<'a>], module: &[&str]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for (at, token) in code.iter().enumerate() {
        let Some((_, homes)) = HOMES.iter().find(|(name, _)| *name == token.text) else { continue };
        let before = at.checked_sub(1).map_or("", |before| code[before].text);
        let inside_a_path = before == "::" && at >= 2 && code[at - 2].text.starts_with(char::is_alphabetic);
        let names_a_crate = text_at(code, at + 1) == "::" || matches!(before, "use" | "crate");
        if names_a_crate && !inside_a_path && !lives_in(module, homes) {
            found.push((token.line, token.text));
        }
    }
    found
}

/// Whether a module is one of these or below one of them.
fn lives_in(module: &[&str], homes: &[&str]) -> bool {
    let here = format!("{}/", module.join("/"));
    homes.iter().any(|home| here.starts_with(&format!("{home}/")))
}

/// Attributes that silence a lint for good, or without saying why.
fn attributes(code: &[Token<'_>]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, token) in code.iter().enumerate().filter(|(_, token)| token.text == "#") {
        let open = if text_at(code, at + 1) == "!" { at + 2 } else { at + 1 };
        if text_at(code, open) != "[" {
            continue;
        }
        let mut depth = 0_usize;
        let end = code.iter().enumerate().skip(open).find(|(_, token)| {
            match token.text {
                "[" => depth += 1,
                "]" => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let attribute = &code[open..end.map_or(code.len(), |(end, _)| end)];
        let silences =
            |how: &str| attribute.windows(2).any(|pair| pair[0].text == how && pair[1].text == "(");
        if silences("allow") {
            found.push((token.line, "`allow` hides a lint for ever; use `expect` with a reason".to_owned()));
        }
        if silences("expect") && !attribute.iter().any(|token| token.text == "reason") {
            found.push((token.line, "`expect` gives no reason".to_owned()));
        }
    }
    found
}

/// The code up to the tests, which may compare with any crate and hold any power.
fn without_tests<'a, 'b>(code: &'b [Token<'a>]) -> &'b [Token<'a>] {
    let tests = code.windows(6).position(|window| {
        let texts = window.iter().map(|token| token.text);
        texts.eq(["cfg", "(", "test", ")", "]", "mod"])
    });
    &code[..tests.unwrap_or(code.len())]
}

fn text_at<'a>(code: &[Token<'a>], at: usize) -> &'a str {
    code.get(at).map_or("", |token| token.text)
}

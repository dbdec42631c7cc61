//! The checker catches each kind of finding, on made-up sources.

use super::{MAX_LINES, check, exported_macros};

/// What the checker finds in a made-up file that opens as it should, from its second line on.
fn findings(path: &str, source: &str) -> Vec<String> {
    check(path, &format!("//! Made up.\n{source}"), &[])
}

#[test]
fn an_import_outside_the_table_is_found_wherever_it_hides() {
    for (path, source) in [
        ("domain/flag.rs", "use crate::engine::compile;"),
        ("engine/mod.rs", "use crate::{domain::flag, store::flag::Row};"),
        ("engine/mod.rs", "use crate::{\n    domain::{flag, rule::{self, Rule}},\n    store,\n};"),
        ("http/api/flags.rs", "fn f() { crate::store::open(); }"),
        ("http/api/flags.rs", "use super::super::super::store;"),
        ("http/api/flags.rs", "mod tests { use super::super::super::super::{domain, store::open}; }"),
        ("limit.rs", "use crate::domain::time::Timestamp;"),
        ("limit.rs", "use super::domain;"),
        ("live/mod.rs", "#[cfg(test)]\nmod tests { use crate::control::Control; }"),
        ("auth/jwt.rs", "use crate::*;"),
        ("auth/jwt.rs", "use crate::{self};"),
        ("control/flag.rs", "use crate::server::run;"),
        ("domain/flag.rs", "use crate::newcomer::Thing;"),
        ("newcomer/mod.rs", "struct Thing;"),
    ] {
        assert_eq!(findings(path, source).len(), 1, "{path}: {source}");
    }
    let found = findings("engine/mod.rs", "\nuse crate::{domain::flag,\n    store::flag::Row};");
    assert_eq!(found, ["src/engine/mod.rs:4: `engine` may not import `store`"]);
}

#[test]
fn an_import_inside_the_table_is_not() {
    for (path, source) in [
        ("domain/flag.rs", "use crate::domain::{rule, value::Value}; use super::key::Key;"),
        ("http/api/flags.rs", "use crate::{control, domain::store_key}; use super::super::store;"),
        ("http/mod.rs", "mod tests { use super::store; use super::*; }"),
        ("store/flag.rs", "pub(crate) fn f() {} // crate::http\nconst TEXT: &str = \"crate::http::x\";"),
        ("server.rs", "use crate::{http, store}; fn now() { std::time::Instant::now(); }"),
        ("main.rs", "fn main() { phaseflag::cli::run() }"),
        ("lib.rs", "pub mod domain;"),
    ] {
        assert_eq!(findings(path, source), Vec::<String>::new(), "{path}: {source}");
    }
}

#[test]
fn an_exported_macro_belongs_to_the_layer_that_wrote_it() {
    let macros = exported_macros(
        "http/shape.rs",
        "#[macro_export]\nmacro_rules! request { () => { $crate::http::f() } }",
    );
    assert_eq!(macros, [("request", "http")]);
    let source = "//! Made up.\nuse crate::request;\nfn f() { crate::request!() }";
    assert_eq!(check("control/flag.rs", source, &macros).len(), 2);
    assert_eq!(check("http/api/flags.rs", source, &macros), Vec::<String>::new());
}

#[test]
fn a_foreign_crate_outside_its_home_is_found() {
    for (path, source) in [
        ("control/flag.rs", "use redb::Database;"),
        ("domain/rule.rs", "#[derive(serde::Serialize)]\nstruct Rule;"),
        ("store/flag.rs", "use bincode;"),
        ("server.rs", "fn f(request: ::poem::Request) {}"),
        ("engine/mod.rs", "extern crate tokio;"),
        ("domain/values.rs", "use serde_json::Value;"),
    ] {
        assert_eq!(findings(path, source).len(), 1, "{path}: {source}");
    }
    for (path, source) in [
        ("store/codec.rs", "use bincode::config;"),
        ("store/codec/mod.rs", "use bincode::config;"),
        ("domain/value.rs", "use serde::Serialize;"),
        ("config.rs", "use clap::Args;"),
        ("config/log.rs", "use clap::ValueEnum;"),
        ("control/flag.rs", "use crate::store::redb::open; fn f(poem: u8) -> u8 { poem }"),
        ("domain/rule.rs", "#[cfg(test)]\nmod tests { use serde_json::json; }"),
    ] {
        assert_eq!(findings(path, source), Vec::<String>::new(), "{path}: {source}");
    }
}

#[test]
fn a_clock_or_entropy_below_the_server_is_found() {
    for source in
        ["fn f() { std::time::SystemTime::now(); }", "fn f() { SystemEntropy::new().fill(&mut [0]); }"]
    {
        assert_eq!(findings("control/flag.rs", source).len(), 1, "{source}");
    }
}

#[test]
fn a_file_that_is_too_long_or_says_nothing_is_found() {
    let full = "\n".repeat(MAX_LINES - 1);
    assert_eq!(findings("domain/flag.rs", &full), Vec::<String>::new());
    assert_eq!(findings("domain/flag.rs", &format!("{full}\n")).len(), 1);
    assert_eq!(check("domain/flag.rs", "// Not a module comment.\nstruct Flag;", &[]).len(), 1);
    assert_eq!(check("domain/flag.rs", "", &[]).len(), 1);
}

#[test]
fn a_name_that_is_no_noun_is_found() {
    for path in ["domain/utils.rs", "http/helpers/mod.rs", "store/flag_manager.rs", "control/flag_service.rs"]
    {
        assert_eq!(findings(path, "").len(), 1, "{path}");
    }
    assert_eq!(findings("domain/commonality.rs", ""), Vec::<String>::new());
}

#[test]
fn a_silenced_lint_is_found() {
    for source in [
        "#[allow(dead_code)]\nfn f() {}",
        "#![allow(dead_code)]",
        "#[cfg_attr(test, allow(dead_code))]\nfn f() {}",
        "#[expect(dead_code)]\nfn f() {}",
    ] {
        assert_eq!(findings("domain/flag.rs", source).len(), 1, "{source}");
    }
    for source in ["#[expect(dead_code, reason = \"soon\")]\nfn f() { allow(1); }", "// #[allow(dead_code)]"]
    {
        assert_eq!(findings("domain/flag.rs", source), Vec::<String>::new(), "{source}");
    }
}

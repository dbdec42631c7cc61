//! `phaseflag export`, `plan`, `import` and `schema`, the program itself, on a data file and on a server.

use std::fs;
use std::path::Path;
use std::process::Output;

use phaseflag::testing;
use serde_json::Value;

use crate::support::{Server, process::run};
use crate::throwaway::SEED;

const TOKEN: &str = "pat_fixed-admin";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// What a command printed that ended with this code and said nothing else.
#[track_caller]
fn printed(output: &Output, code: i32) -> String {
    assert!(output.status.code() == Some(code) && output.stderr.is_empty(), "{output:?}");
    text(&output.stdout)
}

/// A data file with nothing but an admin and what came with that, made as a start of the server makes it.
fn data_file(folder: &Path) -> String {
    let path = folder.join("data.redb");
    let mut server = Server::start();
    server.admin();
    server.stop();
    fs::copy(server.data(), &path).expect("a copy");
    path.to_str().expect("a path").to_owned()
}

fn seeded() -> testing::Server {
    testing::Server::builder().seed(SEED).start().expect("a server")
}

/// The project part of the seed.
fn project_part() -> &'static str {
    SEED.split("seed:\n").next().expect("a project")
}

#[test]
fn a_project_goes_from_a_server_to_a_file_and_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, document) = (data_file(folder.path()), folder.path().join("shop.yaml"));
    let (server, file) = (seeded(), document.to_str().expect("a path"));
    let at_server = ["--server", server.url(), "--token", TOKEN];
    let export = ["export", "--project=shop", "--output", file];
    printed(&run(export.iter().chain(&at_server)), 0);
    let yaml = fs::read_to_string(&document).expect("a file");
    assert!(yaml.starts_with("phaseflag: 1\nproject:\n  key: shop\n  name: Shop\nenvironments:\n"), "{yaml}");
    assert!(yaml.contains("\n        default_variation: \"off\"\n"), "{yaml}");

    let on_file = ["--data", data.as_str()];
    let plan = printed(&run(["plan", file, "--exit-code"].iter().chain(&on_file)), 3);
    assert!(plan.starts_with("+ project shop\n"), "{plan}");
    assert!(plan.ends_with("The project shop: 5 to create, 1 to change, 0 to delete.\n"), "{plan}");
    let done = printed(&run(["import", file].iter().chain(&on_file)), 0);
    assert!(done.ends_with("The project shop: 5 created, 1 changed, 0 deleted.\n"), "{done}");
    let nothing = "The project shop is what the document says.\n";
    assert_eq!(printed(&run(["plan", file, "--exit-code", "--prune"].iter().chain(&on_file)), 0), nothing);
    assert_eq!(printed(&run(["import", file, "--prune"].iter().chain(&at_server)), 0), nothing);
    let again = run(["export", "--project=shop"].iter().chain(&on_file));
    assert_eq!(printed(&again, 0), yaml, "byte by byte");
    let json = printed(&run(["export", "--project=shop", "--format=json"].iter().chain(&on_file)), 0);
    fs::write(&document, json).expect("a file");
    assert_eq!(printed(&run(["plan", file].iter().chain(&on_file)), 0), nothing);
}

#[test]
fn a_plan_is_told_line_by_line_and_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = seeded();
    let document = folder.path().join("shop.yaml");
    let changed =
        project_part().replace("enabled: true", "enabled: false").replace("name: Live,", "name: Real,");
    fs::write(&document, changed.replace("  - {key: staff, name: Staff, included: [ada]}", "  []"))
        .expect("a file");
    let place = ["--server", server.url(), "--token", TOKEN];
    let plan = |more: &[&str]| {
        let line = ["plan", document.to_str().expect("a path")];
        run(line.iter().chain(&place).chain(more))
    };
    let refused = plan(&["--prune"]);
    assert_eq!(refused.status.code(), Some(1), "the segment is in use: {refused:?}");
    fs::write(&document, &changed).expect("a file");
    let expected = "~ environment live\n    name: \"Live\" -> \"Real\"\n~ flag new-checkout in test\n    enabled: true -> false\n\
                    The project shop: 0 to create, 2 to change, 0 to delete.\n";
    assert_eq!(printed(&plan(&[]), 0), expected);
    assert_eq!(printed(&plan(&["--exit-code"]), 3), expected);
    let told: Value = serde_json::from_str(&printed(&plan(&["--format=json"]), 0)).expect("JSON");
    assert_eq!((&told["update"], &told["changes"][1]["environment"]), (&2.into(), &"test".into()));
    let line = ["import", document.to_str().expect("a path"), "--dry-run"];
    assert_eq!(printed(&run(line.iter().chain(&place)), 0), expected);
}

#[test]
fn faults_are_told_with_their_lines_and_nothing_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(folder.path());
    let document = folder.path().join("bad.yaml");
    let path = document.to_str().expect("a path");
    let refused = |content: &str, lines: &[String]| {
        fs::write(&document, content).expect("a file");
        for verb in ["plan", "import"] {
            let output = run([verb, path, "--data", &data]);
            assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), lines.join("\n") + "\n"));
        }
    };
    let ending = format!("phaseflag: {path} is refused (VALIDATION_ERROR); nothing was changed");
    let shape = "project:\n  key: Shop\nflags:\n  - key: a\n    tags: x\n";
    refused(
        shape,
        &[
            format!(
                "phaseflag: {path}:2:8: project.key must be 1 to 128 characters of a-z, 0-9, '.', '_' and '-', and begin with a letter or a digit"
            ),
            format!("{path}:4:5: flags[0].flag_type is required"),
            format!("{path}:5:11: flags[0].tags must be an array, not a string"),
            ending,
        ],
    );
    refused(
        "project: {key: a\n",
        &[format!("phaseflag: {path}:2:1: while parsing a flow mapping, did not find expected ',' or '}}'")],
    );
    let missing = run(["plan", "/does/not/exist.yaml", "--data", &data]);
    assert!(
        text(&missing.stderr).starts_with("phaseflag: /does/not/exist.yaml cannot be read: "),
        "{missing:?}"
    );
    assert!(!printed(&run(["export", "--project=default", "--data", &data]), 0).contains("tags"));
}

#[test]
fn the_schema_describes_what_is_exported() {
    let schema: Value = serde_json::from_str(&printed(&run(["schema"]), 0)).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let whole = schema.to_string();
    assert!(!whole.contains("#/components/"));
    for reference in whole.split("\"#/$defs/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(schema["$defs"][name].is_object(), "{name}");
    }
    // What an export says is in the schema, and more is not allowed.
    let (document, flag) = (&schema["properties"], &schema["$defs"]["FlagSheetBody"]["properties"]);
    let exported: Value = phaseflag::document::parse(project_part()).expect("YAML");
    for (name, _) in exported.as_object().expect("an object") {
        assert!(document[name].is_object(), "{name}");
    }
    assert!(flag["environments"].is_object() && schema["additionalProperties"] == false, "{schema}");
}

#[test]
fn a_document_can_be_asked_without_any_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = folder.path().join("shop.yaml");
    fs::write(&document, project_part()).expect("a file");
    let asked = |environment: &str, user: &str, more: &[&str]| {
        let file = document.to_str().expect("a path");
        let line =
            ["evaluate", "*", "--file", file, "--environment", environment, "--user", user, "--format=json"];
        run(line.iter().chain(more))
    };
    let served = |environment: &str, user: &str| {
        let rows: Value = serde_json::from_str(&printed(&asked(environment, user, &[]), 0)).expect("JSON");
        (rows[0]["value"].clone(), rows[0]["reason"].clone())
    };
    assert_eq!(served("test", "ada"), (true.into(), "TARGETING_RULE".into()));
    assert_eq!(served("test", "bob"), (false.into(), "DEFAULT".into()));
    assert_eq!(served("live", "ada"), (false.into(), "DISABLED".into()));
    let steps = printed(&asked("test", "ada", &["--explain"]), 0);
    assert!(steps.contains("included"), "{steps}");
    let nowhere = asked("nowhere", "ada", &[]);
    assert!(
        nowhere.status.code() == Some(1) && text(&nowhere.stderr).contains("no environment `nowhere`"),
        "{nowhere:?}"
    );
    fs::write(&document, "project: {key: shop}\nflags: [{key: 1}]\n").expect("a file");
    let faulty = asked("test", "ada", &[]);
    let told = text(&faulty.stderr);
    assert!(told.contains(":2:15: flags[0].key must be a string"), "{told}");
}

/// What another product exported.
fn exported(folder: &Path) -> String {
    let path = folder.join("flagd.json");
    let flags = r#"{"flags": {"New Nav": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}}}"#;
    fs::write(&path, flags).expect("a file");
    path.to_str().expect("a path").to_owned()
}

#[test]
fn a_file_of_another_product_is_imported_or_translated() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, exported) = (data_file(folder.path()), exported(folder.path()));
    let output = folder.path().join("nav.yaml");
    let path = output.to_str().expect("a path");
    let line = ["import", exported.as_str(), "--from=flagd", "--project=nav"];
    let translated = run(line.iter().chain(&["--output", path]));
    assert_eq!((translated.status.code(), translated.stdout.len()), (Some(0), 0), "{translated:?}");
    let report = text(&translated.stderr);
    assert!(report.contains("New Nav") && report.contains("new-nav"), "{report}");
    let place = ["--data", data.as_str()];
    let imported = run(line.iter().chain(&place));
    assert_eq!((imported.status.code(), text(&imported.stderr)), (Some(0), report));
    assert!(text(&imported.stdout).starts_with("+ project nav\n"), "{imported:?}");
    let nothing = "The project nav is what the document says.\n";
    assert_eq!(printed(&run(["plan", path].iter().chain(&place)), 0), nothing);
    let refused = run(["import", exported.as_str(), "--from=flagd"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}

//! The published document, operation by operation.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Server;

/// Visits every operation: its method and path for messages, and itself.
fn each(document: &Value, mut visit: impl FnMut(&str, &Value)) {
    for (template, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            visit(&format!("{} {template}", method.to_uppercase()), operation);
        }
    }
}

fn document() -> Value {
    Server::start().anonymous().get("/openapi.json").expect(200)
}

/// Whether a text says something.
fn says_something(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.trim().len() > 3)
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let tags = document["tags"].as_array().expect("tags");
    let mut ids = BTreeSet::new();
    let mut missing = Vec::new();
    each(&document, |name, operation| {
        for member in ["summary", "description", "operationId"] {
            if !says_something(&operation[member]) {
                missing.push(format!("{name}: {member}"));
            }
        }
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(ids.insert(id.to_owned()), "{id} names two operations");
        let own = operation["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
        if own.is_empty() {
            missing.push(format!("{name}: a tag"));
        }
        for tag in own {
            let described = tags.iter().any(|it| it["name"] == *tag && says_something(&it["description"]));
            assert!(described, "the tag {tag} is not described");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if !says_something(&parameter["description"]) {
                missing.push(format!("{name}: a description of the parameter {}", parameter["name"]));
            }
        }
    });
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}

#[test]
fn what_a_path_allows_is_what_is_described() {
    let server = Server::start();
    let client = server.anonymous();
    let document = client.get("/openapi.json").expect(200);
    for (template, item) in document["paths"].as_object().expect("paths") {
        let mut methods: BTreeSet<_> =
            item.as_object().expect("an item").keys().map(|name| name.to_uppercase()).collect();
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        methods.insert("OPTIONS".to_owned());
        let answer = client.send("OPTIONS", &template.replace(['{', '}'], "-"), None);
        let allow = answer.header("allow").unwrap_or_default();
        let allowed: BTreeSet<_> = allow.split(", ").map(str::to_owned).collect();
        assert_eq!((answer.status, allowed), (204, methods), "{template}");
    }
}

#[test]
fn every_operation_says_how_it_fails() {
    let document = document();
    each(&document, |name, operation| {
        let responses = operation["responses"].as_object().expect("answers");
        let has = |status: &str| responses.contains_key(status);
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        assert!(has("500"), "{name}");
        let secured = operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
        assert!(!secured || (has("401") && has("403")), "{name}");
        assert!(!operation["requestBody"].is_object() || (has("400") && has("413") && has("415")), "{name}");
        assert!(!name.contains('{') || has("404"), "{name}");
        assert_eq!(has("429"), name.contains("/v1/"), "{name}");
        for (status, response) in responses {
            let response = match response["$ref"].as_str() {
                Some(target) => {
                    document.pointer(target.trim_start_matches('#')).expect("what is referred to")
                }
                None => response,
            };
            assert!(says_something(&response["description"]) || status == "200", "{name} {status}");
            if status.starts_with(['4', '5']) && status != "503" {
                let schema = &response["content"]["application/json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Error", "{name} {status}");
            }
        }
    });
}

#[test]
fn every_body_has_an_example() {
    let document = document();
    let mut missing = Vec::new();
    let has = |content: &Value| {
        let shown = |(kind, media): (&String, &Value)| {
            let examples = media["examples"].as_object().is_some_and(|it| !it.is_empty());
            // Nobody can read an example of a file, and the README says what the metrics are.
            let beyond = ["application/octet-stream", "text/plain; charset=utf-8"].contains(&kind.as_str());
            media.get("example").is_some() || examples || beyond
        };
        content["content"].as_object().is_some_and(|content| content.iter().all(shown))
    };
    each(&document, |name, operation| {
        if operation["requestBody"].is_object() && !has(&operation["requestBody"]) {
            missing.push(format!("{name}: its request"));
        }
        for (status, response) in operation["responses"].as_object().expect("answers") {
            let with_a_body = status.starts_with('2') && response["content"].is_object();
            if with_a_body && !has(response) {
                missing.push(format!("{name}: its answer {status}"));
            }
        }
    });
    assert!(missing.is_empty(), "without an example:\n{}", missing.join("\n"));
}

#[test]
fn every_property_of_every_schema_is_described() {
    let document = document();
    let mut missing = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        // The envelope explains itself, and the error is described where it is made.
        if ["Data_", "List_"].iter().any(|prefix| name.starts_with(prefix)) || name == "Error" {
            continue;
        }
        for (property, value) in schema["properties"].as_object().into_iter().flatten() {
            let described = says_something(&value["description"]) || value["$ref"].is_string();
            if !described && !value["anyOf"].is_array() {
                missing.push(format!("{name}.{property}"));
            }
        }
    }
    assert!(missing.is_empty(), "without a description:\n{}", missing.join("\n"));
}

#[test]
fn a_parameter_that_is_empty_is_one_that_is_left_out() {
    let server = Server::start();
    let team = server.admin();
    let document = server.anonymous().get("/openapi.json").expect(200);
    let known = [("{project_id}", &team.project), ("{environment_id}", &team.development)];
    let mut asked = 0;
    each(&document, |name, operation| {
        let Some(path) = name.strip_prefix("GET /api/v1/").filter(|path| !path.ends_with("stream")) else {
            return;
        };
        let path = known.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let queries = parameters.filter(|it| it["in"] == "query" && it["required"] != true);
        for parameter in queries {
            assert_eq!(parameter["allowEmptyValue"], true, "{name}: {parameter}");
            let name = parameter["name"].as_str().expect("a name");
            // A list of an environment or a project is of nothing without one.
            let place = match (name, path.as_str()) {
                ("environment_id" | "project_id", _)
                | (_, "audit-logs" | "schedules" | "audit-logs/verify") => "",
                (_, path) if path.starts_with("webhooks") => &format!("project_id={}", team.project),
                _ => &format!("environment_id={}", team.development),
            };
            let answer = |query: &str| team.client.get(&format!("/api/v1/{path}?{place}{query}"));
            let (without, empty) = (answer(""), answer(&format!("&{name}=")));
            let same = (without.status, without.body()) == (empty.status, empty.body());
            assert!(same, "{path} {name}: {} and {}", without.text(), empty.text());
            asked += 1;
        }
    });
    assert!(asked > 60, "{asked}");
}

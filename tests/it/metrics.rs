//! `GET /metrics` as a monitoring system reads it: by a strict parser of the text format, written for this test.

use std::collections::{BTreeMap, HashMap};

use phaseflag::http::metrics::{FAMILIES, Kind};
use phaseflag::tally::BOUNDS_MICROS;
use serde_json::json;

use crate::support::stream::Stream;
use crate::support::{Client, Server, Team};

/// The samples of an exposition, by name and labels.
struct Scrape(HashMap<(String, BTreeMap<String, String>), f64>);

impl Scrape {
    fn of(client: &Client) -> Self {
        let answer = client.anonymous().get("/metrics");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        Self::parse(&answer.text())
    }

    /// Fails on whatever the format or its conventions do not allow.
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'));
        let mut samples = HashMap::new();
        let mut families: BTreeMap<&str, &str> = BTreeMap::new();
        let mut helped = "";
        let mut current = ("", "");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                helped = help.split_once(' ').expect("a help").0;
                continue;
            }
            if let Some(family) = line.strip_prefix("# TYPE ") {
                current = family.split_once(' ').expect("a type");
                assert_eq!(current.0, helped, "the help stands before the type");
                assert!(families.insert(current.0, current.1).is_none(), "{} twice", current.0);
                continue;
            }
            let (name, labels, value) = sample(line);
            let suffix = name.strip_prefix(current.0).unwrap_or_else(|| panic!("{line} below {}", current.0));
            match current.1 {
                "histogram" => assert!(matches!(suffix, "_bucket" | "_sum" | "_count"), "{line}"),
                "counter" => assert!(suffix.is_empty() && value >= 0.0, "{line}"),
                "gauge" => assert_eq!(suffix, "", "{line}"),
                other => panic!("the type {other}"),
            }
            assert!(samples.insert((name.to_owned(), labels), value).is_none(), "{line} twice");
        }
        Self(samples)
    }

    fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.0.get(&(name.to_owned(), labels.iter().map(owned).collect())).copied()
    }

    /// The value of a sample, 0 where there is none.
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are whole")]
        self.find(name, labels).map_or(0, |value| value as u64)
    }
}

/// `name{label="value",...} number`.
fn sample(line: &str) -> (&str, BTreeMap<String, String>, f64) {
    let name_end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).expect("a name");
    let (name, mut rest) = line.split_at(name_end);
    assert!(!name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty(), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label");
            assert!(label.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
            let mut value = String::new();
            let mut characters = after.char_indices();
            let end = loop {
                match characters.next().expect("a quote") {
                    (at, '"') => break at,
                    (_, '\\') => match characters.next().expect("an escape").1 {
                        'n' => value.push('\n'),
                        plain @ ('\\' | '"') => value.push(plain),
                        other => panic!("the escape {other}"),
                    },
                    (_, plain) => value.push(plain),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &after[end + 1..];
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').expect("an end of the labels");
    }
    let number = rest.strip_prefix(' ').expect("a value");
    (name, labels, number.parse().unwrap_or_else(|_| panic!("{line}")))
}

const REQUESTS: &str = "phaseflag_http_requests_total";

#[test]
fn every_metric_of_the_table_is_exposed_and_no_other() {
    let server = Server::start();
    let text = server.anonymous().get("/metrics").text();
    Scrape::parse(&text);
    let told: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let wanted: Vec<_> =
        FAMILIES.iter().map(|family| format!("{} {}", family.name, family.kind.name())).collect();
    assert_eq!(told, wanted);
    // Not in every exposition: what is not traced, and what was not asked yet.
    let sometimes = ["phaseflag_trace_spans_dropped_total", "phaseflag_ruleset_version"];
    let second = server.anonymous().get("/metrics").text();
    for family in FAMILIES.iter().filter(|family| !sometimes.contains(&family.name)) {
        let mut samples = second.lines().filter(|line| line.starts_with(family.name));
        let labels = samples.next().map(|line| sample(line).1.into_keys().collect::<Vec<_>>());
        let mut wanted: Vec<_> = family.labels.iter().map(ToString::to_string).collect();
        wanted.extend((family.kind == Kind::Histogram).then(|| "le".to_owned()));
        wanted.sort_unstable();
        assert_eq!(labels, Some(wanted), "{}", family.name);
    }
}

#[test]
fn requests_are_counted_by_route_method_and_status_whichever_way_they_take() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    team.create_flag("f", &json!({}));
    let ask = json!({"flags": ["f"], "context": {"user_key": "u"}});
    for _ in 0..3 {
        sdk.post("/api/v1/evaluate", &ask).expect(200);
    }
    sdk.post("/api/v1/evaluate", &json!([])).expect(400);
    sdk.post("/ofrep/v1/evaluate/flags/f", &json!({"context": {"targetingKey": "u"}})).expect(200);
    assert_eq!(sdk.get("/api/v1/sdk/stream").status, 200);
    assert_eq!(sdk.send("HEAD", "/health", None).status, 200);
    assert_eq!(sdk.send("PATCH", "/health", None).status, 405);
    for path in ["/a", "/b", "/c/d"] {
        sdk.get(path).refused(404, "NOT_FOUND");
    }
    sdk.get(&format!("/api/v1/flags/{}", "x".repeat(50))).expect(403);
    let scrape = Scrape::of(&sdk);
    for (route, method, status, times) in [
        ("/api/v1/evaluate", "POST", "200", 3),
        ("/api/v1/evaluate", "POST", "400", 1),
        ("/ofrep/v1/evaluate/flags/{key}", "POST", "200", 1),
        ("/api/v1/sdk/stream", "GET", "200", 1),
        ("/health", "HEAD", "200", 1),
        ("/health", "other", "405", 1),
        ("(unknown)", "GET", "404", 3),
        ("/api/v1/flags/{flag_id}", "GET", "403", 1),
    ] {
        let labels = [("route", route), ("method", method), ("status", status)];
        assert_eq!(scrape.value(REQUESTS, &labels), times, "{labels:?}");
    }
    assert!(scrape.0.keys().all(|(_, labels)| labels.values().all(|value| !value.contains("xxx"))));
}

#[test]
fn a_histogram_holds_every_request_below_its_last_bound() {
    let server = Server::start();
    for _ in 0..5 {
        server.anonymous().get("/ready").expect(200);
    }
    let scrape = Scrape::of(&server.anonymous());
    let name = "phaseflag_http_request_duration_seconds";
    #[expect(clippy::cast_precision_loss, reason = "a bound is a small number")]
    let bounds = BOUNDS_MICROS.iter().map(|micros| (*micros as f64 / 1e6).to_string());
    let bounds: Vec<_> = bounds.chain(["+Inf".to_owned()]).collect();
    let buckets: Vec<u64> = bounds
        .iter()
        .map(|bound| {
            let value = scrape.find(&format!("{name}_bucket"), &[("route", "/ready"), ("le", bound)]);
            value.map(|_| scrape.value(&format!("{name}_bucket"), &[("route", "/ready"), ("le", bound)]))
        })
        .map(|bucket| bucket.expect("a bucket for every bound"))
        .collect();
    assert!(buckets.is_sorted(), "{buckets:?}");
    assert_eq!(buckets.last(), Some(&5));
    assert_eq!(scrape.value(&format!("{name}_count"), &[("route", "/ready")]), 5);
    assert!(scrape.find(&format!("{name}_sum"), &[("route", "/ready")]).is_some_and(|sum| sum > 0.0));
}

fn evaluations(scrape: &Scrape, reason: &str) -> u64 {
    scrape.value("phaseflag_evaluations_total", &[("reason", reason)])
}

#[test]
fn evaluations_rise_by_reason_and_outlive_what_they_were_counted_in() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    team.create_flag("f", &json!({}));
    let ask = json!({"flags": ["f"], "context": {"user_key": "u"}});
    sdk.post("/api/v1/evaluate", &ask).expect(200);
    let first = Scrape::of(&sdk);
    assert_eq!(evaluations(&first, "DISABLED") + evaluations(&first, "DEFAULT"), 1);
    sdk.post("/api/v1/evaluate", &ask).expect(200);
    // The counters change hands with the hour, with each scrape, and go with their flag.
    server.clock.advance_seconds(3_600);
    sdk.post("/api/v1/evaluate", &ask).expect(200);
    assert_eq!(evaluations(&Scrape::of(&sdk), "DISABLED") + evaluations(&Scrape::of(&sdk), "DEFAULT"), 3);
    let event = json!({"events": [{"flag_key": "f", "variation_key": "on", "user_id": "u"}]});
    let reported = sdk.post("/api/v1/sdk/events", &event);
    assert_eq!(reported.status, 202, "{}", reported.text());
    assert_eq!(evaluations(&Scrape::of(&sdk), "REPORTED"), 1);
}

#[test]
fn changes_rulesets_and_the_size_of_the_data_are_told() {
    let server = Server::start();
    let team = server.admin();
    let before = Scrape::of(&team.client);
    let outcome = |scrape: &Scrape, outcome| scrape.value("phaseflag_changes_total", &[("outcome", outcome)]);
    let version = |scrape: &Scrape, team: &Team| {
        scrape.value("phaseflag_ruleset_version", &[("environment_id", &team.development)])
    };
    team.create_flag("f", &json!({}));
    team.client.post(&team.flags(""), &Team::flag_body("f", &json!({}))).expect(409);
    let after = Scrape::of(&team.client);
    assert_eq!(outcome(&after, "committed"), outcome(&before, "committed") + 1);
    assert_eq!(outcome(&after, "refused"), outcome(&before, "refused") + 1);
    assert_eq!(outcome(&after, "failed"), 0);
    assert_eq!(version(&after, &team), version(&before, &team) + 1);
    let environments = after.value("phaseflag_environments", &[]);
    assert!(environments >= 1);
    assert_eq!(
        after.value("phaseflag_rulesets_published_total", &[]),
        before.value("phaseflag_rulesets_published_total", &[]) + environments
    );
    assert!(after.value("phaseflag_audit_entries", &[]) > before.value("phaseflag_audit_entries", &[]));
    assert_eq!(after.value("phaseflag_commit_duration_seconds_count", &[]), outcome(&after, "committed"));
    assert_eq!(after.value("phaseflag_database_up", &[]), 1);
    let size = std::fs::metadata(server.data()).expect("a data file").len();
    assert_eq!(after.value("phaseflag_database_size_bytes", &[]), size);
    assert_eq!(after.value("phaseflag_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1);
    let names = ["admin@example.com", "\"f\""];
    let text = team.client.get("/metrics").text();
    assert!(names.iter().all(|name| !text.contains(name)), "{text}");
}

#[test]
fn an_open_stream_is_counted_until_it_ends() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let streams = || Scrape::of(&sdk).value("phaseflag_streams", &[]);
    assert_eq!(streams(), 0);
    let stream = Stream::open(&sdk, "/api/v1/sdk/stream");
    assert_eq!(streams(), 1);
    drop(stream);
    while streams() > 0 {}
}

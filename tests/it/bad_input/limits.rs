//! The limits of the contract's B7: what is just within is accepted, one more is refused at its place.

use serde_json::{Value, json};

use super::{Bench, condition, rule};

/// Checks that `members(limit)` makes a flag and that `members(limit + 1)` is refused at `place`.
#[track_caller]
fn edge(limit: usize, place: &str, members: impl Fn(usize) -> Value) {
    let bench = Bench::start();
    edge_on(&bench, limit, place, members);
}

#[track_caller]
fn edge_on(bench: &Bench, limit: usize, place: &str, members: impl Fn(usize) -> Value) {
    let beyond = members(limit + 1);
    bench.create(&beyond).faults(400, "VALIDATION_ERROR", &[place]);
    let code = bench.create(&beyond).body();
    let told = code["error"]["message"].as_str().expect("a message").replace(',', "");
    assert!(told.contains(&limit.to_string()), "the limit is told: {told}");
    bench.unchanged();
    bench.create(&members(limit)).expect(201);
}

fn numbered<T: Into<Value>>(count: usize, make: impl Fn(usize) -> T) -> Value {
    (0..count).map(|number| make(number).into()).collect()
}

#[test]
fn a_hundred_variations() {
    edge(100, "variations", |count| {
        let variation = |number| json!({"key": format!("v{number}"), "value": "x"});
        json!({"flag_type": "string", "default_variation": "v0", "variations": numbered(count, variation)})
    });
}

#[test]
fn two_hundred_rules() {
    edge(
        200,
        "targeting_rules",
        |count| json!({"targeting_rules": numbered(count, |_| json!({"conditions": [], "variation": "on"}))}),
    );
}

#[test]
fn fifty_conditions() {
    edge(50, "targeting_rules[0].conditions", |count| {
        let one = |_| json!({"attribute": "x", "operator": "is", "value": "y"});
        rule(&json!({"variation": "on", "conditions": numbered(count, one)}))
    });
}

#[test]
fn two_hundred_regular_expressions() {
    let pattern =
        |number: usize| json!({"attribute": "x", "operator": "matches_regex", "value": format!("{number}")});
    edge(200, "targeting_rules", |count| {
        let patterns: Vec<Value> = (0..count).map(pattern).collect();
        let rules = patterns.chunks(50).map(|some| json!({"variation": "on", "conditions": some}));
        json!({"targeting_rules": rules.collect::<Value>()})
    });
}

#[test]
fn five_thousand_values_of_a_list() {
    edge(5_000, "targeting_rules[0].conditions[0].value", |count| {
        condition("one_of", &numbered(count, |number| number))
    });
}

#[test]
fn sixty_four_kibibytes_of_a_value() {
    edge(65_536, "variations[0].value", |bytes| {
        let text = "x".repeat(bytes - 2);
        json!({"flag_type": "string", "variations": [{"key": "off", "value": text}]})
    });
}

#[test]
fn ten_levels_of_a_value() {
    edge(10, "variations[0].value", |depth| {
        let nested = (0..depth).fold(json!(1), |inner, _| json!({"inner": inner}));
        json!({"flag_type": "json", "variations": [{"key": "off", "value": nested}]})
    });
}

#[test]
fn fifty_tags() {
    edge(50, "tags", |count| json!({"tags": numbered(count, |number| format!("tag {number}"))}));
}

#[test]
fn twenty_prerequisites() {
    let bench = Bench::start();
    let needed = bench.team.new_project("needed");
    for number in 0..21 {
        needed.create_flag(&format!("p{number}"), &json!({}));
    }
    let one = |number| json!({"flag_key": format!("p{number}"), "variation_key": "off"});
    let make = |count| {
        let body = json!({"prerequisites": numbered(count, one)});
        needed.client.post(&needed.flags(""), &crate::support::Team::flag_body("b", &body))
    };
    make(21).faults(400, "VALIDATION_ERROR", &["prerequisites"]);
    needed.client.get(&needed.flags("/b")).refused(404, "FLAG_NOT_FOUND");
    make(20).expect(201);
}

#[test]
fn lengths_of_texts() {
    let text = |length: usize| "é".repeat(length);
    for (limit, place, members) in [
        (200, "name", (|text| json!({"name": text})) as fn(String) -> Value),
        (2_000, "description", |text| json!({"description": text})),
        (
            200,
            "variations[0].name",
            |text| json!({"variations": [{"key": "on", "name": text, "value": true}, {"key": "off", "value": false}]}),
        ),
        (200, "targeting_rules[0].name", |text| rule(&json!({"name": text, "variation": "on"}))),
        (200, "bucketing.salt", |text| json!({"bucketing": {"algorithm": "murmur3", "salt": text}})),
        (200, "bucketing.by", |text| json!({"bucketing": {"algorithm": "murmur3", "by": text}})),
    ] {
        edge(limit, place, |length| members(text(length)));
    }
}

#[test]
fn keys_of_variations_have_128_characters() {
    let bench = Bench::start();
    let members = |length: usize| {
        let key = "K".repeat(length);
        json!({"variations": [{"key": key, "value": true}, {"key": "off", "value": false}]})
    };
    edge_on(&bench, 128, "variations[0].key", members);
}

#[test]
fn five_hundred_characters_of_a_pattern() {
    let bench = Bench::start();
    let place = "targeting_rules[0].conditions[0].value";
    let pattern = |length: usize| condition("matches_regex", &json!("é".repeat(length)));
    bench.refuses(&pattern(501), 422, "RULE_INVALID", &[place]);
    bench.create(&pattern(500)).expect(201);
}

#[test]
fn a_mebibyte_of_a_body() {
    let bench = Bench::start();
    // White space is part of a body.
    let body = json!({"name": "A"}).to_string();
    let padded = |size: usize| body.clone() + &" ".repeat(size - body.len());
    let put = |size| bench.team.client.json("PUT", &bench.team.flags("/a"), &padded(size));
    let details = put((1 << 20) + 1).refused(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(details["limit_bytes"], 1 << 20);
    bench.unchanged();
    put(1 << 20).expect(200);
}

#[test]
fn names_are_one_line_and_not_blank() {
    let bench = Bench::start();
    for name in ["", "   ", "two\nlines", "bell\u{7}"] {
        bench.refuses(&json!({"name": name}), 400, "VALIDATION_ERROR", &["name"]);
    }
}

//! Bad input: it is refused with the code that the contract gives it, with its place, and nothing has changed.

mod limits;
mod together;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, Team};

/// A server with the boolean flag `a`, of which nothing may change.
struct Bench {
    _server: Server,
    team: Team,
    sdk: Client,
    before: [Value; 4],
}

impl Bench {
    fn start() -> Self {
        let server = Server::start();
        let team = server.admin();
        team.create_flag("a", &json!({}));
        let sdk = team.sdk(&team.development, "server");
        let before = state(&team, &sdk);
        Self { _server: server, team, sdk, before }
    }

    /// Makes the flag `b`: a sound one but for `overrides`.
    fn create(&self, overrides: &Value) -> Answer {
        self.team.client.post(&self.team.flags(""), &Team::flag_body("b", overrides))
    }

    /// Changes the flag `a`.
    fn update(&self, change: &Value) -> Answer {
        self.team.client.put(&self.team.flags("/a"), change)
    }

    /// Sends text that says it is JSON, to make a flag and to change one.
    fn send(&self, text: &str) -> [Answer; 2] {
        let team = &self.team;
        [team.client.json("POST", &team.flags(""), text), team.client.json("PUT", &team.flags("/a"), text)]
    }

    /// Checks that these members are refused alike in a new flag and in a change of one, for these places.
    #[track_caller]
    fn refuses(&self, members: &Value, status: u16, code: &str, places: &[&str]) {
        self.create(members).faults(status, code, places);
        self.update(members).faults(status, code, places);
        self.unchanged();
    }

    /// Checks that the flag is as it was, that there is no other, and that no ruleset has a new version.
    #[track_caller]
    fn unchanged(&self) {
        assert_eq!(state(&self.team, &self.sdk), self.before);
    }
}

/// Every flag in every environment, and the version of the ruleset.
fn state(team: &Team, sdk: &Client) -> [Value; 4] {
    let flags = |environment: &str| {
        team.client.get(&format!("/api/v1/flags?environment_id={environment}")).expect(200)
    };
    let version = sdk.get("/api/v1/sdk/ruleset").expect(200)["version"].clone();
    [flags(&team.development), flags(&team.staging), flags(&team.production), version]
}

fn rule(members: &Value) -> Value {
    let mut rule = json!({"conditions": []});
    for (name, value) in members.as_object().expect("an object") {
        rule[name] = value.clone();
    }
    json!({"targeting_rules": [rule]})
}

fn condition(operator: &str, value: &Value) -> Value {
    rule(
        &json!({"variation": "on", "conditions": [{"attribute": "x", "operator": operator, "value": value}]}),
    )
}

#[test]
fn a_key_has_no_capitals_no_slash_and_at_most_128_characters() {
    let bench = Bench::start();
    for key in ["New-Nav", "a/b", &"k".repeat(129), "", "-a", ".a", "a b", "é", "a\n", "a\u{0}"] {
        bench.create(&json!({"key": key})).faults(400, "VALIDATION_ERROR", &["key"]);
    }
    bench.unchanged();
    bench.create(&json!({"key": "k".repeat(128)})).expect(201);
}

#[test]
fn a_boolean_flag_has_not_one_variation() {
    let one = json!({"variations": [{"key": "off", "value": false}]});
    Bench::start().refuses(&one, 422, "VARIATION_COUNT_INVALID", &["variations"]);
}

#[test]
fn a_boolean_flag_has_not_three_variations() {
    let on = |key: &str| json!({"key": key, "value": true});
    let three = json!({"variations": [on("on"), {"key": "off", "value": false}, on("maybe")]});
    Bench::start().refuses(&three, 422, "VARIATION_COUNT_INVALID", &["variations"]);
}

#[test]
fn a_boolean_flag_has_not_two_equal_values() {
    let equal = json!({"variations": [{"key": "on", "value": true}, {"key": "off", "value": true}]});
    Bench::start().refuses(&equal, 422, "VARIATION_VALUE_INVALID", &["variations"]);
}

#[test]
fn the_default_variation_exists() {
    let places = ["default_variation"];
    Bench::start().refuses(&json!({"default_variation": "maybe"}), 422, "VARIATION_NOT_FOUND", &places);
}

#[test]
fn a_rule_serves_a_variation_that_exists() {
    let bench = Bench::start();
    let members = rule(&json!({"variation": "maybe"}));
    bench.refuses(&members, 422, "VARIATION_NOT_FOUND", &["targeting_rules[0].variation"]);
    let members = rule(&json!({"percentage_rollout": [{"variation": "maybe", "percentage": 1}]}));
    let place = "targeting_rules[0].percentage_rollout[0].variation";
    bench.refuses(&members, 422, "VARIATION_NOT_FOUND", &[place]);
}

#[test]
fn a_rollout_of_60_and_50_is_too_much() {
    let shares = json!([{"variation": "on", "percentage": 60}, {"variation": "off", "percentage": 50}]);
    let members = rule(&json!({"percentage_rollout": shares}));
    let places = ["targeting_rules[0].percentage_rollout"];
    Bench::start().refuses(&members, 422, "RULE_ROLLOUT_EXCEEDS_100", &places);
}

#[test]
fn a_share_is_a_number_of_percent() {
    let bench = Bench::start();
    let place = "targeting_rules[0].percentage_rollout[0].percentage";
    let share = |percentage: Value| {
        rule(&json!({"percentage_rollout": [{"variation": "on", "percentage": percentage}]}))
    };
    for malformed in [json!(-1), json!(-0.001), json!("25"), json!(null), json!(true)] {
        bench.refuses(&share(malformed), 400, "VALIDATION_ERROR", &[place]);
    }
    bench.refuses(&share(json!(101)), 422, "RULE_ROLLOUT_EXCEEDS_100", &[place]);
    bench.refuses(&share(json!(0.5)), 422, "RULE_INVALID", &[place]);
    bench.refuses(&share(json!(1e300)), 422, "RULE_ROLLOUT_EXCEEDS_100", &[place]);
    let empty = rule(&json!({"percentage_rollout": []}));
    bench.refuses(&empty, 400, "VALIDATION_ERROR", &["targeting_rules[0].percentage_rollout"]);
    let fine = json!({"bucketing": {"algorithm": "murmur3"}});
    bench.update(&fine).expect(200);
    bench.update(&share(json!(0.125))).expect(200);
    let back = bench.update(&json!({"bucketing": {"algorithm": "djb2"}}));
    back.faults(422, "RULE_INVALID", &["bucketing"]);
    bench.update(&share(json!(0.0001))).faults(422, "RULE_INVALID", &[place]);
}

#[test]
fn a_rule_has_not_both_a_variation_and_a_rollout() {
    let both = json!({"variation": "on", "percentage_rollout": [{"variation": "on", "percentage": 1}]});
    Bench::start().refuses(&rule(&both), 400, "VALIDATION_ERROR", &["targeting_rules[0]"]);
}

#[test]
fn a_rule_has_a_variation_or_a_rollout() {
    Bench::start().refuses(&rule(&json!({})), 400, "VALIDATION_ERROR", &["targeting_rules[0]"]);
}

#[test]
fn a_number_beyond_every_float_is_no_json() {
    let bench = Bench::start();
    for answer in bench.send(r#"{"targeting_rules": [{"priority": 1e999}]}"#) {
        answer.refused(400, "VALIDATION_ERROR");
    }
    bench.unchanged();
}

#[test]
fn a_number_value_is_exact() {
    let bench = Bench::start();
    let number = |value: Value| json!({"flag_type": "number", "variations": [{"key": "off", "value": 1}, {"key": "on", "value": value}]});
    for inexact in [json!(9_007_199_254_740_992_i64), json!(-9_007_199_254_740_992_i64), json!(1e300)] {
        let refused = bench.create(&number(inexact));
        refused.faults(422, "VARIATION_VALUE_INVALID", &["variations[1].value"]);
    }
    for other in [json!("1"), json!(true), json!(null), json!([1])] {
        let refused = bench.create(&number(other));
        refused.faults(422, "VARIATION_VALUE_INVALID", &["variations[1].value"]);
    }
    bench.unchanged();
    bench.create(&number(json!(9_007_199_254_740_991_i64))).expect(201);
}

#[test]
fn values_fit_the_type_of_the_flag() {
    let bench = Bench::start();
    for (flag_type, sound, misfit) in [
        ("boolean", [json!(true), json!(false)], json!("true")),
        ("boolean", [json!(true), json!(false)], json!(0)),
        ("string", [json!("a"), json!("")], json!(1)),
        ("string", [json!("a"), json!("")], json!(null)),
        ("json", [json!({}), json!([])], json!("{}")),
        ("json", [json!({}), json!([])], json!(null)),
    ] {
        let flag = |off: &Value| {
            let variations = json!([{"key": "on", "value": sound[0]}, {"key": "off", "value": off}]);
            json!({"flag_type": flag_type, "variations": variations})
        };
        let refused = bench.create(&flag(&misfit));
        refused.faults(422, "VARIATION_VALUE_INVALID", &["variations[1].value"]);
        bench.unchanged();
        let mut body = flag(&sound[1]);
        body["key"] = json!(format!("{flag_type}-{}", misfit.is_string()));
        Bench::start().create(&body).expect(201);
    }
}

#[test]
fn a_lone_surrogate_is_no_json() {
    let bench = Bench::start();
    for answer in bench.send(r#"{"name": "\ud800"}"#) {
        answer.refused(400, "VALIDATION_ERROR");
    }
    bench.unchanged();
}

#[test]
fn two_hundred_lists_in_each_other_are_too_deep() {
    let bench = Bench::start();
    for answer in bench.send(&format!(r#"{{"name": {}{}}}"#, "[".repeat(200), "]".repeat(200))) {
        answer.refused(400, "VALIDATION_ERROR");
    }
    bench.unchanged();
}

#[test]
fn a_regular_expression_is_of_linear_time() {
    let bench = Bench::start();
    let place = "targeting_rules[0].conditions[0].value";
    for pattern in ["(?=a)b", r"(a)\1", "(", "x{1000}{1000}", "[a"] {
        bench.refuses(&condition("matches_regex", &json!(pattern)), 422, "RULE_INVALID", &[place]);
    }
}

#[test]
fn an_operand_has_its_type_and_its_meaning() {
    let bench = Bench::start();
    let place = "targeting_rules[0].conditions[0].value";
    for (operator, mistyped) in [
        ("is", json!(null)),
        ("is", json!(["a"])),
        ("contains", json!({})),
        ("one_of", json!([["a"]])),
        ("one_of", json!({"a": 1})),
        ("gt", json!(true)),
        ("lt", json!([1])),
        ("matches_regex", json!(5)),
        ("version_gt", json!(1.2)),
    ] {
        bench.refuses(&condition(operator, &mistyped), 400, "VALIDATION_ERROR", &[place]);
    }
    for (operator, meaningless) in
        [("gt", "ten"), ("lt", ""), ("version_lt", "one"), ("version_gt", "1.2.3.4")]
    {
        bench.refuses(&condition(operator, &json!(meaningless)), 422, "RULE_INVALID", &[place]);
    }
    let unknown = condition("sounds_like", &json!("x"));
    bench.refuses(&unknown, 400, "VALIDATION_ERROR", &["targeting_rules[0].conditions[0].operator"]);
}

#[test]
fn words_are_spelled_as_documented() {
    let bench = Bench::start();
    bench.create(&json!({"flag_type": "Boolean"})).faults(400, "VALIDATION_ERROR", &["flag_type"]);
    bench.refuses(&json!({"classification": "other"}), 400, "VALIDATION_ERROR", &["classification"]);
    let algorithm = json!({"bucketing": {"algorithm": "md5"}});
    bench.refuses(&algorithm, 400, "VALIDATION_ERROR", &["bucketing.algorithm"]);
    bench.update(&json!({"status": "on"})).faults(400, "VALIDATION_ERROR", &["status"]);
    bench.unchanged();
}

#[test]
fn an_unknown_field_is_refused() {
    let bench = Bench::start();
    bench.refuses(&json!({"colour": "red"}), 400, "VALIDATION_ERROR", &["colour"]);
    let nested = rule(&json!({"variation": "on", "serve": "on"}));
    bench.refuses(&nested, 400, "VALIDATION_ERROR", &["targeting_rules[0].serve"]);
}

#[test]
fn a_body_of_two_mebibytes_is_too_large() {
    let bench = Bench::start();
    for answer in bench.send(&format!(r#"{{"name": "{}"}}"#, "x".repeat(2 << 20))) {
        answer.refused(413, "PAYLOAD_TOO_LARGE");
    }
    bench.unchanged();
}

#[test]
fn a_body_says_that_it_is_json() {
    let bench = Bench::start();
    let (client, path) = (&bench.team.client, bench.team.flags("/a"));
    let body = json!({"name": "A"}).to_string();
    for wrong in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/json; charset=latin1",
    ] {
        let answer = client.with("Content-Type", wrong).json("PUT", &path, &body);
        answer.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    client.send("PUT", &path, Some(body.as_bytes())).refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let packed = client.with("Content-Encoding", "gzip").json("PUT", &path, &body);
    packed.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    bench.unchanged();
    client.with("Content-Type", "Application/JSON; charset=UTF-8").json("PUT", &path, &body).expect(200);
}

#[test]
fn broken_json_is_refused() {
    let bench = Bench::start();
    for broken in
        ["{", "nope", "", "{\"name\": \"A\"} x", "{'name': 1}", r#"{"name": "A", "name": "B"}"#, "\u{feff}{}"]
    {
        for answer in bench.send(broken) {
            let details = answer.refused(400, "VALIDATION_ERROR");
            assert_eq!(details["fields"].as_array().map(Vec::len), Some(1), "{details}");
        }
    }
    for no_object in ["null", "[]", "\"x\"", "1"] {
        for answer in bench.send(no_object) {
            answer.faults(400, "VALIDATION_ERROR", &[""]);
        }
    }
    let latin1 = bench.team.client.with("Content-Type", "application/json");
    latin1
        .send("PUT", &bench.team.flags("/a"), Some(b"{\"name\": \"\xe9\"}"))
        .refused(400, "VALIDATION_ERROR");
    bench.unchanged();
}

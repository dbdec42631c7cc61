//! Two clients, written from the contract's A6, A7 and A8 alone and sharing nothing with the server or each other:
//! what they compute from a ruleset is what the server answers, for generated flags and users.

mod documented;
mod generate;
mod published;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::support::{Client, Server};
use generate::{Generated, User};

/// Flags that are generated.
const FLAGS: usize = 260;
/// Users who ask for each of them.
const USERS: usize = 80;
/// Every how many users a flag is also asked for in the form of the published SDKs.
const SDK_FORM_EVERY: usize = 20;

/// A server with the generated flags, and the users who ask for them.
struct World {
    _server: Server,
    sdk: Client,
    flags: Vec<Generated>,
    users: Vec<User>,
}

impl World {
    fn new(seed: u64) -> Self {
        let server = Server::start();
        let team = server.admin();
        let mut random = fastrand::Rng::with_seed(seed);
        let flags = generate::flags(&mut random, FLAGS);
        for flag in &flags {
            team.client.post(&team.flags(""), &flag.body).expect(201);
            let path = team.flags(&format!("/{}", flag.key));
            match flag.status {
                "inactive" => drop(team.client.put(&path, &json!({"status": "inactive"})).expect(200)),
                "archived" => drop(team.client.delete(&path).expect(204)),
                _ => {}
            }
        }
        let users = generate::users(&mut random, USERS);
        let sdk = team.sdk(&team.development, "server");
        Self { _server: server, sdk, flags, users }
    }

    fn ruleset(&self) -> Value {
        self.sdk.get("/api/v1/sdk/ruleset").expect(200)
    }

    /// The flags that a ruleset has.
    fn live(&self) -> impl Iterator<Item = &Generated> {
        self.flags.iter().filter(|flag| flag.status != "archived")
    }

    /// What the server answers for every flag, in the documented form.
    fn remote(&self, user: &User) -> Map<String, Value> {
        let context = json!({"user_key": user.id, "session_id": user.session, "attributes": user.attributes});
        let answer = self.sdk.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": context}));
        answer.expect(200)["data"]["evaluations"].as_object().expect("an object").clone()
    }

    /// What the server answers for one flag, in the form of the published SDKs.
    fn remote_flat(&self, flag: &Generated, user: &User, camel: bool) -> Value {
        let names = if camel { ["userId", "sessionId"] } else { ["user_id", "session_id"] };
        let mut context = json!({"attributes": user.attributes});
        for (name, value) in names.into_iter().zip([&user.id, &user.session]) {
            if let Some(value) = value {
                context[name] = json!(value);
            }
        }
        self.sdk.post("/api/v1/evaluate", &json!({"flag_key": flag.key, "context": context})).expect(200)
    }
}

fn lower(reason: &Value) -> &'static str {
    match reason.as_str() {
        Some("TARGETING_RULE") => "targeting_match",
        Some("PERCENTAGE_ROLLOUT") => "percentage_rollout",
        Some("DEFAULT") => "default",
        Some("DISABLED") => "disabled",
        Some("PREREQUISITE") => "prerequisite_failed",
        other => panic!("no reason is called {other:?}"),
    }
}

#[test]
fn a_published_sdk_answers_locally_as_the_server_does() {
    let world = World::new(1);
    let client = published::Sdk::parse(&world.ruleset());
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, user) in world.users.iter().enumerate() {
        let remote = user.id.is_some().then(|| world.remote(user));
        for (index, flag) in world.live().enumerate() {
            let local = client.evaluate(&flag.key, user);
            let place = format!("{} for {user:?}", flag.body);
            if flag.beyond_sdks() {
                assert_eq!(local["reason"], "default", "{place}");
                assert_eq!(local["variation_key"], flag.body["default_variation"], "{place}");
            }
            let compare = |remote: &Value, reason: &str| {
                assert_eq!(local["value"].to_string(), remote["value"].to_string(), "{place}");
                assert_eq!(local["variation_key"], remote["variation_key"], "{place}");
                assert_eq!(local["reason"], reason, "{place}");
            };
            if let Some(remote) = remote.as_ref().map(|remote| &remote[&flag.key]) {
                let reason = lower(&remote["reason"]);
                *reasons.entry(reason).or_default() += 1;
                if !flag.beyond_sdks() {
                    compare(remote, reason);
                }
            }
            if remote.is_none() || (index + number) % SDK_FORM_EVERY == 0 {
                let remote = world.remote_flat(flag, user, number % 2 == 0);
                if !flag.beyond_sdks() {
                    compare(&remote, remote["reason"].as_str().expect("a reason"));
                    assert_eq!(local["variation_id"], remote["variation_id"], "{place}");
                }
            }
        }
    }
    for reason in ["targeting_match", "percentage_rollout", "default", "disabled", "prerequisite_failed"] {
        assert!(reasons.get(reason).is_some_and(|times| *times > 200), "{reason} is too rare: {reasons:?}");
    }
}

#[test]
fn a_client_of_the_documented_shape_answers_locally_as_the_server_does() {
    let world = World::new(2);
    let client = documented::Rules::parse(&world.ruleset());
    let mut compared = 0;
    for user in world.users.iter().filter(|user| user.id.is_some()) {
        let remote = world.remote(user);
        assert_eq!(remote.len(), world.live().count());
        // The documented shape has neither prerequisites nor bucketing.
        for flag in world.live().filter(|flag| !flag.off() || flag.status == "inactive") {
            if flag.demands() || flag.buckets_otherwise() {
                continue;
            }
            let (local, remote) = (client.evaluate(&flag.key, user), &remote[&flag.key]);
            let place = format!("{} for {user:?}", flag.body);
            assert_eq!(local.value.to_string(), remote["value"].to_string(), "{place}");
            assert_eq!(
                (json!(local.reason), json!(local.rule_id)),
                (remote["reason"].clone(), remote["rule_id"].clone()),
                "{place}"
            );
            assert_eq!(remote["variation_key"], *local.variation_key, "{place}");
            compared += 1;
        }
    }
    assert!(compared > 5_000, "{compared}");
}

#[test]
fn flags_that_the_sdks_cannot_compute_are_marked() {
    let world = World::new(3);
    let ruleset = world.ruleset();
    let published = ruleset["flags"].as_array().expect("a list");
    assert_eq!(published.len(), world.live().count());
    let mut seen: BTreeMap<(bool, bool), usize> = BTreeMap::new();
    for flag in world.live() {
        let shown = published.iter().find(|shown| shown["key"] == flag.key).expect("every flag is there");
        let tags = shown["tags"].as_array().expect("a list");
        let marked = tags.iter().any(|tag| tag == "server-evaluated");
        assert_eq!(marked, flag.beyond_sdks() && !flag.off(), "{}", flag.body);
        let expected_rules = if flag.beyond_sdks() { 0 } else { flag.rules().len() };
        assert_eq!(shown["targeting_rules"].as_array().map(Vec::len), Some(expected_rules), "{}", flag.body);
        *seen.entry((flag.beyond_sdks(), flag.off())).or_default() += 1;
    }
    for kind in [(false, false), (true, false), (true, true)] {
        assert!(seen.get(&kind).is_some_and(|times| *times > 20), "{kind:?} is too rare: {seen:?}");
    }
}

#[test]
fn the_generator_leaves_nothing_out() {
    let flags = generate::flags(&mut fastrand::Rng::with_seed(1), FLAGS);
    let text = json!(flags.iter().map(|flag| &flag.body).collect::<Vec<_>>()).to_string();
    for operator in generate::OPERATORS {
        assert!(text.matches(&format!("\"{operator}\"")).count() > 10, "{operator}");
    }
    for flag_type in ["boolean", "string", "number", "json"] {
        assert!(flags.iter().filter(|flag| flag.body["flag_type"] == flag_type).count() > 20, "{flag_type}");
    }
    let ties = flags.iter().filter(|flag| {
        let mut priorities: Vec<_> = flag.rules().iter().map(|rule| rule["priority"].as_i64()).collect();
        priorities.sort_unstable();
        priorities.windows(2).any(|pair| pair[0] == pair[1])
    });
    assert!(ties.count() > 20);
}

#[test]
fn a_client_polls_and_sees_changes() {
    let server = Server::start();
    let team = server.admin();
    let sdk = team.sdk(&team.development, "server");
    let user = User { id: Some("u".into()), session: None, attributes: json!({}) };
    team.create_flag("a", &json!({"targeting_rules": [{"conditions": [], "variation": "on"}]}));
    for enabled in [false, true, false] {
        team.client.post(&team.flags("/a/toggle"), &json!({"enabled": enabled})).expect(200);
        let client = published::Sdk::parse(&sdk.get("/api/v1/sdk/ruleset").expect(200));
        assert_eq!(client.evaluate("a", &user)["value"], enabled);
    }
}

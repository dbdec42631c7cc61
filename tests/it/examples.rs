//! The examples of the description of the API are exchanges that really happen: every request is sent, and every
//! answer compared member by member. Only identifiers, moments and secrets may differ, and those are learned: where
//! an example names something that an earlier example made, the request names what was really made.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::support::{Answer, Client, Server};

/// Every operation, in an order in which a person could call them.
const ORDER: &[&str] = &[
    "register",
    "login",
    "refresh",
    "getMe",
    "listUsers",
    "verifyAuditLog",
    "listProjects",
    "createProject",
    "getProject",
    "updateProject",
    "followProject",
    "listEnvironments",
    "createEnvironment",
    "getEnvironment",
    "updateEnvironment",
    "freezeEnvironment",
    "unfreezeEnvironment",
    "createApiKey",
    "listApiKeys",
    "createFlag",
    "updateFlag",
    "toggleFlag",
    "evaluate",
    "ofrepEvaluateFlag",
    "ofrepEvaluateFlags",
    "ofrepFollow",
    "getRuleset",
    "getBootstrap",
    "followChanges",
    "reportEvents",
    "getFlag",
    "listFlags",
    "getFlagHistory",
    "getFlagDependents",
    "listFlagRevisions",
    "diffFlagRevisions",
    "getFlagRevision",
    "getFlagStats",
    "getEnvironmentStats",
    "getHealth",
    "getSetup",
    "getReady",
    "listOperators",
    "createSegment",
    "getSegment",
    "listSegments",
    "updateSegment",
    "deleteSegment",
    "createWebhook",
    "getWebhook",
    "listWebhooks",
    "updateWebhook",
    "rotateWebhookSecret",
    "testWebhook",
    "listWebhookDeliveries",
    "getWebhookDelivery",
    "redeliverWebhookDelivery",
    "deleteWebhook",
    "exportProject",
    "importProject",
    "explainFlag",
    "previewFlag",
    "compareEnvironments",
    "promoteFlag",
    "promoteEnvironment",
    "listAuditLogs",
    "rollBackFlag",
    "archiveFlag",
    "rotateApiKey",
    "restoreFlag",
    "cloneFlag",
    "restoreEnvironment",
    "createSchedule",
    "listSchedules",
    "getSchedule",
    "createRamp",
    "getRamp",
    "listRamps",
    "listUpcomingSchedules",
    "pauseRamp",
    "resumeRamp",
    "cancelRamp",
    "rollBackRamp",
    "cancelSchedule",
    "revokeApiKey",
    "deleteEnvironment",
    "deleteProject",
    "updateMe",
    "createOrganization",
    "listOrganizations",
    "getOrganization",
    "updateOrganization",
    "createInvitation",
    "listInvitations",
    "acceptInvitation",
    "revokeInvitation",
    "listMembers",
    "setMemberRole",
    "removeMember",
    "createPersonalToken",
    "listPersonalTokens",
    "revokePersonalToken",
    "createUser",
    "resetPassword",
    "changePassword",
];
/// What the second account of the examples does; everything else is done by the first.
const OF_THE_SECOND: [&str; 1] = ["acceptInvitation"];
/// How the access tokens of the two begin in the examples.
const TOKENS: [&str; 2] =
    ["eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.first", "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.grace"];
/// The operation that ends what all others need.
const LAST: &str = "logout";

/// The operation that no other server does; it has no bodies to show.
const THROWAWAY: &str = "resetTesting";

/// Members whose text is a secret, or opaque.
const OPAQUE: [&str; 13] = [
    // A sentence with a date in it.
    "because",
    "access_token",
    "refresh_token",
    "token",
    "url",
    "key",
    "prefix",
    "next_cursor",
    "head",
    "request_id",
    "requestUri",
    "secret",
    // What is sent: it names the moment.
    "request_body",
];
/// Letters and digits of an identifier after its prefix.
const ULID: usize = 26;

#[test]
fn every_example_really_happens() {
    let server = Server::start();
    let document = server.anonymous().get("/openapi.json").expect(200);
    let mut operations = operations(&document);
    let mut walk = Walk { client: server.anonymous(), known: HashMap::new() };
    for id in ORDER.iter().copied().chain([LAST]) {
        let operation = operations.remove(id).unwrap_or_else(|| panic!("there is no operation {id}"));
        for (request, response) in operation.exchanges() {
            let answer = walk.send(&operation, request);
            let (status, _) = operation.success();
            assert_eq!(answer.status.to_string(), status, "{id}: {}", answer.text());
            match response {
                Some(Value::String(events)) => walk.compare_events(events, &answer.text(), id),
                Some(example) => walk.compare(example, &answer.body(), id, ""),
                None => assert!(answer.bytes.is_empty(), "{id}: {}", answer.text()),
            }
        }
    }
    operations.retain(|id, operation| !operation.answers_a_file() && *id != THROWAWAY);
    assert!(operations.is_empty(), "not in the walk: {:?}", operations.keys());
}

/// An operation of the document.
struct Operation<'d> {
    method: String,
    path: &'d str,
    description: &'d Value,
}

fn operations(document: &Value) -> HashMap<&str, Operation<'_>> {
    let mut operations = HashMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, description) in item.as_object().expect("an item") {
            let id = description["operationId"].as_str().expect("an id");
            operations.insert(id, Operation { method: method.to_uppercase(), path, description });
        }
    }
    operations
}

impl<'d> Operation<'d> {
    /// The status of success, with its answer.
    fn success(&self) -> (&'d str, &'d Value) {
        let responses = self.description["responses"].as_object().expect("responses");
        let found = responses.iter().find(|(status, _)| status.starts_with('2'));
        found.map(|(status, answer)| (status.as_str(), answer)).expect("a success")
    }

    /// Whether it answers what no example can show.
    fn answers_a_file(&self) -> bool {
        let content = &self.success().1["content"];
        ["application/octet-stream", "text/plain; charset=utf-8"]
            .iter()
            .any(|kind| content.get(kind).is_some())
    }

    /// Whether it asks for these credentials.
    fn asks(&self, scheme: &str) -> bool {
        let schemes = self.description["security"].as_array().map_or(&[][..], Vec::as_slice);
        schemes.iter().any(|it| it.get(scheme).is_some())
    }

    /// Request and answer of every example. What has a body has an example of it.
    fn exchanges(&self) -> Vec<(Option<&'d Value>, Option<&'d Value>)> {
        let requests = shown(&self.description["requestBody"]);
        let responses = shown(self.success().1);
        if requests.is_empty() {
            return vec![(None, responses.first().copied())];
        }
        assert!(responses.is_empty() || responses.len() == requests.len(), "{}", self.path);
        let response = |index: usize| responses.get(index).copied();
        requests.iter().enumerate().map(|(index, request)| (Some(*request), response(index))).collect()
    }
}

fn shown(body: &Value) -> Vec<&Value> {
    let content = body["content"].as_object();
    let Some(media) = content.and_then(|content| content.values().next()) else { return Vec::new() };
    if let Some(example) = media.get("example") {
        return vec![example];
    }
    let several = media["examples"].as_object().unwrap_or_else(|| panic!("no example: {media}"));
    several.values().map(|example| &example["value"]).collect()
}

/// Somebody who follows the examples.
struct Walk {
    client: Client,
    /// What the names of the examples are in truth.
    known: HashMap<String, Value>,
}

impl Walk {
    fn send(&self, operation: &Operation<'_>, request: Option<&Value>) -> Answer {
        let mut path = operation.path.to_owned();
        let mut query = Vec::new();
        for parameter in operation.description["parameters"].as_array().into_iter().flatten() {
            let (name, example) = (parameter["name"].as_str().expect("a name"), parameter.get("example"));
            let required = parameter["required"] == true;
            assert!(example.is_some() || !required, "{path}: {name} has no example");
            let Some(example) = example.map(|example| self.real(example)) else { continue };
            let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            match parameter["in"].as_str() {
                Some("path") => path = path.replace(&format!("{{{name}}}"), &text),
                Some("query") => query.push(format!("{name}={text}")),
                other => panic!("{path}: {name} is in {other:?}"),
            }
        }
        if operation.asks("StreamToken") {
            // The address that an answer had, but for what it says of that answer.
            let address = self.known(operation.path);
            query.extend(address.split(['?', '&']).find(|it| it.starts_with("token=")).map(str::to_owned));
        }
        let address = format!("{path}?{}", query.join("&"));
        let client = self.identified(operation);
        match request {
            Some(body) => client.json(&operation.method, &address, &self.real(body).to_string()),
            None => client.send(&operation.method, &address, None),
        }
    }

    /// The client with the credentials that the operation asks for.
    fn identified(&self, operation: &Operation<'_>) -> Client {
        if operation.asks("AccessToken") {
            let id = operation.description["operationId"].as_str().expect("an id");
            let [first, second] = TOKENS.map(|token| self.known(token));
            self.client.bearer(if OF_THE_SECOND.contains(&id) { second } else { first })
        } else if operation.asks("ApiKey") {
            self.client.with("X-API-Key", self.known("sdk-dev-example"))
        } else {
            self.client.clone()
        }
    }

    /// What an example that begins like this is in truth.
    fn known(&self, begin: &str) -> &str {
        let found = self.known.iter().find(|(example, _)| example.starts_with(begin));
        found.and_then(|(_, real)| real.as_str()).unwrap_or_else(|| panic!("no {begin} is known"))
    }

    /// An example with the names of what really is there.
    fn real(&self, example: &Value) -> Value {
        match example {
            Value::String(text) => self.known.get(text).unwrap_or(example).clone(),
            Value::Array(elements) => elements.iter().map(|element| self.real(element)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, member)| (name.clone(), self.real(member))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => example.clone(),
        }
    }

    /// The name of a member, which may have that of something in brackets.
    fn real_name(&self, name: &str) -> String {
        let Some((_, rest)) = name.split_once('[') else { return name.to_owned() };
        let id = rest.split(']').next().unwrap_or_default();
        name.replace(id, self.known.get(id).and_then(Value::as_str).unwrap_or(id))
    }

    /// Compares events line by line.
    fn compare_events(&mut self, example: &str, real: &str, place: &str) {
        assert_eq!(example.lines().count(), real.lines().count(), "{place}: {real}");
        for (shown, answered) in example.lines().zip(real.lines()) {
            match (shown.strip_prefix("data: "), answered.strip_prefix("data: ")) {
                (Some(shown), Some(answered)) => {
                    let [shown, answered] =
                        [shown, answered].map(|it| serde_json::from_str(it).expect("JSON"));
                    self.compare(&shown, &answered, place, "");
                }
                _ => assert_eq!(shown, answered, "{place}"),
            }
        }
    }

    /// Compares an example with what was really answered, and learns the names in it.
    fn compare(&mut self, example: &Value, real: &Value, place: &str, member: &str) {
        match (example, real) {
            (Value::Object(shown), Value::Object(answered)) => {
                let names = |object: &Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
                let wanted: Vec<String> = names(shown).iter().map(|name| self.real_name(name)).collect();
                assert_eq!(wanted, names(answered), "the members of {place}");
                for ((name, value), wanted) in shown.iter().zip(&wanted) {
                    self.compare(value, &answered[wanted], &format!("{place}.{name}"), name);
                }
            }
            (Value::Array(shown), Value::Array(answered)) => {
                assert_eq!(shown.len(), answered.len(), "the elements of {place}");
                for (index, (value, real)) in shown.iter().zip(answered).enumerate() {
                    self.compare(value, real, &format!("{place}[{index}]"), member);
                }
            }
            (Value::String(shown), Value::String(answered)) if shown != answered => {
                assert_eq!(kind(shown, member), kind(answered, member), "{place}: {shown} and {answered}");
                if !is_moment(shown) {
                    let before = self.known.insert(shown.clone(), real.clone());
                    assert!(before.is_none_or(|before| before == *real), "{place}: {shown} is two things");
                }
            }
            (example, real) => assert_eq!(example, real, "{place}"),
        }
    }
}

/// What a text may differ in from another.
#[derive(Debug, PartialEq)]
enum Kind<'t> {
    /// An identifier of something, by its prefix.
    Id(&'t str),
    /// A moment, with or without milliseconds.
    Moment(usize),
    /// What nobody can foresee.
    Opaque,
    /// Nothing.
    Exact(&'t str),
}

fn kind<'t>(text: &'t str, member: &str) -> Kind<'t> {
    if is_moment(text) {
        return Kind::Moment(text.len());
    }
    if OPAQUE.contains(&member) {
        return Kind::Opaque;
    }
    match text.split_once('_') {
        Some((prefix, rest)) if rest.len() == ULID => Kind::Id(prefix),
        _ => Kind::Exact(text),
    }
}

fn is_moment(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.len(), 20 | 24) && bytes[10] == b'T' && bytes.ends_with(b"Z")
}

//! What is asked: each case as the bytes of its requests, for a number of users in turns.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::fixture::{FLAG, Fixture};

/// The addresses of the cases, which the bare handler has as well.
pub(crate) const EVALUATE: &str = "/api/v1/evaluate";
pub(crate) const OFREP_FLAGS: &str = "/ofrep/v1/evaluate/flags";
pub(crate) const RULESET: &str = "/api/v1/sdk/ruleset";

/// How many flags the projects have: a small one, and a large one.
pub(crate) const SMALL: usize = 5;
pub(crate) const LARGE: usize = 350;

/// Different users that ask in turns.
const USERS: usize = 64;

/// One kind of request.
pub(crate) struct Case {
    /// What it is called.
    pub(crate) name: &'static str,
    /// How many flags the project has.
    pub(crate) flags: usize,
    /// Whether the peer has something like it.
    pub(crate) rivalry: Rivalry,
    ask: fn(&str) -> Ask,
    accept: Accept,
}

/// Whether the peer has something like a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rivalry {
    /// All flags for one user: so is its frontend API.
    Shared,
    /// It has not.
    None,
}

/// How an answer may be encoded.
#[derive(Clone, Copy, Debug)]
enum Accept {
    /// By gzip, as SDKs ask.
    Gzip,
    /// Not at all: what is compared is evaluating, not compressing.
    Identity,
}

/// What is asked for one user.
enum Ask {
    Post(String, Value),
    Get(String),
    /// With the tag of the present answer.
    GetKnown(String),
}

/// Everything that is measured.
pub(crate) fn cases() -> [Case; 9] {
    let all: fn(&str) -> Ask = |user| Ask::Post(EVALUATE.to_owned(), documented("*", user));
    let bulk: fn(&str) -> Ask = |user| Ask::Post(OFREP_FLAGS.to_owned(), protocol(user));
    let one: fn(&str) -> Ask = |user| Ask::Post(EVALUATE.to_owned(), documented(FLAG, user));
    let flat: fn(&str) -> Ask = |user| Ask::Post(EVALUATE.to_owned(), sdk_form(user));
    let single: fn(&str) -> Ask = |user| Ask::Post(format!("{OFREP_FLAGS}/{FLAG}"), protocol(user));
    let alone = |name, flags, ask| Case { name, flags, ask, rivalry: Rivalry::None, accept: Accept::Gzip };
    let rival =
        |name, flags, ask| Case { name, flags, ask, rivalry: Rivalry::Shared, accept: Accept::Identity };
    [
        alone("one flag, documented form", SMALL, one),
        alone("one flag, SDK form", SMALL, flat),
        rival("all 5 flags", SMALL, all),
        rival("all 350 flags", LARGE, all),
        alone("OFREP, one flag", SMALL, single),
        rival("OFREP, all 5 flags", SMALL, bulk),
        rival("OFREP, all 350 flags", LARGE, bulk),
        alone("ruleset of 350 flags, unchanged: 304", LARGE, |_| Ask::GetKnown(RULESET.to_owned())),
        alone("ruleset of 350 flags, new: 200", LARGE, |_| Ask::Get(RULESET.to_owned())),
    ]
}

fn documented(flag: &str, user: &str) -> Value {
    json!({"flags": [flag], "context": {"user_key": user, "attributes": attributes()}})
}

fn sdk_form(user: &str) -> Value {
    json!({"flag_key": FLAG, "context": {"user_id": user, "attributes": attributes()}})
}

fn protocol(user: &str) -> Value {
    let mut context = attributes();
    context["targetingKey"] = user.into();
    json!({"context": context})
}

fn attributes() -> Value {
    json!({"plan": "pro", "country": "DE", "age": 34})
}

impl Case {
    /// The requests of every user, as they go over the wire to `fixture`. The bare handler gets the same.
    pub(crate) fn requests(&self, fixture: &Fixture) -> Arc<[Vec<u8>]> {
        let encoding = match self.accept {
            Accept::Gzip => "gzip",
            Accept::Identity => "identity",
        };
        let common = format!("x-api-key: {}\r\naccept-encoding: {encoding}\r\n", fixture.key);
        let request = |user: String| match (self.ask)(&user) {
            Ask::Post(path, body) => {
                let (body, length) = (body.to_string(), body.to_string().len());
                let typed = format!("{common}content-type: application/json\r\ncontent-length: {length}\r\n");
                head("POST", &path, fixture.process.address, &typed) + &body
            }
            Ask::Get(path) => head("GET", &path, fixture.process.address, &common),
            Ask::GetKnown(path) => {
                let known = format!("{common}if-none-match: {}\r\n", fixture.ruleset_tag);
                head("GET", &path, fixture.process.address, &known)
            }
        };
        users().map(|user| request(user).into_bytes()).collect()
    }
}

/// The requests of the same users for all flags at the frontend API of the peer.
pub(crate) fn rival_requests(address: SocketAddr, token: &str) -> Arc<[Vec<u8>]> {
    let headers = format!("authorization: {token}\r\naccept-encoding: identity\r\n");
    let path = |user| {
        format!("/api/frontend?userId={user}&properties[plan]=pro&properties[country]=DE&properties[age]=34")
    };
    users().map(|user| head("GET", &path(user), address, &headers).into_bytes()).collect()
}

fn users() -> impl Iterator<Item = String> {
    (0..USERS).map(|user| format!("user-{user:04}"))
}

fn head(method: &str, path: &str, host: SocketAddr, headers: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: phaseflag-sdk/1.0\r\naccept: */*\r\n\
         {headers}\r\n"
    )
}

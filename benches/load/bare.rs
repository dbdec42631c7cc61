//! What the server is measured against: poem's own server, its router and one handler that reads the same JSON into a
//! typed struct and answers with a fixed body; where the request has no body, one that only answers. No keys, no
//! limits, no tags, no headers of its own, no log.

use std::net::{Ipv4Addr, TcpStream};

use bytes::Bytes;
use poem::listener::TcpListener;
use poem::web::{Data, Json};
use poem::{EndpointExt, Response, Route, Server, get, handler, post};
use serde::Deserialize;

use crate::Outcome;
use crate::case::{EVALUATE, OFREP_FLAGS, RULESET};
use crate::process::{Process, arguments};

/// Any of the bodies of the cases.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    flags: Vec<String>,
    flag_key: Option<String>,
    context: Context,
}

#[derive(Deserialize)]
struct Context {
    user_key: Option<String>,
    user_id: Option<String>,
    #[serde(rename = "targetingKey")]
    targeting_key: Option<String>,
    attributes: Option<Attributes>,
    plan: Option<String>,
    country: Option<String>,
    age: Option<u32>,
}

#[derive(Deserialize)]
struct Attributes {
    plan: String,
    country: String,
    age: u32,
}

#[handler]
fn evaluate(Json(body): Json<Body>, Data(answer): Data<&Bytes>) -> Response {
    let Context { user_key, user_id, targeting_key, attributes, plan, country, age } = body.context;
    let attributes = attributes.map(|Attributes { plan, country, age }| (plan, country, age));
    // Nothing that was read may be left out by the compiler.
    std::hint::black_box((body.flags, body.flag_key, user_key, user_id, targeting_key));
    std::hint::black_box((attributes, plan, country, age));
    fixed(answer)
}

#[handler]
fn fetch(Data(answer): Data<&Bytes>) -> Response {
    fixed(answer)
}

fn fixed(answer: &Bytes) -> Response {
    Response::builder().content_type("application/json").body(answer.clone())
}

/// Serves until the process is ended.
pub(crate) fn serve(port: u16, bytes: usize) -> Outcome<()> {
    let routes = Route::new()
        .at(EVALUATE, post(evaluate))
        .at(OFREP_FLAGS, post(evaluate))
        .at(format!("{OFREP_FLAGS}/:key"), post(evaluate))
        .at(RULESET, get(fetch))
        .data(Bytes::from(vec![b'x'; bytes]));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // As in the server, no request is served by the thread that begins.
    let serving = runtime.spawn(Server::new(TcpListener::bind((Ipv4Addr::LOCALHOST, port))).run(routes));
    Ok(runtime.block_on(serving)??)
}

/// Starts this program as the bare handler, to answer with so many bytes.
pub(crate) fn start(bytes: usize) -> Outcome<Process> {
    let arguments = |port: u16| arguments(&["--bare", &port.to_string(), &bytes.to_string()]);
    Process::start(&std::env::current_exe()?, arguments, |address| TcpStream::connect(address).is_ok())
}

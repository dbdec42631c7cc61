//! What the server is measured against: poem's own server, its router and one handler that reads the same JSON into a
//! typed struct and answers with a fixed body. No keys, no limits, no headers of its own, no log.

use std::net::{Ipv4Addr, TcpStream};

use bytes::Bytes;
use poem::listener::TcpListener;
use poem::web::{Data, Json};
use poem::{EndpointExt, Response, Route, Server, handler, post};
use serde::Deserialize;

use crate::Outcome;
use crate::fixture::EVALUATE;
use crate::process::Process;

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
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    plan: String,
    country: String,
    age: u32,
}

#[handler]
fn evaluate(Json(body): Json<Body>, Data(answer): Data<&Bytes>) -> Response {
    let Context { user_key, user_id, attributes: Attributes { plan, country, age } } = body.context;
    // Nothing that was read may be left out by the compiler.
    std::hint::black_box((body.flags, body.flag_key, user_key, user_id, plan, country, age));
    Response::builder().content_type("application/json").body(answer.clone())
}

/// Serves until the process is ended.
pub(crate) fn serve(port: u16, bytes: usize) -> Outcome<()> {
    let routes = Route::new().at(EVALUATE, post(evaluate)).data(Bytes::from(vec![b'x'; bytes]));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // As in the server, no request is served by the thread that begins.
    let serving = runtime.spawn(Server::new(TcpListener::bind((Ipv4Addr::LOCALHOST, port))).run(routes));
    Ok(runtime.block_on(serving)??)
}

/// Starts this program as the bare handler, to answer with so many bytes.
pub(crate) fn start(bytes: usize) -> Outcome<Process> {
    let arguments = |port: u16| vec!["--bare".to_owned(), port.to_string(), bytes.to_string()];
    Process::start(&std::env::current_exe()?, arguments, |address| TcpStream::connect(address).is_ok())
}

//! A client of server-sent events that reads them as they come.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;
use ureq::BodyReader;

use super::Client;

/// An event, or a comment, which has no name.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The identifier that a client repeats when it comes back.
    pub id: Option<String>,
    /// Its data.
    pub data: Value,
}

/// A stream that is open. Reading from it waits.
pub struct Stream(BufReader<BodyReader<'static>>);

impl Stream {
    /// Opens the stream at `path`.
    #[track_caller]
    pub fn open(client: &Client, path: &str) -> Self {
        let response = client.request("GET", path, None).expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "GET {path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(BufReader::new(response.into_body().into_reader()))
    }

    /// Waits for the next event; `None` at the end of the stream.
    pub fn next(&mut self) -> Option<Event> {
        let mut event = Event { name: String::new(), id: None, data: Value::Null };
        let mut lines = 0;
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).expect("a line or the end") == 0 {
                assert_eq!(lines, 0, "the stream ended within an event");
                return None;
            }
            match line.trim_end_matches('\n').split_once(':') {
                Some(("event", name)) => event.name = name.trim_start().to_owned(),
                Some(("id", id)) => event.id = Some(id.trim_start().to_owned()),
                Some(("data", data)) => event.data = serde_json::from_str(data).expect("JSON"),
                Some(("", _)) => {}
                Some((other, _)) => panic!("an unknown field {other:?}"),
                None => return Some(event),
            }
            lines += 1;
        }
    }

    /// Waits for the next event that is not a comment.
    #[track_caller]
    pub fn event(&mut self) -> Event {
        loop {
            let event = self.next().expect("an event and not the end");
            if !event.name.is_empty() {
                return event;
            }
        }
    }
}

/// The bytes of the first event of a stream.
pub fn first_event(stream: impl Read) -> Vec<u8> {
    let mut stream = BufReader::new(stream);
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\n\n") && stream.read_until(b'\n', &mut bytes).expect("an event") > 0 {}
    bytes
}

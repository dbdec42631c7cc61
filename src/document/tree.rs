//! From the events of the YAML parser to a tree that knows where everything stands.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Number, Value};

use super::{MAX_DEPTH, MAX_NODES, Position, Unreadable};

/// How the complaint about a repeated member ends.
pub(super) const TWICE: &str = "is given twice";

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    at: Position,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Reads the one document of a text.
pub(super) fn parse(text: &str) -> Result<Node, Unreadable> {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0 };
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd => return Err(unreadable(span.start, "the document is empty")),
            content => {
                let root = reader.node(content, span, MAX_DEPTH)?;
                return reader.nothing_more().map(|()| root);
            }
        }
    }
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line(), column: marker.col() + 1 }
}

fn unreadable(marker: Marker, message: impl Into<String>) -> Unreadable {
    Unreadable { at: position(marker), message: message.into() }
}

struct Reader<'t> {
    events: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Unreadable> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(unreadable(*error.marker(), error.info())),
            None => Err(unreadable(Marker::new(0, 1, 0), "the document ends too early")),
        }
    }

    fn nothing_more(&mut self) -> Result<(), Unreadable> {
        loop {
            match self.next()? {
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, span) => return Err(unreadable(span.start, "a second document begins here")),
            }
        }
    }

    fn count(&mut self, more: usize, at: Marker) -> Result<(), Unreadable> {
        self.nodes += more;
        if self.nodes > MAX_NODES {
            return Err(unreadable(at, format!("the document has more than {MAX_NODES} values")));
        }
        Ok(())
    }

    /// The value that begins with `event`, in which `depth` more levels may be.
    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Unreadable> {
        let at = position(span.start);
        self.count(1, span.start)?;
        let Some(inside) = depth.checked_sub(1) else {
            return Err(unreadable(span.start, format!("is deeper than {MAX_DEPTH} levels")));
        };
        let (anchor, content) = match event {
            Event::Alias(anchor) => {
                let Some(known) = self.anchors.get(&anchor).cloned() else {
                    return Err(unreadable(span.start, "this alias stands inside of what it repeats"));
                };
                if known.depth() > depth {
                    return Err(unreadable(span.start, format!("is deeper than {MAX_DEPTH} levels")));
                }
                self.count(known.size(), span.start)?;
                return Ok(Node { at, ..known });
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref())
                    .map_err(|message| unreadable(span.start, message))?;
                (anchor, Content::Scalar(value))
            }
            Event::SequenceStart(anchor, tag) => {
                untagged(tag.as_ref(), "seq", span)?;
                (anchor, Content::List(self.list(inside)?))
            }
            Event::MappingStart(anchor, tag) => {
                untagged(tag.as_ref(), "map", span)?;
                (anchor, Content::Map(self.map(inside)?))
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(unreadable(span.start, "a value is expected here")),
        };
        let node = Node { at, content };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Unreadable> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(list),
                (event, span) => list.push(self.node(event, span, depth)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(String, Node)>, Unreadable> {
        let (mut map, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let (name, span) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(map),
                (Event::Scalar(name, ..), span) => (name.into_owned(), span),
                (_, span) => return Err(unreadable(span.start, "a key must be a text")),
            };
            if !seen.insert(name.clone()) {
                return Err(unreadable(span.start, format!("`{name}` {TWICE}")));
            }
            let (event, value) = self.next()?;
            let mut node = self.node(event, value, depth)?;
            // Nobody looks for a missing value where the next line begins.
            if matches!(node.content, Content::Scalar(Value::Null)) {
                node.at = position(span.start);
            }
            map.push((name, node));
        }
    }
}

fn untagged(tag: Option<&Cow<'_, Tag>>, own: &str, span: Span) -> Result<(), Unreadable> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == own) => {
            Err(unreadable(span.start, "has a tag that means nothing here"))
        }
        Some(_) | None => Ok(()),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    match tag {
        None if style == ScalarStyle::Plain => plain(text),
        None => Ok(Value::from(text)),
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(Value::from(text)),
        Some(_) => Err("has a tag that means nothing here".to_owned()),
    }
}

/// What a text without quotes means in the core schema of YAML 1.2, where `on`, `yes` and dates are texts.
fn plain(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err(format!("`{text}` is no number that JSON knows; a text needs quotes"));
    }
    let radix = [("0x", 16), ("0o", 8)].into_iter().find_map(|(prefix, radix)| {
        let digits = text.strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))
    });
    if let Some(number) = radix {
        return Ok(Value::from(number));
    }
    let numeric = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !numeric || !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Ok(Value::from(text));
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(Value::from(number));
    }
    if let Ok(number) = text.parse::<u64>() {
        return Ok(Value::from(number));
    }
    match text.parse::<f64>() {
        Ok(number) => Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| format!("`{text}` is too large for a number; a text needs quotes")),
        Err(_) => Ok(Value::from(text)),
    }
}

impl Node {
    pub(super) fn into_value(self) -> Value {
        match self.content {
            Content::Scalar(value) => value,
            Content::List(list) => list.into_iter().map(Self::into_value).collect(),
            Content::Map(map) => {
                let members = map.into_iter().map(|(name, node)| (name, node.into_value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    /// Where the value at `path` stands, or the innermost thing that should have it.
    pub(super) fn place(&self, path: &str) -> Position {
        let inside = match &self.content {
            Content::Scalar(_) => None,
            Content::List(list) => list_step(path).and_then(|(index, rest)| Some((list.get(index)?, rest))),
            // A name may have dots in it: of several that fit, the longest is meant.
            Content::Map(map) => {
                let fitting = map.iter().filter_map(|(name, node)| Some((node, map_step(path, name)?)));
                fitting.min_by_key(|(_, rest)| rest.len())
            }
        };
        inside.map_or(self.at, |(node, rest)| node.place(rest))
    }

    fn size(&self) -> usize {
        match &self.content {
            Content::Scalar(_) => 1,
            Content::List(list) => 1 + list.iter().map(Self::size).sum::<usize>(),
            Content::Map(map) => 1 + map.iter().map(|(_, node)| node.size()).sum::<usize>(),
        }
    }

    fn depth(&self) -> usize {
        match &self.content {
            Content::Scalar(_) => 1,
            Content::List(list) => 1 + list.iter().map(Self::depth).max().unwrap_or_default(),
            Content::Map(map) => 1 + map.iter().map(|(_, node)| node.depth()).max().unwrap_or_default(),
        }
    }
}

/// `[3].key` is the element 3 and the rest of the path.
fn list_step(path: &str) -> Option<(usize, &str)> {
    let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest))
}

/// The rest of a path that begins with the member `name`.
fn map_step<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let rest = path.strip_prefix('.').unwrap_or(path).strip_prefix(name)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

//! Every parser of outside bytes as a function of bytes, which checks what has to be true whatever they are. `corpus`
//! runs them over the files of `tests/corpus`; `.ci/fuzz` includes this very file and has libFuzzer make up more.
//!
//! So nothing of the harness is used here, and records of the data file are reached by `store::probe`, which is there for
//! this alone: from outside, their checksum keeps everything away from them that was not written on purpose.

use phaseflag::auth::api_key::{ApiKeyText, MAX_CHOSEN_CHARS, digest, looks_like};
use phaseflag::auth::jwt::{Access, JwtError, JwtKey, MAX_TOKEN_BYTES};
use phaseflag::auth::secret::Secret;
use phaseflag::cli::importers::{Outcome, Source, translate};
use phaseflag::document;
use phaseflag::domain::api_key::KeyKind;
use phaseflag::domain::context::{Context, MAX_CONTEXT_BYTES};
use phaseflag::domain::id::{SessionId, UserId};
use phaseflag::domain::page::{Cursor, Page, Start};
use phaseflag::domain::revision::Expected;
use phaseflag::domain::time::Timestamp;
use phaseflag::http::error::Code;
use phaseflag::http::parameter::{Optional, Reader};
use phaseflag::http::wire::evaluate::{self, Asked, MAX_FLAGS};
use phaseflag::http::{ApiError, etag, ofrep, page, wire};
use phaseflag::store::probe;
use poem::http::{HeaderMap, HeaderValue, header};
use poem_openapi::types::{ParseFromParameter, Type};
use serde::Deserialize;
use serde_json::{Value, json};

/// A function of bytes, which panics where something is not as it has to be.
pub(super) type Target = fn(&[u8]);

/// Every target by the name of its folder in `tests/corpus`.
pub(super) const TARGETS: [(&str, Target); 9] = [
    ("evaluate", evaluate_body),
    ("ofrep", ofrep_body),
    ("jwt", jwt),
    ("api_key", api_key),
    ("cursor", cursor),
    ("etag", etag_lists),
    ("seed", seed),
    ("importers", importers),
    ("record", record),
];

/// A body that is read says what the slow reader of JSON finds in it, and keeps the limits; one that is refused was
/// refused for a reason and not because two readers disagree.
fn evaluate_body(bytes: &[u8]) {
    let read = match evaluate::read(bytes) {
        Ok(read) => read,
        Err(error) => return refused_for_a_reason(&error),
    };
    let document: Value = serde_json::from_slice(bytes).expect("what the quick reader takes is JSON");
    let written = rewritten(&document);
    let again = evaluate::read(&written).expect("what was read is read again");
    let keys = |asked: &Asked<'_>| match asked {
        Asked::Flags(keys) => (true, keys.iter().map(ToString::to_string).collect()),
        Asked::One(key) => (false, vec![key.to_string()]),
    };
    let (many, asked) = keys(&read.asked);
    assert!(asked.len() <= MAX_FLAGS);
    assert_eq!((many, asked), keys(&again.asked));
    assert_eq!(read.context, again.context);
}

/// The same for the body of OFREP, of which an empty one is sound.
fn ofrep_body(bytes: &[u8]) {
    match ofrep::request::read(bytes) {
        Ok(read) if bytes.is_empty() => assert_eq!(read, Context::anonymous()),
        Ok(read) => {
            let asked: Asking = serde_json::from_slice(bytes).expect("what the quick reader takes is JSON");
            let written = rewritten(&json!({ "context": asked.context }));
            let again = ofrep::request::read(&written).expect("what was read is read again");
            assert_eq!(read, again);
        }
        Err(error) => refused_for_a_reason(&error),
    }
}

/// What OFREP reads of a body; whatever else is in it is not even looked at.
#[derive(Deserialize)]
struct Asking {
    #[serde(default)]
    context: Value,
}

/// The body as any reader of JSON understands it, whose context is within its limit. Such a reader keeps the last of two
/// members with one name: so a body that has two, where it could be noticed, becomes another one.
fn rewritten(document: &Value) -> Vec<u8> {
    assert!(document.is_object(), "{document}");
    assert!(document["context"].to_string().len() <= MAX_CONTEXT_BYTES);
    document.to_string().into_bytes()
}

fn refused_for_a_reason(error: &ApiError) {
    assert_ne!(error.code(), Code::InternalError, "{error:?}");
    assert!(!error.message().is_empty() && error.envelope()["error"].is_object(), "{error:?}");
}

/// The secret that the tokens of the corpus are signed with.
const SECRET: [u8; 32] = [7; 32];
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// A token that is genuine is, byte for byte, one that we would issue; and no other secret finds it genuine. Any bytes
/// are also taken for claims, of which the token is genuine, and for a token of ours that was changed.
fn jwt(bytes: &[u8]) {
    let (key, other) =
        (JwtKey::new(&Secret::from_entropy(SECRET)), JwtKey::new(&Secret::from_entropy([8; 32])));
    let text = String::from_utf8_lossy(bytes);
    let verified = key.verify(&text, NOW);
    assert_eq!(other.verify(&text, NOW), Err(JwtError::Invalid));
    if text.len() > MAX_TOKEN_BYTES {
        assert_eq!(verified, Err(JwtError::Invalid));
    }
    if let Ok(access) = verified {
        assert_eq!(key.issue(&access), text);
    }
    let mut claimed = [0; 16];
    claimed.iter_mut().zip(bytes).for_each(|(claim, byte)| *claim = *byte);
    let bits = u128::from_le_bytes(claimed);
    let access = Access {
        user: UserId::from_bits(bits),
        session: SessionId::from_bits(!bits),
        issued_at: NOW,
        expires_at: NOW.plus_seconds(60),
    };
    let token = key.issue(&access);
    assert_eq!(key.verify(&token, NOW), Ok(access));
    let Some(place) = bytes.first().map(|byte| usize::from(*byte) % token.len()) else { return };
    let changed = format!("{}{text}{}", &token[..place], &token[place..]);
    if changed != token {
        assert_eq!(key.verify(&changed, NOW), Err(JwtError::Invalid), "{changed}");
    }
}

/// A key that somebody may choose comes back as it was chosen, is taken for a key of its kind, and shows no more than
/// its beginning.
fn api_key(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let kinds = [(KeyKind::Server, "sdk-"), (KeyKind::Client, "pub-")];
    assert_eq!(looks_like(&text), kinds.iter().any(|(_, prefix)| text.starts_with(prefix)));
    for (kind, prefix) in kinds {
        let Some(chosen) = ApiKeyText::chosen(kind, &text) else { continue };
        assert_eq!(chosen.expose(), text);
        assert_eq!(chosen.digest(), digest(&text));
        assert!(text.starts_with(prefix) && looks_like(&text) && text.len() <= MAX_CHOSEN_CHARS);
        let hint = chosen.hint();
        assert!(text.starts_with(hint.strip_suffix('…').expect("a hint ends so")), "{hint}");
    }
}

/// The order of the cursors of the corpus.
const ORDER: &str = "name.asc";
/// A cursor that is longer than what reads it takes is not read; ours never are.
const LONG_CURSOR: usize = 4_096;

/// A cursor that is read is written, read again as the same, and of no other order; a page that is asked for by number is
/// of the numbers that there are.
fn cursor(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(read) = continued(&text, ORDER) else { return };
    assert!(read.page > 0 && text.len() <= LONG_CURSOR);
    assert_eq!(continued(&text, "name.desc"), None);
    let page = Page { rows: Vec::<Value>::new(), page: 1, per_page: 1, total: 0, next: Some(read.clone()) };
    let written = page::listed(page, ORDER).meta.next_cursor.expect("a page that goes on has a cursor");
    if written.len() <= LONG_CURSOR {
        assert_eq!(continued(&written, ORDER), Some(read));
    }
}

/// The cursor that a text is.
fn continued(text: &str, order: &str) -> Option<Cursor> {
    let mut reader = Reader::default();
    let request = page::request(&mut reader, order, &parameter(""), &parameter(""), &parameter(text));
    match reader.finish(request) {
        Ok(request) => match request.start {
            Start::After(cursor) => Some(cursor),
            Start::Page(number) => {
                assert_eq!((number, text), (1, ""));
                None
            }
        },
        Err(error) => {
            refused_for_a_reason(&error);
            None
        }
    }
}

/// A parameter of a query; an empty one was not given.
fn parameter<T: Type>(text: &str) -> Optional<T> {
    Optional::parse_from_parameters([text]).ok().expect("any text is a parameter")
}

/// Lists of tags say what a plain reading of them says. Lines are headers.
fn etag_lists(bytes: &[u8]) {
    let (mut matching, mut none, mut lists) = (HeaderMap::new(), HeaderMap::new(), Vec::new());
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { continue };
        matching.append(header::IF_MATCH, value.clone());
        none.append(header::IF_NONE_MATCH, value.clone());
        lists.push(value.to_str().map(str::to_owned).unwrap_or_default());
    }
    let tags: Vec<&str> = lists.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
    let any = tags.contains(&"*");
    let expected = etag::expected(&matching);
    assert_eq!(expected == Expected::Any, any || lists.is_empty(), "{lists:?}");
    for revision in [0, 1, 7, 10, u64::MAX] {
        let tag = etag::of_revision(revision);
        let quoted = format!("\"{revision}\"");
        assert_eq!(tag, quoted.as_str());
        let plain = revision.to_string();
        let named = tags.iter().any(|listed| *listed == quoted || *listed == plain);
        assert_eq!(expected.accepts(revision), named || any || lists.is_empty(), "{revision} in {lists:?}");
        // Weakly, and with as many quotes as somebody likes.
        let weak =
            tags.iter().any(|listed| listed.strip_prefix("W/").unwrap_or(listed).trim_matches('"') == plain);
        assert_eq!(etag::none_match(&none, &tag), weak || any, "{revision} in {lists:?}");
    }
}

/// A document that is read is written, and read again as the same; and if it is no seed, everything that is wrong has a
/// place in it.
fn seed(bytes: &[u8]) {
    let Ok(text) = document::read(bytes, bytes.len() as u64) else {
        assert!(std::str::from_utf8(bytes).is_err());
        return;
    };
    let value = match document::parse(&text) {
        Ok(value) => value,
        Err(fault) => {
            assert!(fault.at.line > 0 && fault.at.column > 0 && !fault.message.is_empty(), "{fault:?}");
            assert!(fault.at.line <= text.split(['\n', '\r']).count() + 1, "{fault:?}");
            return;
        }
    };
    let written = document::write(&value);
    assert_eq!(document::parse(&written).as_ref(), Ok(&value), "{written}");
    let json = value.to_string();
    assert_eq!(serde_json::from_str::<Value>(&json).ok().as_ref(), Some(&value), "{json}");
    let Err(faults) = wire::seed::read(&value) else { return };
    let faults: Vec<_> = faults.reported().map(|it| (it.path.as_str(), it.message.as_str())).collect();
    let lines = document::located("seed", &text, faults.iter().copied());
    assert!(!faults.is_empty() && lines.len() == faults.len(), "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("seed:")), "{lines:?}");
}

/// What a translation says is a document that an import takes, without a fault, and it is always the same.
fn importers(bytes: &[u8]) {
    let Ok(file) = serde_json::from_slice::<Value>(bytes) else { return };
    for source in [Source::Unleash, Source::Flagsmith, Source::Flagd, Source::Launchdarkly] {
        let translated = || translate(source, &file, "shop");
        let translation = match translated() {
            Ok(translation) => translation,
            Err(refusal) => {
                assert!(!refusal.reason.is_empty());
                assert_eq!(translated().err(), Some(refusal));
                continue;
            }
        };
        let document = serde_json::to_value(&translation.document).expect("a document is JSON");
        let flags = document["flags"].as_array().map_or(0, Vec::len);
        let told = translation.notes.iter().filter(|note| note.outcome != Outcome::Skipped).count();
        assert!(flags == 0 || !translation.notes.is_empty(), "{flags} flags and {told} lines: {document}");
        let read = wire::seed::read(&document);
        let read = read.unwrap_or_else(|faults| {
            panic!("{:?} in {document}", faults.reported().next().map(|it| &it.message))
        });
        let manifest = read.manifest.expect("a project");
        assert!(manifest.faults.is_empty(), "{document}");
        let again = translated().expect("what was translated once is translated twice");
        assert_eq!(serde_json::to_value(&again.document).expect("a document is JSON"), document);
        assert_eq!(again.notes, translation.notes);
    }
}

/// A payload that a record has is written in the newest version, and read again as the same. The first byte says which
/// noun it is, the second which version; the checksum is put in front, or hardly anything would come past it.
fn record(bytes: &[u8]) {
    // Whatever it is, as a whole record it is damaged or sound, and not more.
    let [noun, version, payload @ ..] = bytes else { return };
    let noun = usize::from(*noun) % probe::NOUNS;
    let _damaged = probe::rewritten(noun, bytes);
    let Some(written) = probe::rewritten(noun, &probe::sealed(*version, payload)) else { return };
    assert_eq!(probe::rewritten(noun, &written).as_ref(), Some(&written));
}

//! From the export of another product to the document of a project: pure translation, which [`translate`] does for
//! all of them. What they mean decides, not what they look like: a flag that would answer something else than it did
//! there is switched off rather than guessed at, and the report tells.
//!
//! | module | reads |
//! |---|---|
//! | `unleash` | the environment export, and what clients and Edge read |
//! | `flagsmith` | the environment document |
//! | `flagd` | flag definitions |
//! | `launchdarkly` | the list of flags of the REST API, and the data of SDKs, relays and files |
//!
//! Each of these has its mapping as a table, and writes a `Draft`: `node` reads the file, `keys` makes keys of
//! names, `formula` holds conditions of any shape, `shares` and `buckets` make rollouts, `remarks` and `note` collect
//! what is told. What comes out was read, compiled and checked for cycles as the server would do it (`soundness`).
//!
//! Everywhere: text, numbers and booleans that print alike are equal here (`42` and `"42"`), where some of these
//! products tell them apart, and a text that reads as a number is compared as one.

mod buckets;
mod draft;
mod flagd;
mod flagsmith;
mod formula;
mod keys;
mod launchdarkly;
mod node;
mod note;
mod remarks;
mod shares;
mod soundness;
mod unleash;
mod values;

use clap::ValueEnum;
use serde_json::Value;

use self::node::Node;
pub use self::note::{Note, Outcome, Refusal};
use crate::{
    domain::{key::ProjectKey, value::depth},
    http::wire::manifest::ProjectDocument,
};

/// Lists and objects inside of each other in a file, at most: as many as a reader of JSON takes.
const MAX_FILE_DEPTH: usize = 128;

/// A product whose export can be translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// An environment export, or the features that clients read
    Unleash,
    /// An environment document
    Flagsmith,
    /// Flag definitions
    Flagd,
    /// The flags of a project from the REST API, or the data of an SDK
    Launchdarkly,
}

/// A project out of another product.
pub struct Translation {
    /// What an import takes.
    pub document: ProjectDocument,
    /// What became of everything. What only the document as a whole could show comes last.
    pub notes: Vec<Note>,
}

/// The document of the project `project` that says what `file` says, which was exported from `source`; an error if the
/// file is not such an export at all.
pub fn translate(source: Source, file: &Value, project: &str) -> Result<Translation, Refusal> {
    let root = Node::root(file);
    if let Err(error) = ProjectKey::parse(project) {
        return Err(root.refuse(format!("cannot be translated: the key of the project {error}")));
    }
    if depth(file) > MAX_FILE_DEPTH {
        return Err(root.refuse("is nested too deep"));
    }
    let draft = match source {
        Source::Unleash => unleash::read(&root)?,
        Source::Flagsmith => flagsmith::read(&root)?,
        Source::Flagd => flagd::read(&root)?,
        Source::Launchdarkly => launchdarkly::read(&root)?,
    };
    Ok(soundness::settle(draft, project))
}

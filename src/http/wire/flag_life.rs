//! What follows in a flag's life.

use super::key;
use crate::{
    control::flag_life::NewCopy,
    domain::{
        key::FlagKey,
        text::Name,
        violation::{Path, Violations},
    },
    request,
};

request! {
    /// What the copy of a flag is called.
    #[derive(Clone, Debug)]
    pub struct CloneFlag {
        /// The name in clients' code; never changes.
        #[oai(validator(pattern = "^[a-z0-9][a-z0-9._-]{0,127}$"))]
        pub key: String,
        /// What people call it. Where absent: as they call the original.
        #[oai(validator(min_length = 1, max_length = 200))]
        pub name: Option<String>,
    }
}

/// The copy that a body asks for.
pub fn new_copy(body: &CloneFlag, faults: &mut Violations) -> Option<NewCopy> {
    let key = key(FlagKey::parse, &body.key, "key", faults);
    let name = body.name.as_ref().map(|name| Name::parse(name, &Path::ROOT.field("name"), faults));
    Some(NewCopy { key: key?, name: name.flatten() })
}

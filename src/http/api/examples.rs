//! The exchanges that the document shows with each operation.

use std::collections::BTreeMap;

use crate::http::openapi::Example;

/// Examples by operation. They are kept as JSON, in the form in which they are sent.
pub(in crate::http) fn table() -> BTreeMap<&'static str, Example> {
    BTreeMap::new()
}

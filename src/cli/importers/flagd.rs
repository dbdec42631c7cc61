//! Stub
use super::{draft::Draft, node::Node, note::Refusal};
pub(super) fn read(root: &Node<'_>) -> Result<Draft, Refusal> {
    Err(root.refuse("no"))
}

//! How many files and connections a process may have open.

use std::process::Command;

use crate::Outcome;

/// Lets this process, and every one that it starts from now on, have so many files and connections open.
pub(crate) fn raise_descriptor_limit(files: usize) -> Outcome<()> {
    let (limit, this) = (format!("--nofile={files}"), std::process::id().to_string());
    let raised = Command::new("prlimit").args(["--pid", &this, &limit]).output()?;
    if raised.status.success() {
        return Ok(());
    }
    Err(format!("{files} descriptors: {}", String::from_utf8_lossy(&raised.stderr).trim()).into())
}

//! `phaseflag openapi`: prints the document that the server serves at `/openapi.json`.

use std::error::Error;
use std::io::{self, Write};

use crate::server;

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    writeln!(io::stdout().lock(), "{}", server::openapi_document()?)?;
    Ok(())
}

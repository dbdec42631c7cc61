//! `phaseflag openapi`: prints the document that the server serves at `/openapi.json`.

use std::error::Error;
use std::io::{self, Write};

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    writeln!(io::stdout().lock(), "{}", document())?;
    Ok(())
}

fn document() -> String {
    "{}".to_owned()
}

//! Parses the command line, calls one function, prints one error.

use std::process::ExitCode;

fn main() -> ExitCode {
    phaseflag::cli::run()
}

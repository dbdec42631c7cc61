//! Parses the command line, calls one function, prints one error.

fn main() {}

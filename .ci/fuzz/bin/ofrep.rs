#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| phaseflag_fuzz::run("ofrep", bytes));

//! Any bytes as a job file.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| runner_fuzz::check(bytes));

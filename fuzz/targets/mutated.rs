//! Good job files with some parts cut, doubled, swapped or replaced.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use runner_fuzz::mutate::{Choices, mutate};

/// One in so many mutations is one of bytes.
const BYTEWISE: u32 = 16;

fuzz_target!(|bytes: &[u8]| runner_fuzz::check(bytes));

fuzz_mutator!(|bytes: &mut [u8], size: usize, max: usize, seed: u32| {
    let Ok(text) = std::str::from_utf8(&bytes[..size]) else {
        return fuzzer_mutate(bytes, size, max);
    };
    if seed % BYTEWISE == 0 {
        return fuzzer_mutate(bytes, size, max);
    }
    let mutated = mutate(text, &mut Choices::new(seed));
    let kept = mutated.len().min(max).min(bytes.len());
    bytes[..kept].copy_from_slice(&mutated.as_bytes()[..kept]);
    kept
});

//! Engine: a plan goes in, events come out.

#[cfg_attr(not(test), expect(dead_code))]
mod core;

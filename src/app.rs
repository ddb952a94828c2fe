//! App: one function per command, each a list of steps.
//!
//! Unaware of how arguments are written.

pub mod dry;
pub mod graph;
pub mod list;
pub mod plan;
mod words;

//! Protocol: what is said between the runner and a worker, as lines of JSON.
//!
//! Requests are written and replies read without a copy that is not needed: an item of a queue of
//! JSON goes out as it is, and what is not looked at is never taken apart. Anything that is no
//! reply is [`Nonsense`], which shows the line and says what is wrong with it. Pure: unaware of
//! pipes, of children and of what a reply leads to.
//!
//! Reading order: [`request`]; [`reply`]; [`out`], the items of a reply; [`lines`], which finds the
//! replies in what a worker writes.

pub(super) mod lines;
pub(super) mod out;
pub(super) mod reply;
pub(super) mod request;

use std::fmt;

/// Characters of a line that are shown.
const SHOWN: usize = 100;

/// A line that is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nonsense {
    line: String,
    wrong: String,
}

impl Nonsense {
    /// Says what is wrong with a line.
    pub(super) fn new(line: &[u8], wrong: impl Into<String>) -> Self {
        // A character has four bytes at most.
        let start = String::from_utf8_lossy(&line[..line.len().min(4 * SHOWN)]);
        let shown: String = start.chars().take(SHOWN).collect();
        let cut = if shown.len() < line.len() { "…" } else { "" };
        Self { line: format!("{}{cut}", shown.escape_debug()), wrong: wrong.into() }
    }
}

impl fmt::Display for Nonsense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no reply of a worker: {}", self.line, self.wrong)
    }
}

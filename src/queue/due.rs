//! Due: items that are tried again later.
//!
//! Unaware of why.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tokio::time::Instant;

use super::Item;
use super::stock::Loan;

/// Items that wait for their time.
#[derive(Debug, Default)]
pub(super) struct DueItems(BinaryHeap<Reverse<Due>>);

/// An item that waits for its time; the earliest comes first.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) at: Instant,
    pub(super) item: Item,
    /// How it was lent, and comes back.
    pub(super) loan: Loan,
}

impl DueItems {
    /// Takes one in.
    pub(super) fn push(&mut self, due: Due) {
        self.0.push(Reverse(due));
    }

    /// Takes out the first whose time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse(due)| due)
    }

    /// Returns when the next time has come.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse(due)| due.at)
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Lets only those stay of which `stays` says so.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Due) -> bool) {
        self.0.retain(|Reverse(due)| stays(due));
    }
}

impl Due {
    fn key(&self) -> (Instant, u64) {
        (self.at, self.item.index)
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

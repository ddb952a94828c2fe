//! Limits: when a long-lived child is to be replaced by a fresh one, between items.
//!
//! Unaware of how it is replaced.

use std::time::Duration;

use tokio::time::Instant;

use crate::child;
use crate::model::Recycle;

/// How often the memory of a child is looked at most: one look costs as much as an item.
const LOOK: Duration = Duration::from_millis(100);

/// The limits of one child.
#[derive(Debug)]
pub(super) struct Limits {
    recycle: Recycle,
    pid: u32,
    began: Instant,
    looked: Instant,
}

impl Limits {
    /// Begins to count for a child.
    pub(super) fn new(recycle: Recycle, pid: u32) -> Self {
        let now = Instant::now();
        Self { recycle, pid, began: now, looked: now }
    }

    /// Returns how many items more it may be given.
    pub(super) fn left(&self, given: u64) -> u64 {
        self.recycle.items.map_or(u64::MAX, |items| items.saturating_sub(given))
    }

    /// Returns whether it is to be replaced, now that it was given so many items. One that was
    /// given none is as good as a fresh one.
    pub(super) fn are_reached(&mut self, given: u64) -> bool {
        let is_old = || self.ends().is_some_and(|end| end <= Instant::now());
        given > 0 && (self.left(given) == 0 || is_old() || self.is_too_large())
    }

    /// Returns when it is too old.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.recycle.age.map(|age| self.began + age)
    }

    fn is_too_large(&mut self) -> bool {
        let Some(most) = self.recycle.memory.filter(|_| self.looked.elapsed() >= LOOK) else {
            return false;
        };
        self.looked = Instant::now();
        child::resident(self.pid) >= most
    }
}

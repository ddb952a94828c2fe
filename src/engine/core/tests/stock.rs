//! Stock: a queue as a test sees it: numbers instead of bytes, and every law of it asserted.
//!
//! Unaware of children and of the core.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::engine::core::Level;

/// An item: its index, and which try it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::core) struct Item {
    pub(in crate::engine::core) index: u64,
    pub(in crate::engine::core) number: u32,
}

/// A queue.
#[derive(Debug, Default)]
pub(in crate::engine::core) struct Stock {
    capacity: u64,
    waiting: VecDeque<Item>,
    due: BTreeMap<(Duration, u64), Item>,
    lent: u64,
    /// Halves of batches that failed, each to be lent as it is.
    parts: VecDeque<Vec<Item>>,
    /// Read by long-lived children whose end will decide.
    kept: u64,
    level: Level,
    abandoned: bool,
}

impl Stock {
    pub(in crate::engine::core) fn new(capacity: u64) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Puts in an item; one that nobody wants any more is dropped, as one that was never made.
    pub(in crate::engine::core) fn put(&mut self) {
        if self.level.closed {
            return;
        }
        assert!(self.has_room(), "an item was put into a full queue");
        self.waiting.push_back(Item { index: self.level.put, number: 1 });
        self.level.put += 1;
        assert!(self.depth() <= self.capacity);
    }

    pub(in crate::engine::core) fn has_room(&self) -> bool {
        self.level.closed || self.depth() < self.capacity
    }

    /// Lends an item; one that was part of a batch comes first.
    pub(in crate::engine::core) fn take(&mut self) -> Option<Item> {
        if !self.parts.is_empty() {
            return self.take_batch(1).pop();
        }
        let item = self.waiting.pop_front()?;
        self.lent += 1;
        Some(item)
    }

    /// Lends a batch: what is left of one that failed, or as many as there are.
    pub(in crate::engine::core) fn take_batch(&mut self, most: u64) -> Vec<Item> {
        let part = self.parts.pop_front();
        let most = usize::try_from(most).unwrap().min(self.waiting.len());
        let items = part.unwrap_or_else(|| self.waiting.drain(..most).collect());
        self.lent += items.len() as u64;
        items
    }

    /// Takes back a batch that failed, in halves.
    pub(in crate::engine::core) fn halve(&mut self, mut items: Vec<Item>) {
        self.lent -= items.len() as u64;
        let second = items.split_off(items.len() / 2);
        self.parts.extend([items, second]);
    }

    /// Lends an item to a long-lived child, which has read it at once; it counts no longer against
    /// the capacity.
    pub(in crate::engine::core) fn keep(&mut self) -> Option<Item> {
        let item = self.waiting.pop_front()?;
        self.kept += 1;
        Some(item)
    }

    /// Says what became of items that were read.
    pub(in crate::engine::core) fn settle_kept(&mut self, done: u64, dead: u64, left: u64) {
        self.kept -= done + dead + left;
        self.level.done += done;
        self.level.dead += dead;
        self.level.left += left;
    }

    pub(in crate::engine::core) fn accept(&mut self) {
        self.lent -= 1;
        self.level.done += 1;
    }

    pub(in crate::engine::core) fn bury(&mut self) {
        self.lent -= 1;
        self.level.dead += 1;
    }

    pub(in crate::engine::core) fn again(&mut self, item: Item, at: Duration) {
        self.lent -= 1;
        let item = Item { number: item.number + 1, ..item };
        self.due.insert((at, item.index), item);
    }

    pub(in crate::engine::core) fn give_back(&mut self, item: Item) {
        assert!(!self.abandoned, "an item came back to a queue that nobody reads");
        self.lent -= 1;
        self.waiting.push_front(item);
    }

    /// Returns when the next item is due.
    pub(in crate::engine::core) fn next_due(&self) -> Option<Duration> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Lets wait again what is due; returns whether something was.
    pub(in crate::engine::core) fn ripen(&mut self, now: Duration) -> bool {
        let later = self.due.split_off(&(now, u64::MAX));
        let ripe = std::mem::replace(&mut self.due, later);
        let some = !ripe.is_empty();
        self.waiting.extend(ripe.into_values());
        some
    }

    pub(in crate::engine::core) fn close(&mut self) {
        self.level.closed = true;
    }

    pub(in crate::engine::core) fn abandon(&mut self) {
        assert!(!std::mem::replace(&mut self.abandoned, true), "abandoned twice");
        assert_eq!(self.lent + self.kept, 0, "abandoned although somebody reads it");
        self.close();
        let parted = std::mem::take(&mut self.parts).into_iter().flatten().count();
        self.level.left += (self.waiting.len() + self.due.len() + parted) as u64;
        self.waiting.clear();
        self.due.clear();
    }

    pub(in crate::engine::core) fn level(&self) -> Level {
        let parted = self.parts.iter().map(Vec::len).sum::<usize>() as u64;
        let waiting = self.waiting.len() as u64 + parted;
        let busy = self.lent + self.kept + self.due.len() as u64;
        let Level { put, done, dead, left, .. } = self.level;
        assert_eq!(put, waiting + busy + done + dead + left, "an item was lost or made up");
        let (lent, full) = (self.lent, self.depth() >= self.capacity);
        Level { waiting, parted, busy, lent, full, ..self.level }
    }

    /// Returns whether a reader is at the end.
    pub(in crate::engine::core) fn is_at_end(&self) -> bool {
        self.level.closed && self.waiting.is_empty() && self.parts.is_empty()
    }

    pub(in crate::engine::core) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty() || !self.parts.is_empty()
    }

    fn depth(&self) -> u64 {
        let parted = self.parts.iter().map(Vec::len).sum::<usize>();
        (self.waiting.len() + self.due.len() + parted) as u64 + self.lent
    }
}

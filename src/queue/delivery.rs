//! Delivery: items that are lent, and the way to answer for them.
//!
//! An answer consumes the delivery, so it is given exactly once. A delivery that is dropped
//! unanswered goes back to where it was and costs no try: whatever happens to its holder, no item
//! is lost. Unaware of what is done with an item.

use std::time::Duration;

use super::{Item, Queue};

/// One item that is lent.
#[derive(Debug)]
#[must_use = "an item that is dropped goes back into its queue"]
pub struct Delivery {
    /// The item.
    pub item: Item,
    /// The way back, until it is answered.
    queue: Option<Queue>,
    size: u64,
}

impl Delivery {
    pub(super) fn new(queue: Queue, item: Item) -> Self {
        let size = item.size();
        Self { item, queue: Some(queue), size }
    }

    /// Shim.
    pub fn shard(&self) -> Option<u32> {
        None
    }

    /// Answers that the item is done.
    pub fn accept(mut self) {
        if let Some(queue) = self.queue.take() {
            queue.settle(|stock| stock.accept(1, self.size));
        }
    }

    /// Answers that the item failed for good.
    pub fn bury(mut self) {
        if let Some(queue) = self.queue.take() {
            queue.settle(|stock| stock.bury(1, self.size));
        }
    }

    /// Answers that the item failed and is to be tried again, after a while.
    pub fn again(mut self, after: Duration) {
        if let Some(queue) = self.queue.take() {
            queue.again(std::mem::take(&mut self.item), after);
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.give_back(std::iter::once(std::mem::take(&mut self.item)));
        }
    }
}

/// Several items that are lent together, in their order.
#[derive(Debug)]
#[must_use = "items that are dropped go back into their queue"]
pub struct Batch {
    queue: Queue,
    /// Empty once they are answered.
    items: Vec<Item>,
}

impl Batch {
    pub(super) fn new(queue: Queue, items: Vec<Item>) -> Self {
        Self { queue, items }
    }

    /// Shim.
    pub fn shard(&self) -> Option<u32> {
        None
    }

    /// Shim.
    pub fn one(mut self) -> Result<Delivery, Self> {
        if self.items.len() == 1 {
            Ok(Delivery::new(self.queue.clone(), self.items.pop().unwrap()))
        } else {
            Err(self)
        }
    }

    /// Shim.
    pub fn halve(self) {}

    /// Returns the items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Answers that all are done.
    pub fn accept(self) {
        self.accept_but(0);
    }

    /// Answers that all are done but the last `unread`, which go back.
    pub fn accept_but(mut self, unread: usize) {
        let (items, bytes) = self.part_with(unread);
        self.queue.settle(|stock| stock.accept(items, bytes));
    }

    /// Answers that all were read but the last `unread`, which go back; what was read is kept by
    /// the caller, outside the capacity, until it is known how its reader ends.
    pub fn keep_but(mut self, unread: usize) -> Kept {
        let (items, bytes) = self.part_with(unread);
        self.queue.settle(|stock| stock.keep(items, bytes));
        Kept { queue: self.queue.clone(), items }
    }

    /// Parts the first items, so many or all, from the rest.
    pub fn split_off(&mut self, first: usize) -> Self {
        let first = first.min(self.items.len());
        Self::new(self.queue.clone(), self.items.drain(..first).collect())
    }

    /// Parts the items, each with its own answer.
    pub fn split(mut self) -> Vec<Delivery> {
        let items = std::mem::take(&mut self.items).into_iter();
        items.map(|item| Delivery::new(self.queue.clone(), item)).collect()
    }

    /// Lets go of the first items, and leaves the last `unread` to be given back. Returns how many
    /// were let go of, and their bytes.
    fn part_with(&mut self, unread: usize) -> (u64, u64) {
        let read = self.items.len().saturating_sub(unread);
        let bytes = self.items.drain(..read).map(|item| item.size()).sum();
        (read as u64, bytes)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.items.is_empty() {
            self.queue.give_back(std::mem::take(&mut self.items).into_iter());
        }
    }
}

/// Items that were read and whose bytes the holder keeps. Dropped unanswered they count as left:
/// the queue has them no longer.
#[derive(Debug)]
#[must_use = "items that are dropped here are left undone"]
pub struct Kept {
    queue: Queue,
    items: u64,
}

impl Kept {
    /// Returns how many there are.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// Adds others of the same queue.
    pub fn join(&mut self, mut other: Self) {
        self.items += std::mem::take(&mut other.items);
    }

    /// Answers that all are done.
    pub fn accept(mut self) {
        let items = std::mem::take(&mut self.items);
        self.queue.settle(|stock| stock.settle_kept(items, 0, 0));
    }

    /// Answers that all failed for good.
    pub fn bury(mut self) {
        let items = std::mem::take(&mut self.items);
        self.queue.settle(|stock| stock.settle_kept(0, items, 0));
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let items = std::mem::take(&mut self.items);
        if items > 0 {
            self.queue.settle(|stock| stock.settle_kept(0, 0, items));
        }
    }
}

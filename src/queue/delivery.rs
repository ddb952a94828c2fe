//! Delivery: items that are lent, and the way to answer for them.
//!
//! An answer consumes the delivery, so it is given exactly once. A delivery that is dropped
//! unanswered goes back to where it was and costs no try: whatever happens to its holder, no item
//! is lost. Unaware of what is done with an item.

use std::iter::once;
use std::time::Duration;

use super::books::Fate;
use super::row::Bond;
use super::stock::Loan;
use super::{Item, Queue};

/// One item that is lent.
#[derive(Debug)]
#[must_use = "an item that is dropped goes back into its queue"]
pub struct Delivery {
    /// The item.
    pub item: Item,
    /// Whether it has to run alone, because it may have killed others that ran beside it.
    pub alone: bool,
    /// The way back, until it is answered.
    queue: Option<Queue>,
    loan: Loan,
    shard: Option<u32>,
    size: u64,
}

impl Delivery {
    pub(super) fn new(queue: Queue, item: Item, loan: Loan, shard: Option<u32>) -> Self {
        let (size, alone) = (item.size(), loan.bond == Bond::Alone);
        Self { item, alone, queue: Some(queue), loan, shard, size }
    }

    /// Returns its shard, where its lane has any.
    pub fn shard(&self) -> Option<u32> {
        self.shard
    }

    /// Answers that the item is done.
    pub fn accept(self) {
        self.settle(Fate::Done);
    }

    /// Answers that the item failed for good.
    pub fn bury(self) {
        self.settle(Fate::Dead);
    }

    /// Answers that the item failed and is to be tried again, after a while.
    pub fn again(mut self, after: Duration) {
        self.item.attempt += 1;
        self.later(after);
    }

    /// Answers that the item can't be dealt with now: it comes back after a while and costs no try.
    pub fn later(mut self, after: Duration) {
        if let Some(queue) = self.queue.take() {
            queue.later(self.loan, std::mem::take(&mut self.item), after);
        }
    }

    /// Answers that the item may be what killed its consumer and those beside it: it goes back to
    /// be run alone, and costs no try.
    pub fn suspect(mut self) {
        self.loan.bond = Bond::Alone;
    }

    fn settle(mut self, fate: Fate) {
        if let Some(queue) = self.queue.take() {
            let (index, size) = (self.item.index, self.size);
            queue.settle(|stock| stock.settle(self.loan, fate, once((index, size))));
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.give_back(self.loan, once(std::mem::take(&mut self.item)));
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
    loan: Loan,
    shard: Option<u32>,
}

impl Batch {
    pub(super) fn new(queue: Queue, items: Vec<Item>, loan: Loan, shard: Option<u32>) -> Self {
        Self { queue, items, loan, shard }
    }

    /// Returns the items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Returns the shard of all of them, where their lane has any.
    pub fn shard(&self) -> Option<u32> {
        self.shard
    }

    /// Returns whether this is one item that has to run alone.
    pub fn is_alone(&self) -> bool {
        self.loan.bond == Bond::Alone
    }

    /// Answers that all are done.
    pub fn accept(self) {
        self.accept_but(0);
    }

    /// Answers that all are done but the last `unread`, which go back.
    pub fn accept_but(self, unread: usize) {
        self.settle_but(unread, Fate::Done);
    }

    /// Answers that all together failed: they go back as two parts, each of which is lent next as
    /// it is, and cost no try.
    pub fn halve(mut self) {
        self.loan.bond = Bond::Part;
        let half = self.items.len().div_ceil(2);
        drop(self.split_off(half));
    }

    /// Parts the first items, so many or all, from the rest.
    pub fn split_off(&mut self, first: usize) -> Self {
        let first = first.min(self.items.len());
        let items = self.items.drain(..first).collect();
        Self::new(self.queue.clone(), items, self.loan, self.shard)
    }

    /// Parts the items, each with its own answer.
    pub fn split(mut self) -> Vec<Delivery> {
        let items = std::mem::take(&mut self.items).into_iter();
        let lent = |item| Delivery::new(self.queue.clone(), item, self.loan, self.shard);
        items.map(lent).collect()
    }

    /// Returns the only item with its own answer, or all of them where there are several.
    pub fn one(mut self) -> Result<Delivery, Self> {
        match <[Item; 1]>::try_from(std::mem::take(&mut self.items)) {
            Ok([item]) => Ok(Delivery::new(self.queue.clone(), item, self.loan, self.shard)),
            Err(items) => {
                self.items = items;
                Err(self)
            }
        }
    }

    /// Answers that this became of all but the last `unread`, which go back.
    pub(super) fn settle_but(mut self, unread: usize, fate: Fate) {
        let read = self.items.len().saturating_sub(unread);
        let read = self.items.drain(..read).map(|item| (item.index, item.size()));
        self.queue.settle(|stock| stock.settle(self.loan, fate, read));
    }

    /// Returns the row that they belong to.
    pub(super) fn row(&self) -> u32 {
        self.loan.row
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.items.is_empty() {
            self.queue.give_back(self.loan, std::mem::take(&mut self.items).into_iter());
        }
    }
}

//! Reader: how a long-lived child reads a lane.
//!
//! Where the lane has shards it holds one for its whole life: what such a child remembers is of use
//! for the items of its shard, and several of them may be in its hands, in order. Elsewhere it
//! reads what is there. Unaware of the child.

use std::cell::Cell;

use super::stock::Stock;
use super::{Batch, Delivery, Queue};

/// A reader of a lane. There should be as many as there are shards: what nobody holds waits.
#[derive(Debug)]
pub struct Reader {
    queue: Queue,
    /// The shard that it holds.
    row: Cell<Option<u32>>,
}

impl Reader {
    pub(super) fn new(queue: Queue) -> Self {
        Self { queue, row: Cell::new(None) }
    }

    /// Returns the shard that it holds; none until it has found one in which something waits.
    pub fn shard(&self) -> Option<u32> {
        self.row.get()
    }

    /// Holds a shard, where the lane has any and something waits in one that is free. Returns the
    /// one that it holds.
    pub fn find(&self) -> Option<u32> {
        self.queue.ask(|stock| self.hold(stock))
    }

    /// Waits until an item can be taken or none will come any more but what is lent or due now.
    /// Returns whether an item waits.
    pub async fn ready(&self) -> bool {
        self.queue.wait_of(|stock| self.hold(stock), Stock::is_over).await
    }

    /// Waits until an item can be taken or none ever will, whatever becomes of those that are lent
    /// or due. Returns whether an item waits.
    pub async fn more(&self) -> bool {
        self.queue.wait_of(|stock| self.hold(stock), Stock::is_done).await
    }

    /// Returns whether an item can be taken.
    pub fn has_waiting(&self) -> bool {
        self.queue.ask(|stock| stock.has_waiting(self.row.get()))
    }

    /// Returns whether what is lent next has to run alone.
    pub fn next_is_alone(&self) -> bool {
        self.queue.ask(|stock| stock.next_is_alone(self.row.get()))
    }

    /// Lends the item whose turn it is.
    pub fn take(&self) -> Option<Delivery> {
        let row = self.queue.ask(|stock| self.hold(stock));
        self.queue.take_of(row)
    }

    /// Lends the items whose turn it is: a part as it is, or at most so many items, and so many
    /// bytes once each has what stands around it; at least one where one waits.
    pub fn take_many(&self, items: usize, bytes: usize) -> Option<Batch> {
        let row = self.queue.ask(|stock| self.hold(stock));
        self.queue.take_many_of(row, items, bytes)
    }

    fn hold(&self, stock: &mut Stock) -> Option<u32> {
        if self.row.get().is_none() {
            self.row.set(stock.hold());
        }
        self.row.get()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(row) = self.row.get() {
            self.queue.settle(|stock| stock.let_go(row));
        }
    }
}

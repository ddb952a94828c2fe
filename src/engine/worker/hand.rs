//! Hand: the items that a worker was asked to work on and has not answered for.
//!
//! Dropped, they go back to where they were. Unaware of what is said of them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::clock::Clock;
use crate::queue::Delivery;

/// Items in hand, by index.
#[derive(Debug, Default)]
pub(super) struct Hand {
    given: BTreeMap<u64, Given>,
}

/// An item that a worker was asked to work on.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) delivery: Delivery,
    /// When it was asked.
    pub(super) since: Instant,
    /// Where the request begins in all that was said to the worker.
    at: u64,
    /// Whether it counts as one that its node has in hand.
    pub(super) counts: bool,
}

impl Hand {
    /// Adds an item whose request begins at this byte.
    pub(super) fn add(&mut self, delivery: Delivery, at: u64) {
        let given = Given { since: Instant::now(), at, delivery, counts: true };
        self.given.insert(given.delivery.item.index, given);
    }

    /// Takes an item out.
    pub(super) fn take(&mut self, index: u64) -> Option<Given> {
        self.given.remove(&index)
    }

    /// Takes all out, in their order.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Given> + use<> {
        std::mem::take(&mut self.given).into_values()
    }

    /// Returns whether it holds this item.
    pub(super) fn holds(&self, index: u64) -> bool {
        self.given.contains_key(&index)
    }

    /// Returns how many it holds.
    pub(super) fn len(&self) -> usize {
        self.given.len()
    }

    /// Returns whether it holds none.
    pub(super) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Returns whether it holds one that must be alone.
    pub(super) fn is_alone(&self) -> bool {
        self.given.first_key_value().is_some_and(|(_, given)| given.delivery.alone)
    }

    /// Returns the item that is held longest, if that is longer than this.
    pub(super) fn overdue(&self, total: Duration, clock: &Clock) -> Option<u64> {
        let is_overdue = |given: &Given| clock.elapsed(given.since) >= total;
        let overdue = self.given.iter().filter(|(_, given)| is_overdue(given));
        overdue.min_by_key(|(_, given)| given.since).map(|(index, _)| *index)
    }

    /// Returns since when the item is held that is held longest.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.given.values().map(|given| given.since).min()
    }

    /// Takes out what the worker can't have seen, because it has read no further than to here.
    pub(super) fn take_unread(&mut self, read: u64) -> impl Iterator<Item = Given> + use<> {
        let all = std::mem::take(&mut self.given);
        let (seen, unread) = all.into_iter().partition(|(_, given)| given.at < read);
        self.given = seen;
        let unread: BTreeMap<u64, Given> = unread;
        unread.into_values()
    }
}

//! Window: items are lent only so far ahead of the oldest that nobody has answered for.
//!
//! What is published in the order of the input has to wait for those before it; the window bounds
//! how much can wait so. Unaware of what is published.

use std::collections::VecDeque;

use super::Item;

/// Which items may be lent, and those that may not yet.
#[derive(Debug)]
pub(super) struct Window {
    width: u64,
    /// The lowest index that is not settled.
    lowest: u64,
    /// Whether it is settled, of each item from there on: a byte for each up to the last that is.
    settled: VecDeque<bool>,
    /// Items beyond the window, in the order of their index, each with its row.
    beyond: VecDeque<(u32, Item)>,
}

impl Window {
    /// Makes one of at least one item.
    pub(super) fn new(width: u64) -> Self {
        let (settled, beyond) = (VecDeque::new(), VecDeque::new());
        Self { width: width.max(1), lowest: 0, settled, beyond }
    }

    /// Returns whether an item may be lent.
    pub(super) fn admits(&self, index: u64) -> bool {
        index < self.lowest.saturating_add(self.width)
    }

    /// Keeps an item that may not be lent yet.
    pub(super) fn hold(&mut self, row: u32, item: Item) {
        self.beyond.push_back((row, item));
    }

    /// Takes out the next item that may be lent by now.
    pub(super) fn next(&mut self) -> Option<(u32, Item)> {
        self.beyond.front().is_some_and(|(_, item)| self.admits(item.index)).then_some(())?;
        self.beyond.pop_front()
    }

    /// Counts an item as settled; a second time changes nothing.
    pub(super) fn settle(&mut self, index: u64) {
        let Some(place) = index.checked_sub(self.lowest) else { return };
        let place = usize::try_from(place).expect("no more items are open than memory can hold");
        if place >= self.settled.len() {
            self.settled.resize(place + 1, false);
        }
        self.settled[place] = true;
        while self.settled.front() == Some(&true) {
            self.settled.pop_front();
            self.lowest += 1;
        }
    }

    /// Returns the lowest index that is not settled.
    pub(super) fn lowest(&self) -> u64 {
        self.lowest
    }

    /// Returns how many items are beyond.
    pub(super) fn len(&self) -> u64 {
        self.beyond.len() as u64
    }

    /// Lets only those stay beyond of which `stays` says so.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Item) -> bool) {
        self.beyond.retain(|(_, item)| stays(item));
    }
}

//! Stock: what lies in a queue, what is lent, and what became of the rest.
//!
//! The bookkeeping of a queue without tasks and wake-ups, so that every item is counted in exactly
//! one place. What waits is sorted by index: items that come back go where they were, which is
//! before all that were never lent. Unaware of who waits for a change.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use tokio::time::Instant;

use super::Slice;
use super::slice::gather;

/// A full queue takes items again when this many hundredths of its capacity are in use, so that a
/// producer wakes up for a quarter of it and not for every single item.
const RESUMES_AT_PERCENT: u64 = 75;

/// An item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// `RUNNER_ITEM_INDEX`: counted from 0 in the order of arrival.
    pub index: u64,
    /// Its bytes, without a terminator.
    pub bytes: Slice,
    /// Which try it is, counted from 1.
    pub attempt: u32,
}

impl Item {
    /// Returns what it counts against `capacity-bytes`.
    pub(super) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl AsMut<Slice> for Item {
    fn as_mut(&mut self) -> &mut Slice {
        &mut self.bytes
    }
}

/// How full a queue is. At any time `put = waiting + lent + due + kept + done + dead + left`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent answers, not a state")]
pub struct Level {
    /// Items that wait to be taken.
    pub waiting: u64,
    /// Shim.
    pub held: u64,
    /// Shim.
    pub parted: u64,
    /// Shim.
    pub waiting_bytes: u64,
    /// Items that are lent.
    pub lent: u64,
    /// Items that wait for another try.
    pub due: u64,
    /// Items that were read and are kept elsewhere until it is known how their reader ends; they
    /// don't count against the capacity.
    pub kept: u64,
    /// Bytes that count against the capacity: of items waiting, lent and due.
    pub bytes: u64,
    /// Items that were put in.
    pub put: u64,
    /// Items that were accepted.
    pub done: u64,
    /// Items that failed for good.
    pub dead: u64,
    /// Items that were dropped because nobody was left to take them.
    pub left: u64,
    /// Whether nothing will be put in any more.
    pub closed: bool,
    /// Whether it takes no item now.
    pub full: bool,
    /// When the next item is due.
    pub next_due: Option<Instant>,
    /// Whether a producer waits for room.
    pub producers_blocked: bool,
    /// Whether a consumer waits for an item.
    pub consumers_starved: bool,
}

impl Level {
    /// Returns how many items are inside: waiting, lent and due.
    pub fn depth(&self) -> u64 {
        self.waiting + self.lent + self.due
    }

    /// Returns whether the queue is closed and every item of it is settled.
    pub fn drained(&self) -> bool {
        self.closed && self.depth() == 0 && self.kept == 0
    }
}

/// What lies in a queue.
#[derive(Debug)]
pub(super) struct Stock {
    capacity: u64,
    capacity_bytes: u64,
    terminator: u8,
    waiting: VecDeque<Item>,
    due: BinaryHeap<Reverse<Due>>,
    /// Counts, without those that follow from the fields above.
    level: Level,
    /// Bytes of the largest item that was refused since the queue is full.
    refused: u64,
}

/// An item that is tried again later; the earliest comes first.
#[derive(Debug)]
struct Due {
    at: Instant,
    item: Item,
}

impl Stock {
    /// Makes an empty one that takes at least one item.
    pub(super) fn new(capacity: u64, capacity_bytes: u64, terminator: u8) -> Self {
        Self {
            capacity: capacity.max(1),
            capacity_bytes: capacity_bytes.max(1),
            terminator,
            waiting: VecDeque::new(),
            due: BinaryHeap::new(),
            level: Level::default(),
            refused: 0,
        }
    }

    /// Returns how full it is; who waits is not known here.
    pub(super) fn level(&self) -> Level {
        Level {
            waiting: self.waiting.len() as u64,
            due: self.due.len() as u64,
            next_due: self.due.peek().map(|Reverse(due)| due.at),
            ..self.level
        }
    }

    /// Returns whether something waits.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns whether nothing will be put in any more.
    pub(super) fn is_closed(&self) -> bool {
        self.level.closed
    }

    /// Returns whether it takes no item now.
    pub(super) fn is_full(&self) -> bool {
        self.level.full
    }

    /// Puts in an item, or returns it where it is full or closed.
    pub(super) fn put(&mut self, bytes: Slice) -> Result<(), Slice> {
        let size = bytes.len() as u64;
        let depth = self.depth();
        let fits = depth < self.capacity && self.level.bytes + size <= self.capacity_bytes;
        if self.level.closed {
            return Err(bytes);
        }
        if self.level.full || !(fits || depth == 0) {
            self.level.full = true;
            self.refused = self.refused.max(size);
            return Err(bytes);
        }
        self.waiting.push_back(Item { index: self.level.put, bytes, attempt: 1 });
        self.level.put += 1;
        self.level.bytes += size;
        self.level.full = depth + 1 >= self.capacity || self.level.bytes >= self.capacity_bytes;
        Ok(())
    }

    /// Lends the first item.
    pub(super) fn take(&mut self) -> Option<Item> {
        let mut item = self.waiting.pop_front()?;
        item.bytes.detach();
        self.level.lent += 1;
        Some(item)
    }

    /// Lends the first items, as many as stay within the bounds, and at least one.
    pub(super) fn take_many(&mut self, items: usize, bytes: usize) -> Vec<Item> {
        let mut room = bytes;
        let within = self.waiting.iter().take(items.max(1)).take_while(|item| {
            let fits = item.bytes.len() < room;
            room = room.saturating_sub(item.bytes.len() + 1);
            fits
        });
        let count = within.count().max(1).min(self.waiting.len());
        let mut lent: Vec<Item> = self.waiting.drain(..count).collect();
        self.level.lent += count as u64;
        for run in lent.chunk_by_mut(|one, two| one.bytes.is_beside(&two.bytes)) {
            let bytes = run.iter().map(|item| item.bytes.len()).sum();
            if run[0].bytes.wastes(bytes) {
                gather(run, bytes, self.terminator);
            }
        }
        lent
    }

    /// Takes back an item that was lent, to where it was.
    pub(super) fn give_back(&mut self, item: Item) {
        self.level.lent -= 1;
        self.insert(item);
    }

    /// Takes back an item that was lent, for another try at a later time.
    pub(super) fn again(&mut self, mut item: Item, at: Instant) {
        item.attempt += 1;
        item.bytes.detach();
        self.level.lent -= 1;
        self.due.push(Reverse(Due { at, item }));
    }

    /// Lets what is due wait again. Returns whether there was something.
    pub(super) fn ripen(&mut self, now: Instant) -> bool {
        let before = self.waiting.len();
        while self.due.peek().is_some_and(|Reverse(due)| due.at <= now) {
            if let Some(Reverse(due)) = self.due.pop() {
                self.insert(due.item);
            }
        }
        self.waiting.len() > before
    }

    /// Counts lent items of that many bytes as accepted.
    pub(super) fn accept(&mut self, items: u64, bytes: u64) {
        self.level.done += items;
        self.release(items, bytes);
    }

    /// Counts lent items of that many bytes as dead.
    pub(super) fn bury(&mut self, items: u64, bytes: u64) {
        self.level.dead += items;
        self.release(items, bytes);
    }

    /// Counts lent items of that many bytes as kept elsewhere.
    pub(super) fn keep(&mut self, items: u64, bytes: u64) {
        self.level.kept += items;
        self.release(items, bytes);
    }

    /// Settles items that were kept elsewhere.
    pub(super) fn settle_kept(&mut self, done: u64, dead: u64, left: u64) {
        self.level.kept -= done + dead + left;
        self.level.done += done;
        self.level.dead += dead;
        self.level.left += left;
    }

    /// Takes nothing in any more.
    pub(super) fn close(&mut self) {
        self.level.closed = true;
    }

    /// Discards what waits and what is due. Returns how many items that were.
    pub(super) fn drop_rest(&mut self) -> u64 {
        let rest = self.waiting.drain(..).chain(self.due.drain().map(|Reverse(due)| due.item));
        let (mut items, mut bytes) = (0, 0);
        for item in rest {
            items += 1;
            bytes += item.size();
        }
        self.level.left += items;
        self.level.bytes -= bytes;
        self.reopen();
        items
    }

    fn depth(&self) -> u64 {
        (self.waiting.len() + self.due.len()) as u64 + self.level.lent
    }

    fn insert(&mut self, item: Item) {
        let place = self.waiting.partition_point(|other| other.index < item.index);
        self.waiting.insert(place, item);
    }

    fn release(&mut self, items: u64, bytes: u64) {
        self.level.lent -= items;
        self.level.bytes -= bytes;
        self.reopen();
    }

    /// Ends being full once there is room for more than one item and for the one that was refused.
    fn reopen(&mut self) {
        let low = |capacity: u64| {
            capacity / 100 * RESUMES_AT_PERCENT + capacity % 100 * RESUMES_AT_PERCENT / 100
        };
        let room = self.depth() <= low(self.capacity)
            && self.level.bytes <= low(self.capacity_bytes)
            && self.level.bytes + self.refused <= self.capacity_bytes;
        if room || self.depth() == 0 {
            self.level.full = false;
            self.refused = 0;
        }
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
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_costs_what_the_broker_says() {
        assert_eq!(size_of::<Item>(), 64);
    }
}

//! Books: how many items a queue has, and whether there is room for more.
//!
//! Only counts and bytes, so that what is in memory and what is counted can be compared. Unaware of
//! the items themselves.

use std::time::Duration;

use tokio::time::Instant;

/// A full queue takes items again when this many hundredths of its capacity are in use, so that a
/// producer wakes up for a quarter of it and not for every single item.
const RESUMES_AT_PERCENT: u64 = 75;

/// How full a queue is. At any time
/// `put = waiting + held + lent + due + kept + done + dead + left`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent answers, not a state")]
pub struct Level {
    /// Items that can be lent now.
    pub waiting: u64,
    /// Bytes of those.
    pub waiting_bytes: u64,
    /// Of those, items of a batch that failed and items that have to run alone: they wait for no
    /// more.
    pub parted: u64,
    /// How many that take one item or batch each would find one: less than `waiting` where items
    /// of one shard wait behind each other.
    pub takers: u64,
    /// Items that wait and can't be lent yet: their shard is busy, or they are beyond the window
    /// or the capacity.
    pub held: u64,
    /// Items that are lent.
    pub lent: u64,
    /// Items that wait for another try.
    pub due: u64,
    /// Items that were read and are kept elsewhere until it is known how their reader ends; they
    /// don't count against the capacity.
    pub kept: u64,
    /// Items beyond the capacity, which are on disk but for the last; all of them are held.
    pub spilled: u64,
    /// Bytes that count against the capacity: of items in memory, lent and due ones included.
    pub bytes: u64,
    /// Items that were put in.
    pub put: u64,
    /// Items that were accepted.
    pub done: u64,
    /// Items that failed for good.
    pub dead: u64,
    /// Items that were dropped because nobody was left to take them.
    pub left: u64,
    /// Items that were not put in, because the same was before.
    pub duplicates: u64,
    /// How long the oldest item is in it that nobody has answered for, as of the last
    /// [`Queue::mark`](super::Queue::mark).
    pub oldest: Option<Duration>,
    /// Whether nothing will be put in any more.
    pub closed: bool,
    /// Whether it takes no item now.
    pub full: bool,
    /// When the next item is due.
    pub next_due: Option<Instant>,
    /// Whether a producer waits for room here.
    pub producers_blocked: bool,
    /// Whether a consumer waits for an item.
    pub consumers_starved: bool,
}

impl Level {
    /// Returns how many items are inside: waiting, held, lent and due.
    pub fn depth(&self) -> u64 {
        self.waiting + self.held + self.lent + self.due
    }

    /// Returns whether the queue is closed and every item of it is settled.
    pub fn drained(&self) -> bool {
        self.closed && self.depth() == 0 && self.kept == 0
    }
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was accepted.
    Done,
    /// It failed for good.
    Dead,
    /// It was dropped, because nobody wants it.
    Left,
    /// It was read, and is kept elsewhere.
    Kept,
}

/// The counts of a queue.
#[derive(Debug)]
pub(super) struct Books {
    capacity: u64,
    capacity_bytes: u64,
    /// Counts, without those that follow from where the items lie.
    pub(super) level: Level,
    /// Items that count against the capacity.
    inside: u64,
    /// Bytes of the largest item that was refused since the queue is full.
    refused: u64,
}

impl Books {
    /// Begins the books of an empty queue that takes at least one item.
    pub(super) fn new(capacity: u64, capacity_bytes: u64) -> Self {
        Self {
            capacity: capacity.max(1),
            capacity_bytes: capacity_bytes.max(1),
            level: Level::default(),
            inside: 0,
            refused: 0,
        }
    }

    /// Returns whether an item of that size fits in. One always does where there is none.
    pub(super) fn fits(&self, size: u64) -> bool {
        let items = self.inside < self.capacity;
        let bytes = self.level.bytes.saturating_add(size) <= self.capacity_bytes;
        items && bytes || self.inside == 0
    }

    /// Returns whether an item of that size is taken in now; from the first refusal on none is,
    /// until there is room for several.
    pub(super) fn admits(&mut self, size: u64) -> bool {
        let admitted = !self.level.full && self.fits(size);
        if !admitted {
            self.level.full = true;
            self.refused = self.refused.max(size);
        }
        admitted
    }

    /// Counts an item of that size that comes into memory.
    pub(super) fn enter(&mut self, size: u64) {
        self.inside += 1;
        self.level.bytes += size;
    }

    /// Counts items that leave memory.
    pub(super) fn leave(&mut self, items: u64, bytes: u64) {
        self.inside -= items;
        self.level.bytes -= bytes;
        self.reopen();
    }

    /// Is full as soon as there is no room for even an empty item.
    pub(super) fn fill(&mut self) {
        self.level.full = self.inside >= self.capacity || self.level.bytes >= self.capacity_bytes;
    }

    /// Counts items whose fate is known.
    pub(super) fn settle(&mut self, items: u64, fate: Fate) {
        *self.count(fate) += items;
    }

    /// Settles items that were kept elsewhere.
    pub(super) fn settle_kept(&mut self, items: u64, fate: Fate) {
        self.level.kept -= items;
        self.settle(items, fate);
    }

    fn count(&mut self, fate: Fate) -> &mut u64 {
        match fate {
            Fate::Done => &mut self.level.done,
            Fate::Dead => &mut self.level.dead,
            Fate::Left => &mut self.level.left,
            Fate::Kept => &mut self.level.kept,
        }
    }

    /// Ends being full once there is room for more than one item and for the one that was refused.
    fn reopen(&mut self) {
        let low = |capacity: u64| {
            capacity / 100 * RESUMES_AT_PERCENT + capacity % 100 * RESUMES_AT_PERCENT / 100
        };
        let room = self.inside <= low(self.capacity)
            && self.level.bytes <= low(self.capacity_bytes)
            && self.level.bytes + self.refused <= self.capacity_bytes;
        if room || self.inside == 0 {
            self.level.full = false;
            self.refused = 0;
        }
    }
}

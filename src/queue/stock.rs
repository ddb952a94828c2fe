//! Stock: what lies in one lane of a queue, what is lent, and what became of the rest.
//!
//! The bookkeeping of a lane without tasks and wake-ups, so that every item is counted in exactly
//! one place: in a row, beyond the window, beyond the capacity, lent, due or settled. Unaware of
//! who waits for a change.
//!
//! Reading order: this; [`lend`] for what goes out, [`back`] for what comes back, [`sweep`] for
//! what is dropped.

mod back;
mod lend;
mod sweep;

use tokio::time::Instant;

use super::ages::Ages;
use super::books::{Books, Fate};
use super::due::DueItems;
use super::row::{Bond, Row};
use super::spill::Spill;
use super::window::Window;
use super::wire::Wire;
use super::{Item, Level, Origin, SpoolFault};

/// What lies in one lane.
#[derive(Debug)]
pub(super) struct Stock {
    books: Books,
    /// One for each shard, or one.
    rows: Vec<Row>,
    sharded: bool,
    ranked: bool,
    due: DueItems,
    window: Option<Window>,
    spill: Option<Spill>,
    ages: Ages,
    /// What these have put in before so many items is not wanted any more.
    discarded: Vec<(Origin, u64)>,
    wire: Wire,
    /// Why what is on disk can't be read, until somebody asks.
    fault: Option<SpoolFault>,
}

/// What a lane is like.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) capacity: u64,
    pub(super) capacity_bytes: u64,
    pub(super) wire: Wire,
    pub(super) ranked: bool,
    pub(super) shards: Option<u32>,
    pub(super) window: Option<u64>,
    pub(super) spill: Option<Spill>,
}

/// Where something lent belongs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Loan {
    pub(super) row: u32,
    pub(super) bond: Bond,
}

/// Whether an item can be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    Room,
    Full,
    Closed,
}

impl Stock {
    /// Makes an empty one.
    pub(super) fn new(shape: Shape) -> Self {
        let rows = shape.shards.unwrap_or(1).max(1);
        Self {
            books: Books::new(shape.capacity, shape.capacity_bytes),
            rows: (0..rows).map(|_| Row::new(shape.ranked)).collect(),
            sharded: shape.shards.is_some(),
            ranked: shape.ranked,
            due: DueItems::default(),
            window: shape.window.map(Window::new),
            spill: shape.spill,
            ages: Ages::new(),
            discarded: Vec::new(),
            wire: shape.wire,
            fault: None,
        }
    }

    /// Returns how full it is; who waits is not known here.
    pub(super) fn level(&self) -> Level {
        let (mut waiting, mut waiting_bytes, mut parted, mut takers) = (0, 0, 0, 0);
        let mut held = self.beyond();
        for row in &self.rows {
            if !self.sharded || row.is_free() {
                waiting += row.len();
                waiting_bytes += row.bytes();
                parted += row.parted();
                takers += if self.sharded { row.len().min(1) } else { row.len() };
            } else {
                held += row.len();
            }
        }
        Level {
            waiting,
            waiting_bytes,
            parted,
            takers,
            held,
            due: self.due.len(),
            spilled: self.spill.as_ref().map_or(0, Spill::len),
            oldest: self.ages.oldest(),
            next_due: self.due.next(),
            ..self.books.level
        }
    }

    /// Returns whether an item of that size can be put in now.
    pub(super) fn offer(&mut self, size: u64) -> Result<Offer, SpoolFault> {
        if self.is_closed() {
            return Ok(Offer::Closed);
        }
        let room = match &mut self.spill {
            Some(spill) => spill.make_room().map(|()| true)?,
            None => self.books.admits(size),
        };
        Ok(if room { Offer::Room } else { Offer::Full })
    }

    /// Puts in an item, which was offered before.
    pub(super) fn put(&mut self, item: Item, row: u32) {
        self.books.level.put += 1;
        self.ages.enter();
        match &mut self.spill {
            None => {
                self.enter(row, item);
                self.books.fill();
            }
            Some(spill) if spill.is_empty() && self.books.fits(item.size()) => {
                self.enter(row, item);
            }
            Some(spill) => {
                spill.push(row, item);
                self.balance();
            }
        }
    }

    /// Counts an item that was there before, and is not put in.
    pub(super) fn note_duplicate(&mut self) {
        self.books.level.duplicates += 1;
    }

    /// Takes nothing in any more.
    pub(super) fn close(&mut self) {
        self.books.level.closed = true;
    }

    /// Returns whether nothing will be put in any more.
    pub(super) fn is_closed(&self) -> bool {
        self.books.level.closed
    }

    /// Returns whether it takes no item now.
    pub(super) fn is_full(&self) -> bool {
        self.books.level.full
    }

    /// Returns whether what is settled can make something else free to be lent, or was the last.
    pub(super) fn is_stirred_by_answers(&self) -> bool {
        self.sharded || self.window.is_some() || self.spill.is_some() || self.is_done(None)
    }

    /// Returns whether every item before this one is settled; always where there is no window.
    pub(super) fn is_turn_of(&self, index: u64) -> bool {
        self.window.as_ref().is_none_or(|window| window.lowest() >= index)
    }

    /// Returns how items are written.
    pub(super) fn wire(&self) -> Wire {
        self.wire
    }

    /// Takes in what time it is.
    pub(super) fn mark(&mut self, now: Instant) {
        self.ages.mark(now, self.books.level.put);
    }

    /// Returns why what is on disk can't be read, once.
    pub(super) fn take_fault(&mut self) -> Option<SpoolFault> {
        self.fault.take()
    }

    /// Returns how many items are neither in a row nor lent nor due.
    fn beyond(&self) -> u64 {
        let window = self.window.as_ref().map_or(0, Window::len);
        window + self.spill.as_ref().map_or(0, Spill::len)
    }

    /// Takes an item into memory.
    fn enter(&mut self, row: u32, item: Item) {
        self.books.enter(item.size());
        match &mut self.window {
            Some(window) if !window.admits(item.index) => window.hold(row, item),
            _ => self.rows[row as usize].push(item),
        }
    }

    /// Lets what became free take its course: what is within the window now, and what has room.
    fn flow(&mut self) {
        while let Some((row, item)) = self.window.as_mut().and_then(Window::next) {
            self.rows[row as usize].push(item);
        }
        self.refill();
        self.balance();
    }

    /// Takes into memory what has room there.
    fn refill(&mut self) {
        while let Some(spill) = &mut self.spill {
            if !spill.first_size().is_some_and(|size| self.books.fits(size)) {
                return;
            }
            match spill.pop() {
                Ok((row, item)) => self.enter(row, item),
                Err(fault) => {
                    self.fault = Some(fault);
                    return;
                }
            }
        }
    }

    /// Sees to it that what goes first is in memory, where it is not the order of arrival that
    /// says so.
    fn balance(&mut self) {
        while self.ranked && self.window.is_none() && self.fault.is_none() {
            let worst = self.rows.iter().enumerate();
            let worst = worst.filter_map(|(at, row)| Some((row.last()?, at))).max();
            let Some((spill, (worst, at))) = self.spill.as_mut().zip(worst) else { return };
            if spill.first().is_none_or(|first| first > worst) {
                return;
            }
            let Some(item) = self.rows[at].pop_last() else { return };
            self.books.leave(1, item.size());
            spill.push(u32::try_from(at).expect("shards are counted so"), item);
            self.refill();
        }
    }

    /// Counts what becomes of items that were in memory and lent.
    fn settle_each(&mut self, fate: Fate, items: impl Iterator<Item = (u64, u64)>) -> u64 {
        let (mut count, mut bytes) = (0, 0);
        for (index, size) in items {
            count += 1;
            bytes += size;
            self.ages.leave(index);
            if let Some(window) = &mut self.window {
                window.settle(index);
            }
        }
        self.books.leave(count, bytes);
        self.books.settle(count, fate);
        count
    }
}

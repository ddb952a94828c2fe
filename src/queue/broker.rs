//! Broker: a queue inside this run, as its producers and consumers see it.
//!
//! First in, first out, or by priority. A queue with groups is several lanes: what is put in goes
//! into each that is open, and the slowest holds the capacity. A lane is full when its capacity is
//! reached in items or in bytes, whichever comes first, and items that are lent count, because
//! nobody has answered for them yet. One item is always accepted into an empty lane, however large.
//! Unaware of who waits on either side.
//!
//! # Memory
//!
//! Items keep the block alive that they were read in. What is lent or due is copied out of a block
//! that is more than four times its size, and what waits lies behind each other, so a queue keeps
//! alive at most four times the bytes that it counts, and two blocks a producer; besides that it
//! keeps books of 64 bytes an item. Lanes share the bytes.

mod open;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

pub use self::open::{Lane, Spec};
use super::changes::Notice;
use super::delivery::{Batch, Delivery};
use super::intake::{Intake, NotPut, Shards};
use super::order::Bound;
use super::stock::{Loan, Offer, Stock};
use super::waiters::Waiters;
use super::{Item, Level, Origin, Reader, Slice, SpoolFault};

/// How long an item waits that is to wait for ever.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// One lane of a bounded queue. A clone is the same lane.
#[derive(Debug, Clone)]
pub struct Queue {
    broker: Rc<Broker>,
    lane: usize,
}

#[derive(Debug)]
struct Broker {
    ways: Vec<Way>,
    intake: RefCell<Intake>,
    /// The index of the next item.
    next: Cell<u64>,
    producers: Waiters,
    /// Whether who puts something in once it is closed has done well.
    swallows: Cell<bool>,
}

/// The way of the items of one lane.
#[derive(Debug)]
struct Way {
    stock: RefCell<Stock>,
    shards: Option<Shards>,
    consumers: Waiters,
    /// Those that wait until all before some item is settled.
    followers: Waiters,
    /// Whether a turn may never come.
    forsaken: Cell<bool>,
    notice: Notice,
}

impl Queue {
    /// Puts an item into every lane that is open. One that was there before, in a queue where each
    /// is there once, is counted and dropped.
    pub fn put(&self, bytes: impl Into<Slice>, origin: Origin) -> Result<(), NotPut> {
        let (broker, bytes) = (&*self.broker, bytes.into());
        match broker.offer(bytes.len() as u64)? {
            Offer::Room => {}
            Offer::Full => return Err(NotPut::Full(bytes)),
            Offer::Closed => return Err(NotPut::Closed),
        }
        let mut intake = broker.intake.borrow_mut();
        let rank = intake.rank(&bytes)?;
        let rows = broker.rows(&bytes)?;
        // The last question, because a yes is remembered.
        if !intake.is_new(&bytes)? {
            broker.open().for_each(|(_, way)| way.change(Stock::note_duplicate));
            return Ok(());
        }
        let index = broker.next.replace(broker.next.get() + 1);
        let mut item = Item { index, bytes, attempt: 1, origin, rank };
        let mut open = broker.open().peekable();
        while let Some((lane, way)) = open.next() {
            let row = rows.get(lane).copied().unwrap_or_default();
            // The last takes it as it is: mostly there is only one.
            let item = if open.peek().is_some() { item.clone() } else { std::mem::take(&mut item) };
            way.change(|stock| stock.put(item, row));
            way.consumers.wake();
        }
        Ok(())
    }

    /// Waits until the queue takes items. Returns whether it does: `false` once every lane is
    /// closed.
    ///
    /// A lane that was full takes items again when it is three quarters full and has room for the
    /// largest item that it refused.
    pub async fn room(&self) -> bool {
        let asked = self.broker.producers.until(|| {
            let mut open = self.broker.open().peekable();
            let answer = match open.peek() {
                None => Some(false),
                Some(_) => open.all(|(_, way)| !way.stock.borrow().is_full()).then_some(true),
            };
            if answer.is_none() && !self.broker.producers.any() {
                self.broker.ways.iter().for_each(|way| way.notice.give());
            }
            answer
        });
        asked.await
    }

    /// Lends the item whose turn it is.
    pub fn take(&self) -> Option<Delivery> {
        self.take_of(None)
    }

    /// Lends the items whose turn it is: a part as it is, or at most so many items, and so many
    /// bytes once each has what stands around it; at least one where one waits.
    pub fn take_many(&self, items: usize, bytes: usize) -> Option<Batch> {
        self.take_many_of(None, items, bytes)
    }

    /// Lends the items whose turn it is for one batch: a part as it is, or as many as there are
    /// within these bounds, and at least one.
    pub fn take_batch(&self, items: Option<u64>, bytes: Option<u64>) -> Option<Batch> {
        let items = items.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        let limit = Bound { items, bytes: bytes.unwrap_or(u64::MAX), wire: None };
        self.lend(|stock| stock.take_many(None, limit)).map(|(items, loan)| self.batch(items, loan))
    }

    /// Returns a reader of this lane for a long-lived child.
    pub fn reader(&self) -> Reader {
        Reader::new(self.clone())
    }

    /// Waits until an item can be taken or none will come any more but what is lent or due now.
    /// Returns whether an item waits.
    ///
    /// Items that are lent or due may still come back to a closed queue; [`Changes`] tells.
    ///
    /// [`Changes`]: super::Changes
    pub async fn ready(&self) -> bool {
        self.wait_of(|_| None, Stock::is_over).await
    }

    /// Returns whether what is lent next has to run alone.
    pub fn next_is_alone(&self) -> bool {
        self.way().stock.borrow().next_is_alone(None)
    }

    /// Waits until every item of this lane before that one is settled: accepted, dead or left, or
    /// kept elsewhere. Only lanes with a window know that; of others it is always the turn. Returns
    /// whether the turn came: it does not where the lane is forsaken.
    pub async fn turn(&self, index: u64) -> bool {
        let way = self.way();
        let turn = way.followers.until(|| {
            let came = way.stock.borrow().is_turn_of(index);
            (came || way.forsaken.get()).then_some(came)
        });
        turn.await
    }

    /// Says that items of this lane which are not settled may never be: nobody waits for its turn.
    pub fn forsake(&self) {
        self.way().forsaken.set(true);
        self.way().followers.wake();
    }

    /// Closes the lane: nothing is put into it any more.
    pub fn close(&self) {
        self.way().change(Stock::close);
        self.broker.producers.wake();
        self.way().consumers.wake();
    }

    /// Lets who puts something in from now on go on although nobody reads it.
    pub fn swallow(&self) {
        self.broker.swallows.set(true);
    }

    /// Returns whether what is put in once it is closed is dropped as if it had been taken.
    pub fn swallows(&self) -> bool {
        self.broker.swallows.get()
    }

    /// Lets the items wait again that are due by now; [`Level::next_due`] says when to call it.
    pub fn ripen(&self, now: Instant) {
        let way = self.way();
        let some = way.stock.borrow_mut().ripen(now);
        if some {
            way.consumers.wake();
            way.notice.give();
        }
    }

    /// Tells what time it is, so that ages are known without a look at the clock for each item.
    pub fn mark(&self, now: Instant) {
        self.way().stock.borrow_mut().mark(now);
    }

    /// Drops all that is not lent, because nobody is left to take it, and shows each item, which
    /// must not lead back to this queue. Returns how many items that were. What is lent may come
    /// back and has to be dropped then.
    pub fn drop_rest(&self, each: &mut dyn FnMut(&Item)) -> Result<u64, SpoolFault> {
        self.settle(|stock| stock.drop_rest(each))
    }

    /// Drops all that one producer has put in so far, because it failed, and shows each item, which
    /// must not lead back to this queue. Returns how many items were dropped at once; what is lent
    /// is dropped when it comes back.
    pub fn discard(&self, origin: Origin, each: &mut dyn FnMut(&Item)) -> Result<u64, SpoolFault> {
        self.settle(|stock| stock.discard(origin, each))
    }

    /// Returns why items beyond the capacity can't be read back, once: what is there stays there.
    pub fn fault(&self) -> Option<SpoolFault> {
        self.way().stock.borrow_mut().take_fault()
    }

    /// Returns how full the lane is.
    pub fn level(&self) -> Level {
        let (way, level) = (self.way(), self.way().stock.borrow().level());
        Level {
            producers_blocked: level.full && self.broker.producers.any(),
            consumers_starved: way.consumers.any(),
            ..level
        }
    }

    pub(super) fn take_of(&self, row: Option<u32>) -> Option<Delivery> {
        let (item, loan) = self.lend(|stock| stock.take(row))?;
        let shard = self.way().stock.borrow().shard(loan);
        Some(Delivery::new(self.clone(), item, loan, shard))
    }

    pub(super) fn take_many_of(
        &self,
        row: Option<u32>,
        items: usize,
        bytes: usize,
    ) -> Option<Batch> {
        let (items, loan) = self.lend(|stock| {
            let limit = stock.bound_as_written(items, bytes);
            stock.take_many(row, limit)
        })?;
        Some(self.batch(items, loan))
    }

    /// Waits as [`Self::ready`] does, for what `row` says each time, or until it `is_over`.
    pub(super) async fn wait_of(
        &self,
        mut row: impl FnMut(&mut Stock) -> Option<u32> + Unpin,
        is_over: fn(&Stock, Option<u32>) -> bool,
    ) -> bool {
        let way = self.way();
        let asked = way.consumers.until(|| {
            let mut stock = way.stock.borrow_mut();
            let row = row(&mut stock);
            let waits = stock.has_waiting(row);
            let answer = (waits || is_over(&stock, row)).then_some(waits);
            drop(stock);
            // That somebody begins to wait is part of the level.
            if answer.is_none() && !way.consumers.any() {
                way.notice.give();
            }
            answer
        });
        asked.await
    }

    /// Asks the books something.
    pub(super) fn ask<T>(&self, asked: impl FnOnce(&mut Stock) -> T) -> T {
        asked(&mut self.way().stock.borrow_mut())
    }

    pub(super) fn batch(&self, items: Vec<Item>, loan: Loan) -> Batch {
        let shard = self.way().stock.borrow().shard(loan);
        Batch::new(self.clone(), items, loan, shard)
    }

    /// Takes back items that were lent, to where they were.
    pub(super) fn give_back(&self, loan: Loan, items: impl Iterator<Item = Item>) {
        self.settle(|stock| stock.give_back(loan, items));
        self.way().consumers.wake();
    }

    /// Takes back an item that was lent, for a later time.
    pub(super) fn later(&self, loan: Loan, item: Item, after: Duration) {
        let now = Instant::now();
        // Too far to be named is as good as never, which a year is in a run.
        let at = now.checked_add(after).unwrap_or(now + NEVER);
        self.settle(|stock| stock.later(loan, item, at));
    }

    /// Settles something in the books, after which there may be room, or something to take.
    pub(super) fn settle<T>(&self, settled: impl FnOnce(&mut Stock) -> T) -> T {
        let way = self.way();
        let (answer, full, stirred) = {
            let mut stock = way.stock.borrow_mut();
            (settled(&mut stock), stock.is_full(), stock.is_stirred_by_answers())
        };
        if !full {
            self.broker.producers.wake();
        }
        if stirred {
            way.consumers.wake();
            way.followers.wake();
        }
        way.notice.give();
        answer
    }

    fn lend<T>(&self, lent: impl FnOnce(&mut Stock) -> Option<T>) -> Option<T> {
        let lent = lent(&mut self.way().stock.borrow_mut())?;
        self.way().notice.give();
        Some(lent)
    }

    fn way(&self) -> &Way {
        &self.broker.ways[self.lane]
    }
}

impl Broker {
    /// Returns the lanes that take items.
    fn open(&self) -> impl Iterator<Item = (usize, &Way)> {
        self.ways.iter().enumerate().filter(|(_, way)| !way.stock.borrow().is_closed())
    }

    /// Returns whether every lane that is open has room for an item of that size.
    fn offer(&self, size: u64) -> Result<Offer, SpoolFault> {
        let mut answer = Offer::Closed;
        for way in &self.ways {
            match way.stock.borrow_mut().offer(size)? {
                Offer::Full => answer = Offer::Full,
                Offer::Room if answer == Offer::Closed => answer = Offer::Room,
                Offer::Room | Offer::Closed => {}
            }
        }
        Ok(answer)
    }

    /// Returns the row of an item in each lane; none where no lane has shards.
    fn rows(&self, bytes: &[u8]) -> Result<Vec<u32>, NotPut> {
        if self.ways.iter().all(|way| way.shards.is_none()) {
            return Ok(Vec::new());
        }
        let row = |way: &Way| way.shards.as_ref().map_or(Ok(0), |shards| shards.of(bytes));
        self.ways.iter().map(row).collect()
    }
}

impl Way {
    /// Changes the books, and tells so.
    fn change(&self, change: impl FnOnce(&mut Stock)) {
        change(&mut self.stock.borrow_mut());
        self.notice.give();
    }
}

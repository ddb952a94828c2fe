//! Broker: a queue inside this run, as its producers and consumers see it.
//!
//! First in, first out. It is full when its capacity is reached in items or in bytes, whichever
//! comes first, and items that are lent count, because nobody has answered for them yet. One item
//! is always accepted into an empty queue, however large. Unaware of who waits on either side.
//!
//! # Memory
//!
//! Items keep the block alive that they were read in. What is lent or due is copied out of a block
//! that is more than four times its size, and what waits lies behind each other, so a queue keeps
//! alive at most four times the bytes that it counts, and two blocks a producer; besides that it
//! keeps books of 64 bytes an item.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::changes::{Changes, Notice};
use super::delivery::{Batch, Delivery};
use super::framing::terminator;
use super::stock::Stock;
use super::waiters::Waiters;
use super::{Item, Level, Slice};
use crate::model::{self, QueueId};

/// A bounded queue. A clone is the same queue.
#[derive(Debug, Clone)]
pub struct Queue(Rc<Broker>);

#[derive(Debug)]
struct Broker {
    stock: RefCell<Stock>,
    producers: Waiters,
    consumers: Waiters,
    notice: Notice,
}

impl Queue {
    /// Makes an empty queue, which tells `changes` whenever its level changes.
    pub fn new(id: QueueId, spec: &model::Queue, changes: &Changes) -> Self {
        let stock = Stock::new(spec.capacity, spec.capacity_bytes, terminator(spec.framing));
        Self(Rc::new(Broker {
            stock: RefCell::new(stock),
            producers: Waiters::default(),
            consumers: Waiters::default(),
            notice: Notice::new(id, changes),
        }))
    }

    /// Puts in an item, or returns it where the queue is full or closed.
    pub fn put(&self, bytes: impl Into<Slice>, _: super::Origin) -> Result<(), super::NotPut> {
        self.0.stock.borrow_mut().put(bytes.into()).map_err(super::NotPut::Full)?;
        self.0.consumers.wake();
        self.0.notice.give();
        Ok(())
    }

    /// Waits until the queue takes items. Returns whether it does: `false` once it is closed.
    ///
    /// A queue that was full takes items again when it is three quarters full and has room for the
    /// largest item that it refused.
    pub async fn room(&self) -> bool {
        let asked = self.0.producers.until(|| {
            let stock = self.0.stock.borrow();
            let answer = (!stock.is_full() || stock.is_closed()).then(|| !stock.is_closed());
            drop(stock);
            self.tell_wait(answer, &self.0.producers)
        });
        asked.await
    }

    /// Lends the item that waits longest.
    pub fn take(&self) -> Option<Delivery> {
        let item = self.0.stock.borrow_mut().take()?;
        self.0.notice.give();
        Some(Delivery::new(self.clone(), item))
    }

    /// Lends the items that wait longest: at most so many items, and so many bytes once each has
    /// its terminator; at least one where one waits.
    pub fn take_many(&self, items: usize, bytes: usize) -> Option<Batch> {
        let lent = self.0.stock.borrow_mut().take_many(items, bytes);
        if lent.is_empty() {
            return None;
        }
        self.0.notice.give();
        Some(Batch::new(self.clone(), lent))
    }

    /// Lends a batch.
    pub fn take_batch(&self, items: Option<u64>, bytes: Option<u64>) -> Option<Batch> {
        let most = |bound: Option<u64>| bound.map_or(usize::MAX, |bound| bound as usize);
        self.take_many(most(items), most(bytes))
    }

    /// Shim.
    pub async fn turn(&self, _index: u64) {}

    /// Shim.
    pub fn discard(
        &self,
        _origin: super::Origin,
        _each: &mut dyn FnMut(&Item),
    ) -> Result<u64, super::SpoolFault> {
        Ok(0)
    }

    /// Waits until an item can be taken or the queue is closed. Returns whether an item waits.
    ///
    /// Items that are lent or due may still come back to a closed queue; [`Changes`] tells.
    pub async fn ready(&self) -> bool {
        let asked = self.0.consumers.until(|| {
            let stock = self.0.stock.borrow();
            let answer = (stock.has_waiting() || stock.is_closed()).then(|| stock.has_waiting());
            drop(stock);
            self.tell_wait(answer, &self.0.consumers)
        });
        asked.await
    }

    /// Closes the queue: nothing is put in any more.
    pub fn close(&self) {
        self.0.stock.borrow_mut().close();
        self.0.producers.wake();
        self.0.consumers.wake();
        self.0.notice.give();
    }

    /// Lets the items wait again that are due by now; [`Level::next_due`] says when to call it.
    pub fn ripen(&self, now: Instant) {
        if self.0.stock.borrow_mut().ripen(now) {
            self.0.consumers.wake();
            self.0.notice.give();
        }
    }

    /// Discards what waits and what is due, because nobody is left to take it. Returns how many
    /// items that were. What is lent may come back and has to be discarded then.
    pub fn drop_rest(&self) -> u64 {
        self.settle(Stock::drop_rest)
    }

    /// Returns how full it is.
    pub fn level(&self) -> Level {
        Level {
            producers_blocked: self.0.producers.any(),
            consumers_starved: self.0.consumers.any(),
            ..self.0.stock.borrow().level()
        }
    }

    /// Takes back items that were lent, to where they were.
    pub(super) fn give_back(&self, items: impl Iterator<Item = Item>) {
        {
            let mut stock = self.0.stock.borrow_mut();
            items.for_each(|item| stock.give_back(item));
        }
        self.0.consumers.wake();
        self.0.notice.give();
    }

    /// Takes back an item that was lent, for another try.
    pub(super) fn again(&self, item: Item, after: Duration) {
        let now = Instant::now();
        // Too far to be named is as good as never, which a year is in a run.
        let at = now.checked_add(after).unwrap_or(now + NEVER);
        self.0.stock.borrow_mut().again(item, at);
        self.0.notice.give();
    }

    /// Settles something in the books, after which there may be room.
    pub(super) fn settle<T>(&self, settled: impl FnOnce(&mut Stock) -> T) -> T {
        let (answer, full) = {
            let mut stock = self.0.stock.borrow_mut();
            (settled(&mut stock), stock.is_full())
        };
        if !full {
            self.0.producers.wake();
        }
        self.0.notice.give();
        answer
    }

    /// Tells that somebody begins to wait, where there is no answer yet and nobody waits already:
    /// it is part of the level.
    fn tell_wait<T>(&self, answer: Option<T>, waiters: &Waiters) -> Option<T> {
        if answer.is_none() && !waiters.any() {
            self.0.notice.give();
        }
        answer
    }
}

/// How long an item waits that is to wait for ever.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

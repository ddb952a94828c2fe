//! Desk: the items of one worker, from its being asked until they are settled.
//!
//! It outlives the worker: what a worker answered for is settled as it said, also when it did not
//! live to see that. Unaware of the wire.

use std::rc::Rc;

use serde_json::value::RawValue;

use super::books::{Books, Failed, Failure};
use super::hand::{Given, Hand};
use super::pending::{Pending, Rest, Settled};
use super::works::Works;
use crate::engine::context::Context;
use crate::engine::core::Start;
use crate::engine::fault::Fault;
use crate::engine::recent::Recent;
use crate::queue::Reader;

/// What a worker needs to be given items.
pub(in crate::engine) struct Wanted {
    /// How it reads its queue.
    pub(in crate::engine) reader: Reader,
    /// What remembers the last that it prints to standard error.
    pub(in crate::engine) stderr: Rc<Recent>,
}

/// The items of one worker.
pub(in crate::engine) struct Desk {
    pub(super) works: Works,
    pub(super) books: Books,
    pub(super) hand: Hand,
    pub(super) pending: Pending,
    /// The item that took longer than `timeout.total`.
    pub(super) overdue: Option<u64>,
    /// Whether nobody is left to read what is made.
    pub(super) unread: bool,
    /// Items that the worker was given and did not read; they went back.
    pub(in crate::engine) returned: u64,
    /// Whether the worker was told that there is no more for it to do.
    pub(in crate::engine) told_end: bool,
    /// The last that the worker printed to standard error.
    stderr: Rc<Recent>,
}

impl Desk {
    /// Sets one up for the child of an attempt.
    pub(in crate::engine) fn new(context: &Rc<Context>, start: &Start, wanted: Wanted) -> Self {
        let Wanted { reader, stderr } = wanted;
        Self {
            works: Works::of(context, start.node, reader),
            books: Books::new(context, start),
            hand: Hand::default(),
            pending: Pending::default(),
            overdue: None,
            unread: false,
            returned: 0,
            told_end: false,
            stderr,
        }
    }

    /// Returns how many items the worker answered for.
    pub(in crate::engine) fn settled(&self) -> u64 {
        self.books.settled + self.pending.len() as u64
    }

    /// Returns how many items are in its hand.
    pub(in crate::engine) fn in_hand(&self) -> u64 {
        self.hand.len() as u64
    }

    /// Returns whether nothing is left to do.
    pub(in crate::engine) fn is_clear(&self) -> bool {
        self.hand.is_empty() && self.pending.is_empty()
    }

    /// An item is done, once what came of it is put in.
    pub(super) fn done(&mut self, mut given: Given, out: &[&RawValue]) {
        match self.works.items(&self.books.context, out) {
            Ok(items) if items.is_empty() && !self.works.in_turn => self.books.done(given),
            Ok(items) => {
                self.books.leaves_hand(&mut given);
                self.pending.add(given, Rest::Publish(items));
            }
            Err(why) => self.failed(given, Failure::replied(why, true)),
        }
    }

    /// A try at an item failed.
    pub(super) fn failed(&mut self, given: Given, failure: Failure) {
        if let Failed::Dead(given) = self.books.failed(given, failure) {
            self.pending.add(given, Rest::Bury);
        }
    }

    /// Waits until something is settled that had to wait; for ever where nothing has to. May be
    /// cancelled.
    pub(super) async fn next(&mut self) -> Result<Settled, Fault> {
        self.pending.next(&self.books.context, &self.works).await
    }

    /// Takes in what became of an item that had to wait.
    pub(super) fn settle(&mut self, settled: Settled) {
        match settled {
            Settled::Done(given) => self.books.done(given),
            Settled::Dead(given) => self.books.bury(given, self.stderr.tail()),
            Settled::Unread(given) => {
                self.unread = true;
                self.books.back(given);
            }
            // Some of what came of it is in already, and must not be put in again.
            Settled::Unfit(given, why) => self.failed(given, Failure::replied(why, false)),
        }
    }
}

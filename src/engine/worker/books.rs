//! Books: what becomes of an item that a worker had in hand, told to all who must know.
//!
//! The core hears of failures, and of the first success after one: what goes well costs it nothing.
//! Unaware of the wire, and of when something is decided.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::hand::Given;
use crate::engine::context::Context;
use crate::engine::core::{Input, Start};
use crate::engine::items::Tried;
use crate::engine::retry::{is_retried, wait_for};
use crate::event::{Exit, Verdict};
use crate::model::{AttemptId, NodeId, Retry};

/// What a reply says of an item that is done.
const OK: &str = "ok";

/// Bytes of an error that are kept: what a person reads.
const LONGEST_ERROR: usize = 4096;

/// The books of one worker.
pub(super) struct Books {
    pub(super) context: Rc<Context>,
    pub(super) node: NodeId,
    pub(super) attempt: AttemptId,
    /// Items that it answered for.
    pub(super) settled: u64,
    /// What the core must hear.
    news: Vec<Input>,
}

/// How a try at an item failed.
pub(super) struct Failure {
    pub(super) verdict: Verdict,
    pub(super) exit: Exit,
    /// Why, where the exit does not say it.
    pub(super) reason: Option<String>,
    /// Whether it may be tried again at all.
    pub(super) retry: bool,
}

impl Failure {
    /// A worker replied so.
    pub(super) fn replied(mut error: String, retry: bool) -> Self {
        let whole = |end: &usize| error.is_char_boundary(*end);
        let end = (0..=error.len().min(LONGEST_ERROR)).rev().find(whole).unwrap_or_default();
        error.truncate(end);
        Self { verdict: Verdict::Failed, exit: Exit::Replied(error), reason: None, retry }
    }
}

/// What is left to do for an item that failed.
pub(super) enum Failed {
    /// Nothing: it comes again.
    Again,
    /// It is to be buried.
    Dead(Given),
}

impl Books {
    /// Opens the books of an attempt.
    pub(super) fn new(context: &Rc<Context>, start: &Start) -> Self {
        let (node, attempt) = (start.node, start.attempt);
        Self { context: Rc::clone(context), node, attempt, settled: 0, news: Vec::new() }
    }

    /// An item is done.
    pub(super) fn done(&mut self, mut given: Given) {
        self.leaves_hand(&mut given);
        let Given { delivery, since, .. } = given;
        self.tried(&delivery.item, since, Exit::Replied(OK.to_owned()), None);
        let (index, number) = (delivery.item.index, delivery.item.attempt);
        delivery.accept();
        self.settled += 1;
        if self.context.note_failing(self.node, false) || number > 1 {
            self.news.push(self.over((index, number), None, false));
        }
    }

    /// A try at an item failed: it comes again, at no cost while a service is down, or is dead.
    pub(super) fn failed(&mut self, mut given: Given, failure: Failure) -> Failed {
        self.leaves_hand(&mut given);
        if self.context.paces.are_down(self.node) {
            // Without the service that it needs it could not but fail.
            drop(given.delivery);
            return Failed::Again;
        }
        let Failure { verdict, exit, reason, retry } = failure;
        let (index, number) = (given.delivery.item.index, given.delivery.item.attempt);
        let by_itself = verdict != Verdict::TimedOut && reason.is_none();
        let declared = &self.context.plan.process(self.node).retry;
        let again = (retry
            && number <= declared.max
            && may_pass(declared, verdict, &exit, by_itself))
        .then(|| {
            wait_for(&declared.backoff, number, u64::from(self.node.0) ^ index.rotate_left(40))
        });
        let failed = Some(Box::new((verdict, exit.clone())));
        self.tried(&given.delivery.item, given.since, exit, Some((verdict, again, reason)));
        self.context.note_failing(self.node, true);
        self.news.push(self.over((index, number), failed, again.is_none()));
        match again {
            Some(wait) => {
                given.delivery.again(wait);
                Failed::Again
            }
            None => Failed::Dead(given),
        }
    }

    /// Buries a dead item, with the last of what its worker has printed.
    pub(super) fn bury(&self, given: Given, stderr: Vec<u8>) {
        self.context.item_dead(self.node, &given.delivery.item, stderr);
        given.delivery.bury();
    }

    /// An item goes back, at no cost.
    pub(super) fn back(&self, mut given: Given) {
        self.leaves_hand(&mut given);
        drop(given.delivery);
    }

    /// An item goes back to be run alone.
    pub(super) fn suspect(&self, mut given: Given) {
        self.leaves_hand(&mut given);
        given.delivery.suspect();
    }

    /// An item comes again after a while, as the worker asks.
    pub(super) fn later(&self, mut given: Given, wait: Duration) {
        self.leaves_hand(&mut given);
        given.delivery.later(wait);
    }

    /// An item is in nobody's hand any more: another may be taken where one at a time is tried.
    /// What only waits for its turn or for room does not count.
    pub(super) fn leaves_hand(&self, given: &mut Given) {
        if std::mem::take(&mut given.counts) {
            self.context.paces.settled(self.node);
        }
    }

    /// Tells the core what it must hear.
    pub(super) async fn tell(&mut self) {
        for news in self.news.drain(..) {
            self.context.send(news).await;
        }
    }

    /// Returns whether the core must hear something.
    pub(super) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    fn over(
        &self,
        (index, number): (u64, u32),
        failed: Option<Box<(Verdict, Exit)>>,
        dead: bool,
    ) -> Input {
        Input::Item { attempt: self.attempt, index, number, failed, dead }
    }

    fn tried(
        &self,
        item: &crate::queue::Item,
        since: Instant,
        exit: Exit,
        failed: Option<(Verdict, Option<Duration>, Option<String>)>,
    ) {
        let (verdict, again, reason) = failed.unwrap_or((Verdict::Passed, None, None));
        let (attempt, took) = (self.attempt, self.context.teller.clock().elapsed(since));
        let tried = Tried { attempt, exit, verdict, took, again, reason };
        self.context.item_tried(self.node, item, tried);
    }
}

/// Returns whether a failure is of a kind that is tried again. `on` and `never` speak of how a
/// child ends, and a reply is no end.
fn may_pass(retry: &Retry, verdict: Verdict, exit: &Exit, by_itself: bool) -> bool {
    matches!(exit, Exit::Replied(_)) || is_retried(retry, verdict, exit, by_itself)
}

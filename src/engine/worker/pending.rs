//! Pending: what waits for room or for its turn before its item is settled.
//!
//! What came of an item enters the queues that it is for, and a dead item the queue for those; only
//! then is it settled. The lowest index goes first: with `emit = "input"` its turn comes first, and
//! otherwise all wait for the same room. Replies are read on meanwhile, and what waits here counts
//! in the window of its worker, so it is bounded. Unaware of why an item is done or dead.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::hand::Given;
use super::works::Works;
use crate::engine::context::Context;
use crate::engine::fault::Fault;
use crate::engine::outlet::put;

/// Items with what is still to be done for them, by index.
#[derive(Debug, Default)]
pub(super) struct Pending {
    waiting: BTreeMap<u64, Waiting>,
}

/// What is still to be done for an item.
#[derive(Debug)]
pub(super) struct Waiting {
    given: Given,
    rest: Rest,
}

/// What that is.
#[derive(Debug)]
pub(super) enum Rest {
    /// It is done once all of this is put in: each with the number of its queue among those that
    /// are fed.
    Publish(VecDeque<(usize, Bytes)>),
    /// It is dead.
    Bury,
}

/// What became of an item.
#[derive(Debug)]
pub(super) enum Settled {
    /// It is done.
    Done(Given),
    /// It is dead.
    Dead(Given),
    /// Nobody is left to read what came of it.
    Unread(Given),
    /// What came of it can't be put in.
    Unfit(Given, String),
}

impl Pending {
    /// Adds an item.
    pub(super) fn add(&mut self, given: Given, rest: Rest) {
        self.waiting.insert(given.delivery.item.index, Waiting { given, rest });
    }

    /// Returns how many items it holds.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns whether it holds none.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits until the first is settled; for ever where there is none. May be cancelled.
    pub(super) async fn next(
        &mut self,
        context: &Context,
        works: &Works,
    ) -> Result<Settled, Fault> {
        let Some(mut first) = self.waiting.first_entry() else {
            return std::future::pending().await;
        };
        let Waiting { given, rest } = first.get_mut();
        let ended = match rest {
            Rest::Bury => {
                context.put_dead(works.node, &given.delivery.item).await?;
                Ended::Whole
            }
            Rest::Publish(rest) => {
                if works.turn(given.delivery.item.index).await {
                    publish(works, rest).await?
                } else {
                    Ended::Unread
                }
            }
        };
        let Waiting { given, rest } = first.remove();
        Ok(match (ended, rest) {
            (Ended::Whole, Rest::Bury) => Settled::Dead(given),
            (Ended::Whole, Rest::Publish(_)) => Settled::Done(given),
            (Ended::Unread, _) => Settled::Unread(given),
            (Ended::Unfit(reason), _) => Settled::Unfit(given, reason),
        })
    }
}

/// How a publication ended.
enum Ended {
    Whole,
    Unread,
    Unfit(String),
}

/// Puts all of it in. May be cancelled.
async fn publish(works: &Works, rest: &mut VecDeque<(usize, Bytes)>) -> Result<Ended, Fault> {
    while let Some((at, bytes)) = rest.front() {
        let feed = &works.feeds[*at];
        match put(&feed.queue, bytes.clone(), works.origin).await {
            Ok(false) if works.feeds.iter().all(|feed| feed.queue.level().closed) => {
                return Ok(Ended::Unread);
            }
            // That nobody reads one queue any more is no reason to keep it from others.
            Ok(true | false) => {
                rest.pop_front();
            }
            Err(refused) => {
                return refused.reason().map(|why| Ended::Unfit(feed.named(&why)));
            }
        }
    }
    Ok(Ended::Whole)
}

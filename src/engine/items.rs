//! Items: what is told of each try at one, and what is remembered until an item is settled.
//!
//! However an item arrives, its tries are told here, so that every reader of a run finds the same
//! of each. What is remembered is of items that failed and may be tried again: as many as a queue
//! holds, and a few tries of each. Unaware of who decides what becomes of an item.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use super::context::Context;
use super::fault::Fault;
use super::outlet::put;
use crate::event::{EventKind, Exit, Logs, Text, Try, Verdict};
use crate::journal::tail;
use crate::model::{AttemptId, NodeId, QueueId};
use crate::queue::{Item, Origin};

/// Lines of standard error that are kept of an item that died.
pub(super) const TAIL_LINES: usize = 20;

/// Bytes of them.
pub(super) const TAIL_BYTES: usize = 4096;

/// Tries of an item that are remembered: the first few and the last few say the same.
const TRIES: usize = 20;

/// What is remembered of items.
#[derive(Debug, Default)]
pub(super) struct Tries {
    failed: RefCell<HashMap<(QueueId, u64), Vec<Try>>>,
    /// Nodes of which an item failed since one passed.
    failing: RefCell<HashMap<NodeId, bool>>,
}

/// One try at an item, over.
pub(super) struct Tried {
    /// The attempt that the item was given to.
    pub(super) attempt: AttemptId,
    /// How it ended.
    pub(super) exit: Exit,
    /// What that means.
    pub(super) verdict: Verdict,
    /// How long it took.
    pub(super) took: Duration,
    /// When it will be tried again.
    pub(super) again: Option<Duration>,
    /// Why it failed, where the exit does not say it.
    pub(super) reason: Option<String>,
}

impl Context {
    /// Tells of one try at an item, and remembers it where it failed.
    pub(super) fn item_tried(&self, node: NodeId, item: &Item, tried: Tried) {
        let Some(queue) = self.plan.node(node).consumes else { return };
        let Tried { attempt, exit, verdict, took, again, reason } = tried;
        if matches!(verdict, Verdict::Passed | Verdict::Ended) {
            if item.attempt > 1 {
                self.forget_item(queue, item);
            }
        } else {
            let of_try = Try { exit: exit.clone(), verdict, took, reason: reason.clone() };
            self.remember_try(node, item, of_try);
        }
        let (item, number) = self.item_ref(node, item);
        self.teller.tell(EventKind::ItemEnded {
            queue,
            node,
            attempt,
            item,
            number,
            exit,
            verdict,
            took,
            again,
            reason,
        });
    }

    /// Remembers how a try at an item failed.
    pub(super) fn remember_try(&self, node: NodeId, item: &Item, of_item: Try) {
        let Some(queue) = self.plan.node(node).consumes else { return };
        let mut failed = self.tries.failed.borrow_mut();
        let tries = failed.entry((queue, item.index)).or_default();
        if tries.len() == TRIES {
            tries.remove(0);
        }
        tries.push(of_item);
    }

    /// Tells that an item is dead, with all that is known of it.
    pub(super) fn item_dead(&self, node: NodeId, item: &Item, stderr: Vec<u8>) {
        let Some(queue) = self.plan.node(node).consumes else { return };
        let tries = self.tries.failed.borrow_mut().remove(&(queue, item.index));
        let bytes = Text(item.bytes.bytes());
        let (item, attempts) = self.item_ref(node, item);
        self.teller.tell(EventKind::ItemDead {
            queue,
            node,
            item,
            bytes,
            exact: None,
            attempts,
            tries: tries.unwrap_or_default(),
            stderr: Text(stderr.into()),
        });
    }

    /// Returns the last that an attempt has printed to standard error.
    pub(super) fn last_of(logs: &Logs) -> Vec<u8> {
        // The log is there to be looked at; a tail that can't be read now is no reason to end the
        // run.
        let stderr = logs.stderr.as_ref();
        stderr.and_then(|piece| tail(piece, TAIL_LINES, TAIL_BYTES).ok()).unwrap_or_default()
    }

    /// Puts an item that is dead into the queue that is for those, where there is one, waiting for
    /// room.
    pub(super) async fn put_dead(&self, node: NodeId, item: &Item) -> Result<(), Fault> {
        // All groups of a queue are fed at once.
        let Some(queue) = self.plan.node(node).dead.first() else { return Ok(()) };
        let bytes = item.bytes.bytes();
        match put(&self.queues[queue.index()], bytes, Origin::of(node)).await {
            Ok(_) => Ok(()),
            Err(refused) => match refused.reason() {
                Ok(reason) => {
                    let name = &self.plan.queue(*queue).name;
                    let id = self.item_id(node, item.index);
                    let message = format!("`{id}` cannot go to queue `{name}`: {reason}");
                    self.teller.tell(EventKind::Noted { message });
                    Ok(())
                }
                Err(fault) => Err(fault),
            },
        }
    }

    /// Tells that an item was dropped that nobody had taken.
    pub(super) fn item_dropped(&self, queue: QueueId, item: &Item, reason: &str) {
        self.forget_item(queue, item);
        let bytes = Text(item.bytes.bytes());
        let item = self.named_item(queue, item);
        let reason = reason.to_owned();
        self.teller.tell(EventKind::ItemDropped { queue, item, bytes, exact: None, reason });
    }

    /// Forgets what is remembered of an item that nobody will try again.
    pub(super) fn forget_item(&self, queue: QueueId, item: &Item) {
        self.tries.failed.borrow_mut().remove(&(queue, item.index));
    }

    /// Notes that an item of a node failed, or that one passed. Returns whether one had failed
    /// since one passed.
    pub(super) fn note_failing(&self, node: NodeId, failed: bool) -> bool {
        let mut failing = self.tries.failing.borrow_mut();
        std::mem::replace(failing.entry(node).or_default(), failed)
    }
}

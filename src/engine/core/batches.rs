//! Batches: when a queue holds enough for a child that takes several items.
//!
//! Enough is what the batch may hold, all there will be, all there is room for, or whatever is
//! there once it has waited for `linger`. What a failed batch was halved into waits for nothing.
//! Unaware of how items are lent.

use super::ready::Lack;
use super::timers::Timer;
use super::{Core, Pace};
use crate::model::{Batch, Deliver, NodeId, QueueId};

impl Core {
    /// Returns the batch that a node takes, if it takes batches.
    pub(super) fn batch(&self, node: NodeId) -> Option<Batch> {
        let consumes = self.plan.process(node).consumes.as_ref()?;
        (consumes.deliver == Deliver::Batch).then_some(consumes.batch)
    }

    /// Returns how many of the waiting items a child of a node takes.
    pub(super) fn takes(&self, node: NodeId, waiting: u64) -> u64 {
        let most = match self.batch(node) {
            None => 1,
            Some(_) if self.pace(node) != Pace::Free => 1,
            Some(batch) => batch.items.unwrap_or(u64::MAX),
        };
        waiting.min(most)
    }

    /// Returns what a batch lacks; one that may be enough later is looked at again then.
    pub(super) fn lacks_for_batch(&mut self, node: NodeId, queue: QueueId) -> Option<Lack> {
        let batch = self.batch(node)?;
        let level = self.queues[queue.index()].level;
        let enough = batch.items.is_some_and(|items| level.waiting >= items)
            || batch.bytes.is_some_and(|bytes| level.waiting_bytes >= bytes)
            || level.full
            || level.spilled > 0
            || level.parted > 0
            || self.is_closing(node)
            || self.pace(node) != Pace::Free;
        let now = self.now;
        let row = &mut self.rows[node.index()];
        let until = *row.lingers.get_or_insert(now.saturating_add(batch.linger));
        if enough || until <= now {
            return None;
        }
        self.timers.set(until, Timer::Linger(node));
        Some(Lack::Batch(queue))
    }

    /// Looks at a batch again that has waited for more.
    pub(super) fn lingered(&mut self, node: NodeId) {
        if let Some(queue) = self.plan.node(node).consumes {
            self.ready.room(Lack::Batch(queue));
        }
    }

    /// Notes that a batch starts: the next one waits anew.
    pub(super) fn batch_starts(&mut self, node: NodeId) {
        if let Some(until) = self.rows[node.index()].lingers.take() {
            self.timers.unset(until, Timer::Linger(node));
        }
    }
}

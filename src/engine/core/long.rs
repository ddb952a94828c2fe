//! Long: what the end of a long-lived child means, one that reads a stream or that works on what it
//! is asked.
//!
//! Its end may decide what becomes of all that it has read; a worker has answered for its items
//! before. Unaware of how items reach it.

use super::finish::{Again, Finished, outcome_in};
use super::ready::Lack;
use super::{Core, Given, Settlement};
use crate::engine::retry::verdict_fails;
use crate::event::{Outcome, Verdict};
use crate::model::{Deliver, NodeId};

/// Workers in a row that may end before they have settled anything: one may be unlucky, but a
/// program that never gets so far would be started for ever.
const MOST_BARREN: u32 = 5;

impl Core {
    /// The end of a long-lived child.
    pub(super) fn long_ended(&mut self, finished: Finished<'_>) {
        if self.is_worker(finished.attempt.node) {
            self.worker_ended(finished);
        } else {
            self.stream_ended(finished);
        }
    }

    /// Returns whether the children of a node are asked, item by item.
    pub(super) fn is_worker(&self, node: NodeId) -> bool {
        let consumes = self.plan.process(node).consumes.as_ref();
        consumes.is_some_and(|consumes| consumes.deliver == Deliver::Worker)
    }

    fn stream_ended(&mut self, finished: Finished<'_>) {
        let Finished { id, mut attempt, verdict, again, ended } = finished;
        let node = attempt.node;
        let how = match (verdict, again) {
            (Verdict::Passed | Verdict::Ended, _) => Settlement::Accept,
            (Verdict::Stopped, _) | (_, Again::NotNow) => Settlement::Return,
            (_, Again::After(wait)) => Settlement::Again(wait),
            (_, Again::Never) => Settlement::Bury,
        };
        let outcome = outcome_in(self.plan.process(node), verdict, &ended.exit);
        let is_closing = self.is_closing(node);
        let row = &mut self.rows[node.index()];
        row.flaky |= how == Settlement::Accept
            && matches!(ended.given, Given::Kept { number } if number > 1);
        if let Settlement::Again(wait) = how {
            attempt.replays_in = Some(wait);
        } else if verdict_fails(verdict) {
            row.broken.get_or_insert((outcome, ended.fault.clone()));
        } else if verdict == Verdict::Passed
            && ended.read == 0
            // At the end of its queue a child for which nothing was left is right to pass.
            && (!is_closing || ended.unread > 0)
        {
            let reason = format!("ended with {} before it had read an item", ended.exit);
            row.broken.get_or_insert((Outcome::Failed, Some(reason)));
        }
        self.settle(id, attempt, how, verdict);
    }

    /// Has a fresh child started for what a failed one has read.
    pub(super) fn replay(&mut self, node: NodeId) {
        self.rows[node.index()].replays += 1;
        if let Some(queue) = self.plan.node(node).consumes {
            self.ready.room(Lack::Stream(queue));
        }
        self.reconsider_consumer(node);
    }

    /// The end of a worker. What it had in hand was charged with it, or is tried again alone.
    fn worker_ended(&mut self, finished: Finished<'_>) {
        let Finished { id, attempt, verdict, ended, .. } = finished;
        let node = attempt.node;
        let outcome = outcome_in(self.plan.process(node), verdict, &ended.exit);
        let at_end = self.is_closing(node) && self.has_nothing_left(node);
        let row = &mut self.rows[node.index()];
        let was_idle = ended.read + ended.in_hand == 0;
        let failed = verdict_fails(verdict);
        // At the end of its queue a child for which nothing was left is right to pass, and so is
        // one that was told so while others still had items in their hands.
        let is_right = ended.unread == 0 && (ended.told_end || at_end);
        let too_early = verdict == Verdict::Passed && !is_right;
        let barren = was_idle && (failed || too_early);
        row.barren = if barren { row.barren + 1 } else { 0 };
        row.flaky |= failed && ended.in_hand == 0;
        let cause = ended.fault.clone().unwrap_or_else(|| ended.exit.to_string());
        let reason = if ended.command_at_fault || failed && at_end && ended.in_hand == 0 {
            Some(cause)
        } else if row.barren >= MOST_BARREN {
            Some(format!(
                "{MOST_BARREN} workers in a row ended before they had settled an item: {cause}"
            ))
        } else {
            None
        };
        if let Some(reason) = reason {
            let outcome = if failed { outcome } else { Outcome::Failed };
            row.broken.get_or_insert((outcome, Some(reason)));
        }
        self.settle(id, attempt, Settlement::Return, verdict);
    }
}

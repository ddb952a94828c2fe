//! Finally: what is known of what runs after a node.
//!
//! Its children are shown beside those of attempts, and count as none. Unaware of how it is shown.

use super::{Attempt, Ended, Event, EventKind, Tally};
use crate::event::Verdict;

impl Tally {
    /// Takes in that a command of `finally` was started.
    pub(super) fn finally_started(&mut self, event: &Event) {
        let EventKind::FinallyStarted { attempt, node, number, slot, pid, .. } = &event.kind else {
            return;
        };
        let running = Attempt {
            node: *node,
            number: *number,
            finally: true,
            slot: slot.unwrap_or_default(),
            pid: *pid,
            item: None,
            started: event.at,
            slow: false,
            suspended: None,
        };
        self.running.insert(*attempt, running);
    }

    /// Takes in that one is over. Where nothing else has failed, it is what did.
    pub(super) fn finally_ended(&mut self, event: &Event) {
        let EventKind::FinallyEnded { attempt, node, exit, verdict, took, logs, leftovers } =
            &event.kind
        else {
            return;
        };
        self.finallies += 1;
        self.leftovers.extend(leftovers.iter().map(|leftover| (*node, leftover.clone())));
        let number = self.running.remove(attempt).map_or(1, |running| running.number);
        let node_of = &mut self.nodes[node.index()];
        let is_first = node_of.last.as_ref().is_none_or(|last| !last.finally);
        if *verdict != Verdict::Passed && node_of.is_well && is_first {
            node_of.last = Some(Box::new(Ended {
                node: *node,
                number,
                finally: true,
                item: None,
                exit: exit.clone(),
                verdict: *verdict,
                took: *took,
                logs: logs.clone(),
                reason: None,
            }));
        }
    }
}

//! Standstill: notices that nothing will happen any more by itself, and ends what waits in vain.
//!
//! A node that runs only after a failure waits until it is certain that there is none. And a job
//! can tie a knot that no check sees, above all once something has failed: a producer waits for
//! room in a queue whose last reader comes after that producer. The run still ends, and says why.
//! What is looked at here must be certain, so it is done when the body has nothing more to tell.
//! Unaware of how a knot came to be.

use super::Core;
use super::nodes::State;
use super::start::{Attempt, Manner, Stopping};
use crate::event::Outcome;
use crate::model::{Ack, AttemptId, NodeId, QueueId};

impl Core {
    /// Takes in that nothing has happened for a while.
    pub(super) fn still(&mut self) {
        if self.remaining > 0 && self.stands_still() {
            self.release();
        }
    }

    /// Takes in whether a worker only waits until there is room for what came of its items.
    pub(super) fn held_up(&mut self, attempt: AttemptId, waits: bool) {
        if let Some(attempt) = self.attempts.get_mut(&attempt) {
            attempt.held_up = waits;
        }
    }

    /// Returns whether nothing runs, is due or flows, which needs no second look.
    pub(super) fn has_come_to_rest(&self) -> bool {
        self.attempts.values().all(|attempt| self.only_serves(attempt))
            && self.undrained == 0
            && !self.is_asking()
            && !self.timers.will_start()
            && !self.slots.tokens.are_counted()
    }

    /// Returns whether whatever runs waits for something that nobody will do.
    fn stands_still(&self) -> bool {
        !self.timers.will_start()
            && !self.is_asking()
            && !self.slots.tokens.are_counted()
            && self.attempts.values().all(|attempt| self.waits_for_others(attempt))
            && !self.queues.iter().any(super::queues::QueueRow::is_restless)
    }

    /// Returns whether an attempt goes on only when others do.
    fn waits_for_others(&self, attempt: &Attempt) -> bool {
        if attempt.step.is_some() {
            return false;
        }
        let node = self.plan.node(attempt.node);
        let row = |queue: &QueueId| &self.queues[queue.index()];
        let is_blocked = node.produces.iter().any(|queue| row(queue).is_blocked());
        if !attempt.alive {
            return is_blocked;
        }
        let manner = Manner::of(&self.plan, node);
        if manner == Manner::Serves {
            return self.only_serves(attempt);
        }
        // What is held back until the end of its child needs no room before.
        let prints = match manner {
            Manner::Works | Manner::Pipes | Manner::Serves => false,
            Manner::Feeds => !self.holds_back(node.id),
            Manner::Reads => {
                let consumes = self.plan.process(node.id).consumes.as_ref();
                consumes.is_some_and(|consumes| consumes.ack == Ack::Read)
            }
        };
        let is_idle = |queue| row(&queue).is_idle(self.items_of_children(queue));
        if attempt.stopping.is_some() || !attempt.told {
            // Of a child that was killed only what it has printed is left, and that needs room.
            return attempt.killed && prints && is_blocked;
        }
        if attempt.held_up {
            return is_blocked;
        }
        let reads = manner == Manner::Reads;
        prints && is_blocked || reads && node.consumes.is_some_and(is_idle)
    }

    /// Returns how many children, alive or not, hold an item of a queue each.
    fn items_of_children(&self, queue: QueueId) -> u64 {
        let holds = |attempt: &&Attempt| {
            let node = attempt.node;
            let reads = attempt.step.is_none() && !self.is_stream(node);
            reads && self.plan.node(node).consumes == Some(queue)
        };
        self.attempts.values().filter(holds).count() as u64
    }

    /// Ends what others wait for in vain.
    pub(super) fn release(&mut self) {
        let goes_on = self.begin_without_slots() || self.skip_what_awaits_failure();
        if !goes_on && !self.end_late_readers() {
            self.end_everything();
        }
    }

    fn skip_what_awaits_failure(&mut self) -> bool {
        let is_waiting = |node: &NodeId| self.rows[node.index()].state == State::Waiting;
        let awaiting: Vec<_> =
            std::mem::take(&mut self.awaiting).into_iter().filter(is_waiting).collect();
        for node in &awaiting {
            self.skip(*node, "nothing failed".to_owned());
        }
        !awaiting.is_empty()
    }

    /// Ends consumers that wait for what waits for them.
    fn end_late_readers(&mut self) -> bool {
        let plan = std::rc::Rc::clone(&self.plan);
        let mut some = false;
        for queue in &plan.queues {
            if !self.queues[queue.id.index()].is_full() {
                continue;
            }
            let name = &plan.queue(queue.id).name;
            for reader in &queue.consumers {
                if self.rows[reader.index()].state == State::Waiting {
                    some = true;
                    let reason =
                        format!("what it waits for can't end before queue `{name}` is read");
                    self.end_in_vain(*reader, reason);
                }
            }
        }
        some
    }

    /// Ends all that has no child, and asks the children to end.
    fn end_everything(&mut self) {
        for index in 0..self.rows.len() {
            let row = &self.rows[index];
            if !row.is_done() && row.children == 0 && row.settling == 0 {
                let node = NodeId::at(index);
                let lack = self.lack(node).map(|lack| format!(": {lack}")).unwrap_or_default();
                self.end_in_vain(node, format!("nothing goes on any more{lack}"));
            }
        }
        let attempts: Vec<_> = self.attempts.keys().copied().collect();
        for attempt in attempts {
            self.ask_to_end(attempt, Stopping::Unread);
        }
    }

    /// Ends a node that waits in vain: it has failed, where the run would not be over anyway.
    fn end_in_vain(&mut self, node: NodeId, reason: String) {
        if self.stop.is_some() {
            self.skip(node, reason);
        } else {
            self.end_node(node, Outcome::Failed, Some(reason));
        }
    }
}

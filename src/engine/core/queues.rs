//! Queues: when one is closed, drained or abandoned.
//!
//! The items themselves never come here; the core hears levels. The rules are those of "The end of
//! a queue" in the language. Unaware of framing and brokers.

use super::nodes::State;
use super::start::Stopping;
use super::{Core, Effect, Level};
use crate::event::{EventKind, Outcome};
use crate::model::{NodeId, QueueId};
use crate::plan::{self, Plan};

/// What the core knows of one queue.
#[derive(Debug)]
pub(super) struct QueueRow {
    pub(super) level: Level,
    /// Producers and static items that are not final.
    open_sources: usize,
    /// Consumers that have not ended.
    open_consumers: usize,
    /// Whether the body was told to close it.
    closing: bool,
    /// Whether nobody will read it any more.
    abandoned: bool,
    /// Whether its drain was told.
    told: bool,
}

impl QueueRow {
    pub(super) fn new(queue: &plan::Queue, plan: &Plan) -> Self {
        let fed = usize::from(plan.queue(queue.id).items.is_some());
        Self {
            level: Level::default(),
            open_sources: queue.producers.len() + fed,
            open_consumers: queue.consumers.len(),
            closing: false,
            abandoned: false,
            told: false,
        }
    }

    /// Returns whether it is closed, and nothing waits, is lent or is due.
    pub(super) fn is_drained(&self) -> bool {
        self.level.closed && self.level.waiting == 0 && self.level.busy == 0
    }

    /// Returns whether nothing will happen in it by itself.
    pub(super) fn is_still(&self) -> bool {
        self.level.busy == 0 && (self.level.closed || !self.closing)
    }
}

impl Core {
    /// Counts the static sources, and closes what nothing feeds.
    pub(super) fn open_queues(&mut self) {
        for index in 0..self.queues.len() {
            let queue = QueueId::at(index);
            self.feeding += usize::from(self.plan.queue(queue).items.is_some());
            self.close_if_fed(queue);
        }
    }

    /// Takes in that a queue's static items were all put in.
    pub(super) fn fed(&mut self, queue: QueueId) {
        self.feeding -= 1;
        self.queues[queue.index()].open_sources -= 1;
        self.close_if_fed(queue);
    }

    /// Takes in how full a queue is now.
    pub(super) fn level(&mut self, queue: QueueId, level: Level) {
        let row = &mut self.queues[queue.index()];
        let had_room = !row.level.full;
        row.level = level;
        if row.is_drained() && !row.told {
            row.told = true;
            let Level { done, dead, left, .. } = level;
            self.tell(EventKind::QueueDrained { queue, done, dead, left });
        }
        let plan = std::rc::Rc::clone(&self.plan);
        let queue = &plan.queues[queue.index()];
        for consumer in &queue.consumers {
            self.reconsider_consumer(*consumer);
        }
        if had_room == level.full {
            for producer in &queue.producers {
                self.reconsider_consumer(*producer);
            }
        }
    }

    /// Takes a node that ended out of the queues that it fed and read.
    pub(super) fn node_left_queues(&mut self, node: NodeId) {
        let plan = std::rc::Rc::clone(&self.plan);
        let node = plan.node(node);
        for queue in &node.produces {
            self.queues[queue.index()].open_sources -= 1;
            self.close_if_fed(*queue);
        }
        if let Some(queue) = node.consumes {
            let row = &mut self.queues[queue.index()];
            row.open_consumers -= 1;
            if row.open_consumers == 0 && !row.is_drained() {
                self.abandon(queue);
            }
        }
    }

    /// Rule 1: a queue is closed when everything that feeds it is final.
    fn close_if_fed(&mut self, queue: QueueId) {
        let row = &mut self.queues[queue.index()];
        if row.open_sources == 0 && !std::mem::replace(&mut row.closing, true) {
            self.out.push(Effect::Close(queue));
            self.tell(EventKind::QueueClosed { queue });
        }
    }

    /// Rule 7: nobody will read it any more, so whoever feeds it is stopped.
    fn abandon(&mut self, queue: QueueId) {
        self.queues[queue.index()].abandoned = true;
        self.out.push(Effect::Abandon(queue));
        let plan = std::rc::Rc::clone(&self.plan);
        let producers = &plan.queues[queue.index()].producers;
        let feeds = |node: &NodeId| producers.contains(node);
        let attempts: Vec<_> =
            self.attempts.iter().filter(|(_, a)| feeds(&a.node)).map(|(id, _)| *id).collect();
        for attempt in attempts {
            self.ask_to_end(attempt, Stopping::Unread);
        }
        for producer in producers {
            self.abandon_producer(*producer);
        }
    }

    /// Ends a producer that would only feed what nobody reads.
    fn abandon_producer(&mut self, node: NodeId) {
        let reason = self.unread_reason(node);
        let consumes = self.plan.node(node).consumes.is_some();
        let row = &mut self.rows[node.index()];
        match row.state {
            State::Ready | State::Running if consumes => {
                row.broken = Some((Outcome::Stopped, Some(reason)));
                self.reconsider(node);
            }
            State::Waiting | State::Backoff | State::Ready => self.skip(node, reason),
            State::Running | State::Done { .. } => {}
        }
    }

    /// Returns why a producer was stopped, in words: the chain of causes.
    pub(super) fn unread_reason(&self, node: NodeId) -> String {
        let abandoned = |queue: &&QueueId| self.queues[queue.index()].abandoned;
        let Some(queue) = self.plan.node(node).produces.iter().find(abandoned) else {
            return self.stop_reason();
        };
        let name = &self.plan.queue(*queue).name;
        let readers = &self.plan.queues[queue.index()].consumers;
        let ends: Vec<_> = readers
            .iter()
            .filter_map(|reader| match self.rows[reader.index()].state {
                State::Done { outcome, .. } => {
                    Some(format!("`{}` ended as {outcome}", self.plan.node(*reader).name))
                }
                State::Waiting | State::Ready | State::Running | State::Backoff => None,
            })
            .collect();
        format!("nobody is left to read queue `{name}`: {}", ends.join(", "))
    }

    /// Returns whether a consumer's queue holds something, or has held something.
    pub(super) fn has_items(&self, node: NodeId) -> bool {
        let queue = self.plan.node(node).consumes;
        let row = |queue: QueueId| &self.queues[queue.index()];
        queue.is_some_and(|queue| row(queue).level.put > 0 || !row(queue).level.closed)
            && self.rows[node.index()].unmet == 0
    }

    /// Returns whether none of the queues that a consumer feeds is full.
    pub(super) fn has_room_for(&self, node: NodeId) -> bool {
        let full = |queue: &QueueId| {
            let row = &self.queues[queue.index()];
            row.level.full && !row.abandoned
        };
        !self.plan.node(node).produces.iter().any(full)
    }
}

//! Queues: when one is closed, drained or abandoned.
//!
//! The items themselves never come here; the core hears levels. The rules are those of "The end of
//! a queue" in the language. Unaware of framing and brokers.

use std::rc::Rc;

use super::circles::is_inside;
use super::nodes::State;
use super::ready::Lack;
use super::start::Stopping;
use super::{Core, Effect, Level};
use crate::event::{EventKind, Outcome};
use crate::model::{NodeId, OnProducerFailure, QueueId, Tolerate};
use crate::plan::{self, Node, Plan};

/// Readers that a reason names at most.
const NAMED_READERS: usize = 3;

/// What the core knows of one queue.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct QueueRow {
    pub(super) level: Level,
    /// What feeds it and is not final: producers, static items and those whose dead items come
    /// here; without those on a circle with it.
    open_sources: usize,
    /// Consumers that have not ended.
    open_consumers: usize,
    /// Whether something fed it: static items, or a producer that was not skipped.
    was_fed: bool,
    /// Long-lived children that were not told as started.
    starting: u32,
    /// Long-lived children that had no time yet to take anything: the level was not told since.
    fresh: u32,
    /// Whether it has static items that nobody was told to put in.
    has_items: bool,
    /// Whether its static items are being put in.
    is_feeding: bool,
    /// Whether the body was told to close it.
    closing: bool,
    /// Whether nobody will read it any more.
    abandoned: bool,
    /// Whether that is so because no condition of a reader held: what it is given is dropped.
    unwanted: bool,
    /// Whether its drain was told.
    told: bool,
}

impl QueueRow {
    pub(super) fn new(queue: &plan::Queue, plan: &Plan) -> Self {
        let has_items = plan.queue(queue.id).items.is_some();
        let is_outside = |node: &&NodeId| !is_inside(plan, queue, **node);
        let feeding = queue.producers.iter().chain(&queue.dead_of).filter(is_outside);
        Self {
            level: Level::default(),
            open_sources: feeding.count() + usize::from(has_items),
            open_consumers: queue.consumers.len(),
            was_fed: has_items,
            starting: 0,
            fresh: 0,
            has_items,
            is_feeding: false,
            closing: false,
            abandoned: false,
            unwanted: false,
            told: false,
        }
    }

    /// Returns whether it is closed, and nothing waits, is lent or is due.
    pub(super) fn is_drained(&self) -> bool {
        self.level.closed && self.level.waiting == 0 && self.level.busy == 0
    }

    /// Returns whether nothing can come into it any more, if nothing is in those on a circle with
    /// it.
    pub(super) fn is_at_rest(&self) -> bool {
        let is_fed = self.open_sources > 0 && !self.abandoned;
        !is_fed && self.level.waiting == 0 && self.level.busy == 0
    }

    /// Returns whether something will happen in it by itself, apart from what children do.
    pub(super) fn is_restless(&self) -> bool {
        self.is_feeding && !self.is_blocked() || self.closing && !self.level.closed
    }

    /// Returns whether it keeps a stage from starting.
    pub(super) fn is_full(&self) -> bool {
        self.level.full && !self.abandoned
    }

    /// Returns whether a producer waits for room.
    pub(super) fn is_blocked(&self) -> bool {
        self.is_full() && self.level.blocked
    }

    /// Returns whether long-lived readers have nothing to do, and will not come to the end, where
    /// so many of the items that are lent are with others.
    pub(super) fn is_idle(&self, with_others: u64) -> bool {
        self.level.waiting == 0 && self.level.lent <= with_others && !self.closing
    }

    /// Returns whether nobody will read it any more, although somebody should.
    fn is_unread(&self) -> bool {
        self.abandoned && !self.unwanted
    }

    /// Returns long-lived children that were started and took nothing yet, as far as is known.
    fn unfed(&self) -> u64 {
        u64::from(self.starting) + u64::from(self.fresh)
    }
}

impl Core {
    /// Closes what nothing feeds.
    pub(super) fn open_queues(&mut self) {
        for index in 0..self.queues.len() {
            self.close_if_fed(QueueId::at(index));
        }
    }

    /// Has the static items of a queue put in, once its first consumer may take them: what they are
    /// read from may be made by those that the consumer needs.
    pub(super) fn feed(&mut self, queue: QueueId) {
        let plan = Rc::clone(&self.plan);
        if self.queues[queue.index()].has_items {
            for group in plan.groups(queue) {
                let row = &mut self.queues[group.id.index()];
                (row.has_items, row.is_feeding) = (false, true);
            }
            self.out.push(Effect::Feed(queue));
        }
    }

    /// Takes in that a queue's static items were all put in, or why they can't be.
    pub(super) fn fed(&mut self, queue: QueueId, fault: Option<&String>) {
        let plan = Rc::clone(&self.plan);
        for group in plan.groups(queue) {
            let row = &mut self.queues[group.id.index()];
            row.is_feeding = false;
            row.open_sources -= 1;
            for consumer in group.consumers.iter().filter(|_| fault.is_some()) {
                let broken = (Outcome::Failed, fault.cloned());
                self.rows[consumer.index()].broken.get_or_insert(broken);
            }
            self.close_if_fed(group.id);
        }
    }

    /// Takes in how full queues are now.
    pub(super) fn levels(&mut self, levels: &[(QueueId, Level)]) {
        for (queue, level) in levels {
            self.level(*queue, *level);
        }
        for (queue, _) in levels {
            if let Some(circle) = self.plan.queues[queue.index()].circle {
                self.close_circle(circle);
            }
        }
    }

    fn level(&mut self, queue: QueueId, level: Level) {
        let row = &mut self.queues[queue.index()];
        row.level = level;
        row.fresh = 0;
        if level.waiting > 0 {
            self.ready.room(Lack::Item(queue));
            self.ready.room(Lack::Batch(queue));
            self.ready.room(Lack::Stream(queue));
        }
        if !level.full {
            self.ready.room(Lack::Room(queue));
        }
        let row = &mut self.queues[queue.index()];
        if row.is_drained() && !std::mem::replace(&mut row.told, true) {
            self.undrained -= 1;
            let Level { done, dead, left, .. } = level;
            self.tell(EventKind::QueueDrained { queue, done, dead, left });
            let plan = Rc::clone(&self.plan);
            for consumer in &plan.queues[queue.index()].consumers {
                self.reconsider_consumer(*consumer);
            }
        }
    }

    /// Returns what a node that consumes lacks before it needs a slot.
    pub(super) fn lacks_in_queues(&mut self, node: &Node) -> Option<Lack> {
        let queue = node.consumes?;
        let row = &self.queues[queue.index()];
        if self.is_stream(node.id) {
            if self.rows[node.id.index()].replays == 0 && row.level.waiting <= row.unfed() {
                return Some(Lack::Stream(queue));
            }
        } else if row.level.waiting == 0 {
            self.batch_starts(node.id);
            return Some(Lack::Item(queue));
        } else if let Some(lack) = self.lacks_for_batch(node.id, queue) {
            return Some(lack);
        }
        self.full_queue(node.id).map(Lack::Room)
    }

    /// Returns a queue that is full, so that who feeds it should not start.
    pub(super) fn full_queue(&self, node: NodeId) -> Option<QueueId> {
        let is_full = |queue: &QueueId| self.queues[queue.index()].is_full();
        self.plan.node(node).produces.iter().copied().find(is_full)
    }

    /// Notes that a child of a consumer starts. What it will take is counted as taken, because the
    /// body tells it only later.
    pub(super) fn claim_item(&mut self, node: NodeId) {
        let Some(queue) = self.plan.node(node).consumes else { return };
        let is_stream = self.is_stream(node);
        let taken = self.takes(node, self.queues[queue.index()].level.waiting);
        self.batch_starts(node);
        let row = &mut self.queues[queue.index()];
        if is_stream {
            row.starting += 1;
        } else {
            row.level.waiting -= taken;
            row.level.busy += taken;
        }
    }

    /// Notes that a long-lived child was told as started.
    pub(super) fn stream_started(&mut self, node: NodeId) {
        let queue = self.plan.node(node).consumes.filter(|_| self.is_stream(node));
        let Some(queue) = queue else { return };
        let row = &mut self.queues[queue.index()];
        row.starting -= 1;
        row.fresh += 1;
    }

    /// Notes that a long-lived child is over.
    pub(super) fn stream_is_over(&mut self, node: NodeId, told: bool) {
        let queue = self.plan.node(node).consumes.filter(|_| self.is_stream(node));
        let Some(queue) = queue else { return };
        let row = &mut self.queues[queue.index()];
        row.starting -= u32::from(!told);
        // Which one it was is not known; one child too many does less harm than one too few.
        row.fresh = 0;
        self.ready.room(Lack::Stream(queue));
    }

    /// Takes a node that ended out of the queues that it fed and read.
    pub(super) fn node_left_queues(&mut self, node: NodeId, outcome: Outcome) {
        let plan = Rc::clone(&self.plan);
        let node = plan.node(node);
        for queue in node.produces.iter().chain(&node.dead) {
            let is_outside = !is_inside(&plan, &plan.queues[queue.index()], node.id);
            let row = &mut self.queues[queue.index()];
            row.open_sources -= usize::from(is_outside);
            row.was_fed |= outcome != Outcome::Skipped;
            let discards = plan.queue(*queue).on_producer_failure == OnProducerFailure::Discard;
            if discards && outcome.is_failure() && node.produces.contains(queue) {
                self.out.push(Effect::Discard { queue: *queue, producer: node.id });
            }
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
        match self.plan.queues[queue.index()].circle {
            Some(circle) => self.close_circle(circle),
            None if self.queues[queue.index()].open_sources == 0 => self.close(queue),
            None => {}
        }
    }

    /// Closes a queue, unless it is.
    pub(super) fn close(&mut self, queue: QueueId) {
        if !self.queues[queue.index()].closing {
            self.out.push(Effect::Close(queue));
            self.closes(queue);
        }
    }

    fn closes(&mut self, queue: QueueId) {
        if !std::mem::replace(&mut self.queues[queue.index()].closing, true) {
            self.tell(EventKind::QueueClosed { queue });
            // What waits for more items need not any longer.
            self.ready.room(Lack::Batch(queue));
        }
    }

    /// Rule 7: nobody will read it any more, so whoever feeds nothing else is stopped; unless its
    /// readers need not run, who feeds it goes on.
    fn abandon(&mut self, queue: QueueId) {
        let plan = Rc::clone(&self.plan);
        let readers = &plan.queues[queue.index()].consumers;
        let unwanted = readers.iter().all(|reader| self.is_excused(*reader));
        self.queues[queue.index()].abandoned = true;
        if unwanted {
            self.unwanted(queue);
        }
        self.out.push(Effect::Abandon { queue, unwanted });
        self.closes(queue);
        self.ready.room(Lack::Room(queue));
        for producer in &plan.queues[queue.index()].producers {
            if self.is_unread(*producer) {
                self.abandon_producer(*producer);
            }
        }
    }

    /// Notes that what a queue is given is dropped, and says so where it may be given something.
    fn unwanted(&mut self, queue: QueueId) {
        let row = &mut self.queues[queue.index()];
        row.unwanted = true;
        if row.open_sources > 0 || row.level.put > 0 {
            let name = self.plan.queue_name(queue);
            let message =
                format!("what is put into queue `{name}` is dropped: its readers need not run");
            self.tell(EventKind::Noted { message });
        }
    }

    /// Asks all children of a node to end.
    pub(super) fn end_children(&mut self, node: NodeId, why: Stopping) {
        for attempt in self.living_of(node) {
            self.ask_to_end(attempt, why);
        }
    }

    /// Ends a producer that would only feed what nobody reads.
    fn abandon_producer(&mut self, node: NodeId) {
        self.end_children(node, Stopping::Unread);
        let reason = self.unread_reason(node);
        let consumes = self.plan.node(node).consumes.is_some();
        let row = &mut self.rows[node.index()];
        match row.state {
            State::Ready | State::Running if consumes => {
                row.broken.get_or_insert((Outcome::Stopped, Some(reason)));
                self.reconsider(node);
            }
            State::Waiting | State::Asking | State::Backoff | State::Ready => {
                self.give_up(node, reason);
            }
            State::Running | State::Finally | State::Done { .. } => {}
        }
    }

    /// Returns why a producer was stopped, in words: the chain of causes.
    pub(super) fn unread_reason(&self, node: NodeId) -> String {
        let unread = |queue: &&QueueId| self.queues[queue.index()].is_unread();
        let Some(queue) = self.plan.node(node).produces.iter().find(unread) else {
            let reader = self.plan.node(node).piped_to;
            let left =
                |reader| format!("`{}` no longer reads its pipe", self.plan.node(reader).name);
            return reader.map_or_else(|| self.stop_reason(), left);
        };
        let name = &self.plan.queue(*queue).name;
        let readers = &self.plan.queues[queue.index()].consumers;
        let ends: Vec<_> = readers
            .iter()
            .take(NAMED_READERS)
            .filter_map(|reader| match self.rows[reader.index()].state {
                State::Done { outcome, .. } => {
                    Some(format!("`{}` ended as {outcome}", self.plan.node(*reader).name))
                }
                State::Waiting
                | State::Asking
                | State::Ready
                | State::Running
                | State::Backoff
                | State::Finally => None,
            })
            .collect();
        let more = match readers.len().saturating_sub(NAMED_READERS) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        format!("nobody is left to read queue `{name}`: {}{more}", ends.join(", "))
    }

    /// Returns whether nobody is left to read anything that a node makes, though somebody should
    /// read some of it.
    pub(super) fn is_unread(&self, node: NodeId) -> bool {
        let fed = || self.plan.node(node).produces.iter().map(|queue| &self.queues[queue.index()]);
        fed().all(|queue| queue.abandoned) && fed().any(QueueRow::is_unread)
    }

    /// Returns, in words, that its queue tolerates as many dead items as a consumer has, if it
    /// does.
    pub(super) fn tolerated(&self, node: NodeId) -> Option<String> {
        let queue = self.plan.node(node).consumes?;
        let Level { dead, put, .. } = self.queues[queue.index()].level;
        let (tolerates, words) = match self.plan.queue(queue).tolerate {
            Tolerate::Items(most) => (dead <= most, most.to_string()),
            Tolerate::Part(part) => (is_part(dead, put, part), format!("{}%", part * 100.0)),
        };
        tolerates.then(|| format!("{words} are tolerated"))
    }

    /// Returns whether a consumer's queue holds something, or has held something.
    pub(super) fn has_items(&self, node: NodeId) -> bool {
        let queue = self.plan.node(node).consumes;
        let row = |queue: QueueId| &self.queues[queue.index()];
        queue.is_some_and(|queue| row(queue).level.put > 0 || !row(queue).level.closed)
            && self.rows[node.index()].unmet == 0
    }

    /// Returns whether a consumer's queue holds nothing now.
    pub(super) fn has_nothing_left(&self, node: NodeId) -> bool {
        let queue = self.plan.node(node).consumes.map(|queue| &self.queues[queue.index()]);
        queue.is_some_and(|row| row.level.waiting == 0 && row.level.busy == 0)
    }

    /// Returns whether nothing will be put into a consumer's queue any more.
    pub(super) fn is_closing(&self, node: NodeId) -> bool {
        let queue = self.plan.node(node).consumes;
        queue.is_some_and(|queue| self.queues[queue.index()].closing)
    }

    /// Returns whether a consumer has nothing to do because nothing that was to feed it need run.
    pub(super) fn is_idle_by_condition(&self, node: NodeId) -> bool {
        let Some(queue) = self.plan.node(node).consumes else { return false };
        let queue = &self.plan.queues[queue.index()];
        queue.producers.iter().chain(&queue.dead_of).all(|feeds| self.is_excused(*feeds))
    }

    /// Returns whether everything that was to feed a consumer's queue was skipped.
    pub(super) fn was_never_fed(&self, node: NodeId) -> bool {
        let queue = self.plan.node(node).consumes.map(|queue| &self.queues[queue.index()]);
        queue.is_some_and(|row| !row.was_fed && row.level.put == 0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 items are more than any run has")]
fn is_part(dead: u64, all: u64, part: f64) -> bool {
    dead as f64 <= all as f64 * part
}

//! Core: the mind of a run.
//!
//! Synchronous and pure: one thing that happened goes in, what to do comes out, time is an
//! argument. There is no clock, channel, child or lock inside, so every decision can be tested as a
//! table and proved as a law. Constant work for an item, logarithmic for a node, and no recursion
//! that a larger job makes deeper.
//!
//! Reading order: [`input`] is the conversation, [`nodes`] the states and their one gate,
//! [`conditions`] knows what need not run, [`start`] chooses what starts, [`finish`] judges what
//! ended, [`long`] what lived long, [`finally`] runs what comes after a node, [`queues`] closes and
//! drains, [`circles`] where queues feed each other, [`batches`] knows when there is enough for a
//! child, [`memory`] keeps starts back, [`stopping`] stops, [`pace`] slows down what fails,
//! [`services`] come and go with those that need them, [`standstill`] ends what waits in vain,
//! [`waiting`] says why something waits; [`slots`] with [`reserve`] and [`tokens`], [`ready`] and
//! [`timers`] keep accounts.

mod batches;
mod circles;
mod conditions;
mod finally;
mod finish;
mod input;
mod long;
mod memory;
mod nodes;
mod pace;
mod queues;
mod ready;
mod reserve;
mod services;
mod slots;
mod standstill;
mod start;
mod stopping;
mod timers;
mod tokens;
mod waiting;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

pub(super) use input::{
    Answer, Effect, Ended, Finally, Given, Input, Level, Pace, Settlement, Start,
};
pub(super) use start::Manner;
pub(super) use tokens::Sharing;

use crate::event::{EventKind, Stop};
use crate::model::{AttemptId, NodeId, OnFailure, QueueId};
use crate::plan::Plan;
use conditions::Conditions;
use memory::Memory;
use nodes::{Graph, Row};
use queues::QueueRow;
use ready::Ready;
use reserve::Reserve;
use services::Service;
use slots::Slots;
use start::{Attempt, Units};
use timers::{Timer, Timers};

/// The state of a run, and all its rules.
#[derive(Debug)]
pub(super) struct Core {
    plan: Rc<Plan>,
    graph: Graph,
    rows: Vec<Row>,
    units: Units,
    conditions: Conditions,
    queues: Vec<QueueRow>,
    /// What is known of services, by their nodes.
    services: BTreeMap<NodeId, Service>,
    /// Services that somebody has just asked for.
    summoned: VecDeque<NodeId>,
    /// Queues that close together.
    circles: Vec<Vec<QueueId>>,
    slots: Slots,
    memory: Memory,
    ready: Ready,
    timers: Timers,
    /// Attempts that have a child, or whose outcome is being carried out.
    attempts: BTreeMap<AttemptId, Attempt>,
    /// Those of them that have a child, by their nodes.
    living: BTreeSet<(NodeId, AttemptId)>,
    next_attempt: u64,
    /// Nodes whose end their dependants have not heard of yet.
    ended: VecDeque<NodeId>,
    /// Nodes that have failed but for what runs after them, of which the other cells of their
    /// matrix have not heard yet.
    failing: VecDeque<NodeId>,
    /// Nodes that wait for nothing but a failure.
    awaiting: Vec<NodeId>,
    /// Nodes that have not ended.
    remaining: usize,
    /// Queues whose drain was not told.
    undrained: usize,
    /// Who has the terminal.
    has_terminal: Option<NodeId>,
    /// Whether the run has failed.
    failed: bool,
    stop: Option<Stop>,
    on_failure: OnFailure,
    over: bool,
    now: Duration,
    out: Vec<Effect>,
}

impl Core {
    /// Makes the core of a run that has not begun.
    pub(super) fn new(plan: Rc<Plan>) -> Self {
        let mut ready = Ready::default();
        let graph = Graph::new(&plan);
        Self {
            rows: plan.nodes.iter().map(|node| Row::new(node, &plan)).collect(),
            units: Units::new(&plan, &mut ready),
            conditions: Conditions::default(),
            queues: plan.queues.iter().map(|queue| QueueRow::new(queue, &plan)).collect(),
            services: services::of(&plan),
            summoned: VecDeque::new(),
            circles: circles::of(&plan),
            slots: Slots::new(&plan.pools, plan.jobs, &Reserve::of(&plan)),
            memory: Memory::of(&plan),
            undrained: plan.queues.len(),
            graph,
            ready,
            timers: Timers::default(),
            attempts: BTreeMap::new(),
            living: BTreeSet::new(),
            next_attempt: 0,
            ended: VecDeque::new(),
            failing: VecDeque::new(),
            awaiting: Vec::new(),
            remaining: plan.nodes.len(),
            has_terminal: None,
            failed: false,
            stop: None,
            on_failure: plan.job.limits.on_failure.unwrap_or_default(),
            over: false,
            now: Duration::ZERO,
            out: Vec::new(),
            plan,
        }
    }

    /// Takes in one thing that happened and returns what to do about it, in order. After the end
    /// nothing happens any more.
    pub(super) fn on(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        if self.over {
            return Vec::new();
        }
        self.now = now;
        match input {
            Input::Begin => self.begin(),
            Input::Started { attempt, pid, item, number } => {
                self.started(attempt, pid, item, number);
            }
            Input::Missed { attempt } => self.missed(attempt),
            Input::Ended { attempt, ended } => self.child_ended(attempt, &ended),
            Input::Settled { attempt } => self.settled(attempt),
            Input::Item { attempt, index, number, failed, dead } => {
                self.item_over(attempt, (index, number), failed, dead);
            }
            Input::Levels(levels) => self.levels(&levels),
            Input::Fed { queue, fault } => self.fed(queue, fault.as_ref()),
            Input::Suspended { attempt, signal } => {
                self.tell(EventKind::AttemptSuspended { attempt, signal });
            }
            Input::Resumed { attempt } => self.tell(EventKind::AttemptResumed { attempt }),
            Input::Idle { attempt } => self.idle(attempt),
            Input::Overdue { attempt } => self.overdue(attempt),
            Input::HeldUp { attempt, waits } => self.held_up(attempt, waits),
            Input::Quiet { attempt } => self.quiet(attempt),
            Input::Probed { attempt, refused } => self.probed(attempt, refused),
            Input::Answered { node, answer } => self.answered(node, answer),
            Input::Memory(available) => self.memory_seen(available),
            Input::Turns { attempt, turns } => self.had_turns(attempt, turns),
            Input::Token => self.token_came(),
            Input::NoToken => self.token_is_late(),
            Input::Time => {}
            Input::Stop { stop, signal, reason } => self.stop_asked(stop, signal, reason),
            Input::Explain => self.explain(),
            Input::Still => self.still(),
        }
        self.ring();
        self.go_on();
        std::mem::take(&mut self.out)
    }

    /// Returns when time itself is the next thing that happens.
    pub(super) fn next_timer(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// Begins: what needs nothing is ready, what nobody feeds is closed.
    fn begin(&mut self) {
        if let Some(limit) = self.plan.job.limits.timeout {
            self.timers.set(limit, Timer::Deadline);
        }
        self.open_queues();
        self.dismiss_unneeded();
        let is_free = |node: &NodeId| {
            let row = &self.rows[node.index()];
            row.unmet == 0 && !row.is_done()
        };
        let free: Vec<_> = (0..self.rows.len()).map(NodeId::at).filter(is_free).collect();
        for node in free {
            self.admit(node);
        }
    }

    /// Lets every consequence happen: ends are heard, what fits is started, the end is noticed.
    fn go_on(&mut self) {
        loop {
            self.hear_ends();
            self.ask_next();
            self.dispatch();
            if !self.ended.is_empty() {
                continue;
            }
            if self.remaining == 0 || !self.has_come_to_rest() {
                break;
            }
            self.release();
        }
        self.settle_tokens();
        let is_done = self.remaining == 0 && self.attempts.is_empty() && self.undrained == 0;
        if is_done && !self.over {
            self.over = true;
            self.out.push(Effect::End);
        }
    }

    fn tell(&mut self, kind: EventKind) {
        self.out.push(Effect::Tell(kind));
    }
}

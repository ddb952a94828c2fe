//! Nodes: the state of each, and the one gate that every change of it passes.
//!
//! ```text
//! Waiting → Ready → Running → Finally → Done(outcome)
//!   ↓ ↑       ↑        ↓
//!  Asking     └─ Backoff
//! ```
//!
//! A node that consumes is `Ready` while its queue gives it nothing, and `Running` from its first
//! child to its end. Ends travel along edges, and failures among the cells of a matrix, through
//! lists, never by recursion: a chain of 100 000 nodes is skipped as safely as one. Unaware of
//! slots and children.

use std::time::Duration;

use super::finally::Closing;
use super::pace::Streak;
use super::slots::Permit;
use super::timers::Timer;
use super::{Core, Effect, services};
use crate::event::{EventKind, Outcome, Verdict};
use crate::model::{NodeId, RunWhen, When};
use crate::plan::{Node, Plan};

/// How far a node has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It waits for other nodes.
    Waiting,
    /// It lacks nothing else, and its conditions are asked.
    Asking,
    /// It waits for slots, or for items.
    Ready,
    /// It has started.
    Running,
    /// It failed and will be tried again.
    Backoff,
    /// It has ended but for what runs after it.
    Finally,
    /// It ended. `good` says whether those that need it may start.
    Done {
        /// How.
        outcome: Outcome,
        /// Whether a need for `passed` is met.
        good: bool,
    },
}

/// What the core knows of one node.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Row {
    pub(super) state: State,
    /// `run`; a node that needs a failure, or an end however it comes, also runs after a failure.
    pub(super) run: RunWhen,
    /// Whether it needs a failure or an end of another.
    pub(super) handles_failure: bool,
    /// Whether its conditions are still to be asked.
    pub(super) asks: bool,
    /// Edges that are not met yet, but for those to services.
    pub(super) unmet: usize,
    /// Services that it needs and that are not there now.
    pub(super) unserved: usize,
    /// Tries so far; of an item, the item knows.
    pub(super) tries: u32,
    /// Children that live.
    pub(super) children: u32,
    /// Attempts whose outcome is being carried out.
    pub(super) settling: u32,
    /// Whether it stands in a line of what is ready.
    pub(super) in_line: bool,
    /// Whether those were told that need its start.
    pub(super) start_was_heard: bool,
    /// When its first child was started.
    pub(super) started: Option<Duration>,
    /// Whether those were told who wait for their turn behind it that it may never come.
    pub(super) forsaken: bool,
    /// Failed long-lived children of it whose items a fresh one is to be given.
    pub(super) replays: u32,
    /// Workers of it in a row that ended before they had settled an item.
    pub(super) barren: u32,
    /// Until when a batch waits for more items, once there is one.
    pub(super) lingers: Option<Duration>,
    /// As what a source ends whose output is being published.
    pub(super) ending: Option<(Outcome, Option<String>)>,
    /// Items that failed one after the other.
    pub(super) streak: Streak,
    /// Items of it that are dead.
    pub(super) dead: u64,
    /// Whether one of them died in a way that is not allowed.
    pub(super) dead_badly: bool,
    /// Whether an item passed on a retry.
    pub(super) flaky: bool,
    /// Whether one of its children was ended by the runner as it should be.
    pub(super) was_ended: bool,
    /// The exit code of its last attempt, where it had one and no items.
    pub(super) exit_code: Option<i32>,
    /// What the end of its last attempt meant, where it had one and no items.
    pub(super) verdict: Option<Verdict>,
    /// Slots of its last attempt, kept for what runs after it.
    pub(super) kept: Option<Permit>,
    /// As what it ends once what runs after it is over.
    pub(super) closing: Option<Closing>,
    /// As what its last attempt would end it, where that failed.
    pub(super) failed_as: Option<Outcome>,
    /// When it is tried again, while it waits for that.
    pub(super) tries_at: Option<Duration>,
    /// How and why a consumer can't go on, although its queue may have more.
    pub(super) broken: Option<(Outcome, Option<String>)>,
}

impl Row {
    pub(super) fn new(node: &Node, plan: &Plan) -> Self {
        let process = &plan.job.processes[node.process];
        let handles = |(_, when): &(NodeId, When)| matches!(when, When::Failed | When::Ended);
        let unserved = services::held(plan, node.id).count();
        Self {
            state: State::Waiting,
            run: process.run,
            handles_failure: node.needs.iter().any(handles),
            asks: !process.conditions.is_empty(),
            unmet: node.needs.len() + node.after.len() - unserved,
            unserved,
            tries: 0,
            children: 0,
            settling: 0,
            in_line: false,
            start_was_heard: false,
            started: None,
            forsaken: false,
            replays: 0,
            barren: 0,
            lingers: None,
            ending: None,
            streak: Streak::default(),
            dead: 0,
            dead_badly: false,
            flaky: false,
            was_ended: false,
            exit_code: None,
            verdict: None,
            kept: None,
            closing: None,
            failed_as: None,
            tries_at: None,
            broken: None,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done { .. })
    }

    /// Returns whether nothing of it is left to do but what runs after it.
    pub(super) fn is_over(&self) -> bool {
        self.is_done() || self.state == State::Finally
    }

    /// Returns whether it is ready for a failure that has not come.
    pub(super) fn awaits_failure(&self, failed: bool) -> bool {
        self.run == RunWhen::OnFailure && self.state == State::Waiting && !failed
    }
}

/// The edges of a plan, seen from their sources.
#[derive(Debug)]
pub(super) struct Graph {
    dependants: Vec<Vec<(NodeId, Edge)>>,
}

/// What an edge asks of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// `needs`.
    Need(When),
    /// `after`: order only.
    After,
    /// A need that is met for as long as a service is there.
    Service(When),
}

impl Graph {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut dependants = vec![Vec::new(); plan.nodes.len()];
        for node in &plan.nodes {
            for (needed, when) in &node.needs {
                if when.holds() && plan.process(*needed).service.is_some() {
                    dependants[needed.index()].push((node.id, Edge::Service(*when)));
                    continue;
                }
                // Cleanup and notification come after what they name, however that ends.
                let run = plan.job.processes[node.process].run;
                let when = match (run, when) {
                    (RunWhen::OnFailure | RunWhen::Always, When::Passed) => When::Ended,
                    (_, when) => *when,
                };
                dependants[needed.index()].push((node.id, Edge::Need(when)));
            }
            for before in &node.after {
                dependants[before.index()].push((node.id, Edge::After));
            }
        }
        Self { dependants }
    }

    /// Returns who names a node, and for what.
    pub(super) fn dependants(&self, node: NodeId) -> &[(NodeId, Edge)] {
        &self.dependants[node.index()]
    }
}

/// What the end of a node does to an edge.
enum Met {
    Yes,
    No,
    /// It was met when the node started.
    Before,
    /// What it needs is not there any more.
    NoMore,
}

impl Edge {
    fn met(self, outcome: Outcome, good: bool, started: bool) -> Met {
        let yes = match self {
            Self::After | Self::Need(When::Ended) => true,
            Self::Need(When::Passed) => good,
            Self::Need(When::Failed) => outcome.is_failure() || outcome == Outcome::AllowedFailure,
            Self::Need(When::Started | When::Ready) if started => return Met::Before,
            Self::Need(When::Started | When::Ready) => false,
            Self::Service(_) => return Met::NoMore,
        };
        if yes { Met::Yes } else { Met::No }
    }
}

impl Core {
    /// Changes the state of a node: the only place where that happens.
    pub(super) fn enter(&mut self, node: NodeId, state: State) {
        let row = &mut self.rows[node.index()];
        debug_assert!(!row.is_done(), "node {node} ended twice");
        row.state = state;
        if let Some(at) = row.tries_at.take() {
            // Nobody need wait for a try that will not come.
            self.timers.unset(at, Timer::Retry(node));
        }
        if let State::Done { .. } = state {
            self.remaining -= 1;
            self.ended.push_back(node);
        }
    }

    /// Ends a node, once what runs after it has run.
    pub(super) fn end_node(&mut self, node: NodeId, outcome: Outcome, reason: Option<String>) {
        if self.has_finally(node) {
            self.begin_finally(node, outcome, reason);
        } else {
            self.conclude(node, outcome, reason);
        }
    }

    /// Ends a node for good.
    pub(super) fn conclude(&mut self, node: NodeId, outcome: Outcome, reason: Option<String>) {
        self.conclude_as(node, outcome, reason, false);
    }

    /// Ends a node that need not run, so that those that need it may.
    pub(super) fn excuse(&mut self, node: NodeId, reason: String) {
        self.conclude_as(node, Outcome::Skipped, Some(reason), true);
    }

    /// Ends a node for good and tells so.
    fn conclude_as(
        &mut self,
        node: NodeId,
        outcome: Outcome,
        reason: Option<String>,
        excused: bool,
    ) {
        self.leave_line(node);
        self.batch_starts(node);
        self.is_asked_no_more(node);
        let row = &self.rows[node.index()];
        // Who is stopped for any other reason is told why.
        let ended_as_asked = outcome == Outcome::Stopped && row.was_ended && reason.is_none();
        let good = excused
            || ended_as_asked
            || matches!(
                outcome,
                Outcome::Passed | Outcome::Flaky | Outcome::Cached | Outcome::AllowedFailure
            );
        let took = row.started.map_or(Duration::ZERO, |started| self.now.saturating_sub(started));
        self.enter(node, State::Done { outcome, good });
        self.tell(EventKind::NodeEnded { node, outcome, took, reason });
        if excused {
            self.out.push(Effect::Excuse(node));
        }
        if outcome.is_failure() {
            self.node_failed(node);
        }
    }

    /// Returns whether a node did not run because it need not.
    pub(super) fn is_excused(&self, node: NodeId) -> bool {
        let state = self.rows[node.index()].state;
        matches!(state, State::Done { outcome: Outcome::Skipped, good: true })
    }

    /// Ends a node that never started.
    pub(super) fn skip(&mut self, node: NodeId, reason: String) {
        self.end_node(node, Outcome::Skipped, Some(reason));
    }

    /// Says that a node has started, to those that need no more than that; of a consumer, that it
    /// takes items.
    pub(super) fn heard_start(&mut self, node: NodeId) {
        if std::mem::replace(&mut self.rows[node.index()].start_was_heard, true) {
            return;
        }
        for index in 0..self.graph.dependants[node.index()].len() {
            let (dependant, edge) = self.graph.dependants[node.index()][index];
            if edge == Edge::Need(When::Started) {
                self.meet(dependant);
            }
        }
    }

    /// Carries the ends of nodes along their edges.
    pub(super) fn hear_ends(&mut self) {
        loop {
            if let Some(service) = self.summoned.pop_front() {
                self.come(service);
                continue;
            }
            if let Some(cell) = self.failing.pop_front() {
                self.fail_fast(cell);
                continue;
            }
            let Some(node) = self.ended.pop_front() else { return };
            let row = &self.rows[node.index()];
            let State::Done { outcome, good } = row.state else { continue };
            let started = row.start_was_heard;
            if outcome.is_failure() {
                self.fail_fast(node);
            }
            for index in 0..self.graph.dependants[node.index()].len() {
                let (dependant, edge) = self.graph.dependants[node.index()][index];
                match edge.met(outcome, good, started) {
                    Met::Yes => self.meet(dependant),
                    Met::No => self.doom(dependant, node, outcome),
                    Met::Before => {}
                    Met::NoMore => self.is_deserted(dependant, node, outcome),
                }
            }
            self.leaves_services(node);
            self.skip_joined(node, outcome);
            self.node_left_queues(node, outcome);
        }
    }

    /// Ends those that a pipe joins to a node that ended: without it they can't start any more.
    fn skip_joined(&mut self, node: NodeId, outcome: Outcome) {
        let plan = std::rc::Rc::clone(&self.plan);
        let planned = plan.node(node);
        for peer in planned.piped_from.into_iter().chain(planned.piped_to) {
            let state = self.rows[peer.index()].state;
            if matches!(state, State::Waiting | State::Asking | State::Ready) {
                let reason =
                    format!("a pipe joins it to `{}`, which ended as {outcome}", planned.name);
                if self.is_excused(node) {
                    self.excuse(peer, reason);
                } else {
                    self.skip(peer, reason);
                }
            }
        }
    }

    /// Meets one edge of a node.
    fn meet(&mut self, node: NodeId) {
        let row = &mut self.rows[node.index()];
        row.unmet -= 1;
        if row.unmet == 0 && row.state == State::Waiting {
            self.admit(node);
        }
    }

    /// Ends a node because an edge of it can't be met any more.
    pub(super) fn doom(&mut self, node: NodeId, needed: NodeId, outcome: Outcome) {
        if !self.rows[node.index()].is_done() {
            let name = &self.plan.node(needed).name;
            self.skip(node, format!("needs `{name}`, which ended as {outcome}"));
        }
    }

    /// Has a node tried again after a while.
    pub(super) fn back_off(&mut self, node: NodeId, wait: Duration) {
        self.enter(node, State::Backoff);
        let at = self.now.saturating_add(wait);
        self.rows[node.index()].tries_at = Some(at);
        self.timers.set(at, Timer::Retry(node));
    }

    /// Lets a node in again whose wait before the next try is over.
    pub(super) fn try_again(&mut self, node: NodeId) {
        if self.rows[node.index()].state == State::Backoff {
            self.admit(node);
        }
    }

    /// Lets a node in whose edges are all met: it is ready, waits for a failure, for an answer or
    /// for services, or is skipped.
    pub(super) fn admit(&mut self, node: NodeId) {
        if self.rows[node.index()].awaits_failure(self.failed) {
            self.awaiting.push(node);
            return;
        }
        if !self.is_summoned(node) {
            return;
        }
        // A service ends with those that it is for.
        if !self.may_start(node) && !self.is_service(node) {
            let reason = self.stop_reason();
            self.skip(node, reason);
            return;
        }
        let row = &self.rows[node.index()];
        if row.asks {
            return self.ask(node);
        }
        if row.unserved > 0 && row.state == State::Waiting {
            return self.summon(node);
        }
        self.enter(node, State::Ready);
        // Who waits for the start of a consumer may feed it: from now on it takes what comes.
        if let Some(queue) = self.plan.node(node).consumes {
            self.feed(queue);
            self.heard_start(node);
        }
        self.reconsider(node);
    }
}

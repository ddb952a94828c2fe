//! Tally: the fold of all events so far.
//!
//! No reporter counts by itself: bar, summary, JSON and exit code all read this, so they cannot
//! disagree. Constant work per event. Unaware of how it is shown.
//!
//! Reading order: [`Tally`]; [`queue`], what is known of one queue; [`services`],
//! [`outcomes`], [`findings`], [`finally`].

mod finally;
mod findings;
mod outcomes;
mod queue;
mod services;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::{Event, EventKind, Exit, ItemRef, Leftover, LogPiece, Logs, Outcome, Stop, Verdict};
use crate::model::{AttemptId, NodeId, PoolId, QueueId};
pub use findings::Findings;
pub use outcomes::Outcomes;
pub use queue::Queue;
pub use services::Services;

/// How many of the slowest nodes are remembered: what fits a summary.
const SLOWEST: usize = 5;

/// How many failed attempts of items are remembered; the journal has all of them.
const ITEM_FAILURES: usize = 20;

/// Exit code of a run in which something failed.
const FAILED: u8 = 1;

/// Everything that a reader of a run wants to know, at any time.
#[derive(Debug, Default)]
pub struct Tally {
    /// `{run.id}`.
    pub run: String,
    /// Name of the job.
    pub job: String,
    /// The job file, as it was given.
    pub file: PathBuf,
    /// Options of the command line that make it this run and no other.
    pub options: Vec<String>,
    /// Nodes of the job that this run has not selected.
    pub left_out: Vec<String>,
    /// The run's folder.
    pub folder: PathBuf,
    /// Wall clock at the start, in milliseconds since 1970.
    pub started: u64,
    /// Bound on children over all pools, where there is one.
    pub jobs: Option<u32>,
    /// Names and sizes of pools, by [`PoolId`].
    pub pools: Vec<(PoolId, String, u32)>,
    /// Queues, by [`QueueId`].
    pub queues: Vec<Queue>,
    /// Nodes, by [`NodeId`].
    pub nodes: Vec<Node>,
    /// Attempts that run now.
    pub running: BTreeMap<AttemptId, Attempt>,
    /// What is known of services; the counts of nodes are those of the others.
    pub services: Services,
    /// Nodes that run now.
    pub nodes_running: u32,
    /// Nodes that ended, but for services.
    counts: Outcomes,
    /// Attempts that ended.
    pub attempts: u64,
    /// Commands of `finally` that ended.
    pub finallies: u64,
    /// What the nodes that have not ended took in earlier runs, all together.
    pub ahead: Duration,
    /// Nodes that have not ended and of which no earlier time is known.
    pub unknown: u32,
    /// The slowest nodes, slowest first.
    pub slowest: Vec<(NodeId, Duration)>,
    /// Failed attempts of items that will not be tried again, oldest first, a bounded number.
    pub item_failures: Vec<Ended>,
    /// Nodes that left processes running, with those, oldest first.
    pub leftovers: Vec<(NodeId, Leftover)>,
    /// What problem matchers have found.
    pub findings: Findings,
    /// How the run was stopped, if it was: strength, signal, reason.
    pub stop: Option<(Stop, Option<i32>, String)>,
    /// Exit code and wall time, once the run has ended.
    pub ended: Option<(u8, Duration)>,
}

/// A node, as far as it has come.
#[derive(Debug)]
pub struct Node {
    /// Its name: the process, with its cell where there is a matrix.
    pub name: String,
    /// The declared process.
    pub process: String,
    /// The queue that it consumes.
    pub consumes: Option<QueueId>,
    /// The queues that it feeds.
    pub produces: Vec<QueueId>,
    /// The pools in whose slots it runs; that of which its slot is told first.
    pub pools: Vec<PoolId>,
    /// How long it took in earlier runs.
    pub expected: Option<Duration>,
    /// Where the standard output lies that is that of the runner too; `None` where it is not.
    pub inherits: Option<Vec<LogPiece>>,
    /// Whether it can be used, of a service.
    pub ready: Option<bool>,
    /// How far it has come.
    pub state: NodeState,
    /// When its first attempt started.
    pub started: Option<Duration>,
    /// Attempts that were started.
    pub attempts: u64,
    /// Why it ended so, where the outcome alone does not say it.
    pub reason: Option<String>,
    /// How long it took, once it ended.
    pub took: Duration,
    /// Its last attempt that did not pass; or what ran after it, where only that did not.
    pub last: Option<Box<Ended>>,
    /// Whether its last attempt passed, or was ended as it should be.
    pub is_well: bool,
}

/// How far a node has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Nothing of it was started yet.
    Waiting,
    /// An attempt of it was started.
    Running,
    /// It ended.
    Done(Outcome),
}

impl NodeState {
    /// Returns whether it has ended, and so that the run fails.
    pub fn has_failed(&self) -> bool {
        matches!(self, Self::Done(outcome) if outcome.is_failure())
    }
}

/// An attempt that runs.
#[derive(Debug)]
pub struct Attempt {
    /// Its node.
    pub node: NodeId,
    /// Which try it is, counted from 1.
    pub number: u32,
    /// Whether it is none, but runs after the node: the number is that of its command.
    pub finally: bool,
    /// `RUNNER_SLOT`.
    pub slot: u32,
    /// Process id of the child.
    pub pid: u32,
    /// Its item.
    pub item: Option<ItemRef>,
    /// When it was started.
    pub started: Duration,
    /// Whether it takes longer than `timeout.slow`.
    pub slow: bool,
    /// The signal that has stopped it, until it goes on.
    pub suspended: Option<i32>,
}

/// An attempt that ended without passing.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its node.
    pub node: NodeId,
    /// Which try it was.
    pub number: u32,
    /// Whether it was none, but ran after the node.
    pub finally: bool,
    /// Its item.
    pub item: Option<ItemRef>,
    /// How the child ended.
    pub exit: Exit,
    /// What that means.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
    /// Where its output lies.
    pub logs: Logs,
    /// Why, where the exit does not say it.
    pub reason: Option<String>,
}

impl Tally {
    /// Counts one event.
    pub fn count(&mut self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted { .. } => self.run_started(event),
            EventKind::PoolDeclared { pool, name, size } => {
                self.pools.push((*pool, name.clone(), *size));
            }
            EventKind::QueueDeclared { queue, name, capacity } => {
                self.queues.push(Queue::new(*queue, name.clone(), *capacity));
            }
            EventKind::NodeDeclared { .. } => self.node_declared(event),
            EventKind::AttemptStarted { .. } => self.attempt_started(event),
            EventKind::AttemptSlow { attempt } => self.change(*attempt, |it| it.slow = true),
            EventKind::AttemptSuspended { attempt, signal } => {
                self.change(*attempt, |it| it.suspended = Some(*signal));
            }
            EventKind::AttemptResumed { attempt } => {
                self.change(*attempt, |it| it.suspended = None);
            }
            EventKind::AttemptEnded { .. } => self.attempt_ended(event),
            EventKind::FinallyStarted { .. } => self.finally_started(event),
            EventKind::FinallyEnded { .. } => self.finally_ended(event),
            EventKind::ServiceReady { node, .. } => self.nodes[node.index()].ready = Some(true),
            EventKind::ServiceRestarts { .. } => self.services.restarts += 1,
            EventKind::QueueLevels { levels } => {
                for level in levels {
                    self.queues[level.queue.index()].told(event.at, level);
                }
            }
            EventKind::QueueClosed { queue } => self.queues[queue.index()].close(event.at),
            EventKind::QueueDrained { queue, done, dead, left } => {
                self.queues[queue.index()].drain(*done, *dead, *left);
            }
            EventKind::NodeEnded { node, outcome, took, reason } => {
                self.node_ended(*node, *outcome, *took, reason.as_ref());
            }
            EventKind::StopAsked { stop, signal, reason } => {
                if self.stop.as_ref().is_none_or(|(now, ..)| now < stop) {
                    let signal = signal.or(self.stop.as_ref().and_then(|(_, signal, _)| *signal));
                    self.stop = Some((*stop, signal, reason.clone()));
                }
            }
            EventKind::RunEnded { exit, took } => self.ended = Some((*exit, *took)),
            EventKind::ItemEnded { .. } => self.item_ended(event),
            EventKind::Found { node, finding, .. } => self.findings.add(*node, finding),
            EventKind::Output { .. }
            | EventKind::ProcessDeclared { .. }
            | EventKind::AttemptKilled { .. }
            | EventKind::ResultsWritten { .. }
            | EventKind::ItemDead { .. }
            | EventKind::ItemDropped { .. }
            | EventKind::Noted { .. } => {}
        }
    }

    /// Returns how many nodes there are that are no services.
    pub fn nodes_declared(&self) -> u32 {
        let nodes = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        nodes.saturating_sub(self.services.declared)
    }

    /// Returns how many nodes ended so.
    pub fn ended_as(&self, outcome: Outcome) -> u32 {
        self.counts.of(outcome)
    }

    /// Returns how many nodes ended.
    pub fn nodes_done(&self) -> u32 {
        self.counts.all()
    }

    /// Returns how many nodes have not started.
    pub fn nodes_waiting(&self) -> u32 {
        self.nodes_declared().saturating_sub(self.nodes_done() + self.nodes_running)
    }

    /// Returns how many nodes failed, ran out of time or were killed.
    pub fn nodes_failed(&self) -> u32 {
        self.counts.failed()
    }

    /// Returns how many nodes and services failed.
    pub fn failures(&self) -> u32 {
        self.nodes_failed() + self.services.ended.failed()
    }

    /// Returns the exit code that a run which ends now has: `128 + n` after signal n, 1 after a
    /// failure or a stop, else 0.
    pub fn exit(&self) -> u8 {
        match &self.stop {
            Some((_, Some(signal), _)) => Exit::after_signal(*signal),
            Some((stop, None, _)) if *stop >= Stop::Finish => FAILED,
            _ if self.failures() > 0 => FAILED,
            _ => 0,
        }
    }

    fn run_started(&mut self, event: &Event) {
        let EventKind::RunStarted {
            run, job, file, options, folder, started, jobs, left_out, ..
        } = &event.kind
        else {
            return;
        };
        run.clone_into(&mut self.run);
        job.clone_into(&mut self.job);
        file.clone_into(&mut self.file);
        options.clone_into(&mut self.options);
        left_out.clone_into(&mut self.left_out);
        folder.clone_into(&mut self.folder);
        self.started = *started;
        self.jobs = *jobs;
    }

    fn node_declared(&mut self, event: &Event) {
        let EventKind::NodeDeclared {
            name,
            process,
            consumes,
            produces,
            pools,
            expected,
            inherits,
            service,
            ..
        } = &event.kind
        else {
            return;
        };
        self.ahead += expected.unwrap_or_default();
        self.unknown += u32::from(expected.is_none() && !service);
        self.services.declared += u32::from(*service);
        let node = Node::new(name, process, *consumes, *expected);
        let inherits = inherits.then(Vec::new);
        let (produces, pools) = (produces.clone(), pools.clone());
        let ready = service.then_some(false);
        self.nodes.push(Node { produces, pools, inherits, ready, ..node });
    }

    /// Changes what is known of an attempt that runs.
    fn change(&mut self, attempt: AttemptId, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.running.get_mut(&attempt) {
            change(attempt);
        }
    }

    fn attempt_started(&mut self, event: &Event) {
        let EventKind::AttemptStarted { attempt, node, number, slot, pid, item } = &event.kind
        else {
            return;
        };
        let declared = &mut self.nodes[node.index()];
        declared.attempts += 1;
        declared.started.get_or_insert(event.at);
        if declared.state == NodeState::Waiting {
            declared.state = NodeState::Running;
            match declared.ready {
                None => self.nodes_running += 1,
                Some(_) => self.services.running += 1,
            }
        }
        let (node, number, slot, pid, item) = (*node, *number, *slot, *pid, item.clone());
        let started = event.at;
        let running = Attempt {
            node,
            number,
            finally: false,
            slot,
            pid,
            item,
            started,
            slow: false,
            suspended: None,
        };
        self.running.insert(*attempt, running);
    }

    fn attempt_ended(&mut self, event: &Event) {
        let EventKind::AttemptEnded { attempt, node, exit, verdict, took, logs, .. } = &event.kind
        else {
            return;
        };
        let EventKind::AttemptEnded { leftovers, again, reason, .. } = &event.kind else { return };
        self.attempts += 1;
        self.leftovers.extend(leftovers.iter().map(|leftover| (*node, leftover.clone())));
        let running = self.running.remove(attempt);
        let is_service = self.nodes[node.index()].ready.is_some();
        if is_service {
            self.nodes[node.index()].ready = Some(false);
        }
        if let (Some(inherits), None) = (&mut self.nodes[node.index()].inherits, again) {
            inherits.extend(logs.stdout.clone());
        }
        // A service that passes has ended before it was to.
        let is_well =
            matches!(verdict, Verdict::Ended) || *verdict == Verdict::Passed && !is_service;
        self.nodes[node.index()].is_well = is_well;
        if is_well {
            return;
        }
        let (number, item) = running.map_or((1, None), |running| (running.number, running.item));
        let (exit, logs) = (exit.clone(), logs.clone());
        let of_item = item.is_some();
        let (node, verdict, took) = (*node, *verdict, *took);
        let (finally, reason) = (false, reason.clone());
        let ended = Ended { node, number, finally, item, exit, verdict, took, logs, reason };
        let final_failure = again.is_none() && verdict != Verdict::Stopped;
        if of_item && final_failure && self.item_failures.len() < ITEM_FAILURES {
            self.item_failures.push(ended.clone());
        }
        self.nodes[node.index()].last = Some(Box::new(ended));
    }

    /// Remembers an item that failed for good. One that had a child of its own is remembered with
    /// that already, and with where its output lies.
    fn item_ended(&mut self, event: &Event) {
        let EventKind::ItemEnded { node, item, number, exit, verdict, took, again, reason, .. } =
            &event.kind
        else {
            return;
        };
        let failed = !matches!(verdict, Verdict::Passed | Verdict::Ended | Verdict::Stopped);
        if !failed || again.is_some() {
            return;
        }
        let is_same = |known: &&mut Ended| {
            let same_item = known.item.as_ref().is_some_and(|known| known.id == item.id);
            known.node == *node && known.number == *number && same_item
        };
        if let Some(known) = self.item_failures.iter_mut().find(is_same) {
            known.reason.clone_from(reason);
        } else if self.item_failures.len() < ITEM_FAILURES {
            self.item_failures.push(Ended {
                node: *node,
                number: *number,
                finally: false,
                item: Some(item.clone()),
                exit: exit.clone(),
                verdict: *verdict,
                took: *took,
                logs: Logs::default(),
                reason: reason.clone(),
            });
        }
    }

    fn node_ended(
        &mut self,
        id: NodeId,
        outcome: Outcome,
        took: Duration,
        reason: Option<&String>,
    ) {
        let node = &mut self.nodes[id.index()];
        let was_running = u32::from(node.state == NodeState::Running);
        let is_service = node.ready.is_some();
        self.ahead = self.ahead.saturating_sub(node.expected.unwrap_or_default());
        self.unknown -= u32::from(node.expected.is_none() && !is_service);
        node.state = NodeState::Done(outcome);
        node.took = took;
        node.reason = reason.cloned();
        if is_service {
            // It takes as long as others do, which says nothing about it.
            self.services.running -= was_running;
            return self.services.ended.count(outcome);
        }
        self.nodes_running -= was_running;
        self.counts.count(outcome);
        let rank = self.slowest.partition_point(|(_, other)| *other >= took);
        if rank < SLOWEST && took > Duration::ZERO {
            self.slowest.insert(rank, (id, took));
            self.slowest.truncate(SLOWEST);
        }
    }
}

impl Node {
    fn new(
        name: &str,
        process: &str,
        consumes: Option<QueueId>,
        expected: Option<Duration>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            process: process.to_owned(),
            consumes,
            produces: Vec::new(),
            pools: Vec::new(),
            expected,
            inherits: None,
            ready: None,
            state: NodeState::Waiting,
            started: None,
            attempts: 0,
            reason: None,
            took: Duration::ZERO,
            last: None,
            is_well: false,
        }
    }
}

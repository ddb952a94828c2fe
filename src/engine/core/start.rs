//! Start: what starts next, and the account of what has.
//!
//! A unit is what starts in one step: a node, or a chain of nodes joined by pipes. Unaware of how a
//! child is made.

use std::cmp::Reverse;
use std::time::Duration;

use super::nodes::State;
use super::ready::{Line, Rank, Ready};
use super::slots::{Claim, Full, Permit};
use super::timers::Timer;
use super::{Core, Effect, Start};
use crate::event::{EventKind, ItemRef};
use crate::model::{AttemptId, Deliver, NodeId, PoolId};
use crate::plan::{Node, Plan};

/// An attempt that the core knows of.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) node: NodeId,
    pub(super) number: u32,
    pub(super) slot: u32,
    /// Its slots, while its child lives.
    pub(super) permit: Option<Permit>,
    /// Whether its child lives.
    pub(super) alive: bool,
    /// Whether it was told as started.
    pub(super) told: bool,
    /// Whether it was asked to end, and why.
    pub(super) stopping: Option<Stopping>,
    /// Its timers.
    pub(super) rings: Vec<(Duration, Timer)>,
}

/// Why an attempt was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopping {
    /// It is out of time.
    Time,
    /// The run stops.
    Run,
    /// Nobody is left to read what it makes.
    Unread,
    /// It is an endless reader, and everything is read.
    Done,
}

/// What starts in one step.
#[derive(Debug)]
pub(super) struct Units {
    units: Vec<Unit>,
    of_node: Vec<usize>,
}

/// A node, or nodes joined by pipes, in the order of the pipe.
#[derive(Debug)]
struct Unit {
    nodes: Vec<NodeId>,
    rank: Rank,
    /// The line of those that ask for its slots.
    counted: Line,
    /// The line of those that ask for none.
    exempt: Line,
}

impl Units {
    pub(super) fn new(plan: &Plan, ready: &mut Ready) -> Self {
        let mut units = Self { units: Vec::new(), of_node: vec![0; plan.nodes.len()] };
        for node in plan.nodes.iter().filter(|node| node.piped_from.is_none()) {
            let next = |node: &NodeId| plan.node(*node).piped_to;
            let nodes: Vec<_> = std::iter::successors(Some(node.id), next).collect();
            let unit = units.units.len();
            for node in &nodes {
                units.of_node[node.index()] = unit;
            }
            let members = || nodes.iter().map(|node| plan.node(*node));
            let rank = Rank {
                priority: Reverse(members().map(|node| node.priority).max().unwrap_or_default()),
                stage: Reverse(node.stage),
                path: Reverse(members().map(|node| node.path).max().unwrap_or_default()),
                unit,
            };
            let counted = |node: &&Node| !is_exempt(plan, node, 0);
            let pools: Vec<PoolId> =
                members().filter(counted).flat_map(|node| node.pools.iter().copied()).collect();
            let counted = ready.line(&pools);
            units.units.push(Unit { nodes, rank, counted, exempt: ready.line(&[]) });
        }
        units
    }
}

/// Returns whether an attempt holds no slots because it mostly waits for others: in a pool that it
/// does not name itself, the source of a queue or a pipe, and the first long-lived child of a
/// consumer.
fn mostly_waits(plan: &Plan, node: &Node, children: u32) -> bool {
    let long_lived = plan.job.processes[node.process]
        .consumes
        .as_ref()
        .is_some_and(|consumes| consumes.deliver == Deliver::Stream);
    let source = node.consumes.is_none() && !node.produces.is_empty();
    source || node.piped_to.is_some() || (long_lived && children == 0)
}

/// Returns whether an attempt counts nowhere.
fn is_exempt(plan: &Plan, node: &Node, children: u32) -> bool {
    !node.names_pools && mostly_waits(plan, node, children)
}

impl Core {
    /// Puts a node into its line, or takes it out, as it should be now; notices the end of a
    /// consumer.
    pub(super) fn reconsider(&mut self, node: NodeId) {
        if self.wants_to_start(node) {
            self.enter_line(node);
        } else {
            self.leave_line(node);
            self.end_consumer_if_done(node);
        }
    }

    fn wants_to_start(&self, node: NodeId) -> bool {
        let row = &self.rows[node.index()];
        let Some(queue) = self.plan.node(node).consumes else {
            return row.state == State::Ready && self.may_start(node);
        };
        matches!(row.state, State::Ready | State::Running)
            && row.broken.is_none()
            && row.children < self.plan.node(node).workers
            && self.queues[queue.index()].level.waiting > u64::from(self.unfed(node))
            && self.has_room_for(node)
            && self.may_start(node)
    }

    /// Returns how many long-lived children were started and had no time to take anything yet.
    fn unfed(&self, node: NodeId) -> u32 {
        if self.is_stream(node) { self.rows[node.index()].starting } else { 0 }
    }

    pub(super) fn is_stream(&self, node: NodeId) -> bool {
        let consumes = self.plan.process(node).consumes.as_ref();
        consumes.is_some_and(|consumes| consumes.deliver == Deliver::Stream)
    }

    fn enter_line(&mut self, node: NodeId) {
        // Whether it counts may have changed since it went in, and with it its line.
        self.leave_line(node);
        self.rows[node.index()].in_line = true;
        let unit = self.units.of_node[node.index()];
        let all_in = |node: &NodeId| self.rows[node.index()].in_line;
        if self.units.units[unit].nodes.iter().all(all_in) {
            self.ready.insert(self.line_of(unit), self.units.units[unit].rank);
        }
    }

    /// Takes a node out of its line; those joined to it by pipes wait with it.
    pub(super) fn leave_line(&mut self, node: NodeId) {
        if std::mem::take(&mut self.rows[node.index()].in_line) {
            let unit = &self.units.units[self.units.of_node[node.index()]];
            self.ready.remove(unit.counted, unit.rank);
            self.ready.remove(unit.exempt, unit.rank);
        }
    }

    fn line_of(&self, unit: usize) -> Line {
        let unit = &self.units.units[unit];
        let exempt = |id: &NodeId| {
            is_exempt(&self.plan, self.plan.node(*id), self.rows[id.index()].children)
        };
        if unit.nodes.iter().all(exempt) { unit.exempt } else { unit.counted }
    }

    /// Starts all that fits.
    pub(super) fn dispatch(&mut self) {
        while let Some((line, rank)) = self.ready.best() {
            match self.take_slots(rank.unit) {
                Ok(permits) => {
                    self.ready.remove(line, rank);
                    self.start_unit(rank.unit, permits);
                }
                Err(full) => {
                    self.ready.refused(line);
                    if let Full::Rate(pool, at) = full {
                        self.timers.set(at, Timer::Rate(pool));
                    }
                }
            }
        }
    }

    /// Takes the slots of every node of a unit, or none.
    fn take_slots(&mut self, unit: usize) -> Result<Vec<Permit>, Full> {
        let nodes = self.units.units[unit].nodes.len();
        let mut permits = Vec::with_capacity(nodes);
        for index in 0..nodes {
            let node = self.plan.node(self.units.units[unit].nodes[index]);
            let waits = mostly_waits(&self.plan, node, self.rows[node.id.index()].children);
            let claim = Claim {
                pools: &node.pools,
                weight: node.weight,
                in_pools: node.names_pools || !waits,
                in_jobs: !waits,
            };
            match self.slots.take(self.now, claim) {
                Ok(permit) => permits.push(permit),
                Err(full) => {
                    for permit in permits {
                        let _ = self.slots.give_back(permit);
                    }
                    return Err(full);
                }
            }
        }
        Ok(permits)
    }

    fn start_unit(&mut self, unit: usize, permits: Vec<Permit>) {
        let mut starts = Vec::with_capacity(permits.len());
        for (index, permit) in permits.into_iter().enumerate() {
            let node = self.units.units[unit].nodes[index];
            self.rows[node.index()].in_line = false;
            starts.push(self.start_node(node, permit));
        }
        let nodes: Vec<_> = starts.iter().map(|start| start.node).collect();
        self.out.push(Effect::Start(starts));
        for node in nodes {
            self.reconsider_consumer(node);
        }
    }

    fn start_node(&mut self, node: NodeId, permit: Permit) -> Start {
        let attempt = AttemptId(self.next_attempt);
        self.next_attempt += 1;
        let lent =
            |(pool, slot): (PoolId, u32)| self.plan.pools[pool.index()].slots.get(slot as usize);
        let lent = permit.held().filter_map(lent).flatten().cloned().collect();
        let row = &mut self.rows[node.index()];
        row.children += 1;
        row.starting += 1;
        row.tries += 1;
        let (number, slot) = (row.tries, permit.slot());
        if row.state != State::Running {
            self.enter(node, State::Running);
        }
        if !self.is_stream(node)
            && let Some(queue) = self.plan.node(node).consumes
        {
            let level = &mut self.queues[queue.index()].level;
            level.waiting -= 1;
            level.busy += 1;
        }
        let running = Attempt {
            node,
            number,
            slot,
            permit: Some(permit),
            alive: true,
            told: false,
            stopping: None,
            rings: Vec::new(),
        };
        self.attempts.insert(attempt, running);
        Start { attempt, node, number, slot, lent }
    }

    /// Looks at a consumer again after something about it has changed; other nodes are left alone.
    pub(super) fn reconsider_consumer(&mut self, node: NodeId) {
        if self.plan.node(node).consumes.is_some() && !self.rows[node.index()].is_done() {
            self.reconsider(node);
        }
    }

    /// Takes in that a child was started.
    pub(super) fn started(&mut self, id: AttemptId, pid: u32, item: Option<(ItemRef, u32)>) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        attempt.told = true;
        let (node, slot) = (attempt.node, attempt.slot);
        let timeout = self.plan.process(node).timeout;
        let limits = [(timeout.total, Timer::Total(id)), (timeout.slow, Timer::Slow(id))];
        for (limit, timer) in limits {
            let Some(at) = limit.map(|limit| self.now + limit) else { continue };
            attempt.rings.push((at, timer));
            self.timers.set(at, timer);
        }
        let number = item.as_ref().map_or(attempt.number, |(_, number)| *number);
        let item = item.map(|(item, _)| item);
        self.tell(EventKind::AttemptStarted { attempt: id, node, number, slot, pid, item });
        let row = &mut self.rows[node.index()];
        row.starting -= 1;
        if row.started.is_none() && pid != 0 {
            row.started = Some(self.now);
            self.heard_start(node);
        }
        self.reconsider_consumer(node);
    }
}

//! Start: what starts next, and the account of what has.
//!
//! A unit is what starts in one step: a node, or a chain of nodes joined by pipes. Unaware of how a
//! child is made.

use std::cmp::Reverse;
use std::time::Duration;

use super::nodes::State;
use super::ready::{Lack, Line, Rank, Ready, Wants};
use super::slots::{Claim, Full, Permit};
use super::timers::Timer;
use super::{Core, Effect, Pace, Start};
use crate::engine::turns::Turns;
use crate::event::{EventKind, ItemRef};
use crate::model::{AttemptId, Deliver, NodeId, PoolId, Timeout};
use crate::plan::{Node, Plan};

/// An attempt that the core knows of.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Attempt {
    pub(super) node: NodeId,
    pub(super) number: u32,
    /// Which command of `finally` it is, counted from 0, if it is one.
    pub(super) step: Option<usize>,
    pub(super) slot: u32,
    /// Its slots, while its child lives.
    pub(super) permit: Option<Permit>,
    /// Whether its child lives.
    pub(super) alive: bool,
    /// Whether it was told as started.
    pub(super) told: bool,
    /// Whether it was asked to end, and why.
    pub(super) stopping: Option<Stopping>,
    /// Whether it was killed.
    pub(super) killed: bool,
    /// Whether it is a worker that only waits until there is room.
    pub(super) held_up: bool,
    /// After how long a fresh child is given what it has read, once that was carried out.
    pub(super) replays_in: Option<Duration>,
    /// When its child was started.
    pub(super) began: Duration,
    /// Its leader; zero as long as there is none.
    pub(super) pid: u32,
    /// What it has missed of the CPU.
    pub(super) turns: Turns,
    /// Its timers.
    pub(super) rings: Vec<(Duration, Timer)>,
}

impl Attempt {
    /// Returns an attempt whose child lives and that holds no slot yet.
    pub(super) fn new(node: NodeId, number: u32, now: Duration) -> Self {
        Self {
            node,
            number,
            step: None,
            slot: 0,
            permit: None,
            alive: true,
            told: false,
            stopping: None,
            killed: false,
            held_up: false,
            replays_in: None,
            began: now,
            pid: 0,
            turns: Turns::since(now),
            rings: Vec::new(),
        }
    }
}

/// Why an attempt was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopping {
    /// It ran for longer than `timeout.total`.
    Total,
    /// It printed nothing for longer than `timeout.idle`.
    Idle,
    /// The run stops.
    Run,
    /// Nobody is left to read what it makes.
    Unread,
    /// It is an endless reader, and everything is read; or a service that nobody needs any more.
    Done,
    /// A service that it needs is not there any more.
    Unserved(NodeId),
    /// It is a service that is not ready in time.
    Unready,
    /// Another cell of its matrix has failed, and `fail-fast` is set.
    FailedFast(NodeId),
}

/// What the children of a node spend their time with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Manner {
    /// Its own work, to the end.
    Works,
    /// A pipe waits for its reader.
    Pipes,
    /// The source of a queue waits for room.
    Feeds,
    /// A long-lived child waits for items.
    Reads,
    /// A service waits to be used.
    Serves,
}

impl Manner {
    /// Returns the manner of a node.
    pub(in crate::engine) fn of(plan: &Plan, node: &Node) -> Self {
        let consumes = plan.job.processes[node.process].consumes.as_ref();
        if consumes.is_some_and(|consumes| consumes.deliver.is_long_lived()) {
            Self::Reads
        } else if plan.job.processes[node.process].service.is_some() {
            Self::Serves
        } else if node.consumes.is_none() && !node.produces.is_empty() {
            Self::Feeds
        } else if node.piped_to.is_some() {
            Self::Pipes
        } else {
            Self::Works
        }
    }

    /// Returns whether its next child mostly waits for others: in a pool that it does not name
    /// itself such a child holds nothing.
    pub(super) fn waits(self, children: u32) -> bool {
        match self {
            Self::Works => false,
            Self::Pipes | Self::Feeds | Self::Serves => true,
            Self::Reads => children == 0,
        }
    }

    /// Returns whether its end depends on what others do, beyond those that start with it.
    pub(in crate::engine) fn is_long(self) -> bool {
        matches!(self, Self::Feeds | Self::Reads | Self::Serves)
    }
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
    /// Its line while it has no child, and while it has some.
    first: Line,
    more: Line,
    /// The line that it stands in.
    stands_in: Option<Line>,
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
            let first = ready.line(wants(plan, &nodes, 0));
            let more = if Manner::of(plan, node) == Manner::Reads {
                ready.line(wants(plan, &nodes, 1))
            } else {
                first
            };
            units.units.push(Unit { nodes, rank, first, more, stands_in: None });
        }
        units
    }

    /// Returns the nodes that start together with a node, itself among them.
    pub(super) fn of(&self, node: NodeId) -> &[NodeId] {
        &self.units[self.of_node[node.index()]].nodes
    }
}

/// Returns whether a node reads items of which each child gets a part of its own.
fn is_sharded(plan: &Plan, node: &Node) -> bool {
    let consumes = plan.job.processes[node.process].consumes.as_ref();
    consumes.is_some_and(|consumes| consumes.shard.is_some())
}

/// Returns what nodes claim that start together, where so many children of them live.
fn claims<'a>(plan: &'a Plan, nodes: &[NodeId], children: u32) -> Vec<Claim<'a>> {
    let claim = |id: &NodeId| {
        let node = plan.node(*id);
        let manner = Manner::of(plan, node);
        // Each child of a reader with shards reads one, so all of them are needed.
        let is_needed = manner == Manner::Reads && is_sharded(plan, node);
        let waits = manner.waits(children) || is_needed;
        Claim {
            pools: &node.pools,
            weight: node.weight,
            in_pools: node.names_pools || !waits,
            in_jobs: !waits,
            rated: true,
            long: manner.is_long(),
            extra: manner == Manner::Reads && children > 0 && !is_needed,
        }
    };
    nodes.iter().map(claim).collect()
}

/// Returns all that they ask for.
fn wants(plan: &Plan, nodes: &[NodeId], children: u32) -> Wants {
    let mut wants = Wants::default();
    for claim in claims(plan, nodes, children) {
        if claim.in_pools {
            wants.slots.extend(claim.pools.iter().map(|pool| (*pool, claim.weight)));
        }
        wants.in_jobs |= claim.in_jobs;
        wants.extra |= claim.extra;
    }
    let node = plan.node(nodes[0]);
    wants.item = node.consumes;
    let deliver = plan.process(node.id).consumes.as_ref().map(|consumes| consumes.deliver);
    if matches!(deliver, Some(Deliver::Stream | Deliver::Batch)) {
        wants.own = Some(node.id);
    }
    // Only a stage waits for room before it starts; a source waits in its own write.
    if node.consumes.is_some() {
        wants.room.clone_from(&node.produces);
    }
    wants
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
            let is_due = !self.is_service(node) || self.is_due(node);
            let lacks_nothing = row.state == State::Ready && row.unserved == 0;
            return lacks_nothing && is_due && self.may_start(node);
        };
        matches!(row.state, State::Ready | State::Running)
            && row.broken.is_none()
            && row.children < self.most_children(node)
            && !self.queues[queue.index()].is_drained()
            && self.may_start(node)
    }

    /// Returns how many children a consumer may have now.
    fn most_children(&self, node: NodeId) -> u32 {
        let workers = self.plan.node(node).workers;
        match self.pace(node) {
            Pace::Free => workers,
            Pace::One => 1,
            Pace::Paused | Pace::Down | Pace::Over => 0,
        }
    }

    pub(super) fn is_stream(&self, node: NodeId) -> bool {
        Manner::of(&self.plan, self.plan.node(node)) == Manner::Reads
    }

    fn enter_line(&mut self, node: NodeId) {
        self.rows[node.index()].in_line = true;
        let unit = self.units.of_node[node.index()];
        if !self.is_complete(unit) {
            return;
        }
        let Unit { first, more, stands_in, rank, .. } = self.units.units[unit];
        // What it asks for may have changed since it went in, and with it its line.
        let line = if self.rows[node.index()].children == 0 { first } else { more };
        if stands_in != Some(line) {
            self.take_out(unit);
            self.units.units[unit].stands_in = Some(line);
            self.ready.insert(line, rank);
        }
    }

    /// Returns whether all who start together are in line.
    pub(super) fn is_complete(&self, unit: usize) -> bool {
        self.units.units[unit].nodes.iter().all(|node| self.rows[node.index()].in_line)
    }

    /// Puts a node into the line of those that lack slots for what runs after them. No pipe joins
    /// it to others: what a pipe joins is not tried again, and keeps the slots that it had.
    pub(super) fn line_up_after(&mut self, node: NodeId) {
        let wants = Wants { after: true, ..wants(&self.plan, &[node], 0) };
        let line = self.ready.line(wants);
        let unit = &mut self.units.units[self.units.of_node[node.index()]];
        unit.stands_in = Some(line);
        self.ready.insert(line, unit.rank);
    }

    /// Returns whether a node stands in a line.
    pub(super) fn is_in_line(&self, node: NodeId) -> bool {
        self.units.units[self.units.of_node[node.index()]].stands_in.is_some()
    }

    /// Takes a node out of its line; those joined to it by pipes wait with it.
    pub(super) fn leave_line(&mut self, node: NodeId) {
        self.rows[node.index()].in_line = false;
        self.take_out(self.units.of_node[node.index()]);
    }

    fn take_out(&mut self, unit: usize) {
        let unit = &mut self.units.units[unit];
        if let Some(line) = unit.stands_in.take() {
            self.ready.remove(line, unit.rank);
        }
    }

    /// Starts all that fits.
    pub(super) fn dispatch(&mut self) {
        while let Some((line, rank)) = self.ready.best() {
            match self.take_all(rank) {
                Ok(permits) => self.start_unit(rank.unit, permits),
                Err((lack, all)) => self.ready.refuse(line, lack, all),
            }
        }
    }

    /// Takes all that a unit asks for, or nothing; then it says what is lacking, and whether
    /// whoever lacks the same need not try.
    fn take_all(&mut self, rank: Rank) -> Result<Vec<Permit>, (Lack, bool)> {
        let plan = std::rc::Rc::clone(&self.plan);
        let nodes = &self.units.units[rank.unit].nodes;
        let first = plan.node(nodes[0]);
        let is_after = self.rows[first.id.index()].state == State::Finally;
        let takes_terminal = !is_after && nodes.iter().any(|node| self.is_interactive(*node));
        if self.has_terminal.is_some() && takes_terminal {
            return Err((Lack::Terminal, false));
        }
        if let Some(lack) = self.lacks_in_queues(first) {
            // Others may want a smaller batch, have waited longer or have items to read again.
            return Err((lack, !matches!(lack, Lack::Batch(_) | Lack::Stream(_))));
        }
        let nodes = &self.units.units[rank.unit].nodes;
        let mut claims = claims(&plan, nodes, self.rows[nodes[0].index()].children);
        for claim in &mut claims {
            claim.rated = !is_after;
        }
        for pool in claims.iter().filter(|claim| claim.in_pools).flat_map(|claim| claim.pools) {
            // A heavy one is not starved by light ones, as long as the pool empties by itself. What
            // holds slots for long may wait for the very one that would have to stand behind.
            if self.slots.frees_itself(*pool) && self.ready.is_behind(rank, Lack::Pool(*pool)) {
                return Err((Lack::Pool(*pool), true));
            }
        }
        // What cleans up is no start that a pool counts, and waits for no memory.
        if !is_after && let Some(lack) = self.lacks_memory(first.id) {
            return Err((lack, true));
        }
        self.slots.take(self.now, &claims).map_err(|full| match full {
            Full::Pool(pool) => (Lack::Pool(pool), self.slots.frees_itself(pool)),
            Full::Spare(pool) => (Lack::Spare(pool), false),
            Full::Jobs => (Lack::Jobs, true),
            Full::SpareJobs => (Lack::SpareJobs, true),
            Full::Token => {
                self.ask_for_token();
                // Those differ that could do without, and that need more than one.
                (Lack::Token, false)
            }
            Full::Rate(pool, at) => {
                self.timers.set(at, Timer::Rate(pool));
                (Lack::Rate(pool), true)
            }
        })
    }

    fn start_unit(&mut self, unit: usize, permits: Vec<Permit>) {
        self.take_out(unit);
        let first = self.units.units[unit].nodes[0];
        if self.rows[first.index()].state == State::Finally {
            return self.start_finally(first, 0, permits.into_iter().next());
        }
        let mut starts = Vec::with_capacity(permits.len());
        for (index, permit) in permits.into_iter().enumerate() {
            let node = self.units.units[unit].nodes[index];
            self.rows[node.index()].in_line = false;
            starts.push(self.start_node(node, permit));
        }
        self.out.push(Effect::Start(starts));
        self.reconsider_consumer(first);
    }

    fn start_node(&mut self, node: NodeId, permit: Permit) -> Start {
        let attempt = self.new_attempt();
        let lent = self.lent(&permit);
        let row = &mut self.rows[node.index()];
        row.children += 1;
        row.tries += 1;
        // Of what consumes, items have tries.
        let number = if self.plan.node(node).consumes.is_some() { 1 } else { row.tries };
        let slot = permit.slot();
        if row.state != State::Running {
            self.enter(node, State::Running);
        }
        self.claim_item(node);
        let alone = self.pace(node) != Pace::Free;
        let row = &mut self.rows[node.index()];
        let replays = row.replays > 0;
        row.replays -= u32::from(replays);
        let permit = Some(permit);
        let running = Attempt { slot, permit, ..Attempt::new(node, number, self.now) };
        self.attempts.insert(attempt, running);
        if self.is_interactive(node) {
            self.has_terminal = Some(node);
        }
        self.living.insert((node, attempt));
        Start { attempt, node, number, slot, lent, alone, replays, finally: None }
    }

    /// Returns a number for one more attempt.
    pub(super) fn new_attempt(&mut self) -> AttemptId {
        let attempt = AttemptId(self.next_attempt);
        self.next_attempt += 1;
        attempt
    }

    /// Returns the variables that slots lend.
    pub(super) fn lent(&self, permit: &Permit) -> Vec<(String, String)> {
        let lent =
            |(pool, slot): (PoolId, u32)| self.plan.pools[pool.index()].slots.get(slot as usize);
        permit.held().filter_map(lent).flatten().cloned().collect()
    }

    /// Returns whether a node owns the terminal while it runs.
    pub(super) fn is_interactive(&self, node: NodeId) -> bool {
        self.plan.process(node).interactive
    }

    /// Looks at a consumer again after something about it has changed; other nodes are left alone.
    pub(super) fn reconsider_consumer(&mut self, node: NodeId) {
        if self.plan.node(node).consumes.is_some() && !self.rows[node.index()].is_done() {
            self.reconsider(node);
        }
    }

    /// Takes in that a child was started.
    pub(super) fn started(&mut self, id: AttemptId, pid: u32, item: Option<ItemRef>, number: u32) {
        let Some(attempt) = self.attempts.get(&id) else { return };
        if attempt.step.is_some() {
            return self.finally_started(id, pid);
        }
        let node = attempt.node;
        // Those of a worker are for each item, and the body watches over them.
        let is_worker = self.is_worker(node);
        let timeout = self.plan.process(node).timeout;
        let Timeout { total, slow, .. } = if is_worker { Timeout::default() } else { timeout };
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        attempt.told = true;
        attempt.pid = pid;
        let slot = attempt.slot;
        let limits = [(total, Timer::Total(id)), (slow, Timer::Slow(id))];
        for (limit, timer) in limits {
            if let Some(limit) = limit {
                self.ring_in(id, limit, timer);
            }
        }
        self.tell(EventKind::AttemptStarted { attempt: id, node, number, slot, pid, item });
        self.stream_started(node);
        let row = &mut self.rows[node.index()];
        if row.started.is_none() && pid != 0 {
            row.started = Some(self.now);
            self.heard_start(node);
        }
        if pid != 0 {
            self.attempts.entry(id).and_modify(|attempt| attempt.began = self.now);
            self.service_started(id, node);
        }
    }
}

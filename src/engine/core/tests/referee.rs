//! Referee: the laws of the core, asserted at everything that it does, in every test.
//!
//! It keeps its own books, from the plan and from what is done and told, so that it cannot share a
//! mistake with the core. Unaware of what is inside the core.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use crate::engine::core::{Answer, Level, Start};
use crate::event::{Event, EventKind, Outcome, Stop, Tally};
use crate::model::{AttemptId, Deliver, Emit, NodeId, PoolId, QueueId, RunWhen, When};
use crate::plan::{Node, Plan};

/// What an attempt holds: its node, slots of pools, and whether one of the bound over all.
type Held = (NodeId, Vec<(PoolId, u32)>, bool);

/// The keeper of the laws.
#[derive(Debug)]
pub(in crate::engine::core) struct Referee {
    plan: Rc<Plan>,
    pub(in crate::engine::core) tally: Tally,
    /// Attempts that have a child.
    living: BTreeMap<AttemptId, Held>,
    /// Slots in use, by pool, and of the bound over all.
    used: Vec<u32>,
    jobs: u32,
    children: Vec<u32>,
    /// Attempts that were told as started and not as ended.
    told: BTreeSet<AttemptId>,
    started: BTreeSet<NodeId>,
    /// Nodes that were asked for, those whose conditions hold, and those that need not run.
    asked: BTreeSet<NodeId>,
    held: BTreeSet<NodeId>,
    excused: BTreeSet<NodeId>,
    /// Nodes of which it was said that they need not have run.
    pub(in crate::engine::core) idle: BTreeSet<NodeId>,
    /// What runs after a node now, and how often something did.
    after: BTreeMap<AttemptId, Held>,
    finallies: BTreeMap<NodeId, usize>,
    /// Services that can be used.
    ready: BTreeSet<NodeId>,
    pub(in crate::engine::core) outcomes: BTreeMap<NodeId, (Outcome, Option<String>)>,
    /// Levels as they were told.
    pub(in crate::engine::core) levels: Vec<Level>,
    closed: BTreeSet<QueueId>,
    pub(in crate::engine::core) abandoned: BTreeSet<QueueId>,
    drained: BTreeSet<QueueId>,
    pub(in crate::engine::core) stop: Option<Stop>,
    over: bool,
}

impl Referee {
    pub(in crate::engine::core) fn new(plan: &Rc<Plan>) -> Self {
        let mut tally = Tally::default();
        for kind in declarations(plan) {
            tally.count(&Event { at: Duration::ZERO, kind });
        }
        Self {
            tally,
            living: BTreeMap::new(),
            used: vec![0; plan.pools.len()],
            jobs: 0,
            children: vec![0; plan.nodes.len()],
            told: BTreeSet::new(),
            started: BTreeSet::new(),
            asked: BTreeSet::new(),
            held: BTreeSet::new(),
            excused: BTreeSet::new(),
            idle: BTreeSet::new(),
            after: BTreeMap::new(),
            finallies: BTreeMap::new(),
            ready: BTreeSet::new(),
            outcomes: BTreeMap::new(),
            levels: vec![Level::default(); plan.queues.len()],
            closed: BTreeSet::new(),
            abandoned: BTreeSet::new(),
            drained: BTreeSet::new(),
            stop: None,
            over: false,
            plan: Rc::clone(plan),
        }
    }

    pub(in crate::engine::core) fn level_was_told(&mut self, queue: QueueId, level: Level) {
        self.levels[queue.index()] = level;
    }

    /// Judges the start of a child.
    pub(in crate::engine::core) fn start(&mut self, start: &Start) {
        let plan = Rc::clone(&self.plan);
        let node = plan.node(start.node);
        assert!(!self.over, "`{}` was started after the end of the run", node.name);
        assert!(!self.outcomes.contains_key(&node.id), "`{}` was started after its end", node.name);
        self.edges_are_met(node, false);
        let asks = !plan.process(node.id).conditions.is_empty();
        assert!(!asks || self.held.contains(&node.id), "`{}` was started unasked", node.name);
        if plan.process(node.id).service.is_some() {
            let wanted = self.users(node.id).any(|user| self.lacks_only_services(user));
            assert!(wanted, "service `{}` was started for nobody", node.name);
        }
        self.stop_allows(node);
        self.there_is_room(node);
        self.take(start.attempt, node);
    }

    /// Judges the start of what runs after a node.
    pub(in crate::engine::core) fn finally(&mut self, start: &Start) {
        let plan = Rc::clone(&self.plan);
        let (node, process) = (plan.node(start.node), plan.process(start.node));
        let name = &node.name;
        let count = self.finallies.entry(start.node).or_default();
        let finally = start.finally.expect("it is one");
        assert_eq!(finally.step, *count, "what runs after `{name}` runs in order, and once");
        *count += 1;
        assert!(self.stop != Some(Stop::Kill), "it was started although all is killed");
        assert!(self.started.contains(&start.node), "`{name}` has never started");
        assert_eq!(self.children[start.node.index()], 0, "`{name}` has a child");
        assert!(!self.outcomes.contains_key(&start.node), "`{name}` has ended");
        let has_slots = node.consumes.is_none() && process.emit != Emit::OnSuccess;
        let lacks = has_slots && finally.slot.is_none();
        assert!(has_slots || finally.slot.is_none(), "`{name}` has slots after its end");
        assert!(!lacks || self.all_wait(), "what runs after `{name}` has no slots");
        let held = if has_slots && !lacks { self.hold(node) } else { (node.id, Vec::new(), false) };
        assert!(self.after.insert(start.attempt, held).is_none());
    }

    /// Returns whether all that runs may wait for others, and for ever.
    fn all_wait(&self) -> bool {
        let waits = |(id, ..): &Held| {
            let node = self.plan.node(*id);
            let serves = self.plan.process(*id).service.is_some();
            serves || !node.produces.is_empty() || node.consumes.is_some()
        };
        self.after.is_empty() && self.living.values().all(waits)
    }

    /// Asserts that all that is to run after a node has.
    fn finally_ran(&self, node: NodeId) {
        let ran = self.finallies.get(&node).copied().unwrap_or_default();
        let due = self.plan.process(node).finally.len();
        let due = if self.started.contains(&node) { due } else { 0 };
        let cut_short = self.stop.is_some_and(|stop| stop >= Stop::Abort);
        assert!(ran == due || ran < due && cut_short, "{node}: {ran} of {due} ran after it");
        let at_least = usize::from(due > 0 && self.stop != Some(Stop::Kill));
        assert!(ran >= at_least, "nothing ran after {node}");
    }

    /// Judges that the conditions of a node are asked.
    pub(in crate::engine::core) fn asked(&mut self, node: NodeId) {
        let plan = Rc::clone(&self.plan);
        assert!(!plan.process(node).conditions.is_empty(), "{node} asks nothing");
        assert!(!self.outcomes.contains_key(&node), "{node} was asked for after its end");
        assert!(self.asked.insert(node), "{node} was asked for twice");
        self.edges_are_met(plan.node(node), true);
    }

    /// Takes in an answer that comes in time.
    pub(in crate::engine::core) fn answered(&mut self, node: NodeId, answer: &Answer) {
        match answer {
            _ if self.outcomes.contains_key(&node) => {}
            Answer::Holds => drop(self.held.insert(node)),
            Answer::Unmet(_) => drop(self.excused.insert(node)),
            Answer::Unanswered(_) => {}
        }
    }

    /// Returns whether a node did not run because it, or what makes all that it would do, need not.
    fn is_excused(&self, id: NodeId) -> bool {
        let node = self.plan.node(id);
        let skipped = |id: &NodeId| matches!(self.outcomes.get(id), Some((Outcome::Skipped, _)));
        let is_idle = |queue: QueueId| {
            let queue = &self.plan.queues[queue.index()];
            let mut feeds = queue.producers.iter().chain(&queue.dead_of);
            self.plan.queue(queue.id).items.is_none() && feeds.all(|id| self.is_excused(*id))
        };
        let was_idle = || self.drained.contains(&node.consumes?).then_some(node.consumes?);
        let mut joined = self.chain(id);
        skipped(&id)
            && (joined.any(|id| self.excused.contains(&id)) || was_idle().is_some_and(is_idle))
    }

    /// Judges that a node need not have run.
    pub(in crate::engine::core) fn need_not_have_run(&mut self, node: NodeId) {
        assert!(self.is_excused(node), "{node} should have run");
        assert!(self.idle.insert(node), "{node} was excused twice");
    }

    /// Returns the nodes that pipes join to a node, itself among them.
    fn chain(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let before = move |id: &NodeId| self.plan.node(*id).piped_from;
        let after = move |id: &NodeId| self.plan.node(*id).piped_to;
        let behind = std::iter::successors(after(&id), after);
        std::iter::successors(Some(id), before).chain(behind)
    }

    /// Judges the edges of a node that starts, or that is asked for before its services come.
    fn edges_are_met(&self, node: &Node, early: bool) {
        let run = self.plan.process(node.id).run;
        for (needed, when) in &node.needs {
            let outcome = self.outcomes.get(needed).map(|(outcome, _)| *outcome);
            let is_service = self.plan.process(*needed).service.is_some();
            let met = match when {
                When::Started | When::Ready if early && is_service => continue,
                When::Passed if run == RunWhen::OnSuccess => {
                    outcome.is_some_and(is_good) || self.is_excused(*needed)
                }
                When::Passed | When::Ended => outcome.is_some(),
                When::Failed => outcome.is_some_and(|outcome| {
                    outcome.is_failure() || outcome == Outcome::AllowedFailure
                }),
                When::Ready => self.ready.contains(needed),
                When::Started if is_service => self.children[needed.index()] > 0,
                // A consumer has started when it would take an item.
                When::Started => {
                    self.started.contains(needed) || self.plan.node(*needed).consumes.is_some()
                }
            };
            assert!(met, "`{}` was started and needs {when:?} of {needed}: {outcome:?}", node.name);
        }
        for before in &node.after {
            assert!(self.outcomes.contains_key(before), "`{}` comes after {before}", node.name);
        }
        let failed = self.tally.failures() > 0 || self.stop == Some(Stop::Deadline);
        assert!(run != RunWhen::OnFailure || failed, "`{}` waits for a failure", node.name);
    }

    /// Returns those that need a service and have not ended.
    fn users(&self, service: NodeId) -> impl Iterator<Item = &Node> {
        let needs = move |node: &&Node| {
            node.needs.iter().any(|(needed, when)| *needed == service && when.holds())
        };
        let lives = |node: &&Node| !self.outcomes.contains_key(&node.id);
        self.plan.nodes.iter().filter(needs).filter(lives)
    }

    /// Returns whether everything else that a node needs was there once.
    fn lacks_only_services(&self, node: &Node) -> bool {
        let is_service = |id: NodeId| self.plan.process(id).service.is_some();
        node.after.iter().all(|id| self.outcomes.contains_key(id))
            && node.needs.iter().all(|(id, when)| {
                when.holds() && (is_service(*id) || self.started.contains(id))
                    || self.outcomes.contains_key(id)
                    || self.plan.node(*id).consumes.is_some()
            })
    }

    /// Judges that a child was asked to end.
    pub(in crate::engine::core) fn signalled(&self, attempt: AttemptId) {
        if self.after.contains_key(&attempt) {
            return;
        }
        let node = self.living[&attempt].0;
        let is_service = |id: NodeId| self.plan.process(id).service.is_some();
        let lost = |(needed, when): &(NodeId, When)| {
            when.holds() && is_service(*needed) && self.outcomes.contains_key(needed)
        };
        let has_lost_its_own = self.plan.node(node).needs.iter().any(lost);
        if self.ready.contains(&node) && self.stop != Some(Stop::Kill) && !has_lost_its_own {
            let user = self.users(node).next().map(|user| &user.name);
            assert_eq!(user, None, "service {node} was stopped and is still needed");
        }
    }

    fn stop_allows(&self, node: &Node) {
        if self.plan.process(node.id).service.is_some() {
            assert!(self.stop != Some(Stop::Kill), "`{}` was started after that", node.name);
            return;
        }
        let run = self.plan.process(node.id).run;
        let handles = node.needs.iter().any(|(_, w)| matches!(w, When::Failed | When::Ended));
        let cleanup = run != RunWhen::OnSuccess || handles;
        let allowed = match self.stop {
            None => true,
            Some(Stop::Failure) => cleanup || node.consumes.is_some(),
            Some(Stop::Abort | Stop::Deadline) => cleanup,
            Some(Stop::Finish | Stop::Terminate | Stop::Interrupt) => run == RunWhen::Always,
            Some(Stop::Kill) => false,
        };
        assert!(allowed, "`{}` was started after {:?}", node.name, self.stop);
    }

    fn there_is_room(&self, node: &Node) {
        let Some(queue) = node.consumes else { return };
        assert!(self.levels[queue.index()].put > 0, "`{}` was started for no item", node.name);
        assert!(self.children[node.id.index()] < node.workers, "too many of `{}`", node.name);
        for queue in &node.produces {
            let full = self.levels[queue.index()].full && !self.abandoned.contains(queue);
            assert!(!full, "`{}` was started, {queue} is full", node.name);
        }
    }

    fn take(&mut self, attempt: AttemptId, node: &Node) {
        let held = self.hold(node);
        self.children[node.id.index()] += 1;
        assert!(self.living.insert(attempt, held).is_none());
    }

    /// Counts what one more attempt of a node holds.
    fn hold(&mut self, node: &Node) -> Held {
        let consumes = self.plan.process(node.id).consumes.as_ref();
        let streams = consumes
            .is_some_and(|consumes| matches!(consumes.deliver, Deliver::Stream | Deliver::Worker));
        let waits = node.consumes.is_none() && !node.produces.is_empty()
            || node.piped_to.is_some()
            || self.plan.process(node.id).service.is_some()
            || streams && self.children[node.id.index()] == 0;
        let counts = node.names_pools || !waits;
        let pools = node.pools.iter().filter(|_| counts).map(|pool| (*pool, node.weight));
        let pools: Vec<_> = pools.collect();
        for (pool, weight) in &pools {
            self.used[pool.index()] += weight;
            let planned = &self.plan.pools[pool.index()];
            assert!(self.used[pool.index()] <= planned.size, "pool `{}`", planned.name);
        }
        self.jobs += u32::from(!waits);
        assert!(self.plan.jobs.is_none_or(|jobs| self.jobs <= jobs), "the bound over all pools");
        (node.id, pools, !waits)
    }

    /// Takes in that a child is over, or never came to be.
    pub(in crate::engine::core) fn child_is_over(&mut self, attempt: AttemptId) {
        let after = self.after.remove(&attempt);
        let is_after = after.is_some();
        let held = after.or_else(|| self.living.remove(&attempt));
        let (node, pools, in_jobs) = held.expect("it was started");
        for (pool, weight) in pools {
            self.used[pool.index()] -= weight;
        }
        self.jobs -= u32::from(in_jobs);
        self.children[node.index()] -= u32::from(!is_after);
    }

    /// Judges an event.
    pub(in crate::engine::core) fn told(&mut self, at: Duration, kind: &EventKind) {
        assert!(!self.over, "told after the end: {kind:?}");
        self.tally.count(&Event { at, kind: kind.clone() });
        match kind {
            EventKind::AttemptStarted { attempt, node, pid, .. } => {
                assert!(self.told.insert(*attempt), "started twice");
                if *pid != 0 {
                    self.started.insert(*node);
                }
            }
            EventKind::FinallyStarted { attempt, .. } => {
                assert!(self.told.insert(*attempt), "started twice");
            }
            EventKind::FinallyEnded { attempt, .. } => {
                assert!(self.told.remove(attempt), "ended and was not started, or ended twice");
            }
            EventKind::ServiceReady { node, .. } => {
                assert!(self.ready.insert(*node), "ready twice");
            }
            EventKind::AttemptEnded { attempt, node, .. } => {
                self.ready.remove(node);
                assert!(self.told.remove(attempt), "ended and was not started, or ended twice");
            }
            EventKind::NodeEnded { node, outcome, reason, .. } => {
                assert_eq!(self.children[node.index()], 0, "{node} ended and has a child");
                self.finally_ran(*node);
                let fresh = self.outcomes.insert(*node, (*outcome, reason.clone())).is_none();
                assert!(fresh, "{node} ended twice");
                let given_up = reason.as_deref().is_some_and(|r| r.starts_with("nothing goes on"));
                assert!(!given_up, "{node} was left over: {reason:?}");
            }
            EventKind::StopAsked { stop, .. } => {
                assert!(self.stop.is_none_or(|now| now < *stop), "a weaker stop");
                self.stop = Some(*stop);
            }
            EventKind::QueueClosed { queue } => assert!(self.closed.insert(*queue)),
            EventKind::QueueDrained { queue, done, dead, left } => {
                assert!(self.closed.contains(queue), "drained before it was closed");
                assert!(self.drained.insert(*queue));
                assert_eq!(self.levels[queue.index()].put, done + dead + left);
            }
            _ => {}
        }
    }

    /// Judges the end of the run.
    pub(in crate::engine::core) fn end(&mut self) {
        assert!(!std::mem::replace(&mut self.over, true), "the run ended twice");
        assert_eq!(self.outcomes.len(), self.plan.nodes.len());
        assert!(self.living.is_empty() && self.after.is_empty() && self.told.is_empty());
        assert_eq!((self.used.iter().sum::<u32>(), self.jobs), (0, 0));
        assert!(self.excused.is_subset(&self.idle), "an answer was forgotten");
        assert_eq!(self.drained.len(), self.plan.queues.len(), "a queue was not drained");
        let failed = self.outcomes.values().any(|(outcome, _)| outcome.is_failure());
        let stopped = self.stop.is_some();
        assert_eq!(self.tally.exit() != 0, failed || stopped, "{:?}", self.outcomes);
    }
}

/// Returns whether those that need it may start.
fn is_good(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Passed
            | Outcome::Flaky
            | Outcome::Cached
            | Outcome::AllowedFailure
            | Outcome::Stopped
    )
}

/// Returns the events that come before everything else.
fn declarations(plan: &Plan) -> impl Iterator<Item = EventKind> {
    let queues = plan.queues.iter().map(|queue| {
        let declared = plan.queue(queue.id);
        let (name, capacity) = (declared.name.clone(), declared.capacity);
        EventKind::QueueDeclared { queue: queue.id, name, capacity }
    });
    let nodes = plan.nodes.iter().map(|node| EventKind::NodeDeclared {
        node: node.id,
        name: node.name.clone(),
        process: plan.process(node.id).name.clone(),
        cell: BTreeMap::new(),
        consumes: node.consumes,
        produces: node.produces.clone(),
        pools: Vec::new(),
        expected: None,
        service: plan.process(node.id).service.is_some(),
        inherits: false,
    });
    queues.chain(nodes)
}

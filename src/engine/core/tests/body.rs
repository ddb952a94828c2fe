//! Body: the driver of a test. It carries out effects against children that a test ends as it
//! likes, queues of numbers and virtual time.
//!
//! A prompt body tells everything at once, as stories want it; a late one tells starts, levels and
//! settlements only when it is asked to, in any order, as laws want it. Unaware of what is tested.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use super::child::Child;
use super::machine::Machine;
use super::referee::Referee;
use super::stock::{Item, Stock};
use crate::engine::core::{Core, Effect, Ended, Input, Level, Settlement, Start};
use crate::event::{EventKind, Exit, ItemRef, Logs, Stop, Text, Verdict};
use crate::model::{Ack, AttemptId, Batch, Deliver, Emit, NodeId, OnEnd, QueueId};
use crate::plan::Plan;

/// Items that a child of a late body makes at most.
const MOST_ITEMS: u64 = 4;

/// The body.
#[derive(Debug)]
pub(in crate::engine::core) struct Body {
    pub(in crate::engine::core) core: Core,
    pub(in crate::engine::core) plan: Rc<Plan>,
    pub(in crate::engine::core) referee: Referee,
    pub(in crate::engine::core) now: Duration,
    pub(in crate::engine::core) late: bool,
    pub(in crate::engine::core) queues: Vec<Stock>,
    pub(in crate::engine::core) children: BTreeMap<AttemptId, Child>,
    pub(in crate::engine::core) settling: BTreeMap<AttemptId, (Child, Settlement)>,
    /// Queues whose level is to be told.
    pub(in crate::engine::core) untold: BTreeSet<QueueId>,
    /// Static items that are still to be put in.
    pub(in crate::engine::core) feeding: BTreeMap<QueueId, u64>,
    /// Static items that nobody asked for.
    items: BTreeMap<QueueId, u64>,
    /// What failed long-lived children had read, and which try of it is next.
    replays: BTreeMap<NodeId, Vec<(u64, u32)>>,
    /// Services of which it is asked whether they are ready.
    pub(in crate::engine::core) probes: BTreeSet<AttemptId>,
    pub(in crate::engine::core) events: Vec<EventKind>,
    pub(in crate::engine::core) over: bool,
    pub(in crate::engine::core) machine: Machine,
    /// Effects that were carried out.
    pub(in crate::engine::core) effects: u64,
}

impl Body {
    pub(in crate::engine::core) fn new(plan: Plan, late: bool) -> Self {
        let plan = Rc::new(plan);
        let stock = |queue: &crate::plan::Queue| Stock::new(plan.queue(queue.id).capacity);
        let items = |queue: &crate::plan::Queue| match plan.queue(queue.id).items.as_ref()? {
            crate::model::Items::List(items) => Some((queue.id, items.len() as u64)),
            _ => panic!("tests list items"),
        };
        Self {
            core: Core::new(Rc::clone(&plan)),
            referee: Referee::new(&plan),
            now: Duration::ZERO,
            late,
            queues: plan.queues.iter().map(stock).collect(),
            children: BTreeMap::new(),
            settling: BTreeMap::new(),
            untold: BTreeSet::new(),
            items: plan.queues.iter().filter_map(items).collect(),
            feeding: BTreeMap::new(),
            replays: BTreeMap::new(),
            probes: BTreeSet::new(),
            events: Vec::new(),
            over: false,
            machine: Machine::default(),
            effects: 0,
            plan,
        }
    }

    /// Tells the core something and does what it says, with all that comes of it.
    pub(in crate::engine::core) fn on(&mut self, input: Input) {
        let effects = self.core.on(self.now, input);
        self.do_all(effects);
        while !self.late && self.still() {}
    }

    fn do_all(&mut self, effects: Vec<Effect>) {
        let mut inputs = VecDeque::new();
        self.do_some(effects, &mut inputs);
        loop {
            if inputs.is_empty() && !self.late && !self.over {
                inputs.extend(self.next_input());
            }
            let Some(input) = inputs.pop_front() else { return };
            let effects = self.core.on(self.now, input);
            self.do_some(effects, &mut inputs);
        }
    }

    /// Says that everything was told, if it was. Returns whether that had an effect.
    pub(in crate::engine::core) fn still(&mut self) -> bool {
        let is_told =
            self.untold_queues().next().is_none() && self.children.values().all(|child| child.told);
        let is_due = self.queues.iter().any(|queue| queue.next_due().is_some());
        let before = self.effects;
        if is_told && !is_due && !self.over {
            let effects = self.core.on(self.now, Input::Still);
            self.do_all(effects);
        }
        self.effects > before
    }

    /// Returns something that is to be told, if there is anything.
    fn next_input(&mut self) -> Option<Input> {
        if let Some((id, _)) = self.children.iter().find(|(_, child)| !child.told) {
            let id = *id;
            return Some(self.start_to_tell(id));
        }
        let settled = self.settling.keys().copied().find(|id| self.can_settle(*id));
        if let Some(id) = settled {
            return self.carry_out(id);
        }
        let fed = self.feeding.keys().copied().find(|queue| self.can_feed(*queue));
        if let Some(queue) = fed {
            return self.feed_one(queue).or_else(|| self.next_input());
        }
        let queue = self.untold_queues().next()?;
        Some(self.level_to_tell(queue))
    }

    /// Tells that a child was started; one whose pid is 0 could not be.
    pub(in crate::engine::core) fn start_to_tell(&mut self, id: AttemptId) -> Input {
        let child = self.children.get_mut(&id).expect("it lives");
        child.told = true;
        let number = child.one().map_or(child.start.number.max(child.tries), |item| item.number);
        let item = child.one().map(item_ref);
        Input::Started { attempt: id, pid: 7, item, number }
    }

    pub(in crate::engine::core) fn level_to_tell(&mut self, queue: QueueId) -> Input {
        self.untold.remove(&queue);
        let level = Level { blocked: self.is_blocked(queue), ..self.queues[queue.index()].level() };
        self.referee.level_was_told(queue, level);
        Input::Levels(vec![(queue, level)])
    }

    fn do_some(&mut self, effects: Vec<Effect>, inputs: &mut VecDeque<Input>) {
        for effect in effects {
            self.effects += 1;
            self.perform(effect, inputs);
        }
    }

    fn perform(&mut self, effect: Effect, inputs: &mut VecDeque<Input>) {
        match effect {
            Effect::Start(starts) => {
                for start in starts {
                    self.referee.start(&start);
                    inputs.extend(self.start(start));
                }
            }
            Effect::Finally(start) => {
                self.referee.finally(&start);
                self.start_child(start, (Vec::new(), 0, 1), 0);
            }
            Effect::Signal { attempt, signal } => {
                let child = self.children.get_mut(&attempt).expect("signalled, and does not live");
                assert!(child.signals.is_empty(), "signalled twice");
                child.signals.push(signal);
                self.referee.signalled(attempt);
            }
            Effect::Kill { attempt } => {
                let child = self.children.get_mut(&attempt).expect("killed, and does not live");
                assert!(!std::mem::replace(&mut child.killed, true), "killed twice");
            }
            Effect::Probe { attempt } => {
                assert!(self.children.contains_key(&attempt), "probed, and does not live");
                assert!(self.probes.insert(attempt), "probed twice at the same time");
            }
            Effect::Ask(node) => self.ask(node),
            Effect::Excuse(node) => self.referee.need_not_have_run(node),
            Effect::Settle { attempt, how, .. } => {
                self.settling.get_mut(&attempt).expect("it ended").1 = how;
            }
            Effect::Pace { .. } | Effect::Discard { .. } | Effect::Forsake(_) => {}
            Effect::Feed(queue) => {
                self.feeding.extend(self.items.remove_entry(&queue));
            }
            Effect::Close(queue) => {
                self.queues[queue.index()].close();
                self.untold.insert(queue);
            }
            Effect::Abandon { queue, .. } => {
                self.queues[queue.index()].abandon();
                self.referee.abandoned.insert(queue);
                self.untold.insert(queue);
                if let Some(left) = self.feeding.get_mut(&queue) {
                    *left = 0;
                }
            }
            Effect::Tell(kind) => {
                if let EventKind::NodeEnded { node, .. } = kind {
                    self.leave_replays(node);
                }
                self.referee.told(self.now, &kind);
                self.events.push(kind);
            }
            Effect::End => {
                self.referee.end();
                self.over = true;
            }
            asked => inputs.extend(self.machine.answer(&asked)),
        }
    }

    fn start(&mut self, start: Start) -> Option<Input> {
        let node = self.plan.node(start.node);
        let (mut items, mut kept, mut tries) = (Vec::new(), 0, 1);
        if start.replays {
            (kept, tries) = self.replays.get_mut(&start.node).and_then(Vec::pop).expect("kept");
        }
        if let Some(queue) = node.consumes.filter(|_| !self.lives_long(start.node)) {
            let stock = &mut self.queues[queue.index()];
            items = match self.plan.process(start.node).consumes.as_ref().expect("it does").batch {
                Batch { items: Some(_), .. } if start.alone => stock.take_batch(1),
                Batch { items: Some(most), .. } => stock.take_batch(most),
                Batch { items: None, .. } => stock.take().into_iter().collect(),
            };
            if items.is_empty() {
                self.referee.child_is_over(start.attempt);
                return Some(Input::Missed { attempt: start.attempt });
            }
            self.untold.insert(queue);
        }
        let goal = match (self.publishes(start.node), self.late) {
            (false, _) => 0,
            (true, false) => u64::MAX,
            (true, true) => start.attempt.0 % (MOST_ITEMS + 1),
        };
        self.start_child(start, (items, kept, tries), goal);
        None
    }

    /// Ends a child.
    pub(in crate::engine::core) fn end_child(&mut self, id: AttemptId, exit: Exit) {
        self.end_with(id, |ended| ended.exit = exit);
    }

    /// Ends a child in any way.
    pub(in crate::engine::core) fn end_with(
        &mut self,
        id: AttemptId,
        how: impl FnOnce(&mut Ended),
    ) {
        if !self.children[&id].told {
            let told = self.start_to_tell(id);
            self.on(told);
        }
        let child = self.children.remove(&id).expect("it lives");
        self.probes.remove(&id);
        let consumes = self.plan.process(child.node).consumes.as_ref();
        let is_worker = consumes.is_some_and(|consumes| consumes.deliver == Deliver::Worker);
        let queue = self.plan.node(child.node).consumes;
        let is_at_end = queue.is_some_and(|queue| self.queues[queue.index()].is_at_end());
        let mut ended = Ended {
            exit: Exit::Code(0),
            took: Duration::ZERO,
            logs: Logs::default(),
            leftovers: Vec::new(),
            given: self.given(&child),
            command_at_fault: false,
            read: child.read,
            unread: 0,
            told_end: is_worker && is_at_end,
            in_hand: 0,
            fault: None,
        };
        how(&mut ended);
        self.referee.child_is_over(id);
        let node = child.node;
        let publishes = self.plan.process(node).emit == Emit::OnSuccess;
        let settles = self.plan.node(node).consumes.is_some() || publishes;
        if settles && child.start.finally.is_none() {
            self.settling.insert(id, (child, Settlement::Return));
        }
        self.on(Input::Ended { attempt: id, ended: Box::new(ended) });
    }

    /// Returns whether the next step of a settlement can be done.
    pub(in crate::engine::core) fn can_settle(&self, id: AttemptId) -> bool {
        let (child, how) = &self.settling[&id];
        child.held == 0 || *how != Settlement::Accept || self.has_room(child.node)
    }

    /// Carries out a settlement.
    pub(in crate::engine::core) fn settle(&mut self, id: AttemptId) {
        if let Some(input) = self.carry_out(id) {
            self.on(input);
        }
    }

    /// Publishes one of the items that were held back, or carries the rest out.
    fn carry_out(&mut self, id: AttemptId) -> Option<Input> {
        let (child, how) = self.settling.get_mut(&id).expect("it is to be settled");
        let node = child.node;
        if *how == Settlement::Accept && child.held > 0 {
            child.held -= 1;
            self.put(node);
            return self.untold.first().copied().map(|queue| self.level_to_tell(queue));
        }
        let (child, how) = self.settling.remove(&id).expect("it was just there");
        let Some(queue) = self.plan.node(node).consumes else {
            return Some(Input::Settled { attempt: id });
        };
        let stock = &mut self.queues[queue.index()];
        match (how, &child.items[..]) {
            (Settlement::Accept, []) => stock.settle_kept(child.kept, 0, 0),
            (Settlement::Bury, []) => stock.settle_kept(0, child.kept, 0),
            (Settlement::Again(_), []) => {
                self.replays.entry(node).or_default().push((child.kept, child.tries + 1));
            }
            (Settlement::Halve | Settlement::Return, []) => stock.settle_kept(0, 0, child.kept),
            (Settlement::Accept, items) => items.iter().for_each(|_| stock.accept()),
            (Settlement::Return, items) => {
                items.iter().rev().for_each(|item| stock.give_back(*item));
            }
            (Settlement::Halve, [_, _, ..]) => stock.halve(child.items),
            (Settlement::Bury, [_]) => stock.bury(),
            (Settlement::Again(wait), [item]) => stock.again(*item, self.now + wait),
            (how, items) => panic!("{how:?} of {} items", items.len()),
        }
        self.untold.insert(queue);
        Some(Input::Settled { attempt: id })
    }

    pub(in crate::engine::core) fn can_feed(&self, queue: QueueId) -> bool {
        self.feeding[&queue] == 0 || self.queues[queue.index()].has_room()
    }

    /// Puts in a static item, or says that there are no more.
    pub(in crate::engine::core) fn feed(&mut self, queue: QueueId) {
        if let Some(input) = self.feed_one(queue) {
            self.on(input);
        }
    }

    fn feed_one(&mut self, queue: QueueId) -> Option<Input> {
        let left = self.feeding.get_mut(&queue).expect("it has static items");
        if *left == 0 {
            self.feeding.remove(&queue);
            return Some(Input::Fed { queue, fault: None });
        }
        *left -= 1;
        self.queues[queue.index()].put();
        self.untold.insert(queue);
        None
    }

    /// Returns whether all queues that a node feeds have room.
    pub(in crate::engine::core) fn has_room(&self, node: NodeId) -> bool {
        let produces = &self.plan.node(node).produces;
        produces.iter().all(|queue| self.queues[queue.index()].has_room())
    }

    /// Puts an item into all queues that a node feeds.
    pub(in crate::engine::core) fn put(&mut self, node: NodeId) {
        for queue in &self.plan.node(node).produces {
            self.queues[queue.index()].put();
            self.untold.insert(*queue);
        }
    }

    /// Lets a long-lived child read an item.
    pub(in crate::engine::core) fn read(&mut self, id: AttemptId) -> bool {
        let child = self.children.get_mut(&id).expect("it lives");
        let process = self.plan.process(child.node);
        let queue = self.plan.node(child.node).consumes.expect("it reads");
        let stock = &mut self.queues[queue.index()];
        if stock.keep().is_none() {
            return false;
        }
        child.read += 1;
        match process.consumes.as_ref().expect("it reads").ack {
            Ack::Exit => child.kept += 1,
            Ack::Read => stock.settle_kept(1, 0, 0),
        }
        self.untold.insert(queue);
        true
    }

    /// Returns the queues whose level is to be told.
    pub(in crate::engine::core) fn untold_queues(&self) -> impl Iterator<Item = QueueId> {
        let queues = self.plan.queues.iter().map(|queue| queue.id);
        queues.filter(|queue| {
            let was_blocked = self.referee.levels[queue.index()].blocked;
            self.untold.contains(queue) || self.is_blocked(*queue) != was_blocked
        })
    }

    /// Lets a worker have done with an item: it is done, tried again or dead.
    pub(in crate::engine::core) fn work(&mut self, id: AttemptId, how: u64) {
        let child = self.children.get_mut(&id).expect("it lives");
        let queue = self.plan.node(child.node).consumes.expect("it works");
        let max = self.plan.process(child.node).retry.max;
        let stock = &mut self.queues[queue.index()];
        let Some(item) = stock.take() else { return };
        child.read += 1;
        self.untold.insert(queue);
        let failed = (how < 3).then(|| Box::new((Verdict::Failed, Exit::Code(1))));
        let dead = failed.is_some() && item.number > max;
        match (&failed, dead) {
            (None, _) => stock.accept(),
            (Some(_), true) => stock.bury(),
            (Some(_), false) => stock.again(item, self.now + Duration::from_secs(1)),
        }
        let Item { index, number } = item;
        self.on(Input::Item { attempt: id, index, number, failed, dead });
    }

    /// Settles what a node that ended will not give to a fresh child any more.
    fn leave_replays(&mut self, node: NodeId) {
        let Some(queue) = self.plan.node(node).consumes else { return };
        for (kept, _) in self.replays.remove(&node).into_iter().flatten() {
            self.queues[queue.index()].settle_kept(0, 0, kept);
            self.untold.insert(queue);
        }
    }

    /// Returns whether somebody waits for room in a queue.
    pub(in crate::engine::core) fn is_blocked(&self, queue: QueueId) -> bool {
        let feeds = |child: &Child| self.plan.node(child.node).produces.contains(&queue);
        let settles = |(child, how): &(Child, Settlement)| {
            *how == Settlement::Accept && child.held > 0 && feeds(child)
        };
        !self.queues[queue.index()].has_room()
            && (self.feeding.get(&queue).is_some_and(|left| *left > 0)
                || self.settling.values().any(settles)
                || self.children.values().any(|child| child.held < child.goal && feeds(child)))
    }

    /// Returns whether a long-lived child has read all there is.
    pub(in crate::engine::core) fn is_at_end(&self, child: &Child) -> bool {
        let queue = self.plan.node(child.node).consumes.expect("it reads");
        self.queues[queue.index()].is_at_end()
    }

    pub(in crate::engine::core) fn is_endless(&self, child: &Child) -> bool {
        let consumes = self.plan.process(child.node).consumes.as_ref();
        consumes.is_some_and(|consumes| consumes.on_end == OnEnd::Terminate)
    }

    /// Returns when time itself is the next thing that happens.
    pub(in crate::engine::core) fn next_time(&self) -> Option<Duration> {
        let due = self.queues.iter().filter_map(Stock::next_due);
        due.chain(self.core.next_timer()).min()
    }

    /// Lets time pass, with everything that happens meanwhile by itself.
    pub(in crate::engine::core) fn pass(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(at) = self.next_time().filter(|at| *at <= end && !self.over) {
            self.now = self.now.max(at);
            for index in 0..self.queues.len() {
                if self.queues[index].ripen(self.now) {
                    self.untold.insert(QueueId::at(index));
                }
            }
            self.on(Input::Time);
        }
        self.now = end;
    }

    /// Answers whether a service is ready, or why not.
    pub(in crate::engine::core) fn answer(&mut self, id: AttemptId, refused: Option<&str>) {
        assert!(self.probes.remove(&id), "nobody asked");
        self.on(Input::Probed { attempt: id, refused: refused.map(str::to_owned) });
    }

    /// Asks the run to stop.
    pub(in crate::engine::core) fn stop(&mut self, stop: Stop) {
        let signal = match stop {
            Stop::Terminate => Some(15),
            Stop::Interrupt => Some(2),
            _ => None,
        };
        self.on(Input::Stop { stop, signal, reason: "a test said so".to_owned() });
    }
}

fn item_ref(item: Item) -> ItemRef {
    ItemRef { id: format!("q:{}", item.index), index: item.index, preview: Text::default() }
}

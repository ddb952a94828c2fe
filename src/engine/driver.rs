//! Driver: the body of a run, and its only loop.
//!
//! It waits for whatever happens next, asks the core what to do about it, and does that. All tasks
//! live in one set. Unaware of why the core decides as it does.
//!
//! Reading order: [`Driver`]; [`levels`] of queues, what is asked from [`outside`], and the
//! [`ceiling`] of a stop.

mod ceiling;
mod levels;
mod outside;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use super::attempt::{self, Finished, Remains};
use super::condition;
use super::context::Context;
use super::core::{Answer, Core, Effect, Input, Settlement, Start};
use super::fault::Fault;
use super::invocation::Given;
use super::orders::{Order, Orders};
use super::publish;
use super::signals::Signals;
use super::source;
use super::tty::Tty;
use super::worker::{self, Death};
use crate::child;
use crate::event::{EventKind, Stop, Verdict};
use crate::model::{AttemptId, Emit, NodeId, QueueId};
use crate::queue::{Changes, Item, Origin};

/// How often sinks redraw and queue levels are told: often enough to look alive, seldom enough to
/// cost nothing.
const TICK: Duration = Duration::from_millis(100);

/// The body of a run.
pub(super) struct Driver {
    context: Rc<Context>,
    core: Core,
    tasks: JoinSet<Done>,
    inbox: mpsc::Receiver<Input>,
    /// Inputs that came of an effect.
    next: VecDeque<Input>,
    signals: Signals,
    tty: Tty,
    changes: Changes,
    /// Queues whose level is to be told.
    untold: BTreeSet<QueueId>,
    /// When items of a queue are due.
    due: BTreeMap<QueueId, Instant>,
    hands: HashMap<AttemptId, Hand>,
    /// Who asks for the conditions of nodes.
    asked: HashMap<NodeId, AbortHandle>,
    ticks: Interval,
    /// When a stop has taken too long.
    ceiling: Option<Instant>,
    /// Whether a token is waited for.
    awaits_token: bool,
    /// Whether queues feed each other.
    has_circles: bool,
    over: bool,
}

/// The hold on one attempt.
struct Hand {
    node: NodeId,
    /// Whether it runs after its node.
    finally: bool,
    orders: Rc<Orders>,
    /// What waits for the core's decision, once its child is over.
    remains: Option<Remains>,
}

/// A task that ended.
enum Done {
    Attempt(Result<Box<Finished>, Fault>),
    Asked(NodeId, Result<Answer, Fault>),
    Published(AttemptId, Result<(), Fault>),
    Fed(QueueId, Result<(), Fault>),
}

impl Driver {
    /// Makes the body of a run.
    pub(super) fn new(
        context: Rc<Context>,
        inbox: mpsc::Receiver<Input>,
        changes: Changes,
        (signals, tty): (Signals, Tty),
    ) -> Self {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut core = Core::new(Rc::clone(&context.plan));
        core.share(context.job_server.as_ref().map(|server| server.sharing).unwrap_or_default());
        Self {
            core,
            awaits_token: false,
            has_circles: context.plan.queues.iter().any(|queue| queue.circle.is_some()),
            context,
            tasks: JoinSet::new(),
            inbox,
            next: VecDeque::new(),
            signals,
            tty,
            changes,
            untold: BTreeSet::new(),
            due: BTreeMap::new(),
            hands: HashMap::new(),
            asked: HashMap::new(),
            ticks,
            ceiling: None,
            over: false,
        }
    }

    /// Runs to the end. However that comes, no child lives after it.
    pub(super) async fn run(mut self) -> Result<(), Fault> {
        self.context.host.guard(self.tty.needs_guard());
        self.tty.listen();
        let ran = self.live().await;
        self.tasks.shutdown().await;
        self.tty.take_back();
        self.tty.leave();
        self.context.host.guard(false);
        ran
    }

    async fn live(&mut self) -> Result<(), Fault> {
        self.on(Input::Begin)?;
        while !self.over {
            self.step().await?;
            if let Some(lost) = self.context.teller.lost()? {
                let (stop, signal, reason) = lost.stop();
                self.on(Input::Stop { stop, signal, reason })?;
            }
        }
        // What became of the last items was not heard of yet.
        let all: Vec<_> = (0..self.context.queues.len()).map(QueueId::at).collect();
        self.changed(&all)?;
        self.tell_levels();
        Ok(())
    }

    /// Waits for the next thing that happens, and deals with it.
    async fn step(&mut self) -> Result<(), Fault> {
        self.signals.beat();
        let timer = self.next_timer();
        tokio::select! {
            biased;
            asked = self.signals.next() => self.asked(asked),
            () = self.tty.explain() => self.explain(),
            () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => self.rung(),
            // Before the ends of attempts, so that a start is heard before its end.
            Some(input) = self.inbox.recv() => self.received(input),
            Some(done) = self.tasks.join_next() => match done {
                Ok(done) => self.done(done),
                // Nobody wanted to know it any more.
                Err(error) if error.is_cancelled() => Ok(()),
                Err(error) => Err(bug(error)),
            },
            token = self.context.next_token(), if self.awaits_token => {
                self.awaits_token = false;
                self.on(token)
            }
            queues = self.changes.next() => self.changed(&queues),
            _ = self.ticks.tick() => {
                let now = Instant::now();
                self.context.queues.iter().for_each(|queue| queue.mark(now));
                self.tell_levels();
                self.tty.listen();
                self.context.teller.tick();
                // Nothing else was ready, so everything was told.
                if self.due.is_empty() { self.on(Input::Still) } else { Ok(()) }
            }
        }
    }

    /// Takes in what a task has sent; a start is told before what the child prints.
    fn received(&mut self, input: Input) -> Result<(), Fault> {
        let Input::Started { attempt, pid, .. } = input else {
            let stops = matches!(&input, Input::Suspended { attempt, .. }
                if self.hands.get(attempt).is_some_and(|hand| self.has_terminal(hand)));
            self.on(input)?;
            if stops {
                // Ctrl-Z goes to who has the terminal, and means all of the run.
                self.stand_still();
            }
            return Ok(());
        };
        if self.hands.get(&attempt).is_some_and(|hand| self.has_terminal(hand)) {
            self.tty.lent_to(pid);
        }
        let orders = self.hands.get(&attempt).map(|hand| Rc::clone(&hand.orders));
        self.on(input)?;
        if let Some(orders) = orders {
            orders.told.open();
        }
        Ok(())
    }

    /// Asks the core, and does what it says, with all that comes of it.
    fn on(&mut self, input: Input) -> Result<(), Fault> {
        self.catch_up()?;
        self.next.push_back(input);
        while let Some(input) = self.next.pop_front() {
            let now = self.context.teller.now();
            for effect in self.core.on(now, input) {
                self.perform(effect)?;
            }
        }
        Ok(())
    }

    fn perform(&mut self, effect: Effect) -> Result<(), Fault> {
        match effect {
            Effect::Start(starts) => self.start(starts)?,
            Effect::Finally(start) => self.start_finally(start),
            Effect::Signal { attempt, signal } => self.order(attempt, Order::Signal(signal)),
            Effect::Kill { attempt } => self.order(attempt, Order::Kill),
            Effect::Probe { attempt } => {
                self.hands.get(&attempt).iter().for_each(|hand| hand.orders.look());
            }
            Effect::Ask(node) => self.ask(node),
            Effect::Excuse(node) => drop(self.context.excused.borrow_mut().insert(node)),
            Effect::Settle { attempt, how, verdict } => self.settle(attempt, how, verdict)?,
            Effect::Pace { node, pace } => self.context.paces.set(node, pace),
            Effect::Feed(queue) => self.feed(queue),
            Effect::Close(queue) => self.context.queues[queue.index()].close(),
            Effect::Forsake(queue) => self.context.queues[queue.index()].forsake(),
            Effect::Discard { queue, producer } => self.discard(queue, producer)?,
            Effect::Abandon { queue: id, unwanted } => {
                let queue = &self.context.queues[id.index()];
                if unwanted {
                    queue.swallow();
                }
                queue.close();
                let context = Rc::clone(&self.context);
                let forget = &mut |item: &Item| context.forget_item(id, item);
                queue.drop_rest(forget).map_err(Fault::Spool)?;
            }
            Effect::LookAtTurns { attempt, pid } => {
                let turns = child::cpu_turns(pid);
                self.next.push_back(Input::Turns { attempt, turns });
            }
            Effect::LookAtMemory => {
                self.next.push_back(Input::Memory(self.context.host.available_memory()));
            }
            Effect::TakeToken { wait } => self.take_token(wait),
            Effect::GiveTokens(count) => {
                self.context.job_server.iter().for_each(|server| server.tokens.give(count));
            }
            Effect::RecountTokens { sure } => {
                self.context.job_server.iter().for_each(|server| server.tokens.recount(sure));
            }
            Effect::Tell(kind) => self.tell(kind),
            Effect::End => self.over = true,
        }
        Ok(())
    }

    /// Tells an event, and sees to what follows of it.
    fn tell(&mut self, kind: EventKind) {
        if let EventKind::NodeEnded { node, .. } = kind {
            self.context.close_logs(node);
            self.asked.remove(&node).iter().for_each(AbortHandle::abort);
            // What no fresh child will be given any more is left.
            self.context.replays.borrow_mut().remove(&node);
        }
        if let EventKind::StopAsked { stop, .. } = kind
            && stop >= Stop::Terminate
        {
            self.set_ceiling(stop);
        }
        self.context.teller.tell(kind);
    }

    /// Takes a token, if there is one; else it may be waited for.
    fn take_token(&mut self, wait: bool) {
        let taken = self.context.job_server.as_ref().is_some_and(|server| server.tokens.take());
        self.awaits_token |= wait && !taken;
        self.next.push_back(if taken { Input::Token } else { Input::NoToken });
    }

    /// Starts children; several are joined by pipes.
    fn start(&mut self, starts: Vec<Start>) -> Result<(), Fault> {
        if self.ceiling.is_some() {
            // What cleans up after a stop has a grace of its own.
            self.set_ceiling(Stop::Terminate);
        }
        let mut stdin = None;
        let last = starts.len() - 1;
        if starts.iter().any(|start| self.is_interactive(start.node)) {
            self.lend_terminal(true);
        }
        for (index, start) in starts.into_iter().enumerate() {
            let replay = start.replays.then(|| self.context.replay(start.node)).flatten();
            let reader = self.context.reader(start.node);
            let mut given = Given { lent: None, replay, reader, stdin: stdin.take(), stdout: None };
            if index < last {
                let (reader, writer) = child::pipe().map_err(Fault::Pipe)?;
                (stdin, given.stdout) = (Some(reader), Some(writer));
            }
            let Ok(lent) = self.context.lend(start.node, start.alone) else {
                self.next.push_back(Input::Missed { attempt: start.attempt });
                continue;
            };
            given.lent = lent;
            let orders = Rc::new(Orders::default());
            self.spawn(start, given, orders);
        }
        Ok(())
    }

    /// Starts a command of `finally`, which is given nothing.
    fn start_finally(&mut self, start: Start) {
        if self.ceiling.is_some() {
            self.set_ceiling(Stop::Terminate);
        }
        let nothing = Given { lent: None, replay: None, reader: None, stdin: None, stdout: None };
        self.spawn(start, nothing, Rc::new(Orders::default()));
    }

    fn spawn(&mut self, start: Start, given: Given, orders: Rc<Orders>) {
        let (node, finally) = (start.node, start.finally.is_some());
        let hand = Hand { node, finally, orders: Rc::clone(&orders), remains: None };
        self.hands.insert(start.attempt, hand);
        let run = attempt::run(Rc::clone(&self.context), start, given, orders);
        self.tasks.spawn_local(async { Done::Attempt(run.await.map(Box::new)) });
    }

    fn has_terminal(&self, hand: &Hand) -> bool {
        !hand.finally && self.is_interactive(hand.node)
    }

    fn order(&self, attempt: AttemptId, order: Order) {
        if let Some(hand) = self.hands.get(&attempt) {
            hand.orders.give(order);
        }
    }

    /// Carries out what becomes of an attempt's item, and of the output that it held back.
    fn settle(
        &mut self,
        attempt: AttemptId,
        how: Settlement,
        verdict: Verdict,
    ) -> Result<(), Fault> {
        let hand = self.hands.remove(&attempt);
        let Some(Hand { node, remains: Some(mut remains), .. }) = hand else { return Ok(()) };
        if let Some(desk) = remains.desk.take().filter(|desk| !desk.is_clear()) {
            let death = Death { verdict, exit: remains.exit, reason: remains.reason };
            let conclude = worker::conclude(desk, death);
            self.tasks.spawn_local(async move { Done::Published(attempt, conclude.await) });
            return Ok(());
        }
        if how == Settlement::Accept && remains.held.iter().any(|held| !held.spool.is_empty()) {
            let context = Rc::clone(&self.context);
            let publish = publish::accept(context, (node, attempt), verdict, remains);
            self.tasks.spawn_local(async move { Done::Published(attempt, publish.await) });
            return Ok(());
        }
        if how == Settlement::Bury && !self.context.plan.node(node).dead.is_empty() {
            let context = Rc::clone(&self.context);
            let bury = publish::bury(context, (node, attempt), verdict, remains);
            self.tasks.spawn_local(async move { Done::Published(attempt, bury.await) });
            return Ok(());
        }
        publish::settle(&self.context, (node, attempt), remains, (how, verdict))?;
        self.next.push_back(Input::Settled { attempt });
        Ok(())
    }

    /// Deals with a task that ended.
    fn done(&mut self, done: Done) -> Result<(), Fault> {
        match done {
            Done::Attempt(finished) => {
                let Finished { attempt, ended, remains } = *finished?;
                let hand = self.hands.get(&attempt);
                let node = hand.map(|hand| hand.node);
                if hand.is_some_and(|hand| self.has_terminal(hand)) {
                    self.lend_terminal(false);
                }
                if node.is_some_and(|node| self.context.lives_long(node)) {
                    // It has taken items to the last, and another one is started for what is left.
                    self.hear_levels()?;
                }
                self.keep(attempt, remains);
                self.on(Input::Ended { attempt, ended: Box::new(ended) })?;
                self.let_go(attempt);
                Ok(())
            }
            Done::Asked(node, answer) => {
                self.asked.remove(&node);
                self.on(Input::Answered { node, answer: answer? })
            }
            Done::Published(attempt, published) => {
                published?;
                self.on(Input::Settled { attempt })
            }
            Done::Fed(queue, fed) => {
                // Items that can't be had fail those that want them, and nobody else.
                let fault = fed.err().map(|fault| fault.to_string());
                self.on(Input::Fed { queue, fault })
            }
        }
    }

    /// Keeps what the core will decide about; of a node that consumes nothing, only what it
    /// printed.
    fn keep(&mut self, attempt: AttemptId, mut remains: Remains) {
        let Some(hand) = self.hands.get_mut(&attempt) else { return };
        let node = hand.node;
        if hand.finally {
            self.hands.remove(&attempt);
            return;
        }
        if self.context.has_results(node) {
            let results = remains.results.take().unwrap_or_default();
            self.context.results_written(node, attempt, results);
        }
        let publishes = self.context.plan.process(node).emit == Emit::OnSuccess;
        if self.context.plan.node(node).consumes.is_some() || publishes {
            hand.remains = Some(remains);
        } else {
            self.context.printed.borrow_mut().set(node, remains.printed);
            self.hands.remove(&attempt);
        }
    }

    /// Drops what a node has put into a queue, and lists it.
    fn discard(&self, queue: QueueId, producer: NodeId) -> Result<(), Fault> {
        let name = &self.context.plan.node(producer).name;
        let reason = format!("`{name}` failed, which made it");
        let stock = &self.context.queues[queue.index()];
        let dropped = stock.discard(Origin::of(producer), &mut |item| {
            self.context.item_dropped(queue, item, &reason);
        });
        dropped.map(drop).map_err(Fault::Spool)
    }

    /// Lets go of what a source has held back that is not published, because it failed.
    fn let_go(&mut self, attempt: AttemptId) {
        let is_source = |hand: &Hand| self.context.plan.node(hand.node).consumes.is_none();
        if self.hands.get(&attempt).is_some_and(|hand| is_source(hand) && hand.remains.is_some()) {
            self.hands.remove(&attempt);
        }
    }

    /// Asks whether the conditions of a node hold.
    fn ask(&mut self, node: NodeId) {
        let ask = condition::ask(Rc::clone(&self.context), node);
        let task = self.tasks.spawn_local(async move { Done::Asked(node, ask.await) });
        self.asked.insert(node, task);
    }

    /// Begins to put in the static items of a queue.
    fn feed(&mut self, queue: QueueId) {
        let feed = source::feed(Rc::clone(&self.context), queue);
        self.tasks.spawn_local(async move { Done::Fed(queue, feed.await) });
    }

    /// Returns when time itself is the next thing that happens.
    fn next_timer(&self) -> Option<Instant> {
        let clock = self.context.teller.clock();
        let core = self.core.next_timer().map(|at| clock.instant(at));
        core.into_iter().chain(self.due.values().copied()).chain(self.ceiling).min()
    }

    /// Does what is due.
    fn rung(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        for (queue, at) in &self.due {
            if *at <= now {
                self.context.queues[queue.index()].ripen(now);
            }
        }
        self.due.retain(|_, at| *at > now);
        if self.ceiling.is_some_and(|at| at <= now) {
            return self.hit_ceiling();
        }
        self.on(Input::Time)
    }
}

/// A task that ended by itself has broken a law of ours. Whoever waits for it would wait for ever.
fn bug(error: JoinError) -> Fault {
    let what = error.try_into_panic().ok().map(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
    });
    Fault::Bug(what.flatten().unwrap_or_else(|| "a task was lost".to_owned()))
}

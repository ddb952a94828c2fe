//! Asked: the life of a worker, from its first item to the end of its wire.
//!
//! One loop waits for whatever happens next: a reply, room on the wire, an item, a limit. Unaware
//! of how a child is started and reaped.

use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use super::books::Failure;
use super::desk::Desk;
use super::pending::Settled;
use super::protocol::Nonsense;
use super::protocol::lines::{Lines, TooLong};
use super::protocol::reply::{self, Reply, Said};
use super::wire::{Heard, Wire};
use crate::child;
use crate::engine::attempt::{Life, SILENCE};
use crate::engine::core::Input;
use crate::engine::fault::Fault;
use crate::engine::limits::Limits;
use crate::engine::orders::Order;
use crate::engine::turns::Turns;
use crate::event::EventKind;

/// How long what came of its items may wait for room before the core hears of it: it need not know
/// of the short waits, which are many.
const HELD_UP: Duration = Duration::from_millis(50);

/// A worker that lives.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Worker<'a> {
    life: &'a Life<'a>,
    desk: Desk,
    wire: Wire,
    lines: Lines,
    limits: Limits,
    /// Its leader, what it has missed of the CPU, and until when it is spared for that.
    pid: u32,
    turns: Turns,
    spared: Instant,
    /// Items that it takes at a time.
    window: usize,
    /// Items that it was given.
    given: u64,
    /// Whether it is given no more.
    closing: bool,
    /// When its wire was closed, until it was asked to end for that it lives on.
    closed: Option<Instant>,
    /// Whether its hand is empty, so that it need not say anything.
    rests: bool,
    /// Whether it was told that an item takes long.
    slow: bool,
    /// Since when it only waits for room.
    waits: Option<Instant>,
    /// Whether the core knows.
    told: bool,
    /// Why it must not pass.
    fault: Option<String>,
}

/// What happens next.
enum Next {
    Wire(Heard),
    Settled(Settled),
    /// There is an item, or never will be.
    More(bool),
    /// It may take items again, or none ever.
    Allowed,
    /// It is to end.
    Ending,
    Gone,
    /// A limit may be reached.
    Due,
}

/// Has a child work on items until it is gone. Returns what is left of them, and why it must not
/// pass.
pub(in crate::engine) async fn work(
    life: &Life<'_>,
    desk: Desk,
    wire: Wire,
    pid: u32,
) -> Result<(Desk, Option<String>), Fault> {
    life.held_up.set(life.held_up.get() + 1);
    let mut worker = Worker {
        life,
        lines: Lines::new(desk.works.longest),
        limits: Limits::new(desk.works.recycle, pid),
        pid,
        turns: Turns::since(life.context.teller.clock().now()),
        spared: Instant::now(),
        desk,
        wire,
        window: 1,
        given: 0,
        closing: false,
        closed: None,
        rests: true,
        slow: false,
        waits: None,
        told: false,
        fault: None,
    };
    worker.live().await?;
    worker.last_words().await?;
    for given in worker.desk.hand.take_unread(worker.wire.read_up_to()) {
        worker.desk.returned += 1;
        worker.desk.books.back(given);
    }
    Ok((worker.desk, worker.fault))
}

impl Worker<'_> {
    async fn live(&mut self) -> Result<(), Fault> {
        loop {
            match self.next().await? {
                Next::Gone => return Ok(()),
                Next::Wire(Heard::Said(block)) => self.hear(block).await?,
                Next::Wire(Heard::Asked) => {}
                Next::Allowed => {
                    self.closing |= self.life.context.paces.are_over(self.desk.works.node);
                }
                // It may still finish what it has in hand.
                Next::Wire(Heard::Deaf) => self.close()?,
                Next::Settled(settled) => self.desk.settle(settled),
                Next::More(true) => self.give(),
                Next::More(false) => {
                    self.desk.told_end = true;
                    self.closing = true;
                }
                Next::Ending => self.closing = true,
                Next::Due => self.look().await,
            }
            self.note().await?;
        }
    }

    /// Waits for what happens next.
    async fn next(&mut self) -> Result<Next, Fault> {
        let (takes, may_take) = (self.takes(), self.may_take());
        let due = self.due();
        let Self { life, desk, wire, .. } = self;
        let Desk { works, books, pending, .. } = desk;
        let paces = &life.context.paces;
        tokio::select! {
            biased;
            heard = wire.next() => heard.map(Next::Wire).map_err(Fault::Pump),
            () = life.gone.opened() => Ok(Next::Gone),
            () = life.ending.opened(), if !self.closing => Ok(Next::Ending),
            settled = pending.next(&books.context, works) => settled.map(Next::Settled),
            more = works.reader.more(), if takes && may_take => Ok(Next::More(more)),
            () = paces.allowed(works.node), if takes && !may_take => Ok(Next::Allowed),
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Ok(Next::Due),
        }
    }

    /// Returns whether it has room for an item.
    fn takes(&self) -> bool {
        let Desk { hand, pending, works, .. } = &self.desk;
        let is_free = hand.is_empty() || !(hand.is_alone() || works.reader.next_is_alone());
        // What waits for its turn must not keep the item away that it waits for; the window of the
        // queue bounds how much that can be.
        let ahead = if works.in_turn { 0 } else { pending.len() };
        let has_room = hand.len() + ahead < self.window && !self.wire.is_full();
        !self.closing && is_free && has_room
    }

    /// Returns whether its node may take an item now.
    fn may_take(&self) -> bool {
        self.life.context.paces.allows(self.desk.works.node)
    }

    /// Gives it what there is, as much as it takes.
    fn give(&mut self) {
        while self.takes() && self.may_take() && self.limits.left(self.given) > 0 {
            let Some(delivery) = self.desk.works.reader.take() else { break };
            self.life.context.paces.taken(self.desk.works.node);
            let (request, at) = self.wire.say();
            let item = &delivery.item;
            self.desk.works.requests.put((item.index, item.attempt), &item.bytes, request);
            self.desk.hand.add(delivery, at);
            self.given += 1;
        }
        self.closing |= self.limits.left(self.given) == 0;
    }

    /// Takes in what it says; nothing is its last word.
    async fn hear(&mut self, block: bytes::Bytes) -> Result<(), Fault> {
        self.life.printed.set(Instant::now());
        if block.is_empty() {
            self.wire.hang_up();
            return self.close();
        }
        if self.fault.is_some() {
            return Ok(());
        }
        self.lines.push(block);
        let understood = self.read_lines();
        if let Err(nonsense) = understood {
            // What it says can't be used; it must not go on as if it could.
            self.fault = Some(nonsense.to_string());
            self.closing = true;
            self.life.orders.give(Order::Kill);
        }
        self.closing |= self.limits.are_reached(self.given);
        if !self.desk.pending.is_empty() {
            // What it has printed before it said so is read by others, and belongs to a dead item.
            yield_now().await;
        }
        Ok(())
    }

    fn read_lines(&mut self) -> Result<(), Nonsense> {
        loop {
            let line = self.lines.next().map_err(|TooLong(start)| {
                let most = self.desk.works.longest;
                Nonsense::new(&start, format!("it has more than {most} bytes"))
            })?;
            let Some(line) = line else { return Ok(()) };
            self.read(&line)?;
        }
    }

    fn read(&mut self, line: &[u8]) -> Result<(), Nonsense> {
        let (id, said) = match reply::read(line)? {
            Reply::Ready(window) => {
                self.window = window;
                return Ok(());
            }
            Reply::About(id, said) => (id, said),
        };
        let index = self.desk.works.index(&id).filter(|index| self.desk.hand.holds(*index));
        let not_held = || Nonsense::new(line, "no item of that `id` is in its hand");
        let index = index.ok_or_else(not_held)?;
        if matches!(said, Said::Progress) {
            return Ok(());
        }
        let given = self.desk.hand.take(index).ok_or_else(not_held)?;
        match said {
            Said::Done(out) => self.desk.done(given, &out),
            Said::Failed { error, retry } => {
                self.desk.failed(given, Failure::replied(error, retry));
            }
            Said::Later(wait) => self.desk.books.later(given, wait),
            Said::Progress => {}
        }
        Ok(())
    }

    /// Notes what has changed for others, and closes the wire once nothing is to come.
    async fn note(&mut self) -> Result<(), Fault> {
        self.closing |= self.desk.unread;
        let rests = self.desk.hand.is_empty();
        if rests != std::mem::replace(&mut self.rests, rests) {
            let held_up = self.life.held_up.get();
            self.life.held_up.set(if rests { held_up + 1 } else { held_up - 1 });
            self.life.printed.set(Instant::now());
            self.closed = self.closed.map(|_| Instant::now());
        }
        if self.closing && !self.wire.has_unsaid() && (rests || self.life.ending.is_open()) {
            self.close()?;
        }
        if self.desk.books.has_news() {
            self.desk.books.tell().await;
        }
        self.note_wait(rests && !self.desk.pending.is_empty()).await;
        Ok(())
    }

    /// Notes whether it only waits for room, and tells the core when that is over.
    async fn note_wait(&mut self, waits: bool) {
        if waits != self.waits.is_some() {
            self.waits = waits.then(Instant::now);
            self.tell_wait(false).await;
        }
    }

    async fn tell_wait(&mut self, waits: bool) {
        if waits != std::mem::replace(&mut self.told, waits) {
            let attempt = self.life.start.attempt;
            self.life.context.send(Input::HeldUp { attempt, waits }).await;
        }
    }

    /// Says no more to it; it has its grace to end.
    fn close(&mut self) -> Result<(), Fault> {
        self.closing = true;
        if self.wire.is_open() {
            self.closed = Some(Instant::now());
        }
        self.wire.close().map_err(Fault::Pump)
    }

    /// Returns when a limit may be reached.
    fn due(&self) -> Option<Instant> {
        let works = &self.desk.works;
        let total = works.total.filter(|_| self.desk.overdue.is_none());
        let limit = works.slow.filter(|_| !self.slow).into_iter().chain(total).min();
        let clock = self.life.context.teller.clock();
        let oldest =
            limit.and_then(|limit| self.desk.hand.oldest().map(|since| clock.after(since, limit)));
        let oldest = oldest.map(|due| due.max(self.spared));
        let age = self.limits.ends().filter(|_| !self.closing && self.given > 0);
        let end = self.closed.filter(|_| self.is_idle()).map(|closed| closed + works.grace);
        let wait = self.waits.filter(|_| !self.told).map(|since| since + HELD_UP);
        oldest.into_iter().chain(age).chain(end).chain(wait).min()
    }

    /// Returns whether nothing can come of it any more; as long as it can reply it may finish what
    /// it has in hand.
    fn is_idle(&self) -> bool {
        self.rests || !self.wire.is_heard()
    }

    /// Looks which limit is reached.
    async fn look(&mut self) {
        let attempt = self.life.start.attempt;
        let clock = self.life.context.teller.clock();
        let total = self.desk.works.total.filter(|_| self.desk.overdue.is_none());
        let overdue = total.and_then(|total| self.desk.hand.overdue(total, clock));
        if overdue.is_some() && self.spared <= Instant::now() {
            if let Some(missed) = self.turns.missed(clock.now(), child::cpu_turns(self.pid)) {
                self.spared = Instant::now() + missed;
            } else {
                self.desk.overdue = overdue;
                self.closing = true;
                self.life.context.send(Input::Overdue { attempt }).await;
            }
        }
        let slow = self.desk.works.slow.filter(|_| !self.slow);
        if slow.is_some_and(|slow| self.desk.hand.overdue(slow, clock).is_some()) {
            self.slow = true;
            self.life.context.teller.tell(EventKind::AttemptSlow { attempt });
        }
        self.closing |= self.limits.are_reached(self.given);
        if self.waits.is_some_and(|since| since.elapsed() >= HELD_UP) {
            self.tell_wait(true).await;
        }
        let grace = self.desk.works.grace;
        if self.is_idle() && self.closed.is_some_and(|closed| closed.elapsed() >= grace) {
            self.closed = None;
            self.end().await;
        }
    }

    /// Ends it for that it lives on although its wire is closed.
    async fn end(&mut self) {
        if self.rests {
            let attempt = self.life.start.attempt;
            self.life.context.send(Input::Quiet { attempt }).await;
        } else {
            self.fault = Some("it closed its replies with items in its hand".to_owned());
            self.life.orders.give(Order::Kill);
        }
    }

    /// Takes in what lies on the wire of a child that is gone; something else may keep it open.
    async fn last_words(&mut self) -> Result<(), Fault> {
        self.close()?;
        while self.wire.is_heard() {
            let Ok(heard) = timeout(SILENCE, self.wire.next()).await else {
                self.wire.hang_up().iter().for_each(|replies| self.life.find_holders(replies));
                break;
            };
            if let Heard::Said(block) = heard.map_err(Fault::Pump)? {
                self.hear(block).await?;
            }
        }
        if let Some(line) = self.lines.last().filter(|_| self.fault.is_none()) {
            // A reply that was cut short by its death is none.
            let _ = self.read(&line);
        }
        Ok(())
    }
}

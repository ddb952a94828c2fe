//! Attempt: one child from its start to its reaping.
//!
//! Payload, standard output and standard error move at the same time, so a child that does not read
//! its payload harms nobody. The child's exit decides when it is over: once it is gone, what still
//! holds its pipes has a second, and is named. A fault of one pump ends them all at once, and with
//! them the child. Unaware of why it was started and of what its end means.
//!
//! Reading order: [`run`]; `watch` waits for the end, `feed` writes what the child reads, `read`
//! reads what it prints, `answer` says whether a service is ready.

mod answer;
mod feed;
mod read;
mod watch;

pub(super) use read::SILENCE;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::context::Context;
use super::core::{self, Ended, Input, Start};
use super::fault::Fault;
use super::invocation::{Given, Payload, Prepared, Unready, prepare};
use super::lent::Lent;
use super::orders::{Gate, Orders};
use super::outlet::{Held, Leavings, Outlet};
use super::printed::Print;
use super::probe::Probe;
use super::results;
use super::stream::Read;
use super::worker::Desk;
use crate::child::{self, Child, StartError};
use crate::event::{Exit, Leftover, Logs, NotStarted, Try, Verdict};
use crate::journal::ResultsFile;
use crate::model::{AttemptId, Leaks};
use crate::queue::Keep;

/// An attempt that is over.
pub(super) struct Finished {
    pub(super) attempt: AttemptId,
    pub(super) ended: Ended,
    pub(super) remains: Remains,
}

/// What waits for the core's decision.
pub(super) struct Remains {
    /// What it was given.
    pub(super) lent: Option<Lent>,
    /// Items that a `stream` child has read.
    pub(super) kept: Option<Keep>,
    /// Which try this was for those.
    pub(super) tries: u32,
    /// Output that was held back.
    pub(super) held: Vec<Held>,
    /// The items of a worker.
    pub(super) desk: Option<Box<Desk>>,
    /// How the child ended.
    pub(super) exit: Exit,
    /// Where its output lies.
    pub(super) logs: Logs,
    /// What others read of that.
    pub(super) printed: Option<Print>,
    /// What it wrote for others, where it may write something.
    pub(super) results: Option<results::Values>,
    /// From its start to its end.
    pub(super) took: Duration,
    /// Why it failed although its exit looks well.
    pub(super) reason: Option<String>,
}

impl Remains {
    /// Returns this try, as an item that is dead remembers it.
    pub(super) fn last(&self, verdict: Verdict) -> Try {
        let (exit, reason) = (self.exit.clone(), self.reason.clone());
        Try { exit, verdict, took: self.took, reason }
    }
}

/// Runs one attempt to its end.
pub(super) async fn run(
    context: Rc<Context>,
    start: Start,
    mut given: Given,
    orders: Rc<Orders>,
) -> Result<Finished, Fault> {
    let item = given.lent.as_ref().and_then(Lent::one);
    let of_item = item.map(|item| context.item_ref(start.node, item));
    let tries = given.replay.as_ref().map_or(1, |(_, tries)| *tries);
    let of_core = match &given.lent {
        Some(lent) => lent.given(),
        None if start.finally.is_none() && context.keeps(start.node) => {
            core::Given::Kept { number: tries }
        }
        None => core::Given::Nothing,
    };
    let began = Instant::now();
    let born = begin(&context, &start, &mut given, &orders).await?;
    let attempt = start.attempt;
    let pid = born.as_ref().map_or(0, |(child, _)| child.pid);
    let number = of_item.as_ref().map_or(start.number.max(tries), |(_, number)| *number);
    let item = of_item.map(|(item, _)| item);
    context.send(Input::Started { attempt, pid, item, number }).await;
    if context.teller.wants_output() {
        orders.told.opened().await;
    }
    let over = match born {
        Ok((child, ends)) => Life::new(&context, &start, orders).lead(child, ends).await?,
        Err(unready) => Over::unready(unready),
    };
    let Over { exit, command_at_fault, leftovers, logs, printed, .. } = over;
    let Over { results, read, held, desk, fault, .. } = over;
    let (read, unread, kept) =
        read.map_or((0, 0, None), |read| (read.items, read.unread, read.kept));
    let (settled, in_hand) = desk.as_ref().map_or((0, 0), |desk| (desk.settled(), desk.in_hand()));
    let (returned, told_end) =
        desk.as_ref().map_or((0, false), |desk| (desk.returned, desk.told_end));
    let lent = given.lent;
    let took = context.teller.clock().elapsed(began);
    let remains = Remains {
        lent,
        kept,
        tries,
        held,
        desk,
        exit: exit.clone(),
        logs: logs.clone(),
        printed,
        results,
        took,
        reason: fault.clone(),
    };
    let ended = Ended {
        exit,
        took,
        logs,
        leftovers,
        given: of_core,
        command_at_fault,
        read: read + settled,
        unread: unread + returned,
        told_end,
        in_hand,
        fault,
    };
    Ok(Finished { attempt, ended, remains })
}

/// The ends of a child's pipes, on our side.
struct Ends {
    payload: Payload,
    stdout: Outlet,
    stderr: Outlet,
    extra: Outlet,
    results: Option<ResultsFile>,
    probe: Option<Probe>,
}

/// Starts the child, unless it is ordered to end before it has begun: then nothing starts any more.
async fn begin(
    context: &Context,
    start: &Start,
    given: &mut Given,
    orders: &Orders,
) -> Result<Result<(Child, Ends), Unready>, Fault> {
    let called_off = || {
        let cause = "it was to end before it had started".to_owned();
        Ok(Err(Unready { why: NotStarted { cause, hint: None }, command_at_fault: false }))
    };
    if orders.are_given() {
        return called_off();
    }
    match prepare(context, start, given) {
        Err(unready) => Ok(Err(unready)),
        Ok(prepared) => tokio::select! {
            biased;
            () = orders.given() => called_off(),
            born = bear(context, start, prepared) => born,
        },
    }
}

async fn bear(
    context: &Context,
    start: &Start,
    prepared: Prepared,
) -> Result<Result<(Child, Ends), Unready>, Fault> {
    let Prepared { invocation, payload, stdout, stderr, extra, results, probe } = prepared;
    match context.host.start(invocation).await {
        Ok(child) => Ok(Ok((child, Ends { payload, stdout, stderr, extra, results, probe }))),
        Err(StartError::Cannot(why)) => {
            let command_at_fault = context.command_is_fixed(start.node);
            Ok(Err(Unready { why, command_at_fault }))
        }
        Err(StartError::Fault(fault)) => Err(fault.into()),
    }
}

/// All that is known of a child that is over.
struct Over {
    exit: Exit,
    command_at_fault: bool,
    leftovers: Vec<Leftover>,
    logs: Logs,
    printed: Option<Print>,
    results: Option<results::Values>,
    read: Option<Read>,
    held: Vec<Held>,
    desk: Option<Box<Desk>>,
    fault: Option<String>,
}

impl Over {
    fn unready(unready: Unready) -> Self {
        Self {
            exit: Exit::NotStarted(unready.why),
            command_at_fault: unready.command_at_fault,
            leftovers: Vec::new(),
            logs: Logs::default(),
            printed: None,
            results: None,
            read: None,
            held: Vec::new(),
            desk: None,
            fault: None,
        }
    }
}

/// The life of a child: what its pumps share.
pub(super) struct Life<'a> {
    pub(super) context: &'a Rc<Context>,
    pub(super) start: &'a Start,
    pub(super) orders: Rc<Orders>,
    /// Opens when the child is ordered to end.
    pub(super) ending: Gate,
    /// Opens when the child is gone.
    pub(super) gone: Gate,
    /// When it last printed something.
    pub(super) printed: Cell<Instant>,
    /// How many of its outputs are being taken in: it may be held up, and is not silent.
    pub(super) held_up: Cell<u32>,
    /// What keeps its pipes open although it is gone.
    pub(super) holders: RefCell<Vec<Leftover>>,
}

impl<'a> Life<'a> {
    fn new(context: &'a Rc<Context>, start: &'a Start, orders: Rc<Orders>) -> Self {
        Self {
            context,
            start,
            orders,
            ending: Gate::default(),
            gone: Gate::default(),
            printed: Cell::new(Instant::now()),
            held_up: Cell::new(0),
            holders: RefCell::default(),
        }
    }

    /// Moves everything until the child is gone and its pipes are empty.
    async fn lead(&self, mut child: Child, ends: Ends) -> Result<Over, Fault> {
        let wire = if let Payload::Work(_) = &ends.payload {
            child.extra_out.take().or_else(|| child.stdout.take())
        } else {
            None
        };
        let payload = child.extra_in.take().or_else(|| child.stdin.take());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let pid = child.pid;
        let extra = child.extra_out.take();
        let (ended, fed, stdout, stderr, extra, ()) = tokio::try_join!(
            self.watch(&mut child),
            self.feed((payload, wire), ends.payload, pid),
            self.read(stdout, ends.stdout),
            self.read(stderr, ends.stderr),
            self.read(extra, ends.extra),
            self.answer(ends.probe),
        )?;
        let child::Ended { exit, mut leftovers } = ended;
        for holder in self.holders.take() {
            // It may hold several pipes.
            if leftovers.iter().all(|left| left.pid != holder.pid) {
                leftovers.push(holder);
            }
        }
        let process = self.context.plan.process(self.start.node);
        let leaked = leftovers
            .first()
            .filter(|_| process.leaks == Leaks::Fail)
            .map(|left| format!("it left a process running: pid {} ({})", left.pid, left.command));
        let passed = matches!(&exit, Exit::Code(code) if process.success.contains(code));
        let (results, odd) = match ends.results.as_ref().map(results::read).transpose() {
            Ok(results) => (results, None),
            // One that has failed anyway need not say this too.
            Err(odd) => (None, Some(odd).filter(|_| passed)),
        };
        let mut over = Over {
            exit,
            command_at_fault: false,
            leftovers,
            logs: Logs::default(),
            printed: None,
            results,
            read: fed.read,
            held: Vec::new(),
            desk: fed.desk,
            fault: fed.fault.or(leaked).or(odd),
        };
        for outlet in [stdout, extra] {
            match self.close(outlet, passed).await? {
                Ok(Leavings::Nothing) => {}
                Ok(Leavings::Log(piece, print)) => {
                    (over.logs.stdout, over.printed) = (Some(piece), Some(print));
                }
                Ok(Leavings::Held(held)) => over.held.push(held),
                Err(reason) => over.fault = Some(reason),
            }
        }
        if let Ok(Leavings::Log(piece, _)) = self.close(stderr, passed).await? {
            over.logs.stderr = Some(piece);
        }
        Ok(over)
    }

    /// Ends an outlet, now that it is known how the child ended. What could not be framed is the
    /// child's own fault.
    async fn close(
        &self,
        outlet: Result<Outlet, String>,
        passed: bool,
    ) -> Result<Result<Leavings, String>, Fault> {
        match outlet {
            Ok(outlet) => match outlet.end(self.context, passed).await {
                Ok(leavings) => Ok(Ok(leavings)),
                Err(refused) => refused.reason().map(Err),
            },
            Err(reason) => Ok(Err(reason)),
        }
    }
}

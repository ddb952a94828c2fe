//! Attempt: one child from its start to its reaping.
//!
//! Payload, standard output and standard error move at the same time, so a child that does not read
//! its payload harms nobody. The child's exit decides when it is over: once it is gone, what still
//! holds its pipes has a second, and is named. Unaware of why it was started and of what its end
//! means.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::context::Context;
use super::core::{Ended, Input, Start};
use super::fault::Fault;
use super::invocation::{Given, Payload, Prepared, Unready, prepare};
use super::orders::{Gate, Order, Orders};
use super::outlet::{Leavings, Outlet, Refused};
use super::printed::Blocks;
use super::stream::{Read, Stream};
use crate::child::{self, Child, PipeReader, PipeWriter, StartError, Wrote};
use crate::event::{Exit, Leftover, Logs};
use crate::model::{AttemptId, OnEnd};
use crate::queue::{Delivery, Kept, Spool};

/// How long something that outlives its leader may keep the leader's pipes open in silence.
const SILENCE: Duration = Duration::from_secs(1);

/// How long it may do so while it goes on writing.
const DRAIN: Duration = Duration::from_secs(5);

/// How often it is looked whether an endless reader is quiet, as a part of `settle`.
const LOOKS: u32 = 10;

/// An attempt that is over.
pub(super) struct Finished {
    pub(super) attempt: AttemptId,
    pub(super) ended: Ended,
    pub(super) remains: Remains,
}

/// What waits for the core's decision.
pub(super) struct Remains {
    /// The item.
    pub(super) delivery: Option<Delivery>,
    /// Items that a `stream` child has read.
    pub(super) kept: Option<Kept>,
    /// Output that was held back.
    pub(super) held: Option<Spool>,
    /// How the child ended.
    pub(super) exit: Exit,
    /// Where its output lies.
    pub(super) logs: Logs,
}

/// Runs one attempt to its end.
pub(super) async fn run(
    context: Rc<Context>,
    start: Start,
    mut given: Given,
    orders: Rc<Orders>,
) -> Result<Finished, Fault> {
    let item = given.delivery.as_ref().map(|d| context.item_ref(start.node, &d.item));
    let item_try = item.as_ref().map(|(_, number)| *number);
    let began = Instant::now();
    let born = match prepare(&context, &start, &mut given) {
        Err(unready) => Err(unready),
        Ok(prepared) => bear(&context, &start, prepared).await?,
    };
    let attempt = start.attempt;
    let pid = born.as_ref().map_or(0, |(child, _)| child.pid);
    context.send(Input::Started { attempt, pid, item }).await;
    if context.teller.wants_output() {
        orders.told.opened().await;
    }
    let over = match born {
        Ok((child, ends)) => Run::new(&context, &start, orders).pump(child, ends).await?,
        Err(unready) => Over::unready(unready),
    };
    let Over { exit, command_at_fault, leftovers, logs, read, held, fault } = over;
    let (read, unread, kept) =
        read.map_or((0, 0, None), |read| (read.items, read.unread, read.kept));
    let delivery = given.delivery;
    let remains = Remains { delivery, kept, held, exit: exit.clone(), logs: logs.clone() };
    let took = began.elapsed();
    let ended =
        Ended { exit, took, logs, leftovers, item_try, command_at_fault, read, unread, fault };
    Ok(Finished { attempt, ended, remains })
}

/// The ends of a child's pipes, on our side.
struct Ends {
    payload: Payload,
    stdout: Outlet,
    stderr: Outlet,
}

/// Starts the child.
async fn bear(
    context: &Context,
    start: &Start,
    prepared: Prepared,
) -> Result<Result<(Child, Ends), Unready>, Fault> {
    let Prepared { invocation, payload, stdout, stderr } = prepared;
    match context.host.start(invocation).await {
        Ok(child) => Ok(Ok((child, Ends { payload, stdout, stderr }))),
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
    read: Option<Read>,
    held: Option<Spool>,
    fault: Option<String>,
}

impl Over {
    fn unready(unready: Unready) -> Self {
        Self {
            exit: Exit::NotStarted(unready.why),
            command_at_fault: unready.command_at_fault,
            leftovers: Vec::new(),
            logs: Logs::default(),
            read: None,
            held: None,
            fault: None,
        }
    }
}

/// A child that runs, and what its pumps share.
struct Run<'a> {
    context: &'a Rc<Context>,
    start: &'a Start,
    orders: Rc<Orders>,
    /// Opens when the child is gone.
    gone: Gate,
    /// When it last printed something.
    printed: Cell<Instant>,
    /// What keeps its pipes open although it is gone.
    holders: RefCell<Vec<Leftover>>,
}

impl<'a> Run<'a> {
    fn new(context: &'a Rc<Context>, start: &'a Start, orders: Rc<Orders>) -> Self {
        let printed = Cell::new(Instant::now());
        Self { context, start, orders, gone: Gate::default(), printed, holders: RefCell::default() }
    }

    /// Moves everything until the child is gone and its pipes are empty.
    async fn pump(&self, mut child: Child, ends: Ends) -> Result<Over, Fault> {
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let pid = child.pid;
        let (ended, read, stdout, stderr) = tokio::join!(
            self.supervise(&mut child),
            self.feed(stdin, ends.payload, pid),
            self.read(stdout, ends.stdout),
            self.read(stderr, ends.stderr),
        );
        let child::Ended { exit, mut leftovers } = ended?;
        leftovers.append(&mut self.holders.borrow_mut());
        let process = self.context.plan.process(self.start.node);
        let passed = matches!(&exit, Exit::Code(code) if process.success.contains(code));
        let mut over = Over {
            exit,
            command_at_fault: false,
            leftovers,
            logs: Logs::default(),
            read: read?,
            held: None,
            fault: None,
        };
        match self.close(stdout, passed).await? {
            Closed::Fine(Leavings::Nothing) => {}
            Closed::Fine(Leavings::Log(piece)) => over.logs.stdout = Some(piece),
            Closed::Fine(Leavings::Held(spool)) => over.held = Some(spool),
            Closed::Misframed(reason) => over.fault = Some(reason),
        }
        if let Closed::Fine(Leavings::Log(piece)) = self.close(stderr, passed).await? {
            over.logs.stderr = Some(piece);
        }
        Ok(over)
    }

    /// Ends an outlet, now that it is known how the child ended.
    async fn close(&self, outlet: Result<Outlet, Refused>, passed: bool) -> Result<Closed, Fault> {
        let ended = match outlet {
            Ok(outlet) => outlet.end(self.context, passed).await,
            Err(refused) => Err(refused),
        };
        match ended {
            Ok(leavings) => Ok(Closed::Fine(leavings)),
            Err(Refused::Frame(reason)) => Ok(Closed::Misframed(reason)),
            Err(Refused::Fault(fault)) => Err(fault),
        }
    }

    /// Waits for the child's end, carries out orders, notices silence.
    async fn supervise(&self, child: &mut Child) -> Result<child::Ended, Fault> {
        let mut idle = self.context.plan.process(self.start.node).timeout.idle;
        let ended = loop {
            tokio::select! {
                biased;
                ended = child.wait() => break ended,
                order = self.orders.next() => match order {
                    Order::Signal(signal) => child.signal(signal),
                    Order::Kill => child.kill(),
                },
                () = until(idle.map(|idle| self.printed.get() + idle)) => {
                    // It may have printed since the timer was set.
                    if idle.is_some_and(|idle| self.printed.get().elapsed() >= idle) {
                        idle = None;
                        self.context.send(Input::Idle { attempt: self.start.attempt }).await;
                    }
                }
            }
        };
        self.gone.open();
        Ok(ended?)
    }

    /// Gives the child its payload; one that does not read it is no error.
    async fn feed(
        &self,
        stdin: Option<PipeWriter>,
        payload: Payload,
        pid: u32,
    ) -> Result<Option<Read>, Fault> {
        let Some(mut stdin) = stdin else { return Ok(None) };
        match payload {
            Payload::None => Ok(None),
            Payload::Bytes(bytes) => {
                tokio::select! {
                    () = self.gone.opened() => {}
                    // Whatever became of it, the child's exit says whether that matters.
                    _ = stdin.write_all(&bytes) => {}
                }
                Ok(None)
            }
            Payload::Blocks(blocks) => {
                tokio::select! {
                    () = self.gone.opened() => Ok(None),
                    copied = copy(blocks, stdin) => copied.map(|()| None),
                }
            }
            Payload::Items(source) => {
                let mut stream = Stream::new(source, stdin);
                tokio::select! {
                    () = self.gone.opened() => {}
                    () = self.stream(&mut stream, pid) => {}
                }
                Ok(Some(stream.end()))
            }
        }
    }

    /// Gives the child items until there are no more, and ends it if it is an endless reader.
    async fn stream(&self, stream: &mut Stream, pid: u32) {
        if !stream.run().await.unwrap_or_default() {
            // It has closed its standard input; its exit will say why.
            return;
        }
        stream.close();
        let process = self.context.plan.process(self.start.node);
        let Some(consumes) = &process.consumes else { return };
        if consumes.on_end == OnEnd::Eof {
            return self.gone.opened().await;
        }
        let mut quiet_since = Instant::now();
        let mut starved = child::waited_for_cpu(pid);
        loop {
            sleep((consumes.settle / LOOKS).max(Duration::from_millis(1))).await;
            if stream.unread() > 0 || self.printed.get() > quiet_since {
                quiet_since = Instant::now();
                starved = child::waited_for_cpu(pid);
            }
            // A machine under load must not make a reader look quiet that had no turn.
            let lost = child::waited_for_cpu(pid).saturating_sub(starved);
            if quiet_since.elapsed().saturating_sub(lost) >= consumes.settle {
                break;
            }
        }
        self.context.send(Input::Quiet { attempt: self.start.attempt }).await;
        self.gone.opened().await;
    }

    /// Reads one of the child's streams to its end.
    async fn read(&self, pipe: Option<PipeReader>, mut outlet: Outlet) -> Result<Outlet, Refused> {
        let Some(mut pipe) = pipe else { return Ok(outlet) };
        loop {
            let block = tokio::select! {
                biased;
                block = pipe.read() => block,
                () = self.gone.opened() => return self.drain(pipe, outlet).await,
            };
            let block = block.unwrap_or_default();
            if block.is_empty() {
                return Ok(outlet);
            }
            self.take(&mut outlet, block).await?;
        }
    }

    /// Reads what is left in a pipe whose child is gone; something else may keep it open.
    async fn drain(&self, mut pipe: PipeReader, mut outlet: Outlet) -> Result<Outlet, Refused> {
        let end = Instant::now() + DRAIN;
        loop {
            let silence = end.min(Instant::now() + SILENCE);
            match timeout_at(silence, pipe.read()).await {
                Ok(Ok(block)) if !block.is_empty() => self.take(&mut outlet, block).await?,
                Ok(_) => return Ok(outlet),
                Err(_) => {
                    self.holders.borrow_mut().extend(pipe.kill_holders());
                    return Ok(outlet);
                }
            }
        }
    }

    async fn take(&self, outlet: &mut Outlet, block: Bytes) -> Result<(), Refused> {
        self.printed.set(Instant::now());
        let taken = outlet.take(self.context, block).await;
        if taken.is_err() {
            // What it prints can't be used; it must not run on as if it could.
            self.orders.give(Order::Kill);
        }
        taken
    }
}

/// An outlet that was closed.
enum Closed {
    Fine(Leavings),
    Misframed(String),
}

/// Sleeps until then, or for ever.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Writes what lies in files, or as much as somebody reads.
async fn copy(mut blocks: Blocks, mut stdin: PipeWriter) -> Result<(), Fault> {
    while let Some(block) = blocks.next_block().map_err(Fault::log)? {
        if !matches!(stdin.write_all(&block).await, Ok(Wrote::Bytes(_))) {
            break;
        }
    }
    Ok(())
}

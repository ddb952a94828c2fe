//! Feed: what a child reads from its standard input.
//!
//! A child that does not read its payload is no error. A long-lived one is given items until there
//! are no more; an endless one is ended once it has read everything and is quiet. Unaware of what
//! the child prints, but for when it last did.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Life;
use crate::child::{self, PipeReader, PipeWriter, Wrote};
use crate::engine::core::Input;
use crate::engine::fault::Fault;
use crate::engine::invocation::Payload;
use crate::engine::orders::Order;
use crate::engine::printed::Blocks;
use crate::engine::stream::{Read, Stream};
use crate::engine::worker::{Desk, Wire, work};
use crate::model::OnEnd;
use crate::queue::{KeepFault, frame};

/// How often it is looked whether an endless reader is quiet, as a part of `settle`.
const LOOKS: u32 = 10;

/// What became of a child's standard input.
#[derive(Default)]
pub(super) struct Fed {
    /// The items that a long-lived child has read.
    pub(super) read: Option<Read>,
    /// The items of a worker.
    pub(super) desk: Option<Box<Desk>>,
    /// Why the child must not pass, however it exits.
    pub(super) fault: Option<String>,
}

impl Life<'_> {
    /// Gives the child its payload, until it has all or is gone. What it replies to that, if it
    /// does, comes on the second pipe.
    pub(super) async fn feed(
        &self,
        (stdin, replies): (Option<PipeWriter>, Option<PipeReader>),
        payload: Payload,
        pid: u32,
    ) -> Result<Fed, Fault> {
        let Some(mut stdin) = stdin else { return Ok(Fed::default()) };
        match payload {
            Payload::None => Ok(Fed::default()),
            Payload::Bytes(bytes) => tokio::select! {
                () = self.gone.opened() => Ok(Fed::default()),
                // Whether it matters that a reader has left, the child's exit says.
                wrote = stdin.write_all(&bytes) => {
                    wrote.map(|_| Fed::default()).map_err(Fault::Pump)
                }
            },
            Payload::Blocks(blocks) => tokio::select! {
                () = self.gone.opened() => Ok(Fed::default()),
                copied = self.copy(blocks, stdin) => copied,
            },
            Payload::Batch(items, framing) => {
                let mut heads = Vec::new();
                let mut pieces = frame(&items, framing, &mut heads);
                tokio::select! {
                    () = self.gone.opened() => Ok(Fed::default()),
                    wrote = stdin.write_pieces(&mut pieces) => {
                        wrote.map(|_| Fed::default()).map_err(Fault::Pump)
                    }
                }
            }
            Payload::Items(source) => self.stream(Stream::new(source, stdin, pid), pid).await,
            Payload::Work(wanted) => {
                let desk = Desk::new(self.context, self.start, wanted);
                let (desk, fault) = work(self, desk, Wire::new(stdin, replies), pid).await?;
                Ok(Fed { read: None, desk: Some(Box::new(desk)), fault })
            }
        }
    }

    /// Writes what lies in files, or as much as somebody reads.
    async fn copy(&self, mut blocks: Blocks, mut stdin: PipeWriter) -> Result<Fed, Fault> {
        loop {
            match blocks.next_block() {
                Ok(None) => return Ok(Fed::default()),
                Ok(Some(block)) => {
                    if stdin.write_all(&block).await.map_err(Fault::Pump)? == Wrote::ReaderGone {
                        return Ok(Fed::default());
                    }
                }
                Err(error) => {
                    // It must not take a part for the whole.
                    self.orders.give(Order::Kill);
                    let fault = Some(format!("its payload cannot be read: {error}"));
                    return Ok(Fed { fault, ..Fed::default() });
                }
            }
        }
    }

    /// Gives the child items, until there are no more or it is to end.
    async fn stream(&self, mut stream: Stream, pid: u32) -> Result<Fed, Fault> {
        let fault = tokio::select! {
            biased;
            () = self.gone.opened() => {
                stream.left_early();
                None
            }
            // Who is to end is given no more.
            () = self.ending.opened() => None,
            fault = self.stream_to_end(&mut stream, pid) => fault.map_err(Fault::Pump)?,
        };
        stream.close().map_err(Fault::Pump)?;
        self.gone.opened().await;
        let mut read = stream.end();
        let fault = match read.fault.take() {
            None => fault,
            Some(KeepFault::Spool(spool)) => return Err(Fault::Spool(spool)),
            Some(full @ KeepFault::Full { .. }) => Some(full.to_string()),
        };
        Ok(Fed { read: Some(read), fault, ..Fed::default() })
    }

    /// Gives the child all items, and asks to end an endless one. Returns why it must not pass.
    async fn stream_to_end(&self, stream: &mut Stream, pid: u32) -> io::Result<Option<String>> {
        let process = self.context.plan.process(self.start.node);
        let consumes = process.consumes.as_ref().expect("only a consumer is given items");
        let endless = consumes.on_end == OnEnd::Terminate;
        let reads_on = loop {
            if !self.run_while_served(stream).await? || (endless && !stream.read_up().await?) {
                break false;
            }
            // While it read, items may have come back from another one.
            if !endless || stream.is_spent() || !stream.has_more() {
                break true;
            }
        };
        if !reads_on {
            // What it will never read is for others, however long it lives on.
            stream.part();
        }
        stream.close()?;
        if !endless {
            return Ok(None);
        }
        self.quiet(consumes.settle, pid).await;
        let idler = !reads_on && stream.items_read() == 0;
        self.context.send(Input::Quiet { attempt: self.start.attempt }).await;
        Ok(idler.then(|| "it closed its standard input before it had read an item".to_owned()))
    }

    /// Gives the child items, but none while a service that it needs is down. Returns whether it
    /// reads on.
    async fn run_while_served(&self, stream: &mut Stream) -> io::Result<bool> {
        let (paces, node) = (&self.context.paces, self.start.node);
        loop {
            paces.become_down(node, false).await;
            tokio::select! {
                biased;
                () = paces.become_down(node, true) => {}
                ran = stream.run() => return ran,
            }
        }
    }

    /// Waits until the child has printed nothing for that long, by its own clock: a machine under
    /// load must not make a reader look quiet that had no turn.
    async fn quiet(&self, settle: Duration, pid: u32) {
        let mut since = Instant::now();
        let mut starved = child::waited_for_cpu(pid);
        loop {
            sleep((settle / LOOKS).max(Duration::from_millis(1))).await;
            let now_starved = child::waited_for_cpu(pid);
            if self.printed.get() > since || self.held_up.get() > 0 {
                (since, starved) = (Instant::now(), now_starved);
            }
            let lost = now_starved.saturating_sub(starved);
            if since.elapsed().saturating_sub(lost) >= settle {
                return;
            }
        }
    }
}

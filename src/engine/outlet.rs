//! Outlet: where the bytes go that a child prints.
//!
//! To its log, straight into queues, or held back until its item is accepted. A full queue stops
//! the child in its own write, because nothing is read meanwhile. Unaware of the child.

use std::collections::HashSet;
use std::rc::Rc;

use bytes::Bytes;

use super::context::Context;
use super::fault::Fault;
use super::findings::{Findings, Watched};
use super::lookout::{Lookout, View};
use super::printed::Print;
use super::recent::Recent;
use crate::event::{EventKind, LogPiece, Stream, Text};
use crate::journal::Piece;
use crate::mask;
use crate::model::{AttemptId, NodeId, QueueId};
use crate::queue::{FrameFault, Framer, NotPut, Origin, Queue, Slice, Spool};

/// Bytes of an [`EventKind::Output`] at most, so that a sink never has to take in a whole block.
const CHUNK: usize = 64 * 1024;

/// Where the bytes of one stream go.
pub(super) enum Outlet {
    /// Nowhere: the child was not given a pipe.
    Elsewhere,
    /// To the log, and to the sinks that want to see it.
    Log(Box<Log>),
    /// Straight into queues.
    Queues(Frames),
    /// Held back; framed already, so that what can't be framed fails its attempt.
    Held(Frames, Spool),
}

/// A stream that is logged, without its secrets.
pub(super) struct Log {
    attempt: AttemptId,
    stream: Stream,
    piece: Piece,
    mask: mask::Stream,
    /// What is printed, as it is, where others read it and masking may change it: what goes from
    /// one process to another must not be damaged. It has no name on disk.
    exact: Option<Spool>,
    /// Who remembers the last of it.
    recent: Option<Rc<Recent>>,
    /// Who looks at its lines.
    view: Option<View>,
    /// Who finds problems in them.
    watched: Option<Watched>,
}

impl Log {
    /// Logs a stream of an attempt; `recent` remembers the last of it.
    pub(super) fn outlet(
        context: &Context,
        (node, attempt): (NodeId, AttemptId),
        stream: Stream,
        recent: Option<Rc<Recent>>,
    ) -> Outlet {
        let masker = context.teller.masker();
        let is_read = stream == Stream::Stdout && context.printed.borrow().is_read(node);
        let spool = || Spool::new(context.folder.path());
        Outlet::Log(Box::new(Self {
            attempt,
            stream,
            piece: context.log(node, stream),
            mask: masker.stream(),
            exact: (is_read && !masker.is_idle()).then(spool),
            recent,
            view: None,
            watched: None,
        }))
    }
}

/// One stream of bytes, framed for each queue that it feeds.
pub(super) struct Frames {
    origin: Origin,
    queues: Vec<(QueueId, Queue, Framer)>,
    /// Queues that take nothing any more.
    refused: HashSet<QueueId>,
    items: Vec<Slice>,
}

/// Why an outlet takes no more.
pub(super) enum Refused {
    /// What the child printed can't be framed: its own fault.
    Frame(String),
    /// The world broke.
    Fault(Fault),
}

impl Refused {
    /// Returns why the child has failed; a fault goes on as one.
    pub(super) fn reason(self) -> Result<String, Fault> {
        match self {
            Self::Frame(reason) => Ok(reason),
            Self::Fault(fault) => Err(fault),
        }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Outlet {
    /// Lets somebody look at its lines, if it is a log.
    pub(super) fn looked_at(&mut self, lookout: &Rc<Lookout>) {
        match self {
            Self::Log(log) => log.view = Some(View::new(Rc::clone(lookout))),
            Self::Elsewhere | Self::Queues(_) | Self::Held(..) => {}
        }
    }

    /// Finds problems in its lines, if it is a log.
    pub(super) fn watched(&mut self, findings: &Findings) {
        match self {
            Self::Log(log) => log.watched = Some(findings.watch()),
            Self::Elsewhere | Self::Queues(_) | Self::Held(..) => {}
        }
    }

    /// Takes in a block; waits while a queue is full.
    pub(super) async fn take(
        &mut self,
        context: &Rc<Context>,
        block: Bytes,
    ) -> Result<(), Refused> {
        match self {
            Self::Elsewhere => Ok(()),
            Self::Log(log) => Ok(log.take(context, block)?),
            // Where nobody reads on, the core ends the child.
            Self::Queues(frames) => frames.publish(context, &block).await.map(drop),
            Self::Held(frames, spool) => {
                frames.check(context, &block)?;
                Ok(spool.write(&block).map_err(Fault::Spool)?)
            }
        }
    }

    /// Ends the stream; `passed` says whether a last item without terminator counts.
    pub(super) async fn end(
        self,
        context: &Rc<Context>,
        passed: bool,
    ) -> Result<Leavings, Refused> {
        match self {
            Self::Elsewhere => Ok(Leavings::Nothing),
            Self::Log(log) => Ok(log.end(context)?),
            Self::Queues(frames) => {
                frames.finish(context, passed).await?;
                Ok(Leavings::Nothing)
            }
            Self::Held(frames, spool) => {
                let queues = frames.queues.iter().map(|(id, ..)| *id).collect();
                frames.finish_check(context, passed)?;
                Ok(Leavings::Held(Held { queues, spool }))
            }
        }
    }
}

/// What is left of a stream at its end.
pub(super) enum Leavings {
    /// Nothing.
    Nothing,
    /// A piece of a log, and what others read of it.
    Log(LogPiece, Print),
    /// Bytes to be published, or dropped.
    Held(Held),
}

/// Bytes that were held back.
pub(super) struct Held {
    /// The queues that they are for.
    pub(super) queues: Vec<QueueId>,
    /// The bytes; they can be framed.
    pub(super) spool: Spool,
}

impl Log {
    fn take(&mut self, context: &Context, block: Bytes) -> Result<(), Fault> {
        if let Some(exact) = &mut self.exact {
            exact.write(&block).map_err(Fault::Spool)?;
        }
        if let Some(view) = &self.view {
            view.pass(&block);
        }
        let block = self.mask.mask(block);
        self.write(context, block)
    }

    fn write(&mut self, context: &Context, mut block: Bytes) -> Result<(), Fault> {
        self.piece.write(&block).map_err(Fault::Log)?;
        if let Some(recent) = &self.recent {
            recent.add(&block);
        }
        if let Some(watched) = &mut self.watched {
            watched.pass(context, &block);
        }
        if context.teller.wants_output() {
            while !block.is_empty() {
                let bytes = Text(block.split_to(block.len().min(CHUNK)));
                let (attempt, stream) = (self.attempt, self.stream);
                context.teller.tell(EventKind::Output { attempt, stream, bytes });
            }
        }
        Ok(())
    }

    fn end(mut self, context: &Context) -> Result<Leavings, Fault> {
        let rest = self.mask.finish();
        self.write(context, rest)?;
        if let Some(watched) = self.watched.take() {
            watched.finish(context);
        }
        let Some(piece) = self.piece.end().map_err(Fault::Log)? else {
            return Ok(Leavings::Nothing);
        };
        let print = match self.exact {
            Some(exact) => Print::Exact(Rc::new(exact)),
            None => Print::Logged(piece.clone()),
        };
        Ok(Leavings::Log(piece, print))
    }
}

impl Frames {
    /// Frames a stream of a node for these queues; what groups see of one queue is fed at once.
    pub(super) fn new(context: &Context, origin: Origin, queues: &[QueueId]) -> Self {
        let mut queues = queues.to_vec();
        queues.dedup_by_key(|id| context.plan.queues[id.index()].queue);
        let framer = |id: &QueueId| {
            let declared = context.plan.queue(*id);
            let framer = Framer::new(declared);
            (*id, context.queues[id.index()].clone(), framer)
        };
        let queues = queues.iter().map(framer).collect();
        Self { origin, queues, refused: HashSet::new(), items: Vec::new() }
    }

    /// Frames a block and puts its items in, waiting for room. Returns whether somebody is left to
    /// take them: one queue that nobody reads any more is no reason to keep them from others.
    pub(super) async fn publish(
        &mut self,
        context: &Context,
        block: &Bytes,
    ) -> Result<bool, Refused> {
        for (id, queue, framer) in &mut self.queues {
            let fed = framer.feed(block, &mut self.items);
            for item in self.items.drain(..) {
                // Mostly there is room, and a future for each item would cost more than that.
                if let Err(not) = queue.put(item, self.origin) {
                    let put = insist(queue, not, self.origin).await;
                    if !put.map_err(|refused| context.named(*id, refused))? {
                        self.refused.insert(*id);
                    }
                }
            }
            fed.map_err(|fault| context.refused(*id, &fault))?;
        }
        Ok(self.is_wanted())
    }

    fn is_wanted(&self) -> bool {
        self.refused.len() < self.queues.len()
    }

    /// Frames a block only to see whether it can be.
    fn check(&mut self, context: &Context, block: &Bytes) -> Result<(), Refused> {
        for (id, _, framer) in &mut self.queues {
            let fed = framer.feed(block, &mut self.items);
            self.items.clear();
            fed.map_err(|fault| context.refused(*id, &fault))?;
        }
        Ok(())
    }

    /// Ends the stream and puts its last item in. Returns whether somebody is left to take what
    /// came.
    pub(super) async fn finish(self, context: &Context, passed: bool) -> Result<bool, Refused> {
        let mut wanted = false;
        for (id, queue, framer) in self.queues {
            let last = framer.finish(passed).map_err(|fault| context.refused(id, &fault))?;
            let mut taken = !self.refused.contains(&id);
            if let Some(item) = last {
                let put = put(&queue, item, self.origin).await;
                taken = put.map_err(|refused| context.named(id, refused))?;
            }
            wanted |= taken;
        }
        Ok(wanted)
    }

    fn finish_check(self, context: &Context, passed: bool) -> Result<(), Refused> {
        for (id, _, framer) in self.queues {
            framer.finish(passed).map_err(|fault| context.refused(id, &fault))?;
        }
        Ok(())
    }
}

impl Context {
    /// Says which queue an item can't be put into.
    fn named(&self, queue: QueueId, refused: Refused) -> Refused {
        match refused {
            Refused::Frame(reason) => {
                Refused::Frame(format!("queue `{}`: {reason}", self.plan.queue(queue).name))
            }
            fault @ Refused::Fault(_) => fault,
        }
    }

    /// Says which queue an output can't be framed for.
    fn refused(&self, queue: QueueId, fault: &FrameFault) -> Refused {
        Refused::Frame(format!("queue `{}`: {fault}", self.plan.queue(queue).name))
    }
}

/// Puts an item in, waiting for room. Returns whether it was taken: once the queue is closed nobody
/// wants it, and it is dropped; where no reader need run, as if it had been taken. What the queue
/// can't take at all is the fault of who made it.
pub(super) async fn put(
    queue: &Queue,
    item: impl Into<Slice>,
    origin: Origin,
) -> Result<bool, Refused> {
    match queue.put(item, origin) {
        Ok(()) => Ok(true),
        Err(not) => insist(queue, not, origin).await,
    }
}

/// Puts an item in that was not taken at once, as [`put`] does.
async fn insist(queue: &Queue, mut not: NotPut, origin: Origin) -> Result<bool, Refused> {
    loop {
        let item = match not {
            NotPut::Full(back) => back,
            NotPut::Closed => return Ok(queue.swallows()),
            NotPut::Unfit(reason) => return Err(Refused::Frame(reason)),
            NotPut::Fault(fault) => return Err(Fault::Queue(fault).into()),
        };
        if !queue.room().await {
            return Ok(queue.swallows());
        }
        match queue.put(item, origin) {
            Ok(()) => return Ok(true),
            Err(again) => not = again,
        }
    }
}

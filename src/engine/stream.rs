//! Stream: items written to a long-lived child, one after the other.
//!
//! A child that works slowly is given one item at a time, so that items go to whoever is free; one
//! that reads quickly is given large batches, written in as few pieces as they were read in. What a
//! child has not read when it ends goes back: the pipe knows how many bytes that is. Unaware of
//! what the child does with an item.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::limits::Limits;
use crate::child::{Alarm, PipeWriter, Unread, Wrote};
use crate::model::{Ack, Framing, Recycle};
use crate::queue::{Batch, Keep, KeepFault, Queue, Reader, Replay, frame, unread};

/// Bytes of a batch for a child that reads quickly: large enough that a system call costs nothing,
/// small enough that the end of a queue is shared by several.
const FAST_BATCH: usize = 256 * 1024;

/// Bytes of a batch from which on a child is taken for quick, and its pipe may be large: a page.
const QUICK_BATCH: usize = 4096;

/// Items of a batch at most, so that a batch of empty lines stays small.
const BATCH_ITEMS: usize = 8192;

/// A child that took a batch within this is given twice as much the next time.
const QUICK: Duration = Duration::from_millis(1);

/// A child that has not taken a batch within this is given one item at a time again.
const SLOW: Duration = Duration::from_millis(100);

/// How often it is looked at most whether a child has read what it was given, while there is
/// nothing new.
const LOOK: Duration = Duration::from_millis(20);

/// The first look; each that finds nothing new is followed by one after twice as long. A quick
/// child reads a whole queue of the usual capacity within this, and what fills that queue again
/// waits for the look: a later first look would make it the pace of the job.
const FIRST_LOOK: Duration = Duration::from_micros(50);

/// Where the items come from.
pub(super) struct Source {
    /// The queue.
    pub(super) queue: Queue,
    /// How it is read.
    pub(super) reader: Reader,
    /// What a child before this one has read and failed with; it comes first.
    pub(super) replay: Option<Replay>,
    /// How its items are framed.
    pub(super) framing: Framing,
    /// When an item is accepted.
    pub(super) ack: Ack,
    /// Where what is read is kept until the child ends, if it comes to that.
    pub(super) folder: PathBuf,
    /// Bytes that are kept of it at most.
    pub(super) keep_bytes: u64,
    /// When the child is replaced by a fresh one.
    pub(super) recycle: Recycle,
}

/// The feeding of one child.
pub(super) struct Stream {
    source: Source,
    stdin: Stdin,
    /// Where the system has none left, looks are a millisecond apart at least.
    alarm: Option<Alarm>,
    /// Batches that the child may not have read to the end, each with where it ends in the stream.
    open: VecDeque<(Batch, u64)>,
    /// Bytes written.
    sent: u64,
    /// Items read so far.
    read: u64,
    /// Items that went back unread.
    returned: u64,
    /// Items read whose outcome is that of the child.
    kept: Option<Keep>,
    /// Why not all that was read can be kept.
    fault: Option<KeepFault>,
    /// Bytes that the next batch may have.
    batch: usize,
    limits: Limits,
    /// Items that the child was given.
    given: u64,
    /// Whether the child is to be replaced.
    spent: bool,
}

/// The child's standard input.
enum Stdin {
    Open(PipeWriter),
    Closed(Unread),
    /// Nothing can be known of it any more.
    Lost,
}

/// What a child has read, once it is over.
pub(super) struct Read {
    /// How many items.
    pub(super) items: u64,
    /// How many it was given and has not read; they went back. At least one where it has left
    /// something in the queue.
    pub(super) unread: u64,
    /// Those whose outcome is that of the child.
    pub(super) kept: Option<Keep>,
    /// Why not all that was read could be kept; what could not be went back.
    pub(super) fault: Option<KeepFault>,
}

impl Stream {
    /// Begins to feed a child.
    pub(super) fn new(source: Source, mut stdin: PipeWriter, pid: u32) -> Self {
        stdin.shrink();
        let keep = || Keep::new(&source.queue, &source.folder, source.keep_bytes);
        Self {
            kept: (source.ack == Ack::Exit).then(keep),
            fault: None,
            limits: Limits::new(source.recycle, pid),
            given: 0,
            spent: false,
            source,
            alarm: stdin.alarm(),
            stdin: Stdin::Open(stdin),
            open: VecDeque::new(),
            sent: 0,
            read: 0,
            returned: 0,
            batch: 1,
        }
    }

    /// Writes items until the queue has no more, or the child reads no more. It may be dropped at
    /// any await without losing an item. Returns whether the child reads on.
    pub(super) async fn run(&mut self) -> io::Result<bool> {
        loop {
            if self.is_spent() {
                return Ok(true);
            }
            match self.next_item().await? {
                Next::Item => {}
                Next::End => return Ok(true),
                Next::ReaderGone => return Ok(false),
            }
            let Some(batch) = self.take()? else { continue };
            self.given += batch.items().len() as u64;
            let given = Instant::now();
            self.open.push_back((batch, self.sent));
            if !self.write_last().await? {
                return Ok(false);
            }
            if self.batch < QUICK_BATCH && !self.wait_until_read().await? {
                return Ok(false);
            }
            self.note_read();
            if self.fault.is_some() {
                return Ok(false);
            }
            self.adapt(given.elapsed());
        }
    }

    /// Takes the next items: first what has to be read again.
    fn take(&mut self) -> io::Result<Option<Batch>> {
        if let Some(replay) = &mut self.source.replay {
            let again = replay.next_batch(self.batch as u64).map_err(io::Error::other)?;
            if again.is_some() {
                return Ok(again);
            }
            self.source.replay = None;
        }
        let left = usize::try_from(self.limits.left(self.given)).unwrap_or(usize::MAX);
        Ok(self.source.reader.take_many(BATCH_ITEMS.min(left), self.batch))
    }

    /// Returns whether the child is to be replaced: it is given no more.
    pub(super) fn is_spent(&mut self) -> bool {
        let may_be = self.given > 0 && self.source.replay.is_none();
        self.spent |= may_be && self.limits.are_reached(self.given);
        self.spent
    }

    /// Waits for an item; settles what is read meanwhile.
    async fn next_item(&mut self) -> io::Result<Next> {
        if self.source.replay.is_some() {
            return Ok(Next::Item);
        }
        let end = self.limits.ends().filter(|_| self.given > 0);
        let mut pause = FIRST_LOOK;
        while !self.open.is_empty() {
            let Stdin::Open(stdin) = &mut self.stdin else { return Ok(Next::ReaderGone) };
            tokio::select! {
                biased;
                more = self.source.reader.ready() => return Ok(Next::after(more)),
                drained = stdin.drained() => {
                    drained?;
                    if stdin.unread()? > 0 {
                        return Ok(Next::ReaderGone);
                    }
                }
                () = doze(self.alarm.as_mut(), pause) => {
                    if self.limits.are_reached(self.given) {
                        return Ok(Next::End);
                    }
                }
            }
            pause = if self.note_read() { FIRST_LOOK } else { LOOK.min(pause * 2) };
        }
        tokio::select! {
            biased;
            more = self.source.reader.ready() => Ok(Next::after(more)),
            () = until(end) => Ok(Next::End),
        }
    }

    /// Waits until the child has read everything, and settles that. Returns whether it has: it may
    /// also read no more.
    pub(super) async fn read_up(&mut self) -> io::Result<bool> {
        let read = self.wait_until_read().await?;
        self.note_read();
        Ok(read)
    }

    /// Returns whether there is something to give to the child.
    pub(super) fn has_more(&self) -> bool {
        self.source.replay.is_some() || self.source.reader.has_waiting()
    }

    /// Returns how many items it has read, as far as that is known.
    pub(super) fn items_read(&self) -> u64 {
        self.read
    }

    /// Writes the last batch; returns whether the child reads on.
    async fn write_last(&mut self) -> io::Result<bool> {
        let (Some((batch, end)), Stdin::Open(stdin)) = (self.open.back_mut(), &mut self.stdin)
        else {
            return Ok(false);
        };
        let mut heads = Vec::new();
        let mut pieces = frame(batch.items(), self.source.framing, &mut heads);
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        *end = self.sent + bytes as u64;
        let mut rest = pieces.as_mut_slice();
        while !rest.is_empty() {
            match stdin.write_vectored(rest).await? {
                Wrote::ReaderGone => return Ok(false),
                Wrote::Bytes(written) => {
                    self.sent += written as u64;
                    IoSlice::advance_slices(&mut rest, written);
                }
            }
        }
        Ok(true)
    }

    /// Waits until the child has read everything, so that the next item goes to whoever is free.
    /// Returns `false` where it reads no more.
    async fn wait_until_read(&mut self) -> io::Result<bool> {
        let Stdin::Open(stdin) = &mut self.stdin else { return Ok(false) };
        loop {
            // A pipe that could not be made small enough does not say when it is empty.
            match timeout(LOOK, stdin.drained()).await {
                Ok(drained) => {
                    drained?;
                    return Ok(stdin.unread()? == 0);
                }
                Err(_) if stdin.unread()? == 0 => return Ok(true),
                Err(_) => {}
            }
        }
    }

    /// Gives more to a child that reads quickly, one item to one that does not.
    fn adapt(&mut self, took: Duration) {
        let Stdin::Open(stdin) = &mut self.stdin else { return };
        if took < QUICK && self.batch < FAST_BATCH {
            self.batch = (self.batch * 2).min(FAST_BATCH);
            if self.batch >= QUICK_BATCH {
                stdin.grow();
            }
        } else if took > SLOW {
            self.batch = 1;
            stdin.shrink();
        }
    }

    /// Settles the items that the child has read; returns whether there were any.
    fn note_read(&mut self) -> bool {
        let before = self.read;
        let position = self.sent.saturating_sub(self.unread());
        while self.open.front().is_some_and(|(_, end)| *end <= position) {
            let Some((batch, _)) = self.open.pop_front() else { break };
            self.settle(batch, 0);
        }
        if let Some((batch, end)) = self.open.front_mut() {
            let unread = unread(batch.items(), *end - position, self.source.framing);
            let read = batch.items().len() - unread;
            if read > 0 {
                let read = batch.split_off(read);
                self.settle(read, 0);
            }
        }
        self.read > before
    }

    fn settle(&mut self, batch: Batch, unread: usize) {
        self.read += (batch.items().len() - unread) as u64;
        match &mut self.kept {
            None => batch.accept_but(unread),
            Some(kept) => {
                if let Err(fault) = kept.add(batch, unread) {
                    self.fault.get_or_insert(fault);
                }
            }
        }
    }

    /// Returns how many bytes were written and not read.
    fn unread(&self) -> u64 {
        let unread = match &self.stdin {
            Stdin::Open(stdin) => stdin.unread(),
            Stdin::Closed(unread) => unread.bytes(),
            Stdin::Lost => Ok(0),
        };
        unread.unwrap_or_default()
    }

    /// Closes the child's standard input: it comes to the end. A second call does nothing.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.stdin = match std::mem::replace(&mut self.stdin, Stdin::Lost) {
            Stdin::Open(stdin) => Stdin::Closed(stdin.finish()?),
            closed @ (Stdin::Closed(_) | Stdin::Lost) => closed,
        };
        Ok(())
    }

    /// The child reads no more: what it has not read goes back.
    pub(super) fn part(&mut self) {
        let position = self.sent.saturating_sub(self.unread());
        while let Some((batch, end)) = self.open.pop_front() {
            let unread = unread(batch.items(), end.saturating_sub(position), self.source.framing);
            self.returned += unread as u64;
            self.settle(batch, unread);
        }
    }

    /// The child is gone although its input was not at its end: what waits there it has left, also
    /// where it was gone before it could be given any of it.
    pub(super) fn left_early(&mut self) {
        self.part();
        if self.has_more() {
            self.returned = self.returned.max(1);
        }
    }

    /// The child is over.
    pub(super) fn end(mut self) -> Read {
        self.part();
        if let (Some(kept), Some(rest)) = (&mut self.kept, self.source.replay.take()) {
            kept.join(rest);
        }
        let kept = self.kept.filter(|kept| kept.items() > 0);
        Read { items: self.read, unread: self.returned, kept, fault: self.fault }
    }
}

/// What comes next for a child.
enum Next {
    /// An item.
    Item,
    /// Nothing any more.
    End,
    /// Nothing, because it reads no more.
    ReaderGone,
}

impl Next {
    fn after(more: bool) -> Self {
        if more { Self::Item } else { Self::End }
    }
}

/// Sleeps until then; for ever where that is never.
async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// Sleeps for so long, or for what the runtime's clock takes for it.
async fn doze(alarm: Option<&mut Alarm>, time: Duration) {
    let Some(alarm) = alarm else { return sleep(time).await };
    tokio::select! {
        Ok(()) = alarm.sleep(time) => {}
        // Where time is simulated the alarm knows nothing of it, and it may fail.
        () = sleep(time) => {}
    }
}

//! Stream: items written to a long-lived child, one after the other.
//!
//! A child that works slowly is given one item at a time, so that items go to whoever is free; one
//! that reads quickly is given large batches, written in as few pieces as they were read in. What a
//! child has not read when it ends goes back: the pipe knows how many bytes that is. Unaware of
//! what the child does with an item.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::child::{PipeWriter, Unread, Wrote};
use crate::model::{Ack, Framing};
use crate::queue::{Batch, Kept, Queue, frame, unread};

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

/// Pieces that one system call takes (`IOV_MAX` of Linux).
const PIECES: usize = 1024;

/// How often it is looked whether a child has read what it was given, while there is nothing new.
const LOOK: Duration = Duration::from_millis(20);

/// Where the items come from.
pub(super) struct Source {
    /// The queue.
    pub(super) queue: Queue,
    /// How its items are framed.
    pub(super) framing: Framing,
    /// When an item is accepted.
    pub(super) ack: Ack,
}

/// The feeding of one child.
pub(super) struct Stream {
    source: Source,
    stdin: Stdin,
    /// Batches that the child may not have read to the end, each with where it ends in the stream.
    open: VecDeque<(Batch, u64)>,
    /// Bytes written.
    sent: u64,
    /// Items read so far.
    read: u64,
    /// Items read whose outcome is that of the child.
    kept: Option<Kept>,
    /// Bytes that the next batch may have.
    batch: usize,
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
    /// How many it was given and has not read; they went back.
    pub(super) unread: u64,
    /// Those whose outcome is that of the child.
    pub(super) kept: Option<Kept>,
}

impl Stream {
    /// Begins to feed a child.
    pub(super) fn new(source: Source, mut stdin: PipeWriter) -> Self {
        stdin.shrink();
        Self {
            source,
            stdin: Stdin::Open(stdin),
            open: VecDeque::new(),
            sent: 0,
            read: 0,
            kept: None,
            batch: 1,
        }
    }

    /// Writes items until the queue has no more, or the child reads no more. It may be dropped at
    /// any await without losing an item. Returns whether the child reads on.
    pub(super) async fn run(&mut self) -> io::Result<bool> {
        while self.wait_for_item().await {
            let Some(batch) = self.source.queue.take_many(BATCH_ITEMS, self.batch) else {
                continue;
            };
            let given = Instant::now();
            self.open.push_back((batch, self.sent));
            if !self.write_last().await? {
                return Ok(false);
            }
            if self.batch < QUICK_BATCH {
                self.wait_until_read().await?;
            }
            self.note_read();
            self.adapt(given.elapsed());
        }
        Ok(true)
    }

    /// Waits for an item; settles what is read meanwhile. Returns whether there is one.
    async fn wait_for_item(&mut self) -> bool {
        while !self.open.is_empty() {
            if let Ok(more) = timeout(LOOK, self.source.queue.ready()).await {
                return more;
            }
            self.note_read();
        }
        self.source.queue.ready().await
    }

    /// Writes the last batch; returns whether the child reads on.
    async fn write_last(&mut self) -> io::Result<bool> {
        let (Some((batch, end)), Stdin::Open(stdin)) = (self.open.back_mut(), &mut self.stdin)
        else {
            return Ok(false);
        };
        let mut pieces = frame(batch.items(), self.source.framing);
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        *end = self.sent + bytes as u64;
        let mut rest = pieces.as_mut_slice();
        while !rest.is_empty() {
            let most = rest.len().min(PIECES);
            match stdin.write_vectored(&rest[..most]).await? {
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
    async fn wait_until_read(&mut self) -> io::Result<()> {
        let Stdin::Open(stdin) = &mut self.stdin else { return Ok(()) };
        loop {
            // A pipe that could not be made small enough does not say when it is empty.
            match timeout(LOOK, stdin.drained()).await {
                Ok(drained) => return drained,
                Err(_) if stdin.unread()? == 0 => return Ok(()),
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

    /// Settles the batches that the child has read to their ends.
    fn note_read(&mut self) {
        let position = self.sent.saturating_sub(self.unread());
        while self.open.front().is_some_and(|(_, end)| *end <= position) {
            let Some((batch, _)) = self.open.pop_front() else { break };
            self.settle(batch, 0);
        }
    }

    fn settle(&mut self, batch: Batch, unread: usize) {
        self.read += (batch.items().len() - unread) as u64;
        match self.source.ack {
            Ack::Read => batch.accept_but(unread),
            Ack::Exit => {
                let kept = batch.keep_but(unread);
                match &mut self.kept {
                    Some(all) => all.join(kept),
                    none => *none = Some(kept),
                }
            }
        }
    }

    /// Returns how many bytes were written and not read.
    pub(super) fn unread(&self) -> u64 {
        let unread = match &self.stdin {
            Stdin::Open(stdin) => stdin.unread(),
            Stdin::Closed(unread) => unread.bytes(),
            Stdin::Lost => Ok(0),
        };
        unread.unwrap_or_default()
    }

    /// Closes the child's standard input: it comes to the end.
    pub(super) fn close(&mut self) {
        self.stdin = match std::mem::replace(&mut self.stdin, Stdin::Lost) {
            Stdin::Open(stdin) => stdin.finish().map_or(Stdin::Lost, Stdin::Closed),
            closed @ (Stdin::Closed(_) | Stdin::Lost) => closed,
        };
    }

    /// The child is over: what it has not read goes back.
    pub(super) fn end(mut self) -> Read {
        let position = self.sent.saturating_sub(self.unread());
        let mut left = 0;
        while let Some((batch, end)) = self.open.pop_front() {
            let unread = unread(batch.items(), end.saturating_sub(position));
            left += unread as u64;
            self.settle(batch, unread);
        }
        Read { items: self.read, unread: left, kept: self.kept }
    }
}

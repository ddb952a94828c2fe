//! Wire: the pipes on which a worker is asked and replies.
//!
//! What is to be said is gathered, so that one write says it to a worker that takes many items. How
//! much of it the worker has read is known at any time: an item whose request lies unread when it
//! ends was never in its hand. Unaware of what is said.

use std::io;

use bytes::Bytes;

use crate::child::{PipeReader, PipeWriter, Unread, Wrote};

/// Bytes of requests that wait to be written, after which no item is taken: what a pipe takes at
/// once when it is large, so that a worker which never reads costs no more than that.
const MOST_UNSAID: usize = 256 << 10;

/// Both directions of a worker's wire.
#[derive(Debug)]
pub(in crate::engine) struct Wire {
    asking: Asking,
    replies: Option<PipeReader>,
    /// What is to be said.
    unsaid: Vec<u8>,
    /// How much of that is said.
    start: usize,
    /// Bytes said so far.
    said: u64,
}

/// The way to the worker.
#[derive(Debug)]
enum Asking {
    Open(PipeWriter),
    Closed(Unread),
    /// Nothing can be known of it any more.
    Lost,
}

impl Wire {
    /// Takes the engine's ends.
    pub(in crate::engine) fn new(asking: PipeWriter, replies: Option<PipeReader>) -> Self {
        Self { asking: Asking::Open(asking), replies, unsaid: Vec::new(), start: 0, said: 0 }
    }

    /// Returns where a request goes that is to be said, and at which byte it begins.
    pub(super) fn say(&mut self) -> (&mut Vec<u8>, u64) {
        let at = self.said + (self.unsaid.len() - self.start) as u64;
        (&mut self.unsaid, at)
    }

    /// Returns whether no more should be said before some was written.
    pub(super) fn is_full(&self) -> bool {
        self.unsaid.len() - self.start >= MOST_UNSAID
    }

    /// Returns whether something is to be written.
    pub(super) fn has_unsaid(&self) -> bool {
        matches!(self.asking, Asking::Open(_)) && self.start < self.unsaid.len()
    }

    /// Returns whether replies may still come.
    pub(super) fn is_heard(&self) -> bool {
        self.replies.is_some()
    }

    /// Returns whether the worker may still be asked.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.asking, Asking::Open(_))
    }

    /// Waits until something happens on it. May be cancelled.
    pub(super) async fn next(&mut self) -> io::Result<Heard> {
        let has_unsaid = self.has_unsaid();
        let replies = async {
            match &mut self.replies {
                Some(replies) => replies.read().await,
                None => std::future::pending().await,
            }
        };
        let asking = async {
            match &mut self.asking {
                Asking::Open(asking) if has_unsaid => {
                    asking.write(&self.unsaid[self.start..]).await
                }
                Asking::Open(_) | Asking::Closed(_) | Asking::Lost => std::future::pending().await,
            }
        };
        let wrote = tokio::select! {
            biased;
            block = replies => return block.map(Heard::Said),
            wrote = asking => wrote?,
        };
        Ok(match wrote {
            Wrote::ReaderGone => Heard::Deaf,
            Wrote::Bytes(bytes) => {
                self.start += bytes;
                self.said += bytes as u64;
                if self.start == self.unsaid.len() {
                    self.start = 0;
                    self.unsaid.clear();
                    self.unsaid.shrink_to(MOST_UNSAID);
                }
                Heard::Asked
            }
        })
    }

    /// Says no more, so that the worker comes to the end. A second call does nothing.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.asking = match std::mem::replace(&mut self.asking, Asking::Lost) {
            Asking::Open(asking) => Asking::Closed(asking.finish()?),
            closed @ (Asking::Closed(_) | Asking::Lost) => closed,
        };
        Ok(())
    }

    /// Returns up to which byte the worker has read.
    pub(super) fn read_up_to(&self) -> u64 {
        let unread = match &self.asking {
            Asking::Open(asking) => asking.unread(),
            Asking::Closed(unread) => unread.bytes(),
            Asking::Lost => Ok(0),
        };
        self.said.saturating_sub(unread.unwrap_or_default())
    }

    /// Hears no more, and returns what it was heard on.
    pub(super) fn hang_up(&mut self) -> Option<PipeReader> {
        self.replies.take()
    }
}

/// What happened on a wire.
#[derive(Debug)]
pub(super) enum Heard {
    /// The worker said this; nothing at its end.
    Said(Bytes),
    /// Something was said to it.
    Asked,
    /// It hears no more.
    Deaf,
}

//! Laws: what holds for a queue whatever happens to it.
//!
//! Random steps against a naive model, random cuttings of random bytes, and what else a queue
//! promises: who wakes up when, what its lanes share, what survives a full disk.
//!
//! Reading order: [`play`] takes [`steps`] with a [`model`]; [`framing`]; then single stories.

mod disk;
mod framing;
mod kept;
mod lanes;
mod model;
mod play;
mod steps;
mod waking;

use std::path::{Path, PathBuf};

use super::{Ask, Changes, Queue};
use crate::model::{self as nouns, FileId, Framing, QueueId};

/// A queue that takes so many items and bytes.
fn declared(capacity: u64, capacity_bytes: u64) -> nouns::Queue {
    let plain = nouns::Queue::new("q", FileId(0), PathBuf::new());
    nouns::Queue { capacity, capacity_bytes, ..plain }
}

fn queue(capacity: u64, capacity_bytes: u64) -> Queue {
    let declared = declared(capacity, capacity_bytes);
    Queue::new(QueueId(0), &declared, Path::new("nowhere"), &Changes::default())
}

const FRAMINGS: [Framing; 5] =
    [Framing::Lines, Framing::Nul, Framing::Json, Framing::Netstring, Framing::U32be];

/// Returns a function that takes the word at a place out of an item.
fn word(at: usize) -> Ask {
    Box::new(move |bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.split(' ').nth(at).map(Into::into).ok_or_else(|| "it is short".to_owned())
    })
}

/// Polls a future once.
fn polled<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut context) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    }
}

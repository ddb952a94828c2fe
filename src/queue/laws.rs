//! Laws: what holds for a queue whatever happens to it.
//!
//! Random steps against a naive model, random cuttings of random bytes, and who wakes up when.

mod framing;
mod model;
mod play;
mod waking;

use std::path::{Path, PathBuf};

use super::{Changes, Queue};
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

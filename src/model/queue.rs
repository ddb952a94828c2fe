//! Queue: a bounded channel of items, and how processes put into it and take from it.
//!
//! Unaware of brokers and children.

use std::path::PathBuf;
use std::time::Duration;

use super::{FileId, Template};

/// A declared queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// `NAME` of `queue.NAME`.
    pub name: String,
    /// The file that declares it.
    pub file: FileId,
    /// The folder of that file, absolute: relative paths start there.
    pub base: PathBuf,
    /// `description`.
    pub description: Option<String>,
    /// `capacity`: items, lent ones included.
    pub capacity: u64,
    /// `capacity-bytes`: bytes of items, lent ones included.
    pub capacity_bytes: u64,
    /// `max-item`: bytes of one item.
    pub max_item: u64,
    /// `framing`.
    pub framing: Framing,
    /// `items`: a static source.
    pub items: Option<Items>,
    /// `on-full`: what happens once it is full.
    pub on_full: OnFull,
    /// `unique`: whether an item is accepted once per run.
    pub unique: bool,
}

impl Queue {
    /// `capacity` where none is given: enough to keep consumers busy, little enough to see a jam.
    pub const CAPACITY: u64 = 1024;
    /// `capacity-bytes` where none is given.
    pub const CAPACITY_BYTES: u64 = 64 << 20;
    /// `max-item` where none is given.
    pub const MAX_ITEM: u64 = 1 << 20;

    /// Returns a queue that says nothing but its name.
    pub fn new(name: impl Into<String>, file: FileId, base: PathBuf) -> Self {
        Self {
            name: name.into(),
            file,
            base,
            description: None,
            capacity: Self::CAPACITY,
            capacity_bytes: Self::CAPACITY_BYTES,
            max_item: Self::MAX_ITEM,
            framing: Framing::default(),
            items: None,
            on_full: OnFull::default(),
            unique: false,
        }
    }
}

/// `on-full`: what happens once a queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFull {
    /// `block`: its producers stop in their own write.
    #[default]
    Block,
    /// `spill`: what does not fit goes to disk.
    Spill,
}

/// `framing`: where an item ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// `lines`: a line feed.
    #[default]
    Lines,
    /// `nul`: a zero byte.
    Nul,
    /// `json`: one JSON value a line.
    Json,
}

/// `items`: a static source of a queue. It never changes while a run goes on.
#[derive(Debug, Clone)]
pub enum Items {
    /// A list; tables and numbers are written as JSON.
    List(Vec<String>),
    /// `{ file }`: the items of a file, framed as the queue is.
    File(Template),
    /// `{ glob }`: the paths that match, relative to the job file's folder, in order.
    Glob(Template),
    /// `{ range = [first, end] }`: whole numbers; `end` is not among them.
    Range(i64, i64),
    /// `{ command }`: what the command prints, framed as the queue is.
    Command(Vec<Template>),
}

/// `consumes`: how a process takes items.
#[derive(Debug, Clone)]
pub struct Consumes {
    /// `queue`.
    pub queue: String,
    /// `deliver`.
    pub deliver: Deliver,
    /// `workers`: children of this process at once; the pool's size where none is given.
    pub workers: Option<u32>,
    /// `on-end`.
    pub on_end: OnEnd,
    /// `settle`: how long an endless reader must have been quiet before it is ended.
    pub settle: Duration,
    /// `ack`: when a `stream` item counts as accepted.
    pub ack: Ack,
}

/// `deliver`: how an item reaches a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliver {
    /// `args`: one child an item, which stands in argv as `{item}` and in `RUNNER_ITEM`.
    Args,
    /// `stdin`: one child an item, which is the child's whole standard input.
    Stdin,
    /// `stream`: long-lived children that read items, framed, one after the other.
    Stream,
}

/// `on-end`: how a `stream` child is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnEnd {
    /// `eof`: its standard input is closed and the runner waits for its exit.
    #[default]
    Eof,
    /// `terminate`: an endless reader; after EOF, once it has read everything and is quiet, it
    /// gets its stop signal.
    Terminate,
}

/// `ack`: when an item of a `stream` is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ack {
    /// `exit`: when the child has exited 0; what it printed is published then.
    #[default]
    Exit,
    /// `read`: when the child has read it; what it prints is published as it comes.
    Read,
}

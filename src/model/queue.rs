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
    /// `key`: what makes an item the same item; the whole item where none is given.
    pub key: Option<Template>,
    /// `order`.
    pub order: Order,
    /// `groups`: each sees every item; without any, consumers compete.
    pub groups: Vec<String>,
    /// `crlf`: whether one CR before the LF of `lines` is no part of the item.
    pub crlf: bool,
    /// `on-producer-failure`.
    pub on_producer_failure: OnProducerFailure,
    /// `dead`: the queue that items go to which failed for good; the run's folder where none is
    /// given.
    pub dead: Option<String>,
    /// `tolerate`: how many dead items still let the run succeed.
    pub tolerate: Tolerate,
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
            key: None,
            order: Order::default(),
            groups: Vec::new(),
            crlf: false,
            on_producer_failure: OnProducerFailure::default(),
            dead: None,
            tolerate: Tolerate::default(),
        }
    }
}

/// `order`: which item goes first.
#[derive(Debug, Clone, Default)]
pub enum Order {
    /// `fifo`: the one that came first.
    #[default]
    Fifo,
    /// `priority`: the one for which this is the greatest number; of equals the one that came
    /// first.
    Priority(Template),
}

/// `on-producer-failure`: what becomes of what a producer made that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnProducerFailure {
    /// `drain`: it is valid, and is worked off.
    #[default]
    Drain,
    /// `discard`: it is listed and dropped.
    Discard,
}

/// `tolerate`: how many dead items still let the run succeed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerate {
    /// So many.
    Items(u64),
    /// A part of all items, from 0 to 1.
    Part(f64),
}

impl Default for Tolerate {
    fn default() -> Self {
        Self::Items(0)
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
    /// `netstring`: its length in digits, a colon, the item, a comma.
    Netstring,
    /// `u32be`: its length as four bytes, the highest first, and the item.
    U32be,
}

impl Framing {
    /// Returns its word in a job file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Nul => "nul",
            Self::Json => "json",
            Self::Netstring => "netstring",
            Self::U32be => "u32be",
        }
    }
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
    /// What an earlier run has left, in the folder of this one. No job file says so: it is said of
    /// one whose dead items are tried again.
    Kept,
}

/// `consumes`: how a process takes items.
#[derive(Debug, Clone)]
pub struct Consumes {
    /// `queue`.
    pub queue: String,
    /// `group`: of the queue's groups, where it has any.
    pub group: Option<String>,
    /// `deliver`.
    pub deliver: Deliver,
    /// `batch`: of `deliver = "batch"`.
    pub batch: Batch,
    /// `workers`: children of this process at once; the pool's size where none is given.
    pub workers: Option<u32>,
    /// `on-end`.
    pub on_end: OnEnd,
    /// `settle`: how long an endless reader must have been quiet before it is ended.
    pub settle: Duration,
    /// `ack`: when a `stream` item counts as accepted.
    pub ack: Ack,
    /// `keep-bytes`: of the items that one `stream` child with `ack = "exit"` has read.
    pub keep_bytes: u64,
    /// `wire`: where a worker speaks its protocol.
    pub wire: Wire,
    /// `recycle`.
    pub recycle: Recycle,
    /// `shard`: items for which this is the same go to the same slot, in order.
    pub shard: Option<Template>,
    /// `fail-streak`: how many different items in a row may fail before it pauses.
    pub fail_streak: u32,
}

impl Consumes {
    /// `keep-bytes` where none is given.
    pub const KEEP_BYTES: u64 = 1 << 30;
    /// `fail-streak` where none is given.
    pub const FAIL_STREAK: u32 = 20;
    /// `settle` where none is given.
    pub const SETTLE: Duration = Duration::from_secs(1);

    /// Returns a consumer that says nothing but its queue and how items arrive.
    pub fn new(queue: impl Into<String>, deliver: Deliver) -> Self {
        Self {
            queue: queue.into(),
            group: None,
            deliver,
            batch: Batch::default(),
            workers: None,
            on_end: OnEnd::default(),
            settle: Self::SETTLE,
            ack: Ack::default(),
            keep_bytes: Self::KEEP_BYTES,
            wire: Wire::default(),
            recycle: Recycle::default(),
            shard: None,
            fail_streak: Self::FAIL_STREAK,
        }
    }
}

/// `batch`: how many items one child gets, and how. It gets them once one of these bounds is
/// reached, `linger` is over or nothing more can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// `items`: at most so many.
    pub items: Option<u64>,
    /// `bytes`: at most so many bytes of items, but at least one item.
    pub bytes: Option<u64>,
    /// `linger`: how long it waits for more once it has one.
    pub linger: Duration,
    /// `as`.
    pub form: BatchForm,
}

impl Default for Batch {
    fn default() -> Self {
        Self { items: None, bytes: None, linger: Self::LINGER, form: BatchForm::default() }
    }
}

impl Batch {
    /// `linger` where none is given: long enough that a producer which works at all fills it, short
    /// enough that a person who watches doesn't take it for a standstill.
    pub const LINGER: Duration = Duration::from_secs(1);
}

/// `as` of a batch: how its items arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BatchForm {
    /// `stdin`: framed, on standard input.
    #[default]
    Stdin,
    /// `args`: as arguments behind the others.
    Args,
}

/// `recycle`: when a long-lived child is replaced by a fresh one, between items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recycle {
    /// `items`: after so many.
    pub items: Option<u64>,
    /// `memory`: once it holds so many bytes.
    pub memory: Option<u64>,
    /// `age`: after so long.
    pub age: Option<Duration>,
}

/// `wire`: where a worker speaks its protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wire {
    /// `fd`: on descriptors 3 (requests) and 4 (replies).
    #[default]
    Fd,
    /// `stdio`: on standard input and output.
    Stdio,
}

/// `produces`: a queue that a process feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Produces {
    /// `queue`.
    pub queue: String,
    /// `from`: what of the child is framed into it.
    pub from: From,
}

impl Produces {
    /// Returns one that frames the standard output.
    pub fn stdout(queue: impl Into<String>) -> Self {
        Self { queue: queue.into(), from: From::Stdout }
    }
}

/// `from`: what a child writes that is framed into a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum From {
    /// `stdout`: its standard output.
    #[default]
    Stdout,
    /// `fd3`: descriptor 3; standard output stays its log.
    Fd3,
}

/// `deliver`: how an item reaches a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliver {
    /// `args`: one child an item, which stands in argv as `{item}` and in `RUNNER_ITEM`.
    Args,
    /// `stdin`: one child an item, which is the child's whole standard input.
    Stdin,
    /// `batch`: one child for several items, framed on its standard input or as arguments.
    Batch,
    /// `stream`: long-lived children that read items, framed, one after the other.
    Stream,
    /// `worker`: long-lived children that are asked and reply, item by item.
    Worker,
}

impl Deliver {
    /// Returns its word in a job file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Args => "args",
            Self::Stdin => "stdin",
            Self::Batch => "batch",
            Self::Stream => "stream",
            Self::Worker => "worker",
        }
    }

    /// Returns whether a child takes items for as long as there are any, and not a share of them
    /// with its start.
    pub fn is_long_lived(self) -> bool {
        match self {
            Self::Stream | Self::Worker => true,
            Self::Args | Self::Stdin | Self::Batch => false,
        }
    }
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

//! The closed list of what can happen in a run.
//!
//! Each kind is written to disk as one JSON line, so a change here is a change of a format:
//! [`SCHEMA`] counts them. Unaware of how anything is shown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::micros::{self, Micros};
use super::{Exit, Finding, Leftover, Logs, Outcome, Stop, Text, Verdict};
use crate::model::{AttemptId, NodeId, PoolId, QueueId};

/// Version of the event stream; a reader refuses a newer one.
pub const SCHEMA: u32 = 1;

/// Something that happened: one line of `--output json` and of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "runner event")]
pub struct Event {
    /// Time since the run started.
    #[serde(with = "micros")]
    #[schemars(with = "Micros")]
    pub at: Duration,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum EventKind {
    /// The first event of a run.
    RunStarted {
        /// Version of this stream; a reader refuses a newer one.
        schema: u32,
        /// `{run.id}`, the name of the run's folder.
        run: String,
        /// Name of the job.
        job: String,
        /// The job file, as it was given.
        file: PathBuf,
        /// Options of the command line that make it this run and no other: `--var`, `root=/srv`.
        options: Vec<String>,
        /// The run's folder.
        folder: PathBuf,
        /// Wall clock in milliseconds since 1970, read once.
        started: u64,
        /// Nodes that this run has selected.
        nodes: u32,
        /// Bound on children over all pools, where there is one.
        jobs: Option<u32>,
        /// Nodes of the job that this run has not selected.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left_out: Vec<String>,
    },
    /// A pool of this run; one for each, before anything starts.
    PoolDeclared {
        /// Its number.
        pool: PoolId,
        /// Its name.
        name: String,
        /// Its slots.
        size: u32,
    },
    /// A queue of this run; one for each, before anything starts.
    QueueDeclared {
        /// Its number.
        queue: QueueId,
        /// Its name; of a queue with groups one for each: `pages/index`.
        name: String,
        /// Items that it holds at most.
        capacity: u64,
    },
    /// A declared process of which nodes run; told before them, with what is the same for all.
    ProcessDeclared {
        /// Its name.
        process: String,
        /// What it is for.
        description: Option<String>,
        /// Its command, or the shell of its script, word for word; what only a node or an attempt
        /// knows stays in braces: `{matrix.os}`, `{item}`.
        command: Vec<String>,
        /// Its script, likewise.
        script: Option<String>,
        /// What must have happened before it starts.
        needs: Vec<Needed>,
        /// The processes that it comes after, whatever becomes of them.
        after: Vec<String>,
        /// The process whose standard output is its standard input.
        piped_from: Option<String>,
        /// The queues that its dead items go to.
        dead: Vec<QueueId>,
    },
    /// A node of this run; one for each, before anything starts.
    NodeDeclared {
        /// Its number.
        node: NodeId,
        /// Its name: the process, with its cell where there is a matrix.
        name: String,
        /// The declared process.
        process: String,
        /// Its cell: the value of each key of the matrix; empty where there is none.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        cell: BTreeMap<String, String>,
        /// The queue that it consumes.
        consumes: Option<QueueId>,
        /// The queues that it feeds.
        #[serde(default)]
        produces: Vec<QueueId>,
        /// The pools in whose slots it runs; that of which its slot is told first.
        #[serde(default)]
        pools: Vec<PoolId>,
        /// Whether it is a service, which is there for others and has no end of its own.
        #[serde(default)]
        service: bool,
        /// Whether its standard output is that of the runner too, once the run has ended.
        inherits: bool,
        /// How long it took in earlier runs, where that is known.
        #[serde(with = "micros::optional")]
        #[schemars(with = "Option<Micros>")]
        expected: Option<Duration>,
    },
    /// A child was started for a node.
    AttemptStarted {
        /// The attempt.
        attempt: AttemptId,
        /// Its node.
        node: NodeId,
        /// Which try it is of this node, cell or item, counted from 1.
        number: u32,
        /// `RUNNER_SLOT`.
        slot: u32,
        /// Process id of the child.
        pid: u32,
        /// The item that it was given, where it was given one.
        item: Option<ItemRef>,
    },
    /// A child printed something. Told only where a sink wants it; never written to the journal,
    /// because the logs hold it.
    Output {
        /// The attempt.
        attempt: AttemptId,
        /// Which stream.
        stream: Stream,
        /// The bytes, at most 64 KiB, as they came.
        bytes: Text,
    },
    /// An attempt took longer than `timeout.slow`.
    AttemptSlow {
        /// The attempt.
        attempt: AttemptId,
    },
    /// A child was stopped by a signal, and goes on when it is continued.
    AttemptSuspended {
        /// The attempt.
        attempt: AttemptId,
        /// The signal.
        signal: i32,
    },
    /// A child that was stopped goes on.
    AttemptResumed {
        /// The attempt.
        attempt: AttemptId,
    },
    /// A child could not be asked nicely any longer and was killed.
    AttemptKilled {
        /// The attempt.
        attempt: AttemptId,
    },
    /// An attempt has written results; told at its end, before that. Those of the last attempt are
    /// the results of its node.
    ResultsWritten {
        /// The attempt.
        attempt: AttemptId,
        /// Its node.
        node: NodeId,
        /// Their values, by key.
        results: BTreeMap<String, String>,
    },
    /// An attempt is over: its child was reaped and its output read to the end.
    AttemptEnded {
        /// The attempt.
        attempt: AttemptId,
        /// Its node.
        node: NodeId,
        /// How the child ended.
        exit: Exit,
        /// What that means.
        verdict: Verdict,
        /// From the start of the child to its end.
        #[serde(with = "micros")]
        #[schemars(with = "Micros")]
        took: Duration,
        /// Where its output lies.
        logs: Logs,
        /// What it left running behind, and was killed.
        leftovers: Vec<Leftover>,
        /// When it will be tried again, from now; `None` where this was the last try.
        #[serde(with = "micros::optional")]
        #[schemars(with = "Option<Micros>")]
        again: Option<Duration>,
        /// Why it failed, where its exit does not say it.
        reason: Option<String>,
    },
    /// A command of `finally` was started, after the last attempt of a node.
    FinallyStarted {
        /// An attempt of its own, which is none at the process.
        attempt: AttemptId,
        /// The node.
        node: NodeId,
        /// Which command it is, counted from 1.
        number: u32,
        /// How many there are.
        of: u32,
        /// The slot that it holds, where it holds one.
        slot: Option<u32>,
        /// Process id of the child.
        pid: u32,
    },
    /// A command of `finally` is over.
    FinallyEnded {
        /// Its attempt.
        attempt: AttemptId,
        /// The node.
        node: NodeId,
        /// How the child ended.
        exit: Exit,
        /// What that means.
        verdict: Verdict,
        /// From the start of the child to its end.
        #[serde(with = "micros")]
        #[schemars(with = "Micros")]
        took: Duration,
        /// Where its output lies.
        logs: Logs,
        /// What it left running behind, and was killed.
        leftovers: Vec<Leftover>,
    },
    /// A try at an item is over: its child ended, or the worker replied. Not told of items that a
    /// `stream` child has read, which are counted with their child, nor of a try that the runner
    /// itself cut short.
    ItemEnded {
        /// The queue that it came from.
        queue: QueueId,
        /// Its node.
        node: NodeId,
        /// The attempt that it was given to.
        attempt: AttemptId,
        /// The item.
        item: ItemRef,
        /// Which try it was, counted from 1.
        number: u32,
        /// How it ended.
        exit: Exit,
        /// What that means.
        verdict: Verdict,
        /// From its being given to its end.
        #[serde(with = "micros")]
        #[schemars(with = "Micros")]
        took: Duration,
        /// When it will be tried again, from now; `None` where this was the last try.
        #[serde(with = "micros::optional")]
        #[schemars(with = "Option<Micros>")]
        again: Option<Duration>,
        /// Why it failed, where its exit does not say it.
        reason: Option<String>,
    },
    /// A child has told of a place in a file, as a problem matcher of its process understands it.
    /// Told up to a bound of each attempt.
    Found {
        /// The attempt.
        attempt: AttemptId,
        /// Its node.
        node: NodeId,
        /// What it tells of.
        finding: Finding,
    },
    /// A service can be used, for the first time or again.
    ServiceReady {
        /// The service.
        node: NodeId,
        /// Its attempt.
        attempt: AttemptId,
        /// How long that took from its start.
        #[serde(with = "micros")]
        #[schemars(with = "Micros")]
        took: Duration,
    },
    /// A service has ended by itself and will be started again.
    ServiceRestarts {
        /// The service.
        node: NodeId,
        /// The how manieth time it is within `restart.within`, counted from 1.
        number: u32,
        /// How often it may be.
        burst: u32,
        /// When, from now.
        #[serde(with = "micros")]
        #[schemars(with = "Micros")]
        after: Duration,
    },
    /// How full queues are; told when they change, at most about ten times a second.
    QueueLevels {
        /// The queues that changed.
        levels: Vec<QueueLevel>,
    },
    /// An item failed for good.
    ItemDead {
        /// The queue that it came from.
        queue: QueueId,
        /// Its node.
        node: NodeId,
        /// The item.
        item: ItemRef,
        /// Its bytes; a secret in them is masked.
        bytes: Text,
        /// Its bytes as they are, where they hold a secret; in the folder of the run only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Text>,
        /// How often it was tried.
        attempts: u32,
        /// How the last tries ended, oldest first.
        #[serde(default)]
        tries: Vec<Try>,
        /// The last lines of standard error of the last attempt.
        stderr: Text,
    },
    /// An item was dropped, because the producer failed that made it or because nobody was left to
    /// take it; told where a queue discards what such a producer made.
    ItemDropped {
        /// The queue that it lay in.
        queue: QueueId,
        /// The item.
        item: ItemRef,
        /// Its bytes; a secret in them is masked.
        bytes: Text,
        /// Its bytes as they are, where they hold a secret; in the folder of the run only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exact: Option<Text>,
        /// Why.
        reason: String,
    },
    /// A queue was closed: nothing will be put in any more.
    QueueClosed {
        /// The queue.
        queue: QueueId,
    },
    /// A queue was drained: closed, and nothing waits, is lent or is due.
    QueueDrained {
        /// The queue.
        queue: QueueId,
        /// Items that were done.
        done: u64,
        /// Items that are dead.
        dead: u64,
        /// Items that were dropped because nobody was left to take them.
        left: u64,
    },
    /// A node ended.
    NodeEnded {
        /// The node.
        node: NodeId,
        /// How.
        outcome: Outcome,
        /// From its first start to its end; zero where it never started.
        #[serde(with = "micros")]
        #[schemars(with = "Micros")]
        took: Duration,
        /// Why, where the outcome alone does not say it.
        reason: Option<String>,
    },
    /// The run was asked to stop, or decided to.
    StopAsked {
        /// How strongly.
        stop: Stop,
        /// The signal that asked for it, where one did.
        signal: Option<i32>,
        /// Why, in words.
        reason: String,
    },
    /// Something that people should know and that is no failure.
    Noted {
        /// A sentence.
        message: String,
    },
    /// The last event of a run.
    RunEnded {
        /// The exit code of the runner.
        exit: u8,
        /// From the start to the end.
        #[serde(with = "micros")]
        #[schemars(with = "Micros")]
        took: Duration,
    },
}

/// A process that another one needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Needed {
    /// Its name.
    pub process: String,
    /// What must have happened to it: `passed`, `ended`, `failed`, `started` or `ready`.
    pub when: String,
}

impl From<(String, &str)> for Needed {
    fn from((process, when): (String, &str)) -> Self {
        Self { process, when: when.to_owned() }
    }
}

/// An item, as it is named in events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ItemRef {
    /// `RUNNER_ITEM_ID`: the queue's name, a colon and the index.
    pub id: String,
    /// `RUNNER_ITEM_INDEX`: counted from 0 in the order of arrival.
    pub index: u64,
    /// Its first bytes, for people.
    pub preview: Text,
}

/// One try at an item that did not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Try {
    /// How it ended.
    pub exit: Exit,
    /// What that means.
    pub verdict: Verdict,
    /// How long it took.
    #[serde(with = "micros")]
    #[schemars(with = "Micros")]
    pub took: Duration,
    /// Why it failed, where its exit does not say it.
    pub reason: Option<String>,
}

/// How full a queue is. Counts are since the start of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct QueueLevel {
    /// The queue.
    pub queue: QueueId,
    /// Items inside: waiting, lent and due.
    pub depth: u64,
    /// Items put in.
    pub put: u64,
    /// Items done.
    pub done: u64,
    /// Items dead.
    pub dead: u64,
    /// Of those inside, items that lie on disk.
    #[serde(default)]
    pub spilled: u64,
    /// How long the oldest of those inside is in it.
    #[serde(with = "micros::optional", default)]
    #[schemars(with = "Option<Micros>")]
    pub oldest: Option<Duration>,
    /// Whether a producer waits for room.
    pub producers_blocked: bool,
    /// Whether its consumers could take more than there is.
    pub consumers_starved: bool,
}

/// One of a child's output streams.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

//! What the core is told, and what it answers: the whole conversation with the body.
//!
//! Plain data, so that a test can hold it. Unaware of how either side works.

use std::time::Duration;

use crate::child::CpuTurns;
use crate::event::{EventKind, Exit, ItemRef, Leftover, Logs, Outcome, Stop, Verdict};
use crate::model::{AttemptId, NodeId, QueueId};

/// One thing that happened.
#[derive(Debug)]
pub(in crate::engine) enum Input {
    /// The run begins.
    Begin,
    /// A child was started.
    Started {
        /// The attempt that it was started for.
        attempt: AttemptId,
        /// Process id of the child; 0 where none came to be.
        pid: u32,
        /// The item that it was given.
        item: Option<ItemRef>,
        /// Which try this is: of its node, of its item or of what it is given again.
        number: u32,
    },
    /// There was no item left for a child when it was to be started.
    Missed {
        /// The attempt that did not come to be.
        attempt: AttemptId,
    },
    /// A child is over and its output was read.
    Ended {
        /// The attempt.
        attempt: AttemptId,
        /// How it ended.
        ended: Box<Ended>,
    },
    /// What the core decided about an attempt's item, or what it held back, was carried out.
    Settled {
        /// The attempt.
        attempt: AttemptId,
    },
    /// A try at one of the items that a long-lived child has in hand is over; told where it failed,
    /// and where one passed that had failed, or after others had.
    Item {
        /// The attempt that has it.
        attempt: AttemptId,
        /// The item.
        index: u64,
        /// Which try it was.
        number: u32,
        /// How it failed, if it did.
        failed: Option<Box<(Verdict, Exit)>>,
        /// Whether it is dead.
        dead: bool,
    },
    /// Queues changed, and are all like this at the same time.
    Levels(Vec<(QueueId, Level)>),
    /// A queue's static items were all put in, or no more are wanted.
    Fed {
        /// The queue.
        queue: QueueId,
        /// Why they can't be put in, if they can't.
        fault: Option<String>,
    },
    /// A child was stopped by a signal.
    Suspended {
        /// The attempt.
        attempt: AttemptId,
        /// The signal.
        signal: i32,
    },
    /// A child that was stopped goes on.
    Resumed {
        /// The attempt.
        attempt: AttemptId,
    },
    /// An attempt was silent for `timeout.idle`.
    Idle {
        /// The attempt.
        attempt: AttemptId,
    },
    /// A worker has nothing in its hand, and what came of its items waits for room; or that is
    /// over.
    HeldUp {
        /// The attempt.
        attempt: AttemptId,
        /// Whether it waits.
        waits: bool,
    },
    /// A worker has had an item in hand for longer than `timeout.total`.
    Overdue {
        /// The attempt.
        attempt: AttemptId,
    },
    /// An endless reader has read everything and was quiet for `settle`, or a worker lives on
    /// although its wire was closed a while ago.
    Quiet {
        /// The attempt.
        attempt: AttemptId,
    },
    /// A service was probed.
    Probed {
        /// The attempt.
        attempt: AttemptId,
        /// Why it can't be used yet, if it can't.
        refused: Option<String>,
    },
    /// Whether what a node asks for holds, as [`Effect::Ask`] asked.
    Answered {
        /// The node.
        node: NodeId,
        /// Whether it does.
        answer: Answer,
    },
    /// So many bytes of memory are available, as [`Effect::LookAtMemory`] asked; `None` where
    /// nobody can say.
    Memory(Option<u64>),
    /// What an attempt had of the CPUs, as [`Effect::LookAtTurns`] asked.
    Turns {
        /// The attempt.
        attempt: AttemptId,
        /// What it had.
        turns: CpuTurns,
    },
    /// A token was taken, as [`Effect::TakeToken`] asked.
    Token,
    /// There is no token now; one that is waited for comes as [`Input::Token`].
    NoToken,
    /// A timer rang: time has come to [`super::Core::next_timer`].
    Time,
    /// Nothing has happened for a while: everything was told, and no item is due later.
    Still,
    /// The run should stop.
    Stop {
        /// How strongly.
        stop: Stop,
        /// The signal that asked for it.
        signal: Option<i32>,
        /// Why, in words.
        reason: String,
    },
    /// Somebody asks why what waits is waiting.
    Explain,
}

/// Whether the conditions of a node hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum Answer {
    /// All of them do.
    Holds,
    /// One does not, and why.
    Unmet(String),
    /// Nobody can say it, and why.
    Unanswered(String),
}

/// How a child ended, as the body saw it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Ended {
    /// How it ended.
    pub(in crate::engine) exit: Exit,
    /// From its start to its end.
    pub(in crate::engine) took: Duration,
    /// Where its output lies.
    pub(in crate::engine) logs: Logs,
    /// What it left running.
    pub(in crate::engine) leftovers: Vec<Leftover>,
    /// What it was given whose fate its end decides.
    pub(in crate::engine) given: Given,
    /// Whether the command itself is to blame where it was not started, and not its item.
    pub(in crate::engine) command_at_fault: bool,
    /// Items that a `stream` child read, or that a worker settled.
    pub(in crate::engine) read: u64,
    /// Items that a long-lived child was given and did not read; they went back.
    pub(in crate::engine) unread: u64,
    /// Whether it is a worker that was told that there is no more for it to do.
    pub(in crate::engine) told_end: bool,
    /// Items that a worker had in hand when it ended; each was charged with it, or is a suspect.
    pub(in crate::engine) in_hand: u64,
    /// Why it failed although its exit looks well: its output could not be framed.
    pub(in crate::engine) fault: Option<String>,
}

/// What a child was given whose fate its end decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Given {
    /// Nothing, or a stream of items.
    Nothing,
    /// One item, and which try this was for it.
    Item {
        /// The item.
        index: u64,
        /// Which try it was.
        number: u32,
    },
    /// So many items, more than one.
    Batch(u64),
    /// A stream of items that are kept until its end, and which try this was for the first of them.
    Kept {
        /// Which try it was.
        number: u32,
    },
}

/// How full a queue is, as far as decisions need it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::engine) struct Level {
    /// Items that can be lent now.
    pub(in crate::engine) waiting: u64,
    /// Bytes of those.
    pub(in crate::engine) waiting_bytes: u64,
    /// Of those, items of a batch that failed: they stand alone or in halves, and wait for no more.
    pub(in crate::engine) parted: u64,
    /// Items on disk, which come when there is room for them.
    pub(in crate::engine) spilled: u64,
    /// Items that are lent, due for a retry later, or can't be lent yet.
    pub(in crate::engine) busy: u64,
    /// Those of them that are lent: somebody has them to work on, or to read.
    pub(in crate::engine) lent: u64,
    /// Items put in so far.
    pub(in crate::engine) put: u64,
    /// Items done.
    pub(in crate::engine) done: u64,
    /// Items dead.
    pub(in crate::engine) dead: u64,
    /// Items dropped.
    pub(in crate::engine) left: u64,
    /// Whether there is no room for one more.
    pub(in crate::engine) full: bool,
    /// Whether a producer waits for room.
    pub(in crate::engine) blocked: bool,
    /// Whether it was closed.
    pub(in crate::engine) closed: bool,
}

/// One thing to do.
#[derive(Debug, PartialEq)]
pub(in crate::engine) enum Effect {
    /// Start a child for each of these; several are joined by pipes in this order.
    Start(Vec<Start>),
    /// Start a command of `finally`.
    Finally(Start),
    /// Send a signal to what an attempt has started.
    Signal {
        /// The attempt.
        attempt: AttemptId,
        /// The signal's number.
        signal: i32,
    },
    /// Kill all that an attempt has started.
    Kill {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Look whether a service is ready.
    Probe {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Ask whether the conditions of a node hold. Once the node has ended, nobody wants to know.
    Ask(NodeId),
    /// A node has ended that need not have run: whoever reads what it would have written reads
    /// nothing.
    Excuse(NodeId),
    /// Carry out what becomes of an attempt's item, or of the output that it held back.
    Settle {
        /// The attempt.
        attempt: AttemptId,
        /// What becomes of it.
        how: Settlement,
        /// What the end of its child means.
        verdict: Verdict,
    },
    /// Let a node's long-lived children take items at this pace.
    Pace {
        /// The node.
        node: NodeId,
        /// How fast.
        pace: Pace,
    },
    /// Put the static items of a queue in.
    Feed(QueueId),
    /// Nothing will be put into a queue any more.
    Close(QueueId),
    /// Items of a queue that come before others may never be settled: let nobody wait for its turn.
    Forsake(QueueId),
    /// Drop what a node has put into a queue and nobody has taken yet.
    Discard {
        /// The queue.
        queue: QueueId,
        /// The node.
        producer: NodeId,
    },
    /// Nobody will read a queue any more: close it, drop what is in it and what still comes.
    Abandon {
        /// The queue.
        queue: QueueId,
        /// Whether nobody need: who feeds it has done well nevertheless.
        unwanted: bool,
    },
    /// Look how much memory is available.
    LookAtMemory,
    /// Look what an attempt had of the CPUs.
    LookAtTurns {
        /// The attempt.
        attempt: AttemptId,
        /// Its leader.
        pid: u32,
    },
    /// Take a token of the job server; where there is none, wait for it or not.
    TakeToken {
        /// Whether to wait.
        wait: bool,
    },
    /// Give so many tokens back.
    GiveTokens(u32),
    /// Nobody should have a token but this run: make again those that were lost.
    RecountTokens {
        /// Whether nothing lives that could have one; else that is to be looked for.
        sure: bool,
    },
    /// Tell an event.
    Tell(EventKind),
    /// The run is over.
    End,
}

/// How many items the children of a node may have in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::engine) enum Pace {
    /// As many as they can work on.
    #[default]
    Free,
    /// One, all together.
    One,
    /// None.
    Paused,
    /// None, because a service that they need is not there: what fails meanwhile costs no try.
    Down,
    /// None any more: they end.
    Over,
}

/// A child to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Start {
    /// The new attempt.
    pub(in crate::engine) attempt: AttemptId,
    /// Its node.
    pub(in crate::engine) node: NodeId,
    /// Which try it is of the node, counted from 1; of an item, the item knows.
    pub(in crate::engine) number: u32,
    /// `RUNNER_SLOT`.
    pub(in crate::engine) slot: u32,
    /// The variables that its slots lend.
    pub(in crate::engine) lent: Vec<(String, String)>,
    /// Whether it must have no more than one item.
    pub(in crate::engine) alone: bool,
    /// Whether it is given what a child of its node has read that failed.
    pub(in crate::engine) replays: bool,
    /// Which command of `finally` it is, if it is one.
    pub(in crate::engine) finally: Option<Finally>,
}

/// What a command of `finally` is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Finally {
    /// Which of them it is, counted from 0.
    pub(in crate::engine) step: usize,
    /// `RUNNER_OUTCOME`.
    pub(in crate::engine) outcome: Outcome,
    /// `RUNNER_EXIT_CODE`, where there is one.
    pub(in crate::engine) code: Option<i32>,
    /// The slot that it holds, if it holds one.
    pub(in crate::engine) slot: Option<u32>,
}

/// What becomes of an attempt's item, or of the output that it held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Settlement {
    /// It is done: its output is published.
    Accept,
    /// It is tried again after a while; its output is dropped.
    Again(Duration),
    /// It is a batch of which some may be well: both halves are tried; its output is dropped.
    Halve,
    /// It is dead; its output is dropped.
    Bury,
    /// It goes back as if it had never been taken.
    Return,
}

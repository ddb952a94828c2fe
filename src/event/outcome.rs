//! How things end: a child, an attempt, a node, a run.
//!
//! Unaware of what ended.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It exited with a code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// SIGKILL ended it, from a system that had no memory left.
    OutOfMemory,
    /// It never ran.
    NotStarted(NotStarted),
    /// It lives on: a worker replied that the item failed, and why.
    Replied(String),
}

/// Why a child never ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NotStarted {
    /// The cause: "`foo` was not found in PATH".
    pub cause: String,
    /// The cure, where one is known.
    pub hint: Option<String>,
}

/// What the end of an attempt means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It did what it should.
    Passed,
    /// Its exit says that it failed.
    Failed,
    /// The runner stopped it: `timeout.total` or `timeout.idle` was over.
    TimedOut,
    /// The runner stopped it as part of a stop of the run, or because it can't go on; or a service
    /// that it needs was not there, so that its failure costs no try.
    Stopped,
    /// The runner ended it at the end of its queue, as `on-end = "terminate"` asks, or a pipe's
    /// reader had enough: no failure.
    Ended,
    /// Killed by SIGKILL, by nobody here: out of memory, perhaps.
    Killed,
}

/// How a node ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It passed on a retry.
    Flaky,
    /// Its fingerprint was known.
    Cached,
    /// It failed, as it was allowed to.
    AllowedFailure,
    /// It did not run.
    Skipped,
    /// It was ended by the runner: an endless reader at the end of its queue (no failure), or
    /// anything at a stop of the run.
    Stopped,
    /// It failed.
    Failed,
    /// It ran out of time.
    TimedOut,
    /// Somebody else killed it.
    Killed,
}

impl Outcome {
    /// Every outcome, in the order in which a summary counts them.
    pub const ALL: [Self; 9] = [
        Self::Passed,
        Self::Flaky,
        Self::Cached,
        Self::AllowedFailure,
        Self::Skipped,
        Self::Stopped,
        Self::Failed,
        Self::TimedOut,
        Self::Killed,
    ];

    /// Returns whether the run has failed because of it.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Killed)
    }

    /// Returns the word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Cached => "cached",
            Self::AllowedFailure => "allowed-failure",
            Self::Skipped => "skipped",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Killed => "killed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How strongly a run is stopped. A weaker reason never replaces a stronger one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// A process failed: nothing new starts, what runs may end.
    Failure,
    /// SIGHUP: finish what runs, start nothing.
    Finish,
    /// A process failed and `on-failure = "kill"`: what runs is stopped.
    Abort,
    /// The run's own timeout.
    Deadline,
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
    /// A second signal: everything is killed now.
    Kill,
}

/// What is added to the number of a signal for the exit code of a run that it ended.
const SIGNALLED: i32 = 128;

impl Exit {
    /// Returns the exit code of a run that a signal ended, as shells have it.
    pub fn after_signal(signal: i32) -> u8 {
        u8::try_from(SIGNALLED + signal).unwrap_or(u8::MAX)
    }

    /// Returns the name of a signal of this system: `SIGTERM`.
    pub fn signal_name(signal: i32) -> String {
        let name = match signal {
            1 => "SIGHUP",
            2 => "SIGINT",
            3 => "SIGQUIT",
            4 => "SIGILL",
            5 => "SIGTRAP",
            6 => "SIGABRT",
            7 => "SIGBUS",
            8 => "SIGFPE",
            9 => "SIGKILL",
            10 => "SIGUSR1",
            11 => "SIGSEGV",
            12 => "SIGUSR2",
            13 => "SIGPIPE",
            14 => "SIGALRM",
            15 => "SIGTERM",
            17 => "SIGCHLD",
            18 => "SIGCONT",
            19 => "SIGSTOP",
            20 => "SIGTSTP",
            21 => "SIGTTIN",
            22 => "SIGTTOU",
            24 => "SIGXCPU",
            25 => "SIGXFSZ",
            31 => "SIGSYS",
            other => return format!("signal {other}"),
        };
        name.to_owned()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "killed by {}", Self::signal_name(*signal)),
            Self::OutOfMemory => f.write_str("killed by SIGKILL: out of memory"),
            Self::NotStarted(why) => write!(f, "not started: {}", why.cause),
            Self::Replied(error) => write!(f, "replied: {error}"),
        }
    }
}

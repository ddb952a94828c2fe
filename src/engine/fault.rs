//! Fault: the world broke, and the run can't go on.
//!
//! Ends as exit code 3. Unaware of what a process did.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::launch::Unfit;
use crate::mask::Masker;
use crate::queue::{QueueFault, SpoolFault};
use crate::{child, journal};

/// Why a run could not go on.
#[derive(Debug, Error)]
pub enum Fault {
    /// Children can't be started or watched any more.
    #[error(transparent)]
    Child(#[from] child::Fault),
    /// The run's folder can't be written.
    #[error(transparent)]
    Journal(#[from] journal::Fault),
    /// A log can't be written.
    #[error("cannot write a log: {0}")]
    Log(io::Error),
    /// What a child printed can't be held back.
    #[error(transparent)]
    Spool(SpoolFault),
    /// A text that a queue asks its items for can't be filled in.
    #[error("a queue cannot be made: {0}")]
    Template(Unfit),
    /// A queue can't go on.
    #[error(transparent)]
    Queue(QueueFault),
    /// The static items of a queue can't be read.
    #[error("cannot read the items of queue `{queue}` from `{}`: {source}", path.display())]
    Items {
        /// The queue.
        queue: String,
        /// Where they should be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A static item does not fit its queue.
    #[error("an item of queue `{queue}` does not fit it: {reason}")]
    Misfit {
        /// The queue.
        queue: String,
        /// Why not.
        reason: String,
    },
    /// What was framed once can't be framed again.
    #[error("cannot publish: {0}")]
    Refused(String),
    /// A pipe between two children can't be made.
    #[error("cannot make a pipe: {0}")]
    Pipe(io::Error),
    /// Nothing can be read from a child, or written to it.
    #[error("cannot move bytes between the run and a child: {0}")]
    Pump(io::Error),
    /// What the run tells can't be written.
    #[error("cannot {0}")]
    Output(io::Error),
    /// The runtime can't be started.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// A secret stood in what was to be said.
    #[error("{0}")]
    Masked(String),
    /// A law of the engine was broken.
    #[error("the runner has a bug and gave up: {0}")]
    Bug(String),
}

impl Fault {
    /// Returns it without secrets.
    pub(super) fn masked(self, masker: &Masker) -> Self {
        match masker.text(&self.to_string()) {
            Cow::Borrowed(_) => self,
            Cow::Owned(text) => Self::Masked(text),
        }
    }
}

//! Why: the reason for which a process runs, or does not.
//!
//! Unaware of how it is told.

/// Why a process runs, or does not. Others are positions in [`Job`](crate::model::Job).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It runs, for these reasons; none where the whole job was asked for.
    Runs(Vec<Ground>),
    /// It does not run.
    Left(Left),
}

/// Why a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// This name, or glob of names, means it.
    Named(String),
    /// It has this tag.
    Tagged(String),
    /// This has changed, in words.
    Affected(String),
    /// It depends on a process that is affected.
    Depends(usize),
    /// It runs again for this reason, in words.
    Again(String),
    /// It is in the shard that runs.
    Dealt,
    /// This process needs it.
    Needed(usize),
    /// It feeds a queue that runs.
    Feeds(usize),
    /// It reads a queue that runs.
    Reads(usize),
    /// A pipe joins it to this process.
    Piped(usize),
}

impl Ground {
    /// Returns the word that was typed, where one was.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Named(word) | Self::Tagged(word) => word.clone(),
            Self::Affected(_)
            | Self::Depends(_)
            | Self::Again(_)
            | Self::Dealt
            | Self::Needed(_)
            | Self::Feeds(_)
            | Self::Reads(_)
            | Self::Piped(_) => String::new(),
        }
    }
}

/// Why a process does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Nobody asked for it, and nothing that runs needs it.
    Unasked,
    /// No change affects it.
    Unaffected,
    /// It passed in the run that is made again.
    Done,
    /// This word skips it.
    Skipped(String),
    /// It can't do without this process, which does not run.
    Without(usize),
    /// It is in another shard.
    Elsewhere,
}

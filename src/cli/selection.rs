//! Selection: the words by which a part of a job is asked for.
//!
//! Unaware of what they select.

use std::path::PathBuf;

use clap::Args;

use crate::app::Choice;

#[derive(Debug, Args)]
pub(super) struct SelectWords {
    /// Run only what is called or tagged so, and what that needs; may be given more than once
    #[arg(long, value_name = "NAME|GLOB|TAG")]
    only: Vec<String>,
    /// Leave out what is called or tagged so; may be given more than once
    #[arg(long, value_name = "NAME|GLOB|TAG")]
    skip: Vec<String>,
    /// Run only what files that changed since a git revision affect, by `inputs`; in CI fetch the
    /// whole history: `fetch-depth: 0`
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Run one of so many parts, such as `2/5`
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    /// Let the parts take about as long by this file, which must be the same for each; may be given
    /// more than once
    #[arg(long, value_name = "FILE", requires = "shard")]
    durations: Vec<PathBuf>,
    /// Exit with 0, not 4, where nothing is selected
    #[arg(long)]
    allow_empty: bool,
    /// Tell on standard error how the plan comes about: what is read, selected, and in which order
    #[arg(long)]
    trace_plan: bool,
}

/// Parts of a run; a cluster has fewer machines.
const MOST_SHARDS: usize = 10_000;

/// Takes `I/N` apart.
fn shard(word: &str) -> Result<(usize, usize), String> {
    let parts =
        word.split_once('/').and_then(|(at, of)| Some((at.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((at, of)) if 1 <= at && at <= of && of <= MOST_SHARDS => Ok((at, of)),
        Some(_) | None => {
            Err(format!("it is written `2/5`, from `1/1` to `{MOST_SHARDS}/{MOST_SHARDS}`"))
        }
    }
}

impl SelectWords {
    /// Returns what is wanted of a job, of which these processes are named.
    pub(super) fn choice(self, processes: Vec<String>, jobs: Option<u32>) -> Choice {
        Choice {
            processes,
            only: self.only,
            skip: self.skip,
            since: self.since,
            shard: self.shard,
            durations: self.durations,
            allow_empty: self.allow_empty,
            jobs,
            again: None,
            trace: self.trace_plan,
        }
    }
}

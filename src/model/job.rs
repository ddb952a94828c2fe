//! Job: the file, and the graph that it declares.
//!
//! Unaware of how it was written down and of how it will run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::{Pool, Process, Queue, Template};

/// One job: processes, pools, queues and what holds for all of them.
#[derive(Debug, Clone, Default)]
pub struct Job {
    /// `name`; the file's stem where none is given.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// The job file and its includes, in the order they were read; [`super::FileId`] indexes it.
    pub files: Vec<PathBuf>,
    /// `vars`, with the overrides of the command line already in place.
    pub vars: BTreeMap<String, String>,
    /// `env`, `env-file` and `inherit-env` of the job.
    pub env: Environment,
    /// `secrets`: variables whose values are masked.
    pub secrets: Vec<String>,
    /// `limits`.
    pub limits: Limits,
    /// `pool.NAME`, in the order of the file; `default` only where it is declared.
    pub pools: Vec<Pool>,
    /// `queue.NAME`, in the order of the file.
    pub queues: Vec<Queue>,
    /// `process.NAME`, in the order of the file.
    pub processes: Vec<Process>,
}

impl Job {
    /// Returns the longest time that a process of it may take to end.
    pub fn longest_grace(&self) -> Duration {
        self.processes.iter().map(|process| process.stop.grace).max().unwrap_or_default()
    }
}

/// Variables that a child gets: what is inherited, and what is set on top.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `inherit-env`; `None` where it is not given, which inherits from the level above.
    pub inherit: Option<Inherit>,
    /// Values read from `env-file`, in order; a later one wins. They hold no placeholders.
    pub from_files: Vec<(String, String)>,
    /// Where those files lie.
    pub files: Vec<PathBuf>,
    /// `env`, in the order of the file; it wins over `env-file`.
    pub set: Vec<(String, Template)>,
}

impl Environment {
    /// Names that only the runner sets: an outer run's would be lies in an inner one.
    pub const OWN: [&str; 12] = [
        Self::RUN,
        "RUNNER_PROCESS",
        "RUNNER_ATTEMPT",
        "RUNNER_SLOT",
        "RUNNER_ITEM_ID",
        "RUNNER_ITEM_INDEX",
        "RUNNER_ITEM",
        Self::RESULTS,
        Self::ENDED[0],
        Self::ENDED[1],
        Self::WIRE[0],
        Self::WIRE[1],
    ];
    /// That of them which names the run: whoever has it is a child of one.
    pub const RUN: &str = "RUNNER_RUN_ID";
    /// That of them which names the file that a process may write its results to.
    pub const RESULTS: &str = "RUNNER_RESULTS";
    /// Those of them that tell what runs after a process how that ended.
    pub const ENDED: [&str; 2] = ["RUNNER_OUTCOME", "RUNNER_EXIT_CODE"];
    /// Those of them that tell a worker on which descriptors it is asked and replies.
    pub const WIRE: [&str; 2] = ["RUNNER_IN_FD", "RUNNER_OUT_FD"];
}

/// What a child inherits of the runner's own environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inherit {
    /// `true`: every variable.
    All,
    /// `false`: none.
    None,
    /// Only the named ones.
    Only(Vec<String>),
}

/// `limits`: bounds on the whole run.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// `jobs`: how many children at once over all pools.
    pub jobs: Option<u32>,
    /// `timeout`: how long the run may take.
    pub timeout: Option<Duration>,
    /// `on-failure`.
    pub on_failure: Option<OnFailure>,
    /// `jobserver`: whether what processes start shares the slots of the run.
    pub jobserver: Option<bool>,
    /// `keep-runs`: how many run folders stay.
    pub keep_runs: Option<u32>,
}

/// What a run does once a process has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// `no-new`: what runs may end, nothing new starts.
    #[default]
    NoNew,
    /// `kill`: what runs is stopped too.
    Kill,
    /// `continue`: everything that does not need the failed process still runs.
    Continue,
}

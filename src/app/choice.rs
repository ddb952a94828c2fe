//! Choice: what of a job is wanted, and on which machine; it makes the plan.
//!
//! Unaware of what the plan is for.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use super::{Invoked, NOTHING, WRONG};
use crate::model::Job;
use crate::plan::{Machine, Plan, Selection, Unselectable, plan};

/// What of a job is wanted.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// The processes; empty means all.
    pub(super) processes: Vec<String>,
    /// `--jobs`.
    pub(super) jobs: Option<u32>,
}

impl Choice {
    /// Plans it for this machine.
    pub(super) fn plan(
        self,
        job: Job,
        expected: &BTreeMap<String, Duration>,
    ) -> Result<Plan, Unselectable> {
        let cpus = available_parallelism().map_or(1, NonZeroUsize::get);
        let cpus = u32::try_from(cpus).unwrap_or(u32::MAX);
        let selection = Selection { processes: self.processes };
        plan(job, &selection, &Machine { cpus, jobs: self.jobs }, expected)
    }
}

/// Tells that nothing can be planned.
pub(super) fn unselected(unselectable: &Unselectable) -> Invoked {
    writeln!(io::stderr(), "runner: {unselectable}")?;
    Ok(match unselectable {
        Unselectable::Unknown { .. } => WRONG,
        Unselectable::Nothing => NOTHING,
    })
}

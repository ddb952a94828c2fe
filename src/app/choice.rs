//! Choice: what of a job is wanted, and on which machine; it makes the plan.
//!
//! Unaware of what the plan is for.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use super::trace::trace;
use super::{FINE, Fault, Invoked, NOTHING, WRONG, past, since};
use crate::lookup::Changed;
use crate::model::Job;
use crate::plan::{Machine, Plan, Rerun, Selection, Shard, Unselectable, plan, run_item_commands};

/// What of a job is wanted.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The processes; empty means all.
    pub processes: Vec<String>,
    /// `--only`.
    pub only: Vec<String>,
    /// `--skip`.
    pub skip: Vec<String>,
    /// `--since`.
    pub since: Option<String>,
    /// `--shard`: which, and of how many.
    pub shard: Option<(usize, usize)>,
    /// `--durations`.
    pub durations: Vec<PathBuf>,
    /// `--allow-empty`.
    pub allow_empty: bool,
    /// `--jobs`.
    pub jobs: Option<u32>,
    /// What of an earlier run runs again.
    pub again: Option<Rerun>,
    /// `--trace-plan`.
    pub trace: bool,
}

/// A choice for which git was asked what it must know.
#[derive(Debug)]
pub(super) struct Asked {
    choice: Choice,
    changed: Option<Changed>,
}

impl Choice {
    /// Asks git, where that is needed. To be called before any thread exists.
    pub(super) fn ask(self, job: &Path) -> Result<Asked, Fault> {
        let ask = |revision: &String| since::ask(revision, job);
        let changed = self.since.as_ref().map(ask).transpose()?.flatten();
        Ok(Asked { choice: self, changed })
    }
}

impl Asked {
    /// Plans it for this machine; where nothing can be planned tells so, and returns the exit code.
    pub(super) fn plan(
        self,
        mut job: Job,
        file: &Path,
        expected: &BTreeMap<String, Duration>,
    ) -> Result<Result<Plan, u8>, Fault> {
        let Self { choice, changed } = self;
        let traced = choice.trace.then(|| choice.clone());
        // What prints items is a process like any other: nobody knows what it reads.
        run_item_commands(&mut job);
        let since = choice.since.zip(changed);
        let since = since
            .map(|(revision, changed)| since::affected(&job, revision, &changed))
            .transpose()?;
        let durations = (!choice.durations.is_empty()).then(|| past::told(file, &choice.durations));
        let durations = durations.transpose()?;
        let shard = choice.shard.map(|(number, of)| Shard { number, of, durations });
        let selection = Selection {
            processes: choice.processes,
            only: choice.only,
            skip: choice.skip,
            since,
            again: choice.again,
            shard,
        };
        let cpus = available_parallelism().map_or(1, NonZeroUsize::get);
        let cpus = u32::try_from(cpus).unwrap_or(u32::MAX);
        match plan(job, &selection, &Machine { cpus, jobs: choice.jobs }, expected) {
            Ok(plan) => {
                traced.map_or(Ok(()), |choice| trace(&plan, &choice))?;
                Ok(Ok(plan))
            }
            Err(unselectable) => unselected(&unselectable, choice.allow_empty).map(Err),
        }
    }
}

/// Tells that nothing can be planned.
fn unselected(unselectable: &Unselectable, allow_empty: bool) -> Invoked {
    writeln!(io::stderr(), "runner: {}", super::words::safe(&unselectable.to_string()))?;
    Ok(match unselectable {
        Unselectable::Unknown { .. } | Unselectable::Pattern(..) => WRONG,
        Unselectable::Nothing(_) if allow_empty => FINE,
        Unselectable::Nothing(_) => NOTHING,
    })
}

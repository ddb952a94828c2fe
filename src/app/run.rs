//! Run: a job is loaded, planned and run to its end.
//!
//! Unaware of how any of that is done.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::load::{Load, load, variable};
use super::{Fault, Invoked, NOTHING, WRONG};
use crate::child::Spawner;
use crate::engine;
use crate::event::Sink;
use crate::journal::{Durations, KEEP_RUNS, RunFolder};
use crate::model::OnFailure;
use crate::plan::{Machine, Selection, Unselectable, plan};
use crate::report::{self, Color, Mode, Screen};

/// A run as it was asked for.
#[derive(Debug)]
pub struct Run {
    /// The job file.
    pub job: PathBuf,
    /// The processes to run; empty means all.
    pub processes: Vec<String>,
    /// What is added to the job file.
    pub load: Load,
    /// `--jobs`.
    pub jobs: Option<u32>,
    /// `--on-failure`.
    pub on_failure: Option<OnFailure>,
    /// `--output`; `None` is `auto`.
    pub mode: Option<Mode>,
    /// `--dry-run`.
    pub dry_run: bool,
    /// `--state-dir`.
    pub state: Option<PathBuf>,
    /// `--color`.
    pub color: Color,
}

/// Runs a job.
pub fn run(run: Run) -> Invoked {
    // Before any thread exists, and before the job makes this process large.
    let spawner =
        if run.dry_run { None } else { Some(Spawner::fork().map_err(engine::Fault::from)?) };
    let Some(mut job) = load(&run.job, &run.load, run.color)? else { return Ok(WRONG) };
    job.limits.on_failure = run.on_failure.or(job.limits.on_failure);
    let keep = job.limits.keep_runs.unwrap_or(KEEP_RUNS);
    let past = Past::load(&run.job, run.state.as_deref());
    let selection = Selection { processes: run.processes };
    let plan = match plan(job, &selection, &machine(run.jobs), &past.expected()) {
        Ok(plan) => plan,
        Err(unselectable) => return unselected(&unselectable),
    };
    let Some(spawner) = spawner else { return super::view::dry_run(&plan) };
    let started = now();
    let folder = RunFolder::create(&past.state, keep, started)?;
    let sinks = sinks(&folder, run.mode, run.color)?;
    let (file, started) = (run.job, since_epoch(started));
    let inherited = std::env::vars_os().collect();
    let run = engine::Run { plan, folder, sinks, file, started, inherited };
    let ended = engine::run(run, spawner)?;
    past.learn(ended.took)?;
    Ok(ended.exit)
}

/// Returns what this process may use.
pub(super) fn machine(jobs: Option<u32>) -> Machine {
    let cpus = available_parallelism().map_or(1, NonZeroUsize::get);
    Machine { cpus: u32::try_from(cpus).unwrap_or(u32::MAX), jobs }
}

/// Tells that nothing can be planned.
pub(super) fn unselected(unselectable: &Unselectable) -> Invoked {
    writeln!(io::stderr(), "runner: {unselectable}")?;
    Ok(match unselectable {
        Unselectable::Unknown { .. } => WRONG,
        Unselectable::Nothing => NOTHING,
    })
}

/// Returns who hears what happens: the folder of the run, and whoever watches.
fn sinks(
    folder: &RunFolder,
    asked: Option<Mode>,
    color: Color,
) -> Result<Vec<Box<dyn Sink>>, Fault> {
    let screen = Screen::stdio(color, variable);
    let mode = Mode::choose(asked, screen.is_terminal(), variable);
    Ok(vec![Box::new(folder.events()?), report::sink(mode, screen)])
}

#[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn since_epoch(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What is known of earlier runs of a job file.
#[derive(Debug)]
pub(super) struct Past {
    state: PathBuf,
    durations: Durations,
    /// In front of the name of each node: several job files share a state folder.
    prefix: String,
}

impl Past {
    /// Loads what is known; the state folder is beside the job file unless one is given.
    pub(super) fn load(job: &Path, state: Option<&Path>) -> Self {
        let beside = || job.parent().unwrap_or(Path::new("")).join(".runner");
        let state = state.map_or_else(beside, Path::to_owned);
        let (durations, told) = Durations::load(&state);
        if let Some(told) = told {
            // Only estimates are lost.
            let _ = writeln!(io::stderr(), "runner: {told}");
        }
        let name = job.file_name().unwrap_or_default().to_string_lossy();
        Self { state, durations, prefix: format!("{name}:") }
    }

    /// Returns how long each node of the job is expected to take.
    pub(super) fn expected(&self) -> BTreeMap<String, Duration> {
        let known = self.durations.expected().into_iter();
        let ours = known
            .filter_map(|(name, took)| Some((name.strip_prefix(&self.prefix)?.to_owned(), took)));
        ours.collect()
    }

    /// Remembers how long nodes took.
    fn learn(mut self, took: Vec<(String, Duration)>) -> Result<(), Fault> {
        if took.is_empty() {
            return Ok(());
        }
        for (name, took) in took {
            self.durations.learn(&format!("{}{name}", self.prefix), took);
        }
        Ok(self.durations.save(&self.state)?)
    }
}

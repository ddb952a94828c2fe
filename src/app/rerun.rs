//! `runner rerun`: what a run that is kept has had runs again, or only what failed and what was
//! never reached.
//!
//! What passed counts as passed, but what runs again may read what it has printed: then it runs
//! again too, because nothing of it is kept but a log, in which secrets are masked. What is to run
//! whatever happens always does. Unaware of how a run goes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use super::choice::Choice;
use super::dead::Named;
use super::find::{Found, find};
use super::load::{Load, load};
use super::past::Past;
use super::reports::{Report, read_tally};
use super::run::{Going, begin};
use super::source::Source;
use super::words::{count, safe};
use super::{Fault, Invoked, NOTHING, WRONG};
use crate::engine::Standby;
use crate::event::{NodeState, Outcome, Tally};
use crate::journal::take_run;
use crate::model::{Job, OnFailure, RunWhen};
use crate::plan::{Rerun, nodes_of};
use crate::report::Mode;

/// A run that shall be made again.
#[derive(Debug)]
pub struct Again {
    /// The run.
    pub named: Named,
    /// `--failed`.
    pub failed: bool,
    /// `--jobs`.
    pub jobs: Option<u32>,
    /// `--on-failure`.
    pub on_failure: Option<OnFailure>,
    /// `--output`; `None` is `auto`.
    pub mode: Option<Mode>,
    /// `--report`.
    pub reports: Vec<Report>,
}

/// Runs a run again.
pub fn rerun(asked: &Again) -> Invoked {
    let standby = Standby::prepare()?;
    let found = find(&asked.named)?;
    let Some(_taken) = take_run(&found.path)? else {
        let id = safe(&found.id);
        return Err(Fault::Wrong(format!("run {id} goes on; wait until it has ended")));
    };
    let tally = read_tally(&found.path)?;
    let mut again = if asked.failed { failed(&tally) } else { whole(&tally) };
    again.done.extend(tally.left_out.iter().cloned());
    if again.wanted.is_empty() {
        let id = safe(&found.id);
        writeln!(io::stderr(), "runner: nothing was selected: nothing of run {id} has failed")?;
        return Ok(NOTHING);
    }
    let source = Source::of(&found, (&tally.file, &tally.options), asked.named.state.as_deref())?;
    let add = Load { on_failure: asked.on_failure, ..source.load.clone() };
    let Some(job) = load(&source.file, &add, asked.named.color)? else { return Ok(WRONG) };
    tell_changes(&job, &tally, &again, &found)?;
    keep_on(&job, &tally, &mut again);
    let past = Past::load(&source.file, source.state.as_deref());
    let keep = job.limits.keep_runs;
    // What was added to a job that ran whole is a part of it now.
    let is_part = asked.failed || !tally.left_out.is_empty();
    let again = is_part.then_some(again);
    let choice = Choice { jobs: asked.jobs, again, ..Choice::default() };
    let choice = choice.ask(&source.file)?;
    let plan = match choice.plan(job, &source.file, &past.expected())? {
        Ok(plan) => plan,
        Err(code) => return Ok(code),
    };
    let (nodes, id) = (count(plan.nodes.len(), "process"), safe(&found.id));
    writeln!(io::stderr(), "runs {nodes} of run {id} again")?;
    let going = Going {
        file: source.file.clone(),
        options: super::run::options(&source.load, source.state.as_deref()),
        mode: asked.mode,
        color: asked.named.color,
        ..begin(plan, &past, keep)?
    };
    going.go_and_tell(standby, past, &asked.reports)
}

/// Returns everything that a run has had.
fn whole(tally: &Tally) -> Rerun {
    let wanted =
        tally.nodes.iter().map(|node| (node.name.clone(), "it was in that run".to_owned()));
    Rerun { wanted: wanted.collect(), done: BTreeSet::new() }
}

/// Returns what of a run failed and what was never reached, and what passed.
fn failed(tally: &Tally) -> Rerun {
    let mut wanted = BTreeMap::new();
    let mut done = BTreeSet::new();
    let mut ended_well = tally.stop.is_none();
    for node in &tally.nodes {
        let is_service = node.ready.is_some();
        let why = match node.state {
            NodeState::Waiting => "it was not reached".to_owned(),
            NodeState::Running if is_service => continue,
            NodeState::Running => "it had not ended".to_owned(),
            NodeState::Done(outcome) => match outcome {
                Outcome::Passed | Outcome::Flaky | Outcome::Cached | Outcome::AllowedFailure => {
                    done.insert(node.name.clone());
                    continue;
                }
                Outcome::Stopped if is_service => continue,
                // An endless reader at the end of its queue.
                Outcome::Stopped if tally.stop.is_none() => {
                    done.insert(node.name.clone());
                    continue;
                }
                Outcome::Skipped => "it was not reached".to_owned(),
                Outcome::Stopped | Outcome::Failed | Outcome::TimedOut | Outcome::Killed => {
                    format!("it ended as {}", outcome.word())
                }
            },
        };
        ended_well &= node.state == NodeState::Done(Outcome::Skipped);
        wanted.insert(node.name.clone(), why);
    }
    if ended_well {
        // What handles a failure was not reached, because there was none.
        wanted.clear();
    }
    Rerun { wanted, done }
}

/// Has what is to run whatever happens do so again.
fn keep_on(job: &Job, tally: &Tally, again: &mut Rerun) {
    let had: BTreeSet<&str> = tally.nodes.iter().map(|node| node.name.as_str()).collect();
    for process in job.processes.iter().filter(|process| process.run != RunWhen::OnSuccess) {
        for (name, _) in nodes_of(process) {
            if had.contains(name.as_str()) {
                again.done.remove(&name);
                again.wanted.entry(name).or_insert_with(|| "it runs whatever happens".to_owned());
            }
        }
    }
}

/// Tells where the job file is not what it was.
fn tell_changes(job: &Job, tally: &Tally, again: &Rerun, found: &Found) -> Result<(), Fault> {
    let started = UNIX_EPOCH + Duration::from_millis(tally.started);
    let is_newer = |file: &&PathBuf| {
        let changed = file.metadata().and_then(|it| it.modified());
        changed.is_ok_and(|changed| changed > started)
    };
    for file in job.files.iter().filter(is_newer) {
        let (file, id) = (safe(&file.to_string_lossy()), safe(&found.id));
        writeln!(io::stderr(), "note: `{file}` has changed since run {id} began")?;
    }
    let names = job.processes.iter().flat_map(nodes_of).map(|(name, _)| name);
    let names: BTreeSet<String> = names.collect();
    let is_gone = |name: &&String| !names.contains(*name) && !name.contains(".items");
    for name in again.wanted.keys().filter(is_gone) {
        writeln!(io::stderr(), "note: `{}` is no longer in the job file", safe(name))?;
    }
    Ok(())
}

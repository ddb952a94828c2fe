//! Known: what can be named here: the processes of a job, the runs that are kept, their dead items,
//! the codes of problems.
//!
//! Asked while a person types, so nothing is started, written or told, and what can't be read
//! quickly is not known. Unaware of who asks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::dead::{Named, open_items};
use super::find::{Found, find, states};
use super::usual::usual;
use crate::config::{self, Options, Purpose};
use crate::diagnostic;
use crate::journal::run_ids;
use crate::model::{Job, Process};
use crate::report::Color;

/// Bytes of the events of a run that are read through for its dead items: a fraction of the time in
/// which a key seems to answer at once.
const EVENTS: u64 = 4 << 20;

/// What can be named, and a few words about it.
pub type Known = (String, Option<String>);

/// Returns the processes of a job file, or of the only one that is usual here.
pub fn processes(job: Option<&Path>) -> Vec<Known> {
    let known = |process: Process| (process.name, process.description.as_deref().map(first_line));
    read(job).into_iter().flat_map(|job| job.processes).map(known).collect()
}

/// Returns the tags of its processes.
pub fn tags(job: Option<&Path>) -> Vec<Known> {
    let tags = read(job).into_iter().flat_map(|job| job.processes).flat_map(|it| it.tags);
    tags.collect::<BTreeSet<_>>().into_iter().map(|tag| (tag, Some("a tag".to_owned()))).collect()
}

/// Returns its variables, as one begins to set them, with what they are.
pub fn vars(job: Option<&Path>) -> Vec<Known> {
    let vars = read(job).into_iter().flat_map(|job| job.vars);
    vars.map(|(name, value)| (format!("{name}="), Some(first_line(&value)))).collect()
}

/// Reads a job file as far as it can be, or the only one that is usual here.
fn read(job: Option<&Path>) -> Option<Job> {
    let only = || <[PathBuf; 1]>::try_from(usual()).ok().map(|[only]| only);
    job_of(&job.map(Path::to_owned).or_else(only)?)
}

/// Returns what can be read of a job file.
pub(super) fn job_of(path: &Path) -> Option<Job> {
    if !path.is_file() {
        return None;
    }
    let options = Options { purpose: Purpose::Check, ..Options::default() };
    let loaded = config::load(path, &options);
    loaded.job.or(loaded.draft)
}

/// Returns the ids of the runs that are kept, the newest first.
pub fn runs(state: Option<&Path>) -> Vec<String> {
    let mut ids: Vec<String> =
        states(state).iter().flat_map(|state| run_ids(state).unwrap_or_default()).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

/// Returns the dead items of a run, or of the last one, with the process that each failed in.
pub fn dead_items(run: Option<String>, state: Option<PathBuf>) -> Vec<Known> {
    let named = Named { words: run.into_iter().collect(), state, color: Color::Never };
    let Ok(found) = find(&named) else { return Vec::new() };
    if is_large(&found) {
        return Vec::new();
    }
    open_items(&found).unwrap_or_default()
}

/// Returns the codes of problems, with what each means.
pub fn codes() -> Vec<Known> {
    diagnostic::pages().map(|page| (page.code.id.into(), Some(page.sentence.into()))).collect()
}

fn is_large(found: &Found) -> bool {
    found.events().metadata().is_ok_and(|events| events.len() > EVENTS)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

//! Since: which nodes of a job are affected by what changed since a revision.
//!
//! A process says by `inputs` what it reads beside the files that the job file hands to it; of one
//! that does not, nothing is known, so it is affected by everything, and so are all where a file of
//! the job itself has changed. What depends on them is for the selection. Unaware of how git is
//! asked.

use std::collections::BTreeMap;
use std::path::Path;

use super::Fault;
use super::words::safe;
use crate::engine::{Unasked, changed_since};
use crate::lookup::Changed;
use crate::model::{Cell, Items, Job, Placeholder, Process, Stdin, Template};
use crate::plan::{Since, nodes_of};

/// Why it counts as affected where a value of a glob or name is not there before it runs.
const UNKNOWN: &str = "what it reads is not known";

/// Asks git what changed since a revision, in the repository of a job file. To be called before any
/// thread exists.
pub(super) fn ask(revision: &str, job: &Path) -> Result<Option<Changed>, Fault> {
    let folder = job.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        // That the job file is not there is told when it is read.
        return Ok(None);
    }
    match changed_since(revision, folder) {
        Ok(changed) => Ok(Some(changed)),
        Err(Unasked::Unknown(why)) => Err(Fault::Wrong(safe(&why.to_string()))),
        Err(fault) => Err(fault.into()),
    }
}

/// Returns what of a job is affected by itself.
pub(super) fn affected(job: &Job, revision: String, changed: &Changed) -> Result<Since, Fault> {
    let own = job.files.iter().chain(&job.env.files).find(|file| changed.has(file));
    let own = own.map(|file| has_changed(&file.to_string_lossy()));
    let mut affected = BTreeMap::new();
    for process in &job.processes {
        for (name, cell) in nodes_of(process) {
            let why = match &own {
                Some(own) => Some(own.clone()),
                None => read(job, process, &cell, changed)?,
            };
            affected.extend(why.map(|why| (name, why)));
        }
    }
    Ok(Since { revision, affected })
}

/// Returns what of that which a cell of a process reads has changed, in words.
fn read(
    job: &Job,
    process: &Process,
    cell: &Cell,
    changed: &Changed,
) -> Result<Option<String>, Fault> {
    let Some(inputs) = &process.inputs else {
        return Ok(Some("it does not say what it reads".to_owned()));
    };
    for glob in inputs {
        if let Some(why) = matching(job, process, cell, (&process.base, glob), changed)? {
            return Ok(Some(why));
        }
    }
    if let Some(file) = process.env.files.iter().find(|file| changed.has(file)) {
        return Ok(Some(has_changed(&file.to_string_lossy())));
    }
    if let Stdin::File(file) = &process.stdin {
        let why = one(job, cell, (&process.base, file), changed);
        if why.is_some() {
            return Ok(why);
        }
    }
    items(job, process, cell, changed)
}

/// Returns what of a file or of files has changed that are the items of a process, in words.
fn items(
    job: &Job,
    process: &Process,
    cell: &Cell,
    changed: &Changed,
) -> Result<Option<String>, Fault> {
    let Some(consumes) = &process.consumes else { return Ok(None) };
    let Some(queue) = job.queues.iter().find(|queue| queue.name == consumes.queue) else {
        return Ok(None);
    };
    match &queue.items {
        Some(Items::File(file)) => Ok(one(job, cell, (&queue.base, file), changed)),
        Some(Items::Glob(glob)) => matching(job, process, cell, (&queue.base, glob), changed),
        // These stand in the job file, or come of a process.
        Some(Items::List(_) | Items::Range(..) | Items::Command(_) | Items::Kept) | None => {
            Ok(None)
        }
    }
}

/// Returns whether one file has changed, in words.
fn one(
    job: &Job,
    cell: &Cell,
    (folder, file): (&Path, &Template),
    changed: &Changed,
) -> Option<String> {
    match filled(job, cell, file) {
        Some(file) => changed.has(&folder.join(&file)).then(|| has_changed(&file)),
        None => Some(UNKNOWN.to_owned()),
    }
}

/// Returns what has changed that a glob of a folder matches, in words.
fn matching(
    job: &Job,
    process: &Process,
    cell: &Cell,
    (folder, glob): (&Path, &Template),
    changed: &Changed,
) -> Result<Option<String>, Fault> {
    let Some(glob) = filled(job, cell, glob) else { return Ok(Some(UNKNOWN.to_owned())) };
    let found = changed.matching(folder, &glob).map_err(|error| {
        let (name, glob) = (safe(&process.name), safe(&glob));
        Fault::Wrong(format!("`{glob}`, an input of `{name}`, is no glob: {}", error.kind()))
    })?;
    Ok(found.map(|path| has_changed(&path.to_string_lossy())))
}

fn has_changed(path: &str) -> String {
    format!("`{}` has changed", safe(path))
}

/// Returns a glob with its values; `None` where the cell has none.
fn filled(job: &Job, cell: &Cell, glob: &Template) -> Option<String> {
    let filled = glob.fill(|placeholder| match placeholder {
        Placeholder::Var(name) => {
            job.vars.get(name).map(|value| value.clone().into_bytes()).ok_or(())
        }
        Placeholder::Matrix(key) => {
            let pair = cell.iter().find(|(name, _)| name == key);
            pair.map(|(_, value)| value.clone().into_bytes()).ok_or(())
        }
        Placeholder::Env(_)
        | Placeholder::Item
        | Placeholder::ItemField(_)
        | Placeholder::ItemIndex
        | Placeholder::Stdout(_)
        | Placeholder::Result(..)
        | Placeholder::RunId
        | Placeholder::Slot => Err(()),
    });
    String::from_utf8(filled.ok()?).ok()
}

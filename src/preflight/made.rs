//! Made: what processes of the job may make before another one starts.
//!
//! A program that the first process builds is not there yet when the job is checked. So where
//! anything comes before, nothing is said of the places that processes work in: the folders of the
//! job files, those that processes run in, and those that output goes to. Unaware of programs.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::values::Environments;
use crate::lookup::plain;
use crate::model::{Items, Job, Output, Process, Queue, RunWhen, Stdin, Template};

/// What may be made.
pub(super) struct Made<'j> {
    /// Folders below which anything may come to be.
    folders: HashSet<PathBuf>,
    /// Queues that processes feed.
    fed: HashSet<&'j str>,
    /// Queues of which a consumer comes after something else.
    awaited: HashSet<&'j str>,
}

impl<'j> Made<'j> {
    /// Works out where a job works.
    pub(super) fn of(job: &'j Job, environments: &Environments<'_>) -> Self {
        let by_command = |queue: &&Queue| matches!(queue.items, Some(Items::Command(_)));
        let fed = job.queues.iter().filter(by_command).map(|queue| queue.name.as_str());
        let produced =
            job.processes.iter().flat_map(|process| process.produces.iter().map(|fed| &fed.queue));
        let fed = fed.chain(produced.map(String::as_str)).collect();
        let mut made = Self { folders: HashSet::new(), fed, awaited: HashSet::new() };
        for process in &job.processes {
            made.works_in(process, environments);
            if let Some(consumes) = &process.consumes
                && follows(process)
            {
                made.awaited.insert(&consumes.queue);
            }
        }
        made
    }

    /// Returns whether anything of the job may have run before a process starts.
    pub(super) fn comes_later(&self, process: &Process) -> bool {
        let feeds = |queue: &str| self.fed.contains(queue);
        follows(process) || process.consumes.as_ref().is_some_and(|it| feeds(&it.queue))
    }

    /// Returns whether anything may have run before the static items of a queue are put in.
    pub(super) fn is_filled_later(&self, queue: &Queue) -> bool {
        self.awaited.contains(queue.name.as_str())
    }

    /// Returns whether a process may make what a path leads to.
    pub(super) fn may_make(&self, path: &Path) -> bool {
        plain(path).ancestors().any(|folder| self.folders.contains(folder))
    }

    fn works_in(&mut self, process: &Process, environments: &Environments<'_>) {
        self.folder(&process.base);
        let files =
            [&process.stdout, &process.stderr].into_iter().filter_map(|output| match output {
                Output::File { path, .. } => Some(path),
                Output::Log | Output::Inherit | Output::Null => None,
            });
        let named: Vec<(&Template, bool)> = process
            .cwd
            .iter()
            .map(|cwd| (cwd, false))
            .chain(files.map(|file| (file, true)))
            .collect();
        if named.is_empty() {
            return;
        }
        let variables = environments.of(process);
        for (text, is_file) in named {
            let Some(path) = variables.fill(text) else { continue };
            let path = process.base.join(path);
            match path.parent().filter(|_| is_file) {
                Some(parent) => self.folder(parent),
                None => self.folder(&path),
            }
        }
    }

    fn folder(&mut self, folder: &Path) {
        // Nobody works in a folder that is not there.
        if !self.folders.contains(folder) && folder.is_dir() {
            self.folders.insert(plain(folder));
        }
    }
}

/// Returns whether a process waits for another one, or for the failure of one.
fn follows(process: &Process) -> bool {
    !process.needs.is_empty()
        || !process.after.is_empty()
        || matches!(process.stdin, Stdin::Process(_) | Stdin::Pipe(_))
        || process.run == RunWhen::OnFailure
}

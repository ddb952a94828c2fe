//! Findings: what was found in one or more job files, each problem once.
//!
//! A file that two jobs include has its mistakes once, however often it was read. Unaware of how
//! findings are written.

use std::collections::HashSet;

use super::found::{Found, Texts};
use super::summary::summary;
use crate::model::{Problem, Source};

/// What was found in some job files.
#[derive(Debug, Default)]
pub struct Findings {
    pub(super) jobs: Vec<Checked>,
    told: HashSet<Found>,
}

/// A job file that was checked.
#[derive(Debug)]
pub(super) struct Checked {
    /// Its path.
    pub(super) path: String,
    /// What is wrong with it and was not told of another job.
    pub(super) problems: Vec<Problem>,
    /// The same with resolved places.
    pub(super) found: Vec<Found>,
    /// The texts that it is about; none where nothing is wrong.
    pub(super) sources: Vec<Source>,
}

impl Findings {
    /// Adds a job file that was checked, with the problems and texts that it was
    /// [`Loaded`](crate::config::Loaded) with.
    pub fn add(&mut self, problems: Vec<Problem>, mut sources: Vec<Source>) {
        let path = sources.first().map_or(String::new(), |source| source.path.clone());
        let texts = Texts::of(&sources);
        let found = problems.into_iter().map(|problem| (texts.found(&problem), problem));
        let (found, problems): (Vec<_>, Vec<_>) =
            found.filter(|(found, _)| self.told.insert(found.clone())).unzip();
        if found.is_empty() {
            sources.clear();
        }
        self.jobs.push(Checked { path, problems, found, sources });
    }

    /// Returns all that was found, job by job.
    pub(super) fn all(&self) -> impl Iterator<Item = &Found> {
        self.jobs.iter().flat_map(|job| &job.found)
    }

    /// Returns how many problems there are and where, as a line; nothing for nothing.
    pub fn summary(&self) -> String {
        summary(self.all().map(|found| (found.place.file.as_str(), found.is_error())))
    }

    /// Returns the code of the first problem.
    pub fn first_code(&self) -> Option<&'static str> {
        self.all().next().map(|found| found.code)
    }
}

impl Checked {
    /// Returns how many of its problems forbid to run.
    pub(super) fn errors(&self) -> usize {
        self.found.iter().filter(|found| found.is_error()).count()
    }
}

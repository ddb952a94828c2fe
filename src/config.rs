//! Config: job files as text, made into a [`Job`] and everything that is wrong with them.
//!
//! Nothing stops at the first mistake: a broken table is cut out of the text, a value that does not
//! fit is left out of its table, a table that cannot be used still declares its name. The same
//! structs load a file, make its schema and document its keys. Unaware of the graph and of running.
//!
//! Reading order: [`files`] follows includes; [`read`] gets bytes, [`document`] parses with
//! recovery; [`forms`] and [`raw`] are what may be written, [`decode`] reads it, [`explain`] and
//! [`names`] word what does not fit; [`measures`], [`env_file`] and [`lower`] make it mean
//! something; [`report`] draws problems, [`schema`] writes the schema.

mod decode;
mod document;
mod env_file;
mod explain;
mod files;
mod forms;
mod lower;
mod measures;
mod names;
mod order;
mod raw;
mod read;
mod report;
mod schema;

use std::path::{Path, PathBuf};

use crate::model::{Job, Problem, Source};

pub use report::{Style, report};
pub use schema::schema;

/// What the command line adds to a job file.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--var NAME=VALUE`: these win over `vars`.
    pub vars: Vec<(String, String)>,
    /// `--env-file FILE`: these win over the env files of the job.
    pub env_files: Vec<PathBuf>,
    /// `--stdin-filename NAME`: how messages call standard input.
    pub stdin_name: Option<String>,
}

/// What was made of a job file.
#[derive(Debug)]
pub struct Loaded {
    /// The job; `None` where any problem is an error.
    pub job: Option<Job>,
    /// The job as far as it could be read, where problems are errors: its graph can be checked too,
    /// and [`Loaded::add`] takes what that finds. It must never run.
    pub draft: Option<Job>,
    /// What is wrong, sorted by place.
    pub problems: Vec<Problem>,
    /// The texts of the job file and its includes, by [`crate::model::FileId`].
    pub sources: Vec<Source>,
    /// Whether every edge of the graph could be read.
    edges_known: bool,
    /// Whether every name could be read.
    names_known: bool,
}

/// Reads a job file and all that it includes; `-` is standard input.
pub fn load(path: &Path, options: &Options) -> Loaded {
    files::load(path, options)
}

impl Loaded {
    /// Adds what a check of the graph found, but not what only follows from a table that could not
    /// be read: a queue that nothing reads may well be read by a process with a slip in it.
    pub fn add(&mut self, found: Vec<Problem>) {
        let known = |problem: &Problem| order::holds(problem, self.edges_known, self.names_known);
        self.problems.extend(found.into_iter().filter(known));
        order::sort(&mut self.problems, &self.sources);
    }

    /// Returns whether nothing forbids to run.
    pub fn is_sound(&self) -> bool {
        self.problems.iter().all(order::is_warning)
    }
}

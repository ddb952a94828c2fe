//! Load: a job file is read and its graph proved; every problem is told at once.
//!
//! Unaware of what the job is loaded for.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::config::{self, Loaded, Options, Purpose};
use crate::diagnostic::{Style, pretty};
use crate::model::{Job, OnFailure};
use crate::report::{Color, color};
use crate::{launch, plan, preflight};

/// Columns of a report where there is no terminal: what fits a log and a message.
const COLUMNS: usize = 100;

/// What the command line adds to a job file.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// `--var NAME=VALUE`.
    pub vars: Vec<(String, String)>,
    /// `--env-file FILE`.
    pub env_files: Vec<PathBuf>,
    /// `--stdin-filename NAME`.
    pub stdin_name: Option<String>,
    /// `--on-failure`: it decides what can run after a failure, and so what never can.
    pub on_failure: Option<OnFailure>,
}

/// Reads a job file and proves its graph. Only a check for its own sake looks at the machine too: a
/// run will tell better, and of less, what it could not find.
pub fn check(path: &Path, load: &Load, purpose: Purpose) -> Loaded {
    let Load { vars, env_files, stdin_name, on_failure } = load.clone();
    let options = Options { vars, env_files, stdin_name, purpose, ..Options::default() };
    proved(path, &options, on_failure)
}

/// Reads a job file and proves its graph, with whatever wins over what stands in it.
pub(super) fn prove(path: &Path, options: &Options) -> Loaded {
    proved(path, options, None)
}

fn proved(path: &Path, options: &Options, on_failure: Option<OnFailure>) -> Loaded {
    let mut loaded = config::load(path, options);
    if let Some(job) = loaded.job.as_mut().or(loaded.draft.as_mut()) {
        job.limits.on_failure = on_failure.or(job.limits.on_failure);
        let mut found = plan::check(job);
        found.extend(launch::check(job));
        if options.purpose == Purpose::Check {
            found.extend(preflight::check(job));
        }
        loaded.add(found);
    }
    loaded
}

/// Tells what is wrong with a job file.
pub(super) fn tell(loaded: &Loaded, asked: Color) -> io::Result<()> {
    let report = pretty(&loaded.problems, &loaded.sources, &style(asked));
    io::stderr().write_all(report.as_bytes())
}

/// Reads and proves a job, tells what is wrong, and returns it where nothing forbids to run it.
pub(super) fn load(path: &Path, load: &Load, asked: Color) -> io::Result<Option<Job>> {
    let loaded = check(path, load, Purpose::Run);
    if !loaded.problems.is_empty() {
        tell(&loaded, asked)?;
    }
    Ok(if loaded.is_sound() { loaded.job } else { None })
}

/// Returns a variable of the runner's environment, where it is text.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns how problems are drawn on standard error.
pub(super) fn style(asked: Color) -> Style {
    let terminal = io::stderr().is_terminal();
    let width = console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
    let width = width.filter(|_| terminal).unwrap_or(COLUMNS);
    Style { color: color(asked, variable, terminal), width }
}

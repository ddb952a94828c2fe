//! Validate: every problem of job files in one go; runs nothing, writes nothing.
//!
//! What a person reads goes to standard error, a document for a program to standard output, where
//! nothing else is. Unaware of how problems are found and written.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::load::{Load, check, style};
use super::places::{near, repository};
use super::words::safe;
use super::{FINE, Invoked, NOTHING, WRONG};
use crate::config::Purpose;
use crate::diagnostic::{Findings, Format};
use crate::model::Severity;
use crate::report::Color;

/// The job file of a folder that has one, checked where nothing is named.
const JOB: &str = "runner.toml";

/// The folder of the job files of a repository, checked where there is no [`JOB`].
const JOBS: &str = "jobs";

/// What is checked and how that is told.
#[derive(Debug)]
pub struct Validate {
    /// Job files, and folders of job files; what is usual where there are none.
    pub paths: Vec<PathBuf>,
    /// What the command line adds to each.
    pub load: Load,
    /// How problems are written.
    pub format: Format,
    /// Whether warnings are errors.
    pub strict: bool,
    /// When to use colours.
    pub color: Color,
}

/// Checks job files, and all of those below folders.
pub fn validate(asked: &Validate) -> Invoked {
    let files = match chosen(&asked.paths) {
        Ok(files) => files,
        Err(why) => {
            writeln!(io::stderr(), "{why}")?;
            return Ok(NOTHING);
        }
    };
    let mut findings = Findings::default();
    let mut bad = 0;
    let root = asked.format.is_of_a_repository().then(repository);
    for file in &files {
        let mut loaded = check(file, &asked.load, Purpose::Check);
        if asked.strict {
            loaded.problems.iter_mut().for_each(|problem| problem.severity = Severity::Error);
        }
        bad += usize::from(!loaded.is_sound());
        for source in &mut loaded.sources {
            source.path = near(&source.path, root.as_deref());
        }
        findings.add(loaded.problems, loaded.sources);
    }
    let document = asked.format.write(&findings, &style(asked.color));
    if asked.format.is_for_people() {
        io::stderr().write_all(document.as_bytes())?;
    } else {
        io::stdout().write_all(document.as_bytes())?;
        io::stderr().write_all(findings.summary().as_bytes())?;
    }
    conclude(bad, files.len())?;
    if let Some(code) = findings.first_code().filter(|_| asked.format.is_for_people()) {
        writeln!(io::stderr(), "more on a code: `runner explain {code}`")?;
    }
    Ok(if bad > 0 { WRONG } else { FINE })
}

/// Tells how many job files can run.
fn conclude(bad: usize, all: usize) -> io::Result<()> {
    match (bad, all) {
        (0, 1) => writeln!(io::stderr(), "1 job file checked: it can run")?,
        (0, all) => writeln!(io::stderr(), "{all} job files checked: all can run")?,
        // Its problems were counted just above.
        (_, 1) => {}
        (bad, all) => writeln!(io::stderr(), "{bad} of {all} job files cannot run")?,
    }
    Ok(())
}

/// Returns the job files that are meant, each once, or why there are none.
pub(super) fn chosen(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let usual = [JOB, JOBS].map(PathBuf::from).into_iter().find(|path| path.exists());
    let paths = match (paths, &usual) {
        ([], None) => {
            return Err(format!(
                "no job file was found: neither `{JOB}` nor a folder `{JOBS}` is here; name one"
            ));
        }
        ([], Some(usual)) => std::slice::from_ref(usual),
        (paths, _) => paths,
    };
    let mut seen = HashSet::new();
    let mut files: Vec<PathBuf> = paths.iter().flat_map(|path| job_files(path)).collect();
    files.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    if files.is_empty() {
        let paths: Vec<String> = paths.iter().map(|path| safe(&path.to_string_lossy())).collect();
        return Err(format!(
            "no job file was found: nothing in `{}` ends in `.toml`",
            paths.join("`, `")
        ));
    }
    Ok(files)
}

/// Returns a file as it is, and of a folder all files below it that end in `.toml`, in order; what
/// is hidden is left out.
fn job_files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let hidden = |entry: &DirEntry| {
        entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let walk = WalkDir::new(path).sort_by_file_name().into_iter();
    let entries = walk.filter_entry(|entry| !hidden(entry)).filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file()).map(DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect()
}

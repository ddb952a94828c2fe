//! Usual: the job file that is meant where none is named.
//!
//! `runner.toml`, else what ends in `.toml` in the folder `jobs`; of the current folder, or of the
//! next above it that has one, up to the top of the repository. Unaware of what it is for.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::known::{job_of, processes};
use super::words::{padded, safe};
use super::{Invoked, NOTHING, WRONG};

/// The job file of a folder that has one.
const JOB: &str = "runner.toml";

/// The folder of the job files of a repository.
const JOBS: &str = "jobs";

/// Returns the job files that are usual here; none where there are none.
pub fn usual() -> Vec<PathBuf> {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    for folder in here.ancestors() {
        let near = if folder == here { Path::new("") } else { folder };
        let found = within(near);
        if !found.is_empty() || folder.join(".git").exists() {
            return found;
        }
    }
    Vec::new()
}

/// Returns the usual job files that have a process of this name.
pub fn usual_with(process: &str) -> Vec<PathBuf> {
    let mut files = usual();
    files.retain(|file| processes(Some(file)).iter().any(|(name, _)| name == process));
    files
}

/// Returns the usual job files of a folder.
fn within(folder: &Path) -> Vec<PathBuf> {
    let job = folder.join(JOB);
    if job.is_file() {
        return vec![job];
    }
    let entries = folder.join(JOBS).read_dir().into_iter().flatten().flatten();
    let is_job = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        path.extension().is_some_and(|end| end == "toml") && !name.starts_with(b".")
    };
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(is_job).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Shows which job files there are, where it is not clear which one is meant. Nothing has run, so
/// this does not pass.
pub fn menu(files: &[PathBuf]) -> Invoked {
    if files.is_empty() {
        writeln!(
            io::stderr(),
            "runner: no job file is named, and neither `{JOB}` nor `{JOBS}` is here\n\
             `runner init` writes one, `runner --help` says more"
        )?;
        return Ok(WRONG);
    }
    let mut out = io::stdout().lock();
    writeln!(out, "several job files are here; name the one to run:")?;
    let lines = files.iter().map(|file| {
        let about = job_of(file).and_then(|job| job.description).unwrap_or_default();
        (safe(&file.to_string_lossy()), safe(about.lines().next().unwrap_or_default()))
    });
    let lines: Vec<(String, String)> = lines.collect();
    let width = lines.iter().map(|(file, _)| file.len()).max().unwrap_or(0);
    for (file, about) in lines {
        writeln!(out, "{}", format!("  runner {}  {about}", padded(&file, width)).trim_end())?;
    }
    Ok(NOTHING)
}

//! Validate: every problem of job files in one go; runs nothing, writes nothing.
//!
//! Unaware of how problems are found and drawn.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::load::{Load, check, tell};
use super::{FINE, Invoked, NOTHING, WRONG};
use crate::report::Color;

/// Checks job files, and all of those below folders.
pub fn validate(paths: &[PathBuf], load: &Load, color: Color) -> Invoked {
    let files: Vec<PathBuf> = paths.iter().flat_map(|path| job_files(path)).collect();
    let mut bad = 0;
    for file in &files {
        let loaded = check(file, load);
        if !loaded.problems.is_empty() {
            tell(&loaded, color)?;
        }
        bad += usize::from(!loaded.is_sound());
    }
    let told = match (bad, files.len()) {
        (_, 0) => {
            writeln!(io::stderr(), "no job file was found")?;
            return Ok(NOTHING);
        }
        (0, 1) => "1 job file checked: it can run".to_owned(),
        (0, all) => format!("{all} job files checked: all can run"),
        // Its problems were counted just above.
        (_, 1) => return Ok(WRONG),
        (bad, all) => format!("{bad} of {all} job files cannot run"),
    };
    writeln!(io::stderr(), "{told}")?;
    Ok(if bad > 0 { WRONG } else { FINE })
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

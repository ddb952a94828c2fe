//! Written: a job file that was not there before.
//!
//! What is there is never written over unseen, and a file is whole or not there. Unaware of what
//! the file says.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Component, Path};

use super::Fault;
use super::replace::replace;
use super::words::{quoted, safe};

/// Refuses a file that is there, unless it may be written over.
pub(super) fn free(path: &Path, force: bool) -> Result<(), Fault> {
    if force || path.symlink_metadata().is_err() {
        return Ok(());
    }
    let path = safe(&path.to_string_lossy());
    Err(Fault::Wrong(format!("`{path}` exists; name another file, or write over it with --force")))
}

/// Writes a file, and the folder that it lies in.
pub(super) fn write(path: &Path, text: &str, force: bool) -> Result<(), Fault> {
    free(path, force)?;
    let fault = |error| Fault::File { path: path.to_owned(), error };
    if path.exists() {
        return replace(path, text).map_err(fault);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    let mut file = File::options().write(true).create_new(true).open(path).map_err(fault)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half a file is worse than none; why it was not written is what matters.
        let _ = fs::remove_file(path);
        fault(error)
    })
}

/// Returns the way from the folder of a job file that may not be there yet to another folder; none
/// where it is the same.
pub(super) fn base(job: &Path, folder: &Path) -> Option<String> {
    let real = |path: &Path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        path.canonicalize().ok()
    };
    let to = real(folder)?;
    let own = job.parent().unwrap_or(Path::new(""));
    // What is not there yet is only gone down into.
    let there = own.ancestors().find(|path| path.as_os_str().is_empty() || path.exists());
    let there = there.unwrap_or(Path::new(""));
    let missing = own.strip_prefix(there).ok()?;
    let from = real(there)?.join(missing);
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    let way: std::path::PathBuf = up.chain(to.components().skip(common)).collect();
    let way = way.to_str()?.to_owned();
    (!way.is_empty()).then_some(way)
}

/// Tells what to do next with a job file.
pub(super) fn next(path: &Path, process: Option<&str>) -> io::Result<()> {
    let path = quoted(path.as_os_str().as_encoded_bytes(), false);
    let process = process.map(|name| format!(" {name}")).unwrap_or_default();
    let mut out = io::stderr();
    writeln!(out, "next:")?;
    writeln!(out, "  runner validate {path}")?;
    writeln!(out, "  runner {path}{process}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_found() {
        for (job, folder, way) in [
            ("runner.toml", ".", None),
            ("./runner.toml", "", None),
            ("jobs/ci.toml", ".", Some("..")),
            ("new/deep/ci.toml", ".", Some("../..")),
            ("ci.toml", "jobs/tutorial", Some("jobs/tutorial")),
            ("jobs/ci.toml", "src", Some("../src")),
        ] {
            assert_eq!(base(Path::new(job), Path::new(folder)).as_deref(), way, "{job} {folder}");
        }
    }
}

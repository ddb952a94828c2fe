//! Tree: the files of the repository, as they lie on disk.
//!
//! Not asked from git, so that it also works in an unpacked archive. Unaware of the rules.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

/// A file of text.
#[derive(Debug)]
pub(super) struct File {
    /// Its path inside the repository.
    pub(super) path: String,
    /// What it holds.
    pub(super) text: String,
}

/// Folders that are made, not written.
const MADE: [&str; 5] = [".git", ".runner", "artifacts", "corpus", "target"];

/// Returns every file of text of the repository, in order.
pub(super) fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk = WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(|entry| {
        entry.depth() == 0 || !MADE.iter().any(|made| entry.file_name() == *made)
    });
    let files = walk.filter_map(|entry| {
        let entry = entry.expect("the repository can be read");
        let path = entry.path().strip_prefix(root).expect("it lies inside").to_str()?.to_owned();
        let kept = entry.file_type().is_file() && !path.ends_with(".pending-snap");
        kept.then(|| fs::read_to_string(entry.path()).ok().map(|text| File { path, text }))?
    });
    files.collect()
}

/// Returns the Rust files of the repository that are its own.
pub(super) fn rust() -> Vec<File> {
    files().into_iter().filter(|file| is(&file.path, "rs")).collect()
}

/// Returns whether a path ends like this kind of file.
pub(super) fn is(path: &str, extension: &str) -> bool {
    Path::new(path).extension() == Some(extension.as_ref())
}

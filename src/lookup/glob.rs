//! Glob: the files that match a pattern.
//!
//! Unaware of what they are for.

use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use globset::{Error, GlobBuilder, GlobMatcher};
use walkdir::{DirEntry, WalkDir};

/// Finds the files that match, in the order of their names, as paths that begin as the glob does.
/// One at a time: a large tree must not keep others waiting.
pub fn files(base: &Path, glob: &str) -> Result<impl Iterator<Item = Vec<u8>> + use<>, Error> {
    let search = Search::new(base, glob)?;
    let walk = search.walk().sort_by_file_name().into_iter();
    let found = walk.filter_map(Result::ok).filter_map(move |entry| search.matching(&entry));
    Ok(found.map(|path| path.into_os_string().into_vec()))
}

/// Returns whether any file matches; `None` where that is not known, because some folders could not
/// be read or because there are more entries than are `left` to be looked at.
pub fn any(base: &Path, glob: &str, left: &mut usize) -> Result<Option<bool>, Error> {
    let search = Search::new(base, glob)?;
    let mut unread = false;
    for entry in search.walk() {
        if *left == 0 {
            return Ok(None);
        }
        *left -= 1;
        match entry {
            Ok(entry) if search.matching(&entry).is_some() => return Ok(Some(true)),
            Ok(_) => {}
            Err(error) => {
                let kind = error.io_error().map(io::Error::kind);
                unread |= kind != Some(io::ErrorKind::NotFound);
            }
        }
    }
    Ok((!unread).then_some(false))
}

/// Returns how many bytes of a glob name a folder, without anything that is a pattern.
pub fn literal_folder(glob: &str) -> usize {
    let first = glob.find(['*', '?', '[', '{', '\\']).unwrap_or(glob.len());
    glob[..first].rfind('/').map_or(0, |slash| slash + 1)
}

/// A glob, taken apart.
struct Search {
    /// The folder that it begins in.
    root: PathBuf,
    /// The same, as the glob names it.
    folder: PathBuf,
    matcher: GlobMatcher,
    depth: usize,
}

impl Search {
    fn new(base: &Path, glob: &str) -> Result<Self, Error> {
        let (folder, pattern) = glob.split_at(literal_folder(glob));
        let matcher = GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher();
        // Without a pattern for any number of folders, the depth is known.
        let depth = if pattern.contains("**") || pattern.contains('{') {
            usize::MAX
        } else {
            pattern.matches('/').count() + 1
        };
        Ok(Self { root: base.join(folder), folder: folder.into(), matcher, depth })
    }

    fn walk(&self) -> WalkDir {
        WalkDir::new(&self.root).max_depth(self.depth)
    }

    fn matching(&self, entry: &DirEntry) -> Option<PathBuf> {
        let path = entry.path().strip_prefix(&self.root).ok()?;
        let found = entry.file_type().is_file() && self.matcher.is_match(path);
        found.then(|| self.folder.join(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for file in ["in/b.txt", "in/a.txt", "in/deep/c.txt", "in/c.md", "d.txt"] {
            let path = home.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        home
    }

    #[test]
    fn a_glob_finds_files_wherever_it_points() {
        let home = tree();
        let found = |base: &str, glob: &str| -> Vec<String> {
            let found = files(&home.path().join(base), glob).unwrap();
            found.map(|path| String::from_utf8(path).unwrap()).collect()
        };
        assert_eq!(found("", "in/*.txt"), ["in/a.txt", "in/b.txt"]);
        assert_eq!(found("", "**/*.txt"), ["d.txt", "in/a.txt", "in/b.txt", "in/deep/c.txt"]);
        assert_eq!(found("", "in/{deep/c,a}.txt"), ["in/a.txt", "in/deep/c.txt"]);
        assert_eq!(found("", "in/a.txt"), ["in/a.txt"]);
        assert_eq!(found("in", "../*.txt"), ["../d.txt"]);
        let absolute = format!("{}/in/d*/*", home.path().display());
        assert_eq!(found("", &absolute), [format!("{}/in/deep/c.txt", home.path().display())]);
        assert_eq!(found("", "none/*"), [""; 0]);
        assert!(files(home.path(), "in/[").is_err());
    }

    #[test]
    fn whether_there_is_any_is_not_known_of_a_tree_that_is_too_large() {
        let home = tree();
        let any = |glob: &str, mut left| any(home.path(), glob, &mut left).unwrap();
        assert_eq!(any("in/*.md", 100), Some(true));
        assert_eq!(any("in/*.rs", 100), Some(false));
        assert_eq!(any("none/*", 100), Some(false));
        assert_eq!(any("**/*.rs", 2), None);
    }
}

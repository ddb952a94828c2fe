//! Replace: a file is written anew as a whole or stays as it was.
//!
//! The new text is written beside it and takes its place in one step, so that neither a full disk
//! nor a signal leaves half a file. Links are followed. Unaware of what the file says.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Only the user reads the new file until it has the permissions of the old one.
const PRIVATE: u32 = 0o600;

/// Writes a new text into a file that is there.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = path.canonicalize()?;
    let permissions = fs::metadata(&target)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    anew(&target, Some(permissions), |file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    })
}

/// Fills a file that takes the place of another one, if there is one, as a whole or not at all.
pub(super) fn anew(
    target: &Path,
    permissions: Option<Permissions>,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if permissions.is_some() {
        options.mode(PRIVATE);
    }
    let mut fresh = options.open(&beside)?;
    let replace = || {
        fill(&mut fresh)?;
        if let Some(permissions) = permissions {
            fresh.set_permissions(permissions)?;
        }
        fs::rename(&beside, target)
    };
    let written = replace();
    if written.is_err() {
        // What went wrong before is what matters.
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_file_behind_a_link_gets_the_text_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o754)).unwrap();
        symlink("file", &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o754);
        assert!(link.is_symlink());
        assert_eq!(names(folder.path()), ["file", "link"]);
    }

    #[test]
    fn what_may_not_be_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
        assert_eq!(replace(&file, "new").unwrap_err().to_string(), "it is read-only");
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert!(replace(&folder.path().join("none"), "new").is_err());
        assert_eq!(names(folder.path()), ["file"]);
    }
}

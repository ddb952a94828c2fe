//! Results: the file that one attempt writes `key=value` lines to.
//!
//! It is there, empty, before the child is, because some programs write only to a file that exists.
//! What lies there at the end may be anything: a link is not followed, a pipe is not waited for,
//! and no more is read than was asked for. Unaware of what the lines mean.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use thiserror::Error;

use super::Fault;
use super::folder::create;
use crate::model::AttemptId;

/// What their names begin with. They have no folder of their own: to make and remove it would take
/// a short run longer than all else that it does in its folder.
pub(super) const RESULTS: &str = "results-";

/// The file of one attempt. It goes with this value: what it held is told by an event, without
/// secrets.
#[derive(Debug)]
pub struct ResultsFile {
    path: PathBuf,
}

/// Why a file of results can't be read. The sentence follows "the file of results".
#[derive(Debug, Error)]
pub enum Unreadable {
    /// Something else was put in its place.
    #[error("is no file any more")]
    NoFile,
    /// It is longer than it may be.
    #[error("has more than {0} bytes")]
    Long(u64),
    /// A system call failed.
    #[error("can't be read: {0}")]
    Disk(#[from] io::Error),
}

impl ResultsFile {
    /// Creates it in the folder of a run.
    pub(super) fn create(run: &Path, attempt: AttemptId) -> Result<Self, Fault> {
        let path = std::path::absolute(run.join(format!("{RESULTS}{attempt}")));
        let path = path.map_err(Fault::to("find", run))?;
        create(&path)?;
        Ok(Self { path })
    }

    /// Returns where it lies, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what it holds; nothing where it was removed.
    pub fn read(&self, most: u64) -> Result<Vec<u8>, Unreadable> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        let file = match options.read(true).custom_flags(flags).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) if is_no_file(&error) => return Err(Unreadable::NoFile),
            Err(error) => return Err(error.into()),
        };
        if !file.metadata()?.is_file() {
            return Err(Unreadable::NoFile);
        }
        read(file, most)
    }
}

/// Returns whether opening failed because a link, or a socket, lies there.
fn is_no_file(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::LOOP | Errno::NXIO))
}

fn read(file: File, most: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(Unreadable::Long(most)) } else { Ok(bytes) }
}

impl Drop for ResultsFile {
    fn drop(&mut self) {
        // What is no file stays; it goes with the folder of the run.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn it_is_empty_private_and_goes() {
        let home = tempfile::tempdir().unwrap();
        let file = ResultsFile::create(home.path(), AttemptId(7)).unwrap();
        let path = file.path().to_owned();
        assert_eq!(path, home.path().join("results-7"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(file.read(9).unwrap(), b"");
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn no_more_is_read_than_was_asked_for() {
        let home = tempfile::tempdir().unwrap();
        let file = ResultsFile::create(home.path(), AttemptId(0)).unwrap();
        fs::write(file.path(), b"12345").unwrap();
        assert_eq!(file.read(5).unwrap(), b"12345");
        assert_eq!(file.read(4).unwrap_err().to_string(), "has more than 4 bytes");
        fs::remove_file(file.path()).unwrap();
        assert_eq!(file.read(4).unwrap(), b"");
    }

    #[test]
    fn what_is_no_file_is_neither_followed_nor_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let file = ResultsFile::create(home.path(), AttemptId(0)).unwrap();
        let path = file.path();
        fs::remove_file(path).unwrap();
        symlink("/etc/passwd", path).unwrap();
        assert!(matches!(file.read(9), Err(Unreadable::NoFile)));
        fs::remove_file(path).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(matches!(file.read(9), Err(Unreadable::NoFile)));
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
        assert!(matches!(file.read(9), Err(Unreadable::NoFile)));
    }
}

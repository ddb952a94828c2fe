//! Fault: the disk did not do what the journal needs.
//!
//! Every fault names its path and a reason that a person can act on. Unaware of what follows.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::event::SCHEMA;

/// What went wrong on disk. The sentence follows "failed to".
#[derive(Debug, Error)]
pub enum Fault {
    /// A system call failed.
    #[error("{action} `{path}`: {}", reason(.source), path = path.display())]
    Disk {
        /// What was tried: "create".
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A folder of the journal is a symbolic link, which may lead anywhere.
    #[error("use `{path}`: it is a symbolic link (hint: remove it, or give another `--state-dir`)",
        path = path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Every name that was tried is taken.
    #[error("find a free name in `{path}`", path = path.display())]
    NoName {
        /// The folder.
        path: PathBuf,
    },
    /// A file was written by a newer version.
    #[error(
        "read `{path}`: it has schema {found}, and this version reads up to {SCHEMA} \
         (hint: use the version that wrote it)",
        path = path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
    },
    /// A file holds something else than it should.
    #[error("read `{path}`: {reason} at byte {offset}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where what can't be read begins.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
}

impl Fault {
    /// Returns what makes a fault of an error, for `map_err`.
    pub(super) fn to(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Disk { action, path: path.to_owned(), source }
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        let kind = match &fault {
            Fault::Disk { source, .. } => source.kind(),
            Fault::Link { .. } => io::ErrorKind::InvalidInput,
            Fault::NoName { .. } => io::ErrorKind::AlreadyExists,
            Fault::Newer { .. } | Fault::Damaged { .. } => io::ErrorKind::InvalidData,
        };
        Self::new(kind, fault)
    }
}

fn reason(error: &io::Error) -> String {
    let known = match error.kind() {
        io::ErrorKind::StorageFull => "no space left on the disk",
        io::ErrorKind::FileTooLarge => "no file may grow further (`ulimit -f`)",
        io::ErrorKind::QuotaExceeded => "the disk quota is used up",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::NotADirectory => "it is not a directory, or lies below a file",
        io::ErrorKind::NotFound => "it does not exist",
        io::ErrorKind::AlreadyExists => "it exists already",
        io::ErrorKind::Unsupported => "the file system does not support it",
        _ => return error.to_string(),
    };
    known.to_owned()
}

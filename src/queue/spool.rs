//! Spool: what a consumer prints, held back until its item is accepted.
//!
//! Most print little, so it lies in memory first; beyond that in a file that has no name, so that
//! nothing of it is left whatever happens. It can be read from any place and more than once: a
//! fresh child may have to be given everything again. Unaware of items.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use thiserror::Error;

/// Bytes that are held in memory: what a pipe holds, and little enough for a thousand children.
const IN_MEMORY: usize = 64 * 1024;

/// Bytes that are read back at once.
const BLOCK: u64 = 256 * 1024;

/// Names that are tried before the folder is taken for broken. Only a name that a killed run left
/// behind in the moment before it was removed can be taken.
const TRIES: u32 = 100;

/// Makes names differ within this run.
static NAMES: AtomicU64 = AtomicU64::new(0);

/// A spool could not be written or read. The sentence follows "failed to".
#[derive(Debug, Error)]
#[error("{action} the spool `{path}`: {source}", path = path.display())]
pub struct SpoolFault {
    /// What was tried.
    action: &'static str,
    /// The file.
    path: PathBuf,
    /// Why it failed.
    source: io::Error,
}

impl SpoolFault {
    /// Says what failed with which file.
    pub(super) fn new(action: &'static str, path: PathBuf, source: io::Error) -> Self {
        Self { action, path, source }
    }
}

/// Bytes that are held back.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    /// The last bytes, which are not in the file.
    recent: BytesMut,
    file: Option<Unlinked>,
}

/// A file without a name.
#[derive(Debug)]
struct Unlinked {
    file: File,
    /// The name that it had, for messages.
    path: PathBuf,
    bytes: u64,
}

impl Spool {
    /// Makes an empty one, whose file lies in `folder` if it comes to that.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), recent: BytesMut::new(), file: None }
    }

    /// Adds bytes at the end.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SpoolFault> {
        if self.recent.len() + bytes.len() <= IN_MEMORY {
            self.recent.extend_from_slice(bytes);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(Unlinked::create(&self.folder)?),
        };
        file.write(&self.recent)?;
        self.recent.clear();
        if bytes.len() < IN_MEMORY {
            self.recent.extend_from_slice(bytes);
            return Ok(());
        }
        file.write(bytes)
    }

    /// Returns how many bytes it holds.
    pub fn len(&self) -> u64 {
        self.written() + self.recent.len() as u64
    }

    /// Returns whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a block of bytes that starts at `from`; empty at the end.
    pub fn read(&self, from: u64) -> Result<Bytes, SpoolFault> {
        if let Some(file) = &self.file
            && from < file.bytes
        {
            return file.read(from);
        }
        let start = usize::try_from(from - self.written()).unwrap_or(usize::MAX);
        Ok(Bytes::copy_from_slice(self.recent.get(start..).unwrap_or_default()))
    }

    fn written(&self) -> u64 {
        self.file.as_ref().map_or(0, |file| file.bytes)
    }
}

impl Unlinked {
    fn create(folder: &Path) -> Result<Self, SpoolFault> {
        let mut tries = 0;
        loop {
            let number = NAMES.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!(".spool-{}-{number}", std::process::id()));
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true).mode(0o600);
            tries += 1;
            return match options.open(&path) {
                Ok(file) => match fs::remove_file(&path) {
                    Ok(()) => Ok(Self { file, path, bytes: 0 }),
                    Err(source) => Err(SpoolFault { action: "unlink", path, source }),
                },
                Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {
                    continue;
                }
                Err(source) => Err(SpoolFault { action: "create", path, source }),
            };
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SpoolFault> {
        let written = self.file.write_all_at(bytes, self.bytes);
        written.map_err(|source| self.fault("write", source))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn read(&self, from: u64) -> Result<Bytes, SpoolFault> {
        let length = usize::try_from((self.bytes - from).min(BLOCK)).unwrap_or(usize::MAX);
        let mut block = vec![0; length];
        let read = self.file.read_exact_at(&mut block, from);
        read.map_err(|source| self.fault("read", source))?;
        Ok(block.into())
    }

    fn fault(&self, action: &'static str, source: io::Error) -> SpoolFault {
        SpoolFault { action, path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(spool: &Spool) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let block = spool.read(all.len() as u64).unwrap();
            if block.is_empty() {
                return all;
            }
            all.extend_from_slice(&block);
        }
    }

    #[test]
    fn what_is_written_is_read_back_whatever_its_size() {
        let folder = tempfile::tempdir().unwrap();
        for sizes in [&[][..], &[0, 10], &[IN_MEMORY, 1], &[1, IN_MEMORY], &[1_000_000, 5, 70_000]]
        {
            let mut spool = Spool::new(folder.path());
            let mut whole = Vec::new();
            for (index, size) in sizes.iter().enumerate() {
                let piece = vec![b'a' + u8::try_from(index).unwrap(); *size];
                spool.write(&piece).unwrap();
                whole.extend(piece);
            }
            assert_eq!(spool.len(), whole.len() as u64);
            assert_eq!(read_back(&spool), whole);
            assert_eq!(read_back(&spool), whole, "a second time");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
        }
    }

    #[test]
    fn a_fault_names_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(&folder.path().join("gone"));
        spool.write(&[0; 10]).unwrap();
        let fault = spool.write(&vec![0; IN_MEMORY]).unwrap_err().to_string();
        assert!(fault.starts_with("create the spool `"), "{fault}");
        assert!(fault.contains("gone/.spool-"), "{fault}");
    }
}

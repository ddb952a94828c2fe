//! Tokens: the pipe of a job server, as GNU make has it. A byte in it is leave to run one thing
//! more, for whoever reads it, and is written back by whoever has read it.
//!
//! A named pipe, which programs open by its path, or one that was inherited as two descriptors. It
//! is opened here once more, so that not to block is a matter of ours alone. Unaware of what the
//! leave is used for.

use std::cell::RefCell;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, mknodat};
use rustix::io::ioctl_fionread;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::{holders, system};

/// The most tokens: what the smallest pipe holds that the system makes.
const MOST_TOKENS: u32 = 4096;

/// What tokens are where nobody else has made them; make writes the same.
const TOKEN: u8 = b'+';

/// The pipe of a job server, and the tokens that were taken from it. Dropped, they go back.
#[derive(Debug)]
pub struct Tokens {
    pipe: AsyncFd<OwnedFd>,
    /// Where others find it.
    path: PathBuf,
    /// How many there are, where this program has made them.
    all: Option<u32>,
    /// Those that were taken. Each goes back as it was.
    hand: RefCell<Vec<u8>>,
}

impl Tokens {
    /// Makes a pipe with so many tokens.
    pub fn serve(path: &Path, count: u32) -> io::Result<Self> {
        let all = count.min(MOST_TOKENS);
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        let served = open(path, OFlags::NONBLOCK).and_then(|pipe| {
            rustix::io::write(&pipe, &vec![TOKEN; all as usize])?;
            watch(pipe)
        });
        match served {
            Ok(pipe) => {
                let (path, hand) = (path.to_owned(), RefCell::default());
                Ok(Self { pipe, path, all: Some(all), hand })
            }
            Err(error) => {
                let _ = fs::remove_file(path);
                Err(error)
            }
        }
    }

    /// Joins a job server that has a path.
    pub fn join(path: &Path) -> io::Result<Self> {
        let pipe = open(path, OFlags::NONBLOCK)?;
        is_pipe(&pipe)?;
        let (pipe, path, hand) = (watch(pipe)?, path.to_owned(), RefCell::default());
        Ok(Self { pipe, path, all: None, hand })
    }

    /// Joins a job server of which the ends were inherited: one to read, one to write.
    pub fn inherit([read, write]: [RawFd; 2]) -> io::Result<Self> {
        let path = |fd: RawFd| PathBuf::from(format!("/proc/self/fd/{fd}"));
        let which = |fd| fs::metadata(path(fd)).map(|it| (it.dev(), it.ino()));
        if which(read)? != which(write)? {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut tokens = Self::join(&path(read))?;
        tokens.path = tokens.own_path();
        Ok(tokens)
    }

    /// Returns where others find it. White space would end a word of `MAKEFLAGS`, so a path that
    /// has some is told as that of our own descriptor.
    pub fn path(&self) -> PathBuf {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+@%:,=".contains(byte);
        let is_plain =
            self.path.is_absolute() && self.path.as_os_str().as_encoded_bytes().iter().all(plain);
        if is_plain { self.path.clone() } else { self.own_path() }
    }

    fn own_path(&self) -> PathBuf {
        let fd = self.pipe.get_ref().as_raw_fd();
        PathBuf::from(format!("/proc/{}/fd/{fd}", std::process::id()))
    }

    /// Opens it once more, for a child that is given it as a descriptor: it may change how that one
    /// behaves.
    pub fn another(&self) -> io::Result<OwnedFd> {
        open(&self.own_path(), OFlags::empty())
    }

    /// Takes a token, if there is one.
    pub fn take(&self) -> bool {
        let mut token = [0];
        let read = rustix::io::read(self.pipe.get_ref(), &mut token);
        let is_there = read == Ok(1);
        if is_there {
            self.hand.borrow_mut().push(token[0]);
        }
        is_there
    }

    /// Takes a token as soon as there is one. May be cancelled: then none was taken.
    pub async fn next(&self) -> io::Result<()> {
        let read = |pipe: &OwnedFd| {
            let mut token = [0];
            match rustix::io::read(pipe, &mut token)? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                _ => Ok(token[0]),
            }
        };
        let token = self.pipe.async_io(Interest::READABLE, read).await?;
        self.hand.borrow_mut().push(token);
        Ok(())
    }

    /// Gives some back.
    pub fn give(&self, count: u32) {
        let mut hand = self.hand.borrow_mut();
        let left = hand.len().saturating_sub(count as usize);
        let back = hand.split_off(left);
        // A pipe that is gone, or full of what others made up, needs none of ours.
        let _ = rustix::io::write(self.pipe.get_ref(), &back);
    }

    /// Makes again the tokens that were lost with who had them, and removes those that came late.
    /// Nobody may have any now; that is looked for unless it is `sure`.
    pub fn recount(&self, sure: bool) {
        let Some(all) = self.all else { return };
        let there = ioctl_fionread(self.pipe.get_ref()).unwrap_or(u64::from(all));
        let there = there + self.hand.borrow().len() as u64;
        if there == u64::from(all) || !sure && holders::are_there(self.pipe.get_ref().as_fd()) {
            return;
        }
        let lost = u64::from(all).saturating_sub(there);
        let lost = vec![TOKEN; usize::try_from(lost).unwrap_or_default()];
        let _ = rustix::io::write(self.pipe.get_ref(), &lost);
        for _ in u64::from(all)..there {
            let _ = rustix::io::read(self.pipe.get_ref(), &mut [0]);
        }
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.give(u32::MAX);
        if self.all.is_some() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens a pipe to read and to write, so that it never ends.
fn open(path: &Path, how: OFlags) -> io::Result<OwnedFd> {
    let how = i32::try_from(how.bits()).unwrap_or_default();
    Ok(OpenOptions::new().read(true).write(true).custom_flags(how).open(path)?.into())
}

fn is_pipe(file: &OwnedFd) -> io::Result<()> {
    let is_pipe = FileType::from_raw_mode(fstat(file)?.st_mode) == FileType::Fifo;
    if is_pipe { Ok(()) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

fn watch(pipe: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    system::watch(pipe, Interest::READABLE).map_err(|(_, error)| error)
}

//! Host: where children run. The system in production, a script in tests of the engine.
//!
//! A closed set, so an enum. Unaware of how either of them does it.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use super::fork::Spawner;
use super::line::Life;
use super::os::Os;
use super::pipe::{PipeReader, PipeWriter};
use super::sim::{Sim, SimLife};
use crate::event::{Exit, Leftover, NotStarted};

/// Where children run.
#[derive(Debug)]
pub enum Host {
    /// On this system, started by the spawner.
    Os(Os),
    /// In memory, as a script says.
    Sim(Sim),
}

/// What is started, and with which descriptors.
#[derive(Debug)]
pub struct Invocation {
    /// The program and its arguments. Without a slash the program is looked for in `PATH` of
    /// `env`; with one it is relative to `cwd`.
    pub argv: Vec<OsString>,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// Working directory.
    pub cwd: PathBuf,
    /// Standard input.
    pub stdin: Input,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
    /// What it has beside these.
    pub extra: Extra,
    /// The pipe of a job server, which it finds at [`JOB_SERVER`](super::JOB_SERVER).
    pub job_server: Option<OwnedFd>,
    /// Whether it owns the terminal that controls this program, if there is one.
    pub interactive: bool,
    /// Whether what outlives its leader may live on.
    pub may_leak: bool,
}

impl Invocation {
    /// Returns one that reads and prints nothing, and has nothing else.
    pub fn silent(argv: Vec<OsString>, env: Vec<(OsString, OsString)>, cwd: PathBuf) -> Self {
        Self {
            argv,
            env,
            cwd,
            stdin: Input::Null,
            stdout: Output::Null,
            stderr: Output::Null,
            extra: Extra::Nothing,
            job_server: None,
            interactive: false,
            may_leak: false,
        }
    }
}

/// The descriptors of a child above 2. Those that it is not given are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extra {
    /// None.
    #[default]
    Nothing,
    /// It writes to 3.
    Out,
    /// It reads 3 and writes to 4.
    InOut,
}

/// Where a child reads from.
#[derive(Debug)]
pub enum Input {
    /// The null device.
    Null,
    /// A pipe, whose other end is [`Child::stdin`].
    Pipe,
    /// This.
    Fd(OwnedFd),
}

/// Where a child writes to.
#[derive(Debug)]
pub enum Output {
    /// The null device.
    Null,
    /// A pipe, whose other end is in [`Child`].
    Pipe,
    /// This.
    Fd(OwnedFd),
}

/// A child that was started. Dropped before its end, all of it is killed.
#[derive(Debug)]
pub struct Child {
    /// Its process id, and that of its group.
    pub pid: u32,
    /// What it reads, if that is a pipe.
    pub stdin: Option<PipeWriter>,
    /// What it writes to standard output, if that is a pipe.
    pub stdout: Option<PipeReader>,
    /// What it writes to standard error, if that is a pipe.
    pub stderr: Option<PipeReader>,
    /// What it reads from descriptor 3, with [`Extra::InOut`].
    pub extra_in: Option<PipeWriter>,
    /// What it writes to descriptor 3, with [`Extra::Out`], or to 4.
    pub extra_out: Option<PipeReader>,
    pub(super) life: Alive,
}

/// What a child's life hangs on.
#[derive(Debug)]
pub(super) enum Alive {
    Os(Life),
    Sim(SimLife),
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How its leader ended, the process that was started.
    pub exit: Exit,
    /// What outlived the leader.
    pub leftovers: Vec<Leftover>,
}

/// What becomes of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A signal has stopped it; it goes on when it is continued.
    Suspended(i32),
    /// It goes on.
    Resumed,
    /// It is over.
    Ended(Ended),
}

/// Why there is no child.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// This program can't be started; others can.
    #[error("{}", .0.cause)]
    Cannot(NotStarted),
    /// Nothing can be started any more.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The world broke.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is no spawner.
    #[error("failed to fork the spawner: {0}")]
    Fork(#[source] io::Error),
    /// The spawner is gone; what it had started was killed.
    #[error("spawner died")]
    SpawnerDied,
    /// The system has had no room for another process for too long.
    #[error("failed to start `{program}`: {error} for {seconds} seconds")]
    Refused {
        /// The program.
        program: String,
        /// What the system said.
        error: String,
        /// How long it was tried.
        seconds: u64,
    },
}

impl Host {
    /// Takes over a spawner. To be called inside the runtime and its `LocalSet`.
    pub fn new(spawner: Spawner) -> Result<Self, Fault> {
        Os::new(spawner).map(Self::Os)
    }

    /// Stops everything that was started, or lets it go on.
    pub fn pause(&self, on: bool) {
        match self {
            Self::Os(os) => os.pause(on),
            Self::Sim(_) => {}
        }
    }

    /// Has the terminal put back in order if this program dies, or no longer.
    pub fn guard(&self, on: bool) {
        match self {
            Self::Os(os) => os.guard(on),
            Self::Sim(_) => {}
        }
    }

    /// Has everything that was started end, for good: nothing is started any more. What that takes
    /// is waited for when this is dropped, so that both go on at the same time until then.
    pub fn dismiss(&self) {
        match self {
            Self::Os(os) => os.dismiss(),
            Self::Sim(_) => {}
        }
    }

    /// Returns how many bytes of memory children can still use; `None` where nobody can say.
    pub fn available_memory(&self) -> Option<u64> {
        match self {
            Self::Os(os) => os.available_memory(),
            Self::Sim(_) => None,
        }
    }

    /// Starts a child: returns once its program runs, or with the reason why it can't.
    pub async fn start(&self, invocation: Invocation) -> Result<Child, StartError> {
        match self {
            Self::Os(os) => os.start(invocation).await,
            Self::Sim(sim) => sim.start(&invocation),
        }
    }
}

impl Child {
    /// Waits until the child is over: its leader has ended and nothing of the rest lives. May be
    /// cancelled and called again.
    pub async fn wait(&mut self) -> Result<Ended, Fault> {
        loop {
            match self.change().await? {
                Change::Ended(ended) => return Ok(ended),
                Change::Suspended(_) | Change::Resumed => {}
            }
        }
    }

    /// Waits until something becomes of the child. May be cancelled and called again.
    pub async fn change(&mut self) -> Result<Change, Fault> {
        match &mut self.life {
            Alive::Os(life) => life.change().await,
            Alive::Sim(life) => Ok(Change::Ended(life.wait().await)),
        }
    }

    /// Sends a signal to the child's group. Once asked to end so, what outlives the leader is not
    /// killed at once: the caller has a grace in mind, and kills when that is over.
    pub fn signal(&self, signal: i32) {
        match &self.life {
            Alive::Os(life) => life.signal(signal),
            Alive::Sim(life) => life.signal(signal),
        }
    }

    /// Kills the child with all that belongs to it.
    pub fn kill(&self) {
        match &self.life {
            Alive::Os(life) => life.kill(),
            Alive::Sim(life) => life.kill(),
        }
    }
}

//! Os: what a start takes in the engine, from an invocation to a child with its pipes.
//!
//! Everything that is tried again is tried again here, so that the spawner never waits while
//! others could be started. Unaware of what is done with a child.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::cause::{self, Paths};
use super::fork::Spawner;
use super::host::{Alive, Child, Extra, Fault, Input, Invocation, Output, StartError};
use super::line::{self, Life, Line};
use super::pipe::{PipeReader, PipeWriter, pipe};
use super::post::LONGEST;
use super::wire::{self, Failure, Manner, Step, Words};

/// How often a program is tried again that somebody has open for writing, and how long to wait
/// each time: who has just written it is about to close it.
const BUSY_TRIES: u32 = 10;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// How long a start is tried for which the system has no room, and how long to wait each time.
const REFUSED_FOR: Duration = Duration::from_secs(30);
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// Children of this system.
#[derive(Debug)]
pub struct Os {
    line: Rc<Line>,
    listener: JoinHandle<()>,
    paths: RefCell<Paths>,
}

impl Os {
    /// Takes over a spawner.
    #[expect(clippy::disallowed_methods, reason = "it listens for as long as this room is used")]
    pub(super) fn new(spawner: Spawner) -> Result<Self, Fault> {
        let line = Line::new(spawner).map_err(Fault::Fork)?;
        let line = Rc::new(line);
        let listener = tokio::task::spawn_local(line::listen(Rc::clone(&line)));
        Ok(Self { line, listener, paths: RefCell::default() })
    }

    /// Returns how many bytes of memory can still be used.
    pub(super) fn available_memory(&self) -> Option<u64> {
        self.line.available_memory()
    }

    /// Starts a child.
    pub(super) async fn start(&self, mut invocation: Invocation) -> Result<Child, StartError> {
        cause::check(&invocation).map_err(StartError::Cannot)?;
        let mut patience = Patience::new();
        let ends = loop {
            match Ends::open(&mut invocation) {
                Ok(ends) => break ends,
                Err(failure) => patience.wait(failure, &invocation).await?,
            }
        };
        let theirs: Vec<_> = ends.theirs.iter().flatten().map(OwnedFd::as_fd).collect();
        loop {
            let found = self.paths.borrow_mut().find(&invocation).map_err(StartError::Cannot)?;
            match self.attempt(&found.path, &invocation, (ends.given(), &theirs)).await? {
                Ok((pid, life)) => {
                    let Ends { stdin, stdout, stderr, extra_in, extra_out, .. } = ends;
                    let life = Alive::Os(life);
                    return Ok(Child { pid, stdin, stdout, stderr, extra_in, extra_out, life });
                }
                // It may have moved to another place in PATH since it was found.
                Err(Failure { step: Step::Exec, .. }) if found.remembered => {
                    self.paths.borrow_mut().forget();
                }
                Err(failure) if Patience::is_asked(failure) => {
                    patience.wait(failure, &invocation).await?;
                }
                Err(failure) => {
                    let why = cause::explain(failure, &found.path, &invocation);
                    return Err(StartError::Cannot(why));
                }
            }
        }
    }

    /// Asks the spawner once.
    async fn attempt(
        &self,
        program: &Path,
        invocation: &Invocation,
        (given, theirs): (u8, &[BorrowedFd<'_>]),
    ) -> Result<Result<(u32, Life), Failure>, Fault> {
        let words = Words {
            cwd: invocation.cwd.as_os_str().as_bytes(),
            program: program.as_os_str().as_bytes(),
            argv: &invocation.argv,
            env: &invocation.env,
            manner: Manner { interactive: invocation.interactive, may_leak: invocation.may_leak },
        };
        let id = self.line.number();
        let mut message = Vec::new();
        wire::put_start(&mut message, id, given, &words);
        if message.len() > LONGEST {
            return Ok(Err(Failure { step: Step::Exec, errno: libc::E2BIG }));
        }
        self.line.start(id, &message, theirs).await
    }
}

impl Os {
    /// Stops everything that was started, or lets it go on.
    pub(super) fn pause(&self, on: bool) {
        self.line.pause(on);
    }

    /// Has the spawner put the terminal back in order if this process dies, or no longer.
    pub(super) fn guard(&self, on: bool) {
        self.line.guard(on);
    }

    /// Has the spawner end, which is waited for when this is dropped.
    pub(super) fn dismiss(&self) {
        self.line.dismiss();
    }
}

impl Drop for Os {
    fn drop(&mut self) {
        self.listener.abort();
        self.line.hang_up();
    }
}

/// Both ends of what a child reads and writes.
#[derive(Debug)]
struct Ends {
    theirs: [Option<OwnedFd>; wire::TARGETS as usize],
    stdin: Option<PipeWriter>,
    stdout: Option<PipeReader>,
    stderr: Option<PipeReader>,
    extra_in: Option<PipeWriter>,
    extra_out: Option<PipeReader>,
}

impl Ends {
    /// Opens the pipes that are asked for. The descriptors of the invocation move here once
    /// nothing can fail any more.
    fn open(invocation: &mut Invocation) -> Result<Self, Failure> {
        let extra = invocation.extra;
        let (stdin_read, stdin) = write(matches!(invocation.stdin, Input::Pipe))?;
        let (stdout, stdout_written) = read(matches!(invocation.stdout, Output::Pipe))?;
        let (stderr, stderr_written) = read(matches!(invocation.stderr, Output::Pipe))?;
        let (extra_read, extra_in) = write(extra == Extra::InOut)?;
        let (extra_out, extra_written) = read(extra != Extra::Nothing)?;
        let (third, fourth) = match extra {
            Extra::Nothing | Extra::Out => (extra_written, None),
            Extra::InOut => (extra_read, extra_written),
        };
        let input = match std::mem::replace(&mut invocation.stdin, Input::Null) {
            Input::Null | Input::Pipe => stdin_read,
            Input::Fd(fd) => Some(fd),
        };
        let output = |output: &mut Output, pipe| match std::mem::replace(output, Output::Null) {
            Output::Null | Output::Pipe => pipe,
            Output::Fd(fd) => Some(fd),
        };
        let out = output(&mut invocation.stdout, stdout_written);
        let err = output(&mut invocation.stderr, stderr_written);
        let theirs = [input, out, err, third, fourth, invocation.job_server.take()];
        Ok(Self { theirs, stdin, stdout, stderr, extra_in, extra_out })
    }

    /// Returns which targets are given a descriptor, as bits.
    fn given(&self) -> u8 {
        let bits = self.theirs.iter().enumerate().map(|(n, fd)| u8::from(fd.is_some()) << n);
        bits.fold(0, |given, bit| given | bit)
    }
}

/// Opens a pipe that a child reads, where one is wanted: its end and ours.
fn write(wanted: bool) -> Result<(Option<OwnedFd>, Option<PipeWriter>), Failure> {
    if !wanted {
        return Ok((None, None));
    }
    let (theirs, ours) = pipe().map_err(refused)?;
    Ok((Some(theirs), Some(PipeWriter::new(ours).map_err(refused)?)))
}

/// Opens a pipe that a child writes, where one is wanted: our end and its.
fn read(wanted: bool) -> Result<(Option<PipeReader>, Option<OwnedFd>), Failure> {
    if !wanted {
        return Ok((None, None));
    }
    let (ours, theirs) = pipe().map_err(refused)?;
    Ok((Some(PipeReader::new(ours).map_err(refused)?), Some(theirs)))
}

/// The system has no room for a pipe.
#[expect(clippy::needless_pass_by_value, reason = "it is what a failed call leaves")]
fn refused(error: io::Error) -> Failure {
    let errno = error.raw_os_error().unwrap_or(libc::EMFILE);
    Failure { step: Step::Receive, errno }
}

/// What is waited for before a start has failed.
#[derive(Debug)]
struct Patience {
    since: Instant,
    busy: u32,
}

impl Patience {
    fn new() -> Self {
        Self { since: Instant::now(), busy: 0 }
    }

    /// Returns whether a start that failed so may succeed a little later.
    fn is_asked(failure: Failure) -> bool {
        Self::is_refusal(failure) || (failure.step == Step::Exec && failure.errno == libc::ETXTBSY)
    }

    /// Returns whether the system had no room for a process or a descriptor.
    fn is_refusal(failure: Failure) -> bool {
        use libc::{EAGAIN, EMFILE, ENFILE, ENOMEM, ETOOMANYREFS};
        matches!(failure.errno, EAGAIN | ENOMEM | EMFILE | ENFILE | ETOOMANYREFS)
    }

    /// Waits a little, or says that this was long enough.
    async fn wait(&mut self, failure: Failure, what: &Invocation) -> Result<(), StartError> {
        if !Self::is_refusal(failure) {
            if self.busy == BUSY_TRIES {
                let why = cause::explain(failure, Path::new(&what.argv[0]), what);
                return Err(StartError::Cannot(why));
            }
            self.busy += 1;
            sleep(BUSY_PAUSE).await;
            return Ok(());
        }
        if self.since.elapsed() > REFUSED_FOR {
            return Err(StartError::Fault(Fault::Refused {
                program: what.argv[0].to_string_lossy().into_owned(),
                error: io::Error::from_raw_os_error(failure.errno).to_string(),
                seconds: REFUSED_FOR.as_secs(),
            }));
        }
        sleep(REFUSED_PAUSE).await;
        Ok(())
    }
}

//! Fork: this program becomes two, the engine and its spawner.
//!
//! It must happen before any thread exists, so it is the first thing that `main` does. Unaware of
//! what the two do afterwards.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, getpid, getrlimit, pidfd_open, set_child_subreaper, setpgid,
    setrlimit, setsid,
};

use super::Fault;
use super::guard::Guard;
use super::spawner::Loop;
use super::system::{self, Forked};

/// Descriptors 0 to 9 of the spawner are the null device: what it receives and opens never lies
/// where a child wants something else.
const LOW: RawFd = 10;

/// How willingly the system ends a process when memory runs out, in thousandths of all memory.
const OOM_SCORE: &str = "/proc/self/oom_score_adj";

/// How much more willingly it ends children: as if each held a tenth of the memory more.
const OOM_STEP: i32 = 100;

/// Runners inside runners add no more than this: what is innermost need not always be the victim.
const MOST_OOM_SCORE: i32 = 500;

/// Highest of the descriptors that a child inherits without being given one.
const STANDARD: RawFd = 2;

/// What the engine holds of its spawner: dropped, the spawner kills what is left and ends.
#[derive(Debug)]
#[must_use = "the spawner ends when this is dropped"]
pub struct Spawner {
    pub(super) socket: OwnedFd,
    pub(super) pid: Pid,
    pub(super) pidfd: OwnedFd,
}

impl Spawner {
    /// Forks the spawner off. To be called before any thread exists; returns in the engine only.
    pub fn fork() -> Result<Self, Fault> {
        system::reset_sigchld();
        Self::split().map_err(Fault::Fork)
    }

    fn split() -> io::Result<Self> {
        let before = getrlimit(Resource::Nofile);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (socket, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        // A spawner that is killed leaves its children to the engine.
        set_child_subreaper(Some(getpid()))?;
        raise(&before);
        // Looked at now: once there are two, the engine may change it at any time.
        let guard = Guard::of_terminal();
        match system::fork()? {
            Forked::Parent(pid) => {
                drop((theirs, guard));
                system::ignore_sigxfsz();
                let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
                Ok(Self { socket, pid, pidfd })
            }
            Forked::Child => {
                // No panic may climb up into a `main` that is the engine's.
                let served = catch_unwind(AssertUnwindSafe(|| serve(&theirs, guard, &before)));
                system::leave(i32::from(!matches!(served, Ok(Ok(())))))
            }
        }
    }
}

/// Takes as many descriptors as the system lets us, for pipes and watches.
fn raise(limit: &Rlimit) {
    let most = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Refused, there are fewer; a start then waits until some are free.
    let _ = setrlimit(Resource::Nofile, most);
}

/// The life of the spawner.
fn serve(socket: &OwnedFd, guard: Option<Guard>, limit: &Rlimit) -> io::Result<()> {
    system::reset_signals()?;
    let (engine, guard) = move_in(socket, guard)?;
    if guard.is_some() {
        // In the terminal's session, so that an interactive child can have it, but in a group of
        // its own, to which its signals do not come.
        setpgid(None, None)?;
    } else {
        setsid()?;
    }
    set_child_subreaper(Some(getpid()))?;
    let _ = rustix::thread::set_name(c"runner-spawner");
    offer_children();
    let infinite = |limit: Option<u64>| limit.unwrap_or(libc::RLIM_INFINITY);
    let limit = (infinite(limit.current), infinite(limit.maximum));
    Loop::new(engine, limit, guard)?.run();
    Ok(())
}

/// Has the system, when memory runs out, rather end a child than the engine: children inherit it
/// from here. Refused, all are alike.
fn offer_children() {
    let score = fs::read_to_string(OOM_SCORE).ok().and_then(|score| score.trim().parse().ok());
    if let Some(score) = score.filter(|score: &i32| *score < MOST_OOM_SCORE) {
        let _ = fs::write(OOM_SCORE, (score + OOM_STEP).min(MOST_OOM_SCORE).to_string());
    }
}

/// Leaves no descriptor open but the socket and the terminal, which move out of the way, and the
/// null device.
fn move_in(socket: &OwnedFd, guard: Option<Guard>) -> io::Result<(OwnedFd, Option<Guard>)> {
    let engine = fcntl_dupfd_cloexec(socket, LOW)?;
    let guard =
        guard.map(|guard| guard.moved(|fd| Ok(fcntl_dupfd_cloexec(fd, LOW)?))).transpose()?;
    let null =
        fcntl_dupfd_cloexec(OpenOptions::new().read(true).write(true).open("/dev/null")?, LOW)?;
    for low in 0..LOW {
        system::place(null.as_fd(), low, low <= STANDARD)?;
    }
    let mut kept = vec![engine.as_raw_fd()];
    kept.extend(guard.iter().map(Guard::number));
    kept.sort_unstable();
    let mut next = LOW;
    for kept in kept {
        system::close_all(next, kept - 1)?;
        next = kept + 1;
    }
    system::close_all(next, RawFd::MAX)?;
    // Closed with all the others; nobody is to close that number again.
    std::mem::forget(null);
    Ok((engine, guard))
}

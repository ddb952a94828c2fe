//! System: the few calls for which no crate here has a safe form, each made safe.
//!
//! Together with `birth` and `standard` this is all the unsafe code of the program. Unaware of what
//! the calls are for.

#![expect(unsafe_code, reason = "calls of the C library without a safe form in our crates")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use bytes::{BufMut as _, BytesMut};
use rustix::process::Pid;
use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdRegisterError};

/// All signals. 32 and 33 belong to the C library, which does not let us set them, but starts
/// programs with both ignored; so the system is asked itself.
const SIGNALS: std::ops::RangeInclusive<libc::c_int> = 1..=64;

/// The system's own form of "default disposition, no flags, empty mask": zeros.
const DEFAULT: [u64; 4] = [0; 4];

/// Bytes of the system's own form of a signal mask.
const MASK: libc::size_t = 8;

/// Which of the two processes this is after a fork.
#[derive(Debug, Clone, Copy)]
pub(super) enum Forked {
    /// The one that forked; it knows the other.
    Parent(Pid),
    /// The new one.
    Child,
}

/// Forks this process. To be called while it has one thread only: of any other, the new process
/// would have the locks but not the thread that opens them.
pub(super) fn fork() -> io::Result<Forked> {
    // SAFETY: fork itself is always sound; in a process with one thread, and this is called before
    // a second is made, the child may go on as the parent does.
    let pid = unsafe { libc::fork() };
    match Pid::from_raw(pid.max(0)) {
        Some(child) => Ok(Forked::Parent(child)),
        None if pid == 0 => Ok(Forked::Child),
        None => Err(io::Error::last_os_error()),
    }
}

/// Ends this process at once, without anything that the parent has left to do at its end.
pub(super) fn leave(code: i32) -> ! {
    // SAFETY: _exit has no precondition and does not return.
    unsafe { libc::_exit(code) }
}

/// Gives SIGCHLD its default disposition: who starts us with it ignored takes away every exit
/// status.
pub(super) fn reset_sigchld() {
    // SAFETY: the default disposition runs no code of ours.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}

/// Ignores SIGXFSZ: a file that may grow no further is a write that fails, with its path.
pub(super) fn ignore_sigxfsz() {
    // SAFETY: to be ignored runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Gives every signal its default disposition and blocks it.
pub(super) fn reset_signals() -> io::Result<()> {
    for signal in SIGNALS {
        let old = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: the system reads no more than `DEFAULT` holds, and the default disposition runs
        // no code of ours. SIGKILL and SIGSTOP refuse, which is as well.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, DEFAULT.as_ptr(), old, MASK) };
    }
    let mut all = MaybeUninit::uninit();
    // SAFETY: sigfillset writes the whole set before sigprocmask reads it.
    let done = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, all.as_ptr(), std::ptr::null_mut())
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Puts a copy of a descriptor on a number, whatever was there, and says whether programs get it.
pub(super) fn place(fd: BorrowedFd<'_>, number: RawFd, inherited: bool) -> io::Result<()> {
    let flags = if inherited { 0 } else { libc::O_CLOEXEC };
    // SAFETY: called in the spawner before it owns descriptors with low numbers, so what is closed
    // here belongs to nobody.
    let done = unsafe { libc::dup3(fd.as_raw_fd(), number, flags) };
    if done == number { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Closes every descriptor from one number to another, both included. Needs Linux 5.9.
pub(super) fn close_all(first: RawFd, last: RawFd) -> io::Result<()> {
    if first > last {
        return Ok(());
    }
    // SAFETY: called in the spawner right after the fork; what the engine had open there is
    // forgotten, never closed a second time, because the engine's part of the program never runs.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Signals as a descriptor: readable when one of them has come.
#[derive(Debug)]
pub(super) struct Watch(OwnedFd);

impl Watch {
    /// Watches for these from now on. They must be blocked.
    pub(super) fn on(signals: &[i32]) -> io::Result<Self> {
        let set = set_of(signals);
        // SAFETY: the set is whole, and the call only reads it.
        let fd =
            unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: signalfd has just made it, and nobody else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Takes the next signal that has come, if one has.
    pub(super) fn take(&self) -> Option<i32> {
        let mut record = [0; size_of::<libc::signalfd_siginfo>()];
        rustix::io::read(&self.0, &mut record).ok()?;
        // The record begins with the signal's number.
        record.first_chunk().map(|number| i32::from_ne_bytes(*number))
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Blocks these signals in this thread and in those that it will start, and no others.
pub(super) fn block_only(signals: &[i32]) -> io::Result<()> {
    let set = set_of(signals);
    // SAFETY: the set is whole, and the call only reads it.
    let done =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut()) };
    if done == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(done)) }
}

fn set_of(signals: &[i32]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset writes the whole set before the others use it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        set.assume_init()
    }
}

/// Takes what one of our children has to tell of being stopped, with the signal, or continued.
pub(super) fn change() -> Option<(Pid, Option<i32>)> {
    let mut told = MaybeUninit::zeroed();
    let options = libc::WSTOPPED | libc::WCONTINUED | libc::WNOHANG;
    // SAFETY: the call fills the record in, or leaves the zeros that say that there is nothing.
    let told: libc::siginfo_t = unsafe {
        libc::waitid(libc::P_ALL, 0, told.as_mut_ptr(), options);
        told.assume_init()
    };
    // SAFETY: these are the fields of what waitid tells.
    let (pid, signal) = unsafe { (told.si_pid(), told.si_status()) };
    let stopped = matches!(told.si_code, libc::CLD_STOPPED | libc::CLD_TRAPPED);
    Some((Pid::from_raw(pid)?, stopped.then_some(signal)))
}

/// Has SIGURG do nothing but interrupt a call that waits, such as a write that nobody takes.
pub(super) fn let_interrupt() -> io::Result<()> {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: the action is whole: no flags, so that calls are interrupted and not begun again, an
    // empty mask, and a handler that does nothing.
    let done = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
        libc::sigaction(libc::SIGURG, &raw const action, std::ptr::null_mut())
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Stops this process, and returns once it was continued: the signal is this thread's own, so it
/// does not go on before the stop.
pub(super) fn stop() {
    // SAFETY: raise has no precondition; SIGSTOP runs no code of ours.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Interrupts the call in which the first thread of this process waits.
pub(super) fn interrupt() {
    let process = rustix::process::getpid().as_raw_nonzero().get();
    // SAFETY: a signal to a thread of our own, whose handler was set by `let_interrupt`; a thread
    // that is gone is refused.
    unsafe { libc::syscall(libc::SYS_tgkill, process, process, libc::SIGURG) };
}

/// Lets the runtime watch a descriptor, or gives it back.
pub(super) fn watch(
    fd: OwnedFd,
    interest: Interest,
) -> Result<AsyncFd<OwnedFd>, (OwnedFd, io::Error)> {
    // SAFETY: an `OwnedFd` is one and the same open descriptor until it is dropped, and the
    // watch, which owns it from here, forgets it before that.
    unsafe { AsyncFd::register_with_interest(fd, interest) }
        .map_err(AsyncFdRegisterError::into_parts)
}

/// Reads into the free room of a block and returns how much was read.
pub(super) fn read_block(fd: BorrowedFd<'_>, block: &mut BytesMut) -> io::Result<usize> {
    let free = block.spare_capacity_mut();
    let (read, _) = rustix::io::read(fd, free)?;
    let length = read.len();
    // SAFETY: these bytes have just been written.
    unsafe { block.advance_mut(length) };
    Ok(length)
}

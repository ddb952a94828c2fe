//! Birth: one child, from the words of a start to a running program.
//!
//! `clone` with `CLONE_VM | CLONE_VFORK` copies no page tables, so a start costs the same however
//! large the spawner is; the spawner sleeps until the child has become its program, and knows then
//! whether it did. Between the two the child lives in the spawner's memory: it makes system calls
//! and touches nothing but its [`Plan`]. Unaware of who asked for it.

#![expect(unsafe_code, reason = "clone and execve have no safe form: the child shares our memory")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd as _, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::wire::{Failure, Start, Step, TARGETS, number_of};

/// Bytes of the stack on which a child makes its few system calls.
const STACK: usize = 64 << 10;

/// Exit code of a child that could not become its program; nobody sees it.
const STILLBORN: c_int = 127;

/// The limit that is the mark of an attempt.
const MARK: Resource = libc::RLIMIT_LOCKS;

#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = c_int;

/// What all children have in common.
#[derive(Debug)]
pub(super) struct Cradle {
    stack: Box<[MaybeUninit<u128>]>,
    /// The limit on descriptors that children get, soft and hard.
    descriptors: libc::rlimit,
    /// The terminal that controls this process.
    terminal: Option<OwnedFd>,
}

/// A child that runs.
#[derive(Debug)]
pub(super) struct Born {
    pub(super) pid: Pid,
    /// Readable once the child has ended.
    pub(super) pidfd: OwnedFd,
}

impl Born {
    /// Ends a child that can't be kept.
    pub(super) fn undo(self, errno: i32) -> Failure {
        let _ = kill_process(self.pid, Signal::KILL);
        let _ = waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED);
        Failure { step: Step::Fork, errno }
    }
}

/// All that a child needs to know; it lives on the spawner's stack, which waits.
struct Plan {
    argv: *const *const c_char,
    env: *const *const c_char,
    cwd: *const c_char,
    program: *const c_char,
    /// Received descriptors, with the targets on which the child wants them.
    moves: [(RawFd, RawFd); TARGETS as usize],
    descriptors: libc::rlimit,
    mark: Option<libc::rlimit>,
    /// The terminal that controls the spawner; -1 without.
    terminal: RawFd,
    interactive: bool,
    /// Where the child stopped, if it did.
    step: AtomicU8,
    errno: AtomicI32,
}

impl Cradle {
    /// Prepares for children with this limit on descriptors: soft, hard. An interactive one gets
    /// the terminal.
    pub(super) fn new(descriptors: (u64, u64), terminal: Option<OwnedFd>) -> Self {
        let stack = vec![MaybeUninit::uninit(); STACK / size_of::<u128>()].into_boxed_slice();
        let (rlim_cur, rlim_max) = descriptors;
        Self { stack, descriptors: libc::rlimit { rlim_cur, rlim_max }, terminal }
    }

    /// Starts a child. `fds` are those that `start.given` speaks of.
    pub(super) fn bear(
        &mut self,
        start: &Start<'_>,
        fds: &[OwnedFd],
        mark: Option<(u64, u64)>,
    ) -> Result<Born, Failure> {
        let argv = pointers(&start.argv);
        let env = pointers(&start.env);
        let plan = Plan {
            argv: argv.as_ptr(),
            env: env.as_ptr(),
            cwd: start.cwd.as_ptr(),
            program: start.program.as_ptr(),
            moves: moves(start.given, fds)?,
            descriptors: self.descriptors,
            mark: mark.map(|(rlim_cur, rlim_max)| libc::rlimit { rlim_cur, rlim_max }),
            terminal: self.terminal.as_ref().map_or(-1, AsRawFd::as_raw_fd),
            interactive: start.manner.interactive,
            step: AtomicU8::new(u8::MAX),
            errno: AtomicI32::new(0),
        };
        let born = self.clone_for(&plan)?;
        match Step::from_number(plan.step.load(Ordering::Relaxed)) {
            None => Ok(born),
            Some(step) => {
                let _ = waitid(WaitId::Pid(born.pid), WaitIdOptions::EXITED);
                Err(Failure { step, errno: plan.errno.load(Ordering::Relaxed) })
            }
        }
    }

    fn clone_for(&mut self, plan: &Plan) -> Result<Born, Failure> {
        let mut pidfd: c_int = -1;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        // SAFETY: the stack is ours, aligned to 16, and in use by no other child, because
        // CLONE_VFORK keeps us here until this one has left it by execve or _exit. `plan` outlives
        // it for the same reason, and `newborn` only reads it, but for two atomics.
        let pid = unsafe {
            libc::clone(
                newborn,
                self.stack.as_mut_ptr_range().end.cast(),
                flags,
                ptr::from_ref(plan).cast_mut().cast(),
                &raw mut pidfd,
            )
        };
        let Some(pid) = Pid::from_raw(pid.max(0)) else {
            let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
            return Err(Failure { step: Step::Fork, errno });
        };
        // SAFETY: clone succeeded, so it has stored a new descriptor that nobody else owns.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        Ok(Born { pid, pidfd })
    }
}

/// Returns pointers to texts, with the null that ends them for `execve`.
fn pointers(texts: &[&CStr]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}

/// Pairs each received descriptor with its target. Without one 0 to 2 stay the null device, and
/// what is above is closed.
fn moves(given: u8, fds: &[OwnedFd]) -> Result<[(RawFd, RawFd); TARGETS as usize], Failure> {
    let mut fds = fds.iter();
    let mut moves = [(-1, -1); TARGETS as usize];
    for target in (0..TARGETS).filter(|target| given >> target & 1 == 1) {
        let missing = Failure { step: Step::Receive, errno: libc::EMFILE };
        let fd = fds.next().ok_or(missing)?;
        moves[usize::from(target)] = (fd.as_raw_fd(), RawFd::from(number_of(target)));
    }
    Ok(moves)
}

/// What a child does before it is its program: system calls, and only those.
extern "C" fn newborn(plan: *mut c_void) -> c_int {
    // SAFETY: `clone_for` passes a plan that lives until we are gone; nobody writes to it but us,
    // and that through atomics.
    let plan = unsafe { &*plan.cast::<Plan>() };
    let Err(step) = plan.follow();
    plan.errno
        .store(std::io::Error::last_os_error().raw_os_error().unwrap_or(0), Ordering::Relaxed);
    plan.step.store(step as u8, Ordering::Relaxed);
    STILLBORN
}

impl Plan {
    /// Becomes the program, or says at which step that failed; `errno` says why.
    fn follow(&self) -> Result<std::convert::Infallible, Step> {
        // SAFETY: none of these calls allocates, locks or touches memory of ours but to read the
        // plan; its pointers are texts and lists that end in NUL and null. Every disposition is the
        // default, so no handler of ours can run when the mask opens. That `errno` is the
        // spawner's does no harm: it sleeps, and reads it only where clone itself failed.
        unsafe {
            did(libc::setpgid(0, 0), Step::Prepare)?;
            if self.terminal >= 0 {
                // Not in the foreground it could not take it, but for SIGTTOU, which is blocked.
                // One that has gone is no reason not to start.
                let _ = if self.interactive {
                    libc::tcsetpgrp(self.terminal, libc::getpid())
                } else {
                    libc::ioctl(self.terminal, libc::TIOCNOTTY)
                };
            }
            did(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const self.descriptors), Step::Prepare)?;
            if let Some(mark) = &self.mark {
                // A sandbox may refuse it; the group and the tree still tell whose process it is.
                let _ = libc::setrlimit(MARK, ptr::from_ref(mark));
            }
            for (from, to) in self.moves {
                if from >= 0 {
                    did(libc::dup2(from, to), Step::Descriptors)?;
                }
            }
            did(libc::chdir(self.cwd), Step::Cwd)?;
            let mut open = MaybeUninit::uninit();
            did(libc::sigemptyset(open.as_mut_ptr()), Step::Prepare)?;
            did(
                libc::sigprocmask(libc::SIG_SETMASK, open.as_ptr(), ptr::null_mut()),
                Step::Prepare,
            )?;
            libc::execve(self.program, self.argv, self.env);
        }
        Err(Step::Exec)
    }
}

fn did(result: c_int, step: Step) -> Result<(), Step> {
    if result < 0 { Err(step) } else { Ok(()) }
}

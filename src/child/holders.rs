//! Holders: who still has the other end of a pipe.
//!
//! A process that left its group, its session and its environment behind, and that comes from one
//! of several attempts, is known by nothing but the pipe that it keeps open. Unaware of what the
//! pipe carries.

use std::fs;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::fstat;
use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

use super::family::number;
use super::kin;
use crate::event::Leftover;

/// Steps up a tree of processes before it counts as foreign.
const DEPTH: usize = 1000;

/// Names every process that holds an end of this pipe, but this process, and kills those of ours,
/// unless they `live` on. One that we did not start, and that was handed the pipe by a child of
/// ours, is only named.
pub(super) fn find(pipe: BorrowedFd<'_>, live: bool) -> Vec<Leftover> {
    let Ok(status) = fstat(pipe) else { return Vec::new() };
    let link = format!("pipe:[{}]", status.st_ino);
    let processes = kin::processes().unwrap_or_default().into_iter();
    let others = processes.filter(|process| *process != getpid());
    others.filter_map(|process| judge(process, Path::new(&link), live)).collect()
}

/// Returns whether a process of ours holds this file, but this process.
pub(super) fn are_there(file: BorrowedFd<'_>) -> bool {
    let Ok(status) = fstat(file) else { return false };
    let is_it = |fd: fs::DirEntry| {
        let found = fs::metadata(fd.path());
        found.is_ok_and(|it| (it.dev(), it.ino()) == (status.st_dev, status.st_ino))
    };
    let holds = |process: Pid| {
        let fds = fs::read_dir(format!("/proc/{}/fd", process.as_raw_nonzero()));
        fds.into_iter().flatten().flatten().any(is_it)
    };
    let processes = kin::processes().unwrap_or_default().into_iter();
    let mut others = processes.filter(|process| *process != getpid() && is_ours(*process));
    others.any(holds)
}

fn judge(process: Pid, link: &Path, live: bool) -> Option<Leftover> {
    if !holds(process, link) {
        return None;
    }
    // From here on the number may belong to another process; the descriptor does not.
    let pidfd = pidfd_open(process, PidfdFlags::empty()).ok()?;
    if !holds(process, link) {
        return None;
    }
    let lives = live || !is_ours(process);
    let leftover = Leftover { pid: number(process), command: kin::command(process), lives };
    if !lives {
        let _ = pidfd_send_signal(pidfd, Signal::KILL);
    }
    Some(leftover)
}

fn holds(process: Pid, link: &Path) -> bool {
    let Ok(fds) = fs::read_dir(format!("/proc/{}/fd", process.as_raw_nonzero())) else {
        return false;
    };
    fds.filter_map(Result::ok).any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to == link))
}

/// Returns whether a process descends from this one.
fn is_ours(process: Pid) -> bool {
    let up = std::iter::successors(Some(process), |process| kin::parent(*process));
    up.take(DEPTH).any(|ancestor| ancestor == getpid())
}

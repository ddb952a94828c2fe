//! Proc: the little that is asked of the system about a process that runs.
//!
//! Unaware of why it is asked.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Resource, getrlimit};

use super::kin;

/// Bytes that are asked for at once of what the system tells: a file of it is rarely longer.
const TOLD: usize = 4 << 10;

/// Reads a file in which the system tells something. Such a file has no size, and what is in it is
/// made anew for each piece: whoever feels the way with small pieces has it made many times.
pub(super) fn told(path: &Path) -> io::Result<String> {
    let mut text = String::with_capacity(TOLD);
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Returns the signals that were ignored when this process was started. To be asked before any is
/// listened to.
pub fn ignored_signals() -> Vec<i32> {
    let status = told(Path::new("/proc/self/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    (1..=64).filter(|signal| mask & (1 << (signal - 1)) != 0).collect()
}

/// Returns how many descriptors this process may have open.
pub fn descriptors() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Returns how long a process has waited for a CPU since it was started, although it could have
/// run; zero where the system does not say.
pub fn waited_for_cpu(pid: u32) -> Duration {
    schedule(Path::new(&format!("/proc/{pid}"))).1
}

/// Returns how long a process or thread has run, and waited to run.
fn schedule(folder: &Path) -> (Duration, Duration) {
    let stat = told(&folder.join("schedstat")).unwrap_or_default();
    let mut nanos = stat.split_whitespace().map(|nanos| nanos.parse().unwrap_or_default());
    let mut next = || Duration::from_nanos(nanos.next().unwrap_or_default());
    (next(), next())
}

/// What the processes of a group had of the CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuTurns {
    /// How long they have run, all together.
    pub had: Duration,
    /// How long the thread has waited that waited longest. What it waits for now is told once it
    /// runs.
    pub waited: Duration,
    /// Whether a thread of them runs, or would.
    pub is_ready: bool,
}

/// Returns what the group of a leader had of the CPUs; nothing where the system does not say.
pub fn cpu_turns(leader: u32) -> CpuTurns {
    let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
    let is_in = |process: &Pid| leader.is_some() && kin::group(*process) == leader;
    let mut turns = CpuTurns::default();
    for process in kin::processes().unwrap_or_default().into_iter().filter(is_in) {
        let threads = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero()));
        for thread in threads.into_iter().flatten().flatten() {
            let (had, waited) = schedule(&thread.path());
            turns.had += had;
            turns.waited = turns.waited.max(waited);
            turns.is_ready |= kin::is_ready(&thread.path());
        }
    }
    turns
}

/// Returns how many bytes of memory a process holds itself; zero where the system does not say.
pub fn resident(pid: u32) -> u64 {
    let statm = told(Path::new(&format!("/proc/{pid}/statm"))).unwrap_or_default();
    let pages: Option<u64> = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or_default() * rustix::param::page_size() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_gone_has_not_waited() {
        assert_eq!(waited_for_cpu(u32::MAX), Duration::ZERO);
        assert_eq!(cpu_turns(u32::MAX), CpuTurns::default());
        assert_eq!(resident(u32::MAX), 0);
    }

    #[test]
    fn a_group_that_runs_has_turns() {
        let group = rustix::process::getpgrp().as_raw_nonzero().get().unsigned_abs();
        let turns = cpu_turns(group);
        assert!(turns.is_ready && turns.had > Duration::ZERO, "{turns:?}");
    }

    #[test]
    fn the_memory_of_a_process_is_told_in_bytes() {
        assert!(resident(std::process::id()) > 1 << 20);
    }
}

//! Proc: the little that is asked of the system about a process that runs.
//!
//! Unaware of why it is asked.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

/// Returns the signals that were ignored when this process was started. To be asked before any is
/// listened to.
pub fn ignored_signals() -> Vec<i32> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
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
    let stat = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    let waited = stat.split_whitespace().nth(1).and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(waited.unwrap_or_default())
}

/// Returns how many bytes of memory a process holds itself; zero where the system does not say.
pub fn resident(pid: u32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages: Option<u64> = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or_default() * rustix::param::page_size() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_gone_has_not_waited() {
        assert_eq!(waited_for_cpu(u32::MAX), Duration::ZERO);
        assert_eq!(resident(u32::MAX), 0);
    }

    #[test]
    fn the_memory_of_a_process_is_told_in_bytes() {
        assert!(resident(std::process::id()) > 1 << 20);
    }
}

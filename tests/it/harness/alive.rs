//! Alive: which processes of a test still live.
//!
//! A process is known by a variable in its environment, which children inherit. This process is
//! the subreaper of all, so that what loses its parent stays below it. Unaware of why a process
//! lives.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process, set_child_subreaper};

/// The variable.
pub(super) const TAG: &str = "RUNNER_TEST_ID";

/// How long what was killed may take to be gone.
const GONE: Duration = Duration::from_secs(10);

/// Makes this process the one that adopts what loses its parent.
pub(super) fn adopt() {
    set_child_subreaper(Some(getpid())).expect("Linux allows it");
}

/// Waits until no process with a tag lives; returns those that do not go.
pub(super) fn wait_for_none(tag: &str) -> Vec<String> {
    let start = Instant::now();
    loop {
        let left = living(tag);
        if left.is_empty() || start.elapsed() > GONE {
            return left.into_iter().map(|(pid, command)| format!("{pid} {command}")).collect();
        }
        std::thread::sleep(super::LOOK);
    }
}

/// Returns the state of a process, of which the number may stand on a line: `T` for one that stands
/// still; nothing where there is none.
pub(crate) fn state(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).ok()?;
    stat.rsplit(')').next()?.trim().chars().next()
}

/// Returns whether a process runs: it is there, and not dead.
pub(crate) fn runs(pid: &str) -> bool {
    !pid.is_empty() && state(pid).is_some_and(|state| state != 'Z')
}

/// Returns the processes with a tag and this name.
pub(super) fn named(tag: &str, name: &str) -> Vec<Pid> {
    let has_name = |pid: &i32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name)
    };
    let pids = living(tag).into_iter().map(|(pid, _)| pid).filter(has_name);
    pids.filter_map(Pid::from_raw).collect()
}

/// Kills every process with a tag.
pub(super) fn kill_all(tag: &str) {
    for (pid, _) in living(tag) {
        if let Some(pid) = Pid::from_raw(pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Returns the living processes with a tag, each with its command. What has ended and waits to be
/// reaped has no environment any more.
fn living(tag: &str) -> Vec<(i32, String)> {
    let expected = format!("{TAG}={tag}");
    let processes = fs::read_dir("/proc").expect("there is /proc");
    let tagged = processes.filter_map(|entry| {
        let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let has = environ.split(|byte| *byte == 0).any(|set| set == expected.as_bytes());
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        has.then(|| (pid, String::from_utf8_lossy(&command).replace('\0', " ")))
    });
    tagged.collect()
}

//! Kin: the children of this process, born here or adopted, and how to end all of them.
//!
//! A subreaper inherits what its descendants leave behind, so whatever a job started is sooner or
//! later a child of ours. Only children are signalled, and groups that a child leads: their numbers
//! cannot be used again before we have reaped them. What is deeper in the tree comes up when its
//! parents die. Used by the spawner and, when that is dead, by the engine; unaware of attempts.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, getpgid, getpid, kill_process,
    kill_process_group, waitid,
};

/// Bytes that are asked for at a time; the system gives at most a page.
const PAGE: usize = 4 << 10;

/// Bytes of a number in the list, with its blank, at most.
const NUMBER: usize = 16;

/// Longest command of a process that is shown.
const COMMAND: usize = 80;

/// How long a sweep tries: a killed process is gone in milliseconds, unless the system holds it in
/// a call that nothing can end.
const SWEEP: Duration = Duration::from_secs(5);

/// Pause between two rounds of a sweep in which nothing had ended yet.
const ROUND: Duration = Duration::from_millis(1);

/// The list of our children, which the system keeps for us.
#[derive(Debug)]
pub(super) struct Kin {
    /// `/proc/self/task/…/children`, kept open; without it (an unusual system), `/proc` is walked.
    list: Option<File>,
    text: Vec<u8>,
    process: Pid,
}

impl Kin {
    /// Opens the list of this process, whose first thread adopts.
    pub(super) fn new() -> Self {
        Self::of(getpid())
    }

    /// Opens the list of a process.
    pub(super) fn of(process: Pid) -> Self {
        let pid = process.as_raw_nonzero();
        let list = File::open(format!("/proc/{pid}/task/{pid}/children")).ok();
        Self { process, list, text: Vec::new() }
    }

    /// Returns the children that are not reaped, dead ones too.
    pub(super) fn children(&mut self) -> Vec<Pid> {
        let Some(list) = &self.list else { return walk(self.process) };
        self.text.clear();
        loop {
            let length = self.text.len();
            self.text.resize(length + PAGE, 0);
            let read = list.read_at(&mut self.text[length..], length as u64).unwrap_or(0);
            self.text.truncate(length + read);
            // The system fills a page but for less than one number, where there is more.
            if read + NUMBER < PAGE {
                break;
            }
        }
        let words = self.text.split(|byte| *byte == b' ');
        words.filter_map(|word| pid(std::str::from_utf8(word).ok()?)).collect()
    }

    /// Kills every child, and what comes up behind it, until none is left or time is over.
    pub(super) fn sweep(&mut self) {
        let end = Instant::now() + SWEEP;
        loop {
            let children = self.children();
            for child in &children {
                kill(*child);
            }
            let reaped = children.iter().filter(|child| reap(**child).is_some()).count();
            if children.is_empty() || Instant::now() > end {
                return;
            }
            if reaped == 0 {
                std::thread::sleep(ROUND);
            }
        }
    }
}

/// Kills a child of ours that is not reaped, with its group where it leads one.
pub(super) fn kill(child: Pid) {
    let _ = match getpgid(Some(child)) {
        Ok(group) if group == child => kill_process_group(child, Signal::KILL),
        Ok(_) | Err(_) => kill_process(child, Signal::KILL),
    };
}

/// Reaps a child if it is dead, and says how it ended.
pub(super) fn reap(child: Pid) -> Option<WaitIdStatus> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    rustix::io::retry_on_intr(|| waitid(WaitId::Pid(child), options)).ok().flatten()
}

/// Returns the command of a process: its words, or its name where those can't be read.
pub(super) fn command(process: Pid) -> String {
    let read = |what: &str| fs::read(format!("/proc/{}/{what}", process.as_raw_nonzero()));
    let words = read("cmdline").unwrap_or_default();
    let words = match words.iter().rposition(|byte| *byte != 0) {
        Some(last) => words[..=last].to_vec(),
        None => read("comm").unwrap_or_default(),
    };
    let text = String::from_utf8_lossy(&words);
    let text = text.trim_end().replace(|c: char| c.is_control(), " ");
    match text.char_indices().nth(COMMAND) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Returns the soft limit on file locks of a process: the mark of its attempt.
pub(super) fn mark(process: Pid) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.as_raw_nonzero())).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file locks"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Returns the parent of a process.
pub(super) fn parent(process: Pid) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // The name stands in parentheses and may contain anything, also parentheses.
    let behind = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let stat = std::str::from_utf8(&stat[behind..]).ok()?;
    pid(stat.split_whitespace().nth(1)?)
}

/// Returns all processes that can be seen.
pub(super) fn processes() -> io::Result<Vec<Pid>> {
    let names =
        fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| pid(&name)).collect())
}

fn walk(above: Pid) -> Vec<Pid> {
    let below = |process: &Pid| parent(*process) == Some(above);
    processes().unwrap_or_default().into_iter().filter(below).collect()
}

fn pid(text: &str) -> Option<Pid> {
    Pid::from_raw(text.parse().ok().filter(|number| *number > 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_from_proc() {
        assert!(command(getpid()).contains("runner"));
        assert_eq!(parent(getpid()), rustix::process::getppid());
        assert!(processes().unwrap().contains(&getpid()));
    }
}

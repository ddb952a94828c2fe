//! Kin: the children of this process, born here or adopted, and how to end all of them.
//!
//! A subreaper inherits what its descendants leave behind, so whatever a job started is sooner or
//! later a child of ours. Only children are signalled, and groups that a child leads: their numbers
//! cannot be used again before we have reaped them. What is deeper in the tree comes up when its
//! parents die. Used by the spawner and, when that is dead, by the engine; unaware of attempts.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
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

/// Looks in a row that must find nothing before nothing is left.
const LOOKS: u32 = 2;

/// Processes of a tree that are looked at, at most: a tree that is larger is still growing, and
/// what is missed comes up when its parents die.
const LARGEST: usize = 1 << 16;

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

    /// Kills every child, and what comes up behind it, until two looks in a row find none or time
    /// is over: a list that changes while it is read may miss one. Spares those that `spared` says,
    /// with all that comes from them.
    pub(super) fn sweep(&mut self, spared: impl Fn(Pid) -> bool) {
        let end = Instant::now() + SWEEP;
        let mut empty = 0;
        while empty < LOOKS && Instant::now() < end {
            let mut children = self.children();
            children.retain(|child| !spared(*child));
            if children.is_empty() {
                empty += 1;
                continue;
            }
            empty = 0;
            kill(&children);
            let reaped = children.iter().filter(|child| reap(**child).is_some()).count();
            if reaped == 0 {
                std::thread::sleep(ROUND);
            }
        }
    }
}

/// Kills processes that nobody else reaps, with their groups and all that descends from them.
///
/// Each is stopped before its children are looked at: so it makes no more of them meanwhile, and
/// reaps none whose number would then be somebody else's.
pub(super) fn kill(roots: &[Pid]) {
    let all = signal_trees(roots, Signal::STOP);
    for process in all {
        signal(process, Signal::KILL);
    }
}

/// Sends a signal to processes that nobody else reaps and to all that descends from them, each
/// before its children, and returns them.
pub(super) fn signal_trees(roots: &[Pid], what: Signal) -> Vec<Pid> {
    let mut all = roots.to_vec();
    let mut next = 0;
    while let Some(process) = all.get(next).copied() {
        signal(process, what);
        if all.len() < LARGEST {
            all.extend(children_of(process));
        }
        next += 1;
    }
    all
}

/// Signals a process, with its group where it leads one.
fn signal(process: Pid, what: Signal) {
    let _ = match getpgid(Some(process)) {
        Ok(group) if group == process => kill_process_group(process, what),
        Ok(_) | Err(_) => kill_process(process, what),
    };
}

/// Returns the children of all threads of a process.
fn children_of(process: Pid) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero()));
    let tasks = tasks.into_iter().flatten().filter_map(Result::ok);
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(pid).collect::<Vec<_>>()).collect()
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

/// Returns the limit on file locks of a process, soft and hard.
pub(super) fn limit_on_locks(process: Pid) -> Option<(u64, u64)> {
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.as_raw_nonzero())).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file locks"))?;
    let mut limits = line.split_whitespace().map(str::parse);
    Some((limits.next()?.ok()?, limits.next()?.ok()?))
}

/// Returns the parent of a process.
pub(super) fn parent(process: Pid) -> Option<Pid> {
    pid(&field(&folder(process), 1)?)
}

/// Returns the group of a process.
pub(super) fn group(process: Pid) -> Option<Pid> {
    pid(&field(&folder(process), 2)?)
}

/// Returns whether a process or thread runs, or would if it had a CPU.
pub(super) fn is_ready(folder: &Path) -> bool {
    field(folder, 0).is_some_and(|state| state == "R")
}

fn folder(process: Pid) -> PathBuf {
    format!("/proc/{}", process.as_raw_nonzero()).into()
}

/// Returns a field of what the system says in the folder of a process or thread, counted behind the
/// name.
fn field(folder: &Path, number: usize) -> Option<String> {
    let stat = fs::read(folder.join("stat")).ok()?;
    // The name stands in parentheses and may contain anything, also parentheses.
    let behind = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let stat = std::str::from_utf8(&stat[behind..]).ok()?;
    stat.split_whitespace().nth(number).map(str::to_owned)
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

//! Running: a program under way, which can be waited for, watched and signalled.
//!
//! Unaware of what it should say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{Ran, STDERR, alive, wait_for};

/// A program under way. Killed, with everything that carries its tag, if a test gives up on it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    folder: Option<TempDir>,
    tag: String,
}

impl Running {
    pub(super) fn new(child: Child, folder: TempDir, tag: String) -> Self {
        Self { child, folder: Some(folder), tag }
    }

    /// Returns the path of something in the folder of the test.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.as_ref().expect("it is there until the end").path().join(name)
    }

    /// Waits until a file is there and holds a whole line, and returns what it holds.
    pub(crate) fn wait_for_file(&self, name: &str) -> String {
        let path = self.path(name);
        wait_for(name, || fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n')))
    }

    /// Waits until the program has said something on standard error.
    pub(crate) fn wait_for_line(&self, words: &str) {
        self.wait_for_lines(words, 1);
    }

    /// Waits until the program has said something so often on standard error.
    pub(crate) fn wait_for_lines(&self, words: &str, times: usize) {
        let path = self.path(STDERR);
        let said = || {
            fs::read(&path)
                .is_ok_and(|text| String::from_utf8_lossy(&text).matches(words).count() >= times)
        };
        wait_for(&format!("{words:?}"), || said().then_some(()));
    }

    /// Returns the number of what was started.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the spawner of the program.
    pub(crate) fn spawner(&self) -> Pid {
        self.process("runner-spawner")
    }

    /// Has the spawner stand still: then nothing can be signalled, and nothing is told.
    pub(crate) fn stop_spawner(&self) {
        kill_process(self.spawner(), Signal::STOP).expect("a spawner");
    }

    /// Returns the program itself, where something else has started it.
    pub(crate) fn engine(&self) -> Pid {
        self.process("runner")
    }

    /// Returns the program, or the shell that has started it once that has ended.
    pub(crate) fn engine_or_shell(&self) -> Pid {
        let named = |name| alive::named(&self.tag, name).into_iter().next();
        named("runner").or_else(|| named("sh")).expect("one of them lives")
    }

    fn process(&self, name: &str) -> Pid {
        wait_for(name, || alive::named(&self.tag, name).into_iter().next())
    }

    /// Returns whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Sends a signal to the group of the program.
    pub(crate) fn signal_group(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        let group = Pid::from_raw(pid).expect("a pid is not zero");
        rustix::process::kill_process_group(group, signal).expect("it can be signalled");
    }

    /// Sends a signal to the program alone.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        let pid = Pid::from_raw(pid).expect("a pid is not zero");
        kill_process(pid, signal).expect("it can be signalled");
    }

    /// Waits until it has ended and nothing of it is left, and returns what came of it.
    pub(crate) fn wait(mut self) -> Ran {
        let status = wait_for("the end of `runner`", || self.child.try_wait().expect("a child"));
        let left = alive::wait_for_none(&self.tag);
        let folder = self.folder.take().expect("it is there until the end");
        let ran = Ran::new(folder, status);
        assert!(left.is_empty(), "processes outlived the run: {left:?}\n{ran}");
        ran
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.folder.is_some() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            alive::kill_all(&self.tag);
        }
    }
}

//! Ran: what came of a program: what it said, how it ended, what it left on disk.
//!
//! Unaware of what is right.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use serde_json::Value;
use tempfile::TempDir;

use super::redact::redact;
use super::{STDERR, STDOUT, Test};

/// What came of a program. Shown, it is everything at once, for a snapshot.
#[derive(Debug)]
pub(crate) struct Ran {
    folder: TempDir,
    status: ExitStatus,
    /// Standard output, as it was written.
    pub(crate) stdout: String,
    /// Standard error, as it was written.
    pub(crate) stderr: String,
}

impl Ran {
    pub(super) fn new(folder: TempDir, status: ExitStatus) -> Self {
        let read = |name| fs::read(folder.path().join(name)).expect("the output");
        let read = |name| String::from_utf8_lossy(&read(name)).into_owned();
        let (stdout, stderr) = if folder.path().join(STDOUT).exists() {
            (read(STDOUT), read(STDERR))
        } else {
            (String::new(), read(STDERR))
        };
        Self { folder, status, stdout, stderr }
    }

    /// Returns the exit code; fails where a signal ended the program.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("it was killed\n{self}"))
    }

    /// Returns the exit code, or that of a shell for the signal that ended the program.
    pub(crate) fn ended(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or_default())
    }

    /// Fails unless this is the exit code.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self}");
        self
    }

    /// Returns a test in the same folder, with other arguments, to start the program once more.
    pub(crate) fn then<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Test {
        Test { folder: self.folder, ..Test::new() }.args(args)
    }

    /// Returns the path of something in the folder of the test.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns what a file in the folder of the test holds.
    pub(crate) fn read(&self, name: &str) -> String {
        let text = fs::read(self.path(name)).unwrap_or_else(|_| panic!("no `{name}`\n{self}"));
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Returns whether something is in the folder of the test.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Returns the folder of the only run below a state folder.
    pub(crate) fn run_folder(&self, state: &str) -> PathBuf {
        let runs = fs::read_dir(self.path(state).join("runs"));
        let runs = runs.unwrap_or_else(|_| panic!("no runs below `{state}`\n{self}"));
        let mut runs = runs.map(|entry| entry.expect("an entry").path()).filter(|p| p.is_dir());
        runs.next().unwrap_or_else(|| panic!("no run below `{state}`\n{self}"))
    }

    /// Returns the id of the only run.
    pub(crate) fn run_id(&self) -> String {
        let folder = self.run_folder(".runner");
        folder.file_name().expect("a name").to_string_lossy().into_owned()
    }

    /// Returns the events that the run has written.
    pub(crate) fn events(&self) -> Vec<Value> {
        let path = self.run_folder(".runner").join("events.jsonl");
        let text = fs::read_to_string(path).expect("the events");
        text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
    }

    /// Returns the lines that a process has printed, in plain mode.
    pub(crate) fn lines_of(&self, process: &str) -> Vec<&str> {
        let lines = self.stderr.lines().filter_map(|line| {
            let (name, said) = line.split_once(" |")?;
            (name.trim_end() == process).then(|| said.strip_prefix(' ').unwrap_or(said))
        });
        lines.collect()
    }

    /// Returns everything, what processes said at the same time in the order of the alphabet: all
    /// lines before the first empty one.
    pub(crate) fn sorted(&self) -> String {
        let text = redact(&self.stderr, self.folder.path());
        let (said, summary) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut said: Vec<_> = said.lines().collect();
        said.sort_unstable();
        format!("{}\n\n{summary}[exit code: {}]\n", said.join("\n"), self.code())
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "[{name}]")?;
                f.write_str(&redact(text, self.folder.path()))?;
            }
        }
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => writeln!(f, "[exit code: {code}]"),
            (None, signal) => writeln!(f, "[signal: {}]", signal.unwrap_or_default()),
        }
    }
}

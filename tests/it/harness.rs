//! Harness: one real `runner` in a fresh folder, and all that it said in one text.
//!
//! A test writes a job, starts the program and compares everything: standard output, standard
//! error and the exit code. What differs from run to run is replaced by its name. After each test
//! no process of it may be alive: every one is known by a variable in its environment, and this
//! process adopts what loses its parent. Nothing here waits for a time, only for a file, a line or
//! an end, with a deadline that a loaded machine does not reach.
//!
//! Reading order: [`Test`] is what is asked, [`running`] a program under way, [`ran`] what came of
//! it, [`redact`] what is replaced, [`alive`] who is left.

pub(crate) mod alive;
mod ran;
mod redact;
mod running;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

pub(crate) use ran::Ran;
pub(crate) use redact::redact;
pub(crate) use running::Running;

/// How long anything may take before a test gives up; far beyond what a loaded machine needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// How long to look away between two looks at a file that should appear.
const LOOK: Duration = Duration::from_millis(5);

/// Where the two streams of the program go: files, so that nothing can block or be held open.
const STDOUT: &str = ".stdout";
const STDERR: &str = ".stderr";

/// A program to start: a folder, arguments, an environment.
#[derive(Debug)]
pub(crate) struct Test {
    folder: TempDir,
    tag: String,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    through: Vec<String>,
    stdin: Option<PathBuf>,
    stdout: Option<OwnedFd>,
    /// Whether it is started in a group of its own.
    grouped: bool,
}

impl Test {
    /// Makes a test in a fresh folder.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            folder: TempDir::with_prefix("runner-test-").expect("a folder for the test"),
            tag: format!("{}-{count}", std::process::id()),
            args: Vec::new(),
            env: Vec::new(),
            through: Vec::new(),
            stdin: None,
            stdout: None,
            grouped: false,
        }
    }

    /// Writes the job file, `job.toml`, which is run unless arguments say otherwise.
    pub(crate) fn job(self, text: &str) -> Self {
        self.file("job.toml", text)
    }

    /// Writes a file.
    pub(crate) fn file(self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        self
    }

    /// Writes a file that can be executed.
    pub(crate) fn program(self, name: &str, text: &str) -> Self {
        let written = self.file(name, text);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(written.path(name), mode).expect("its mode");
        written
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Starts the program through another, which is given it and its arguments as its last ones.
    pub(crate) fn through<const N: usize>(mut self, words: [&str; N]) -> Self {
        self.through = words.map(str::to_owned).to_vec();
        self
    }

    /// Starts the program on a terminal, by a script of a shell that calls it `$R`. What is shown
    /// there is its standard output.
    pub(crate) fn on_a_terminal(self, script: &str) -> Self {
        const SH: &str = r#"export R="$1" S="$0"; exec script -qefc 'eval "$S"' /dev/null"#;
        self.through(["sh", "-c", SH, script])
    }

    /// Starts the program in a group of its own.
    pub(crate) fn group(mut self) -> Self {
        self.grouped = true;
        self
    }

    /// Has a shell say something before it becomes the program: `ulimit -n 64`.
    pub(crate) fn under(self, words: &str) -> Self {
        self.through(["sh", "-c", &format!("{words}; exec \"$@\""), "sh"])
    }

    /// Gives a file of the test as standard input.
    pub(crate) fn stdin(mut self, name: &str) -> Self {
        self.stdin = Some(self.path(name));
        self
    }

    /// Sends standard output elsewhere.
    pub(crate) fn stdout(mut self, path: &str) -> Self {
        let file = File::options().write(true).open(path).expect("a file to write to");
        self.stdout = Some(file.into());
        self
    }

    /// Sends standard output into a pipe that nobody reads.
    pub(crate) fn unread(mut self) -> Self {
        let (_, writer) = rustix::pipe::pipe().expect("a pipe");
        self.stdout = Some(writer);
        self
    }

    /// Returns the path of something in the folder of the test.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program to its end.
    pub(crate) fn run(self) -> Ran {
        self.start().wait()
    }

    /// Starts the program.
    #[expect(clippy::disallowed_methods, reason = "the program itself is not one of its children")]
    pub(crate) fn start(mut self) -> Running {
        alive::adopt();
        let given = self.stdout.take();
        let open = |name: &str| File::create(self.path(name)).expect("a file for the output");
        let input = self.stdin.as_deref().unwrap_or(Path::new("/dev/null"));
        let out = given.unwrap_or_else(|| open(STDOUT).into());
        let runner = env!("CARGO_BIN_EXE_runner");
        let reset: &[&str] =
            if ignores_signals() { &["/usr/bin/env", "--default-signal"] } else { &[] };
        let through = self.through.iter().map(String::as_str);
        let mut words = reset.iter().copied().chain(through).chain([runner]);
        let mut command = std::process::Command::new(words.next().unwrap_or(runner));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("LC_ALL", "C.UTF-8")
            .env(alive::TAG, &self.tag)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(File::open(input).expect("a file to read"))
            .stdout(Stdio::from(out))
            .stderr(open(STDERR));
        if self.args.is_empty() {
            command.arg("job.toml");
        }
        if self.grouped {
            command.process_group(0);
        }
        let child = command.args(&self.args).spawn().expect("`runner` can be started");
        Running::new(child, self.folder, self.tag)
    }
}

/// Returns whether this process ignores signals that would mean something to the program: what a
/// shell starts in the background ignores some, and what it starts does too.
fn ignores_signals() -> bool {
    let ignored = runner::child::ignored_signals();
    let all = [Signal::INT, Signal::QUIT, Signal::TERM, Signal::HUP, Signal::TSTP, Signal::USR1];
    all.iter().any(|signal| ignored.contains(&signal.as_raw()))
}

/// Returns whether a program is installed. Says so where it is not, past the capture of the test
/// harness, and fails instead where nothing may be skipped.
pub(crate) fn installed(test: &str, program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let sbin = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let found = std::env::split_paths(&path).chain(sbin).any(|dir| dir.join(program).is_file());
    can_go_on(test, program, found)
}

/// Returns whether a file is there that `.ci/run` fetches; else says or does as [`installed`].
pub(crate) fn fetched(test: &str, file: &str) -> bool {
    can_go_on(test, file, Path::new(file).is_file())
}

/// Says that a test is skipped for want of something, or fails where nothing may be skipped.
fn can_go_on(test: &str, what: &str, found: bool) -> bool {
    if !found {
        let forbidden = std::env::var_os("RUNNER_TEST_NO_SKIP").is_some();
        assert!(!forbidden, "`{what}` is not installed, and nothing may be skipped");
        let _ = writeln!(io::stderr(), "skipped: {test}: `{what}` is not installed");
    }
    found
}

/// Waits until there is something; `what` is named if there never is.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "waited for {what} for {DEADLINE:?}");
        std::thread::sleep(LOOK);
    }
}

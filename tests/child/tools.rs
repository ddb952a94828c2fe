//! What the scenarios share: invocations, whole runs, waiting for the end of a process.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use runner::child::{Child, Ended, Host, Invocation, Output, PipeReader, StartError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// How long what was killed may take to be gone.
const GONE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) ended: Ended,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Makes an invocation with captured output and a plain environment.
pub(crate) fn invocation(argv: &[&str]) -> Invocation {
    let argv = argv.iter().map(OsString::from).collect();
    let env = vec![("PATH".into(), std::env::var_os("PATH").unwrap_or_default())];
    Invocation {
        stdout: Output::Pipe,
        stderr: Output::Pipe,
        ..Invocation::silent(argv, env, "/".into())
    }
}

/// Makes an invocation of a shell script.
pub(crate) fn shell(script: &str) -> Invocation {
    invocation(&["/bin/sh", "-c", script])
}

/// Runs to the end, reading all output.
pub(crate) async fn run(host: &Host, what: Invocation) -> Result<Ran, StartError> {
    let mut child = host.start(what).await?;
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr, ended) =
        tokio::join!(read_all(&mut stdout), read_all(&mut stderr), child.wait());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ok(Ran { ended: ended?, stdout: text(stdout), stderr: text(stderr) })
}

/// Reads to the end.
pub(crate) async fn read_all(reader: &mut Option<PipeReader>) -> Vec<u8> {
    let mut all = Vec::new();
    let Some(reader) = reader else { return all };
    loop {
        let add = |block: &[u8]| {
            all.extend_from_slice(block);
            block.is_empty()
        };
        if reader.read_with(add).await.expect("read") {
            return all;
        }
    }
}

/// Reads so many lines of standard output.
pub(crate) async fn lines(child: &mut Child, count: usize) -> Vec<String> {
    let mut text = String::new();
    let stdout = child.stdout.as_mut().expect("a pipe");
    while text.matches('\n').count() < count {
        let block = stdout.read().await.expect("read");
        assert!(!block.is_empty(), "it ended after {text:?}");
        text.push_str(str::from_utf8(&block).expect("text"));
    }
    text.lines().map(str::to_owned).collect()
}

/// Holds on to a process by its number, which must be alive.
pub(crate) fn hold(pid: &str) -> OwnedFd {
    let pid = Pid::from_raw(pid.trim().parse().expect("a number")).expect("a process id");
    pidfd_open(pid, PidfdFlags::empty()).expect("a living process")
}

/// Waits until a process has ended; fails if it lives on.
pub(crate) fn gone(process: &OwnedFd) {
    let ended = poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&GONE)).expect("poll");
    assert_eq!(ended, 1, "a process lives on");
}

/// Returns whether a process has ended.
pub(crate) fn is_gone(process: &OwnedFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&now)).expect("poll") == 1
}

/// Writes a file that can be executed.
pub(crate) fn program(folder: &Path, name: &str, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    std::fs::write(&path, text).expect("write");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    path.to_str().expect("a path in text").to_owned()
}

/// Waits for what must come soon.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("it takes too long")
}

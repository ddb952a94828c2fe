//! Changed: git is asked which files differ from another revision.
//!
//! Before a run, by a spawner of its own, or within one. What it prints is read whole, but no more
//! of it than a bound, and it has a time. Unaware of what is done with the answer.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio::time::timeout;

use super::fault::Fault;
use crate::child::{self, Host, Invocation, Output, PipeReader, Spawner, StartError};
use crate::event::Exit;
use crate::lookup::{Answer, Asking, Changed, LONGEST_ANSWER, OUTER_GIT, Unknown};

/// How long git may think about one question: a cold disk and a million files.
const LONGEST: Duration = Duration::from_secs(120);

/// Bytes that are read of what git says of a failure; the rest is not shown anyway.
const SAID: usize = 16 * 1024;

/// Why it is not known what changed.
#[derive(Debug, Error)]
pub enum Unasked {
    /// What was asked has no answer here.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// Git can't be started.
    #[error("failed to list what changed: {0}")]
    NoGit(String),
    /// Git takes too long, or names too many files.
    #[error("failed to list what changed: git {0}")]
    Endless(String),
    /// Nothing can be started or read at all.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<child::Fault> for Unasked {
    fn from(fault: child::Fault) -> Self {
        Self::Fault(fault.into())
    }
}

/// Asks before a run, and before any thread exists.
pub fn changed_since(revision: &str, folder: &Path) -> Result<Changed, Unasked> {
    let spawner = Spawner::fork()?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Fault::Runtime)?;
    let inherited: Vec<_> = std::env::vars_os().collect();
    LocalSet::new().block_on(&runtime, async {
        let host = Host::new(spawner)?;
        since(&host, revision, folder, &inherited).await
    })
}

/// Asks what changed since a revision, in the repository that a folder is in.
pub(super) async fn since(
    host: &Host,
    revision: &str,
    folder: &Path,
    inherited: &[(OsString, OsString)],
) -> Result<Changed, Unasked> {
    let mut asking = Asking::since(revision, folder)?;
    while let Some((argv, cwd)) = asking.question() {
        let invocation = invocation(argv, cwd, inherited);
        let asked = timeout(LONGEST, ask(host, invocation)).await;
        let slow = || format!("did not answer within {}", humantime::format_duration(LONGEST));
        let (exit, stdout, stderr) = asked.map_err(|_| Unasked::Endless(slow()))??;
        if stdout.len() > LONGEST_ANSWER {
            let most = format!("names more than {LONGEST_ANSWER} bytes of files");
            return Err(Unasked::Endless(most));
        }
        let code = match exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) | Exit::OutOfMemory | Exit::NotStarted(_) | Exit::Replied(_) => None,
        };
        asking.answer(&Answer { code, stdout: &stdout, stderr: &stderr })?;
    }
    Ok(asking.found())
}

fn invocation(argv: Vec<OsString>, cwd: &Path, inherited: &[(OsString, OsString)]) -> Invocation {
    let own = |name: &OsString| name == "LC_ALL" || OUTER_GIT.iter().any(|outer| name == outer);
    let kept = inherited.iter().filter(|(name, _)| !own(name)).cloned();
    // What it says of a failure is read.
    let env = kept.chain([("LC_ALL".into(), "C".into())]).collect();
    Invocation {
        stdout: Output::Pipe,
        stderr: Output::Pipe,
        ..Invocation::silent(argv, env, cwd.to_owned())
    }
}

/// Asks one question. What is dropped before its end is killed.
async fn ask(host: &Host, invocation: Invocation) -> Result<(Exit, Vec<u8>, Vec<u8>), Unasked> {
    let mut child = host.start(invocation).await.map_err(|error| match error {
        StartError::Cannot(why) => Unasked::NoGit(why.cause),
        StartError::Fault(fault) => fault.into(),
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // One byte more than may be said shows that it was too much.
    let (stdout, stderr) = tokio::try_join!(read(stdout, LONGEST_ANSWER + 1), read(stderr, SAID))?;
    Ok((child.wait().await?.exit, stdout, stderr))
}

/// Reads to the end, and keeps as much as that.
async fn read(pipe: Option<PipeReader>, most: usize) -> Result<Vec<u8>, Fault> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return Ok(kept) };
    loop {
        let block = pipe.read().await.map_err(Fault::Pump)?;
        if block.is_empty() {
            return Ok(kept);
        }
        let room = most.saturating_sub(kept.len()).min(block.len());
        kept.extend_from_slice(&block[..room]);
    }
}

//! Fault: what a command could not do, and how it is told.
//!
//! Unaware of which command it was.

use std::io::{self, Write};
use std::path::PathBuf;

use thiserror::Error;

use super::{BROKEN, WRONG};
use crate::report::unwritten;
use crate::{engine, journal, lsp};

/// What becomes of a command: an exit code, or a fault.
pub type Invoked = Result<u8, Fault>;

/// Exit code of a program whose output nobody reads any more: 128 and SIGPIPE.
const UNREAD: u8 = 141;

/// Why a command could not go on.
#[derive(Debug, Error)]
pub enum Fault {
    /// The run broke.
    #[error(transparent)]
    Engine(#[from] engine::Fault),
    /// It is not known what changed.
    #[error(transparent)]
    Unasked(#[from] engine::Unasked),
    /// The run's folder can't be used.
    #[error("failed to {0}")]
    Journal(#[from] journal::Fault),
    /// The editor can't be understood.
    #[error("failed to {0}")]
    Lsp(#[from] lsp::Fault),
    /// A file can't be written anew.
    #[error("failed to write `{}`: {error}", path.display())]
    File {
        /// The file, which is as it was.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// What was asked for is not there, or can't be done with it.
    #[error("{0}")]
    Wrong(String),
    /// The output can't be written.
    #[error("cannot {}", unwritten("stdout", .0))]
    Output(#[from] io::Error),
}

/// Returns the exit code of a command, after its output was written or not; tells a fault.
pub fn after_output(invoked: Invoked, flushed: io::Result<()>) -> u8 {
    let fault = match (invoked, flushed) {
        (Ok(code), Ok(())) => return code,
        (Ok(_), Err(error)) => Fault::Output(error),
        (Err(fault), _) => fault,
    };
    if let Fault::Output(error) = &fault
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        return UNREAD;
    }
    // Where even this can't be written, the exit code still says it.
    let _ = writeln!(io::stderr(), "runner: {fault}");
    if matches!(fault, Fault::Wrong(_)) { WRONG } else { BROKEN }
}

//! Logs: what an attempt leaves behind: its output, and what it left running.
//!
//! Unaware of how a log is written.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the output of an attempt lies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Logs {
    /// Standard output; `None` where nothing was printed or it goes elsewhere.
    pub stdout: Option<LogPiece>,
    /// Standard error; likewise.
    pub stderr: Option<LogPiece>,
}

/// A piece of a log file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LogPiece {
    /// The file.
    pub file: PathBuf,
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A process that outlived its leader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Leftover {
    /// Its process id.
    pub pid: u32,
    /// Its command, as the system names it.
    pub command: String,
    /// Whether it lives on, because `leaks` allows it; else it was killed.
    #[serde(default)]
    pub lives: bool,
}

//! Finding: a place in a file that an output tells of, as a problem matcher has found it.
//!
//! Unaware of how it was found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Severity;

/// A place in a file that an output tells of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The problem matcher.
    pub matcher: String,
    /// How bad it is.
    #[serde(with = "Grade")]
    #[schemars(with = "Grade")]
    pub severity: Severity,
    /// The file: its path from the top of the repository where it lies in there.
    pub file: String,
    /// The line, from 1, where one was told.
    pub line: Option<u32>,
    /// The column, from 1, where one was told.
    pub column: Option<u32>,
    /// The rule, where one was told.
    pub code: Option<String>,
    /// What is wrong there, in one line.
    pub message: String,
}

/// How bad a finding is: `error` or `warning`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Severity", rename_all = "kebab-case")]
#[schemars(rename = "Severity")]
enum Grade {
    /// An error.
    Error,
    /// To be looked at.
    Warning,
}

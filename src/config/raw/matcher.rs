//! Matcher: how lines of an output tell of a problem at a place in a file.
//!
//! Unaware of what the values mean.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{OneOrMany, short, tables};
use crate::config::forms::Key;

/// A tool whose output is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Tool {
    Gcc,
    Rustc,
    Go,
    Tsc,
    Eslint,
    Ruff,
    Python,
    Pytest,
    Shellcheck,
    Maven,
    Msbuild,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Severity {
    Error,
    Warning,
}

/// An own problem matcher.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["pattern"]))]
pub(in crate::config) struct ProblemMatcher {
    /// What its findings are told under; by default the name of the process.
    pub(in crate::config) name: Key<String>,
    /// How bad a finding is where no line says it; by default `error`.
    pub(in crate::config) severity: Key<Severity>,
    /// A regular expression for a line, or one for each of several that follow each other. Groups
    /// say what they find: `file` and `message`, and `line`, `column`, `severity`, `code`.
    #[schemars(extend("examples" = ["^(?<file>\\S+):(?<line>\\d+): (?<message>.+)$"]))]
    pub(in crate::config) pattern: Key<OneOrMany<String>>,
    /// Whether each line that matches the last expression is a finding, until one does not.
    #[serde(rename = "loop")]
    pub(in crate::config) repeats: Key<bool>,
}

tables!(ProblemMatcher);
short!(
    Tool,
    "`gcc`, `rustc`, `go`, `tsc`, `eslint`, `ruff`, `python`, `pytest`, `shellcheck`, `maven`, \
     `msbuild`"
);

//! Streams: where the standard input of a process comes from and where its output goes.
//!
//! Unaware of what the values mean.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{short, tables};
use crate::config::forms::Key;

/// Where the payload comes from; one of the keys.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(in crate::config) struct StdinFrom {
    /// The payload itself.
    pub(in crate::config) text: Key<String>,
    /// A file, relative to the folder of the job file.
    #[schemars(extend("x-names" = "file"))]
    pub(in crate::config) file: Key<String>,
    /// The standard output of a process that ended; it is needed too.
    #[schemars(extend("x-names" = "process"))]
    pub(in crate::config) process: Key<String>,
    /// A pipe from a process that runs at the same time.
    #[schemars(extend("x-names" = "process"))]
    pub(in crate::config) pipe: Key<String>,
}

/// Where standard output goes, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum StdoutWord {
    Log,
    Inherit,
    Null,
}

/// Where standard error goes, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum StderrWord {
    Log,
    Null,
}

/// Output into a file of the user's.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["file"]))]
pub(in crate::config) struct OutputFile {
    /// The path, relative to the folder of the job file.
    pub(in crate::config) file: Key<String>,
    /// Whether the output is added to what is there; by default it replaces it.
    pub(in crate::config) append: Key<bool>,
}

tables!(StdinFrom, OutputFile);
short!(StdoutWord, "`log`, `inherit`, `null`");
short!(StderrWord, "`log`, `null`");

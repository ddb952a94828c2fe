//! Quality: a Code Quality report, which GitLab compares with that of the target branch.
//!
//! Unaware of how problems are found.

use serde_json::{Value, json};

use crate::model::Severity;

/// A problem at a place of a file.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// What is wrong.
    pub description: String,
    /// The rule that it breaks.
    pub rule: &'a str,
    /// What it is recognised by later.
    pub fingerprint: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file, from the top of its repository.
    pub file: &'a str,
    /// Its first and its last line, from 1.
    pub lines: (usize, usize),
}

/// Returns the report: a list with an entry for each problem.
pub fn quality<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Value {
    let entry = |entry: Entry<'_>| {
        json!({
            "description": entry.description,
            "check_name": entry.rule,
            "fingerprint": entry.fingerprint,
            "severity": match entry.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
            },
            "location": {
                "path": entry.file,
                "lines": { "begin": entry.lines.0, "end": entry.lines.1 },
            },
        })
    };
    entries.map(entry).collect()
}

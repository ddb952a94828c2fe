//! GitLab: a Code Quality report, which GitLab compares with that of the target branch.
//!
//! Unaware of how problems are found.

use serde_json::{Value, json};

use super::findings::Findings;
use super::fingerprint::fingerprints;
use super::found::Grade;
use super::json::pretty;

/// Writes a list with an entry for each problem.
pub(super) fn gitlab(findings: &Findings) -> String {
    let entries = findings.all().zip(fingerprints(findings)).map(|(found, fingerprint)| {
        json!({
            "description": found.sentence(),
            "check_name": found.code,
            "fingerprint": fingerprint,
            "severity": match found.severity {
                Grade::Error => "major",
                Grade::Warning => "minor",
            },
            "location": {
                "path": found.place.file,
                "lines": { "begin": found.place.line, "end": found.place.end_line },
            },
        })
    });
    pretty(&entries.collect::<Vec<Value>>())
}

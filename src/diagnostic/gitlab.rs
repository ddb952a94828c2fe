//! GitLab: a Code Quality report, which GitLab compares with that of the target branch.
//!
//! Unaware of how problems are found.

use super::findings::Findings;
use super::found::fingerprints;
use super::json::pretty;
use crate::ci::{Entry, quality};

/// Writes a list with an entry for each problem.
pub(super) fn gitlab(findings: &Findings) -> String {
    let entries = findings.all().zip(fingerprints(findings)).map(|(found, fingerprint)| Entry {
        description: found.sentence(),
        rule: found.code,
        fingerprint,
        severity: found.severity.into(),
        file: &found.place.file,
        lines: (found.place.line, found.place.end_line),
    });
    pretty(&quality(entries))
}

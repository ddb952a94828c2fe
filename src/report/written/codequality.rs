//! Codequality: what problem matchers have found, as GitLab shows it beside the changed lines.
//!
//! GitLab compares the report with that of the target branch. Unaware of how anything is found.

use std::io::{self, Write};

use super::Written;
use crate::ci::{Entry, Fingerprints, quality};
use crate::event::{Event, Finding, Tally};
use crate::report::sanitize;

/// The report.
pub(super) struct CodeQuality;

impl Written for CodeQuality {
    fn hear(&mut self, _event: &Event, _tally: &Tally) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
        let mut prints = Fingerprints::default();
        let entries = tally.findings.list.iter().map(|(_, finding)| entry(finding, &mut prints));
        serde_json::to_writer_pretty(&mut *to, &quality(entries))?;
        to.write_all(b"\n")
    }
}

fn entry<'a>(finding: &'a Finding, prints: &mut Fingerprints) -> Entry<'a> {
    let rule = finding.code.as_ref().unwrap_or(&finding.matcher);
    // A line is required.
    let line = finding.line.map_or(1, |line| line as usize);
    Entry {
        description: sanitize::text(&finding.message),
        rule,
        fingerprint: prints.of(&[&finding.file, rule, &finding.message]),
        severity: finding.severity,
        file: &finding.file,
        lines: (line, line),
    }
}

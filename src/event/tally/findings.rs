//! Findings: what problem matchers have found in a run, each once.
//!
//! Bounded, for a broken compiler tells of thousands. Unaware of who reads them.

use std::collections::HashSet;

use crate::event::Finding;
use crate::model::{NodeId, Severity};

/// How many are remembered: more than anybody mends before the next run.
const KEPT: usize = 1000;

/// What was found in a run.
#[derive(Debug, Default)]
pub struct Findings {
    /// The findings, in the order in which they came, with the node that has told of each first.
    pub list: Vec<(NodeId, Finding)>,
    /// How many more there were.
    pub more: u64,
    known: HashSet<Finding>,
}

impl Findings {
    /// Adds one, unless it is known: what two compilers, or two tries, say is one.
    pub(super) fn add(&mut self, node: NodeId, finding: &Finding) {
        if self.known.contains(finding) || self.says_no_more(finding) {
            return;
        }
        if self.list.len() == KEPT {
            self.more += 1;
            return;
        }
        self.known.insert(finding.clone());
        self.list.push((node, finding.clone()));
    }

    /// Returns how many there are that are so bad.
    pub fn count(&self, severity: Severity) -> usize {
        self.of(severity).count()
    }

    /// Returns those that are so bad.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        let all = self.list.iter().map(|(_, finding)| finding);
        all.filter(move |finding| finding.severity == severity)
    }

    /// Returns those that a node has told of first.
    pub fn by(&self, node: NodeId) -> impl Iterator<Item = &Finding> {
        self.list.iter().filter(move |(by, _)| *by == node).map(|(_, finding)| finding)
    }

    /// Returns whether one is a known one without its line, as a summary repeats it; of a long
    /// message it may have the beginning only.
    fn says_no_more(&self, finding: &Finding) -> bool {
        let says = |known: &Finding| match finding.message.strip_suffix("...") {
            Some(beginning) => known.message.starts_with(beginning),
            None => known.message == finding.message,
        };
        let mut known = self.list.iter().map(|(_, known)| known);
        finding.line.is_none() && known.any(|known| known.file == finding.file && says(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(line: Option<u32>, message: &str) -> Finding {
        let (file, message) = ("a.py".to_owned(), message.to_owned());
        let (matcher, severity) = ("pytest".to_owned(), Severity::Error);
        Finding { matcher, severity, file, line, column: None, code: None, message }
    }

    #[test]
    fn each_is_told_once_and_not_without_end() {
        let mut findings = Findings::default();
        let told = [
            (Some(7), "no"),
            (Some(7), "no"),
            (None, "no"),
            (None, "n..."),
            (Some(8), "no"),
            (None, "why"),
        ];
        for (line, message) in told {
            findings.add(NodeId(0), &finding(line, message));
        }
        let lines: Vec<_> = findings.by(NodeId(0)).map(|finding| finding.line).collect();
        assert_eq!(lines, [Some(7), Some(8), None]);
        for line in 0..u32::try_from(KEPT).unwrap() {
            findings.add(NodeId(1), &finding(Some(line + 1), "more"));
        }
        assert_eq!((findings.list.len(), findings.more), (KEPT, 3));
        assert_eq!(findings.count(Severity::Error), KEPT);
    }
}

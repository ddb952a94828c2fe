//! Findings: what problem matchers have found, for people and for the system that shows a run.
//!
//! Systems show a bounded number of annotations, so errors go first and what is left out is
//! counted. Unaware of how anything is found.

use std::fmt::Write as _;

use super::sanitize::text;
use crate::ci::{Annotation, Ci, annotation, heading};
use crate::event::{Finding, Tally};
use crate::model::Severity;

/// Annotations of each severity: what GitHub shows of a step.
const SHOWN: usize = 10;

/// Returns a finding in a line: `src/main.rs:7:13: error E0308: mismatched types`.
pub(super) fn line(finding: &Finding) -> String {
    let mut line = place(finding);
    let _ = write!(line, ": {}", word(finding.severity));
    if let Some(code) = &finding.code {
        let _ = write!(line, " {}", text(code));
    }
    let _ = write!(line, ": {}", text(&finding.message));
    line
}

/// Returns the place of a finding: `src/main.rs:7:13`.
pub(super) fn place(finding: &Finding) -> String {
    let mut place = text(&finding.file);
    for number in [finding.line, finding.column].into_iter().map_while(|number| number) {
        let _ = write!(place, ":{number}");
    }
    place
}

/// Returns how many there are: `2 errors`, `1 warning`.
pub(super) fn counts(tally: &Tally) -> Vec<String> {
    let count = |severity, one: &str, many: &str| {
        let count = tally.findings.count(severity) as u64;
        (count > 0).then(|| super::words::plural(count, one, many))
    };
    let more = tally.findings.more;
    let more = (more > 0).then(|| format!("{more} more that were not kept"));
    let errors = count(Severity::Error, "error", "errors");
    let warnings = count(Severity::Warning, "warning", "warnings");
    errors.into_iter().chain(warnings).chain(more).collect()
}

/// Returns the orders that mark the findings in the code; nothing where a system has none.
pub(super) fn annotations(ci: Ci, tally: &Tally) -> String {
    let told = |severity| tally.findings.of(severity).take(SHOWN);
    let orders = told(Severity::Error).chain(told(Severity::Warning)).map(|finding| {
        let title = finding.code.as_ref().unwrap_or(&finding.matcher);
        let mark = Annotation {
            severity: finding.severity,
            file: &text(&finding.file),
            line: finding.line,
            column: finding.column.filter(|_| finding.line.is_some()),
            title: &text(title),
            message: &text(&finding.message),
        };
        annotation(ci, &mark)
    });
    let orders: String = orders.collect();
    if orders.is_empty() { orders } else { heading(ci) + &orders }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::Value;

    use super::super::fixture::Story;
    use super::super::{Form, Mode, written};
    use super::*;
    use crate::event::{EventKind, Exit, Outcome, Verdict};

    /// A build that tells of a warning and of so many errors.
    fn story(errors: u32) -> Story {
        let mut story = Story::new("found");
        let node = story.node("build", None, None);
        let attempt = story.start(node, 1, None);
        let finding = |line, severity, message: &str| Finding {
            matcher: "gcc".to_owned(),
            severity,
            file: "src/a,b.c".to_owned(),
            line,
            column: line.map(|_| 3),
            code: Some("-Wall".to_owned()).filter(|_| severity == Severity::Warning),
            message: message.to_owned(),
        };
        let mut told = vec![finding(None, Severity::Warning, "100%\x1b[2J ::x")];
        told.extend((1..=errors).map(|line| finding(Some(line), Severity::Error, "no | `x`")));
        for finding in told {
            story.tell(EventKind::Found { attempt, node, finding });
        }
        story.end(attempt, Exit::Code(1), Verdict::Failed, None);
        story.done(node, Outcome::Failed, None).finish(1);
        story
    }

    #[test]
    fn a_system_is_told_so_many_as_it_shows() {
        let shown = story(12).shown_with(Mode::Quiet, None, Some(Ci::GitHub), false);
        let orders = shown.lines().filter(|line| line.starts_with("::"));
        let orders: Vec<_> = orders.collect();
        assert_eq!(orders.len(), SHOWN + 1, "{shown}");
        assert_eq!(orders[0], "::error file=src/a%2Cb.c,line=1,col=3,title=gcc::no | `x`");
        assert_eq!(orders[SHOWN], "::warning file=src/a%2Cb.c,title=-Wall::100%25 ::x");
        assert!(shown.contains("\n  findings   12 errors · 1 warning\n"), "{shown}");
    }

    #[test]
    fn people_read_where() {
        assert_snapshot!(story(2).shown(Mode::Quiet, None), @"
        build: failed (exit code 1) in 0ms

        ✗ build  exit code 1 after 0ms
          again  runner jobs/found.toml build

        found: failed in 0ms
          findings   2 errors · 1 warning
          │ src/a,b.c:1:3: error: no | `x`
          │ src/a,b.c:2:3: error: no | `x`
          │ src/a,b.c: warning -Wall: 100% ::x
          run        .runner/runs/7
        ");
    }

    #[test]
    fn every_file_tells_of_them() {
        let told = |form| {
            let (story, mut tally) = (story(2), Tally::default());
            let mut file = written(form);
            for event in &story.events {
                tally.count(event);
                file.hear(event, &tally).unwrap();
            }
            let mut bytes = Vec::new();
            file.write(&tally, &mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let junit = told(Form::Junit);
        assert!(junit.contains("src/a,b.c:1:3: error: no | `x`\n"), "{junit}");
        let page = told(Form::Markdown);
        let list = "Findings: 2 errors · 1 warning\n\n- `` src/a,b.c:1:3: error: no | `x` ``\n";
        assert!(page.contains(list), "{page}");
        let quality: Vec<Value> = serde_json::from_str(&told(Form::CodeQuality)).unwrap();
        assert_eq!(quality.len(), 3);
        assert_ne!(quality[1]["fingerprint"], quality[2]["fingerprint"]);
        assert_eq!(quality[2]["location"]["lines"]["begin"], 2);
    }
}

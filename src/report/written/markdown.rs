//! Markdown: a run on a page, as hosts of code show it beside a change.
//!
//! How it ended, what failed and its last words, what it came to. Text of others stands in code, so
//! that none of it is a heading, a link or a name that is called. Unaware of hosts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::Written;
use super::markup::text;
use crate::event::{Event, EventKind, NodeState, Outcome, Tally};
use crate::model::{AttemptId, NodeId, Severity};
use crate::report::{findings, flow, replay, said, sanitize, words};

/// Failures that are told at length.
const FAILURES: usize = 20;

/// Lines of output of each.
const TAIL: usize = 20;

/// Findings that are told.
const FINDINGS: usize = 50;

/// Nodes that the table names: a page that is longer nobody reads.
const NODES: usize = 50;

/// Characters of a line: what is longer is no prose, and a page has a bound (of GitHub's 1 MiB).
const WIDE: usize = 500;

/// Results that are shown.
const RESULTS: usize = 50;

/// Characters that are shown of one.
const RESULT: usize = 80;

/// The page.
#[derive(Default)]
pub(super) struct Markdown {
    results: BTreeMap<NodeId, Results>,
}

/// What the last attempt of a node has written.
struct Results {
    attempt: AttemptId,
    shown: Vec<(String, String)>,
    count: usize,
}

impl Written for Markdown {
    fn hear(&mut self, event: &Event, _tally: &Tally) -> io::Result<()> {
        if let EventKind::ResultsWritten { attempt, node, results } = &event.kind {
            let short = |value: &String| value.chars().take(RESULT + 1).collect::<String>();
            let shown = results.iter().take(RESULTS);
            let shown = shown.map(|(key, value)| (key.clone(), short(value))).collect();
            let (attempt, count) = (*attempt, results.len());
            self.results.insert(*node, Results { attempt, shown, count });
        } else if let EventKind::AttemptEnded { attempt, node, .. } = &event.kind
            && self.results.get(node).is_some_and(|last| last.attempt != *attempt)
        {
            // The last attempt has written nothing.
            self.results.remove(node);
        }
        Ok(())
    }

    fn write(&mut self, tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
        let mut out = headline(tally);
        failures(&mut out, tally);
        found(&mut out, tally);
        table(&mut out, tally);
        self.results(&mut out, tally);
        queues(&mut out, tally);
        to.write_all(out.as_bytes())
    }
}

impl Markdown {
    fn results(&self, out: &mut String, tally: &Tally) {
        if self.results.is_empty() {
            return;
        }
        out.push_str("\n| process | result | value |\n|---|---|---|\n");
        let all = self.results.iter().flat_map(|(node, results)| {
            let name = &tally.nodes[node.index()].name;
            results.shown.iter().map(move |(key, value)| (name, key, value))
        });
        for (name, key, value) in all.take(RESULTS) {
            let value = match value.char_indices().nth(RESULT) {
                Some((end, _)) => format!("{}…", &value[..end]),
                None => value.clone(),
            };
            let value = if value.is_empty() { String::new() } else { cell(&value) };
            let _ = writeln!(out, "| {} | {} | {value} |", cell(name), cell(key));
        }
        let count: usize = self.results.values().map(|results| results.count).sum();
        let more = count.saturating_sub(RESULTS);
        if more > 0 {
            let _ = writeln!(out, "\nand {more} more");
        }
    }
}

fn headline(tally: &Tally) -> String {
    let counted = Outcome::ALL.iter().filter_map(|outcome| {
        let count = tally.ended_as(*outcome);
        (count > 0).then(|| format!("{count} {}", words::outcome(*outcome)))
    });
    let waiting = tally.nodes_waiting();
    let waiting = (waiting > 0).then(|| format!("{waiting} not started"));
    let counts: Vec<_> = counted.chain(waiting).collect();
    let job = code(&tally.job);
    let (_, sign, how) = said::ending(tally);
    format!("## {job}: {sign} {how}\n\n{}\n", counts.join(" · "))
}

fn failures(out: &mut String, tally: &Tally) {
    let failed = tally.nodes.iter().enumerate().filter_map(|(index, node)| match node.state {
        NodeState::Done(outcome) if outcome.is_failure() => {
            Some((NodeId::at(index), node, outcome))
        }
        _ => None,
    });
    for (id, node, outcome) in failed.take(FAILURES) {
        let how = code(&words::ended(tally, id, outcome));
        let _ = write!(out, "\n<details open><summary>✗ <b>{}</b></summary>\n\n", text(&node.name));
        let _ = writeln!(out, "{how}");
        let said = node.last.as_ref().and_then(|last| replay::last_words(&last.logs, TAIL));
        if let Some((_, lines)) = said {
            let _ = writeln!(out, "\n{}", block(&lines));
        }
        let again = words::again(&tally.file, &tally.options, &node.name);
        let _ = writeln!(out, "\nAgain: {}\n\n</details>", code(&again));
    }
    let more = (tally.failures() as usize).saturating_sub(FAILURES);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
}

fn found(out: &mut String, tally: &Tally) {
    let counts = findings::counts(tally);
    if counts.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nFindings: {}\n", counts.join(" · "));
    let of = |severity| tally.findings.of(severity);
    for finding in of(Severity::Error).chain(of(Severity::Warning)).take(FINDINGS) {
        let _ = writeln!(out, "- {}", code(&findings::line(finding)));
    }
    let more = tally.findings.list.len().saturating_sub(FINDINGS);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
}

fn table(out: &mut String, tally: &Tally) {
    out.push_str("\n| process | outcome | time |\n|---|---|---:|\n");
    for (index, node) in tally.nodes.iter().enumerate().take(NODES) {
        let (how, took) = match node.state {
            NodeState::Done(outcome) => (
                cell(&words::ended(tally, NodeId::at(index), outcome)),
                if node.took.is_zero() { String::new() } else { words::took(node.took) },
            ),
            NodeState::Waiting => ("not started".to_owned(), String::new()),
            NodeState::Running => ("not ended".to_owned(), String::new()),
        };
        let _ = writeln!(out, "| {} | {how} | {took} |", cell(&node.name));
    }
    let more = tally.nodes.len().saturating_sub(NODES);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
}

fn queues(out: &mut String, tally: &Tally) {
    let used = tally.queues.iter().filter(|queue| queue.level.put > 0);
    let lines: Vec<_> = used
        .map(|queue| {
            let (name, level) = (cell(&queue.name), &queue.level);
            format!("| {name} | {} | {} | {} |", level.done, level.dead, queue.left)
        })
        .collect();
    if !lines.is_empty() {
        out.push_str("\n| queue | done | dead | left |\n|---|---:|---:|---:|\n");
        let _ = writeln!(out, "{}", lines.join("\n"));
    }
    if let Some(bottleneck) = flow::bottleneck(tally) {
        let _ = writeln!(out, "\nBottleneck: {}", code(&bottleneck));
    }
}

/// Returns one line as code in a cell of a table, which it does not end.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Returns one line as code: its fence is longer than any inside.
fn code(text: &str) -> String {
    let text = sanitize::text(text);
    let fence = "`".repeat(longest_ticks(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn block(lines: &[String]) -> String {
    let short = |line: &String| line.chars().take(WIDE).collect::<String>();
    let lines: Vec<_> = lines.iter().map(short).collect();
    let longest = lines.iter().map(|line| longest_ticks(line)).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", lines.join("\n"))
}

fn longest_ticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_inside_its_fence() {
        assert_eq!((cell("a|b"), code("a|b")), ("`a\\|b`".into(), "`a|b`".into()));
        assert_eq!(code("`x``y"), "``` `x``y ```");
        assert_eq!(
            block(&["```".into(), "# no heading".into()]),
            "````text\n```\n# no heading\n````"
        );
    }
}

//! Junit: a run as tests, in the XML that nearly every CI shows.
//!
//! A suite for each process, a case for each cell of its matrix, and for a consumer one for each
//! item. What passed at a later try is flaky, as Surefire has it (`flakyFailure`), and of what
//! failed the earlier tries stand beside the last (`rerunFailure`). What was skipped, stopped or
//! may fail counts as skipped and says why. Cases lie on disk where they are many. Unaware of
//! which attributes a CI shows.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use super::{Spool, Written, seconds, xml};
use crate::event::{
    Event, EventKind, Exit, ItemRef, Logs, Node, NodeState, Outcome, Tally, Try, Verdict,
};
use crate::model::NodeId;
use crate::report::{replay, words};

/// Lines of output that a case tells of each stream.
const TAIL: usize = 50;

/// Text of a suite that is held before it goes to disk: one write for many cases.
const TEXT: usize = 16 << 10;

/// The suites so far.
#[derive(Default)]
pub(super) struct Junit {
    suites: Vec<Suite>,
    /// The suite of each node, and how many cases it has there.
    nodes: Vec<(usize, u64)>,
    /// Tries that did not pass, of what will be tried again.
    tries: HashMap<(NodeId, Option<u64>), String>,
    /// How long the last try took of items of which it is not told yet that they are dead.
    took: HashMap<(NodeId, u64), Duration>,
    /// What the last attempts of nodes printed.
    logs: HashMap<NodeId, Logs>,
    spool: Spool,
    end: u64,
}

/// A suite.
#[derive(Default)]
struct Suite {
    name: String,
    tests: u64,
    failures: u64,
    skipped: u64,
    time: Duration,
    /// Cases that are not on disk yet.
    text: String,
    /// Where the others lie: from, and how many bytes.
    pieces: Vec<(u64, u64)>,
}

/// What became of a case.
#[derive(Debug, Clone, Copy)]
enum Result {
    Passed,
    Failed,
    Skipped,
}

impl Junit {
    fn declare(&mut self, process: &str) {
        let known = self.suites.iter().rposition(|suite| suite.name == process);
        let suite = known.unwrap_or_else(|| {
            self.suites.push(Suite { name: process.to_owned(), ..Suite::default() });
            self.suites.len() - 1
        });
        self.nodes.push((suite, 0));
    }

    /// Adds a case, of which `inside` is what stands in it.
    fn case(
        &mut self,
        (node, name): (NodeId, &str),
        took: Duration,
        result: Result,
        inside: &str,
    ) -> io::Result<()> {
        let (suite, cases) = &mut self.nodes[node.index()];
        *cases += 1;
        let suite = &mut self.suites[*suite];
        suite.tests += 1;
        suite.time += took;
        match result {
            Result::Passed => {}
            Result::Failed => suite.failures += 1,
            Result::Skipped => suite.skipped += 1,
        }
        let (class, name, time) = (xml::text(&suite.name), xml::text(name), seconds(took));
        let head = format!("    <testcase name=\"{name}\" classname=\"{class}\" time=\"{time}\"");
        suite.text.push_str(&head);
        if inside.is_empty() {
            suite.text.push_str("/>\n");
        } else {
            let _ = write!(suite.text, ">\n{inside}    </testcase>\n");
        }
        if suite.text.len() >= TEXT {
            self.spool.write_all(suite.text.as_bytes())?;
            let bytes = suite.text.len() as u64;
            suite.pieces.push((self.end, bytes));
            self.end += bytes;
            suite.text.clear();
        }
        Ok(())
    }

    fn item_ended(&mut self, event: &Event) -> io::Result<()> {
        let EventKind::ItemEnded { node, item, exit, verdict, took, again, reason, .. } =
            &event.kind
        else {
            return Ok(());
        };
        let (node, key) = (*node, (*node, Some(item.index)));
        match (verdict, again) {
            (Verdict::Passed, _) => {
                let tries = self.tries.remove(&key).unwrap_or_default();
                let tries = tries.replace("rerunFailure", "flakyFailure");
                self.case((node, &case_of(item)), *took, Result::Passed, &tries)
            }
            (_, Some(_)) => {
                let how = how(exit, *verdict, reason.as_deref());
                self.tries.entry(key).or_default().push_str(&again_failed(&how, &[]));
                Ok(())
            }
            (_, None) => {
                self.took.insert((node, item.index), *took);
                Ok(())
            }
        }
    }

    fn item_dead(&mut self, event: &Event) -> io::Result<()> {
        let EventKind::ItemDead { node, item, tries, stderr, .. } = &event.kind else {
            return Ok(());
        };
        self.tries.remove(&(*node, Some(item.index)));
        let told = self.took.remove(&(*node, item.index));
        let said: Vec<String> = stderr.lossy().lines().map(str::to_owned).collect();
        let mut inside = String::new();
        let how_of = |one: &Try| how(&one.exit, one.verdict, one.reason.as_deref());
        if let Some((last, earlier)) = tries.split_last() {
            inside.push_str(&failed("failure", &how_of(last), &said));
            inside.extend(earlier.iter().map(|one| again_failed(&how_of(one), &[])));
        } else {
            inside.push_str(&failed("failure", "it is dead", &said));
        }
        let took = told.or(tries.last().map(|last| last.took)).unwrap_or_default();
        self.case((*node, &case_of(item)), took, Result::Failed, &inside)
    }

    fn attempt_ended(&mut self, event: &Event, tally: &Tally) {
        let EventKind::AttemptEnded { node, exit, verdict, logs, again, .. } = &event.kind else {
            return;
        };
        if again.is_some() && tally.nodes[node.index()].consumes.is_none() {
            let said = said(logs);
            let how = how(exit, *verdict, None);
            self.tries.entry((*node, None)).or_default().push_str(&again_failed(&how, &said));
        }
        self.logs.insert(*node, logs.clone());
    }

    fn node_ended(&mut self, id: NodeId, outcome: Outcome, tally: &Tally) -> io::Result<()> {
        let node = &tally.nodes[id.index()];
        let tries = self.tries.remove(&(id, None)).unwrap_or_default();
        let logs = self.logs.remove(&id);
        let has_items = self.nodes[id.index()].1 > 0;
        let is_told = has_items && (!outcome.is_failure() || tally_has_dead(tally, node));
        if is_told {
            return Ok(());
        }
        let why = words::ended(tally, id, outcome);
        let (result, mut inside) = match outcome {
            Outcome::Passed | Outcome::Cached => (Result::Passed, String::new()),
            Outcome::Flaky => (Result::Passed, tries.replace("rerunFailure", "flakyFailure")),
            Outcome::Skipped | Outcome::Stopped | Outcome::AllowedFailure => {
                let why = xml::text(&why);
                (Result::Skipped, format!("      <skipped message=\"{why}\"/>\n"))
            }
            Outcome::Failed | Outcome::TimedOut | Outcome::Killed => {
                let said = logs.as_ref().map(said).unwrap_or_default();
                (Result::Failed, failed("failure", &why, &said) + &tries)
            }
        };
        for (element, piece) in logs.iter().flat_map(streams) {
            let lines = replay::tail(piece, TAIL);
            if !lines.is_empty() {
                let lines = xml::lines(&lines);
                let _ = writeln!(inside, "      <{element}>{lines}</{element}>");
            }
        }
        self.case((id, &node.name), node.took, result, &inside)
    }

    /// Tells of what had no end because the run had none.
    fn cut_off(&mut self, tally: &Tally) -> io::Result<()> {
        for (index, node) in tally.nodes.iter().enumerate() {
            if !matches!(node.state, NodeState::Done(_)) {
                let inside = failed("failure", "the run broke off before its end", &[]);
                let name = (NodeId::at(index), node.name.as_str());
                self.case(name, Duration::ZERO, Result::Failed, &inside)?;
            }
        }
        Ok(())
    }
}

impl Written for Junit {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        match &event.kind {
            EventKind::NodeDeclared { process, .. } => self.declare(process),
            EventKind::AttemptEnded { .. } => self.attempt_ended(event, tally),
            EventKind::ItemEnded { .. } => self.item_ended(event)?,
            EventKind::ItemDead { .. } => self.item_dead(event)?,
            EventKind::NodeEnded { node, outcome, .. } => {
                self.node_ended(*node, *outcome, tally)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn write(&mut self, tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
        self.cut_off(tally)?;
        let sum = |of: fn(&Suite) -> u64| self.suites.iter().map(of).sum::<u64>();
        let (tests, failures) = (sum(|suite| suite.tests), sum(|suite| suite.failures));
        let took = tally.ended.map(|(_, took)| took).unwrap_or_default();
        let started = UNIX_EPOCH + Duration::from_millis(tally.started);
        let started = humantime::format_rfc3339_seconds(started);
        writeln!(
            to,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{tests}\" \
             failures=\"{failures}\" errors=\"0\" time=\"{}\">",
            xml::text(&tally.job),
            seconds(took)
        )?;
        for suite in &self.suites {
            let Suite { name, tests, failures, skipped, time, text, pieces } = suite;
            writeln!(
                to,
                "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
                 skipped=\"{skipped}\" time=\"{}\" timestamp=\"{started}\">",
                xml::text(name),
                seconds(*time)
            )?;
            for (from, bytes) in pieces {
                self.spool.copy_part(*from, *bytes, to)?;
            }
            to.write_all(text.as_bytes())?;
            to.write_all(b"  </testsuite>\n")?;
        }
        to.write_all(b"</testsuites>\n")
    }
}

/// Returns the name of an item's case: its id and its first bytes.
fn case_of(item: &ItemRef) -> String {
    words::item(item, "…")
}

fn how(exit: &Exit, verdict: Verdict, reason: Option<&str>) -> String {
    reason.map_or_else(|| words::exit(exit, verdict), str::to_owned)
}

/// Returns an element that says how something failed, and its last words.
fn failed(element: &str, how: &str, said: &[String]) -> String {
    let (how, said) = (xml::text(how), xml::lines(said));
    format!("      <{element} message=\"{how}\" type=\"failed\">{said}</{element}>\n")
}

fn again_failed(how: &str, said: &[String]) -> String {
    failed("rerunFailure", how, said)
}

/// Returns the last words of an attempt.
fn said(logs: &Logs) -> Vec<String> {
    let pieces = [&logs.stderr, &logs.stdout].into_iter().flatten();
    let mut tails = pieces.map(|piece| replay::tail(piece, TAIL));
    tails.find(|lines| !lines.is_empty()).unwrap_or_default()
}

fn streams(logs: &Logs) -> impl Iterator<Item = (&'static str, &crate::event::LogPiece)> {
    let streams = [("system-out", &logs.stdout), ("system-err", &logs.stderr)];
    streams.into_iter().filter_map(|(name, piece)| Some((name, piece.as_ref()?)))
}

/// Returns whether a node failed because items of it are dead, which have cases of their own.
fn tally_has_dead(tally: &Tally, node: &Node) -> bool {
    node.consumes.is_some_and(|queue| tally.queues[queue.index()].level.dead > 0)
}

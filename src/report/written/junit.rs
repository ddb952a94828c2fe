//! Junit: a run as tests, in the XML that nearly every CI shows.
//!
//! A suite for each process, a case for each cell of its matrix, and for a consumer one for each
//! item. What passed at a later try is flaky, as Surefire has it (`flakyFailure`), and of what
//! failed the earlier tries stand beside the last (`rerunFailure`). What was skipped, stopped or
//! may fail counts as skipped and says why; so does an item that is dead where its process has
//! passed, because a failure would contradict the verdict. Cases lie on disk where they are many.
//! Unaware of which attributes a CI shows.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use super::{Spool, Written, markup, seconds};
use crate::event::{
    Event, EventKind, Exit, ItemRef, Logs, Node, NodeState, Outcome, Tally, Try, Verdict,
};
use crate::model::NodeId;
use crate::report::{findings, replay, said, words};

/// Lines of output that a case tells of each stream.
const TAIL: usize = 50;

/// Findings that a failure tells of.
const FINDINGS: usize = 20;

/// Text of a suite that is held before it goes to disk: one write for many cases.
const TEXT: usize = 16 << 10;

/// The suites so far.
#[derive(Default)]
pub(super) struct Junit {
    suites: Vec<Suite>,
    /// What is known of each node.
    nodes: Vec<Told>,
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
    cases: Cases,
}

/// A node.
#[derive(Default)]
struct Told {
    suite: usize,
    /// How many cases it has.
    cases: u64,
    /// Its dead items, as they are told where it has failed, and where it has not: that is known
    /// only at its end.
    dead: Option<Box<[Cases; 2]>>,
}

/// Cases, and what they come to.
#[derive(Default)]
struct Cases {
    tests: u64,
    failures: u64,
    skipped: u64,
    time: Duration,
    /// Those that are not on disk yet.
    text: String,
    /// Where the others lie: from, and how many bytes.
    pieces: Vec<(u64, u64)>,
}

/// A case: of which node, by which name, and how long it took.
type Case<'a> = (NodeId, &'a str, Duration);

/// What became of a case.
#[derive(Debug, Clone, Copy)]
enum Result {
    Passed,
    Failed,
    Skipped,
}

impl Junit {
    fn declare(&mut self, process: &str) {
        // The cells of a process are declared one after the other.
        if self.suites.last().is_none_or(|suite| suite.name != process) {
            self.suites.push(Suite { name: process.to_owned(), ..Suite::default() });
        }
        self.nodes.push(Told { suite: self.suites.len() - 1, ..Told::default() });
    }

    /// Adds a case, of which `inside` is what stands in it.
    fn case(&mut self, case: Case<'_>, result: Result, inside: &str) -> io::Result<()> {
        let told = &mut self.nodes[case.0.index()];
        told.cases += 1;
        let suite = &mut self.suites[told.suite];
        suite.cases.add(&suite.name, (case.1, case.2), result, inside);
        if suite.cases.text.len() >= TEXT {
            suite.cases.lay_down(&mut self.spool, &mut self.end)?;
        }
        Ok(())
    }

    /// Adds a dead item in both ways in which it may be told.
    fn dead(&mut self, case: Case<'_>, failed: &str, skipped: &str) -> io::Result<()> {
        let told = &mut self.nodes[case.0.index()];
        told.cases += 1;
        let class = &self.suites[told.suite].name;
        let ways = told.dead.get_or_insert_default();
        ways[0].add(class, (case.1, case.2), Result::Failed, failed);
        ways[1].add(class, (case.1, case.2), Result::Skipped, skipped);
        for cases in ways.iter_mut().filter(|cases| cases.text.len() >= TEXT) {
            cases.lay_down(&mut self.spool, &mut self.end)?;
        }
        Ok(())
    }

    /// Tells the dead items of a node, now that it is known whether they are failures.
    fn bury(&mut self, node: NodeId, failures: bool) -> io::Result<()> {
        let told = &mut self.nodes[node.index()];
        let Some(ways) = told.dead.take() else { return Ok(()) };
        let [failed, skipped] = *ways;
        let suite = &mut self.suites[told.suite];
        suite.cases.lay_down(&mut self.spool, &mut self.end)?;
        suite.cases.append(if failures { failed } else { skipped });
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
                self.case((node, &case_of(item), *took), Result::Passed, &tries)
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
        let how_of = |one: &Try| how(&one.exit, one.verdict, one.reason.as_deref());
        let (last, earlier) = match tries.split_last() {
            Some((last, earlier)) => (how_of(last), earlier),
            None => ("it is dead".to_owned(), &[][..]),
        };
        let mut inside = failed("failure", &last, &said);
        inside.extend(earlier.iter().map(|one| again_failed(&how_of(one), &[])));
        let took = told.or(tries.last().map(|last| last.took)).unwrap_or_default();
        let tolerated = skipped(&format!("dead, which is tolerated: {last}"));
        self.dead((*node, &case_of(item), took), &inside, &tolerated)
    }

    fn attempt_ended(&mut self, event: &Event, tally: &Tally) {
        let EventKind::AttemptEnded { node, exit, verdict, logs, again, reason, .. } = &event.kind
        else {
            return;
        };
        if again.is_some() && tally.nodes[node.index()].consumes.is_none() {
            let said = last_lines(logs);
            let how = how(exit, *verdict, reason.as_deref());
            self.tries.entry((*node, None)).or_default().push_str(&again_failed(&how, &said));
        }
        self.logs.insert(*node, logs.clone());
    }

    fn node_ended(&mut self, id: NodeId, outcome: Outcome, tally: &Tally) -> io::Result<()> {
        let node = &tally.nodes[id.index()];
        let tries = self.tries.remove(&(id, None)).unwrap_or_default();
        let mut logs = self.logs.remove(&id);
        if let Some(last) = node.last.as_ref().filter(|last| last.finally) {
            logs = Some(last.logs.clone());
        }
        let has_items = self.nodes[id.index()].cases > 0;
        self.bury(id, !tolerates(outcome))?;
        let is_told = has_items && (!outcome.is_failure() || tally_has_dead(tally, node));
        if is_told {
            return Ok(());
        }
        let why = words::ended(tally, id, outcome);
        let (result, mut inside) = match outcome {
            Outcome::Passed | Outcome::Cached => (Result::Passed, String::new()),
            Outcome::Flaky => (Result::Passed, tries.replace("rerunFailure", "flakyFailure")),
            Outcome::Skipped | Outcome::Stopped | Outcome::AllowedFailure => {
                (Result::Skipped, skipped(&why))
            }
            Outcome::Failed | Outcome::TimedOut | Outcome::Killed => {
                let mut told: Vec<_> =
                    tally.findings.by(id).take(FINDINGS).map(findings::line).collect();
                told.extend(logs.as_ref().map(last_lines).unwrap_or_default());
                (Result::Failed, failed("failure", &why, &told) + &tries)
            }
        };
        for (element, piece) in logs.iter().flat_map(streams) {
            let lines = replay::tail(piece, TAIL);
            if !lines.is_empty() {
                let lines = markup::lines(&lines);
                let _ = writeln!(inside, "      <{element}>{lines}</{element}>");
            }
        }
        self.case((id, &node.name, node.took), result, &inside)
    }

    /// Has a run that was stopped before anything failed not look as if it had passed.
    fn stopped(&mut self, tally: &Tally) {
        let Some((exit, took)) = tally.ended.filter(|(exit, _)| *exit != 0) else { return };
        if self.sum(|cases| cases.failures) == 0 {
            let how = format!("{} {}", said::verdict(tally, exit).1, words::took(took));
            let mut cases = Cases::default();
            let inside = failed("failure", &how, &[]);
            cases.add(&tally.job, (&tally.job, took), Result::Failed, &inside);
            self.suites.push(Suite { name: tally.job.clone(), cases });
        }
    }

    fn sum(&self, of: impl Fn(&Cases) -> u64) -> u64 {
        self.suites.iter().map(|suite| of(&suite.cases)).sum()
    }

    /// Tells of what had no end because the run had none.
    fn cut_off(&mut self, tally: &Tally) -> io::Result<()> {
        for (index, node) in tally.nodes.iter().enumerate() {
            if !matches!(node.state, NodeState::Done(_)) {
                self.bury(NodeId::at(index), true)?;
                let inside = failed("failure", "the run broke off before its end", &[]);
                let case = (NodeId::at(index), node.name.as_str(), Duration::ZERO);
                self.case(case, Result::Failed, &inside)?;
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
        self.stopped(tally);
        let (tests, failures) = (self.sum(|cases| cases.tests), self.sum(|cases| cases.failures));
        let took = tally.ended.map(|(_, took)| took).unwrap_or_default();
        let started = UNIX_EPOCH + Duration::from_millis(tally.started);
        let started = humantime::format_rfc3339_seconds(started);
        writeln!(
            to,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{tests}\" \
             failures=\"{failures}\" errors=\"0\" time=\"{}\">",
            markup::text(&tally.job),
            seconds(took)
        )?;
        for suite in &self.suites {
            let Suite { name, cases } = suite;
            let Cases { tests, failures, skipped, time, text, pieces } = cases;
            writeln!(
                to,
                "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
                 skipped=\"{skipped}\" time=\"{}\" timestamp=\"{started}\">",
                markup::text(name),
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

impl Cases {
    /// Adds a case of a class.
    fn add(&mut self, class: &str, (name, took): (&str, Duration), result: Result, inside: &str) {
        self.tests += 1;
        self.time += took;
        match result {
            Result::Passed => {}
            Result::Failed => self.failures += 1,
            Result::Skipped => self.skipped += 1,
        }
        let (class, name, time) = (markup::text(class), markup::text(name), seconds(took));
        let head = format!("    <testcase name=\"{name}\" classname=\"{class}\" time=\"{time}\"");
        self.text.push_str(&head);
        if inside.is_empty() {
            self.text.push_str("/>\n");
        } else {
            let _ = write!(self.text, ">\n{inside}    </testcase>\n");
        }
    }

    /// Lays what is held at the end of a spool.
    fn lay_down(&mut self, spool: &mut Spool, end: &mut u64) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        spool.write_all(self.text.as_bytes())?;
        let bytes = self.text.len() as u64;
        self.pieces.push((*end, bytes));
        *end += bytes;
        self.text.clear();
        Ok(())
    }

    /// Adds other cases behind these, of which none is held.
    fn append(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.skipped += other.skipped;
        self.time += other.time;
        self.pieces.extend(other.pieces);
        self.text = other.text;
    }
}

/// Returns whether the run passes with the dead items of a node that ended so.
fn tolerates(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Passed | Outcome::Flaky | Outcome::Cached | Outcome::AllowedFailure => true,
        Outcome::Skipped
        | Outcome::Stopped
        | Outcome::Failed
        | Outcome::TimedOut
        | Outcome::Killed => false,
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
    let (how, said) = (markup::text(how), markup::lines(said));
    format!("      <{element} message=\"{how}\" type=\"failed\">{said}</{element}>\n")
}

/// Returns an element that says why something does not count.
fn skipped(why: &str) -> String {
    format!("      <skipped message=\"{}\"/>\n", markup::text(why))
}

fn again_failed(how: &str, said: &[String]) -> String {
    failed("rerunFailure", how, said)
}

fn last_lines(logs: &Logs) -> Vec<String> {
    replay::last_words(logs, TAIL).map(|(_, lines)| lines).unwrap_or_default()
}

fn streams(logs: &Logs) -> impl Iterator<Item = (&'static str, &crate::event::LogPiece)> {
    let streams = [("system-out", &logs.stdout), ("system-err", &logs.stderr)];
    streams.into_iter().filter_map(|(name, piece)| Some((name, piece.as_ref()?)))
}

/// Returns whether a node failed because items of it are dead, which have cases of their own.
fn tally_has_dead(tally: &Tally, node: &Node) -> bool {
    node.consumes.is_some_and(|queue| tally.queues[queue.index()].level.dead > 0)
}

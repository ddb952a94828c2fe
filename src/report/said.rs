//! Said: what one event says, in one short line.
//!
//! The same words in every mode; the modes differ in which of them they show. Unaware of what
//! children print and of where the line goes.

use std::fmt::Write as _;
use std::time::Duration;

use super::paint::{Hue, Paint};
use super::sanitize::text;
use super::words;
use crate::ci::Ci;
use crate::event::{Event, EventKind, Exit, Leftover, NodeState, Outcome, Stop, Tally, Verdict};
use crate::model::{AttemptId, NodeId};

/// The exit code of a run that could not go on.
const BROKE_OFF: u8 = 3;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Something started or went well, or an item is tried again.
    Routine,
    /// An item failed for good: there may be many.
    Item,
    /// People should know.
    Notice,
    /// A process failed.
    Failure,
}

/// One line about an event.
#[derive(Debug)]
pub(super) struct Said {
    /// How much it matters.
    pub(super) weight: Weight,
    name: Option<String>,
    hue: Hue,
    what: String,
    rest: String,
}

impl Said {
    /// Returns the line.
    pub(super) fn line(&self, paint: Paint) -> String {
        let what = paint.hue(self.hue, &*self.what);
        let line = match &self.name {
            Some(name) => format!("{}: {what}{}", paint.hue(Hue::Bold, &**name), self.rest),
            None => format!("{what}{}", self.rest),
        };
        paint.blunt(line.into()).into_owned()
    }

    /// Returns the line as the title of a fold, where not every system shows colours.
    pub(super) fn title(&self, paint: Paint) -> String {
        let color = paint.color && matches!(paint.ci, Some(Ci::GitHub | Ci::GitLab));
        self.line(Paint { color, ..paint })
    }
}

/// Returns what an event says, if it is worth a line. Starts and ends of items are not, unless an
/// item failed.
pub(super) fn said(event: &Event, tally: &Tally) -> Option<Said> {
    match &event.kind {
        EventKind::AttemptStarted { node, number: 1, item: None, .. }
            if tally.nodes[node.index()].attempts == 1 =>
        {
            Some(about(tally, *node, Weight::Routine, Hue::Dim, "started"))
        }
        EventKind::AttemptSlow { attempt } => slow(event.at, tally, *attempt),
        EventKind::AttemptSuspended { attempt, signal } => {
            suspended(tally, *attempt, &format!("stopped by {}", Exit::signal_name(*signal)))
        }
        EventKind::AttemptResumed { attempt } => suspended(tally, *attempt, "goes on"),
        EventKind::AttemptKilled { attempt } => {
            let node = tally.running.get(attempt)?.node;
            Some(about(tally, node, Weight::Notice, Hue::Warn, "did not stop in time, killed"))
        }
        EventKind::ServiceReady { node, took, .. } => {
            let mut said = about(tally, *node, Weight::Routine, Hue::Good, "ready");
            said.rest = format!(" in {}", words::took(*took));
            Some(said)
        }
        EventKind::ServiceRestarts { node, number, burst, after } => {
            Some(restarts(tally, *node, (*number, *burst), *after))
        }
        EventKind::AttemptEnded { node, leftovers, .. }
            if tally.nodes[node.index()].ready.is_some() =>
        {
            left_behind(leftovers).map(|left| about(tally, *node, Weight::Notice, Hue::Warn, &left))
        }
        EventKind::AttemptEnded { node, verdict, leftovers, again, .. } => {
            attempt_ended(tally, *node, *verdict, leftovers, *again)
        }
        EventKind::FinallyStarted { node, number, of, .. } => {
            let which = if *of > 1 { format!("finally {number}/{of}") } else { "finally".into() };
            Some(about(tally, *node, Weight::Routine, Hue::Dim, &which))
        }
        EventKind::FinallyEnded { .. } => finally_ended(event, tally),
        EventKind::NodeEnded { node, outcome, took, .. } => {
            Some(node_ended(tally, *node, *outcome, *took))
        }
        EventKind::StopAsked { stop, reason, .. } => Some(stopping(*stop, reason)),
        EventKind::Noted { message } => {
            Some(Said { hue: Hue::Warn, rest: format!(": {}", text(message)), ..bare("note") })
        }
        EventKind::RunStarted { .. }
        | EventKind::PoolDeclared { .. }
        | EventKind::QueueDeclared { .. }
        | EventKind::ProcessDeclared { .. }
        | EventKind::NodeDeclared { .. }
        | EventKind::AttemptStarted { .. }
        | EventKind::Output { .. }
        | EventKind::ResultsWritten { .. }
        | EventKind::QueueLevels { .. }
        | EventKind::Found { .. }
        | EventKind::ItemEnded { .. }
        | EventKind::ItemDead { .. }
        | EventKind::ItemDropped { .. }
        | EventKind::QueueClosed { .. }
        | EventKind::QueueDrained { .. }
        | EventKind::RunEnded { .. } => None,
    }
}

/// Says how a run that has ended with a code came out: `failed in`.
pub(super) fn verdict(tally: &Tally, exit: u8) -> (Hue, String) {
    match &tally.stop {
        Some(_) | None if exit == BROKE_OFF => (Hue::Bad, "broke off after".to_owned()),
        Some((_, Some(signal), _)) => {
            (Hue::Warn, format!("stopped by {} after", Exit::signal_name(*signal)))
        }
        Some((Stop::Deadline, None, _)) => (Hue::Bad, "timed out after".to_owned()),
        Some(_) | None if exit == 0 => (Hue::Good, "passed in".to_owned()),
        Some(_) | None => (Hue::Bad, "failed in".to_owned()),
    }
}

/// Says how a run came out, also one without an end, behind the sign of that.
pub(super) fn ending(tally: &Tally) -> (Hue, &'static str, String) {
    let Some((exit, took)) = tally.ended else {
        let running = tally.nodes.iter().any(|node| node.state == NodeState::Running);
        let what = if running { "broke off while it ran" } else { "broke off" };
        return (Hue::Bad, "✗", what.to_owned());
    };
    let (hue, what) = verdict(tally, exit);
    let sign = match hue {
        Hue::Good => "✓",
        Hue::Warn => "■",
        Hue::Bad | Hue::Busy | Hue::Dim | Hue::Bold | Hue::Of(_) => "✗",
    };
    (hue, sign, format!("{what} {}", words::took(took)))
}

/// Returns the colour of an outcome.
pub(super) fn hue(outcome: Outcome) -> Hue {
    match outcome {
        Outcome::Passed => Hue::Good,
        Outcome::Flaky | Outcome::AllowedFailure => Hue::Warn,
        Outcome::Cached | Outcome::Skipped | Outcome::Stopped => Hue::Dim,
        Outcome::Failed | Outcome::TimedOut | Outcome::Killed => Hue::Bad,
    }
}

fn node_ended(tally: &Tally, id: NodeId, outcome: Outcome, took: Duration) -> Said {
    let what = words::ended(tally, id, outcome);
    let weight = if outcome.is_failure() { Weight::Failure } else { Weight::Routine };
    let mut said = about(tally, id, weight, hue(outcome), &what);
    let node = &tally.nodes[id.index()];
    if node.attempts > 0 || !took.is_zero() {
        said.rest = format!(" in {}", words::took(took));
    }
    if let Some(queue) = node.consumes {
        let level = &tally.queues[queue.index()].level;
        let _ = write!(said.rest, ": {} done", words::plural(level.done, "item", "items"));
        if level.dead > 0 {
            let _ = write!(said.rest, ", {} dead", level.dead);
        }
    }
    said
}

fn attempt_ended(
    tally: &Tally,
    node: NodeId,
    verdict: Verdict,
    leftovers: &[Leftover],
    again: Option<Duration>,
) -> Option<Said> {
    let failed = match verdict {
        Verdict::Failed | Verdict::TimedOut | Verdict::Killed => true,
        Verdict::Passed | Verdict::Stopped | Verdict::Ended => false,
    };
    let last = tally.nodes[node.index()].last.as_ref().filter(|_| failed);
    let left = left_behind(leftovers);
    if let Some(last) = last
        && (again.is_some() || last.item.is_some())
    {
        let mut said = about(tally, node, Weight::Notice, Hue::Warn, &words::failed(last));
        if let Some(item) = &last.item {
            said.weight = if again.is_some() { Weight::Routine } else { Weight::Item };
            said.name = said.name.map(|name| format!("{name} {}", words::item(item, "…")));
        }
        said.rest = match again {
            Some(Duration::ZERO) => format!(", try {} now", last.number + 1),
            Some(after) => format!(", try {} in {}", last.number + 1, words::took(after)),
            None => String::new(),
        };
        said.rest += &left.map(|left| format!("; {left}")).unwrap_or_default();
        return Some(said);
    }
    left.map(|left| about(tally, node, Weight::Notice, Hue::Warn, &left))
}

/// Says how what ran after a process has ended. That it was cut short by a stop is no failure.
fn finally_ended(event: &Event, tally: &Tally) -> Option<Said> {
    let EventKind::FinallyEnded { node, exit, verdict, took, leftovers, .. } = &event.kind else {
        return None;
    };
    let (weight, hue) = match verdict {
        Verdict::Passed | Verdict::Ended => (Weight::Routine, Hue::Good),
        Verdict::Stopped => (Weight::Notice, Hue::Warn),
        Verdict::Failed | Verdict::TimedOut | Verdict::Killed => (Weight::Failure, Hue::Bad),
    };
    let how = match verdict {
        Verdict::Passed | Verdict::Ended => "passed".to_owned(),
        Verdict::Stopped => "stopped".to_owned(),
        Verdict::TimedOut => "timed out".to_owned(),
        Verdict::Failed | Verdict::Killed => format!("failed ({})", words::exit(exit, *verdict)),
    };
    let mut said = about(tally, *node, weight, hue, &format!("finally {how}"));
    said.rest = format!(" in {}", words::took(*took));
    said.rest += &left_behind(leftovers).map(|left| format!("; {left}")).unwrap_or_default();
    Some(said)
}

/// Says that a service is started again: `restarting (1/5) in 1.0s: exit code 1`.
fn restarts(tally: &Tally, node: NodeId, of: (u32, u32), after: Duration) -> Said {
    let (number, burst) = of;
    let mut said = about(tally, node, Weight::Notice, Hue::Warn, "restarting");
    let when =
        if after.is_zero() { "now".to_owned() } else { format!("in {}", words::took(after)) };
    said.rest = format!(" ({number}/{burst}) {when}");
    if let Some(last) = &tally.nodes[node.index()].last {
        let _ = write!(said.rest, ": {}", words::why(last));
    }
    said
}

/// Returns what outlived its leader: `1 process outlived its leader (pid 812, sleep): killed`.
pub(super) fn left_behind(leftovers: &[Leftover]) -> Option<String> {
    /// How many are named: the rest are their like.
    const NAMED: usize = 3;
    let named = leftovers.iter().take(NAMED);
    let named = named.map(|left| format!("pid {}, {}", left.pid, text(&left.command)));
    let named = named.collect::<Vec<_>>().join("; ");
    let more = if leftovers.len() > NAMED { "; …" } else { "" };
    let fate = if leftovers.iter().any(|left| left.lives) { "left running" } else { "killed" };
    match leftovers.len() {
        0 => None,
        1 => Some(format!("1 process outlived its leader ({named}): {fate}")),
        n => Some(format!("{n} processes outlived their leader ({named}{more}): {fate}")),
    }
}

/// Says that a child stands still, or goes on, and which process that is.
fn suspended(tally: &Tally, attempt: AttemptId, what: &str) -> Option<Said> {
    let running = tally.running.get(&attempt)?;
    let mut said = about(tally, running.node, Weight::Notice, Hue::Warn, what);
    said.rest = format!(" (pid {})", running.pid);
    Some(said)
}

fn slow(at: Duration, tally: &Tally, attempt: AttemptId) -> Option<Said> {
    let running = tally.running.get(&attempt)?;
    let mut said = about(tally, running.node, Weight::Notice, Hue::Warn, "slow");
    if let Some(item) = &running.item {
        said.name = said.name.map(|name| format!("{name} {}", words::item(item, "…")));
    }
    said.rest = format!(", runs for {}", words::age(at.saturating_sub(running.started)));
    Some(said)
}

fn stopping(stop: Stop, reason: &str) -> Said {
    Said { rest: format!(": {}", text(reason)), ..bare(stops(stop)) }
}

/// Returns what a stop of this strength does.
pub(super) fn stops(stop: Stop) -> &'static str {
    match stop {
        Stop::Failure | Stop::Finish => "nothing new starts",
        Stop::Abort | Stop::Deadline | Stop::Terminate | Stop::Interrupt => "stopping",
        Stop::Kill => "killing everything",
    }
}

fn bare(what: &str) -> Said {
    Said {
        weight: Weight::Notice,
        name: None,
        hue: Hue::Warn,
        what: what.to_owned(),
        rest: String::new(),
    }
}

fn about(tally: &Tally, node: NodeId, weight: Weight, hue: Hue, what: &str) -> Said {
    let name = text(&tally.nodes[node.index()].name);
    Said { weight, name: Some(name), hue, what: what.to_owned(), rest: String::new() }
}

/// Returns what helps where a child could not be started.
pub(super) fn hint(exit: &Exit) -> Option<String> {
    match exit {
        Exit::NotStarted(why) => why.hint.as_deref().map(text),
        Exit::Code(_) | Exit::Signal(_) | Exit::OutOfMemory | Exit::Replied(_) => None,
    }
}

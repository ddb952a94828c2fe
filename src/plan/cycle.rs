//! Cycle: tells of processes that wait for each other, one label for each step of the circle.
//!
//! Unaware of how the circle was found.

use super::links::{Kind, Links, consumes_place, produces_place};
use super::pipes::{Chains, together};
use super::waits::{Why, circles};
use crate::model::{Label, Place, Problem, When, code};

/// Steps of a circle that are named; of a longer one the first and the last are. Nobody reads more,
/// and a chain of 100 000 must not make a message of a megabyte.
const MAX_STEPS: usize = 24;

/// One process waiting for another.
struct Step {
    from: usize,
    to: usize,
    place: Place,
    text: String,
    cause: Cause,
}

/// What makes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// An entry that says to wait.
    Entry,
    /// A queue that is full.
    Full,
    /// A queue that is read to its end.
    Queue,
    /// A pipe that is read to its end.
    Pipe,
}

/// Tells of every knot of processes that wait for each other.
pub(super) fn check(links: &Links<'_>, chains: &Chains) -> Vec<Problem> {
    let circles = circles(links, chains);
    circles.iter().map(|circle| problem(links, &steps(links, circle))).collect()
}

/// Makes steps between processes of those between events.
fn steps(links: &Links<'_>, circle: &[Why]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // A circle may begin in the middle of a queue; turned so that each queue's two halves meet.
    let turn = circle.iter().position(|why| !matches!(why, Why::By(_))).unwrap_or(0);
    let turned = circle[turn..].iter().chain(&circle[..turn]);
    let mut next = turned.clone().skip(1).chain(&circle[turn..=turn]);
    for why in turned {
        let by = match next.next() {
            Some(Why::By(process)) => *process,
            _ => usize::MAX,
        };
        steps.extend(step(links, *why, by));
    }
    join(links, steps)
}

/// Makes one step; `by` is the process at the far side of a queue.
fn step(links: &Links<'_>, why: Why, by: usize) -> Option<Step> {
    let name = |at: usize| links.name(at);
    Some(match why {
        Why::Inside | Why::By(_) => return None,
        Why::Link(from, at) => {
            let edge = &links.edges[from][at];
            let to = edge.to;
            let what = match edge.kind {
                Kind::Need(When::Started) => "starts after",
                Kind::Need(_) | Kind::After => "waits for",
                Kind::Stdin | Kind::Stdout => "waits for the output of",
                Kind::Pipe => "reads until the end of",
            };
            let text = format!("`{}` {what} `{}`", name(from), name(to));
            let place = edge.spot.place(links.process(from));
            let cause = if edge.kind == Kind::Pipe { Cause::Pipe } else { Cause::Entry };
            Step { from, to, place, text, cause }
        }
        Why::Full(from, queue) => {
            let queue = &links.job.queues[queue].name;
            let process = links.process(from);
            let index = process.produces.iter().position(|name| name == queue).unwrap_or(0);
            let (from_name, reader) = (name(from), name(by));
            let text = format!(
                "`{from_name}` stops when queue `{queue}` is full, until `{reader}` reads it"
            );
            let place = produces_place(process, index);
            Step { from, to: by, place, text, cause: Cause::Full }
        }
        Why::Reads(from, queue) => {
            let queue = &links.job.queues[queue].name;
            let text = format!("`{}` reads queue `{queue}` until `{}` ends", name(from), name(by));
            let place = consumes_place(links.process(from));
            Step { from, to: by, place, text, cause: Cause::Queue }
        }
    })
}

/// Adds the steps between members of a pipe, which have one start in common.
fn join(links: &Links<'_>, steps: Vec<Step>) -> Vec<Step> {
    let mut joined = Vec::with_capacity(steps.len());
    let starts: Vec<usize> = steps.iter().map(|step| step.from).collect();
    let starts = starts.iter().copied().cycle().skip(1).take(steps.len()).collect::<Vec<_>>();
    for (step, next) in steps.into_iter().zip(starts) {
        let to = step.to;
        joined.push(step);
        if to != next {
            let Label { place, text } = together(links, to, next);
            joined.push(Step { from: to, to: next, place, text, cause: Cause::Pipe });
        }
    }
    joined
}

/// Tells of one circle.
fn problem(links: &Links<'_>, steps: &[Step]) -> Problem {
    let first = links.name(steps[0].from);
    let message = match (steps.len(), steps[0].cause) {
        (1, Cause::Entry | Cause::Full) => format!("process `{first}` waits for itself"),
        (1, Cause::Queue | Cause::Pipe) => {
            format!("process `{first}` reads what it writes itself")
        }
        (count, _) => {
            format!("these {count} processes wait for each other: {}", drawn(links, steps))
        }
    };
    let last = steps.len() - 1;
    let skipped = last.saturating_sub(MAX_STEPS - 1);
    let kept = (0..steps.len()).filter(|at| *at == last || *at + skipped < last);
    let mut labels = kept.map(|at| {
        let Step { place, text, .. } = &steps[at];
        let closes = if at == last && at > 0 { ": closes the circle" } else { "" };
        let text = if last == 0 { text.clone() } else { format!("{}. {text}{closes}", at + 1) };
        place.clone().label(text)
    });
    let primary = labels.next().expect("a circle has a step");
    let problem = Problem::error(code::CYCLE, message, primary).help(help(steps));
    labels.fold(problem, Problem::also)
}

/// Returns the names on the way, from the first back to it.
fn drawn(links: &Links<'_>, steps: &[Step]) -> String {
    let mut names: Vec<&str> = steps.iter().map(|step| links.name(step.from)).collect();
    if names.len() > MAX_STEPS {
        names.truncate(MAX_STEPS - 1);
        names.push("…");
    }
    names.push(links.name(steps[0].from));
    names.join(" -> ")
}

/// Returns the cure.
fn help(steps: &[Step]) -> String {
    let any = |cause| steps.iter().any(|step| step.cause == cause);
    let entries = steps.iter().filter(|step| step.cause == Cause::Entry).count();
    match entries {
        0 if any(Cause::Queue) => "a queue on a loop needs `on-full = \"spill\"`, which this \
            version does not run: lead the output somewhere else"
            .to_owned(),
        0 => "a pipe cannot lead back to its beginning".to_owned(),
        _ if any(Cause::Full) => "a queue is read while it is filled: remove the entry that \
            waits for its producer"
            .to_owned(),
        1 => "remove this entry".to_owned(),
        count => format!("remove one of the {count} entries"),
    }
}

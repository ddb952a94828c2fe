//! Cycle: tells of processes that wait for each other, one label for each step of the circle.
//!
//! And of the fewest entries to remove. Unaware of how the circle was found.

use std::fmt::Write as _;

use super::links::{Kind, Links, Spot, consumes_place};
use super::loops::{Loops, feeding_place};
use super::pipes::{Chains, together};
use super::waits::{Knot, Why, knots};
use crate::model::{Label, Problem, Queue, When, code};

/// Steps of a circle that are named; of a longer one the first and the last are. Nobody reads more,
/// and a chain of 100 000 must not make a message of a megabyte.
const MAX_STEPS: usize = 24;

/// Entries to remove that are named: who has more draws the graph.
const MAX_NAMED: usize = 8;

/// One process waiting for another.
struct Step {
    from: usize,
    to: usize,
    cause: Cause,
}

/// What makes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// An entry that says to wait: its position among the links.
    Entry(usize),
    /// A pipe that is read to its end, likewise.
    Pipe(usize),
    /// A pipe that lets two start together.
    Together,
    /// A service that is there for who needs it, which says so in this place of its links.
    Serves(usize),
    /// A queue that is full.
    Full(usize),
    /// A queue that is read to its end, for which another of its loop may have to be emptied.
    Reads(usize, Option<usize>),
}

/// Tells of every knot of processes that wait for each other.
pub(super) fn check(links: &Links<'_>, chains: &Chains, loops: &Loops) -> Vec<Problem> {
    let knots = knots(links, chains, loops);
    knots.iter().map(|knot| problem(links, knot, &steps(links, &knot.circle))).collect()
}

/// Makes steps between processes of those between events.
fn steps(links: &Links<'_>, circle: &[Why]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // A circle may begin in the middle of a queue; turned so that each queue's two halves meet.
    let halves = |why: &Why| matches!(why, Why::By(_) | Why::Emptied(_));
    let turn = circle.iter().position(|why| !halves(why)).unwrap_or(0);
    let turned = || circle[turn..].iter().chain(&circle[..turn]);
    for (at, why) in turned().enumerate() {
        let mut far = turned().skip(at + 1).take_while(|why| halves(why));
        let emptied = far.clone().find_map(|why| match why {
            Why::Emptied(queue) => Some(*queue),
            _ => None,
        });
        let by = far.find_map(|why| match why {
            Why::By(process) => Some(*process),
            _ => None,
        });
        steps.extend(step(links, *why, by.unwrap_or_default(), emptied));
    }
    join(steps)
}

/// Makes one step; `by` is the process at the far side of a queue, which may have to empty another
/// queue of its loop.
fn step(links: &Links<'_>, why: Why, by: usize, emptied: Option<usize>) -> Option<Step> {
    let (from, to, cause) = match why {
        Why::Inside | Why::By(_) | Why::Emptied(_) => return None,
        Why::Link(from, at) => {
            let edge = &links.edges[from][at];
            let is_pipe = edge.kind == Kind::Pipe;
            (from, edge.to, if is_pipe { Cause::Pipe(at) } else { Cause::Entry(at) })
        }
        Why::Serves(user, at) => (links.edges[user][at].to, user, Cause::Serves(at)),
        Why::Full(from, queue) => (from, by, Cause::Full(queue)),
        Why::Reads(from, queue) => (from, by, Cause::Reads(queue, emptied)),
    };
    Some(Step { from, to, cause })
}

/// Labels one step.
fn label(links: &Links<'_>, step: &Step) -> Label {
    let (from, to) = (links.name(step.from), links.name(step.to));
    let name_of = |queue: usize| &links.job.queues[queue].name;
    match step.cause {
        Cause::Entry(at) | Cause::Pipe(at) => {
            let edge = &links.edges[step.from][at];
            let what = match edge.kind {
                Kind::Need(When::Started | When::Ready) => "starts after",
                Kind::Need(_) | Kind::After => "waits for",
                Kind::Stdin | Kind::Stdout => "waits for the output of",
                Kind::Result => "waits for a result of",
                Kind::Pipe => "reads until the end of",
            };
            edge.spot.place(links.process(step.from)).label(format!("`{from}` {what} `{to}`"))
        }
        Cause::Together => together(links, step.from, step.to),
        Cause::Serves(at) => {
            let spot = &links.edges[step.to][at].spot;
            let text = format!("service `{from}` is stopped once `{to}` has ended");
            spot.place(links.process(step.to)).label(text)
        }
        Cause::Full(at) => {
            let Queue { name, capacity, .. } = &links.job.queues[at];
            let text = format!(
                "`{from}` stops once queue `{name}` holds {capacity} items, until `{to}` reads it"
            );
            feeding_place(links, step.from, at).label(text)
        }
        Cause::Reads(queue, emptied) => {
            let until = match emptied {
                Some(queue) => format!("`{to}` has emptied queue `{}`", name_of(queue)),
                None => format!("`{to}` ends"),
            };
            let text = format!("`{from}` reads queue `{}` until {until}", name_of(queue));
            consumes_place(links.process(step.from)).label(text)
        }
    }
}

/// Adds the steps between members of a pipe, which have one start in common.
fn join(steps: Vec<Step>) -> Vec<Step> {
    let mut joined = Vec::with_capacity(steps.len());
    let starts: Vec<usize> = steps.iter().map(|step| step.from).collect();
    let next = starts.iter().copied().cycle().skip(1);
    for (step, next) in steps.into_iter().zip(next) {
        let to = step.to;
        joined.push(step);
        if to != next {
            joined.push(Step { from: to, to: next, cause: Cause::Together });
        }
    }
    joined
}

/// Tells of one knot.
fn problem(links: &Links<'_>, knot: &Knot, steps: &[Step]) -> Problem {
    let message = message(links, steps);
    let last = steps.len() - 1;
    let skipped = last.saturating_sub(MAX_STEPS - 1);
    let kept = (0..steps.len()).filter(|at| *at == last || *at + skipped < last);
    let mut labels = kept.map(|at| {
        let Label { place, text } = label(links, &steps[at]);
        let closes = if at == last && at > 0 { ": closes the circle" } else { "" };
        place.label(if last == 0 { text } else { format!("{}. {text}{closes}", at + 1) })
    });
    let primary = labels.next().expect("a circle has a step");
    let problem = Problem::error(code::CYCLE, message, primary).help(help(links, knot, steps));
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

/// Says what is wrong.
fn message(links: &Links<'_>, steps: &[Step]) -> String {
    let first = links.name(steps[0].from);
    let mut full = steps.iter().filter_map(|step| match step.cause {
        Cause::Full(queue) => Some((step, queue)),
        Cause::Entry(_)
        | Cause::Reads(..)
        | Cause::Pipe(_)
        | Cause::Together
        | Cause::Serves(_) => None,
    });
    match (steps.len(), steps[0].cause, full.next(), full.next()) {
        (1, Cause::Reads(..) | Cause::Pipe(_), ..) => {
            format!("process `{first}` reads what it writes itself")
        }
        (1, ..) => format!("process `{first}` waits for itself"),
        (_, _, Some((step, queue)), None) => {
            let Queue { name, capacity, .. } = &links.job.queues[queue];
            let (writer, reader) = (links.name(step.from), links.name(step.to));
            format!(
                "queue `{name}` blocks for ever once it holds {capacity} items: `{reader}` reads \
                 it only after the end of `{writer}`, which fills it"
            )
        }
        (count, ..) => {
            format!("these {count} processes wait for each other: {}", drawn(links, steps))
        }
    }
}

/// Returns the cure: an edit.
fn help(links: &Links<'_>, knot: &Knot, steps: &[Step]) -> String {
    let named = |&(process, at): &(usize, usize)| entry(links, process, at);
    let entries: Vec<String> = knot.cut.iter().take(MAX_NAMED).map(named).collect();
    let mut help = match (&entries[..], knot.fewest) {
        ([], _) => "a pipe cannot lead back to its beginning".to_owned(),
        ([one], _) => format!("remove {one}"),
        (some, fewest) => {
            let (count, list) = (knot.cut.len(), some.join("; "));
            let more = match count - some.len() {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            if fewest {
                format!("remove these {count} entries, fewer do not help: {list}{more}")
            } else {
                format!("removing these {count} entries is enough: {list}{more}")
            }
        }
    };
    let choices = steps.iter().filter(|step| matches!(step.cause, Cause::Entry(_))).count();
    if knot.is_circle && choices > 1 {
        write!(help, ", or another of the {choices} entries").expect("text takes everything");
    }
    if steps.iter().any(|step| matches!(step.cause, Cause::Full(_))) {
        help.push_str(": a queue is read while it is filled");
    }
    help
}

/// Returns how an entry is called, and where it stands.
fn entry(links: &Links<'_>, process: usize, at: usize) -> String {
    let edge = &links.edges[process][at];
    let (of, to) = (links.name(process), links.name(edge.to));
    match (&edge.spot, edge.kind) {
        (Spot::Need(_), Kind::Need(When::Passed | When::Ready)) => {
            format!("`\"{to}\"` from `needs` of `{of}`")
        }
        (Spot::Need(_), _) => format!("the entry of `{to}` from `needs` of `{of}`"),
        (Spot::After(_), _) => format!("`\"{to}\"` from `after` of `{of}`"),
        (Spot::Stdin | Spot::Pipe, _) => format!("`stdin` from `{of}`"),
        (Spot::Within(text, range), _) => {
            let written = text.written(links.process(process), range, to);
            format!("`{written}` from `{}` of `{of}`", text.key())
        }
    }
}

//! Dead: where items go that failed for good, and whether they can.
//!
//! A queue for them takes whatever may die in another, and never leads back to it. Unaware of who
//! reads it, and of loops through processes, which try dead items again.

use super::links::{Links, dead_place};
use super::written::size;
use crate::model::{Framing, Place, Problem, Queue, code};

/// Tells of queues whose dead items have no place to go to.
pub(super) fn check(links: &Links<'_>) -> Vec<Problem> {
    let queues = &links.job.queues;
    let undying = links.undying.iter().map(|&at| returning(links, at));
    let mut problems: Vec<Problem> = undying.collect();
    for (queue, dead) in queues.iter().zip(&links.dead) {
        let Some(dead) = dead.map(|dead| &queues[dead]) else { continue };
        problems.extend(framed(queue, dead));
        problems.extend(too_long(queue, dead));
    }
    problems
}

/// Tells of a queue whose dead items would come back to it.
fn returning(links: &Links<'_>, at: usize) -> Problem {
    let queue = &links.job.queues[at];
    let name = &queue.name;
    let message = format!("the dead items of queue `{name}` would come back to it");
    let own = queue.dead.as_deref() == Some(name);
    let text = if own { "it is its own" } else { "this leads back" };
    let problem = Problem::error(code::CONFLICT, message, dead_place(queue).label(text))
        .help(format!("declare [queue.{name}-dead] and set dead = \"{name}-dead\""));
    let first = links.dead.iter().position(|dead| *dead == Some(at));
    let before = first.map(|first| &links.job.queues[first]);
    before.into_iter().fold(problem, |problem, before| {
        let text = format!("and this leads to `{name}`");
        problem.also(dead_place(before).label(text))
    })
}

/// Tells of dead items that the queue for them could not tell from each other.
fn framed(queue: &Queue, dead: &Queue) -> Option<Problem> {
    let takes_all = match dead.framing {
        Framing::Netstring | Framing::U32be => true,
        Framing::Lines | Framing::Nul | Framing::Json => false,
    };
    if takes_all || dead.framing == queue.framing {
        return None;
    }
    let (name, buried) = (&queue.name, &dead.name);
    let (here, there) = (queue.framing.word(), dead.framing.word());
    let message =
        format!("an item that dies in queue `{name}` may not fit the framing of queue `{buried}`");
    Some(
        Problem::error(code::CONFLICT, message, dead_place(queue).label(format!("from `{here}`")))
            .also(at(dead, "framing").label(format!("to `{there}`")))
            .help(format!(
                "write framing = \"netstring\", which holds any item, in [queue.{buried}]"
            )),
    )
}

/// Tells of dead items that are too long for the queue for them.
fn too_long(queue: &Queue, dead: &Queue) -> Option<Problem> {
    if queue.max_item <= dead.max_item {
        return None;
    }
    let (name, buried) = (&queue.name, &dead.name);
    let message = format!("an item that dies in queue `{name}` may be too long for `{buried}`");
    let here = format!("an item here has up to {}", size(queue.max_item));
    let there = format!("and here up to {}", size(dead.max_item));
    Some(
        Problem::error(code::CONFLICT, message, at(queue, "max-item").label(here))
            .also(at(dead, "max-item").label(there))
            .help(format!("write max-item = \"{}\" in [queue.{buried}]", size(queue.max_item))),
    )
}

fn at(queue: &Queue, key: &str) -> Place {
    Place::value(queue.file, ["queue", &queue.name, key])
}

#[cfg(test)]
mod tests {
    use crate::model::{Framing, Problem};
    use crate::plan::check;
    use crate::plan::sample::job;

    fn messages(problems: Vec<Problem>) -> Vec<String> {
        let line = |problem: Problem| format!("{} {}", problem.code.id, problem.message);
        problems.into_iter().map(line).collect()
    }

    #[test]
    fn dead_items_go_on_and_never_back() {
        for (text, expected) in [
            ("queue q 1 dead=d\nx reads q\ny reads d", None),
            ("queue q 1 dead=d\nqueue d spill!\nx reads q\ny reads d needs x", None),
            // Tried again by hand: a loop like any other.
            ("queue q 1 dead=d spill!\nqueue d spill!\nx reads q\ny reads d feeds q", None),
            (
                "queue q 1 dead=d spill!\nqueue d\nx reads q\ny reads d feeds q",
                Some("E211 queue `d` is on a loop, and could block itself for ever"),
            ),
            (
                "queue q 1 dead=d spill!\nqueue d spill!\nx streams q\ny reads d feeds q",
                Some("E301 `stream` of process `x` would wait for its own end"),
            ),
            (
                "queue q 1 dead=q\nx reads q",
                Some("E301 the dead items of queue `q` would come back to it"),
            ),
            (
                "queue q 1 dead=r\nqueue r dead=q\nx reads q\ny reads r",
                Some("E301 the dead items of queue `r` would come back to it"),
            ),
            (
                "queue q 1 dead=none\nx reads q",
                Some("E203 queue `q` names queue `none`, which no file declares"),
            ),
            (
                "queue q 1 dead=d\nqueue d\nx reads q",
                Some("E206 queue `d` gets the dead items of queue `q`, but no process reads it"),
            ),
            (
                "queue q 1 dead=d\nx reads q\ny reads d needs x",
                Some(
                    "E204 queue `d` blocks for ever once it holds 64 items: `y` reads it only \
                     after the end of `x`, which fills it",
                ),
            ),
        ] {
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(messages(check(&job(text))), expected, "{text}");
        }
    }

    #[test]
    fn what_dies_fits_where_it_goes() {
        let told = |from: Framing, to: Framing, longest: u64| {
            let mut job = job("queue q 1 dead=d\nqueue d\nx reads q\ny reads d");
            job.queues[0].framing = from;
            job.queues[1].framing = to;
            job.queues[0].max_item = longest;
            messages(check(&job))
        };
        let short = 1 << 10;
        assert_eq!(told(Framing::Nul, Framing::Nul, short), [""; 0]);
        assert_eq!(told(Framing::Lines, Framing::U32be, short), [""; 0]);
        assert_eq!(
            told(Framing::Nul, Framing::Lines, short),
            ["E301 an item that dies in queue `q` may not fit the framing of queue `d`"]
        );
        assert_eq!(
            told(Framing::Nul, Framing::Nul, 1 << 30),
            ["E301 an item that dies in queue `q` may be too long for `d`"]
        );
    }
}

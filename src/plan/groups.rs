//! Groups: who reads a queue that everybody sees the whole of.
//!
//! Each group must be read, because the slowest holds the capacity, and each reader belongs to one.
//! Unaware of what feeds a queue.

use super::links::{Links, consumes_place, place};
use crate::model::{Label, Place, Problem, Process, Queue, code, nearest};

/// Tells of groups that nobody reads, and of readers of none.
pub(super) fn check(links: &Links<'_>) -> Vec<Problem> {
    let readers = (0..links.edges.len()).filter_map(|at| outside(links, at));
    let mut problems: Vec<Problem> = readers.collect();
    for lane in links.lanes.iter() {
        let queue = &links.job.queues[lane.queue];
        let Some(group) = lane.group.filter(|_| lane.readers.is_empty()) else { continue };
        // Who names no group, or a wrong one, may have meant this; and a queue that nobody reads
        // at all is told as such.
        let consumers = &links.consumers[lane.queue];
        let all_in = consumers.iter().all(|&at| links.lanes.of_reader(at).is_some());
        if all_in && !consumers.is_empty() {
            problems.push(unread(queue, group));
        }
    }
    problems
}

/// Tells of a reader that is of no group of its queue.
fn outside(links: &Links<'_>, at: usize) -> Option<Problem> {
    if links.lanes.of_reader(at).is_some() {
        return None;
    }
    let process = links.process(at);
    let queue = &links.job.queues[links.consumes[at]?];
    let group = process.consumes.as_ref()?.group.as_deref();
    Some(match group {
        None => ungrouped(process, queue),
        Some(group) if queue.groups.is_empty() => groupless(process, queue, group),
        Some(group) => no_group(process, queue, group),
    })
}

fn ungrouped(process: &Process, queue: &Queue) -> Problem {
    let (name, read) = (&process.name, &queue.name);
    let message = format!("process `{name}` reads queue `{read}` for none of its groups");
    let first = queue.groups.first().map(String::as_str).unwrap_or_default();
    Problem::error(code::CONFLICT, message, consumes_place(process).label("for which group?"))
        .also(declared(queue, "each of these sees every item"))
        .help(format!("write consumes = {{ queue = \"{read}\", group = \"{first}\" }}"))
}

fn groupless(process: &Process, queue: &Queue, group: &str) -> Problem {
    let read = &queue.name;
    let message = format!("queue `{read}` has no groups, and so no group `{group}`");
    Problem::error(code::CONFLICT, message, group_place(process).label("of which groups?"))
        .also(Place::key(queue.file, ["queue", read]).label("its readers share the items"))
        .help(format!(
            "write consumes = \"{read}\", or add groups = [\"{group}\"] to [queue.{read}]"
        ))
}

fn no_group(process: &Process, queue: &Queue, group: &str) -> Problem {
    let message = format!("queue `{}` has no group `{group}`", queue.name);
    let place = group_place(process);
    let problem = Problem::error(code::BAD_VALUE, message, place.clone().label("no such group"))
        .also(declared(queue, "these are its groups"));
    match nearest(group, queue.groups.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("write `{near}`")).fix(place, format!("\"{near}\"")),
        None => problem.help(format!("add `\"{group}\"` to `groups` of [queue.{}]", queue.name)),
    }
}

/// Tells of a group that nobody reads for.
fn unread(queue: &Queue, group: &str) -> Problem {
    let name = &queue.name;
    let message = format!("group `{group}` of queue `{name}` is read by no process");
    let at = queue.groups.iter().position(|known| known == group).unwrap_or_default();
    let place = Place::value(queue.file, ["queue", name, "groups"]).item(at);
    let text = format!("after {} items the queue would be full for ever", queue.capacity);
    Problem::error(code::UNREAD, message, place.label(text)).help(format!(
        "add consumes = {{ queue = \"{name}\", group = \"{group}\" }} to a process, or remove the \
         group"
    ))
}

fn declared(queue: &Queue, text: &str) -> Label {
    Place::value(queue.file, ["queue", &queue.name, "groups"]).label(text)
}

fn group_place(process: &Process) -> Place {
    place(process).then("consumes").then("group")
}

#[cfg(test)]
mod tests {
    use crate::plan::check;
    use crate::plan::sample::job;

    fn told(text: &str) -> Vec<String> {
        let line = |problem: crate::model::Problem| {
            format!("{} {}; {}", problem.code.id, problem.message, problem.help.unwrap_or_default())
        };
        check(&job(text)).into_iter().map(line).collect()
    }

    #[test]
    fn each_group_is_read_and_each_reader_is_of_one() {
        assert_eq!(told("queue q 1 groups=a,b\nx reads q/a\ny reads q/b\nz reads q/b"), [""; 0]);
        for (text, expected) in [
            (
                "queue q 1 groups=a,b\nx reads q/a",
                "E206 group `b` of queue `q` is read by no process; add consumes = { queue = \
                 \"q\", group = \"b\" } to a process, or remove the group",
            ),
            (
                "queue q 1 groups=a,b\nx reads q/a\ny reads q",
                "E301 process `y` reads queue `q` for none of its groups; write consumes = { queue \
                 = \"q\", group = \"a\" }",
            ),
            (
                "queue q 1\nx reads q/a",
                "E301 queue `q` has no groups, and so no group `a`; write consumes = \"q\", or add \
                 groups = [\"a\"] to [queue.q]",
            ),
            (
                "queue q 1 groups=index\nx reads q/indx",
                "E103 queue `q` has no group `indx`; write `index`",
            ),
            (
                "queue q 1 groups=a\nx reads q/zebra",
                "E103 queue `q` has no group `zebra`; add `\"zebra\"` to `groups` of [queue.q]",
            ),
            (
                "queue q 1 groups=a,b\nx",
                "E206 queue `q` is read by no process; add `consumes = \"q\"` to a process, or \
                 remove the queue",
            ),
        ] {
            assert_eq!(told(text), [expected], "{text}");
        }
    }

    #[test]
    fn the_slowest_group_holds_the_queue() {
        let text = "queue q groups=a,b\np feeds q\nx reads q/a\ny reads q/b needs p";
        assert!(told(text)[0].starts_with("E204 queue `q` blocks for ever"), "{:?}", told(text));
        assert_eq!(told(&text.replace("groups", "spill! groups")), [""; 0]);
        let text =
            "pool p 2\nqueue q groups=a,b\ns feeds q pool p\nr reads q/a pool p\nt reads q/b";
        assert_eq!(told(text), [""; 0]);
        let text = text.replace("pool p 2", "pool p 1");
        assert!(told(&text)[0].starts_with("E207 `s` and `r` must run"), "{:?}", told(&text));
        // A long-lived reader of one group leaves nothing for the other.
        let text =
            "pool p 1\nqueue q groups=a,b\ns feeds q\nr works q/a pool p\nt reads q/b pool p";
        assert!(told(text)[0].starts_with("E207 `r` and `t` must run"), "{:?}", told(text));
        for right in [
            text.replace("pool p 1", "pool p 2"),
            text.replace("works q/a", "reads q/a"),
            text.replace("queue q", "queue q spill!"),
        ] {
            assert_eq!(told(&right), [""; 0], "{right}");
        }
    }
}

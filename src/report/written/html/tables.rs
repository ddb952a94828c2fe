//! Tables: what failed, the processes and the queues, as they are read without scripts.
//!
//! Each is bounded: what a page of text has no room for is found by its scripts. Unaware of those.

use std::io::{self, Write};

use crate::event::{Node, NodeState, Outcome, Tally};
use crate::model::NodeId;
use crate::report::written::markup::{lines, text};
use crate::report::{flow, replay, words};

/// Failures that are told at length.
const FAILURES: usize = 20;

/// Lines of output of each.
const TAIL: usize = 20;

/// Processes that the page names as text.
const NODES: usize = 200;

/// Writes what failed, its last words and how to run it again.
pub(super) fn failures(tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
    let failed: Vec<_> = ended(tally).filter(|(.., outcome)| outcome.is_failure()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    writeln!(to, "<section aria-labelledby=\"failures\">\n<h2 id=\"failures\">What failed</h2>")?;
    for (id, node, outcome) in failed.iter().take(FAILURES) {
        let (word, name) = (outcome.word(), text(&node.name));
        let how = text(&words::ended(tally, *id, *outcome));
        writeln!(
            to,
            "<article class=\"failure {word}\" data-node=\"{id}\">\n\
             <h3>{name} <span>{how}</span></h3>"
        )?;
        if let Some(item) = node.last.as_ref().and_then(|last| last.item.as_ref()) {
            writeln!(to, "<p class=\"dim\">item {}</p>", text(&words::item(item, "…")))?;
        }
        let said = node.last.as_ref().and_then(|last| replay::last_words(&last.logs, TAIL));
        if let Some((_, said)) = said {
            let said = lines(&said);
            writeln!(
                to,
                "<pre class=\"log\" tabindex=\"0\" role=\"region\" \
                 aria-label=\"Last lines of {name}\">{said}</pre>"
            )?;
        }
        let again = text(&words::again(&tally.file, &tally.options, &node.name));
        writeln!(to, "<p class=\"again\">Again: <code>{again}</code></p>\n</article>")?;
    }
    if failed.len() > FAILURES {
        writeln!(to, "<p class=\"dim\">and {} more</p>", failed.len() - FAILURES)?;
    }
    writeln!(to, "</section>")
}

/// Writes the rows of the table of processes: first what failed, then the others in their order.
pub(super) fn processes(tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
    let has_failed = |node: &&(usize, &Node)| node.1.state.has_failed();
    let nodes: Vec<_> = tally.nodes.iter().enumerate().collect();
    let failed = nodes.iter().filter(has_failed);
    let other = nodes.iter().filter(|node| !has_failed(node));
    for (index, node) in failed.chain(other).take(NODES) {
        let (word, how) = match node.state {
            NodeState::Waiting => ("waiting", "not started".to_owned()),
            NodeState::Running => ("running", "not ended".to_owned()),
            NodeState::Done(outcome) => {
                (outcome.word(), words::ended(tally, NodeId::at(*index), outcome))
            }
        };
        let took = if node.took.is_zero() { String::new() } else { words::took(node.took) };
        let start = node.started.map(words::took).unwrap_or_default();
        writeln!(
            to,
            "<tr><th scope=\"row\">{}</th><td><span class=\"badge {word}\">{}</span></td>\
             <td class=\"number\">{}</td><td class=\"number\">{start}</td>\
             <td class=\"number\">{took}</td></tr>",
            text(&node.name),
            text(&how),
            node.attempts
        )?;
    }
    let more = nodes.len().saturating_sub(NODES);
    if more > 0 {
        writeln!(to, "<tr><td colspan=\"5\">and {more} more</td></tr>")?;
    }
    Ok(())
}

/// Writes the table of queues, where there are any.
pub(super) fn queues(tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
    if tally.queues.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "<section aria-labelledby=\"queues\">\n<h2 id=\"queues\">Queues</h2>\n\
         <div id=\"depths\" hidden></div>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Queues\"><table>\n\
         <thead><tr><th scope=\"col\">Queue</th>"
    )?;
    for column in ["Items", "Done", "Dead", "Left", "Deepest", "Capacity", "Full", "Empty"] {
        writeln!(to, "<th scope=\"col\" class=\"number\">{column}</th>")?;
    }
    writeln!(to, "</tr></thead><tbody>")?;
    for queue in &tally.queues {
        let level = &queue.level;
        write!(to, "<tr><th scope=\"row\">{}</th>", text(&queue.name))?;
        let numbers =
            [level.put, level.done, level.dead, queue.left, queue.deepest, queue.capacity];
        let parts = [queue.blocked_part(), queue.starved_part()].map(flow::percent);
        for number in numbers.iter().map(u64::to_string).chain(parts) {
            write!(to, "<td class=\"number\">{number}</td>")?;
        }
        writeln!(to, "</tr>")?;
    }
    writeln!(
        to,
        "</tbody></table></div>\n<p class=\"dim\">Full: the part of its time in which a producer \
         waited for room. Empty: in which a consumer waited for items.</p>\n</section>"
    )
}

fn ended(tally: &Tally) -> impl Iterator<Item = (NodeId, &Node, Outcome)> {
    tally.nodes.iter().enumerate().filter_map(|(index, node)| match node.state {
        NodeState::Done(outcome) => Some((NodeId::at(index), node, outcome)),
        NodeState::Waiting | NodeState::Running => None,
    })
}

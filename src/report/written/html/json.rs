//! Json: the run as the scripts of the page read it.
//!
//! Names stand once and rows name them by number. Unaware of the page.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::depths::Depths;
use super::inside::plain;
use crate::event::{EventKind, NodeState, Outcome, Tally};
use crate::model::NodeId;
use crate::report::sanitize::text;
use crate::report::words;

/// Bytes of a script or a description that the page shows.
const SHOWN: usize = 16 << 10;

/// Writes what is the same for the whole run, as the beginning of an object.
pub(super) fn head(tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
    let outcome = |outcome: &Outcome| {
        let (word, said) = (outcome.word(), words::outcome(*outcome));
        json!({ "word": word, "said": said, "failure": outcome.is_failure() })
    };
    let pools =
        tally.pools.iter().map(|(_, name, size)| json!({ "name": text(name), "size": size }));
    let head = json!({
        "took": tally.ended.map(|(_, took)| micros(took)),
        "started": tally.started,
        "outcomes": Outcome::ALL.iter().map(outcome).collect::<Vec<_>>(),
        "pools": pools.collect::<Vec<_>>(),
    });
    let head = head.to_string();
    to.write_all(head.trim_end_matches('}').as_bytes())
}

/// Writes a declared process.
pub(super) fn process(kind: &EventKind, to: &mut dyn Write) -> io::Result<()> {
    let EventKind::ProcessDeclared {
        process,
        description,
        command,
        script,
        needs,
        after,
        piped_from,
        dead,
    } = kind
    else {
        return Ok(());
    };
    let needs = needs.iter().map(|needed| (text(&needed.process), &needed.when));
    put(
        &json!({
            "name": text(process),
            "description": description.as_deref().map(shown),
            "command": command.iter().map(|word| shown(word)).collect::<Vec<_>>(),
            "script": script.as_deref().map(shown),
            "needs": needs.collect::<Vec<_>>(),
            "after": after.iter().map(|name| text(name)).collect::<Vec<_>>(),
            "pipe": piped_from.as_deref().map(text),
            "dead": dead,
        }),
        to,
    )
}

/// Writes what is known of a node before it starts: which of the declared processes it is, counted
/// from 1, and its cell.
pub(super) fn node(
    process: usize,
    cell: &BTreeMap<String, String>,
    to: &mut dyn Write,
) -> io::Result<()> {
    let cell = cell.iter().map(|(key, value)| (key.as_str(), text(value)));
    put(&json!([process.saturating_sub(1), cell.collect::<BTreeMap<_, _>>()]), to)
}

/// Writes what became of each node.
pub(super) fn ends(tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
    for (index, node) in tally.nodes.iter().enumerate() {
        if index > 0 {
            to.write_all(b",\n")?;
        }
        let (how, why) = match node.state {
            NodeState::Waiting => ("waiting", None),
            NodeState::Running => ("running", None),
            NodeState::Done(outcome) => {
                (outcome.word(), words::cause(tally, NodeId::at(index), outcome))
            }
        };
        put(
            &json!({
                "name": text(&node.name), "outcome": how, "why": why,
                "started": node.started.map(micros), "took": micros(node.took),
                "tries": node.attempts, "consumes": node.consumes, "produces": node.produces,
                "pools": node.pools, "service": node.ready.is_some(),
                "expected": node.expected.map(micros),
            }),
            to,
        )?;
    }
    Ok(())
}

/// Writes the queues with their depths.
pub(super) fn queues(tally: &Tally, depths: &Depths, to: &mut dyn Write) -> io::Result<()> {
    for (index, queue) in tally.queues.iter().enumerate() {
        if index > 0 {
            to.write_all(b",\n")?;
        }
        let level = &queue.level;
        put(
            &json!({
                "name": text(&queue.name), "capacity": queue.capacity, "put": level.put,
                "done": level.done, "dead": level.dead, "deepest": queue.deepest,
                "depth": depths.of(level.queue),
            }),
            to,
        )?;
    }
    Ok(())
}

/// Returns the beginning of a text.
fn shown(text: &str) -> String {
    let end = (0..=text.len().min(SHOWN)).rev().find(|end| text.is_char_boundary(*end));
    let end = end.unwrap_or_default();
    let more = if end < text.len() { "…" } else { "" };
    plain(&text[..end]) + more
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn put(value: &Value, to: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(to, value).map_err(io::Error::from)
}

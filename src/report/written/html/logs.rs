//! Logs: the last words of attempts, as far as a page has room for them.
//!
//! What failed comes first, and of one node the newest. The text is read while the page is written
//! and held by nobody. Unaware of how it is shown.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use crate::event::{LogPiece, Logs, NodeState, Tally, Verdict};
use crate::model::NodeId;
use crate::report::replay;

/// Bytes of one stream of an attempt that the page shows: its end, more than anybody reads twice.
const STREAM: u64 = 64 << 10;

/// Bytes of all of them, which a browser opens at once.
const TOTAL: u64 = 8 << 20;

/// Attempts of one node whose logs are kept in mind.
const OF_NODE: usize = 200;

/// Attempts of all nodes whose logs are kept in mind: a few megabytes of paths. Beyond them it is
/// one of each node.
const OF_ALL: usize = 10_000;

/// Where the output of attempts lies.
#[derive(Debug, Default)]
pub(super) struct Kept {
    of: BTreeMap<NodeId, Vec<One>>,
    count: usize,
    left_out: u64,
}

/// An attempt that has printed something.
#[derive(Debug)]
struct One {
    row: u32,
    passed: bool,
    logs: Logs,
}

impl Kept {
    /// Takes in where the output of an attempt lies, which has a row.
    pub(super) fn keep(
        &mut self,
        node: NodeId,
        row: Option<u32>,
        (verdict, logs): (Verdict, &Logs),
    ) {
        let has_any = logs.stdout.is_some() || logs.stderr.is_some();
        let Some(row) = row.filter(|_| has_any) else { return };
        let room = if self.count < OF_ALL { OF_NODE } else { 1 };
        let kept = self.of.entry(node).or_default();
        if kept.len() >= room {
            let least = kept.iter().position(|one| one.passed).unwrap_or_default();
            kept.remove(least);
            self.count -= 1;
            self.left_out += 1;
        }
        let passed = matches!(verdict, Verdict::Passed | Verdict::Ended);
        kept.push(One { row, passed, logs: logs.clone() });
        self.count += 1;
    }

    /// Writes them and returns how many attempts found no room.
    pub(super) fn write(&self, tally: &Tally, to: &mut dyn Write) -> io::Result<u64> {
        let has_failed = |node: &NodeId| {
            let state = &tally.nodes[node.index()].state;
            state.has_failed() || *state == NodeState::Running
        };
        let (failed, other): (Vec<_>, Vec<_>) =
            self.of.iter().partition(|(node, _)| has_failed(node));
        let (mut room, mut left_out, mut comma) = (TOTAL, self.left_out, "");
        for one in failed.into_iter().chain(other).flat_map(|(_, kept)| kept.iter().rev()) {
            let streams = [("stdout", &one.logs.stdout), ("stderr", &one.logs.stderr)];
            let streams =
                || streams.iter().filter_map(|(name, piece)| Some((name, (*piece).as_ref()?)));
            let bytes: u64 = streams().map(|(_, piece)| piece.bytes.min(STREAM)).sum();
            if bytes > room {
                left_out += 1;
                continue;
            }
            room -= bytes;
            for (stream, piece) in streams() {
                to.write_all(comma.as_bytes())?;
                log(one.row, stream, piece, to)?;
                comma = ",\n";
            }
        }
        Ok(left_out)
    }
}

fn log(row: u32, stream: &str, piece: &LogPiece, to: &mut dyn Write) -> io::Result<()> {
    let text = replay::end(piece, STREAM, true).join("\n");
    let log = json!({
        "attempt": row, "stream": stream, "text": text, "bytes": piece.bytes,
        "file": piece.file.to_string_lossy(), "whole": piece.bytes <= STREAM,
    });
    serde_json::to_writer(to, &log).map_err(io::Error::from)
}

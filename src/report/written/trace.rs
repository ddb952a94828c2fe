//! Trace: a run as a picture in time, in the format that Chromium's and Perfetto's viewers read.
//!
//! A lane for each slot, a bar for each attempt in it, and for each queue a curve of how many items
//! it held. The format is that of Chromium's "Trace Event Format". Unaware of viewers.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Spool, Written};
use crate::event::{Event, EventKind, Tally};
use crate::model::{AttemptId, PoolId};
use crate::report::words;

/// The process, in the words of the format, that the lanes belong to, and that of the curves.
const SLOTS: u32 = 1;
const QUEUES: u32 = 2;

/// Bars and curves so far.
#[derive(Default)]
pub(super) struct Trace {
    spool: Spool,
    /// The lanes: a pool and a slot of it.
    lanes: Vec<(Option<PoolId>, u32)>,
    /// Attempts that run.
    running: HashMap<AttemptId, Bar>,
}

/// An attempt that runs.
struct Bar {
    began: Duration,
    /// When the next one took its lane.
    until: Option<Duration>,
    lane: usize,
    /// The id of its item.
    item: Option<String>,
}

impl Trace {
    /// Returns the number of a lane.
    fn lane(&mut self, pool: Option<PoolId>, slot: u32) -> usize {
        let known = self.lanes.iter().position(|lane| *lane == (pool, slot));
        known.unwrap_or_else(|| {
            self.lanes.push((pool, slot));
            self.lanes.len() - 1
        })
    }

    fn put(&mut self, value: &Value) -> io::Result<()> {
        serde_json::to_writer(&mut self.spool, value)?;
        self.spool.write_all(b",\n")
    }
}

impl Written for Trace {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        match &event.kind {
            EventKind::AttemptStarted { attempt, node, slot, item, .. } => {
                let pool = tally.nodes[node.index()].pools.first().copied();
                let lane = self.lane(pool, *slot);
                let item = item.as_ref().map(|item| item.id.clone());
                // A slot may be taken again before the end of its last attempt is told.
                for bar in self.running.values_mut().filter(|bar| bar.lane == lane) {
                    bar.until.get_or_insert(event.at);
                }
                let bar = Bar { began: event.at, until: None, lane, item };
                self.running.insert(*attempt, bar);
            }
            EventKind::FinallyStarted { attempt, node, slot, .. } => {
                let pool = tally.nodes[node.index()].pools.first().copied();
                let lane = slot.map_or((None, 0), |slot| (pool, slot));
                let lane = self.lane(lane.0, lane.1);
                let bar = Bar { began: event.at, until: None, lane, item: None };
                self.running.insert(*attempt, bar);
            }
            EventKind::AttemptEnded { attempt, node, exit, verdict, .. }
            | EventKind::FinallyEnded { attempt, node, exit, verdict, .. } => {
                let Some(bar) = self.running.remove(attempt) else { return Ok(()) };
                let took = bar.until.unwrap_or(event.at).saturating_sub(bar.began);
                let node = &tally.nodes[node.index()];
                let how = words::exit(exit, *verdict);
                let after = matches!(event.kind, EventKind::FinallyEnded { .. });
                let name = format!("{}{}", node.name, if after { " finally" } else { "" });
                self.put(&json!({
                    "name": name, "cat": node.process, "ph": "X",
                    "pid": SLOTS, "tid": bar.lane, "ts": micros(bar.began), "dur": micros(took),
                    "args": { "verdict": verdict, "exit": how, "item": bar.item },
                }))?;
            }
            EventKind::QueueLevels { levels } => {
                for level in levels {
                    self.put(&json!({
                        "name": tally.queues[level.queue.index()].name, "ph": "C",
                        "pid": QUEUES, "ts": micros(event.at), "args": { "items": level.depth },
                    }))?;
                }
            }
            EventKind::QueueDrained { queue, .. } => {
                self.put(&json!({
                    "name": tally.queues[queue.index()].name, "ph": "C",
                    "pid": QUEUES, "ts": micros(event.at), "args": { "items": 0 },
                }))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn write(&mut self, tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")?;
        self.spool.copy(to)?;
        for (lane, (pool, slot)) in self.lanes.iter().enumerate() {
            let pool = tally.pools.iter().find(|(id, ..)| Some(*id) == *pool);
            let pool = pool.map_or("", |(_, name, _)| name);
            let name = json!({
                "name": "thread_name", "ph": "M", "pid": SLOTS, "tid": lane,
                "args": { "name": format!("{pool} {slot}") },
            });
            writeln!(to, "{name},")?;
        }
        let queues = json!({
            "name": "process_name", "ph": "M", "pid": QUEUES, "args": { "name": "queues" },
        });
        let job = json!({
            "name": "process_name", "ph": "M", "pid": SLOTS, "args": { "name": tally.job },
        });
        writeln!(to, "{queues},\n{job}\n]}}")
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

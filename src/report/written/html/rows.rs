//! Rows: every attempt of a run, one short row of JSON each.
//!
//! A row is: node, pool, slot, start and length in microseconds, try, verdict, how it ended where
//! it did not pass, the item. Unaware of how they are drawn.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

use super::Spool;
use crate::event::{Event, EventKind, Tally, Verdict};
use crate::model::{AttemptId, NodeId, PoolId};
use crate::report::sanitize::text;
use crate::report::words;

/// Attempts that the page holds: a browser still draws these at once.
const MOST: u32 = 100_000;

/// Attempts that ended, in that order, and those that run.
#[derive(Default)]
pub(super) struct Attempts {
    rows: Spool,
    count: u32,
    left_out: u64,
    running: HashMap<AttemptId, Began>,
}

/// An attempt that runs.
struct Began {
    at: Duration,
    node: NodeId,
    pool: Option<PoolId>,
    slot: u32,
    number: u32,
    item: Option<String>,
}

impl Attempts {
    /// Takes in that an attempt was started.
    pub(super) fn started(&mut self, event: &Event, tally: &Tally) {
        let EventKind::AttemptStarted { attempt, node, number, slot, item, .. } = &event.kind
        else {
            return;
        };
        let pool = tally.nodes[node.index()].pools.first().copied();
        let item = item.as_ref().map(|item| words::item(item, "…"));
        let (at, node, slot, number) = (event.at, *node, *slot, *number);
        self.running.insert(*attempt, Began { at, node, pool, slot, number, item });
    }

    /// Takes in that one ended; returns its row, where it has one.
    pub(super) fn ended(&mut self, event: &Event) -> io::Result<Option<u32>> {
        let EventKind::AttemptEnded { attempt, exit, verdict, took, again, reason, .. } =
            &event.kind
        else {
            return Ok(None);
        };
        let Some(began) = self.running.remove(attempt) else { return Ok(None) };
        let how = match verdict {
            Verdict::Passed | Verdict::Ended => String::new(),
            Verdict::Failed | Verdict::TimedOut | Verdict::Stopped | Verdict::Killed => {
                let exit = || words::exit(exit, *verdict);
                let how = reason.as_deref().map_or_else(exit, text);
                let again = if again.is_some() { ", tried again" } else { "" };
                format!("{how}{again}")
            }
        };
        self.put(&began, *took, (*verdict, &how))
    }

    /// Tells of attempts that had no end because the run had none.
    pub(super) fn cut_off(&mut self, tally: &Tally) -> io::Result<()> {
        let end = tally.ended.map(|(_, took)| took);
        let running = std::mem::take(&mut self.running);
        let end = end.or(running.values().map(|began| began.at).max()).unwrap_or_default();
        for began in running.values() {
            let took = end.saturating_sub(began.at);
            self.put(began, took, (Verdict::Stopped, "the run broke off before its end"))?;
        }
        Ok(())
    }

    /// Returns how many found no room.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Copies the rows.
    pub(super) fn copy(&mut self, to: &mut dyn Write) -> io::Result<()> {
        self.rows.copy(to)
    }

    fn put(
        &mut self,
        began: &Began,
        took: Duration,
        (verdict, how): (Verdict, &str),
    ) -> io::Result<Option<u32>> {
        if self.count == MOST {
            self.left_out += 1;
            return Ok(None);
        }
        if self.count > 0 {
            self.rows.write_all(b",\n")?;
        }
        let Began { at, node, pool, slot, number, item } = began;
        let (at, took) = (at.as_micros(), took.as_micros());
        let row = (node, pool, slot, at, took, number, verdict, how, item);
        serde_json::to_writer(&mut self.rows, &row)?;
        self.count += 1;
        Ok(Some(self.count - 1))
    }
}

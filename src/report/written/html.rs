//! Html: a run as one page that people open: how it ended, when everything ran, what was printed.
//!
//! The page needs nothing but itself: no network, no other file. What matters stands in it as text;
//! its scripts add a timeline that zooms, the graph, a filter and the logs. They read the run as
//! JSON, whose rows lie on disk where they are many. All text of others is data: it passes
//! [`markup`](super::markup) or [`inside`] on its way into either form, and the page refuses every
//! script and style that is not its own. Unaware of where the page is opened.
//!
//! Reading order: this file, how the page is put together; [`head`], [`tables`] and [`dead`], what
//! stands in it as text; [`rows`], [`depths`], [`logs`] and [`json`], what its scripts read;
//! `page.html`, `page.css` and the scripts in the order in which they are listed here.

mod dead;
mod depths;
mod head;
mod inside;
mod json;
mod logs;
mod rows;
mod tables;

use std::io::{self, Write};

use super::{Spool, Written};
use crate::event::{Event, EventKind, Tally};

/// The page, with a name in double braces where something is put in.
const PAGE: &str = include_str!("html/page.html");

/// Its looks.
const STYLE: &str = include_str!("html/page.css");

/// Its scripts, each of which builds on those before.
const SCRIPT: &str = concat!(
    include_str!("html/base.js"),
    include_str!("html/ansi.js"),
    include_str!("html/filter.js"),
    include_str!("html/tables.js"),
    include_str!("html/details.js"),
    include_str!("html/timeline.js"),
    include_str!("html/ruler.js"),
    include_str!("html/lanes.js"),
    include_str!("html/hand.js"),
    include_str!("html/depths.js"),
    include_str!("html/layers.js"),
    include_str!("html/boxes.js"),
    include_str!("html/graph.js"),
    include_str!("html/start.js"),
);

/// SHA-256 sums of both, by which the page knows what is its own; a test says what they are.
const STYLE_SUM: &str = "5TnfTxoK+A6Ih9xMt83nC4YpLUfd7dMTuHOdX+Pc1tw=";
const SCRIPT_SUM: &str = "F47oyeznNpL0s2BicgOaYBVCi0vL8P5mv1CfC0vpb9s=";

/// Notes that are shown; there are few.
const NOTES: usize = 20;

/// What is known of a run while its events are read.
#[derive(Default)]
pub(super) struct Html {
    /// Processes as JSON, in the order of their declaration.
    processes: Spool,
    /// How many those are.
    declared: usize,
    /// What is known of nodes before they start, as JSON.
    nodes: Spool,
    attempts: rows::Attempts,
    depths: depths::Depths,
    logs: logs::Kept,
    dead: dead::Dead,
    /// The most attempts that ran at once.
    most: usize,
    notes: Vec<String>,
}

impl Written for Html {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        match &event.kind {
            EventKind::ProcessDeclared { .. } => {
                let comma = if self.declared > 0 { ",\n" } else { "" };
                self.processes.write_all(comma.as_bytes())?;
                json::process(&event.kind, &mut self.processes)?;
                self.declared += 1;
            }
            EventKind::NodeDeclared { cell, .. } => {
                let comma = if tally.nodes.len() > 1 { ",\n" } else { "" };
                self.nodes.write_all(comma.as_bytes())?;
                json::node(self.declared, cell, &mut self.nodes)?;
            }
            EventKind::AttemptStarted { .. } => {
                self.attempts.started(event, tally);
                self.most = self.most.max(tally.running.len());
            }
            EventKind::AttemptEnded { node, verdict, logs, .. } => {
                let row = self.attempts.ended(event)?;
                self.logs.keep(*node, row, (*verdict, logs));
            }
            EventKind::QueueLevels { levels } => {
                for level in levels {
                    self.depths.told(level.queue, event.at, level.depth);
                }
            }
            EventKind::QueueDrained { queue, .. } => self.depths.told(*queue, event.at, 0),
            EventKind::ItemDead { .. } | EventKind::ItemDropped { .. } => {
                self.dead.hear(event, tally)?;
            }
            EventKind::Noted { message } if self.notes.len() < NOTES => {
                self.notes.push(message.clone());
            }
            _ => {}
        }
        Ok(())
    }

    fn write(&mut self, tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
        self.attempts.cut_off(tally)?;
        let mut pieces = PAGE.split("{{");
        to.write_all(pieces.next().unwrap_or_default().as_bytes())?;
        for piece in pieces {
            let (name, text) = piece.split_once("}}").unwrap_or(("", piece));
            self.put(name, tally, to)?;
            to.write_all(text.as_bytes())?;
        }
        Ok(())
    }
}

impl Html {
    /// Writes what stands in the page under a name.
    fn put(&mut self, name: &str, tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
        match name {
            "policy" => write!(
                to,
                "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; \
                 style-src 'sha256-{STYLE_SUM}'; script-src 'sha256-{SCRIPT_SUM}'"
            ),
            "style" => to.write_all(STYLE.as_bytes()),
            "script" => to.write_all(SCRIPT.as_bytes()),
            "title" => head::title(tally, to),
            "head" => head::head(tally, to),
            "facts" => head::facts(tally, self.most, to),
            "notes" => head::notes(&self.notes, to),
            "failures" => tables::failures(tally, to),
            "queues" => tables::queues(tally, to),
            "processes" => tables::processes(tally, to),
            "dead" => self.dead.write(to),
            "foot" => head::foot(tally, to),
            "run" => self.run(tally, to),
            other => Err(io::Error::other(format!("nothing stands under {other:?}"))),
        }
    }

    /// Writes the run as the scripts read it.
    fn run(&mut self, tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
        let mut to = inside::Inside(to);
        json::head(tally, &mut to)?;
        to.write_all(b",\n\"processes\":[")?;
        self.processes.copy(&mut to)?;
        to.write_all(b"],\n\"nodes\":[")?;
        self.nodes.copy(&mut to)?;
        to.write_all(b"],\n\"ends\":[")?;
        json::ends(tally, &mut to)?;
        to.write_all(b"],\n\"queues\":[")?;
        json::queues(tally, &self.depths, &mut to)?;
        to.write_all(b"],\n\"attempts\":[")?;
        self.attempts.copy(&mut to)?;
        write!(to, "],\n\"left-out\":{},\n\"logs\":[", self.attempts.left_out())?;
        let left_out = self.logs.write(tally, &mut to)?;
        write!(to, "],\n\"logs-left-out\":{left_out}}}")
    }
}

#[cfg(test)]
mod tests;

//! Summary: what a run came to, short enough to be read.
//!
//! Each failure with what is needed to act on it, then the outcome as the last block, where the eye
//! is. Nothing is wider than the screen except what people copy: paths and commands. Unaware of
//! what was shown before it.

use std::fmt::Write as _;

use super::Screen;
use super::paint::{Hue, Paint, pad};
use super::sanitize::text;
use super::{replay, said, words};
use crate::event::{Ended, Node, NodeState, Outcome, Stop, Tally};
use crate::model::NodeId;

/// How many failures are told at length: what people scroll through.
const FAILURES: usize = 10;

/// How many of the last lines of a failure's output are shown.
const TAIL: usize = 10;

/// How many rows of the screen one of these lines may take.
const ROWS: usize = 3;

/// How many dead items, and how many leftovers, are named.
const NAMED: usize = 5;

/// How many of the slowest nodes are named.
const SLOWEST: usize = 3;

/// Columns of the labels.
const LABEL: usize = 9;

/// Returns the summary of a run that has ended.
pub(super) fn summary(tally: &Tally, screen: &Screen) -> String {
    let mut page =
        Page { screen, paint: screen.paint(), width: screen.width(), text: String::new() };
    page.failures(tally);
    page.headline(tally);
    page.fields(tally);
    page.text
}

/// What is written so far, and on what.
struct Page<'a> {
    screen: &'a Screen,
    paint: Paint,
    width: usize,
    text: String,
}

impl Page<'_> {
    fn failures(&mut self, tally: &Tally) {
        let failed = |node: &&(usize, &Node)| match node.1.state {
            NodeState::Done(outcome) => outcome.is_failure(),
            NodeState::Waiting | NodeState::Running => false,
        };
        let nodes: Vec<_> = tally.nodes.iter().enumerate().collect();
        for (index, node) in nodes.iter().filter(failed).take(FAILURES) {
            self.failure(tally, NodeId::at(*index), node);
        }
        let more = (tally.failures() as usize).saturating_sub(FAILURES);
        if more > 0 {
            let line =
                format!("and {}\n", words::plural(more as u64, "more failure", "more failures"));
            self.line(&self.paint.hue(Hue::Bad, line));
        }
    }

    /// Tells one failure: what, why, its last words, its log, how to run it again.
    fn failure(&mut self, tally: &Tally, id: NodeId, node: &Node) {
        let outcome = match node.state {
            NodeState::Done(outcome) => outcome,
            NodeState::Waiting | NodeState::Running => return,
        };
        let cause = words::cause(tally, id, outcome);
        let mut how = match (outcome, cause) {
            (Outcome::TimedOut, Some(cause)) => format!("timed out: {cause}"),
            (_, Some(cause)) => cause,
            (_, None) => words::outcome(outcome).to_owned(),
        };
        let _ = write!(how, " after {}", words::took(node.took));
        if node.consumes.is_none() && node.attempts > 1 {
            let _ = write!(how, ", {} tries", node.attempts);
        }
        self.title(&text(&node.name), &how);
        if let Some(last) = &node.last {
            self.last_words(last);
        }
        self.field("again", &[words::again(&tally.file, &node.process)]);
        self.text.push('\n');
    }

    fn title(&mut self, name: &str, how: &str) {
        let mark = self.paint.hue(Hue::Bad, self.paint.cross());
        let columns = 4 + console::measure_text_width(name) + console::measure_text_width(how);
        let name = self.paint.hue(Hue::Bold, name);
        let gap = if columns <= self.width { "  " } else { "\n  " };
        self.line(&format!("{mark} {name}{gap}{how}"));
    }

    fn last_words(&mut self, last: &Ended) {
        if let Some(item) = &last.item {
            let item = words::item(item, self.paint.more());
            self.field("item", &[format!("{item}: {}", words::exit(&last.exit, last.verdict))]);
        }
        if let Some(hint) = said::hint(&last.exit) {
            self.field("help", &[hint]);
        }
        let pieces = [&last.logs.stderr, &last.logs.stdout].into_iter().flatten();
        let mut pieces = pieces.map(|piece| (piece, replay::tail(piece, TAIL)));
        let Some((piece, lines)) = pieces.find(|(_, lines)| !lines.is_empty()) else { return };
        let quote = self.paint.hue(Hue::Dim, self.paint.quote());
        for line in lines {
            for row in rows(&line.replace('\t', "    "), self.width.saturating_sub(4), self.paint) {
                self.line(format!("  {quote} {row}").trim_end());
            }
        }
        self.field("log", &[self.screen.path(&piece.file)]);
    }

    fn headline(&mut self, tally: &Tally) {
        let Some((exit, took)) = tally.ended else { return };
        let signal = tally.stop.as_ref().and_then(|(_, signal, _)| *signal);
        let stop = tally.stop.as_ref().map(|(stop, ..)| *stop);
        let (hue, what) = match (exit, signal, stop) {
            (3, ..) => (Hue::Bad, "broke off after".to_owned()),
            (_, Some(signal), _) => {
                let name = crate::event::Exit::signal_name(signal);
                (Hue::Warn, format!("stopped by {name} after"))
            }
            (_, None, Some(Stop::Deadline)) => (Hue::Bad, "timed out after".to_owned()),
            (0, ..) => (Hue::Good, "passed in".to_owned()),
            _ => (Hue::Bad, "failed in".to_owned()),
        };
        let job = self.paint.hue(Hue::Bold, text(&tally.job));
        let what = self.paint.hue(hue, what);
        self.line(&format!("{job}: {what} {}", words::took(took)));
    }

    fn fields(&mut self, tally: &Tally) {
        if tally.nodes.len() > 1 || tally.nodes_waiting() > 0 {
            let counts = self.counts(tally);
            self.field("processes", &counts);
        }
        let items = self.items(tally);
        self.field("items", &items);
        let dead = self.dead(tally);
        self.field("dead", &dead);
        if tally.nodes.len() > 1 {
            let slowest = tally.slowest.iter().take(SLOWEST).map(|(node, took)| {
                format!("{} {}", text(&tally.nodes[node.index()].name), words::took(*took))
            });
            self.field("slowest", &slowest.collect::<Vec<_>>());
        }
        if let Some((_, _, reason)) = &tally.stop {
            self.field("stopped", &[text(reason)]);
        }
        let left = left(tally);
        self.field("left over", &left);
        self.field("run", &[self.screen.path(&tally.folder)]);
    }

    fn counts(&self, tally: &Tally) -> Vec<String> {
        let ended = Outcome::ALL.iter().filter_map(|outcome| {
            let count = tally.ended_as(*outcome);
            let words = format!("{count} {}", words::outcome(*outcome));
            (count > 0).then(|| self.paint.hue(said::hue(*outcome), words).into_owned())
        });
        let waiting = tally.nodes_waiting();
        let waiting = (waiting > 0).then(|| format!("{waiting} not started"));
        ended.chain(waiting).collect()
    }

    fn items(&self, tally: &Tally) -> Vec<String> {
        let used = tally.queues.iter().filter(|queue| queue.level.put + queue.level.done > 0);
        let counts = used.map(|queue| {
            let mut words = format!("{} {} done", text(&queue.name), queue.level.done);
            if queue.level.dead > 0 {
                let dead = format!("{} dead", queue.level.dead);
                let _ = write!(words, ", {}", self.paint.hue(Hue::Bad, dead));
            }
            let left = queue.left.max(queue.level.depth);
            if left > 0 {
                let left = format!("{left} left");
                let _ = write!(words, ", {}", self.paint.hue(Hue::Warn, left));
            }
            words
        });
        counts.collect()
    }

    fn dead(&self, tally: &Tally) -> Vec<String> {
        let named = tally.item_failures.iter().filter_map(|ended| {
            let item = words::item(ended.item.as_ref()?, self.paint.more());
            Some(format!("{item}: {}", words::exit(&ended.exit, ended.verdict)))
        });
        let mut named: Vec<_> = named.take(NAMED).collect();
        let dead: u64 = tally.queues.iter().map(|queue| queue.level.dead).sum();
        let more = dead.saturating_sub(named.len() as u64);
        if more > 0 && !named.is_empty() {
            named.push(format!("and {more} more"));
        }
        named
    }

    /// Writes a label and what belongs to it, in as many rows as it takes; nothing if there is
    /// nothing.
    fn field(&mut self, label: &str, parts: &[String]) {
        let mut row = format!("  {}", self.paint.hue(Hue::Dim, pad(label, LABEL)));
        let mut columns = 2 + LABEL;
        for (index, part) in parts.iter().enumerate() {
            let dot = if index == 0 { " " } else { self.paint.dot() };
            let added = console::measure_text_width(part) + console::measure_text_width(dot);
            if index > 0 && columns + added > self.width {
                self.line(&row);
                row = format!("{} {part}", " ".repeat(2 + LABEL));
                columns = 2 + LABEL + 1 + console::measure_text_width(part);
            } else {
                row += dot;
                row += part;
                columns += added;
            }
        }
        if !parts.is_empty() {
            self.line(&row);
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Returns what was left running behind, by node.
fn left(tally: &Tally) -> Vec<String> {
    let named = tally.leftovers.iter().take(NAMED).map(|(node, left)| {
        let name = text(&tally.nodes[node.index()].name);
        format!("{name}: pid {} ({}), killed", left.pid, text(&left.command))
    });
    let more = tally.leftovers.len().saturating_sub(NAMED);
    named.chain((more > 0).then(|| format!("and {more} more"))).collect()
}

/// Cuts a line into rows of the screen, a bounded number.
fn rows(line: &str, width: usize, paint: Paint) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut columns = 0;
    for character in line.chars() {
        let added = console::measure_text_width(character.encode_utf8(&mut [0; 4]));
        if columns + added > width.max(1) {
            rows.push(String::new());
            columns = 0;
        }
        columns += added;
        rows.last_mut().expect("there is always one").push(character);
    }
    if rows.len() > ROWS {
        rows.truncate(ROWS);
        let cut = paint.fit(&rows[ROWS - 1], width.saturating_sub(paint.more().len())).into_owned();
        rows[ROWS - 1] = cut + paint.more();
    }
    rows
}

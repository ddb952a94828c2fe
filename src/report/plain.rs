//! Plain: every line of every child as it comes, with the name of its process.
//!
//! For pipes, files and terminals that can do no more. A line is written whole or not at all; a
//! child can't imitate the runner, because its lines always have a name in front. Unaware of when
//! it is chosen.

use std::collections::BTreeMap;
use std::io;

use super::Screen;
use super::lines::{LONGEST, Line, Lines};
use super::paint::{Hue, pad};
use super::said::said;
use super::sanitize::text;
use crate::event::{Event, EventKind, Sink, Stream, Tally};
use crate::model::{AttemptId, NodeId};

/// Columns of the longest name; a longer one is shortened in its middle.
const NAME: usize = 24;

/// Writes lines.
pub(super) struct Plain {
    screen: Screen,
    name: usize,
    open: BTreeMap<AttemptId, (NodeId, [Lines; 2])>,
    text: String,
}

impl Plain {
    /// Makes it.
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, name: 0, open: BTreeMap::new(), text: String::new() }
    }

    /// Writes what a child printed, line by line.
    fn output(&mut self, attempt: AttemptId, stream: Stream, bytes: &[u8], tally: &Tally) {
        let Some(running) = tally.running.get(&attempt) else { return };
        let prefix = self.prefix(running.node, tally);
        let paint = self.screen.paint();
        let fresh = || (running.node, [Lines::new(LONGEST), Lines::new(LONGEST)]);
        let (_, streams) = self.open.entry(attempt).or_insert_with(fresh);
        let text = &mut self.text;
        streams[stream as usize].feed(bytes, |line| {
            push(text, &prefix, &line.shown(paint));
        });
    }

    /// Writes what is left of a child's output, with the newline that it did not write.
    fn finish(&mut self, attempt: AttemptId, tally: &Tally) {
        let Some((node, streams)) = self.open.remove(&attempt) else { return };
        let prefix = self.prefix(node, tally);
        let paint = self.screen.paint();
        for mut lines in streams {
            lines.finish(|line: Line<'_>| push(&mut self.text, &prefix, &line.shown(paint)));
        }
    }

    fn prefix(&self, node: NodeId, tally: &Tally) -> String {
        let paint = self.screen.paint();
        let name = text(&tally.nodes[node.index()].name);
        let name = pad(&paint.squeeze(&name, NAME), self.name);
        paint.hue(Hue::Of(node.index()), format!("{name} |")).into()
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let said = self.screen.say(&self.text);
        self.text.clear();
        said
    }
}

impl Sink for Plain {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        match &event.kind {
            EventKind::NodeDeclared { name, .. } => {
                let columns = console::measure_text_width(&text(name));
                self.name = self.name.max(columns.min(NAME));
            }
            EventKind::Output { attempt, stream, bytes } => {
                self.output(*attempt, *stream, &bytes.0, tally);
            }
            EventKind::AttemptEnded { attempt, .. } => self.finish(*attempt, tally),
            EventKind::RunStarted { .. }
            | EventKind::PoolDeclared { .. }
            | EventKind::QueueDeclared { .. }
            | EventKind::AttemptStarted { .. }
            | EventKind::AttemptSlow { .. }
            | EventKind::AttemptKilled { .. }
            | EventKind::QueueLevels { .. }
            | EventKind::ItemDead { .. }
            | EventKind::QueueClosed { .. }
            | EventKind::QueueDrained { .. }
            | EventKind::NodeEnded { .. }
            | EventKind::StopAsked { .. }
            | EventKind::Noted { .. }
            | EventKind::RunEnded { .. } => {}
        }
        if let Some(said) = said(event, tally) {
            self.text.push_str(&said.line(self.screen.paint()));
            self.text.push('\n');
        }
        self.flush()?;
        if let EventKind::RunEnded { .. } = event.kind {
            self.screen.conclude(tally)?;
        }
        Ok(())
    }

    fn wants_output(&self) -> bool {
        true
    }

    fn close(&mut self) -> io::Result<()> {
        self.screen.err.flush()
    }
}

fn push(text: &mut String, prefix: &str, line: &str) {
    text.push_str(prefix);
    if !line.is_empty() {
        text.push(' ');
        text.push_str(line);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::{Mode, fixture};

    #[test]
    fn look() {
        for story in [fixture::pool(), fixture::broken_build(), fixture::items(), fixture::interrupted()] {
            for mode in [Mode::Plain, Mode::Group, Mode::Quiet, Mode::Json] {
                println!("--- {mode:?}\n{}", story.shown(mode, None));
            }
            println!("--- 40\n{}", story.shown(Mode::Quiet, Some(40)));
        }
    }
}

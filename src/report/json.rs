//! Json: every event as one line on standard output, output of children included.
//!
//! The same lines as the journal's, for programs that follow a run. Unaware of terminals.

use std::io;

use super::{Screen, fence};
use crate::event::{Event, Sink, Tally};

/// Writes the event stream.
pub(super) struct Json {
    screen: Screen,
    line: Vec<u8>,
}

impl Json {
    /// Makes it.
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, line: Vec::new() }
    }
}

impl Sink for Json {
    fn hear(&mut self, event: &Event, _tally: &Tally) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, event)?;
        if self.screen.ci.is_some() {
            fence::quote(&mut self.line);
        }
        self.line.push(b'\n');
        self.screen.out.write_all(&self.line)
    }

    fn wants_output(&self) -> bool {
        true
    }

    fn close(&mut self) -> io::Result<()> {
        self.screen.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mode, fixture};
    use super::*;

    #[test]
    fn the_stream_reads_back_as_it_was_told() {
        let story = fixture::items();
        let shown = story.shown(Mode::Json, None);
        let read: Result<Vec<Event>, _> = shown.lines().map(serde_json::from_str).collect();
        assert_eq!(read.expect("each line is an event"), story.events);
    }
}

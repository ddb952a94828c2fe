//! Preview: the last line that each running child printed.
//!
//! A few hundred bytes a child, however much it prints. Unaware of how it is drawn.

use std::collections::BTreeMap;

use super::super::lines::{Line, Lines};
use super::super::sanitize;
use crate::event::{Event, EventKind};
use crate::model::AttemptId;

/// How many bytes of a line are kept: more than a row shows.
const LONGEST: usize = 256;

/// How many bytes at the end of what a child printed are looked at: earlier lines are gone before
/// anyone sees them.
const LOOKED_AT: usize = 2048;

/// The last lines of all children that run.
#[derive(Default)]
pub(super) struct Previews(BTreeMap<AttemptId, Preview>);

/// The last line of one child.
struct Preview {
    streams: [Lines; 2],
    last: Vec<u8>,
}

impl Previews {
    /// Takes in an event.
    pub(super) fn hear(&mut self, event: &Event) {
        if let EventKind::Output { attempt, stream, bytes } = &event.kind {
            let preview = self.0.entry(*attempt).or_insert_with(Preview::new);
            preview.feed(*stream as usize, &bytes.0);
        } else if let EventKind::AttemptEnded { attempt, .. }
        | EventKind::FinallyEnded { attempt, .. } = &event.kind
        {
            self.0.remove(attempt);
        }
    }

    /// Returns the last line of a child, empty if it printed nothing.
    pub(super) fn last(&self, attempt: AttemptId) -> String {
        let last = self.0.get(&attempt).map_or(&[][..], |preview| &preview.last);
        sanitize::clean(last, false).replace('\t', " ").trim().to_owned()
    }
}

impl Preview {
    fn new() -> Self {
        Self { streams: [Lines::new(LONGEST), Lines::new(LONGEST)], last: Vec::new() }
    }

    fn feed(&mut self, stream: usize, bytes: &[u8]) {
        let last = &mut self.last;
        let mut keep = |line: &[u8]| {
            if !line.trim_ascii().is_empty() {
                line.clone_into(last);
            }
        };
        let tail = &bytes[bytes.len().saturating_sub(LOOKED_AT)..];
        self.streams[stream].feed(tail, |line| match line {
            Line::Whole(bytes) | Line::Cut(bytes) => keep(bytes),
            Line::Rest(_) => {}
        });
        keep(self.streams[stream].unfinished());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_with_something_in_it_counts() {
        let mut preview = Preview::new();
        for (stream, bytes, last) in [
            (0, &b"one\ntwo\n"[..], "two"),
            (1, b"warn", "warn"),
            (0, b"\n  \n", "two"),
            (1, b"ing\n", "warning"),
            (0, b"10%\r20%\r", "20%"),
            (0, &[b'x'; 5000], "x"),
        ] {
            preview.feed(stream, bytes);
            let shown = String::from_utf8_lossy(&preview.last).into_owned();
            assert!(shown.starts_with(last) || last == "two", "{shown} {last}");
            assert!(preview.last.len() <= LONGEST);
        }
    }
}

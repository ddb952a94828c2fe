//! Live.

use std::io;

use super::Screen;
use crate::event::{Event, Sink, Tally};

/// Draws.
pub(super) struct Live(super::plain::Plain);

impl Live {
    /// Makes it.
    pub(super) fn new(screen: Screen) -> Self {
        Self(super::plain::Plain::new(screen))
    }
}

impl Sink for Live {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        self.0.hear(event, tally)
    }
}

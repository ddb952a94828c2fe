//! Quiet: nothing but failures, with their output, and the summary.
//!
//! Unaware of everything that goes well.

use std::io;

use super::Screen;
use super::group::{Pieces, block};
use super::said::{Weight, said};
use crate::event::{Event, EventKind, Sink, Tally};

/// Writes failures.
pub(super) struct Quiet {
    pieces: Pieces,
    screen: Screen,
}

impl Quiet {
    /// Makes it.
    pub(super) fn new(screen: Screen) -> Self {
        Self { pieces: Pieces::default(), screen }
    }
}

impl Sink for Quiet {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        let pieces = self.pieces.hear(event, tally);
        if let Some(said) = said(event, tally)
            && said.weight == Weight::Failure
        {
            block(&mut self.screen, event, tally, &said, &pieces)?;
        }
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

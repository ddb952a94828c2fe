//! Events: what happened, one JSON value a line, for whoever reads it.
//!
//! What the run kept for its owner only, items with a secret as they are, is left out. Unaware of
//! what events mean.

use std::io::{self, Write};

use super::{Spool, Written};
use crate::event::{Event, Tally};

/// The lines so far.
#[derive(Default)]
pub(super) struct Lines(Spool);

impl Written for Lines {
    fn hear(&mut self, event: &Event, _tally: &Tally) -> io::Result<()> {
        let mut told = event.clone();
        if let Some((_, exact)) = told.kind.item_bytes() {
            *exact = None;
        }
        serde_json::to_writer(&mut self.0, &told)?;
        self.0.write_all(b"\n")
    }

    fn write(&mut self, _tally: &Tally, to: &mut dyn Write) -> io::Result<()> {
        self.0.copy(to)
    }
}

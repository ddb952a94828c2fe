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

    fn give_way(&mut self, away: bool) -> io::Result<()> {
        self.screen.give_way(away)
    }

    fn close(&mut self) -> io::Result<()> {
        self.screen.err.flush()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::{Mode, fixture};

    #[test]
    fn what_passes_is_only_summed_up() {
        assert_snapshot!(fixture::pool().shown(Mode::Quiet, None), @r"
        pool: passed in 501ms
          processes  5 passed
          slowest    task[n=4] 400ms · task[n=5] 400ms · task[n=3] 300ms
          run        .runner/runs/7
        ");
    }

    #[test]
    fn what_fails_is_shown() {
        assert_snapshot!(fixture::broken_build().shown(Mode::Quiet, None), @r"
        build: failed (exit code 101) in 1.2s
        compiling
        error: cannot find value `x`
          --> src/main.rs:7:13

        1 unit built

        ✗ build  exit code 101 after 1.2s
          │ error: cannot find value `x`
          │   --> src/main.rs:7:13
          log    .runner/runs/7/build.stderr
          again  runner jobs/ci.toml build

        ci: failed in 1.2s
          processes  1 passed · 1 skipped · 1 failed
          slowest    build 1.2s · fmt 80ms
          left over  build: pid 812 (sleep), killed
          run        .runner/runs/7
        ");
    }
}

//! Heart: a line now and then while nothing else is said, so that a long silence is none.
//!
//! Systems end a job that says nothing for ten minutes, and people wonder. Each process is named
//! with how long it runs, and how long it has printed nothing. Unaware of what is said otherwise.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::paint::Hue;
use super::sanitize::text;
use super::{Screen, words};
use crate::event::{Event, EventKind, Tally};
use crate::model::AttemptId;

/// How long nothing is said before it is said what runs: often enough for every system, seldom
/// enough for a log of hours.
const SILENCE: Duration = Duration::from_secs(60);

/// How many attempts are named, the longest first.
const NAMED: usize = 3;

/// Knows how long nothing was said.
#[derive(Debug, Default)]
pub(super) struct Heart {
    /// When something was said last, as far as is known, and how often until then.
    said: (Duration, u64),
    /// When attempts have printed something last.
    printed: BTreeMap<AttemptId, Duration>,
}

impl Heart {
    /// Takes in who prints.
    pub(super) fn hear(&mut self, event: &Event) {
        if let EventKind::Output { attempt, .. } = &event.kind {
            self.printed.insert(*attempt, event.at);
        } else if let EventKind::AttemptEnded { attempt, .. }
        | EventKind::FinallyEnded { attempt, .. } = &event.kind
        {
            self.printed.remove(attempt);
        }
    }

    /// Says what runs, once nothing was said for long.
    pub(super) fn beat(
        &mut self,
        at: Duration,
        tally: &Tally,
        screen: &mut Screen,
    ) -> io::Result<()> {
        let (since, said) = self.said;
        if screen.said != said {
            self.said = (at, screen.said);
            return Ok(());
        }
        let is_over = tally.running.is_empty() || tally.ended.is_some();
        if at.saturating_sub(since) < SILENCE || is_over || screen.held.is_some() {
            return Ok(());
        }
        let line = self.line(at, tally);
        let paint = screen.paint();
        let line = paint.blunt(paint.hue(Hue::Dim, line)).into_owned();
        screen.say(&format!("{line}\n"))?;
        self.said = (at, screen.said);
        Ok(())
    }

    /// Returns the line: `still running: test (3m20s, silent for 1m00s), lint (5.0s)`.
    fn line(&self, at: Duration, tally: &Tally) -> String {
        let mut running: Vec<_> = tally.running.iter().collect();
        running.sort_by_key(|(id, attempt)| (attempt.started, **id));
        let named = running.iter().take(NAMED).map(|(id, attempt)| {
            let name = text(&tally.nodes[attempt.node.index()].name);
            let runs = words::age(at.saturating_sub(attempt.started));
            match self.printed.get(id).map(|printed| at.saturating_sub(*printed)) {
                None => format!("{name} ({runs}, silent)"),
                Some(silent) if silent < SILENCE => format!("{name} ({runs})"),
                Some(silent) => format!("{name} ({runs}, silent for {})", words::age(silent)),
            }
        });
        let more = running.len().saturating_sub(NAMED);
        let more = (more > 0).then(|| format!("and {more} more"));
        let named: Vec<_> = named.chain(more).collect();
        format!("still running: {}", named.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use insta::assert_snapshot;

    use super::super::fixture::Story;
    use super::super::{Mode, sink};
    use crate::event::{Event, Stream, Tally};

    /// Plays a story of four processes, of which one prints at first and one now and then, with the
    /// clock going on ten times a second, and returns what a mode says.
    fn watched(mode: Mode, seconds: u64) -> String {
        let mut story = Story::new("long");
        let nodes: Vec<_> =
            ["cc", "test", "lint", "docs"].map(|name| story.node(name, None, None)).into();
        let attempts: Vec<_> =
            nodes.iter().map(|node| story.wait(1_000).start(*node, 1, None)).collect();
        story.print(attempts[0], Stream::Stderr, b".");
        for _ in 0..seconds / 30 {
            story.wait(30_000).print(attempts[1], Stream::Stdout, b".");
        }
        let (screen, paper, _) = story.screen(None);
        let mut sink = sink(mode, screen);
        let mut tally = Tally::default();
        let mut told = story.events.iter().peekable();
        for tenth in 0..seconds * 10 {
            let at = Duration::from_millis(tenth * 100);
            while let Some(event) = told.next_if(|event: &&Event| event.at <= at) {
                tally.count(event);
                sink.hear(event, &tally).unwrap();
            }
            sink.tick(at, &tally).unwrap();
        }
        paper.text()
    }

    #[test]
    fn a_long_silence_is_broken_once_a_minute() {
        assert_snapshot!(watched(Mode::Group, 150), @"
        cc: started
        test: started
        lint: started
        docs: started
        still running: cc (1m03s, silent for 1m00s), test (1m02s), lint (1m01s, silent), and 1 more
        still running: cc (2m03s, silent for 2m00s), test (2m02s), lint (2m01s, silent), and 1 more
        ");
    }

    #[test]
    fn who_wants_failures_only_is_told_nothing_else() {
        assert_eq!(watched(Mode::Quiet, 150), "");
    }
}

//! Live: the run as it is now, redrawn in place on a terminal.
//!
//! Hearing an event never writes; `tick` draws, ten times a second, and skips a turn when the
//! terminal does not take bytes, so the engine never waits for it. The whole frame is one bar of
//! several lines: indicatif draws it at once, however many lines changed. What must stay, such as a
//! failure, is printed above it. Unaware of what a frame is made of.
//!
//! Reading order: [`frame`], [`gauge`], [`eta`], [`seats`], [`console`], [`preview`].

mod console;
mod eta;
mod frame;
mod gauge;
mod preview;
mod seats;

use std::io;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::console::{Console, END};
use self::frame::View;
use self::preview::Previews;
use self::seats::Seats;
use super::said::{Weight, said};
use super::sanitize::text;
use super::words::plural;
use super::{Screen, Size};
use crate::event::{Event, EventKind, Sink, Tally};

/// How many lines wait to be printed between two ticks; more are counted, and the summary and the
/// journal have them.
const WAITING: usize = 100;

/// How many dead items are told in lines of their own; from then on gauges count them.
const ITEMS: usize = 10;

/// Draws the run.
pub(super) struct Live {
    screen: Screen,
    console: Console,
    bars: MultiProgress,
    bar: ProgressBar,
    seats: Seats,
    previews: Previews,
    names: usize,
    waiting: Vec<String>,
    dropped: u64,
    size: Size,
    drawn: Vec<usize>,
    /// Whether somebody else has the terminal.
    away: bool,
}

impl Live {
    /// Makes it.
    pub(super) fn new(mut screen: Screen) -> Self {
        let size = (screen.size)().unwrap_or(Size { width: 80, height: 24 });
        let err = std::mem::replace(&mut screen.err, Box::new(io::sink()));
        let console = Console::new(err, size);
        screen.err = Box::new(console.clone());
        let target = ProgressDrawTarget::term_like(Box::new(console.clone()));
        let bars = MultiProgress::with_draw_target(target);
        let bar = bars.add(ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
        bar.set_style(ProgressStyle::with_template("{msg}").expect("the template is right"));
        Self {
            screen,
            console,
            bars,
            bar,
            seats: Seats::default(),
            previews: Previews::default(),
            names: 0,
            waiting: Vec::new(),
            dropped: 0,
            size,
            drawn: Vec::new(),
            away: false,
        }
    }

    /// Draws a frame.
    fn draw(&mut self, now: Duration, tally: &Tally) -> io::Result<()> {
        let size = (self.screen.size)().unwrap_or(self.size);
        self.fit(size)?;
        self.print_waiting()?;
        self.seats.seat(tally, now, frame::room(tally, size));
        let lines = frame::frame(&View {
            tally,
            seats: &self.seats.attempts(),
            preview: &|attempt| self.previews.last(attempt),
            names: self.names,
            now,
            size,
            paint: self.screen.paint(),
        });
        self.drawn = lines.iter().map(|line| ::console::measure_text_width(line)).collect();
        let lines: Vec<_> = lines.iter().map(|line| format!("{line}{END}")).collect();
        self.bar.set_message(if lines.is_empty() { END.to_owned() } else { lines.join("\n") });
        self.console.result()
    }

    /// Takes note of the size of the terminal. When it gets narrower it breaks the lines of the
    /// last frame, so that they take more rows than were drawn: those are erased here. The cursor
    /// stands at the start of the last of them.
    fn fit(&mut self, size: Size) -> io::Result<()> {
        if size.width != self.size.width
            && let Some((_, above)) = self.drawn.split_last()
        {
            let rows = above.iter().map(|width| width.div_ceil(size.width.max(1)).max(1)).sum();
            self.console.forget(|| self.bars.clear(), rows)?;
            self.drawn.clear();
        }
        self.size = size;
        self.console.resize(size);
        Ok(())
    }

    /// Prints what stays, above the bars.
    fn print_waiting(&mut self) -> io::Result<()> {
        if self.dropped > 0 {
            let more = plural(self.dropped, "more line", "more lines");
            self.waiting.push(format!("{} {more}", self.screen.paint().more()));
            self.dropped = 0;
        }
        if self.waiting.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = self.waiting.drain(..).map(|line| line + END).collect();
        self.screen.used = true;
        self.bars.println(lines.join("\n"))
    }

    /// Takes the bars away and leaves the cursor below what stays.
    fn leave(&mut self) -> io::Result<()> {
        self.print_waiting()?;
        self.bar.finish_and_clear();
        self.bars.clear()?;
        self.console.leave()
    }
}

impl Sink for Live {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        self.previews.hear(event);
        if let EventKind::NodeDeclared { name, .. } = &event.kind {
            self.names = self.names.max(::console::measure_text_width(&text(name)));
        }
        let few = tally.item_failures.len() <= ITEMS;
        let least = if few { Weight::Item } else { Weight::Notice };
        if let Some(said) = said(event, tally)
            && said.weight >= least
        {
            if self.waiting.len() < WAITING {
                self.waiting.push(said.line(self.screen.paint()));
            } else {
                self.dropped += 1;
            }
        }
        if let EventKind::RunEnded { .. } = event.kind {
            self.leave()?;
            self.screen.conclude(tally)?;
        }
        Ok(())
    }

    fn tick(&mut self, at: Duration, tally: &Tally) -> io::Result<()> {
        if self.away || tally.ended.is_some() || !(self.screen.ready)() {
            return Ok(());
        }
        self.draw(at, tally)
    }

    fn wants_output(&self) -> bool {
        true
    }

    fn give_way(&mut self, away: bool) -> io::Result<()> {
        if away && !self.away {
            self.print_waiting()?;
            self.bars.clear()?;
            self.console.step_aside()?;
            self.drawn.clear();
        }
        self.away = away;
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.leave()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use insta::assert_snapshot;

    use super::super::fixture::{Paper, Story};
    use super::*;
    use crate::event::{Exit, Outcome, Stream, Verdict};

    /// A run on a terminal of which the width can be changed.
    struct Watched {
        story: Story,
        live: Live,
        paper: Paper,
        width: Arc<AtomicUsize>,
        told: usize,
        tally: Tally,
    }

    impl Watched {
        fn new() -> Self {
            let story = Story::new("ci");
            let (mut screen, paper, _) = story.screen(None);
            let width = Arc::new(AtomicUsize::new(40));
            let columns = Arc::clone(&width);
            screen.size =
                Box::new(move || Some(Size { width: columns.load(Ordering::Relaxed), height: 10 }));
            let (live, tally) = (Live::new(screen), Tally::default());
            Self { story, live, paper, width, told: 0, tally }
        }

        /// Tells what is new, draws, and returns what was written since.
        fn tick(&mut self) -> String {
            let before = self.paper.text().len();
            for event in &self.story.events[self.told..] {
                self.tally.count(event);
                self.live.hear(event, &self.tally).unwrap();
            }
            self.told = self.story.events.len();
            self.live.tick(self.story.now(), &self.tally).unwrap();
            self.paper.text()[before..]
                .replace("\x1b[2A", "\n\x1b[2A")
                .replace('\x1b', "␛")
                .replace('\r', "␍")
        }
    }

    #[test]
    fn a_run_is_redrawn_in_place_and_cleared_at_its_end() {
        let mut watched = Watched::new();
        let build = watched.story.node("build", None, None);
        let test = watched.story.node("test", None, None);
        let attempt = watched.story.start(build, 1, None);
        watched.story.print(attempt, Stream::Stdout, b"compiling").wait(1_000);
        assert_snapshot!(watched.tick(), @r"
        ci ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░░░░ 1.0s␛[K␍
        0 done · 1 running · 1 waiting␛[K␍
        build  compiling                   1.0s␛[K␍
        ");
        watched.story.end(attempt, Exit::Code(2), Verdict::Failed, None);
        watched.story.done(build, Outcome::Failed, None);
        assert_snapshot!(watched.tick(), @r"
        ␛[2A␍␛[2K␛[1B␍␛[2K␛[1B␍␛[2K
        ␛[2Abuild: failed (exit code 2) in 1.0s␛[K␍
        ci ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░░░░ 1.0s␛[K␍
        0 done · 1 running · 1 waiting␛[K␍
        build  compiling                   1.0s␛[K␍
        ␛[2A␍␛[2K␛[1B␍␛[2K␛[1B␍␛[2K
        ␛[2Aci ████████████████░░░░░░░░░░░░░░░ 1.0s␛[K␍
        0 done · 1 failed · 1 waiting␛[K␍
        ␛[K␍
        ");
        watched.width.store(20, Ordering::Relaxed);
        assert_snapshot!(watched.tick(), @r"
        ␛[4A␍␛[Jci ██████░░░░░ 1.0s␛[K␍
        0d 1f 1w␛[K␍
        ␛[K␍
        ");
        watched.width.store(60, Ordering::Relaxed);
        watched.story.done(test, Outcome::Skipped, Some("needs `build`")).finish(1);
        assert_snapshot!(watched.tick(), @r"
        ␛[2A␍␛[2K␛[1B␍␛[2K␛[1B␍␛[2K
        ␛[2A
        ✗ build  exit code 2 after 1.0s
          │ compiling
          log    .runner/runs/7/build.stdout
          again  runner jobs/ci.toml build

        ci: failed in 1.0s
          processes  1 skipped · 1 failed
          slowest    build 1.0s
          run        .runner/runs/7
        ");
        assert_eq!(watched.tick(), "", "nothing moves after the end");
    }

    #[test]
    fn nothing_is_written_to_a_terminal_that_takes_nothing() {
        let mut watched = Watched::new();
        watched.live.screen.ready = Box::new(|| false);
        let node = watched.story.node("build", None, None);
        watched.story.start(node, 1, None);
        assert_eq!(watched.tick(), "");
    }
}

//! Frame: a run at one moment as lines of a terminal.
//!
//! Pure: the tally, the time and the size go in, lines come out, so whole frames are read in tests.
//! From the top: one bar for the job, its counts, a gauge for each queue, a row for each attempt.
//! What changes its height is below what does not, so nothing jumps. Unaware of how lines are
//! drawn.

use std::time::Duration;

use super::super::paint::{Hue, Paint, pad};
use super::super::said;
use super::super::sanitize::text;
use super::super::screen::{NARROWEST, Size};
use super::super::words;
use super::{eta, gauge};
use crate::event::{Attempt, Exit, Outcome, Tally};
use crate::model::AttemptId;

/// Columns from which a row shows both what an attempt works on and what it printed last.
const WIDE: usize = 70;

/// Columns of the longest name.
const NAME: usize = 24;

/// Columns of an age: `59.9s`, `59m59s`.
const AGE: usize = 6;

/// Everything that a frame shows.
pub(super) struct View<'a> {
    /// The run.
    pub(super) tally: &'a Tally,
    /// The attempt of each row.
    pub(super) seats: &'a [Option<AttemptId>],
    /// Returns the last line that an attempt printed.
    pub(super) preview: &'a dyn Fn(AttemptId) -> String,
    /// Columns of the longest name of a node.
    pub(super) names: usize,
    /// Time since the run started.
    pub(super) now: Duration,
    /// The terminal.
    pub(super) size: Size,
    /// Colours and signs.
    pub(super) paint: Paint,
}

/// Returns the lines of a frame: fewer than the terminal has rows, each narrower than its width, so
/// that none wraps. None at all where there is no room for a bar.
pub(super) fn frame(view: &View<'_>) -> Vec<String> {
    if view.size.width < NARROWEST {
        return Vec::new();
    }
    let mut lines = vec![bar(view), counts(view)];
    lines.extend(stopping(view));
    let queues = queues(view.tally, view.size);
    lines.extend(gauge::gauges(view, queues));
    let seats = &view.seats[..view.seats.len().min(room(view.tally, view.size))];
    lines.extend(seats.iter().map(|seat| row(view, *seat)));
    let seated = seats.iter().flatten().count();
    lines.extend(more(view, view.tally.running.len() - seated, view.tally.queues.len() - queues));
    lines.truncate(view.size.height.saturating_sub(1));
    lines.iter().map(|line| view.paint.fit(line.trim_end(), view.columns()).into_owned()).collect()
}

/// Returns how many rows attempts may have.
pub(super) fn room(tally: &Tally, size: Size) -> usize {
    let below = size.height.saturating_sub(1 + head(tally) + queues(tally, size));
    let hides = tally.running.len() > below || queues(tally, size) < tally.queues.len();
    below.saturating_sub(usize::from(hides))
}

/// Lines above queues and attempts: the bar and the counts, and a stop where there is one.
fn head(tally: &Tally) -> usize {
    2 + usize::from(tally.stop.is_some())
}

/// Returns how many queues have a gauge: all, or a third of a screen that is too low.
fn queues(tally: &Tally, size: Size) -> usize {
    let below = size.height.saturating_sub(1 + head(tally));
    let all = tally.queues.len();
    if all + tally.running.len() <= below { all } else { all.min(below.div_ceil(3)) }
}

impl View<'_> {
    /// Returns the columns that are used: a character in the last one makes some terminals wrap.
    pub(super) fn columns(&self) -> usize {
        self.size.width - 1
    }

    /// Returns the columns of names.
    pub(super) fn name_columns(&self) -> usize {
        let share = if self.columns() >= WIDE { 4 } else { 3 };
        self.names.min(NAME).min(self.columns() / share)
    }
}

/// Draws the bar of the job: what is done, what runs, what waits, and the time.
fn bar(view: &View<'_>) -> String {
    let (tally, paint) = (view.tally, view.paint);
    let mut time = words::age(view.now);
    if let Some(left) = eta::left(tally, view.now).filter(|_| view.columns() >= 32) {
        time = format!("{time}{}{} left", paint.dot(), words::rough(left));
    }
    let job = text(&tally.job);
    let job = paint.fit(&job, view.columns() / 4);
    let taken = console::measure_text_width(&job) + console::measure_text_width(&time) + 2;
    let cells = view.columns().saturating_sub(taken);
    let bar = cells_of(tally, cells, paint);
    format!("{} {bar} {time}", paint.hue(Hue::Bold, job))
}

/// Draws the cells of the bar: at least one for what runs and for what failed.
fn cells_of(tally: &Tally, cells: usize, paint: Paint) -> String {
    let all = (tally.nodes_declared() as usize).max(1);
    let share = |count: u32| (count as usize * cells).div_ceil(all).min(cells);
    let signs = if paint.unicode { ["█", "█", "▒", "░"] } else { ["!", "#", "=", "."] };
    let failed = share(tally.nodes_failed());
    let running = share(tally.nodes_running).min(cells - failed);
    let passed = (tally.nodes_done() - tally.nodes_failed()) as usize * cells / all;
    let passed = passed.min(cells - failed - running);
    let waiting = cells - failed - running - passed;
    let parts = [
        (Hue::Good, passed, signs[1]),
        (Hue::Bad, failed, signs[0]),
        (Hue::Busy, running, signs[2]),
        (Hue::Dim, waiting, signs[3]),
    ];
    parts.iter().map(|(hue, count, sign)| paint.hue(*hue, sign.repeat(*count))).collect()
}

/// Writes the counts of the three states, and of those that failed.
fn counts(view: &View<'_>) -> String {
    let (tally, paint) = (view.tally, view.paint);
    let failed = tally.failures();
    let flaky = tally.ended_as(Outcome::Flaky);
    let all = [
        (Hue::Good, tally.nodes_done() - tally.nodes_failed(), "done"),
        (Hue::Bad, failed, "failed"),
        (Hue::Warn, flaky, "flaky"),
        (Hue::Busy, tally.nodes_running, "running"),
        (Hue::Dim, tally.services.running, "serving"),
        (Hue::Dim, tally.nodes_waiting(), "waiting"),
    ];
    let shown = all.iter().filter(|(_, count, word)| *count > 0 || *word == "done");
    let shown: Vec<_> = shown.collect();
    let counts = |between: &str, dot: &str, letters: usize| {
        let words = shown.iter().map(|(hue, count, word)| {
            let word = &word[..word.len().min(letters)];
            paint.hue(*hue, format!("{count}{between}{word}"))
        });
        words.collect::<Vec<_>>().join(dot)
    };
    let fits = |line: &String| console::measure_text_width(line) <= view.columns();
    let long = [counts(" ", paint.dot(), usize::MAX), counts(" ", " ", usize::MAX)];
    long.into_iter().find(fits).unwrap_or_else(|| counts("", " ", 1))
}

/// Says that the run stops, and why.
fn stopping(view: &View<'_>) -> Option<String> {
    let (stop, _, reason) = view.tally.stop.as_ref()?;
    let line = format!("{}: {}", said::stops(*stop), text(reason));
    Some(view.paint.hue(Hue::Warn, line).into_owned())
}

/// Draws the row of an attempt: name, item, age, last line.
fn row(view: &View<'_>, seat: Option<AttemptId>) -> String {
    let Some((id, attempt)) = seat.and_then(|id| Some((id, view.tally.running.get(&id)?))) else {
        return String::new();
    };
    let paint = view.paint;
    let names = view.name_columns();
    let name = text(&view.tally.nodes[attempt.node.index()].name);
    let name = paint.hue(Hue::Of(attempt.node.index()), pad(&paint.squeeze(&name, names), names));
    let age = match view.tally.nodes[attempt.node.index()].ready {
        // What has no end is no older or younger for that.
        Some(true) => "ready".to_owned(),
        Some(false) | None => words::age(view.now.saturating_sub(attempt.started)),
    };
    let hue = if attempt.slow { Hue::Warn } else { Hue::Bold };
    let age = paint.hue(hue, format!("{age:>AGE$}")).into_owned();
    let about = about(view, attempt);
    let last = last(view, id, attempt);
    let room = view.columns().saturating_sub(names + AGE + 3);
    if room < 8 {
        return format!("{name} {age}");
    }
    if view.columns() < WIDE {
        let text =
            if about.is_empty() { paint.fit(&last, room) } else { paint.squeeze(&about, room) };
        return format!("{name}  {} {age}", paint.hue(Hue::Dim, pad(&text, room)));
    }
    let items = if view.tally.queues.is_empty() { 0 } else { room * 2 / 5 };
    let about = pad(&paint.squeeze(&about, items), items);
    let gap = if items > 0 { "  " } else { "" };
    format!("{name}{gap}{about} {age}  {}", paint.hue(Hue::Dim, last))
}

/// Returns what an attempt works on.
fn about(view: &View<'_>, attempt: &Attempt) -> String {
    let Some(item) = &attempt.item else { return String::new() };
    let preview = words::preview(item);
    if preview.trim().is_empty() { view.paint.fit(&text(&item.id), NAME).into() } else { preview }
}

/// Returns what an attempt printed last, after what is special about it.
fn last(view: &View<'_>, id: AttemptId, attempt: &Attempt) -> String {
    let serves = view.tally.nodes[attempt.node.index()].ready.is_some();
    let again = (attempt.number > 1)
        .then(|| if serves { "restarted".to_owned() } else { format!("try {}", attempt.number) });
    let slow = attempt.slow.then(|| "slow".to_owned());
    let stopped =
        attempt.suspended.map(|signal| format!("stopped by {}", Exit::signal_name(signal)));
    let parts = [stopped, slow, again, Some((view.preview)(id))].into_iter().flatten();
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(view.paint.dot())
}

/// Says what has no line.
fn more(view: &View<'_>, running: usize, queues: usize) -> Option<String> {
    let queues = words::plural(queues as u64, "queue", "queues");
    let what = match (running, queues.starts_with("0 ")) {
        (0, true) => return None,
        (0, false) => queues,
        (n, true) => format!("{n} more"),
        (n, false) => format!("{n} more, {queues}"),
    };
    let line = format!("{} and {what}", view.paint.more());
    Some(view.paint.hue(Hue::Dim, line).into_owned())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::super::fixture::{self, Story};
    use super::*;

    /// Draws the end of a story, with every attempt seated.
    fn drawn(story: &Story, width: usize, height: usize, unicode: bool) -> String {
        shown(story, (width, height), unicode, |attempt| {
            format!("block {attempt} read, many more to come")
        })
    }

    fn shown(
        story: &Story,
        (width, height): (usize, usize),
        unicode: bool,
        preview: impl Fn(AttemptId) -> String,
    ) -> String {
        let tally = story.tally();
        let size = Size { width, height };
        let seats: Vec<_> = tally.running.keys().copied().map(Some).collect();
        let names = tally.nodes.iter().map(|node| node.name.len()).max().unwrap_or(0);
        let view = View {
            tally: &tally,
            seats: &seats,
            preview: &preview,
            names,
            now: story.now(),
            size,
            paint: Paint { color: false, unicode, ci: None },
        };
        let lines = frame(&view);
        assert!(lines.len() < height, "{lines:?}");
        assert!(lines.iter().all(|line| console::measure_text_width(line) < width), "{lines:?}");
        lines.join("\n")
    }

    #[test]
    fn a_frame_fits_a_wide_terminal() {
        assert_snapshot!(drawn(&fixture::busy(), 80, 24, true), @r"
        dupes █████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░ 1m12s · 1m19s left
        0 done · 1 failed · 4 running · 1 waiting
        files  ■■■■■■■··· 712/1024   742/s in  742/s out  2 dead  producer blocked 100%
        hashes ··········    0/256   736/s in  736/s out  consumers starved 100%
        list                                       1m12s  block 0 read, many more to c…
        group                                      1m12s  block 1 read, many more to c…
        test[o…nux,py=3.12]                         3.4s  slow · try 2 · block 3 read,…
        hash                 src/en…core/slots.rs   0.9s  block 4 read, many more to c…
        hash                 日本語…ァイル名.txt    0.6s  block 5 read, many more to c…
        hash                 ab                     0.3s  block 6 read, many more to c…
        ");
    }

    #[test]
    fn a_service_has_no_end_to_wait_for() {
        assert_snapshot!(drawn(&fixture::served(), 60, 24, true), @"
        served ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 1.9s
        0 done · 1 running · 1 serving
        db    restarted · block 1 read, many more to come     ready
        test  block 2 read, many more to come                  0.5s
        ");
    }

    #[test]
    fn a_silent_attempt_has_no_dangling_dot() {
        let frame = shown(&fixture::busy(), (80, 24), true, |_| String::new());
        assert!(frame.contains("3.4s  slow · try 2\n"), "{frame}");
    }

    #[test]
    fn a_frame_fits_a_narrow_terminal() {
        assert_snapshot!(drawn(&fixture::busy(), 40, 24, true), @r"
        dupes ███▒▒▒▒▒▒▒▒▒▒░ 1m12s · 1m19s left
        0 done 1 failed 4 running 1 waiting
        files  712/1024  2 dead  blocked
        hashes    0/256  starved
        list           block 0 read, ma…  1m12s
        group          block 1 read, ma…  1m12s
        test…py=3.12]  slow · try 2 · b…   3.4s
        hash           src/e…re/slots.rs   0.9s
        hash           日本…イル名.txt     0.6s
        hash           ab                  0.3s
        ");
    }

    #[test]
    fn a_frame_fits_a_tiny_terminal() {
        assert_snapshot!(drawn(&fixture::busy(), 20, 10, true), @r"
        dup… ██▒▒▒▒▒▒ 1m12s
        0d 1f 4r 1w
        files  712/1024
        hashes    0/256
        list    1m12s
        group   1m12s
        t….12]   3.4s
        hash     0.9s
        … and 2 more
        ");
    }

    #[test]
    fn a_frame_tells_that_the_run_stops() {
        let mut story = fixture::busy();
        story.stop(crate::event::Stop::Interrupt, Some(2), "SIGINT");
        assert_snapshot!(drawn(&story, 40, 7, true), @r"
        dupes ███▒▒▒▒▒▒▒▒▒▒░ 1m12s · 1m19s left
        0 done 1 failed 4 running 1 waiting
        stopping: SIGINT
        files 712/1024  2 dead  blocked
        list           block 0 read, ma…  1m12s
        … and 5 more, 1 queue
        ");
    }

    #[test]
    fn a_frame_needs_no_more_than_ascii() {
        assert_snapshot!(drawn(&fixture::busy(), 60, 9, false), @r"
        dupes !!!!!!========================..... 1m12s, 1m19s left
        0 done, 1 failed, 4 running, 1 waiting
        files  #######... 712/1024  2 dead  producer blocked 100%
        hashes ..........    0/256  consumers starved 100%
        list                 block 0 read, many more to come  1m12s
        group                block 1 read, many more to come  1m12s
        test[...ux,py=3.12]  slow, try 2, block 3 read, m...   3.4s
        ... and 3 more
        ");
    }

    #[test]
    fn every_size_is_kept_to() {
        for width in 1..100 {
            for height in 1..16 {
                let frame = drawn(&fixture::busy(), width, height, true);
                assert_eq!(frame.is_empty(), width < NARROWEST || height < 2);
            }
        }
    }
}

//! Summary: what a run came to, short enough to be read.
//!
//! Each failure with what is needed to act on it, then the outcome as the last block, where the eye
//! is. Nothing is wider than the screen except what people copy: paths and commands. Unaware of
//! what was shown before it.

use std::fmt::Write as _;

use super::Screen;
use super::page::Page;
use super::paint::{Hue, Paint};
use super::sanitize::text;
use super::{findings, flow, replay, said, words};
use crate::event::{Ended, Exit, Node, NodeState, Outcome, Stop, Tally};
use crate::model::{NodeId, Severity};

/// How many failures are told at length: what people scroll through.
const FAILURES: usize = 10;

/// How many of the last lines of a failure's output are shown.
const TAIL: usize = 10;

/// How many dead items, and how many leftovers, are named.
const NAMED: usize = 5;

/// How many of the slowest nodes are named.
const SLOWEST: usize = 3;

/// Columns of the labels of a run.
const LABEL: usize = 10;

/// Columns of the labels of a failure.
const SHORT: usize = 6;

/// Returns the summary of a run that has ended.
pub(super) fn summary(tally: &Tally, screen: &Screen) -> String {
    let (paint, page) = (screen.paint(), Page::new(screen.paint(), screen.width()));
    let mut summary = Summary { screen, paint, page };
    summary.failures(tally);
    summary.headline(tally);
    summary.fields(tally);
    summary.page.text
}

/// The summary, as far as it is written.
struct Summary<'a> {
    screen: &'a Screen,
    paint: Paint,
    page: Page,
}

impl Summary<'_> {
    fn failures(&mut self, tally: &Tally) {
        let failed = |node: &&(usize, &Node)| node.1.state.has_failed();
        let nodes: Vec<_> = tally.nodes.iter().enumerate().collect();
        for (index, node) in nodes.iter().filter(failed).take(FAILURES) {
            self.failure(tally, NodeId::at(*index), node);
        }
        let more = (tally.failures() as usize).saturating_sub(FAILURES);
        if more > 0 {
            let line =
                format!("and {}", words::plural(more as u64, "more failure", "more failures"));
            self.page.line(&self.paint.hue(Hue::Bad, line));
            self.page.line("");
        }
    }

    /// Tells one failure: what, why, its last words, its log, how to run it again.
    fn failure(&mut self, tally: &Tally, id: NodeId, node: &Node) {
        let outcome = match node.state {
            NodeState::Done(outcome) => outcome,
            NodeState::Waiting | NodeState::Running => return,
        };
        let mut how = match words::cause(tally, id, outcome) {
            Some(cause) if outcome != Outcome::TimedOut => cause,
            Some(_) | None => words::ended(tally, id, outcome),
        };
        let was_none =
            node.last.as_ref().is_some_and(|last| matches!(last.exit, Exit::NotStarted(_)));
        let started = node.attempts > 0 && !was_none;
        if started {
            // `…longer than 10 bytes after 3ms` would be read as one.
            let comma = if how.contains(": ") { "," } else { "" };
            let _ = write!(how, "{comma} after {}", words::took(node.took));
        }
        if node.consumes.is_none() && node.attempts > 1 {
            let _ = write!(how, ", {} tries", node.attempts);
        }
        self.page.title(&text(&node.name), &how);
        if let Some(last) = decisive(tally, id) {
            self.last_words(last);
        }
        self.page.copyable("again", SHORT, &words::again(&tally.file, &tally.options, &node.name));
        self.page.line("");
    }

    fn last_words(&mut self, last: &Ended) {
        if let Some(item) = &last.item {
            let item = words::item(item, self.paint.more());
            let how = words::why(last);
            self.page.field("item", SHORT, &[format!("{item}: {how}")]);
        }
        if let Some(hint) = said::hint(&last.exit) {
            self.page.field("help", SHORT, &[hint]);
        }
        let Some((piece, lines)) = replay::last_words(&last.logs, TAIL) else { return };
        for line in &lines {
            self.page.quote(line);
        }
        self.page.copyable("log", SHORT, &self.screen.path(&piece.file));
    }

    fn headline(&mut self, tally: &Tally) {
        let Some((exit, took)) = tally.ended else { return };
        let (hue, what) = said::verdict(tally, exit);
        let job = self.paint.hue(Hue::Bold, text(&tally.job));
        let what = self.paint.hue(hue, what);
        self.page.line(&format!("{job}: {what} {}", words::took(took)));
    }

    fn fields(&mut self, tally: &Tally) {
        if tally.nodes_declared() > 1 || tally.nodes_waiting() > 0 {
            let counts = self.counts(tally);
            self.page.field("processes", LABEL, &counts);
        }
        let services = self.services(tally);
        self.page.field("services", LABEL, &services);
        let items = self.items(tally);
        self.page.field("items", LABEL, &items);
        let dead = self.dead(tally);
        self.page.field("dead", LABEL, &dead);
        if tally.queues.iter().any(|queue| queue.level.dead > 0) {
            let look = words::look(&self.screen.path(&tally.folder));
            self.page.copyable("look", LABEL, &look);
        }
        self.findings(tally);
        let queues = flow::queues(tally);
        self.page.field("queues", LABEL, &queues);
        let bottleneck = flow::bottleneck(tally);
        self.page.field("bottleneck", LABEL, bottleneck.as_slice());
        if tally.nodes_declared() > 1 {
            let slowest = tally.slowest.iter().take(SLOWEST).map(|(node, took)| {
                format!("{} {}", text(&tally.nodes[node.index()].name), words::took(*took))
            });
            self.page.field("slowest", LABEL, &slowest.collect::<Vec<_>>());
        }
        if let Some((Stop::Deadline, None, reason)) = &tally.stop {
            self.page.field("stopped", LABEL, &[text(reason)]);
        }
        let left = left(tally);
        self.page.field("left over", LABEL, &left);
        self.page.copyable("run", LABEL, &self.screen.path(&tally.folder));
    }

    /// Counts what problem matchers have found, and names some, errors first.
    fn findings(&mut self, tally: &Tally) {
        self.page.field("findings", LABEL, &findings::counts(tally));
        let of = |severity| tally.findings.of(severity);
        for finding in of(Severity::Error).chain(of(Severity::Warning)).take(NAMED) {
            self.page.quote(&findings::line(finding));
        }
    }

    fn counts(&self, tally: &Tally) -> Vec<String> {
        let ended = self.ended(|outcome| tally.ended_as(outcome));
        let waiting = tally.nodes_waiting();
        let waiting = (waiting > 0).then(|| format!("{waiting} not started"));
        ended.into_iter().chain(waiting).collect()
    }

    fn services(&self, tally: &Tally) -> Vec<String> {
        let ended = self.ended(|outcome| tally.services.ended.of(outcome));
        let restarts = tally.services.restarts;
        let restarts = (restarts > 0).then(|| {
            self.paint.hue(Hue::Warn, words::plural(restarts, "restart", "restarts")).into_owned()
        });
        ended.into_iter().chain(restarts).collect()
    }

    /// Counts those that ended, by outcome.
    fn ended(&self, as_outcome: impl Fn(Outcome) -> u32) -> Vec<String> {
        let counted = Outcome::ALL.iter().filter_map(|outcome| {
            let count = as_outcome(*outcome);
            let words = format!("{count} {}", words::outcome(*outcome));
            (count > 0).then(|| self.paint.hue(said::hue(*outcome), words).into_owned())
        });
        counted.collect()
    }

    fn items(&self, tally: &Tally) -> Vec<String> {
        let used = tally.queues.iter().filter(|queue| queue.level.put + queue.level.done > 0);
        let counts = used.map(|queue| {
            let mut words = format!("{} {} done", text(&queue.name), queue.level.done);
            if queue.level.dead > 0 {
                let dead = format!("{} dead", queue.level.dead);
                let _ = write!(words, ", {}", self.paint.hue(Hue::Bad, dead));
            }
            let left = queue.left.max(queue.level.depth);
            if left > 0 {
                let left = format!("{left} left");
                let _ = write!(words, ", {}", self.paint.hue(Hue::Warn, left));
            }
            words
        });
        counts.collect()
    }

    /// Returns dead items, without those that were told with the failure of their node.
    fn dead(&self, tally: &Tally) -> Vec<String> {
        let told = |ended: &Ended| {
            let node = &tally.nodes[ended.node.index()];
            node.state.has_failed()
                && decisive(tally, ended.node).is_some_and(|last| last.item == ended.item)
        };
        let dead: u64 = tally.queues.iter().map(|queue| queue.level.dead).sum();
        if dead == 0 {
            // A command that can't be executed fails for every item, and they all go back.
            return Vec::new();
        }
        let untold = tally.item_failures.iter().filter(|ended| !told(ended));
        let mut named: Vec<_> =
            untold.take(NAMED).filter_map(|ended| self.dead_item(ended)).collect();
        let told = tally.item_failures.iter().filter(|ended| told(ended)).count();
        let more = dead.saturating_sub((named.len() + told) as u64);
        if more > 0 && !named.is_empty() {
            named.push(format!("and {more} more"));
        }
        named
    }

    fn dead_item(&self, ended: &Ended) -> Option<String> {
        let item = words::item(ended.item.as_ref()?, self.paint.more());
        Some(format!("{item}: {}", words::why(ended)))
    }
}

/// Returns the attempt that stands for the failure of a node: of items one that is dead, not one
/// that was stopped or tried again later.
fn decisive(tally: &Tally, id: NodeId) -> Option<&Ended> {
    let dead = tally.item_failures.iter().rfind(|ended| ended.node == id);
    dead.or(tally.nodes[id.index()].last.as_deref())
}

/// Returns what was left running behind, by node.
fn left(tally: &Tally) -> Vec<String> {
    let named = tally.leftovers.iter().take(NAMED).map(|(node, left)| {
        let name = text(&tally.nodes[node.index()].name);
        let fate = if left.lives { "left running" } else { "killed" };
        format!("{name}: pid {} ({}), {fate}", left.pid, text(&left.command))
    });
    let more = tally.leftovers.len().saturating_sub(NAMED);
    named.chain((more > 0).then(|| format!("and {more} more"))).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::fixture::{self, Story};
    use super::*;
    use crate::event::{NotStarted, Stream, Verdict};

    fn drawn(story: &Story, width: usize) -> String {
        summary(&story.tally(), &story.screen(Some(width)).0)
    }

    #[test]
    fn a_failure_fits_a_narrow_screen() {
        assert_snapshot!(drawn(&fixture::broken_build(), 40), @r"
        ✗ build  exit code 101 after 1.2s
          │ error: cannot find value `x`
          │   --> src/main.rs:7:13
          log    .runner/runs/7/build.stderr
          again  runner jobs/ci.toml build

        ci: failed in 1.2s
          processes  1 passed · 1 skipped
                     1 failed
          slowest    build 1.2s · fmt 80ms
          left over  build: pid 812 (sleep),
                     killed
          run        .runner/runs/7
        ");
        assert_snapshot!(drawn(&fixture::items(), 40), @r"
        ✗ fetch  1 dead item after 900ms
          item   items:4 (bad): killed by
                 SIGKILL (out of memory?)
          │ cannot resolve `bad`
          log    .runner/runs/7/fetch.stderr
          again  runner jobs/crawl.toml fetch

        crawl: failed in 3.0s
          processes  1 flaky · 1 failed
          items      pages 2 done, 1 dead
          look       runner dead list .runner/runs/7
          slowest    seed 2.1s · fetch 900ms
          run        .runner/runs/7
        ");
    }

    #[test]
    fn every_kind_of_end_has_its_words() {
        let mut story = Story::new("ends");
        let ends = [
            (
                "start",
                Exit::NotStarted(NotStarted {
                    cause: "`cargo` was not found in PATH".to_owned(),
                    hint: Some("is it installed?".to_owned()),
                }),
                Verdict::Failed,
                Outcome::Failed,
                None,
            ),
            ("eat", Exit::Signal(9), Verdict::Killed, Outcome::Killed, None),
            ("crash", Exit::Signal(11), Verdict::Failed, Outcome::Failed, None),
            ("slow", Exit::Signal(15), Verdict::TimedOut, Outcome::TimedOut, Some("total of 5s")),
            ("style", Exit::Code(1), Verdict::Failed, Outcome::AllowedFailure, None),
        ];
        for (name, exit, verdict, outcome, reason) in ends {
            let node = story.node(name, None, None);
            let attempt = story.start(node, 1, None);
            story.print(attempt, Stream::Stdout, "a long line, ".repeat(30).as_bytes()).wait(1_500);
            story.end(attempt, exit, verdict, None).done(node, outcome, reason);
        }
        story.node("never", None, None);
        story.stop(Stop::Deadline, None, "`limits.timeout` of 5s is over").finish(1);
        assert_snapshot!(drawn(&story, 60), @r"
        ✗ start  not started: `cargo` was not found in PATH
          help   is it installed?
          │ a long line, a long line, a long line, a long line, a lo
          │ ng line, a long line, a long line, a long line, a long l
          │ ine, a long line, a long line, a long line, a long line…
          log    .runner/runs/7/start.stdout
          again  runner jobs/ends.toml start

        ✗ eat  killed by SIGKILL (out of memory?) after 1.5s
          │ a long line, a long line, a long line, a long line, a lo
          │ ng line, a long line, a long line, a long line, a long l
          │ ine, a long line, a long line, a long line, a long line…
          log    .runner/runs/7/eat.stdout
          again  runner jobs/ends.toml eat

        ✗ crash  killed by SIGSEGV after 1.5s
          │ a long line, a long line, a long line, a long line, a lo
          │ ng line, a long line, a long line, a long line, a long l
          │ ine, a long line, a long line, a long line, a long line…
          log    .runner/runs/7/crash.stdout
          again  runner jobs/ends.toml crash

        ✗ slow  timed out (total of 5s) after 1.5s
          │ a long line, a long line, a long line, a long line, a lo
          │ ng line, a long line, a long line, a long line, a long l
          │ ine, a long line, a long line, a long line, a long line…
          log    .runner/runs/7/slow.stdout
          again  runner jobs/ends.toml slow

        ends: timed out after 7.5s
          processes  1 failed as allowed · 2 failed · 1 timed out
                     1 killed · 1 not started
          slowest    start 1.5s · eat 1.5s · crash 1.5s
          stopped    `limits.timeout` of 5s is over
          run        .runner/runs/7
        ");
    }

    #[test]
    fn what_is_many_is_counted() {
        let mut story = Story::new("many");
        let queue = story.queue("items", 64);
        let reader = story.node("read", Some(queue), None);
        for item in 0..9 {
            let attempt = story.start(reader, 1, Some(&format!("item {item}")));
            story.wait(5).end(attempt, Exit::Code(1), Verdict::Failed, None);
            story.leaving(900 + item, "sleep");
        }
        story.level(queue, [3, 12, 0, 9]).done(reader, Outcome::Passed, None);
        for cell in 0..12 {
            let node = story.node(&format!("test[n={cell}]"), None, None);
            let attempt = story.start(node, 1, None);
            story.end(attempt, Exit::Code(1), Verdict::Failed, None);
            story.done(node, Outcome::Failed, None);
        }
        story.finish(1);
        let drawn = drawn(&story, 80);
        let end = drawn.split("test[n=9]\n").last().unwrap_or_default();
        assert_snapshot!(end, @r"
        ✗ test[n=0]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=0]'

        ✗ test[n=1]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=1]'

        ✗ test[n=2]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=2]'

        ✗ test[n=3]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=3]'

        ✗ test[n=4]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=4]'

        ✗ test[n=5]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=5]'

        ✗ test[n=6]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=6]'

        ✗ test[n=7]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=7]'

        ✗ test[n=8]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=8]'

        ✗ test[n=9]  exit code 1 after 0ms
          again  runner jobs/many.toml 'test[n=9]'

        and 2 more failures

        many: failed in 45ms
          processes  1 passed · 12 failed
          items      items 0 done, 9 dead, 3 left
          dead       items:0 (item 0): exit code 1 · items:1 (item 1): exit code 1
                     items:2 (item 2): exit code 1 · items:3 (item 3): exit code 1
                     items:4 (item 4): exit code 1 · and 4 more
          look       runner dead list .runner/runs/7
          slowest    read 45ms
          left over  read: pid 900 (sleep), killed · read: pid 901 (sleep), killed
                     read: pid 902 (sleep), killed · read: pid 903 (sleep), killed
                     read: pid 904 (sleep), killed · and 4 more
          run        .runner/runs/7
        ");
    }

    #[test]
    fn a_time_is_apart_from_a_long_reason() {
        let mut story = Story::new("long");
        let node = story.node("list", None, None);
        let attempt = story.start(node, 1, None);
        story.end(attempt, Exit::Code(0), Verdict::Failed, None);
        story.done(node, Outcome::Failed, Some("queue `q`: longer than 10 bytes")).finish(1);
        let told = drawn(&story, 60);
        assert!(told.starts_with("✗ list  queue `q`: longer than 10 bytes, after 0ms\n"), "{told}");
    }

    #[test]
    fn the_item_that_is_told_is_a_dead_one() {
        let mut story = Story::new("crawl");
        let queue = story.queue("pages", 8);
        let fetch = story.node("fetch", Some(queue), None);
        let [dead, again, stopped] = ["dead", "again", "stopped"];
        let dead = story.start(fetch, 1, Some(dead));
        story.end(dead, Exit::Code(3), Verdict::Failed, None);
        let again = story.start(fetch, 1, Some(again));
        story.end(again, Exit::Code(3), Verdict::Failed, Some(0));
        let stopped = story.start(fetch, 2, Some(stopped));
        story.end(stopped, Exit::Signal(15), Verdict::Stopped, None);
        story.done(fetch, Outcome::Failed, Some("1 item is dead")).finish(1);
        let told = drawn(&story, 60);
        assert!(told.contains("item   items:0 (dead): exit code 3\n"), "{told}");
    }
}

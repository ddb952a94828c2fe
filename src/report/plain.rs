//! Plain: every line of every child as it comes, with the name of its process.
//!
//! For pipes, files and terminals that can do no more. A line is written whole or not at all; a
//! child can't imitate the runner, because its lines always have a name in front. Unaware of when
//! it is chosen.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::fence::Fence;
use super::heart::Heart;
use super::lines::{LONGEST, Line, Lines};
use super::paint::{Hue, pad};
use super::said::said;
use super::sanitize::text;
use super::{Screen, words};
use crate::event::{Event, EventKind, Sink, Stream, Tally};
use crate::model::{AttemptId, NodeId};

/// Columns of the longest name; a longer one is shortened in its middle.
const NAME: usize = 24;

/// Bytes of the lines of one node that are shown: more than anybody scrolls through, and what a
/// child that never stops printing may cost whoever keeps these lines.
const SHOWN: u64 = 64 << 20;

/// Writes lines.
pub(super) struct Plain {
    screen: Screen,
    name: usize,
    open: BTreeMap<AttemptId, (NodeId, [Lines; 2])>,
    /// How much is shown of each node.
    shown: Vec<u64>,
    text: String,
    fence: Option<Fence>,
    heart: Heart,
}

impl Plain {
    /// Makes it.
    pub(super) fn new(screen: Screen) -> Self {
        let (open, shown, text) = (BTreeMap::new(), Vec::new(), String::new());
        let heart = Heart::default();
        Self { screen, name: 0, open, shown, text, fence: None, heart }
    }

    /// Writes what a child printed, line by line, up to the bound of its node.
    fn output(&mut self, attempt: AttemptId, stream: Stream, bytes: &[u8], tally: &Tally) {
        let Some(running) = tally.running.get(&attempt) else { return };
        let node = running.node.index();
        let inherits = tally.nodes[node].inherits.is_some() && !running.finally;
        if stream == Stream::Stdout && inherits {
            return;
        }
        if self.shown[node] >= SHOWN {
            return;
        }
        let prefix = self.prefix(running.node, tally);
        let paint = self.screen.paint();
        let fresh = || (running.node, [Lines::new(LONGEST), Lines::new(LONGEST)]);
        let (_, streams) = self.open.entry(attempt).or_insert_with(fresh);
        let text = &mut self.text;
        let before = text.len();
        streams[stream as usize].feed(bytes, |line| {
            push(text, &prefix, &line.shown(paint));
        });
        self.shown[node] += (text.len() - before) as u64;
        if self.shown[node] >= SHOWN {
            self.finish(attempt, tally);
            let logs = self.screen.path(&tally.folder.join("logs"));
            let size = words::size(SHOWN);
            let mark = format!("{} {size} shown, all of it is in {logs}", paint.more());
            push(&mut self.text, &prefix, &paint.hue(Hue::Dim, mark));
        }
    }

    /// Writes what is left of a child's output, with the newline that it did not write.
    fn finish(&mut self, attempt: AttemptId, tally: &Tally) {
        let Some((node, streams)) = self.open.remove(&attempt) else { return };
        let prefix = self.prefix(node, tally);
        let paint = self.screen.paint();
        for mut lines in streams {
            lines.finish(|line: Line<'_>| push(&mut self.text, &prefix, &line.shown(paint)));
        }
    }

    fn prefix(&self, node: NodeId, tally: &Tally) -> String {
        let paint = self.screen.paint();
        let name = text(&tally.nodes[node.index()].name);
        let name = pad(&paint.squeeze(&name, NAME), self.name);
        paint.hue(Hue::Of(node.index()), format!("{name} |")).into()
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let said = self.screen.say(&self.text);
        self.text.clear();
        said
    }
}

impl Sink for Plain {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        self.heart.hear(event);
        match &event.kind {
            EventKind::RunStarted { .. } => self.fence = Some(Fence::open(&mut self.screen)?),
            EventKind::NodeDeclared { name, .. } => {
                self.shown.push(0);
                let columns = console::measure_text_width(&text(name));
                self.name = self.name.max(columns.min(NAME));
            }
            EventKind::Output { attempt, stream, bytes } => {
                self.output(*attempt, *stream, &bytes.0, tally);
            }
            EventKind::AttemptEnded { attempt, .. } | EventKind::FinallyEnded { attempt, .. } => {
                self.finish(*attempt, tally);
            }
            EventKind::PoolDeclared { .. }
            | EventKind::QueueDeclared { .. }
            | EventKind::ProcessDeclared { .. }
            | EventKind::AttemptStarted { .. }
            | EventKind::FinallyStarted { .. }
            | EventKind::AttemptSlow { .. }
            | EventKind::AttemptSuspended { .. }
            | EventKind::AttemptResumed { .. }
            | EventKind::AttemptKilled { .. }
            | EventKind::ResultsWritten { .. }
            | EventKind::Found { .. }
            | EventKind::ServiceReady { .. }
            | EventKind::ServiceRestarts { .. }
            | EventKind::QueueLevels { .. }
            | EventKind::ItemEnded { .. }
            | EventKind::ItemDead { .. }
            | EventKind::ItemDropped { .. }
            | EventKind::QueueClosed { .. }
            | EventKind::QueueDrained { .. }
            | EventKind::NodeEnded { .. }
            | EventKind::StopAsked { .. }
            | EventKind::Noted { .. }
            | EventKind::RunEnded { .. } => {}
        }
        if let Some(said) = said(event, tally) {
            self.text.push_str(&said.line(self.screen.paint()));
            self.text.push('\n');
        }
        self.flush()?;
        if let EventKind::RunEnded { .. } = event.kind {
            if let Some(fence) = self.fence.take() {
                fence.shut(&mut self.screen)?;
            }
            self.screen.conclude(tally)?;
        }
        Ok(())
    }

    fn tick(&mut self, at: Duration, tally: &Tally) -> io::Result<()> {
        self.heart.beat(at, tally, &mut self.screen)
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

fn push(text: &mut String, prefix: &str, line: &str) {
    text.push_str(prefix);
    if !line.is_empty() {
        text.push(' ');
        text.push_str(line);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::fixture::{self, Broken, Story};
    use super::super::{Mode, sink};
    use super::*;
    use crate::event::{Exit, Outcome, Verdict};

    #[test]
    fn a_pool_in_lines() {
        assert_snapshot!(fixture::pool().shown(Mode::Plain, None), @r"
        task[n=1]: started
        task[n=2]: started
        task[n=3]: started
        task[n=4]: started
        task[n=1] | slot 0
        task[n=1]: passed in 100ms
        task[n=5]: started
        task[n=2] | slot 1
        task[n=2]: passed in 200ms
        task[n=3] | slot 2
        task[n=3]: passed in 300ms
        task[n=4] | slot 3
        task[n=4]: passed in 400ms
        task[n=5] | slot 4
        task[n=5]: passed in 400ms

        pool: passed in 501ms
          processes  5 passed
          slowest    task[n=4] 400ms · task[n=5] 400ms · task[n=3] 300ms
          run        .runner/runs/7
        ");
    }

    #[test]
    fn a_failure_in_lines() {
        assert_snapshot!(fixture::broken_build().shown(Mode::Plain, None), @r"
        fmt: started
        build: started
        fmt: passed in 80ms
        build | compiling
        build | error: cannot find value `x`
        build |   --> src/main.rs:7:13
        build |
        build | 1 unit built
        build: 1 process outlived its leader (pid 812, sleep): killed
        build: failed (exit code 101) in 1.2s
        nothing new starts: `build` failed
        test: skipped (needs `build`)

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

    #[test]
    fn items_and_retries_in_lines() {
        assert_snapshot!(fixture::items().shown(Mode::Plain, None), @r"
        seed: started
        seed  | no route
        seed: failed (exit code 7), try 2 in 2.0s
        seed: flaky (passed at try 2) in 2.1s
        fetch | 200
        fetch | 200
        fetch | 200
        fetch | cannot resolve `bad`
        fetch items:4 (bad): killed by SIGKILL (out of memory?)
        fetch: failed (1 dead item) in 900ms: 2 items done, 1 dead
        note: `curl` was found twice in PATH

        ✗ fetch  1 dead item after 900ms
          item   items:4 (bad): killed by SIGKILL (out of memory?)
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
    fn a_stop_in_lines() {
        assert_snapshot!(fixture::interrupted().shown(Mode::Plain, None), @r"
        server: started
        server: slow, runs for 3.2s
        stopping: SIGINT
        server: did not stop in time, killed
        server | listening
        server: stopped in 13.2s
        report: skipped (the run was stopped)

        serve: stopped by SIGINT after 13.2s
          processes  1 skipped · 1 stopped
          slowest    server 13.2s
          run        .runner/runs/7
        ");
    }

    #[test]
    fn a_line_that_never_ends_is_cut() {
        let mut story = Story::new("long");
        let node = story.node("a process with a name too long for a column", None, None);
        let attempt = story.start(node, 1, None);
        for _ in 0..512 {
            story.print(attempt, Stream::Stdout, &vec![b'x'; 4 << 10]);
        }
        story.print(attempt, Stream::Stdout, b"\nnext\x1b[2J\rlast \x1b[31mred\n");
        story.end(attempt, Exit::Code(0), Verdict::Passed, None).done(node, Outcome::Passed, None);
        let shown = story.shown_with(Mode::Plain, None, None, true).replace('\x1b', "␛");
        assert_snapshot!(shown.replace(&"x".repeat(LONGEST), "<4096 x>"), @r"
        ␛[1ma process with a name too long for a column␛[0m: ␛[2mstarted␛[0m
        ␛[36ma proce…ong for a column |␛[0m <4096 x>␛[2m… line continues, see log␛[0m
        ␛[36ma proce…ong for a column |␛[0m ␛[2m… 2.0 MiB line, see log␛[0m
        ␛[36ma proce…ong for a column |␛[0m last ␛[31mred␛[0m
        ␛[1ma process with a name too long for a column␛[0m: ␛[32mpassed␛[0m in 0ms
        ");
    }

    #[test]
    fn what_can_not_be_written_is_told() {
        for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::StorageFull] {
            for mode in [Mode::Plain, Mode::Group, Mode::Quiet, Mode::Json, Mode::Live] {
                let story = fixture::broken_build();
                let (mut screen, _, _) = story.screen(None);
                (screen.err, screen.out) = (Box::new(Broken(kind)), Box::new(Broken(kind)));
                let told = story.play(&mut *sink(mode, screen)).map(|_| ());
                assert_eq!(told.unwrap_err().kind(), kind, "{mode:?}");
            }
        }
    }
}

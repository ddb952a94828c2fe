//! Group: the output of a process in one piece, when it ends.
//!
//! Lines of different processes never mix, so a log of a whole run reads in order. What went well
//! is folded where the system can fold; failures are left open. The output comes from the logs, so
//! memory stays flat. Unaware of how logs are written.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::Screen;
use super::fence::Fence;
use super::heart::Heart;
use super::replay::{Order, replay};
use super::said::{Said, Weight, said};
use crate::ci::fold;
use crate::event::{Event, EventKind, Logs, Sink, Tally};
use crate::model::{AttemptId, NodeId};

/// Writes the output of processes piece by piece.
pub(super) struct Group {
    pieces: Pieces,
    screen: Screen,
    heart: Heart,
}

impl Group {
    /// Makes it.
    pub(super) fn new(screen: Screen) -> Self {
        Self { pieces: Pieces::default(), screen, heart: Heart::default() }
    }
}

impl Sink for Group {
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        self.heart.hear(event);
        let pieces = self.pieces.hear(event, tally);
        match said(event, tally) {
            Some(said) => block(&mut self.screen, event, tally, &said, &pieces)?,
            None if pieces.is_empty() => {}
            None => body(&mut self.screen, &pieces)?,
        }
        if let EventKind::RunEnded { .. } = event.kind {
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

/// What one attempt printed: where it lies and in which order it came.
pub(super) type Piece = (Logs, Order);

/// The output that is still to be shown.
#[derive(Default)]
pub(super) struct Pieces {
    open: BTreeMap<AttemptId, Order>,
    ended: BTreeMap<NodeId, Vec<Piece>>,
}

impl Pieces {
    /// Takes in an event and returns the output that is due with it: that of an attempt which is
    /// made again, or that of a node which ends. Output of items is not shown.
    pub(super) fn hear(&mut self, event: &Event, tally: &Tally) -> Vec<Piece> {
        match &event.kind {
            EventKind::Output { attempt, stream, bytes } => {
                if tally.running.get(attempt).is_some_and(|running| running.item.is_none()) {
                    self.open.entry(*attempt).or_default().note(*stream, bytes.0.len());
                }
                Vec::new()
            }
            EventKind::AttemptEnded { attempt, node, logs, again, .. } => {
                let order = self.open.remove(attempt);
                // That of a service comes with the line which says that it is started again.
                let again = again.filter(|_| tally.nodes[node.index()].ready.is_none());
                match (order, again) {
                    (None, _) => Vec::new(),
                    (Some(order), Some(_)) => vec![(logs.clone(), order)],
                    (Some(order), None) => {
                        let mut logs = logs.clone();
                        if tally.nodes[node.index()].inherits.is_some() {
                            logs.stdout = None;
                        }
                        self.ended.entry(*node).or_default().push((logs, order));
                        Vec::new()
                    }
                }
            }
            // It comes with a line of its own.
            EventKind::FinallyEnded { attempt, logs, .. } => {
                let order = self.open.remove(attempt);
                order.map(|order| (logs.clone(), order)).into_iter().collect()
            }
            EventKind::NodeEnded { node, .. } | EventKind::ServiceRestarts { node, .. } => {
                self.ended.remove(node).unwrap_or_default()
            }
            EventKind::RunStarted { .. }
            | EventKind::PoolDeclared { .. }
            | EventKind::QueueDeclared { .. }
            | EventKind::ProcessDeclared { .. }
            | EventKind::NodeDeclared { .. }
            | EventKind::AttemptStarted { .. }
            | EventKind::FinallyStarted { .. }
            | EventKind::AttemptSlow { .. }
            | EventKind::AttemptSuspended { .. }
            | EventKind::AttemptResumed { .. }
            | EventKind::AttemptKilled { .. }
            | EventKind::ResultsWritten { .. }
            | EventKind::ServiceReady { .. }
            | EventKind::QueueLevels { .. }
            | EventKind::Found { .. }
            | EventKind::ItemEnded { .. }
            | EventKind::ItemDead { .. }
            | EventKind::ItemDropped { .. }
            | EventKind::QueueClosed { .. }
            | EventKind::QueueDrained { .. }
            | EventKind::StopAsked { .. }
            | EventKind::Noted { .. }
            | EventKind::RunEnded { .. } => Vec::new(),
        }
    }
}

/// Writes a line and the output that belongs to it, folded if nothing failed.
pub(super) fn block(
    screen: &mut Screen,
    event: &Event,
    tally: &Tally,
    said: &Said,
    pieces: &[Piece],
) -> io::Result<()> {
    let line = said.line(screen.paint());
    let folds = screen.ci.filter(|_| said.weight < Weight::Failure && !pieces.is_empty());
    let Some(ci) = folds else {
        // What matters is not hidden in the fold of what was said before.
        let open = if said.weight < Weight::Notice { "" } else { screen.unfold() };
        screen.say(&format!("{open}{line}\n"))?;
        return body(screen, pieces);
    };
    // Each end of an attempt or a node raises one of them, so no name comes twice.
    let done = tally.nodes_done() + tally.services.ended.all();
    let name = format!("runner_{}", tally.attempts + tally.finallies + u64::from(done));
    let second = tally.started / 1000 + event.at.as_secs();
    let fold = fold(ci, &said.title(screen.paint()), (&name, second));
    screen.say(&fold.open)?;
    body(screen, pieces)?;
    screen.say(&fold.shut)
}

/// Writes output, from which the system that shows it takes no orders.
fn body(screen: &mut Screen, pieces: &[Piece]) -> io::Result<()> {
    if pieces.is_empty() {
        return Ok(());
    }
    let fence = Fence::open(screen)?;
    for (logs, order) in pieces {
        replay(screen, logs, order)?;
    }
    fence.shut(screen)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::{Mode, fixture};
    use crate::ci::Ci;

    #[test]
    fn a_service_that_is_started_again_says_before_what_it_printed() {
        assert_snapshot!(fixture::served().shown(Mode::Group, None), @"
        db: started
        db: restarting (1/5) in 1.0s: exit code 1
        no disk
        db: ready in 300ms
        test: started
        ");
    }

    #[test]
    fn a_failure_in_pieces() {
        assert_snapshot!(fixture::broken_build().shown(Mode::Group, None), @r"
        fmt: started
        build: started
        fmt: passed in 80ms
        build: 1 process outlived its leader (pid 812, sleep): killed
        build: failed (exit code 101) in 1.2s
        compiling
        error: cannot find value `x`
          --> src/main.rs:7:13

        1 unit built
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
    fn items_are_counted_and_their_failures_told() {
        assert_snapshot!(fixture::items().shown(Mode::Group, None), @r"
        seed: started
        seed: failed (exit code 7), try 2 in 2.0s
        no route
        seed: flaky (passed at try 2) in 2.1s
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
    fn github_folds_what_passed_and_takes_no_orders() {
        let shown = fixture::pool().shown_with(Mode::Group, None, Some(Ci::GitHub), false);
        let word = shown.split("::stop-commands::").nth(1).and_then(|rest| rest.lines().next());
        let piece = shown.split("task[n=5]: started").next().unwrap_or_default();
        assert_snapshot!(piece.replace(word.unwrap_or_default(), "<word>"), @r"
        task[n=1]: started
        task[n=2]: started
        task[n=3]: started
        task[n=4]: started
        ::group::task[n=1]: passed in 100ms
        ::stop-commands::<word>
        slot 0
        ::<word>::
        ::endgroup::
        ");
    }

    #[test]
    fn gitlab_folds_what_passed() {
        let shown = fixture::pool().shown_with(Mode::Group, None, Some(Ci::GitLab), false);
        let piece = shown.split("task[n=5]: started").next().unwrap_or_default();
        assert_snapshot!(piece.replace('\x1b', "␛").replace('\r', "␍"), @r"
        task[n=1]: started
        task[n=2]: started
        task[n=3]: started
        task[n=4]: started
        ␛[0Ksection_start:1700000000:runner_2[collapsed=true]␍␛[0Ktask[n=1]: passed in 100ms
        slot 0
        ␛[0Ksection_end:1700000000:runner_2␍␛[0K
        ");
    }
}

//! Laws: what holds of the events of every run, whatever its children do.

use std::collections::{BTreeMap, BTreeSet};

use super::play::Played;
use super::random::play;
use crate::event::{Event, EventKind, Outcome, Stop, Verdict};
use crate::model::{AttemptId, Deliver, NodeId, QueueId, When};
use crate::plan::{Node, Plan};

/// Random jobs that are played; each takes a few milliseconds.
const SEEDS: u64 = 300;

#[test]
fn the_laws_hold_for_random_jobs() {
    for seed in 0..SEEDS {
        let (play, text, script) = play(seed);
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let played = play.run(script);
            Laws::new(&played).check();
        }));
        assert!(told.is_ok(), "{text}");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..10 {
        let run = || {
            let (play, _, script) = play(seed);
            let mut events = play.run(script).events;
            // The first names the folder, which differs.
            events.remove(0);
            let short = |event: &Event| match &event.kind {
                EventKind::AttemptEnded { attempt, exit, verdict, .. } => {
                    format!("{:?} {attempt} {exit} {verdict:?}", event.at)
                }
                kind => format!("{:?} {kind:?}", event.at),
            };
            events.iter().map(short).collect::<Vec<_>>()
        };
        assert_eq!(run(), run(), "seed {seed}");
    }
}

/// What is known of a run while its events are read.
struct Laws<'a> {
    played: &'a Played,
    plan: &'a Plan,
    /// Attempts that live, with their node.
    live: BTreeMap<AttemptId, NodeId>,
    started: BTreeSet<NodeId>,
    ended: BTreeMap<NodeId, Outcome>,
    drained: BTreeSet<QueueId>,
    dead: BTreeMap<QueueId, u64>,
    passed: BTreeSet<(QueueId, u64)>,
    stop: Option<Stop>,
    signalled: bool,
}

impl<'a> Laws<'a> {
    fn new(played: &'a Played) -> Self {
        Self {
            played,
            plan: &played.plan,
            live: BTreeMap::new(),
            started: BTreeSet::new(),
            ended: BTreeMap::new(),
            drained: BTreeSet::new(),
            dead: BTreeMap::new(),
            passed: BTreeSet::new(),
            stop: None,
            signalled: false,
        }
    }

    fn check(mut self) {
        for event in &self.played.events {
            self.hear(&event.kind);
        }
        assert!(self.live.is_empty(), "every attempt has ended");
        assert_eq!(self.ended.len(), self.plan.nodes.len(), "every node has ended");
        for queue in &self.plan.queues {
            let [put, done, dead, left] = self.played.settled(queue.id);
            assert!(self.drained.contains(&queue.id), "queue {} is drained", queue.id);
            assert_eq!(put, done + dead + left, "queue {}", queue.id);
            let streamed =
                queue.consumers.iter().any(|node| deliver(self.plan, *node) == Deliver::Stream);
            let told = self.dead.get(&queue.id).copied().unwrap_or_default();
            assert!(told == dead || (streamed && told <= dead), "queue {}", queue.id);
        }
        let failed = self.ended.values().any(|outcome| outcome.is_failure());
        let exit = self.played.ended.as_ref().unwrap().exit;
        let expected = if self.signalled { 130 } else { u8::from(failed) };
        assert_eq!(exit, expected, "{:?}", self.stop);
    }

    fn hear(&mut self, kind: &EventKind) {
        match kind {
            EventKind::AttemptStarted { attempt, node, pid, .. } => {
                assert!(!self.ended.contains_key(node), "it starts after its end");
                self.may_start(self.plan.node(*node));
                assert_eq!(self.live.insert(*attempt, *node), None);
                if *pid != 0 {
                    self.started.insert(*node);
                }
                self.count_slots();
            }
            EventKind::Output { attempt, .. } => assert!(self.live.contains_key(attempt)),
            EventKind::AttemptEnded { attempt, node, .. } => {
                assert_eq!(self.live.remove(attempt), Some(*node));
            }
            EventKind::NodeEnded { node, outcome, .. } => {
                assert!(self.live.values().all(|live| live != node), "a child outlives its node");
                assert_eq!(self.ended.insert(*node, *outcome), None);
            }
            EventKind::QueueDrained { queue, .. } => assert!(self.drained.insert(*queue)),
            EventKind::ItemDead { queue, .. } => *self.dead.entry(*queue).or_default() += 1,
            EventKind::ItemEnded { queue, item, verdict, .. } => {
                let is_over = self.passed.contains(&(*queue, item.index));
                assert!(!is_over, "{} is tried although it has passed", item.id);
                if *verdict == Verdict::Passed {
                    self.passed.insert((*queue, item.index));
                }
            }
            EventKind::StopAsked { stop, signal, .. } => {
                self.signalled |= signal.is_some();
                assert!(self.stop.is_none_or(|before| before < *stop));
                self.stop = Some(*stop);
            }
            _ => {}
        }
    }

    fn may_start(&self, node: &Node) {
        for (needed, when) in &node.needs {
            let ended = self.ended.get(needed).copied();
            let met = match when {
                When::Passed => ended
                    .is_some_and(|outcome| !outcome.is_failure() && outcome != Outcome::Skipped),
                When::Ended => ended.is_some(),
                When::Failed => ended.is_some_and(Outcome::is_failure),
                When::Started | When::Ready => self.started.contains(needed),
            };
            assert!(met, "`{}` starts before `{needed}` has {when:?}: {ended:?}", node.name);
        }
        assert!(node.after.iter().all(|before| self.ended.contains_key(before)));
    }

    /// Counts slots from below: of what may be exempt one child is left out.
    fn count_slots(&self) {
        let mut children = BTreeMap::<NodeId, u32>::new();
        self.live.values().for_each(|node| *children.entry(*node).or_default() += 1);
        let waits = |node: &Node| {
            let source = node.consumes.is_none() && !node.produces.is_empty();
            source || matches!(deliver(self.plan, node.id), Deliver::Stream | Deliver::Worker)
        };
        let counted = |node: &Node, exempt: bool| {
            children.get(&node.id).map_or(0, |live| live - u32::from(exempt))
        };
        for pool in &self.plan.pools {
            let here = self.plan.nodes.iter().filter(|node| node.pools.contains(&pool.id));
            let used =
                here.map(|node| node.weight * counted(node, !node.names_pools && waits(node)));
            assert!(used.sum::<u32>() <= pool.size, "pool `{}` is above its size", pool.name);
        }
        let jobs = self.plan.nodes.iter().map(|node| counted(node, waits(node))).sum::<u32>();
        assert!(self.plan.jobs.is_none_or(|most| jobs <= most), "{jobs} children");
        for node in &self.plan.nodes {
            assert!(counted(node, false) <= node.workers, "`{}`", node.name);
        }
    }
}

fn deliver(plan: &Plan, node: NodeId) -> Deliver {
    plan.process(node).consumes.as_ref().map_or(Deliver::Args, |consumes| consumes.deliver)
}

//! Player: plays a run to its end by doing, again and again, one of the things that are possible.
//!
//! A patient child does what a real one does that works: it blocks while a queue is full and waits
//! for the end of its input. A wild one ends whenever it likes. Unaware of laws.

use super::body::Body;
use super::child::Child;
use crate::engine::core::{Answer, Input, Pace};
use crate::event::{Exit, NotStarted, Stop};
use crate::model::{AttemptId, NodeId, QueueId};
use crate::plan::Plan;

/// Steps after which a run is taken to go on for ever; real ones need some hundreds.
const MOST_STEPS: u32 = 20_000;

/// How children behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::core) enum Temper {
    /// They end whenever and however they like, and the run is stopped at any time.
    Wild,
    /// They end when a real child would, however they like, and the run is stopped at any time.
    Patient,
    /// They end when a real child would, and pass; nobody stops the run.
    Faultless,
}

/// Something that is possible.
#[derive(Debug, Clone, Copy)]
enum Move {
    TellStart(AttemptId),
    TellLevel(QueueId),
    Settle(AttemptId),
    Feed(QueueId),
    Put(AttemptId),
    Read(AttemptId),
    Work(AttemptId),
    End(AttemptId),
    Quiet(AttemptId),
    Answer(AttemptId),
    Tell(NodeId),
    Time,
}

/// The player.
#[derive(Debug)]
pub(in crate::engine::core) struct Player {
    pub(in crate::engine::core) body: Body,
    seed: u64,
    temper: Temper,
}

impl Player {
    pub(in crate::engine::core) fn new(plan: Plan, seed: u64, temper: Temper) -> Self {
        Self { body: Body::new(plan, true), seed, temper }
    }

    /// Plays to the end.
    pub(in crate::engine::core) fn play(&mut self) {
        self.body.on(Input::Begin);
        for _ in 0..MOST_STEPS {
            if self.body.over {
                return;
            }
            let moves = self.moves();
            if moves.is_empty() && self.body.still() {
                continue;
            }
            if moves.is_empty() && self.body.next_time().is_some() {
                self.make(Move::Time);
                continue;
            }
            if moves.is_empty() {
                let running = self.body.running();
                panic!("it hangs: {running}\n{:#?}", self.body.waits());
            }
            let choice = self.below(moves.len() as u64);
            self.make(moves[usize::try_from(choice).unwrap()]);
            self.disturb();
            self.body.all_have_tokens();
            if self.below(4) == 0 {
                self.body.still();
            }
        }
        panic!("it goes on for ever: {}", self.body.running());
    }

    /// Returns a random number. (`SplitMix64`.)
    fn below(&mut self, bound: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn moves(&self) -> Vec<Move> {
        let body = &self.body;
        let mut moves = Vec::new();
        moves.extend(body.untold_queues().map(Move::TellLevel));
        let settle = body.settling.keys().filter(|id| body.can_settle(**id));
        moves.extend(settle.map(|id| Move::Settle(*id)));
        let feed = body.feeding.keys().filter(|queue| body.can_feed(**queue));
        moves.extend(feed.map(|queue| Move::Feed(*queue)));
        moves.extend(body.machine.asks.iter().map(|node| Move::Tell(*node)));
        for (id, child) in &body.children {
            self.moves_of(*id, child, &mut moves);
        }
        // What a real body does at once waits for no timer.
        let is_slow = |one: &Move| matches!(one, Move::End(_));
        let has_time = match self.temper {
            Temper::Wild => true,
            Temper::Patient => moves.iter().all(is_slow),
            Temper::Faultless => false,
        };
        if has_time && body.next_time().is_some() {
            moves.push(Move::Time);
        }
        moves
    }

    fn moves_of(&self, id: AttemptId, child: &Child, moves: &mut Vec<Move>) {
        let body = &self.body;
        if !child.told {
            moves.push(Move::TellStart(id));
            return;
        }
        if child.start.finally.is_some() {
            moves.push(Move::End(id));
            return;
        }
        let node = body.plan.node(child.node);
        let left = child.held < child.goal;
        let streams = body.streams(child.node);
        let asked = child.killed || !child.signals.is_empty();
        if left && body.has_room(child.node) {
            moves.push(Move::Put(id));
        }
        let mut is_done = !left && body.plan.process(child.node).service.is_none();
        if body.probes.contains(&id) {
            moves.push(Move::Answer(id));
        }
        if streams {
            let queue = &body.queues[node.consumes.expect("it reads").index()];
            if queue.has_waiting() {
                moves.push(Move::Read(id));
            }
            is_done = body.is_at_end(child) && !body.is_endless(child);
            if body.is_at_end(child) && body.is_endless(child) && !child.quiet {
                moves.push(Move::Quiet(id));
            }
        }
        if body.works(child.node) {
            let queue = &body.queues[node.consumes.expect("it works").index()];
            // It has nothing in hand between two moves, so it may try one too.
            let pace = body.core.pace(child.node);
            if queue.has_waiting() && matches!(pace, Pace::Free | Pace::One) {
                moves.push(Move::Work(id));
            }
            is_done = body.is_at_end(child);
        }
        if asked || is_done || self.temper == Temper::Wild {
            moves.push(Move::End(id));
        }
    }

    fn make(&mut self, one: Move) {
        match one {
            Move::TellStart(id) => {
                let told = self.body.start_to_tell(id);
                self.body.on(told);
            }
            Move::TellLevel(queue) => {
                let told = self.body.level_to_tell(queue);
                self.body.on(told);
            }
            Move::Settle(id) => self.body.settle(id),
            Move::Feed(queue) => self.body.feed(queue),
            Move::Put(id) => {
                let child = self.body.children.get_mut(&id).unwrap();
                child.held += 1;
                let node = child.node;
                self.body.put(node);
            }
            Move::Read(id) => drop(self.body.read(id)),
            Move::Work(id) => {
                let how = if self.temper == Temper::Faultless { 9 } else { self.below(12) };
                self.body.work(id, how);
            }
            Move::Quiet(id) => {
                self.body.children.get_mut(&id).unwrap().quiet = true;
                self.body.on(Input::Quiet { attempt: id });
            }
            Move::Answer(id) => {
                let refuses = self.temper != Temper::Faultless && self.below(3) == 0;
                self.body.answer(id, refuses.then_some("not yet"));
            }
            Move::Tell(node) => {
                let answer = match self.below(6) {
                    0 if self.temper != Temper::Faultless => Answer::Unanswered("no".to_owned()),
                    1 | 2 => Answer::Unmet("it need not".to_owned()),
                    _ => Answer::Holds,
                };
                self.body.tell(node, answer);
            }
            Move::End(id) => self.end(id),
            Move::Time => {
                let wait = self.body.next_time().unwrap().saturating_sub(self.body.now);
                self.body.pass(wait);
            }
        }
    }

    fn end(&mut self, id: AttemptId) {
        let (held, kind) = (self.below(3), self.below(24));
        let fails = self.temper != Temper::Faultless;
        let child = self.body.children.get_mut(&id).unwrap();
        let asked = child.killed || !child.signals.is_empty();
        let not_read = child.read == 0;
        let works = self.body.works(self.body.children[&id].node);
        let child = self.body.children.get_mut(&id).unwrap();
        let after = child.start.finally.is_some();
        child.held = if child.goal > 0 || works || after || kind < 9 && fails { 0 } else { held };
        self.body.end_with(id, |ended| match kind {
            _ if asked => ended.exit = Exit::Signal(if kind < 12 { 15 } else { 9 }),
            _ if !fails => {}
            0..3 => ended.exit = Exit::Code(1),
            3 => ended.exit = Exit::Code(64),
            4 => ended.exit = Exit::Signal(9),
            5 => ended.exit = Exit::Signal(13),
            6 => ended.fault = Some("it made no sense".to_owned()),
            7 | 8 if not_read => {
                let cause = "it was not found".to_owned();
                ended.exit = Exit::NotStarted(NotStarted { cause, hint: None });
                ended.command_at_fault = kind == 7;
            }
            9 if not_read => ended.unread = 1,
            _ => {}
        });
    }

    /// Now and then something comes from outside.
    fn disturb(&mut self) {
        if self.temper == Temper::Faultless {
            return;
        }
        match self.below(120) {
            0 => self.body.stop(Stop::Finish),
            1 => self.body.stop(Stop::Terminate),
            2 => self.body.stop(Stop::Interrupt),
            3 | 4 => {
                // What runs after a node may be silent.
                let works = |child: &Child| {
                    let serves = self.body.plan.process(child.node).service.is_some();
                    !serves && child.start.finally.is_none()
                };
                let mut children = self.body.children.iter();
                let oldest = children.find(|(_, child)| works(child)).map(|(id, _)| *id);
                let idle = oldest.map(|attempt| Input::Idle { attempt });
                if let Some(idle) = idle {
                    self.body.on(idle);
                }
            }
            5 => drop(self.body.waits()),
            6..10 => self.body.make_takes(),
            10..13 => self.body.make_gives(),
            13 => self.body.make_dies(),
            _ => {}
        }
    }
}

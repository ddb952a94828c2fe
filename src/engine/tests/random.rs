//! Random: small jobs with random children, the same for the same seed.
//!
//! Unaware of what must hold.

use std::fmt::Write as _;
use std::time::Duration;

use super::play::{Called, Play, pause};
use super::wild::{make_worker, worker};
use crate::child::{Act, Script};
use crate::event::Stop;
use crate::model::{Deliver, Job, OnEnd, OnFailure, Process};
use crate::plan::{check, sample};

/// Numbers that follow from a seed. (`SplitMix64`.)
#[derive(Clone, Copy)]
pub(super) struct Dice(u64);

impl Dice {
    /// Makes the dice of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// Makes other dice, for something with a name.
    fn of(mut self, name: &str) -> Self {
        name.bytes().for_each(|byte| self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0193));
        self
    }

    /// Rolls a number below this.
    pub(super) fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }
}

/// Rolls a place in a list.
fn roll(dice: &mut Dice, below: usize) -> usize {
    usize::try_from(dice.roll(below as u64)).unwrap()
}

/// Returns a job that can be run, and what it was written as.
fn job(dice: &mut Dice) -> (Job, String) {
    loop {
        let text = text(dice);
        let mut job = sample::job(&text);
        for process in job.processes.iter_mut().filter(|process| streams(process)) {
            if dice.one_in(2) {
                make_worker(process, dice);
            }
        }
        if !check(&job).is_empty() {
            continue;
        }
        job.limits.on_failure =
            [None, Some(OnFailure::Kill), Some(OnFailure::Continue)][roll(dice, 3)];
        for queue in &mut job.queues {
            queue.capacity = 1 + dice.roll(5);
        }
        for process in &mut job.processes {
            // Whatever hangs must end some day.
            process.timeout.total = Some(Duration::from_secs(30 + dice.roll(30)));
            process.stop.grace = Duration::from_secs(dice.roll(5));
            process.retry.backoff.first = Duration::from_millis(dice.roll(3000));
            if let Some(consumes) = &mut process.consumes
                && dice.one_in(3)
                && consumes.deliver == Deliver::Stream
            {
                consumes.on_end = OnEnd::Terminate;
            }
        }
        return (job, text);
    }
}

fn text(dice: &mut Dice) -> String {
    let mut text = "pool small 1\npool wide 3\n".to_owned();
    for queue in 0..3 {
        if dice.one_in(3) {
            writeln!(text, "queue q{queue} a b c d e f g").unwrap();
        }
    }
    let mut consumers = Vec::new();
    for at in 0..=dice.roll(6) {
        write!(text, "p{at}").unwrap();
        if at > 0 && dice.one_in(2) {
            let needed = dice.roll(at);
            // A consumer may never start: then its queue is what is waited for.
            let starts = usize::from(!consumers.contains(&needed));
            let when = ["", "ended:", "failed:", "started:"][roll(dice, 3 + starts)];
            write!(text, " needs {when}p{needed}").unwrap();
        }
        if at > 0 && dice.one_in(6) {
            write!(text, " after p{}", dice.roll(at)).unwrap();
        }
        let queue = dice.roll(3);
        let kind = dice.roll(5);
        if kind < 2 {
            consumers.push(at);
        }
        match kind {
            0 => write!(text, " reads q{queue} retry {}", dice.roll(3)).unwrap(),
            1 => write!(text, " streams q{queue}").unwrap(),
            _ => write!(text, " priority {}", dice.roll(3)).unwrap(),
        }
        if queue < 2 && dice.one_in(2) {
            write!(text, " feeds q{}", queue + 1).unwrap();
        } else if dice.one_in(3) && !text.ends_with("priority 0") {
            write!(text, " weight 1").unwrap();
        }
        match dice.roll(4) {
            0 => write!(text, " pool small").unwrap(),
            1 => write!(text, " pool wide").unwrap(),
            _ => {}
        }
        text.push('\n');
    }
    text
}

fn streams(process: &Process) -> bool {
    process.consumes.as_ref().is_some_and(|consumes| consumes.deliver == Deliver::Stream)
}

/// Returns what a child does: it depends on nothing but the seed and what it is called.
fn script(dice: Dice, workers: &[String], called: &Called) -> Script {
    let name = format!("{}/{}/{}", called.process, called.attempt, called.item);
    let mut dice = dice.of(&name);
    if workers.contains(&called.process) {
        return worker(dice);
    }
    let mut acts = vec![pause(dice.roll(2000))];
    for _ in 0..dice.roll(4) {
        acts.push(match dice.roll(8) {
            0 => Act::ReadAll,
            1 => Act::Copy,
            2 | 3 => Act::Work(1 + dice.roll(9), Duration::from_millis(dice.roll(900))),
            4 => Act::Stderr("oh\n".into()),
            5 => Act::Close,
            6 => pause(dice.roll(5000)),
            _ => Act::Stdout("one\ntwo\nthree\n".into()),
        });
    }
    if dice.one_in(12) {
        acts.push(Act::Hang);
    }
    if dice.one_in(30) {
        return Script::cannot("it is not to be");
    }
    let script = Script::new(acts).exit(i32::from(dice.one_in(5)));
    if dice.one_in(8) { script.deaf() } else { script }
}

/// Returns the play of a seed, what it is called when it fails, and what its children do.
pub(super) fn play(seed: u64) -> (Play, String, impl Fn(&Called) -> Script + 'static) {
    let mut dice = Dice::new(seed);
    let (job, text) = job(&mut dice);
    let is_worker = |process: &&Process| {
        process.consumes.as_ref().is_some_and(|consumes| consumes.deliver == Deliver::Worker)
    };
    let workers: Vec<_> =
        job.processes.iter().filter(is_worker).map(|process| process.name.clone()).collect();
    let jobs = [None, Some(1), Some(2)][roll(&mut dice, 3)];
    let mut play = Play::job(job).jobs(jobs);
    for stop in [Stop::Finish, Stop::Terminate, Stop::Interrupt] {
        if dice.one_in(9) {
            play = play.stop(Duration::from_millis(dice.roll(9000)), stop);
        }
    }
    let text = format!("seed {seed}, -j {jobs:?}, workers {workers:?}\n{text}");
    (play, text, move |called: &Called| script(dice, &workers, called))
}

//! Sentry: a thread that hears signals, and sees to it that a stop ends in time.
//!
//! It needs nobody. Before the run has begun it ends the program by itself; later it tells the
//! engine, interrupts it where it hangs in a write that nobody takes, and, at a third signal or
//! when a stop has taken the whole grace and a little more, kills all children and ends the
//! program. Unaware of what a stop does.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use tokio::sync::mpsc::Sender;

use super::signals::Asked;
use crate::child::{self, Heard, LastResort, Signals};
use crate::event::{Exit, Stop};

/// How long a stop may take beyond the longest grace.
pub(super) const CEILING: Duration = Duration::from_secs(2);

/// How often the sentry looks at a stop that goes on.
const LOOK: Duration = Duration::from_millis(100);

/// How long the engine may show no sign of life during a stop before it is interrupted; it shows
/// one ten times a second.
const STUCK: Duration = Duration::from_millis(300);

/// Signals that ask for a stop after which nothing is waited for any more.
const ENOUGH: u32 = 3;

/// Commands that are named where they do not end.
const NAMED: usize = 5;

/// The engine's hold on the sentry.
#[derive(Debug, Clone)]
pub(super) struct Sentry(Arc<Post>);

/// What the sentry and the engine share.
#[derive(Debug)]
struct Post {
    state: Mutex<State>,
    /// Signs of life of the engine.
    beats: AtomicU64,
    /// Whether what is written is to be given up where nobody takes it.
    hurry: Arc<AtomicBool>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    resort: LastResort,
    /// How often a stop was asked for.
    stops: u32,
    /// The signal that asked for it first.
    first: Option<Signal>,
    /// Until when a stop may go on.
    until: Option<Instant>,
    /// The last sign of life, and when it was seen.
    seen: (u64, Instant),
}

/// How far the run has come.
#[derive(Debug)]
enum Phase {
    /// There is no job yet: nothing was started.
    Before,
    /// Signals are for the engine; the longest grace of the job.
    Running(Sender<Asked>, Duration),
    /// The verdict was told.
    Over,
}

impl Sentry {
    /// Begins to hear signals, which are blocked.
    pub(super) fn post(signals: Signals, resort: LastResort) -> io::Result<Self> {
        let state = State {
            phase: Phase::Before,
            resort,
            stops: 0,
            first: None,
            until: None,
            seen: (0, Instant::now()),
        };
        let (state, hurry) = (Mutex::new(state), Arc::default());
        let post = Arc::new(Post { state, beats: AtomicU64::new(0), hurry });
        let watched = Arc::clone(&post);
        let thread = thread::Builder::new().name("sentry".to_owned());
        thread.spawn(move || watched.stand(&signals))?;
        Ok(Self(post))
    }

    /// Returns the word to writers that nobody will take what they write.
    pub(super) fn hurry(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.hurry)
    }

    /// Hands signals on to a run from now on. `grace` is the longest of its job.
    pub(super) fn begin(&self, inbox: Sender<Asked>, grace: Duration) {
        self.0.state().phase = Phase::Running(inbox, grace);
    }

    /// Shows that the engine is alive.
    pub(super) fn beat(&self) {
        self.0.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets a stop go on for so long from now: what cleans up has a grace of its own.
    pub(super) fn allow(&self, time: Duration) {
        let mut state = self.0.state();
        if state.stops > 0 {
            state.until = Some(Instant::now() + time);
        }
    }

    /// Lets a stop go on for no longer than that.
    pub(super) fn hasten(&self, time: Duration) {
        let mut state = self.0.state();
        let until = Instant::now() + time;
        state.until = state.until.map(|old| old.min(until));
    }

    /// Takes in that the verdict was told. Returns only if the sentry has not ended the program.
    pub(super) fn stand_down(&self) {
        self.0.state().phase = Phase::Over;
    }
}

impl Post {
    fn stand(&self, signals: &Signals) {
        loop {
            let patience = self.state().patience();
            let heard = signals.next(patience);
            let mut state = self.state();
            if let Some(heard) = heard {
                state.hear(heard);
            }
            if state.stops > 0 {
                self.look(&mut state);
            }
        }
    }

    /// Looks at how a stop goes on.
    fn look(&self, state: &mut State) {
        let now = Instant::now();
        if state.stops >= ENOUGH || state.until.is_some_and(|until| until <= now) {
            state.end();
        }
        let beats = self.beats.load(Ordering::Relaxed);
        if beats != state.seen.0 {
            state.seen = (beats, now);
        } else if now.saturating_duration_since(state.seen.1) >= STUCK {
            self.hurry.store(true, Ordering::Relaxed);
            child::interrupt();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns how long to wait for a signal.
    fn patience(&self) -> Option<Duration> {
        let until = self.until.map(|until| until.saturating_duration_since(Instant::now()));
        (self.stops > 0).then(|| until.unwrap_or(LOOK).min(LOOK))
    }

    fn hear(&mut self, heard: Heard) {
        let Some(asked) = Asked::by(heard) else { return };
        if let Asked::Stop(stop, signal) = asked {
            // A terminal that is closed tells so more than once, and does not mean "now".
            if self.stops > 0 && signal == Signal::HUP {
                return;
            }
            self.stops += u32::from(stop >= Stop::Terminate);
            self.first.get_or_insert(signal);
        }
        match (&self.phase, asked) {
            (Phase::Before, Asked::Stop(_, signal)) => LastResort::leave(code(signal)),
            (Phase::Before | Phase::Over, Asked::Suspend) => child::stand_still(),
            (Phase::Before | Phase::Over, Asked::Explain) => {}
            (Phase::Over, Asked::Stop(..)) => self.end_within(CEILING),
            (Phase::Running(inbox, grace), asked) => {
                // With so many unheard it is stuck, and the next look sees to it.
                let _ = inbox.try_send(asked);
                let grace = *grace;
                self.end_within(grace + CEILING);
            }
        }
    }

    /// Has a stop that was asked for end within a time.
    fn end_within(&mut self, time: Duration) {
        let now = Instant::now();
        if self.stops > 0 && self.until.is_none() {
            self.until = Some(now + time);
            self.seen.1 = now;
        }
    }

    /// Ends everything, and the program.
    fn end(&self) -> ! {
        let living = self.resort.living();
        self.resort.end_all();
        if !living.is_empty() && self.stops < ENOUGH {
            say(&format!("runner: gave up waiting for {}\n", name(&living)));
        }
        LastResort::leave(self.first.map_or(1, code))
    }
}

fn code(signal: Signal) -> u8 {
    Exit::after_signal(signal.as_raw())
}

fn name(living: &[String]) -> String {
    let named: Vec<_> = living.iter().take(NAMED).map(|command| format!("`{command}`")).collect();
    let more = living.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", named.join(", "))
}

/// Says something if somebody takes it.
fn say(text: &str) {
    let stderr = io::stderr();
    let mut asked = [PollFd::new(&stderr, PollFlags::OUT)];
    if poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1) {
        let _ = (&stderr).write_all(text.as_bytes());
    }
}

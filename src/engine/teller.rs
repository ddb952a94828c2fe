//! Teller: every event of a run goes through here, once, to the tally and then to every sink.
//!
//! Shared by all tasks of the run, which live on one thread; so what sinks hear is in one order.
//! Unaware of what events mean.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io;
use std::time::Duration;

use rustix::process::Signal;

use super::clock::Clock;
use super::fault::Fault;
use crate::event::{Event, EventKind, Outside, Sink, Stop, Tally};
use crate::mask::Masker;

/// The mouth of a run.
pub(super) struct Teller {
    clock: Clock,
    sinks: RefCell<Vec<Box<dyn Sink>>>,
    tally: RefCell<Tally>,
    wants_output: bool,
    masker: Masker,
    trouble: Cell<Option<io::Error>>,
}

impl Teller {
    /// Begins to tell, without the secrets that `masker` knows; time counts from here.
    pub(super) fn new(sinks: Vec<Box<dyn Sink>>, masker: Masker) -> Self {
        Self {
            clock: Clock::start(),
            wants_output: sinks.iter().any(|sink| sink.wants_output()),
            sinks: RefCell::new(sinks),
            tally: RefCell::default(),
            masker,
            trouble: Cell::new(None),
        }
    }

    /// Returns the time since the start of the run.
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Returns the clock of the run.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns whether any sink wants [`EventKind::Output`].
    pub(super) fn wants_output(&self) -> bool {
        self.wants_output
    }

    /// Counts an event and tells it to every sink.
    pub(super) fn tell(&self, kind: EventKind) {
        let mut event = Event { at: self.now(), kind };
        let kept = if self.masker.is_idle() { None } else { self.mask(&mut event) };
        self.tally.borrow_mut().count(&event);
        self.each(|sink, tally| match &kept {
            Some(kept) if sink.keeps_items() => sink.hear(kept, tally),
            Some(_) | None => sink.hear(&event, tally),
        });
    }

    /// Takes secrets out of an event. Returns what is told to who keeps items, where that is more.
    fn mask(&self, event: &mut Event) -> Option<Event> {
        // By its options a run is made again.
        let whole = matches!(event.kind, EventKind::RunStarted { .. }).then(|| event.clone());
        let before = event.kind.item_bytes().map(|(bytes, _)| bytes.clone());
        event.kind.each_text(&mut |text| match text {
            Outside::Text(text) => {
                if let Cow::Owned(masked) = self.masker.text(text) {
                    *text = masked;
                }
            }
            Outside::Bytes(bytes) => {
                if let Cow::Owned(masked) = self.masker.bytes(&bytes.0) {
                    bytes.0 = masked.into();
                }
            }
        });
        let Some(before) = before else { return whole };
        let mut kept = event.clone();
        let (bytes, exact) = kept.kind.item_bytes()?;
        if *bytes == before {
            return None;
        }
        *exact = Some(before);
        Some(kept)
    }

    /// Returns what takes secrets out.
    pub(super) fn masker(&self) -> &Masker {
        &self.masker
    }

    /// Lets the sinks redraw.
    pub(super) fn tick(&self) {
        let at = self.now();
        self.each(|sink, tally| sink.tick(at, tally));
    }

    /// Has the sinks leave the screen to somebody else, or take it back.
    pub(super) fn give_way(&self, away: bool) {
        self.each(|sink, _| sink.give_way(away));
    }

    /// Has the sinks write what they hold; the run is over.
    pub(super) fn close(&self) {
        self.each(|sink, _| sink.close());
    }

    /// Returns who has gone that was told, since this was last asked. All else that can't be
    /// written is a fault.
    pub(super) fn lost(&self) -> Result<Option<Lost>, Fault> {
        let Some(error) = self.trouble.take() else { return Ok(None) };
        if let Some(lost) = Lost::by(&error) {
            return Ok(Some(lost));
        }
        match error.kind() {
            // The run stops, and nobody took what it had to say of that.
            io::ErrorKind::TimedOut => Ok(None),
            _ => Err(Fault::Output(error)),
        }
    }

    /// Returns something of the tally.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Tally) -> T) -> T {
        read(&self.tally.borrow())
    }

    /// Calls every sink; one that fails is not called again, and its trouble is kept until asked
    /// for.
    fn each(&self, mut call: impl FnMut(&mut dyn Sink, &Tally) -> io::Result<()>) {
        let tally = self.tally.borrow();
        self.sinks.borrow_mut().retain_mut(|sink| match call(sink.as_mut(), &tally) {
            Ok(()) => true,
            Err(error) => {
                // A reader that has gone must not hide what is worse.
                let known = self.trouble.take();
                let known = known.filter(|known| Lost::by(known).is_none());
                self.trouble.set(Some(known.unwrap_or(error)));
                false
            }
        });
    }
}

/// Who has gone that was told of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// Who reads a pipe.
    Reader,
    /// The terminal, which was closed.
    Terminal,
}

impl Lost {
    fn by(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Some(Self::Reader),
            io::ErrorKind::ConnectionAborted => Some(Self::Terminal),
            _ => None,
        }
    }

    /// Returns the signal that says the same.
    pub(super) fn signal(self) -> Signal {
        match self {
            Self::Reader => Signal::PIPE,
            Self::Terminal => Signal::HUP,
        }
    }

    /// Returns the stop of a run that has lost it: as quiet as the signal.
    pub(super) fn stop(self) -> (Stop, Option<i32>, String) {
        let reason = match self {
            Self::Reader => "nobody reads the output any more",
            Self::Terminal => "the terminal was closed",
        };
        (Stop::Terminate, Some(self.signal().as_raw()), reason.to_owned())
    }
}

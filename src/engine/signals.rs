//! Signals: what each of them asks of a run.
//!
//! The sentry hears them; here is what they mean. Unaware of what a stop does.

use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::mpsc::Receiver;

use super::sentry::Sentry;
use crate::child::Heard;
use crate::event::Stop;

/// What is asked of a run from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To stop, so strongly.
    Stop(Stop, Signal),
    /// To say why what waits is waiting.
    Explain,
    /// To stand still until it is continued.
    Suspend,
}

impl Asked {
    /// Returns what a signal asks for.
    pub(super) fn by(heard: Heard) -> Option<Self> {
        let signal = heard.signal;
        match signal {
            Signal::INT | Signal::QUIT => Some(Self::Stop(Stop::Interrupt, signal)),
            Signal::TERM => Some(Self::Stop(Stop::Terminate, signal)),
            Signal::HUP if heard.hung_up => Some(Self::Stop(Stop::Terminate, signal)),
            // Whoever sends it to a run that has not lost its terminal wants it to end in time.
            Signal::HUP => Some(Self::Stop(Stop::Finish, signal)),
            Signal::USR1 => Some(Self::Explain),
            Signal::TSTP => Some(Self::Suspend),
            _ => None,
        }
    }
}

/// What a run hears from outside; by default nothing.
#[derive(Debug, Default)]
pub(super) struct Signals {
    asked: Option<Receiver<Asked>>,
    sentry: Option<Sentry>,
}

impl Signals {
    /// Hears what a sentry hands on.
    pub(super) fn from(sentry: Sentry, asked: Receiver<Asked>) -> Self {
        Self { asked: Some(asked), sentry: Some(sentry) }
    }

    /// Waits for what is asked next.
    pub(super) async fn next(&mut self) -> Asked {
        match &mut self.asked {
            Some(asked) => match asked.recv().await {
                Some(asked) => asked,
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }

    /// Shows the sentry that the engine is alive.
    pub(super) fn beat(&self) {
        self.sentry.iter().for_each(Sentry::beat);
    }

    /// Lets a stop go on for so long from now.
    pub(super) fn allow(&self, time: Duration) {
        self.sentry.iter().for_each(|sentry| sentry.allow(time));
    }

    /// Lets a stop go on for no longer than that.
    pub(super) fn hasten(&self, time: Duration) {
        self.sentry.iter().for_each(|sentry| sentry.hasten(time));
    }
}

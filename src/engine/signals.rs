//! Signals: what a person or a system asks of a run while it goes on.
//!
//! A signal that was ignored when the runner was started stays ignored, so `nohup` means what it
//! says. Unaware of what a stop does.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::core::Input;
use crate::child;
use crate::event::{Exit, Stop};

/// The signals that are listened to; by default none.
#[derive(Default)]
pub(super) struct Signals {
    interrupt: Option<Signal>,
    quit: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
    explain: Option<Signal>,
}

impl Signals {
    /// Begins to listen.
    pub(super) fn listen() -> io::Result<Self> {
        let ignored = child::ignored_signals();
        let listen = |kind: SignalKind| {
            let number = kind.as_raw_value();
            if ignored.contains(&number) { Ok(None) } else { signal(kind).map(Some) }
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
            explain: listen(SignalKind::user_defined1())?,
        })
    }

    /// Waits for the next signal and returns what it asks for.
    pub(super) async fn next(&mut self) -> Input {
        let (stop, kind) = tokio::select! {
            () = heard(&mut self.interrupt) => (Stop::Interrupt, SignalKind::interrupt()),
            () = heard(&mut self.quit) => (Stop::Interrupt, SignalKind::quit()),
            () = heard(&mut self.terminate) => (Stop::Terminate, SignalKind::terminate()),
            () = heard(&mut self.hangup) => (Stop::Finish, SignalKind::hangup()),
            () = heard(&mut self.explain) => return Input::Explain,
        };
        let number = kind.as_raw_value();
        Input::Stop { stop, signal: Some(number), reason: Exit::signal_name(number) }
    }
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

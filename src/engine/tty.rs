//! Tty: what a run does with the terminal that it was started from.
//!
//! It hears keys, where bars are drawn; it leaves the terminal to a process that owns it alone, and
//! to the shell while the run stands still. Unaware of what is drawn.

use std::future::pending;

use crate::child::Terminal;

/// The key that asks why what waits is waiting.
const EXPLAIN: u8 = b't';

/// The terminal of a run, if it has one; by default none.
#[derive(Debug, Default)]
pub(super) struct Tty {
    terminal: Option<Terminal>,
    /// Whether keys are heard.
    hears: bool,
    /// The group that has it alone.
    lent: Option<u32>,
}

impl Tty {
    /// Takes the terminal, to hear keys or because a process will own it.
    pub(super) fn take(hears: bool, is_owned: bool) -> Self {
        let terminal = if hears || is_owned { Terminal::take() } else { None };
        Self { terminal, hears, lent: None }
    }

    /// Returns whether it must be put in order if this program dies.
    pub(super) fn needs_guard(&self) -> bool {
        self.terminal.is_some()
    }

    /// Returns whether a process has it alone.
    pub(super) fn is_lent(&self) -> bool {
        self.lent.is_some()
    }

    /// Hears keys from now on, also where somebody else has changed the terminal meanwhile.
    pub(super) fn listen(&self) {
        if let (Some(terminal), true, None) = (&self.terminal, self.hears, self.lent) {
            terminal.listen();
        }
    }

    /// Waits until somebody asks by a key why what waits is waiting.
    pub(super) async fn explain(&self) {
        let terminal = self.terminal.as_ref().filter(|_| self.hears && self.lent.is_none());
        let Some(terminal) = terminal else { return pending().await };
        loop {
            match terminal.key().await {
                Ok(EXPLAIN) => return,
                Ok(_) => {}
                Err(_) => return pending().await,
            }
        }
    }

    /// Leaves it to a process that is about to start.
    pub(super) fn lend(&mut self) {
        self.leave();
        self.lent = Some(0);
    }

    /// Says which group it was left to.
    pub(super) fn lent_to(&mut self, group: u32) {
        self.lent = self.lent.map(|_| group);
    }

    /// Takes it back.
    pub(super) fn take_back(&mut self) {
        if self.lent.take().is_some() {
            self.terminal.iter().for_each(Terminal::reclaim);
        }
        self.listen();
    }

    /// Leaves it as it was before the run.
    pub(super) fn leave(&self) {
        self.terminal.iter().for_each(Terminal::restore);
    }

    /// Leaves it to the shell, because the run is about to stand still.
    pub(super) fn stand_still(&self) {
        match self.lent {
            Some(_) => self.terminal.iter().for_each(Terminal::reclaim),
            None => self.leave(),
        }
    }

    /// Goes on with it after that: as long as the run is in the background, without.
    pub(super) fn go_on(&self) {
        match (&self.terminal, self.lent) {
            (Some(terminal), Some(group)) => terminal.hand_to(group),
            (Some(_), None) | (None, _) => self.listen(),
        }
    }
}

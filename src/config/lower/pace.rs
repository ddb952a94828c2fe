//! Pace: how long an attempt may take, how it is ended, and when it is tried again.
//!
//! Unaware of what is executed.

use std::time::Duration;

use super::Reader;
use crate::config::forms::{At, Either, Key, List, Time, Wait, Whole};
use crate::config::measures;
use crate::config::raw::{self, ExitCode, RetryWord};
use crate::model::{AllowFailure, Backoff, Leaks, Problem, Retry, RetryOn, Stop, Timeout, code};

/// How a child is ended where `stop` does not say it: SIGTERM, and ten seconds to tidy up.
pub(super) const STOP: Stop =
    Stop { signal: rustix::process::Signal::TERM.as_raw(), grace: Duration::from_secs(10) };

impl Reader<'_, '_, '_> {
    /// Reads `timeout`.
    pub(super) fn timeout(&mut self, key: &Key<Either<Time, raw::Timeout>>) -> Timeout {
        match key.get() {
            None => Timeout::default(),
            Some(At { value: Either::A(text), at }) => {
                let total = Key::Given(At { value: text.clone(), at: *at });
                let total = self.positive("timeout", &total);
                Timeout { total, ..Timeout::default() }
            }
            Some(At { value: Either::B(table), .. }) => {
                self.bounds(table);
                Timeout {
                    total: self.positive("timeout.total", &table.total),
                    idle: self.positive("timeout.idle", &table.idle),
                    slow: self.positive("timeout.slow", &table.slow),
                }
            }
        }
    }

    /// Says where two bounds leave nothing between them.
    fn bounds(&mut self, table: &raw::Timeout) {
        let read =
            |key: &Key<Time>| key.get().and_then(|text| measures::duration(&text.value.0).ok());
        let Some(total) = read(&table.total).filter(|total| *total > Duration::ZERO) else {
            return;
        };
        for (name, key) in [("idle", &table.idle), ("slow", &table.slow)] {
            let (Some(other), Some(at), Some(whole)) = (read(key), key.at(), table.total.at())
            else {
                continue;
            };
            if other >= total {
                let said = format!("`timeout.{name}` is never reached before `timeout.total`");
                let problem = Problem::error(code::CONFLICT, said, self.label(at, "never reached"))
                    .also(self.label(whole, "over by then"));
                self.tell(problem.help(format!("make `{name}` shorter than `total`")));
            }
        }
    }

    /// Reads `stop`.
    pub(super) fn stop(&mut self, key: &Key<raw::Stop>) -> Stop {
        let mut stop = STOP;
        let Some(table) = key.get() else { return stop };
        if let Some(name) = table.value.signal.get() {
            match measures::signal(&name.value.0) {
                Ok(signal) => stop.signal = signal,
                Err(wrong) => self.wrong("a signal that can ask a child to end", name, wrong),
            }
        }
        if let Some(grace) = table.value.grace.get() {
            stop.grace = self.duration(grace).unwrap_or(stop.grace);
        }
        stop
    }

    /// Reads `leaks`.
    pub(super) fn leaks(key: &Key<raw::Leaks>) -> Leaks {
        match key.get().map(|leaks| leaks.value) {
            None | Some(raw::Leaks::Kill) => Leaks::Kill,
            Some(raw::Leaks::Fail) => Leaks::Fail,
            Some(raw::Leaks::Allow) => Leaks::Allow,
        }
    }

    /// Reads `retry`.
    pub(super) fn retry(&mut self, key: &Key<Either<Whole<0, 1000>, raw::Retry>>) -> Retry {
        match key.get() {
            None => Retry::default(),
            Some(At { value: Either::A(max), .. }) => {
                Retry { max: times(*max), ..Retry::default() }
            }
            Some(At { value: Either::B(table), at }) => {
                let max =
                    self.required(&table.max, ("retry", "max"), *at).map(|max| times(max.value));
                Retry {
                    max: max.unwrap_or_default(),
                    backoff: self.backoff(table),
                    on: retry_on(&table.on),
                    never: codes(table.never.get()),
                }
            }
        }
    }

    fn backoff(&mut self, table: &raw::Retry) -> Backoff {
        let mut backoff = self.wait(&table.backoff).unwrap_or_default();
        if let Some(jitter) = table.jitter.get() {
            if (0.0..=1.0).contains(&jitter.value) {
                backoff.jitter = jitter.value;
            } else {
                let said = "`jitter` must be a number from 0 to 1";
                self.error(
                    code::BAD_VALUE,
                    said,
                    jitter.at,
                    ("a part of the wait", "write `jitter = 0.5`"),
                );
            }
        }
        backoff
    }

    /// Reads a wait that may become longer.
    pub(super) fn wait(&mut self, key: &Key<Wait>) -> Option<Backoff> {
        let text = key.get()?;
        match measures::backoff(&text.value.0) {
            Ok(backoff) => Some(backoff),
            Err(wrong) => {
                self.wrong("a wait", text, wrong);
                None
            }
        }
    }

    /// Reads `success`.
    pub(super) fn success(&mut self, key: &Key<List<ExitCode>>) -> Vec<i32> {
        let Some(list) = key.get() else { return vec![0] };
        if list.value.entries.is_empty() && list.value.whole {
            let label = self.label(list.at, "no exit code passes");
            let said = "`success` is an empty list";
            let problem = Problem::error(code::BAD_VALUE, said, label);
            self.tell(problem.help("leave the key out for [0]"));
        }
        codes(Some(list))
    }

    /// Reads `allow-failure`.
    pub(super) fn allow_failure(
        &mut self,
        key: &Key<Either<bool, List<ExitCode>>>,
    ) -> AllowFailure {
        match key.get() {
            None | Some(At { value: Either::A(false), .. }) => AllowFailure::No,
            Some(At { value: Either::A(true), .. }) => AllowFailure::Any,
            Some(At { value: Either::B(list), at }) => {
                if list.entries.is_empty() && list.whole {
                    let said = "`allow-failure` is an empty list";
                    let help = "write `false`, or list exit codes";
                    self.error(code::BAD_VALUE, said, *at, ("no exit code", help));
                }
                AllowFailure::Codes(list.entries.iter().map(|code| code_of(code.value)).collect())
            }
        }
    }
}

fn times(max: Whole<0, 1000>) -> u32 {
    u32::try_from(max.0).unwrap_or_default()
}

fn code_of(code: ExitCode) -> i32 {
    i32::try_from(code.0).unwrap_or_default()
}

fn codes(list: Option<&At<List<ExitCode>>>) -> Vec<i32> {
    let entries = list.map_or(&[][..], |list| &list.value.entries);
    entries.iter().map(|code| code_of(code.value)).collect()
}

fn retry_on(key: &Key<List<Either<ExitCode, RetryWord>>>) -> Vec<RetryOn> {
    let entries = key.get().map_or(&[][..], |list| &list.value.entries);
    let on = entries.iter().map(|entry| match &entry.value {
        Either::A(code) => RetryOn::Code(code_of(*code)),
        Either::B(RetryWord::Timeout) => RetryOn::Timeout,
        Either::B(RetryWord::Signal) => RetryOn::Signal,
    });
    on.collect()
}

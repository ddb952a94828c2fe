//! Pace: how long an attempt may take, how it is ended, and when it is tried again.
//!
//! Unaware of what the values mean.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ExitCode, short, tables};
use crate::config::forms::{Either, Key, List, SignalName, Time, Wait, Whole};

/// Bounds on the time of an attempt.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Timeout {
    /// It is stopped after this long.
    pub(in crate::config) total: Key<Time>,
    /// It is stopped after this long without output.
    pub(in crate::config) idle: Key<Time>,
    /// It is reported as slow after this long.
    pub(in crate::config) slow: Key<Time>,
}

/// How a process is asked to end.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::config) struct Stop {
    /// The signal that it gets; by default `SIGTERM`.
    #[schemars(extend("examples" = ["SIGTERM", "SIGINT"]))]
    pub(in crate::config) signal: Key<SignalName>,
    /// How long it has before SIGKILL; by default `10s`.
    pub(in crate::config) grace: Key<Time>,
}

/// How and when a process is tried again.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("required" = ["max"]))]
pub(in crate::config) struct Retry {
    /// How often it is tried again: 2 is at most 3 attempts.
    pub(in crate::config) max: Key<Whole<0, 1000>>,
    /// The wait before it is tried again; of `first..most` it doubles each time.
    #[schemars(extend("examples" = ["5s", "1s..1m"]))]
    pub(in crate::config) backoff: Key<Wait>,
    /// The part of the wait that is random, from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(in crate::config) jitter: Key<f64>,
    /// What is tried again: exit codes, `timeout`, `signal`; by default everything.
    #[schemars(extend("examples" = [[75, "timeout", "signal"]]))]
    pub(in crate::config) on: Key<List<Either<ExitCode, RetryWord>>>,
    /// Exit codes that are never tried again.
    pub(in crate::config) never: Key<List<ExitCode>>,
}

/// A failure that is no exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum RetryWord {
    Timeout,
    Signal,
}

/// What a process is that passes when it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum Flaky {
    Pass,
    Fail,
}

tables!(Timeout, Retry);
short!(RetryWord, "`timeout`, `signal`");

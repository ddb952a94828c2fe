//! Pool: a named set of slots; an attempt holds `weight` of them while its child lives.
//!
//! Unaware of who holds them.

use std::time::Duration;

use super::FileId;

/// A declared pool.
#[derive(Debug, Clone)]
pub struct Pool {
    /// `NAME` of `pool.NAME`.
    pub name: String,
    /// The file that declares it.
    pub file: FileId,
    /// `description`.
    pub description: Option<String>,
    /// `size`; the number of `slots` where they are given.
    pub size: Size,
    /// `slots`: the variables that each slot lends to the attempt that holds it; empty without.
    pub slots: Vec<Vec<(String, String)>>,
    /// `rate`.
    pub rate: Option<Rate>,
    /// `memory`: bytes below which nothing more starts.
    pub memory: Option<u64>,
}

/// How many slots a pool has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// A whole number, at least 1.
    Count(u32),
    /// `"cpus"`, `"cpus*2"`, `"50%"`: a multiple of the CPUs that the runner may use, at least 1.
    Cpus(f64),
}

impl Size {
    /// Returns the number of slots on a machine with `cpus` CPUs, rounded down, at least 1.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
    pub fn slots(self, cpus: u32) -> u32 {
        match self {
            Self::Count(count) => count.max(1),
            Self::Cpus(factor) => (f64::from(cpus) * factor).clamp(1.0, f64::from(u32::MAX)) as u32,
        }
    }
}

/// `rate`: at most `starts` starts in each `per`, as a token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Starts allowed in one interval; also the size of the bucket.
    pub starts: u32,
    /// The interval.
    pub per: Duration,
}

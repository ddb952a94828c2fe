//! Standby: what a run needs before its job is known.
//!
//! The spawner must be forked before any thread exists and before a job makes this process large;
//! signals must be heard from then on. Unaware of the run.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::fault::Fault;
use super::sentry::Sentry;
use crate::child::{LastResort, Signals, Spawner};

/// A spawner, and the sentry that ends what it starts if nobody else does.
#[derive(Debug)]
pub struct Standby {
    pub(super) spawner: Spawner,
    pub(super) sentry: Sentry,
}

impl Standby {
    /// Forks the spawner and posts the sentry. To be called before any thread exists.
    pub fn prepare() -> Result<Self, Fault> {
        let signals = Signals::block().map_err(Fault::Runtime)?;
        let spawner = Spawner::fork()?;
        let resort = LastResort::of(&spawner).map_err(Fault::Runtime)?;
        let sentry = Sentry::post(signals, resort).map_err(Fault::Runtime)?;
        Ok(Self { spawner, sentry })
    }

    /// Returns the word to writers that what nobody takes is to be given up: the run stops.
    pub fn hurry(&self) -> Arc<AtomicBool> {
        self.sentry.hurry()
    }
}

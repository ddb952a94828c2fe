//! Resort: ends everything that was started, when the engine can't do it any more.
//!
//! Made for a thread that waits for nobody: it kills the spawner, whose children then are those of
//! this process, and sweeps them. Unaware of why the engine is stuck.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::{Pid, Signal, pidfd_send_signal};

use super::fork::Spawner;
use super::kin::{self, Kin};
use super::line::ends_within;
use super::system;

/// How long a killed spawner may take to be gone, so that its children are ours.
const GONE: Duration = Duration::from_secs(1);

/// The last resort of a run.
#[derive(Debug)]
pub struct LastResort {
    spawner: Pid,
    pidfd: OwnedFd,
}

impl LastResort {
    /// Makes it for a spawner and all that this will start.
    pub fn of(spawner: &Spawner) -> io::Result<Self> {
        Ok(Self { spawner: spawner.pid, pidfd: spawner.pidfd.try_clone()? })
    }

    /// Returns the commands of what the spawner has started and adopted, and that still lives.
    pub fn living(&self) -> Vec<String> {
        Kin::of(self.spawner).children().into_iter().map(kin::command).collect()
    }

    /// Kills all of it.
    pub fn end_all(&self) {
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
        ends_within(&self.pidfd, GONE);
        Kin::new().sweep(|_| false);
    }

    /// Ends this program at once, whatever its other threads do.
    pub fn leave(code: u8) -> ! {
        system::leave(code.into())
    }
}

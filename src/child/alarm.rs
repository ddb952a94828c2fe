//! Alarm: sleeps that are shorter than a millisecond, which is the runtime's finest.
//!
//! For what the system does not announce and what happens within microseconds, such as a reader
//! emptying its pipe. Unaware of what is waited for.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::system;

/// One sleeper's clock.
#[derive(Debug)]
pub struct Alarm(AsyncFd<OwnedFd>);

impl Alarm {
    /// Makes one; it costs a descriptor.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        system::watch(timer, Interest::READABLE).map(Self).map_err(|(_, error)| error)
    }

    /// Sleeps for so long. May be cancelled.
    pub async fn sleep(&mut self, time: Duration) -> io::Result<()> {
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let time = Timespec::try_from(time).map_err(|_| io::ErrorKind::InvalidInput)?;
        let once = Itimerspec { it_interval: never, it_value: time };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
        loop {
            let mut ready = self.0.readable().await?;
            // What an earlier sleep left behind, setting it has forgotten.
            let rung = rustix::io::read(self.0.get_ref(), &mut [0; 8]);
            ready.clear_ready();
            if rung.is_ok() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn it_rings_once_for_each_sleep_also_after_one_that_was_given_up() {
        let mut alarm = Alarm::new().unwrap();
        let began = std::time::Instant::now();
        let cancelled = alarm.sleep(Duration::from_micros(1));
        drop(cancelled);
        timeout(Duration::from_micros(1), alarm.sleep(Duration::from_secs(600))).await.unwrap_err();
        alarm.sleep(Duration::from_micros(200)).await.unwrap();
        alarm.sleep(Duration::from_micros(200)).await.unwrap();
        assert!(began.elapsed() >= Duration::from_micros(400));
    }
}

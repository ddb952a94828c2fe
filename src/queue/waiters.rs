//! Waiters: tasks of one thread that sleep until a condition holds.
//!
//! The condition is tested whenever a task is polled and registration happens in the same poll, so
//! a wake-up can't fall in between. A task that stops waiting is forgotten at once, which makes the
//! number of sleepers exact. Unaware of what is waited for.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// The tasks that sleep.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    asleep: RefCell<VecDeque<(u64, Waker)>>,
    tickets: Cell<u64>,
}

impl Waiters {
    /// Sleeps until `check` returns something; it is asked at once and after every wake-up.
    pub(super) fn until<T, F>(&self, check: F) -> Until<'_, F>
    where
        F: FnMut() -> Option<T> + Unpin,
    {
        let ticket = self.tickets.get();
        self.tickets.set(ticket + 1);
        Until { waiters: self, check, ticket }
    }

    /// Returns whether anybody sleeps.
    pub(super) fn any(&self) -> bool {
        !self.asleep.borrow().is_empty()
    }

    /// Wakes all, so that each asks again.
    ///
    /// Whoever was first the last time is now the last: the first one to run may take everything
    /// that there is, and must not do so each time.
    pub(super) fn wake(&self) {
        if !self.any() {
            return;
        }
        let mut woken = self.asleep.take();
        woken.rotate_left(1);
        for (_, waker) in woken {
            waker.wake();
        }
    }

    fn forget(&self, ticket: u64) {
        self.asleep.borrow_mut().retain(|(other, _)| *other != ticket);
    }
}

/// The future of [`Waiters::until`].
#[derive(Debug)]
#[must_use = "nobody waits until it is awaited"]
pub(super) struct Until<'a, F> {
    waiters: &'a Waiters,
    check: F,
    ticket: u64,
}

impl<T, F> Future for Until<'_, F>
where
    F: FnMut() -> Option<T> + Unpin,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if let Some(answer) = (self.check)() {
            return Poll::Ready(answer);
        }
        let mut asleep = self.waiters.asleep.borrow_mut();
        match asleep.iter_mut().find(|(ticket, _)| *ticket == self.ticket) {
            Some((_, waker)) => waker.clone_from(context.waker()),
            None => asleep.push_back((self.ticket, context.waker().clone())),
        }
        Poll::Pending
    }
}

impl<F> Drop for Until<'_, F> {
    fn drop(&mut self) {
        self.waiters.forget(self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_that_gives_up_is_forgotten() {
        let waiters = Waiters::default();
        let mut never = Box::pin(waiters.until(|| None::<()>));
        assert!(poll(never.as_mut()).is_pending());
        assert!(poll(never.as_mut()).is_pending());
        assert_eq!(waiters.asleep.borrow().len(), 1);
        drop(never);
        assert!(!waiters.any());
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }
}

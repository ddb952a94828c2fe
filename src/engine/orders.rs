//! Orders: what the driver wants an attempt's child to be sent.
//!
//! They wait until there is a child. Unaware of why they were given.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use tokio::sync::Notify;

/// One order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Send a signal to the child's group.
    Signal(i32),
    /// Kill all that the child has started.
    Kill,
}

/// The orders for one attempt: a signal and a few kills at most, so they need no bound.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Opens once the start of the child was told: what it prints must not be told before.
    pub(super) told: Gate,
    given: RefCell<VecDeque<Order>>,
    notify: Notify,
    /// Tells that a service is to be looked at; once is enough.
    looks: Notify,
}

impl Orders {
    /// Gives an order.
    pub(super) fn give(&self, order: Order) {
        self.given.borrow_mut().push_back(order);
        self.notify.notify_one();
    }

    /// Has a service looked at.
    pub(super) fn look(&self) {
        self.looks.notify_one();
    }

    /// Waits until a service is to be looked at.
    pub(super) async fn looked(&self) {
        self.looks.notified().await;
    }

    /// Returns whether there is an order that was not carried out.
    pub(super) fn are_given(&self) -> bool {
        !self.given.borrow().is_empty()
    }

    /// Waits until there is an order, and leaves it there.
    pub(super) async fn given(&self) {
        while !self.are_given() {
            self.notify.notified().await;
        }
    }

    /// Waits for the next order.
    pub(super) async fn next(&self) -> Order {
        loop {
            let next = self.given.borrow_mut().pop_front();
            match next {
                Some(order) => return order,
                None => self.notify.notified().await,
            }
        }
    }
}

/// A gate that opens once and stays open.
#[derive(Debug, Default)]
pub(super) struct Gate {
    open: Cell<bool>,
    notify: Notify,
}

impl Gate {
    /// Opens it.
    pub(super) fn open(&self) {
        self.open.set(true);
        self.notify.notify_waiters();
    }

    /// Returns whether it is open.
    pub(super) fn is_open(&self) -> bool {
        self.open.get()
    }

    /// Waits until it is open.
    pub(super) async fn opened(&self) {
        let waiting = self.notify.notified();
        if !self.open.get() {
            waiting.await;
        }
    }
}

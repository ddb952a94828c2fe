//! Changes: which queues are not as they were.
//!
//! One notice a queue, however often it changes until somebody asks: the cost of an item is the
//! test of a flag. Unaware of what changed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::waiters::Waiters;
use crate::model::QueueId;

/// The queues that changed since somebody last asked. A clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct Changes(Rc<Told>);

#[derive(Debug, Default)]
struct Told {
    changed: RefCell<Vec<(QueueId, Rc<Cell<bool>>)>>,
    listeners: Waiters,
}

impl Changes {
    /// Returns the queues that changed since this was last asked, each once; waits until there is
    /// one. Nothing is lost if the wait is given up.
    pub async fn next(&self) -> Vec<QueueId> {
        self.0.listeners.until(|| Some(self.now()).filter(|changed| !changed.is_empty())).await
    }

    /// Returns those that changed until now, if any.
    pub fn now(&self) -> Vec<QueueId> {
        let mut changed = self.0.changed.borrow_mut();
        let queues = changed.drain(..).map(|(queue, noted)| {
            noted.set(false);
            queue
        });
        queues.collect()
    }
}

/// One queue's way to say that it changed.
#[derive(Debug)]
pub(super) struct Notice {
    queue: QueueId,
    noted: Rc<Cell<bool>>,
    changes: Changes,
}

impl Notice {
    /// Makes the voice of a queue.
    pub(super) fn new(queue: QueueId, changes: &Changes) -> Self {
        Self { queue, noted: Rc::default(), changes: changes.clone() }
    }

    /// Says that the queue changed.
    pub(super) fn give(&self) {
        if !self.noted.replace(true) {
            let told = &self.changes.0;
            told.changed.borrow_mut().push((self.queue, Rc::clone(&self.noted)));
            told.listeners.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_changes_are_one_notice() {
        let changes = Changes::default();
        let (one, two) = (Notice::new(QueueId(1), &changes), Notice::new(QueueId(2), &changes));
        one.give();
        two.give();
        one.give();
        assert_eq!(changes.next().await, [QueueId(1), QueueId(2)]);
        let waiting = changes.next();
        one.give();
        assert_eq!(waiting.await, [QueueId(1)]);
    }
}

//! Levels: how full queues are, for the core and for those who watch.
//!
//! Unaware of what either of them does with it.

use super::Driver;
use crate::engine::core::{Input, Level};
use crate::engine::fault::Fault;
use crate::event::{EventKind, QueueLevel};
use crate::model::QueueId;

impl Driver {
    /// Has the core hear first how full queues are, where they feed each other: an end that is
    /// heard before the items that came before it would look like the end of all of them.
    pub(super) fn catch_up(&mut self) -> Result<(), Fault> {
        if self.has_circles { self.hear_levels() } else { Ok(()) }
    }

    pub(super) fn hear_levels(&mut self) -> Result<(), Fault> {
        let queues = self.changes.now();
        if queues.is_empty() {
            return Ok(());
        }
        let levels = self.levels(&queues)?;
        self.next.push_back(levels);
        Ok(())
    }

    /// Returns how full queues are; fails where what lies on disk can't be read back.
    pub(super) fn levels(&mut self, queues: &[QueueId]) -> Result<Input, Fault> {
        let fault = queues.iter().find_map(|queue| self.context.queues[queue.index()].fault());
        if let Some(fault) = fault {
            return Err(Fault::Spool(fault));
        }
        Ok(Input::Levels(queues.iter().map(|queue| (*queue, self.level_of(*queue))).collect()))
    }

    /// Takes in that queues changed, all as they are at this moment: an item that has gone from one
    /// to another must not be seen in neither.
    pub(super) fn changed(&mut self, queues: &[QueueId]) -> Result<(), Fault> {
        let levels = self.levels(queues)?;
        self.on(levels)
    }

    pub(super) fn level_of(&mut self, id: QueueId) -> Level {
        let level = self.context.queues[id.index()].level();
        match level.next_due {
            Some(at) => self.due.insert(id, at),
            None => self.due.remove(&id),
        };
        self.untold.insert(id);
        Level {
            waiting: level.takers.min(level.waiting),
            waiting_bytes: level.waiting_bytes,
            parted: level.parted,
            spilled: level.spilled,
            busy: level.depth() + level.kept - level.takers.min(level.waiting),
            lent: level.lent,
            put: level.put,
            done: level.done,
            dead: level.dead,
            left: level.left,
            full: level.full,
            blocked: level.producers_blocked,
            closed: level.closed,
        }
    }

    /// Tells how full the queues are that changed since it was told last.
    pub(super) fn tell_levels(&mut self) {
        let told = |id: QueueId| {
            let level = self.context.queues[id.index()].level();
            let starved = level.consumers_starved || self.context.could_take_more(id, level.lent);
            QueueLevel {
                queue: id,
                depth: level.depth(),
                put: level.put,
                done: level.done,
                dead: level.dead,
                spilled: level.spilled,
                oldest: level.oldest,
                producers_blocked: (level.producers_blocked || level.full) && !level.closed,
                consumers_starved: starved && level.waiting == 0 && !level.closed,
            }
        };
        let levels: Vec<_> = std::mem::take(&mut self.untold).into_iter().map(told).collect();
        if !levels.is_empty() {
            self.context.teller.tell(EventKind::QueueLevels { levels });
        }
    }
}

//! Keep: items that a long-lived child has read, until it is known how it ends.
//!
//! They are on disk and count no longer against the capacity. If the child passes all are done; if
//! not a fresh one can be given them again, each as it was. A keep that is dropped unanswered
//! leaves its items undone: the queue has them no longer. Unaware of the child.
//!
//! Reading order: [`pile`] is what lies on disk.

mod pile;

use std::collections::VecDeque;
use std::path::Path;

use thiserror::Error;

use self::pile::Pile;
use super::books::Fate;
use super::order::Bound;
use super::stock::Loan;
use super::wire::Wire;
use super::{Batch, Item, Queue, SpoolFault};

/// How much is read back at once, but for its bytes.
const ONE_BATCH: Bound = Bound { items: 8192, bytes: u64::MAX, wire: None };

/// How much is read back at once where each item is only shown.
const SHOWN: Bound = Bound { bytes: 256 * 1024, ..ONE_BATCH };

/// Why what was read can't be kept.
#[derive(Debug, Error)]
pub enum KeepFault {
    /// It would be more than is allowed.
    #[error("it has read more than `keep-bytes`, {most} bytes, and not ended")]
    Full {
        /// `keep-bytes`.
        most: u64,
    },
    /// It can't be written. The sentence follows "failed to".
    #[error("failed to {0}")]
    Spool(#[from] SpoolFault),
}

/// What one child has read.
#[derive(Debug)]
#[must_use = "items that are dropped here are left undone"]
pub struct Keep {
    queue: Queue,
    most: u64,
    /// What it has read itself.
    read: Pile,
    /// What it should have been given again and has not read.
    rest: VecDeque<Pile>,
}

impl Keep {
    /// Makes one for a child that has read nothing; it holds at most so many bytes, in a file in
    /// `folder` if it comes to that.
    pub fn new(queue: &Queue, folder: &Path, most: u64) -> Self {
        let wire = queue.ask(|stock| stock.wire());
        Self { queue: queue.clone(), most, read: Pile::new(folder, wire), rest: VecDeque::new() }
    }

    /// Keeps all of a batch but the last `unread`, which go back. After a fault all go back.
    pub fn add(&mut self, batch: Batch, unread: usize) -> Result<(), KeepFault> {
        let read = batch.items().len().saturating_sub(unread);
        let items = &batch.items()[..read];
        if self.bytes().saturating_add(self.read.cost(items)) > self.most {
            return Err(KeepFault::Full { most: self.most });
        }
        self.read.add(items, batch.row())?;
        batch.settle_but(unread, Fate::Kept);
        Ok(())
    }

    /// Returns how many items there are.
    pub fn items(&self) -> u64 {
        self.piles().map(Pile::items).sum()
    }

    /// Takes over what a child was to be given again and has not read.
    pub fn join(&mut self, mut rest: Replay) {
        self.rest.append(&mut rest.piles);
    }

    /// Answers that all are done.
    pub fn accept(self) {
        self.settle(Fate::Done);
    }

    /// Answers that nobody wants them any more.
    pub fn leave(self) {
        self.settle(Fate::Left);
    }

    /// Answers that all failed for good, and shows each, which must not lead back to the queue.
    pub fn bury(mut self, each: &mut dyn FnMut(&Item)) -> Result<(), SpoolFault> {
        let mut shown = Ok(());
        for mut pile in self.take_piles() {
            let (items, pile) = (pile.items(), &mut pile);
            while shown.is_ok() && pile.items() > 0 {
                shown = pile.next(SHOWN).map(|(items, _)| items.iter().for_each(&mut *each));
            }
            self.queue.settle(|stock| stock.settle_kept(items, Fate::Dead));
        }
        shown
    }

    /// Gives the items back, in their order, for a fresh child.
    pub fn replay(mut self) -> Replay {
        Replay { queue: self.queue.clone(), piles: self.take_piles() }
    }

    fn settle(mut self, fate: Fate) {
        let items = self.take_piles().iter().map(Pile::items).sum();
        self.queue.settle(|stock| stock.settle_kept(items, fate));
    }

    fn bytes(&self) -> u64 {
        self.piles().map(Pile::bytes).sum()
    }

    fn piles(&self) -> impl Iterator<Item = &Pile> {
        std::iter::once(&self.read).chain(&self.rest)
    }

    /// Takes everything out; what it has read comes before what it has not.
    fn take_piles(&mut self) -> VecDeque<Pile> {
        let mut piles = std::mem::take(&mut self.rest);
        piles.push_front(self.read.take());
        piles
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        let items = self.items();
        if items > 0 {
            self.queue.settle(|stock| stock.settle_kept(items, Fate::Left));
        }
    }
}

/// Items that a fresh child is given again, because the one before it failed. What is dropped here
/// is left undone.
#[derive(Debug)]
#[must_use = "items that are dropped here are left undone"]
pub struct Replay {
    queue: Queue,
    piles: VecDeque<Pile>,
}

impl Replay {
    /// Lends the next items, as another try of each: at least one, and at most so many bytes. What
    /// of them goes back unanswered waits in the queue again.
    pub fn next_batch(&mut self, bytes: u64) -> Result<Option<Batch>, SpoolFault> {
        while let Some(pile) = self.piles.front_mut() {
            if pile.items() == 0 {
                self.piles.pop_front();
                continue;
            }
            let (mut items, row) = pile.next(Bound { bytes, ..ONE_BATCH })?;
            for item in &mut items {
                item.attempt += 1;
            }
            self.queue.settle(|stock| stock.lend_again(row, &mut items));
            if !items.is_empty() {
                let loan = Loan { row, ..Loan::default() };
                return Ok(Some(self.queue.batch(items, loan)));
            }
        }
        Ok(None)
    }

    /// Returns how many items there are.
    pub fn items(&self) -> u64 {
        self.piles.iter().map(Pile::items).sum()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let items = self.items();
        if items > 0 {
            self.queue.settle(|stock| stock.settle_kept(items, Fate::Left));
        }
    }
}

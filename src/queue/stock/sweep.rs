//! Sweep: what is dropped of a stock, because nobody wants it any more.
//!
//! Each item is shown before it is dropped, those on disk too. Unaware of why.

use super::super::SpoolFault;
use super::super::books::Fate;
use super::{Item, Origin, Stock};

impl Stock {
    /// Drops all that is not lent. Returns how many items that were.
    pub(in crate::queue) fn drop_rest(
        &mut self,
        each: &mut dyn FnMut(&Item),
    ) -> Result<u64, SpoolFault> {
        self.sweep(&|_| true, each)
    }

    /// Drops all that one producer has put in so far; of what is lent, what comes back. Returns how
    /// many items were dropped at once.
    pub(in crate::queue) fn discard(
        &mut self,
        origin: Origin,
        each: &mut dyn FnMut(&Item),
    ) -> Result<u64, SpoolFault> {
        self.discarded.retain(|(other, _)| *other != origin);
        self.discarded.push((origin, self.books.level.put));
        self.sweep(&|item| item.origin == origin, each)
    }

    /// Returns whether an item comes from a producer whose items were discarded since.
    pub(super) fn is_discarded(&self, item: &Item) -> bool {
        let mut discarded = self.discarded.iter();
        discarded.any(|(origin, before)| *origin == item.origin && item.index < *before)
    }

    fn sweep(
        &mut self,
        goes: &dyn Fn(&Item) -> bool,
        each: &mut dyn FnMut(&Item),
    ) -> Result<u64, SpoolFault> {
        let mut gone = Vec::new();
        let mut stays = |item: &Item| {
            let goes = goes(item);
            if goes {
                each(item);
                gone.push((item.index, item.size()));
            }
            !goes
        };
        self.rows.iter_mut().for_each(|row| row.retain(&mut stays));
        self.due.retain(|due| {
            let stays = stays(&due.item);
            self.rows[due.loan.row as usize].due -= u64::from(!stays);
            stays
        });
        if let Some(window) = &mut self.window {
            window.retain(&mut stays);
        }
        let in_memory = self.settle_each(Fate::Left, gone.into_iter());
        let on_disk = self.sweep_disk(goes, each);
        self.flow();
        on_disk.map(|on_disk| in_memory + on_disk)
    }

    fn sweep_disk(
        &mut self,
        goes: &dyn Fn(&Item) -> bool,
        each: &mut dyn FnMut(&Item),
    ) -> Result<u64, SpoolFault> {
        let Some(spill) = &mut self.spill else { return Ok(0) };
        let mut gone = 0;
        let swept = spill.retain(&mut |item| {
            let goes = goes(item);
            if goes {
                each(item);
                gone += 1;
                self.ages.leave(item.index);
                if let Some(window) = &mut self.window {
                    window.settle(item.index);
                }
            }
            !goes
        });
        self.books.settle(gone, Fate::Left);
        swept.map(|()| gone)
    }
}

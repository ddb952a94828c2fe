//! Back: what comes back to a stock, answered or not.
//!
//! Unaware of what was done with it.

use tokio::time::Instant;

use super::super::books::Fate;
use super::super::due::Due;
use super::{Item, Loan, Stock};

impl Stock {
    /// Takes the answer for lent items, of which index and bytes are given.
    pub(in crate::queue) fn settle(
        &mut self,
        loan: Loan,
        fate: Fate,
        items: impl Iterator<Item = (u64, u64)>,
    ) {
        let count = self.settle_each(fate, items);
        self.count_back(loan, count);
        self.flow();
    }

    /// Takes back items that were lent, to where they were.
    pub(in crate::queue) fn give_back(&mut self, loan: Loan, items: impl Iterator<Item = Item>) {
        let mut count = 0;
        let items = items.inspect(|_| count += 1);
        if self.discarded.is_empty() {
            self.rows[loan.row as usize].give_back(items, loan.bond);
        } else {
            let (gone, wanted): (Vec<_>, Vec<_>) = items.partition(|item| self.is_discarded(item));
            self.settle_each(Fate::Left, gone.iter().map(|item| (item.index, item.size())));
            self.rows[loan.row as usize].give_back(wanted.into_iter(), loan.bond);
        }
        self.count_back(loan, count);
        self.flow();
    }

    /// Takes back an item that was lent, for a later time.
    pub(in crate::queue) fn later(&mut self, loan: Loan, mut item: Item, at: Instant) {
        if self.is_discarded(&item) {
            return self.settle(loan, Fate::Left, [(item.index, item.size())].into_iter());
        }
        item.bytes.detach();
        self.count_back(loan, 1);
        self.rows[loan.row as usize].due += 1;
        self.due.push(Due { at, item, loan });
    }

    /// Lets what is due wait again. Returns whether there was something.
    pub(in crate::queue) fn ripen(&mut self, now: Instant) -> bool {
        let mut some = false;
        while let Some(Due { item, loan, .. }) = self.due.pop(now) {
            some = true;
            let row = &mut self.rows[loan.row as usize];
            row.due -= 1;
            row.give_back(std::iter::once(item), loan.bond);
        }
        if some {
            self.flow();
        }
        some
    }

    /// Settles items that were kept elsewhere.
    pub(in crate::queue) fn settle_kept(&mut self, items: u64, fate: Fate) {
        self.books.settle_kept(items, fate);
    }

    /// Lends items again that were kept elsewhere, but for those that nobody wants any more.
    pub(in crate::queue) fn lend_again(&mut self, row: u32, items: &mut Vec<Item>) {
        let before = items.len();
        items.retain(|item| !self.is_discarded(item));
        self.books.settle_kept((before - items.len()) as u64, Fate::Left);
        let lent = items.len() as u64;
        self.books.level.kept -= lent;
        self.books.level.lent += lent;
        self.rows[row as usize].lent += lent;
        for item in items {
            self.books.enter(item.size());
            self.ages.reenter(item.index);
        }
    }

    fn count_back(&mut self, loan: Loan, items: u64) {
        self.books.level.lent -= items;
        self.rows[loan.row as usize].lent -= items;
    }
}

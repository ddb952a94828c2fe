//! Lend: what goes out of a stock, and to whom.
//!
//! Whoever takes one thing at a time gets the oldest of a free shard; a reader holds a shard for
//! its whole life and gets what is there. Unaware of what comes back.

use super::super::order::Bound;
use super::super::slice::gather;
use super::{Item, Loan, Stock};

impl Stock {
    /// Lends the first item of a row, or of the one whose turn it is.
    pub(in crate::queue) fn take(&mut self, row: Option<u32>) -> Option<(Item, Loan)> {
        let row = self.pick(row)?;
        let (mut item, bond) = self.rows[row as usize].take()?;
        item.bytes.detach();
        self.count_lent(row, 1);
        Some((item, Loan { row, bond }))
    }

    /// Lends the first items of a row, or of the one whose turn it is: a part as it is, or as
    /// many as stay within the bound.
    pub(in crate::queue) fn take_many(
        &mut self,
        row: Option<u32>,
        limit: Bound,
    ) -> Option<(Vec<Item>, Loan)> {
        let row = self.pick(row)?;
        let (mut lent, bond) = self.rows[row as usize].take_many(limit);
        self.count_lent(row, lent.len() as u64);
        for run in lent.chunk_by_mut(|one, two| one.bytes.is_beside(&two.bytes)) {
            let bytes = run.iter().map(|item| item.bytes.len()).sum();
            if run[0].bytes.wastes(bytes) {
                gather(run, self.wire);
            }
        }
        Some((lent, Loan { row, bond }))
    }

    /// Returns how many items one taker may have within so many bytes, with what stands around
    /// each.
    pub(in crate::queue) fn bound_as_written(&self, items: usize, bytes: usize) -> Bound {
        Bound { items, bytes: bytes as u64, wire: Some(self.wire) }
    }

    /// Returns whether something can be lent of a row, or of any.
    pub(in crate::queue) fn has_waiting(&self, row: Option<u32>) -> bool {
        self.pick(row).is_some()
    }

    /// Returns whether nothing will ever wait again of a row, or of any, but for what is lent or
    /// due.
    pub(in crate::queue) fn is_over(&self, row: Option<u32>) -> bool {
        let in_rows: u64 = match row {
            Some(row) => self.rows[row as usize].len(),
            None => self.rows.iter().map(super::Row::len).sum(),
        };
        self.is_closed() && in_rows == 0 && self.beyond() == 0
    }

    /// Returns whether nothing will ever wait again of a row, or of any, whatever becomes of what
    /// is lent or due: there is nothing of it.
    pub(in crate::queue) fn is_done(&self, row: Option<u32>) -> bool {
        let is_done = |row: &super::Row| row.len() + row.lent + row.due == 0;
        self.is_over(row)
            && match row {
                Some(row) => is_done(&self.rows[row as usize]),
                None => self.rows.iter().all(is_done),
            }
    }

    /// Returns whether what is lent next has to run alone.
    pub(in crate::queue) fn next_is_alone(&self, row: Option<u32>) -> bool {
        let row = self.pick(row);
        row.is_some_and(|row| self.rows[row as usize].next_is_alone())
    }

    /// Holds the shard whose turn it is for a reader, where there are shards.
    pub(in crate::queue) fn hold(&mut self) -> Option<u32> {
        let row = self.sharded.then(|| self.pick(None))??;
        self.rows[row as usize].read = true;
        Some(row)
    }

    /// Lets go of a shard that a reader held.
    pub(in crate::queue) fn let_go(&mut self, row: u32) {
        self.rows[row as usize].read = false;
    }

    /// Returns the shard of a loan, where there are any.
    pub(in crate::queue) fn shard(&self, loan: Loan) -> Option<u32> {
        self.sharded.then_some(loan.row)
    }

    /// Returns the row of which something can be lent: the given one, or the one whose first
    /// item goes before those of all others.
    fn pick(&self, row: Option<u32>) -> Option<u32> {
        if let Some(at) = row.or((!self.sharded).then_some(0)) {
            let row = &self.rows[at as usize];
            // In a shard nothing overtakes what is tried again.
            let waits = row.len() > 0 && !(self.sharded && row.due > 0);
            return waits.then_some(at);
        }
        let free = (0..).zip(&self.rows).filter(|(_, row)| row.is_free());
        let first = free.filter_map(|(at, row)| Some((row.first()?, at))).min();
        first.map(|(_, at)| at)
    }

    fn count_lent(&mut self, row: u32, items: u64) {
        self.books.level.lent += items;
        self.rows[row as usize].lent += items;
    }
}

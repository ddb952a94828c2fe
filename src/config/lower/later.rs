//! Later: what is declared for a version to come, as far as it can be wrong by itself: what a
//! process writes.
//!
//! Nothing of the model holds these yet. Unaware of when they would matter.

use super::Reader;
use crate::config::raw::Process as Raw;

impl Reader<'_, '_, '_> {
    /// Reads everything of a process that is declared for later.
    pub(super) fn declared(&mut self, raw: &Raw) {
        raw.outputs.get().into_iter().flat_map(|list| &list.value.entries).for_each(|glob| {
            self.glob(glob);
        });
    }
}

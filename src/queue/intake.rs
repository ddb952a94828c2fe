//! Intake: what is asked of an item before it is put in.
//!
//! Its key, its priority and its shards come out of its bytes by templates that the queue does not
//! understand: it is given a function for each. Unaware of room.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};

use thiserror::Error;

use super::item::Rank;
use super::unique::{Key, MOST_KEYS, Unique};
use super::{Slice, SpoolFault};

/// Fills a template in with the bytes of an item; a failure says why in words.
pub type Ask = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, String>>;

/// Why an item was not put in.
#[derive(Debug)]
pub enum NotPut {
    /// There is no room; here it is back.
    Full(Slice),
    /// Nothing is put in any more.
    Closed,
    /// It is not what this queue needs: the fault of who made it.
    Unfit(String),
    /// The queue can't go on.
    Fault(QueueFault),
}

/// A queue can't go on.
#[derive(Debug, Error)]
pub enum QueueFault {
    /// What is beyond its capacity can't be written or read. The sentence follows "failed to".
    #[error("failed to {0}")]
    Spool(#[from] SpoolFault),
    /// There are more different keys than it remembers.
    #[error("`unique` remembers {most} different keys at most, and there is one more")]
    TooManyKeys {
        /// How many.
        most: usize,
    },
}

impl From<SpoolFault> for NotPut {
    fn from(fault: SpoolFault) -> Self {
        Self::Fault(fault.into())
    }
}

/// What is asked of all items.
#[derive(Default)]
pub(super) struct Intake {
    pub(super) unique: Option<Unique>,
    /// What makes an item the same item; all of it where none is given.
    pub(super) key: Option<Ask>,
    pub(super) priority: Option<Ask>,
}

/// What is asked of the items of a lane that has shards.
pub(super) struct Shards {
    pub(super) key: Ask,
    pub(super) count: u32,
}

impl Intake {
    /// Returns what goes first.
    pub(super) fn rank(&self, bytes: &[u8]) -> Result<Rank, NotPut> {
        let Some(priority) = &self.priority else { return Ok(Rank::default()) };
        let rank = priority(bytes).and_then(|text| Rank::parse(&text));
        rank.map_err(NotPut::Unfit)
    }

    /// Returns whether an item is new, and remembers it.
    pub(super) fn is_new(&mut self, bytes: &[u8]) -> Result<bool, NotPut> {
        let Some(unique) = &mut self.unique else { return Ok(true) };
        let noted = match &self.key {
            Some(key) => unique.note(&key(bytes).map_err(NotPut::Unfit)?),
            None => unique.note(bytes),
        };
        match noted {
            Key::New => Ok(true),
            Key::Known => Ok(false),
            Key::OneTooMany => Err(NotPut::Fault(QueueFault::TooManyKeys { most: MOST_KEYS })),
        }
    }
}

impl Shards {
    /// Returns the shard of an item: in each run the same for the same key.
    pub(super) fn of(&self, bytes: &[u8]) -> Result<u32, NotPut> {
        let mut hash = DefaultHasher::new();
        hash.write(&(self.key)(bytes).map_err(NotPut::Unfit)?);
        let shard = hash.finish() % u64::from(self.count.max(1));
        Ok(u32::try_from(shard).expect("it is less than the number of shards"))
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("unique", &self.unique.is_some()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("count", &self.count).finish_non_exhaustive()
    }
}

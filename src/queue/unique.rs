//! Unique: which keys were there before.
//!
//! A key is remembered as 128 bits of two hashes whose secrets are drawn anew for each queue: a
//! hundred million keys have one chance in ten thousand billions of billions that two of them are
//! taken for one, and nobody can choose keys so that they are. Unaware of what a key is made of.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// Keys that are remembered: half a GiB of them.
pub(super) const MOST_KEYS: usize = 28_000_000;

/// The keys that were there.
#[derive(Debug, Default)]
pub(super) struct Unique {
    seen: HashSet<(u64, u64)>,
    secrets: (RandomState, RandomState),
}

/// Whether a key was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    New,
    Known,
    /// It was not, and can't be remembered.
    OneTooMany,
}

impl Unique {
    /// Remembers a key.
    pub(super) fn note(&mut self, key: &[u8]) -> Key {
        self.note_within(key, MOST_KEYS)
    }

    fn note_within(&mut self, key: &[u8], most: usize) -> Key {
        let print = (self.secrets.0.hash_one(key), self.secrets.1.hash_one(key));
        if self.seen.len() < most {
            return if self.seen.insert(print) { Key::New } else { Key::Known };
        }
        if self.seen.contains(&print) { Key::Known } else { Key::OneTooMany }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once() {
        let mut unique = Unique::default();
        let keys: [&[u8]; 5] = [b"a", b"b", b"a", b"c", b"b"];
        let noted = keys.map(|key| unique.note_within(key, 2));
        assert_eq!(noted, [Key::New, Key::New, Key::Known, Key::OneTooMany, Key::Known]);
    }
}

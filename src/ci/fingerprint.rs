//! Fingerprint: what a problem is recognised by after its file was edited elsewhere.
//!
//! Made of the file, the rule and the words, never of the line; of two problems that read the same
//! the second is another one. The hash is written out because that of the standard library may
//! change, and fingerprints are kept for months. Unaware of who compares them.

use std::collections::HashMap;

/// Where FNV-1a begins.
const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Makes fingerprints, and remembers those that it has made.
#[derive(Debug, Default)]
pub struct Fingerprints {
    seen: HashMap<u64, u64>,
}

impl Fingerprints {
    /// Returns the fingerprint of the next problem, of which these texts tell.
    pub fn of(&mut self, texts: &[&str]) -> String {
        let hash = texts.iter().fold(START, |hash, text| fnv(fnv(hash, text.as_bytes()), &[0]));
        let before = self.seen.entry(hash).or_default();
        let fingerprint = fnv(hash, &before.to_be_bytes());
        *before += 1;
        format!("{fingerprint:016x}")
    }
}

/// Goes on with the FNV-1a hash of some bytes.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_known_one() {
        assert_eq!([fnv(START, b""), fnv(START, b"a")], [START, 0xaf63_dc4c_8601_ec8c]);
    }

    #[test]
    fn who_reads_the_same_is_another_one() {
        let mut prints = Fingerprints::default();
        let [one, two] = [prints.of(&["a", "b"]), prints.of(&["a", "b"])];
        assert_ne!(one, two);
        assert_eq!(Fingerprints::default().of(&["a", "b"]), one);
        assert_ne!(Fingerprints::default().of(&["ab", ""]), one);
    }
}

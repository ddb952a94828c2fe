//! Fingerprint: what a problem is recognised by after its file was edited elsewhere.
//!
//! Made of the file, the rule and the words, never of the line; of two problems that read the same
//! the second is another one. The hash is written out because that of the standard library may
//! change, and fingerprints are kept for months. Unaware of who compares them.

use std::collections::HashMap;

use super::findings::Findings;

/// Returns the fingerprint of each problem.
pub(super) fn fingerprints(findings: &Findings) -> impl Iterator<Item = String> {
    let mut seen: HashMap<u64, u64> = HashMap::new();
    findings.all().map(move |found| {
        let label = found.labels.first().map_or("", |label| label.text.as_str());
        let own = [found.place.file.as_str(), found.code, &found.message, label];
        let hash = own.iter().fold(START, |hash, text| fnv(fnv(hash, text.as_bytes()), &[0]));
        let before = seen.entry(hash).or_default();
        let fingerprint = fnv(hash, &before.to_be_bytes());
        *before += 1;
        format!("{fingerprint:016x}")
    })
}

/// Where FNV-1a begins.
const START: u64 = 0xcbf2_9ce4_8422_2325;

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
}

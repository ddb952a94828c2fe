//! Written: a number of bytes as a job file has it.
//!
//! Unaware of what it measures.

/// Returns a size in the greatest unit that leaves no rest.
pub(super) fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let whole = units.into_iter().find(|(shift, _)| bytes > 0 && bytes.is_multiple_of(1 << shift));
    match whole {
        Some((shift, unit)) => format!("{}{unit}", bytes >> shift),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_short() {
        let sizes = [1, 1 << 10, 3 << 20, 64 << 30, (1 << 20) + 1].map(super::size);
        assert_eq!(sizes, ["1B", "1KiB", "3MiB", "64GiB", "1048577B"]);
    }
}

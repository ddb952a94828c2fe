//! Nearest: the declared name that a wrong one probably meant.
//!
//! Unaware of what the names stand for.

/// Returns the position of the nearest name, if one is near enough to have been meant: a third of
/// the letters may differ, and case, `-` and `_` count for nothing.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<usize> {
    let wanted = folded(name);
    let letters = wanted.chars().count();
    let most = (letters / 3).max(1);
    names
        .enumerate()
        .map(|(at, name)| (strsim::damerau_levenshtein(&wanted, &folded(name)), at))
        .filter(|(distance, _)| *distance <= most && *distance < letters)
        .min()
        .map(|(_, at)| at)
}

/// Returns a name without what people mix up.
fn folded(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_may_differ() {
        let names = ["network", "disk", "a"];
        let near = |name| nearest(name, names.into_iter()).map(|at| names[at]);
        assert_eq!(near("ntework"), Some("network"));
        assert_eq!(near("Net_work"), Some("network"));
        assert_eq!(near("dsik"), Some("disk"));
        assert_eq!(near("b"), None);
        assert_eq!(near("something"), None);
    }
}

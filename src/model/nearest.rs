//! Nearest: the known name that a wrong one probably meant.
//!
//! Unaware of what the names stand for.

/// Names longer than this are not compared: the work grows with the square of their length.
const LONGEST_COMPARED: usize = 100;

/// Letters by which folding may lengthen a known name and leave it near.
const HUMPS: usize = 2;

/// How many known names [`nearest`] compares: a file may declare 100 000, and as many slips.
const MOST_COMPARED: usize = 1000;

/// Returns the known name that is the fewest slips away. A third of the letters may differ; case,
/// `-`, `_` and the humps of `camelCase` count for nothing.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().take(MOST_COMPARED).collect();
    nearest_at(name, known.iter().copied()).map(|at| known[at])
}

/// Returns the position of the known name that is the fewest slips away, among all of them.
pub fn nearest_at<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    if name.len() > LONGEST_COMPARED {
        return None;
    }
    let wanted = fold(name);
    let letters = wanted.chars().count();
    let most = (letters / 3).max(1);
    // Lengths first: the distance is at least their difference, and long names cost the most.
    let near = |known: &str| letters.abs_diff(known.chars().count()) <= most + HUMPS;
    known
        .into_iter()
        .enumerate()
        .filter(|(_, known)| near(known))
        .map(|(at, known)| (strsim::damerau_levenshtein(&wanted, &fold(known)), at))
        .filter(|(slips, _)| *slips <= most && *slips < letters)
        .min()
        .map(|(_, at)| at)
}

/// Returns a name as keys of a job file are written: in lowercase, with `-` between its words.
pub fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len() + 2);
    let mut small = false;
    for c in name.chars() {
        if c.is_uppercase() && small {
            folded.push('-');
        }
        small = c.is_lowercase() || c.is_ascii_digit();
        match c {
            '_' | ' ' => folded.push('-'),
            _ => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_may_differ() {
        let names = ["network", "disk", "a", "depends-on"];
        let near = |name| nearest(name, names);
        assert_eq!(near("ntework"), Some("network"));
        assert_eq!(near("Net_work"), Some("network"));
        assert_eq!(near("dsik"), Some("disk"));
        assert_eq!(near("dependsOn"), Some("depends-on"));
        assert_eq!(near("b"), None);
        assert_eq!(near(""), None);
        assert_eq!(near("something"), None);
    }

    #[test]
    fn words_are_joined_as_keys_are() {
        for (name, folded) in [
            ("envFile", "env-file"),
            ("ENV_FILE", "env-file"),
            ("EnvFile", "env-file"),
            ("ExecStart", "exec-start"),
            ("needs", "needs"),
        ] {
            assert_eq!(fold(name), folded);
        }
    }
}

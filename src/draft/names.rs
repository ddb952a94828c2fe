//! Names: what processes are called, from whatever another tool allows.
//!
//! A name keeps as much as it may, and two that would be one get a number. Unaware of which tool
//! it is.

use std::collections::{HashMap, HashSet};

/// Letters of a name; the language allows some more, which leaves room for a number.
const LONGEST: usize = 56;

/// Names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// The number that the next one of a name gets.
    next: HashMap<String, u32>,
}

impl Names {
    /// Returns the name of something that is called so elsewhere.
    pub(super) fn take(&mut self, called: &str) -> String {
        let part = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        let kept: String = called.chars().map(part).take(LONGEST).collect();
        let kept = kept.trim_matches(['-', '.']);
        let kept = if kept.is_empty() { "process" } else { kept };
        // Names that differ in case only are one.
        let next = self.next.entry(kept.to_lowercase()).or_insert(1);
        loop {
            let name = if *next == 1 { kept.to_owned() } else { format!("{kept}-{next}") };
            *next += 1;
            if self.taken.insert(name.to_lowercase()) {
                return name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_as_far_as_they_can_be() {
        let mut names = Names::default();
        for (called, name) in [
            ("build", "build"),
            ("Build", "Build-2"),
            ("db:migrate", "db-migrate"),
            ("db/migrate", "db-migrate-2"),
            ("--", "process"),
            ("ünde", "nde"),
            ("build-3", "build-3"),
            ("build", "build-4"),
        ] {
            assert_eq!(names.take(called), name);
        }
        assert_eq!(names.take(&"x".repeat(100)).len(), LONGEST);
    }
}

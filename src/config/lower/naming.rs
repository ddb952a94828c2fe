//! Naming: names that can be used, once each, and told apart by whoever reads them.
//!
//! What can be a name is the model's to say. Unaware of what has it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Reader;
use crate::config::forms::Span;
use crate::model::{LONGEST_NAME, Place, Problem, code, is_part_of_name, unusable};

/// Names that are taken, with their places.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By section, in lowercase: two that differ in case only would share their files.
    taken: HashMap<(&'static str, String), (String, Place)>,
    /// By section and by what a reader sees.
    seen: HashMap<(&'static str, String), (String, Place)>,
}

impl Names {
    /// Returns whether a name is taken.
    pub(super) fn has(&self, section: &'static str, name: &str) -> bool {
        self.taken.contains_key(&(section, name.to_lowercase()))
    }
}

impl Reader<'_, '_, '_> {
    /// Takes a name; says where it cannot be used, is taken or looks like another.
    pub(super) fn name(&mut self, section: &'static str, name: &str, at: Span) {
        if let Some(why) = unusable(name) {
            let said = format!("{name:?} cannot name a {section}: {why}");
            let problem = Problem::error(code::BAD_NAME, said, self.label(at, "this name"));
            self.tell(problem.help(usable(name)));
        }
        let place = self.place(at);
        let own = (name.to_owned(), place.clone());
        match self.all.names.taken.entry((section, name.to_lowercase())) {
            Entry::Vacant(free) => {
                free.insert(own.clone());
            }
            Entry::Occupied(taken) => {
                let problem = twice(section, name, place, taken.get());
                self.tell(problem);
                return;
            }
        }
        match self.all.names.seen.entry((section, appearance(name))) {
            Entry::Vacant(free) => {
                free.insert(own);
            }
            Entry::Occupied(seen) => {
                let (first, first_place) = seen.get();
                let said = format!("{section} `{name}` and `{first}` look alike");
                let problem = Problem::error(code::ALIKE, said, place.label("this one"))
                    .also(first_place.clone().label("and this one"));
                self.tell(problem.warning().help("rename one of the two"));
            }
        }
    }
}

/// Tells of a name that is taken.
fn twice(
    section: &str,
    name: &str,
    place: Place,
    (first, first_place): &(String, Place),
) -> Problem {
    let said = if first == name {
        format!("{section} `{name}` is declared twice")
    } else {
        format!("{section} `{name}` and `{first}` differ in case only")
    };
    Problem::error(code::DUPLICATE, said, place.label("declared again"))
        .also(first_place.clone().label("first declared here"))
        .help("rename one of the two: log files carry these names")
}

/// Returns the cure for a name that cannot be used: the nearest one that can.
fn usable(name: &str) -> String {
    let mut near: String = name.chars().map(|c| if is_part_of_name(c) { c } else { '-' }).collect();
    near.truncate(LONGEST_NAME);
    let near = near.trim_matches('-');
    if unusable(near).is_some() || near.is_empty() {
        return "use letters, digits, `.`, `_` and `-`, at most 64 of them".to_owned();
    }
    format!("call it `{near}`: letters, digits, `.`, `_` and `-`, at most 64 of them")
}

/// Returns what a reader sees of a name: signs that are mixed up are one.
fn appearance(name: &str) -> String {
    let seen = |c: char| match c {
        'l' | 'I' => '1',
        'o' | 'O' => '0',
        '_' => '-',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(seen).collect::<String>().replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_mixes_up_looks_alike() {
        for (one, other) in
            [("build-1", "build_1"), ("all1", "alll"), ("O1", "01"), ("corn", "com")]
        {
            assert_eq!(appearance(one), appearance(other));
        }
        assert_ne!(appearance("build"), appearance("built"));
        assert_ne!(appearance("a1"), appearance("a2"));
    }

    #[test]
    fn names_are_mended() {
        assert!(usable("my build").starts_with("call it `my-build`"));
        assert!(usable("-x").starts_with("call it `x`"));
        assert!(usable("ä").starts_with("use letters"));
    }
}

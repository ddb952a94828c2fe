//! Name: what a process, a pool, a queue, a tag, a key of a matrix and a result can be called.
//!
//! A name is part of file names, of columns on a screen, of placeholders and of command lines.
//! Unaware of what has it.

/// The longest name, in letters: it is part of file names and of columns on a screen.
pub const LONGEST_NAME: usize = 64;

/// Returns why something cannot be a name, as the end of a sentence about it; `None` where it can.
pub fn unusable(name: &str) -> Option<String> {
    let bad = name.chars().find(|c| !is_part_of_name(*c));
    match (name, bad) {
        ("", _) => Some("it is empty".to_owned()),
        ("." | "..", _) => Some("it means a folder".to_owned()),
        (_, Some(bad)) => Some(format!("it holds {bad:?}")),
        (_, None) if name.starts_with('-') => {
            Some("on a command line it would be an option".to_owned())
        }
        (_, None) if name.len() > LONGEST_NAME => {
            Some(format!("it is {} letters long", name.len()))
        }
        (_, None) => None,
    }
}

/// Returns whether a name may hold a character.
pub fn is_part_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_name_says_why() {
        for (name, why) in [
            ("", "it is empty"),
            ("..", "it means a folder"),
            ("a b", "it holds ' '"),
            ("ä", "it holds 'ä'"),
            ("-x", "on a command line it would be an option"),
        ] {
            assert_eq!(unusable(name).as_deref(), Some(why), "{name:?}");
        }
        assert_eq!(unusable(&"a".repeat(65)).unwrap(), "it is 65 letters long");
        assert_eq!((unusable("a.b_c-1"), unusable(&"a".repeat(64))), (None, None));
    }
}

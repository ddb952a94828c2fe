//! Words: what must not stand in the repository.
//!
//! The words are put together here from halves, so that this file can be read by its own rules.

use super::tree::is;

/// Marks of work that is not done, in any file.
const UNDONE: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// What a Rust file must not say, and what it should instead.
const RUST: [(&str, &str); 5] = [
    (concat!("db", "g!("), "it prints for its author only"),
    (concat!("#[all", "ow("), "say `#[expect(…, reason = …)]`"),
    (concat!("#![all", "ow("), "say `#[expect(…, reason = …)]`"),
    (concat!("#[ign", "ore"), "a test that is not run proves nothing"),
    (concat!("unimplem", "ented!("), "an unfinished path must not be merged"),
];

/// Names that say nothing about what is inside.
const NAMES: [&str; 9] =
    ["mod", "imp", "util", "utils", "helper", "helpers", "manager", "common", "misc"];

/// Folders of people's machines.
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

/// Returns every forbidden word of a file, and a forbidden name of it.
pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let mut found = name(path);
    for (number, line) in text.lines().enumerate() {
        let place = format!("{path}:{}", number + 1);
        let undone = UNDONE.iter().filter(|word| has_word(line, word));
        found.extend(undone.map(|word| format!("{place}: `{word}`: finish it or open an issue")));
        if is(path, "rs") {
            let said = RUST.iter().filter(|(word, _)| line.contains(word));
            found.extend(said.map(|(word, why)| format!("{place}: `{word}`: {why}")));
        }
    }
    found
}

/// Returns every path of a machine that a file names; `home` is where this checkout lies.
pub(super) fn paths(path: &str, text: &str, checkout: &str) -> Vec<String> {
    let deep = checkout.matches('/').count() > 1;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let own = (deep && line.contains(checkout)).then_some(checkout);
        let named = HOMES.into_iter().filter(|home| starts_path(line, home)).chain(own);
        found.extend(
            named.map(|named| {
                format!("{path}:{}: names `{named}`, a path of one machine", number + 1)
            }),
        );
    }
    found
}

fn name(path: &str) -> Vec<String> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.strip_suffix(".rs").unwrap_or_default();
    let bad = NAMES.contains(&stem);
    bad.then(|| format!("{path}: `{file}` does not say what is inside")).into_iter().collect()
}

fn has_word(line: &str, word: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(letter) && !line[at + word.len()..].starts_with(letter)
    })
}

/// Returns whether an absolute path with this start stands in a line.
fn starts_path(line: &str, start: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || "._-~}".contains(c);
    line.match_indices(start).any(|(at, _)| !line[..at].ends_with(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_pass() {
        let text = "the mastodon walks, a fixture, XXXL\nshare/home/x\n";
        assert_eq!(check("src/queue.rs", text), Vec::<String>::new());
        assert_eq!(paths("a.md", text, "/build/runner"), Vec::<String>::new());
    }

    #[test]
    fn forbidden_words_are_refused() {
        for word in UNDONE {
            assert_eq!(check("a.md", &format!("\n# {word}: later")).len(), 1, "{word}");
        }
        for (word, _) in RUST {
            assert_eq!(check("a.rs", &format!("    {word}x)]")).len(), 1, "{word}");
        }
        assert_eq!(check("src/queue/mod.rs", "").len(), 1);
        assert_eq!(check("src/helper.rs", "").len(), 1);
    }

    #[test]
    fn paths_of_a_machine_are_refused() {
        for home in HOMES {
            assert_eq!(paths("a.md", &format!("see `{home}me/x`"), "/build/runner").len(), 1);
        }
        assert_eq!(paths("a.md", "cd /build/runner", "/build/runner").len(), 1);
    }
}

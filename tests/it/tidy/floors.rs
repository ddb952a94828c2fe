//! Floors: a room imports from lower floors only, never up, never a neighbour.
//!
//! Inside one crate the compiler allows any import, so this is what keeps rooms apart. Every path
//! from the root of the crate is read, in `use` and in expressions, in code and in tests.

use super::tokens::{Token, inline_modules, tokens};

/// Every room with its floor.
pub(super) const FLOORS: [(&str, u8); 21] = [
    ("model", 0),
    ("config", 1),
    ("plan", 1),
    ("event", 1),
    ("lookup", 1),
    ("ci", 1),
    ("child", 2),
    ("launch", 2),
    ("mask", 2),
    ("matcher", 2),
    ("queue", 2),
    ("journal", 2),
    ("report", 2),
    ("diagnostic", 2),
    ("draft", 2),
    ("preflight", 2),
    ("engine", 3),
    ("lsp", 3),
    ("app", 4),
    ("cli", 5),
    ("main", 6),
];

/// Crates that one room alone may name, because the others must not know what it knows.
const LODGERS: [(&str, &str); 13] = [
    ("clap", "cli"),
    ("clap_complete", "cli"),
    ("clap_mangen", "cli"),
    ("indicatif", "report"),
    ("lsp_server", "lsp"),
    ("lsp_types", "lsp"),
    ("miette", "diagnostic"),
    ("petgraph", "plan"),
    ("saphyr", "draft"),
    ("saphyr_parser", "draft"),
    ("similar", "diagnostic"),
    ("toml", "config"),
    ("toml_edit", "config"),
];

/// Returns every breach of the floors in a file of `src`.
pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    let parts: Vec<_> = inside.split('/').collect();
    if inside == "lib" {
        return Vec::new();
    }
    let Some(own) = floor(parts[0]) else {
        return vec![format!("{path}: `{}` has no floor: give it one in FLOORS", parts[0])];
    };
    let tokens = tokens(text);
    let mut breaches = lodgers(path, parts[0], &tokens);
    for (target, line) in targets(&tokens, parts.len()) {
        let breach = match floor(target) {
            _ if target == parts[0] => continue,
            Some(floor) if floor < own => continue,
            Some(floor) if floor == own => "a neighbour on the same floor",
            Some(_) => "a room above it",
            None => "not a room",
        };
        breaches.push(format!("{path}:{line}: `{}` imports `{target}`, {breach}", parts[0]));
    }
    breaches
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn lodgers(path: &str, room: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let named = tokens.windows(3).enumerate().filter_map(|(at, three)| {
        let path = three[1].text == ":" && three[2].text == ":";
        let first = at == 0 || tokens[at - 1].text != ":";
        let home = LODGERS.iter().find(|(lodger, _)| *lodger == three[0].text)?.1;
        (path && first && home != room).then_some((three[0], home))
    });
    let told = named.map(|(token, home)| {
        format!("{path}:{}: `{}` lives in `{home}` alone", token.line, token.text)
    });
    told.collect()
}

/// Returns the rooms that a file names by a path from the root, with their lines. A file lies
/// `depth` modules below the root.
fn targets<'a>(tokens: &[Token<'a>], depth: usize) -> Vec<(&'a str, usize)> {
    let inline = inline_modules(tokens);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let path_starts = at == 0 || tokens[at - 1].text != ":";
        let after = match token.text {
            "crate" | "runner" if path_starts => root(tokens, at + 1),
            "super" if path_starts => {
                let below = inline.iter().filter(|(from, to)| (*from..*to).contains(&at)).count();
                climb(tokens, at, depth + below)
            }
            _ => None,
        };
        if let Some(after) = after {
            named(tokens, after, &mut found);
        }
    }
    found
}

/// Returns what stands after `::`, if that is what stands there.
fn root(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let colons = tokens.get(at..at + 2)?;
    colons.iter().all(|token| token.text == ":").then_some(at + 2)
}

/// Follows `super::super::` and returns what stands after it, if that is the root of the crate.
fn climb(tokens: &[Token<'_>], mut at: usize, depth: usize) -> Option<usize> {
    let mut steps = 0;
    while tokens.get(at)?.text == "super" {
        steps += 1;
        at = root(tokens, at + 1)?;
    }
    (steps >= depth).then_some(at)
}

/// Collects the first words of a path or of each path in a group.
fn named<'a>(tokens: &[Token<'a>], at: usize, found: &mut Vec<(&'a str, usize)>) {
    if tokens.get(at).is_none_or(|token| token.text != "{") {
        found.extend(tokens.get(at).map(|token| (token.text, token.line)));
        return;
    }
    let mut depth = 0;
    for pair in tokens[at..].windows(2) {
        match pair[0].text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
        if depth == 1 && matches!(pair[0].text, "{" | ",") && pair[1].text != "}" {
            found.push((pair[1].text, pair[1].line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_floors_are_allowed() {
        let text = "use crate::model::{Job, Place};\nuse crate::{event, model};
            use super::take; pub(in crate::queue) fn f() { crate::queue::g(); }
            // use crate::engine;
            mod tests { use super::*; use super::super::engine; }";
        assert_eq!(check("src/queue/stock.rs", text), Vec::<String>::new());
    }

    #[test]
    fn a_neighbour_is_refused() {
        let found = check("src/queue/stock.rs", "use crate::model::Job;\nuse crate::child::Host;");
        assert_eq!(
            found,
            ["src/queue/stock.rs:2: `queue` imports `child`, a neighbour on the same floor"]
        );
    }

    #[test]
    fn an_upward_import_is_refused_in_every_form() {
        let above = ["src/event.rs:2: `event` imports `engine`, a room above it"];
        for text in [
            "\nuse crate::engine::Engine;",
            "\nuse crate::{model::{Job, Place}, engine};",
            "\nfn f() { crate::engine::run(); }",
            "\nuse super::engine;",
            "\nmod tests { use super::super::engine; }",
        ] {
            assert_eq!(check("src/event.rs", text), above, "{text}");
        }
        let found = check("src/app/run.rs", "use runner::cli;");
        assert_eq!(found, ["src/app/run.rs:1: `app` imports `cli`, a room above it"]);
    }

    #[test]
    fn strangers_are_refused() {
        assert_eq!(check("src/extra.rs", "").len(), 1);
        assert_eq!(check("src/event.rs", "use crate::prelude::*;").len(), 1);
        let found = check("src/engine/core.rs", "use petgraph::Graph;");
        assert_eq!(found, ["src/engine/core.rs:1: `petgraph` lives in `plan` alone"]);
    }
}

//! Pages: what each code means, at length, from `docs/codes.md`.
//!
//! The document is the list, the pages of `runner explain` and the help of SARIF rules, so that
//! they cannot differ. Unaware of who shows a page.

use crate::model::{Code, code};

/// The document: a table of all codes, then a section for each.
const DOCUMENT: &str = include_str!("../../docs/codes.md");

/// The page of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// What it means, in one sentence.
    pub sentence: &'static str,
    /// What it means, an example, the cure: Markdown without the heading.
    pub text: &'static str,
}

/// Returns the page of a code by its number or its name, in any case.
pub fn page(word: &str) -> Option<Page> {
    let is =
        |code: &&Code| code.id.eq_ignore_ascii_case(word) || code.name.eq_ignore_ascii_case(word);
    code::ALL.iter().find(is).map(|code| of(*code))
}

/// Returns the pages of all codes, in order.
pub fn pages() -> impl Iterator<Item = Page> {
    code::ALL.iter().map(|code| of(*code))
}

fn of(code: Code) -> Page {
    let row = DOCUMENT.lines().find_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let own = cells.next()?.contains(&format!("[{}]", code.id));
        own.then(|| cells.nth(1)).flatten()
    });
    let section = sections().find(|(heading, _)| heading.split(' ').next() == Some(code.id));
    let text = section.map_or("", |(_, text)| text.trim());
    Page { code, sentence: row.unwrap_or_default(), text }
}

/// Returns the headings and texts of all sections.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    let sections = DOCUMENT.split("\n## ").skip(1);
    sections.filter_map(|section| section.split_once('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page_and_every_page_its_code() {
        let codes = code::ALL.iter().map(|code| format!("{} {}", code.id, code.name));
        let headings = sections().map(|(heading, _)| heading.to_owned());
        assert_eq!(headings.collect::<Vec<_>>(), codes.collect::<Vec<_>>());
        for Page { code, sentence, text } in pages() {
            assert!(sentence.ends_with('.') && text.len() > 100, "{code:?}: {sentence} {text}");
        }
        let rows = DOCUMENT.lines().filter(|line| line.starts_with("| [")).count();
        assert_eq!(rows, code::ALL.len(), "the table has a row for each");
    }

    #[test]
    fn a_code_is_known_by_number_and_by_name() {
        let cycle = page("E204").unwrap();
        assert_eq!(cycle.code, code::CYCLE);
        assert_eq!([page("e204"), page("Cycle"), page("E999")], [Some(cycle), Some(cycle), None]);
    }
}

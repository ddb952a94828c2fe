//! Symbols: the outline of a document.
//!
//! Unaware of other files.

use lsp_types::{DocumentSymbol, SymbolKind};

use super::look::Look;
use super::nouns::{Names, Noun};

/// Returns what a document declares, each with all up to the next.
pub(super) fn symbols(look: &Look<'_>) -> Vec<DocumentSymbol> {
    let text = look.text();
    let lines = look.lines(text);
    let names = Names::of(text, look.language).declared;
    let ends = names.iter().skip(1).map(|next| line_start(text, next.at.start));
    let ends: Vec<usize> = ends.chain([text.len()]).collect();
    let symbol = |(name, end): (&super::nouns::Name<'_>, usize)| {
        let whole = name.at.start..name.at.end.max(end);
        #[expect(deprecated, reason = "the type has a field that is no longer used")]
        DocumentSymbol {
            name: if name.text.is_empty() { "\"\"" } else { name.text }.to_owned(),
            detail: Some(name.noun.word().to_owned()),
            kind: kind(name.noun),
            tags: None,
            deprecated: None,
            range: lines.area(&whole),
            selection_range: lines.area(&name.at),
            children: None,
        }
    };
    names.iter().zip(ends).map(symbol).collect()
}

fn line_start(text: &str, byte: usize) -> usize {
    text[..byte].rfind('\n').map_or(0, |newline| newline + 1)
}

fn kind(noun: Noun) -> SymbolKind {
    match noun {
        Noun::Process => SymbolKind::FUNCTION,
        Noun::Pool => SymbolKind::CLASS,
        Noun::Queue => SymbolKind::INTERFACE,
        Noun::Variable => SymbolKind::VARIABLE,
        Noun::File => SymbolKind::FILE,
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::tests::look;
    use super::*;

    #[test]
    fn declarations_reach_to_the_next_one() {
        let text = "|[vars]\nx = \"1\"\n[process.a]\ncommand = [\"a\"]\n\n[pool.p]\n";
        let found = look(&[("job.toml", text)], symbols);
        let shown = |symbol: &DocumentSymbol| {
            let detail = symbol.detail.clone().unwrap_or_default();
            let (from, to) = (symbol.range.start.line, symbol.range.end.line);
            format!("{detail} {} {from}-{to}", symbol.name)
        };
        let shown: Vec<String> = found.iter().map(shown).collect();
        assert_eq!(shown, ["variable x 1-2", "process a 2-5", "pool p 5-6"]);
    }
}

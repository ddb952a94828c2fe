//! Format: a document in the one form of `runner fmt`, as an edit that leaves alone what is right.
//!
//! Unaware of what that form is.

use lsp_types::TextEdit;

use super::look::Look;
use crate::config;

/// Returns the edit that brings a document into form; nothing where it is, or is no TOML.
pub(super) fn edits(look: &Look<'_>) -> Vec<TextEdit> {
    let text = look.text();
    let Ok(formed) = config::format(text) else { return Vec::new() };
    let start = shared(text.split_inclusive('\n'), formed.split_inclusive('\n'));
    let (rest, new) = (&text[start..], &formed[start..]);
    let end = shared(rest.split_inclusive('\n').rev(), new.split_inclusive('\n').rev());
    let (old, new) = (start..text.len() - end, &new[..new.len() - end]);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    vec![TextEdit { range: look.lines(text).area(&old), new_text: new.to_owned() }]
}

/// Returns how many bytes two texts share, in whole lines.
fn shared<'t>(old: impl Iterator<Item = &'t str>, new: impl Iterator<Item = &'t str>) -> usize {
    old.zip(new).take_while(|(old, new)| old == new).map(|(line, _)| line.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::super::look::tests::look;
    use super::*;

    /// Returns the lines that are replaced, and what replaces them.
    fn edited(text: &str) -> Vec<(u32, u32, String)> {
        let edits = look(&[("job.toml", text)], edits);
        let lines = |edit: TextEdit| (edit.range.start.line, edit.range.end.line, edit.new_text);
        edits.into_iter().map(lines).collect()
    }

    #[test]
    fn only_what_is_out_of_form_is_replaced() {
        let text = "[process.a]\ncommand   =  [\"ä\"]\n\n[process.b]\ncommand = [\"b\"]\n|";
        assert_eq!(edited(text), [(1, 2, "command = [\"ä\"]\n".to_owned())]);
        assert_eq!(edited("|[process.a]\ncommand = [\"a\"]\n"), []);
        assert_eq!(
            edited("|[process.a]\ncommand = [\"a\"]"),
            [(1, 1, "command = [\"a\"]\n".into())]
        );
        assert_eq!(edited("|[process.a\n"), []);
    }
}

//! Hover: what is to be known of what stands at a place.
//!
//! Unaware of what could stand there instead.

use std::ops::Range;
use std::path::Path;

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::look::Look;
use super::nouns::{Name, Names, Noun, touches};
use super::scan::{Kind, Way, scan};

/// Returns what is to be known, in Markdown.
pub(super) fn hover(look: &Look<'_>) -> Option<Hover> {
    let (at, own) = here(look)?;
    let name = Names::at(look.text(), look.language, look.byte);
    let at = name.as_ref().map_or(at, |name| name.at.clone());
    let named = name.and_then(|name| declaration(look, &name));
    let said: Vec<String> = named.into_iter().chain(own).collect();
    let value = said.join("\n\n---\n\n");
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    let range = Some(look.lines(look.text()).area(&at));
    (!said.is_empty()).then_some(Hover { contents, range })
}

/// Returns the piece at the cursor, and what the schema says of it.
fn here(look: &Look<'_>) -> Option<(Range<usize>, Option<String>)> {
    let mut found = None;
    scan(look.text(), &mut |piece| {
        if touches(&piece.at, look.byte) && piece.kind != Kind::Open {
            let entries = piece.way.iter().rev().take_while(|step| **step == Way::Entry).count();
            let key = &piece.way[..piece.way.len() - entries];
            found = Some((piece.at, look.language.about(key)));
        }
    });
    found
}

/// Tells of the declaration of a name.
fn declaration(look: &Look<'_>, name: &Name<'_>) -> Option<String> {
    let (path, text) = look.names().find_map(|(path, text, names)| {
        names.declared.iter().any(|other| other.is(name)).then_some((path, text))
    })?;
    let place = if path == look.path() { String::new() } else { format!(", in `{}`", short(path)) };
    let value = match (name.noun, text_of(text, name)) {
        (Noun::Variable, Some(value)) => format!(": `{value}`"),
        (_, Some(description)) => format!("\n\n{description}"),
        (_, None) => String::new(),
    };
    Some(format!("{} `{}`{place}{value}", name.noun.word(), name.text))
}

fn short(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Returns the value of a variable, or the description of anything else.
fn text_of<'t>(text: &'t str, name: &Name<'_>) -> Option<&'t str> {
    let mut found = None;
    scan(text, &mut |piece| {
        let fits = match *piece.way {
            [Way::Key("vars"), Way::Key(key)] => name.noun == Noun::Variable && key == name.text,
            [Way::Key(section), Way::Key(key), Way::Key("description")] => {
                Noun::of_section(section) == Some(name.noun) && key == name.text
            }
            _ => false,
        };
        if fits && piece.kind == Kind::Text {
            found = Some(&text[piece.at]);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::super::look::tests::look;
    use super::*;

    fn said(text: &str) -> String {
        let part = ("part.toml", "[pool.net]\ndescription = \"the network\"\n");
        let hover = look(&[("job.toml", text), part], hover);
        match hover.map(|hover| hover.contents) {
            Some(HoverContents::Markup(markup)) => markup.value,
            Some(other) => panic!("{other:?}"),
            None => String::new(),
        }
    }

    #[test]
    fn keys_and_tables_are_explained() {
        assert!(said("[process.a]\nde|liver = \"args\"").starts_with("How an item arrives:"));
        assert!(said("[process.a]\ndeliver = \"ar|gs\"").starts_with("How an item arrives:"));
        assert!(said("[process.a]\nstdin = { fi|le = \"x\" }").starts_with("A file, relative"));
        assert!(said("[lim|its]").starts_with("Bounds on the whole run."));
        assert!(said("[process.a]\nweight = |3\n").contains("From 1 to 65536."));
        assert_eq!(said("[process.a]\nneds| = 1"), "");
        assert_eq!(said("[process.a]\n\n|\n"), "");
    }

    #[test]
    fn names_tell_of_their_declaration() {
        let shown = said("[process.a]\npool = \"n|et\"");
        let first = shown.split("\n\n---").next().unwrap();
        assert_eq!(first, "pool `net`, in `part.toml`\n\nthe network");
        let shown = said("[process.a]\ncommand = [\"{vars.ro|ot}\"]\n[vars]\nroot = \".\"\n");
        assert!(shown.starts_with("variable `root`: `.`"), "{shown}");
        let shown = said("[process.b|]\ndescription = \"does b\"\n");
        assert!(shown.starts_with("process `b`\n\ndoes b\n\n---\n\nOne command,"), "{shown}");
    }
}

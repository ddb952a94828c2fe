//! Complete: what can be typed at a place.
//!
//! Keys and words are those of the schema, names those that are declared in any of the files that
//! belong together. Unaware of what would be right to type.

use std::ops::Range;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionTextEdit, Documentation,
    InsertTextFormat, MarkupContent, MarkupKind, TextEdit,
};

use super::groups;
use super::language::{Known, Shape};
use super::look::Look;
use super::nouns::{Noun, touches};
use super::placeholders;
use super::scan::{End, Kind, Spot, Way, scan};

/// The most that is offered at a time; the editor asks again as more is typed.
const MOST_OFFERED: usize = 500;

/// One thing to type.
#[derive(Debug)]
struct Offer {
    /// What it is called.
    label: String,
    /// What is written.
    text: String,
    /// Where the cursor is then, counted from the end of the text.
    back: usize,
    kind: CompletionItemKind,
    about: Option<String>,
}

impl Offer {
    fn new(label: impl Into<String>, text: impl Into<String>, kind: CompletionItemKind) -> Self {
        Self { label: label.into(), text: text.into(), back: 0, kind, about: None }
    }
}

/// Returns what can be typed; `snippets` is whether the editor can put the cursor inside of it.
pub(super) fn complete(look: &Look<'_>, snippets: bool) -> CompletionList {
    let text = look.text();
    let end = scan(&text[..look.byte], &mut |_| {});
    let mut from = end.from;
    let offers = match end.spot {
        Spot::Header => headers(look, &end),
        Spot::Key => keys(look, &end),
        Spot::Value => values(look, &end),
        Spot::Text => match placeholders::open(&text[end.from..look.byte]) {
            Some(open) if look.language.names(&end.way).is_none() => {
                from += open;
                in_braces(look, &end)
            }
            Some(_) | None => in_quotes(look, &end),
        },
        Spot::Nothing => Vec::new(),
    };
    list(look, offers, from..word_end(text, look.byte), snippets)
}

/// Returns where the word ends that the cursor stands in.
fn word_end(text: &str, byte: usize) -> usize {
    let inner = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    byte + text[byte..].find(|letter| !inner(letter)).unwrap_or(text.len() - byte)
}

fn list(look: &Look<'_>, offers: Vec<Offer>, at: Range<usize>, snippets: bool) -> CompletionList {
    let typed = look.text()[at.start..look.byte].to_lowercase();
    let cut = offers.len() > MOST_OFFERED;
    let fits = |offer: &Offer| !cut || offer.label.to_lowercase().contains(&typed);
    let range = look.lines(look.text()).area(&at);
    let items = offers.into_iter().filter(fits).take(MOST_OFFERED).enumerate();
    let items = items.map(|(at, offer)| {
        let snippet = snippets && offer.back > 0;
        let new_text = if snippet { snippet_of(&offer) } else { offer.text };
        let value = offer.about.unwrap_or_default();
        let about = MarkupContent { kind: MarkupKind::Markdown, value };
        CompletionItem {
            filter_text: Some(offer.label.clone()),
            label: offer.label,
            kind: Some(offer.kind),
            documentation: (!about.value.is_empty()).then_some(Documentation::MarkupContent(about)),
            sort_text: Some(format!("{at:04}")),
            insert_text_format: snippet.then_some(InsertTextFormat::SNIPPET),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
            ..CompletionItem::default()
        }
    });
    CompletionList { is_incomplete: cut, items: items.collect() }
}

/// Writes a text in which the cursor stands before its end.
fn snippet_of(offer: &Offer) -> String {
    let escape = |text: &str| text.replace('\\', "\\\\").replace('$', "\\$");
    let (before, after) = offer.text.split_at(offer.text.len() - offer.back);
    format!("{}$0{}", escape(before), escape(after))
}

/// Returns what stands behind the word at the cursor, in its line.
fn behind<'t>(look: &Look<'t>) -> &'t str {
    let text = look.text();
    let rest = &text[word_end(text, look.byte)..];
    rest.lines().next().unwrap_or_default()
}

/// Offers tables, and names of those that the user names.
fn headers(look: &Look<'_>, end: &End<'_>) -> Vec<Offer> {
    if let [Way::Key(section)] = end.way[..]
        && let Some(noun) = Noun::of_section(section)
    {
        return unfinished(look, noun);
    }
    let keys = look.language.keys(&end.way).into_iter();
    let close = if behind(look).starts_with(']') { "" } else { "]" };
    let offer = |key: Known<'_>| {
        let after = if look.language.is_named(key) { "." } else { close };
        table(look, key, &format!("{}{after}", key.name))
    };
    keys.filter(|key| look.language.heads(*key)).map(offer).collect()
}

fn table(look: &Look<'_>, key: Known<'_>, text: &str) -> Offer {
    let about = Some(look.language.about_key(key));
    Offer { about, ..Offer::new(key.name, text, CompletionItemKind::MODULE) }
}

/// Offers names for a table: first those that are used and not declared.
fn unfinished(look: &Look<'_>, noun: Noun) -> Vec<Offer> {
    let (mut declared, mut used) = (Vec::new(), Vec::new());
    for (_, _, names) in look.names() {
        declared.extend(names.declared.into_iter().filter(|name| name.noun == noun));
        used.extend(names.used.into_iter().filter(|name| name.noun == noun));
    }
    let known: std::collections::HashSet<&str> = declared.iter().map(|name| name.text).collect();
    let missing = used.iter().filter(|name| !known.contains(name.text));
    let mut seen = std::collections::HashSet::new();
    let here = |at: &Range<usize>| touches(at, look.byte);
    let names = missing.chain(declared.iter().filter(|name| !here(&name.at)));
    let names = names.filter(|name| seen.insert(name.text));
    names.map(|name| Offer::new(name.text, name.text, kind_of(noun))).collect()
}

/// Offers the keys that a table does not have yet.
fn keys(look: &Look<'_>, end: &End<'_>) -> Vec<Offer> {
    let given = given(look, &end.way);
    let known = look.language.keys(&end.way).into_iter();
    let known = known.filter(|key| !given.contains(&key.name));
    let line = look.text()[..end.from].rsplit(['\n', '\r']).next().unwrap_or_default();
    let top = end.way.is_empty() && line.trim().is_empty();
    known
        .map(|key| {
            if top && look.language.heads(key) && look.language.shape_of_key(key) == Shape::Table {
                headed(look, key)
            } else {
                assigned(look, key)
            }
        })
        .collect()
}

/// Offers a table of the top level, under a header.
fn headed(look: &Look<'_>, key: Known<'_>) -> Offer {
    let named = look.language.is_named(key);
    let text = if named { format!("[{}.]", key.name) } else { format!("[{}]", key.name) };
    Offer { back: usize::from(named), ..table(look, key, &text) }
}

/// Offers a key with its equals sign and the brackets of its value.
fn assigned(look: &Look<'_>, key: Known<'_>) -> Offer {
    let (value, back) = match look.language.shape_of_key(key) {
        Shape::Text => (" = \"\"", 1),
        Shape::List => (" = []", 1),
        Shape::Table => (" = {  }", 2),
        Shape::Plain => (" = ", 0),
    };
    let has_value = behind(look).trim_start().starts_with('=');
    let (value, back) = if has_value { ("", 0) } else { (value, back) };
    let about = Some(look.language.about_key(key));
    let text = format!("{}{value}", key.name);
    Offer { back, about, ..Offer::new(key.name, text, CompletionItemKind::PROPERTY) }
}

/// Returns the keys that the table at the cursor has, but for the one at the cursor.
fn given<'t>(look: &Look<'t>, table: &[Way<'_>]) -> Vec<&'t str> {
    let mut given = Vec::new();
    let mut over = false;
    let in_list = table.contains(&Way::Entry);
    scan(look.text(), &mut |piece| {
        // Tables of a list have the same way: the one that is open at the cursor counts.
        if in_list && piece.kind == Kind::Open && piece.way == table && !over {
            over = piece.at.start >= look.byte;
            if !over {
                given.clear();
            }
        }
        if let Some((Way::Key(key), before)) = piece.way.split_last()
            && matches!(piece.kind, Kind::Header | Kind::Key)
            && before == table
            && !touches(&piece.at, look.byte)
            && !over
        {
            given.push(*key);
        }
    });
    given
}

/// Offers values that are not in quotes yet.
fn values(look: &Look<'_>, end: &End<'_>) -> Vec<Offer> {
    let list = look.language.shape(&end.way) == Shape::List;
    let quoted = |name: String| if list { format!("[\"{name}\"]") } else { format!("\"{name}\"") };
    let names = names(look, end).into_iter();
    let names = names.map(|offer| Offer { text: quoted(offer.text), ..offer });
    let words = look.language.words(&end.way).into_iter();
    names.chain(words.map(|word| word_offer(word.trim_matches('"'), &word))).collect()
}

fn word_offer(label: &str, text: &str) -> Offer {
    Offer::new(label, text, CompletionItemKind::ENUM_MEMBER)
}

/// Offers values inside of quotes.
fn in_quotes(look: &Look<'_>, end: &End<'_>) -> Vec<Offer> {
    let quote = if behind(look).trim().is_empty() {
        look.text()[..end.from].chars().next_back().map(String::from).unwrap_or_default()
    } else {
        String::new()
    };
    let words = look.language.words(&end.way).into_iter();
    let words = words.filter_map(|word| {
        let inside = word.strip_prefix('"')?.strip_suffix('"')?;
        Some(word_offer(inside, inside))
    });
    let offers = names(look, end).into_iter().chain(words);
    offers.map(|offer| Offer { text: format!("{}{quote}", offer.text), ..offer }).collect()
}

/// Offers what is declared and can be named by a value.
fn names(look: &Look<'_>, end: &End<'_>) -> Vec<Offer> {
    let Some(noun) = look.language.names(&end.way) else {
        let groups = groups::known(look, &end.way).into_iter();
        return groups.map(|group| word_offer(group, group)).collect();
    };
    let own = match end.way[..] {
        [Way::Key(section), Way::Key(name), ..] => Noun::of_section(section).zip(Some(name)),
        _ => None,
    };
    let names = look.names().flat_map(|(_, _, names)| names.declared);
    let names = names.filter(|name| name.noun == noun && Some((noun, name.text)) != own);
    names.map(|name| Offer::new(name.text, name.text, kind_of(noun))).collect()
}

/// Offers placeholders.
fn in_braces(look: &Look<'_>, end: &End<'_>) -> Vec<Offer> {
    let close = if behind(look).starts_with('}') { "" } else { "}" };
    let names = placeholders::known(look, &end.way).into_iter();
    let offer = |name: String| {
        Offer::new(name.clone(), format!("{name}{close}"), CompletionItemKind::VARIABLE)
    };
    names.map(offer).collect()
}

fn kind_of(noun: Noun) -> CompletionItemKind {
    match noun {
        Noun::Process => CompletionItemKind::FUNCTION,
        Noun::Pool => CompletionItemKind::CLASS,
        Noun::Queue => CompletionItemKind::INTERFACE,
        Noun::Variable => CompletionItemKind::VARIABLE,
        Noun::File => CompletionItemKind::FILE,
    }
}

#[cfg(test)]
mod tests;

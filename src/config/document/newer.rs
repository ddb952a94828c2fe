//! Newer: what our parser takes and other readers of TOML do not.
//!
//! TOML 1.1 lets an inline table run over several lines; editors and other languages read 1.0.
//! Unaware of what the tables mean.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Returns the inline tables that need TOML 1.1.
pub(super) fn tables(root: &DeTable<'_>, text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut rest: Vec<&Spanned<DeValue<'_>>> = root.values().collect();
    while let Some(value) = rest.pop() {
        match value.get_ref() {
            DeValue::Array(list) => rest.extend(list.iter()),
            DeValue::Table(table) => {
                if is_newer(table, value.span(), text) {
                    found.push(value.span());
                }
                rest.extend(table.values());
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }
    found
}

fn is_newer(table: &DeTable<'_>, span: Range<usize>, text: &str) -> bool {
    let written = text.get(span.clone()).unwrap_or_default();
    if !written.starts_with('{') || !written.contains(['\n', ',']) {
        return false;
    }
    let mut values = Vec::new();
    leaves(table, text, &mut values);
    values.sort_by_key(|value| value.start);
    let mut at = span.start;
    for value in &values {
        if text.get(at..value.start).is_some_and(|gap| gap.contains('\n')) {
            return true;
        }
        at = at.max(value.end);
    }
    text.get(at..span.end).is_some_and(|end| !values.is_empty() && end.contains(['\n', ',']))
}

/// Collects the values of an inline table, through dotted keys.
fn leaves(table: &DeTable<'_>, text: &str, found: &mut Vec<Range<usize>>) {
    for value in table.values() {
        match value.get_ref() {
            DeValue::Table(inner) if !text[value.span()].starts_with('{') => {
                leaves(inner, text, found);
            }
            _ => found.push(value.span()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_other_readers_refuse_is_found() {
        for (text, newer) in [
            ("a = { b = 1, c = [1,\n2] }", 0),
            ("a = { b.c = '''x\ny''', d.e.f = {} }", 0),
            ("a = {\n b = 1 }", 1),
            ("a = { b = 1, }", 1),
            ("[t]\na = [{ b = { c = 1,\nd = 2 } }, { e = 1 }]", 1),
        ] {
            let root = DeTable::parse(text).unwrap();
            assert_eq!(tables(root.get_ref(), text).len(), newer, "{text}");
        }
    }
}

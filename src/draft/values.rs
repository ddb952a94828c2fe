//! Values: text as a job file holds it, so that what is read is what was meant.
//!
//! A string is written in the plainest way that keeps each of its bytes, and a brace is doubled
//! where it would be read as more than a brace. Unaware of keys.

use crate::model::Template;

/// Returns a string of TOML.
pub(super) fn string(text: &str) -> String {
    let controls = |allowed: &str| text.chars().any(|c| c.is_control() && !allowed.contains(c));
    let lines = text.ends_with('\n') && !controls("\n\t");
    match () {
        () if lines && !text.contains('\\') && !text.contains("\"\"\"") => {
            format!("\"\"\"\n{text}\"\"\"")
        }
        () if lines && !text.contains("'''") => format!("'''\n{text}'''"),
        () if controls("\t") || text.contains(['"', '\\']) => match () {
            () if controls("\t") || text.contains('\'') => quoted(text),
            () => format!("'{text}'"),
        },
        () => format!("\"{text}\""),
    }
}

/// Returns a list of strings.
pub(super) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| string(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// Returns an inline table of strings.
pub(super) fn table(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| format!("{} = {}", key(name), string(value));
    let pairs: Vec<String> = pairs.iter().map(pair).collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// Returns a name as a key.
pub(super) fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// Returns text whose braces mean themselves, where placeholders may stand.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(c);
        if c == '{' && is_read(text, at) {
            out.push('{');
        }
    }
    out
}

/// Returns whether a brace that stands alone would be read as more than itself.
fn is_read(text: &str, at: usize) -> bool {
    let after = &text[at + 1..];
    if after.starts_with('{') {
        return true;
    }
    let end = after.find('}').map_or(text.len(), |end| at + end + 2);
    // What stands before matters too: nothing is read after a dollar.
    let start = if text[..at].ends_with('$') { at - 1 } else { at };
    let (template, wrong) = Template::parse(&text[start..end]);
    !wrong.is_empty() || template.placeholders().next().is_some()
}

/// Returns a string in which everything odd is an escape.
fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::config::{Options, format, load};
    use crate::model::{Action, TemplatePart};

    /// Returns the script that a job file holds, as the runner reads it.
    fn read(script: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.toml");
        let written = format!("[process.p]\nscript = {}\n", string(&literal(script)));
        fs::write(&path, format(&written).unwrap()).unwrap();
        let loaded = load(&path, &Options::default());
        let job = loaded.job.unwrap_or_else(|| panic!("{:?}\n{written}", loaded.problems));
        let Action::Script { text, .. } = &job.processes[0].action else { panic!("a script") };
        let piece = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Value(..) => panic!("a placeholder was made up\n{written}"),
        };
        text.parts().iter().map(piece).collect()
    }

    #[test]
    fn braces_are_doubled_only_where_they_must_be() {
        for (text, expected) in [
            ("echo ${HOME} {a,b} { x; }", "echo ${HOME} {a,b} { x; }"),
            ("awk '{print}'", "awk '{{print}'"),
            ("{item}", "{{item}"),
            ("{{.Id}}", "{{{.Id}}"),
            ("${{ x }}", "${{{ x }}"),
            ("{{item}}", "{{{{item}}"),
        ] {
            assert_eq!(literal(text), expected);
            assert_eq!(read(text), text);
        }
    }

    #[test]
    fn strings_are_written_in_the_plainest_way() {
        for (text, expected) in [
            ("a 'b'", "\"a 'b'\""),
            ("say \"x\"", "'say \"x\"'"),
            ("it's \"x\"", "\"it's \\\"x\\\"\""),
            ("a\nb\n", "\"\"\"\na\nb\n\"\"\""),
            ("a\\\nb\n", "'''\na\\\nb\n'''"),
            ("a\r\n", "\"a\\r\\n\""),
            ("\u{1b}", "\"\\u001B\""),
        ] {
            assert_eq!(string(text), expected);
        }
    }

    proptest! {
        #[test]
        fn any_script_is_read_as_it_was_written(
            script in "([a-z{}$.'\"\\\\\n\r\t ]|item|vars|'''|\"\"\"|[^\0]){1,40}",
        ) {
            prop_assume!(!script.trim().is_empty());
            prop_assert_eq!(read(&script), script);
        }
    }
}

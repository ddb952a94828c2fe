//! Foreign: a line of another language in a file that should be TOML, and what it would be here.
//!
//! People bring YAML, JSON, a Makefile or a Procfile. What the parser says of such a line helps
//! nobody; the line as it should be does. Unaware of what tables mean.

use std::ops::Range;

use super::Mistake;
use crate::config::names;
use crate::config::raw::JobFile;

/// The longest value that a help repeats.
const LONGEST: usize = 60;

/// Words the line of a mistake as one of another language, if it looks like that.
pub(super) fn explain(text: &str, base: usize, at: &Range<usize>) -> Option<Mistake> {
    let start = text[..at.start].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let written = line.trim();
    if let Some(sign) = ended(written) {
        return Some(Mistake {
            message: format!("a line of TOML ends without `{sign}`"),
            at: start + line.trim_end().len() - 1..start + line.trim_end().len(),
            label: "this must not stand here".to_owned(),
            help: format!("remove the `{sign}`"),
            first: None,
        });
    }
    let (message, help) = shape(text, base, written)?;
    let from = start + (line.len() - line.trim_start().len());
    Some(Mistake {
        message: message.to_owned(),
        at: from..from + written.len(),
        label: "this line".to_owned(),
        help,
        first: None,
    })
}

/// Returns the sign by which other languages end a line, where a value stands before it.
fn ended(line: &str) -> Option<char> {
    let sign = line.chars().next_back().filter(|sign| ",;".contains(*sign))?;
    let value = line[..line.len() - 1].trim_end();
    let whole = format!("{value}\n").parse::<toml::Table>().is_ok();
    (whole && value.contains('=')).then_some(sign)
}

/// Returns what a line looks like, and the line as it should be.
fn shape(text: &str, base: usize, line: &str) -> Option<(&'static str, String)> {
    let first = base == 0;
    match line {
        _ if first && text.trim_start().starts_with('{') => Some((
            "this is JSON, and a job file is TOML",
            "write tables with headers: [process.NAME], and below it KEY = VALUE".to_owned(),
        )),
        _ if line == "---" || first && indented(text) => Some((
            "this is YAML, and a job file is TOML",
            "write tables with headers: [process.NAME], and below it KEY = VALUE".to_owned(),
        )),
        _ if line.starts_with("- ") => Some((
            "this is an entry of a YAML list, and a list of TOML stands in brackets",
            format!("write KEY = [{}]", quoted(line[2..].trim())),
        )),
        _ if line.starts_with("//") || line.starts_with("/*") => Some((
            "this is a comment of another language",
            format!("write `# {}`", line.trim_matches(['/', '*', ' '])),
        )),
        _ if line.starts_with('[') => header(line),
        _ => procfile(text, line).or_else(|| pair(line)),
    }
}

/// Returns whether the first lines are a block of YAML: a key, and what it holds indented below.
fn indented(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let opens = lines.next().is_some_and(|line| line.trim_end().ends_with(':'));
    opens && lines.next().is_some_and(|line| line.starts_with([' ', '-']))
}

/// Words a header with a space where a dot belongs.
fn header(line: &str) -> Option<(&'static str, String)> {
    let inner = line.trim_start_matches('[').split(']').next()?.trim();
    let (section, name) = inner.split_once([' ', ':', '/'])?;
    let section = names::section(section)?;
    let name: String = name.trim().chars().map(|c| if c == ' ' { '-' } else { c }).collect();
    let name = name.trim_matches(['"', '\'']);
    Some((
        "a dot stands between the kind of a table and its name",
        format!("write [{section}.{name}]"),
    ))
}

/// Words `NAME: COMMAND` above all tables, which is a line of a Procfile.
fn procfile(text: &str, line: &str) -> Option<(&'static str, String)> {
    let (name, command) = line.split_once(": ")?;
    let above = &text[..text.find(line)?];
    let top = !above.lines().any(|line| line.trim_start().starts_with('['));
    let known = names::keys::<JobFile>().contains(&name);
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let shell = command.contains(' ') && !command.starts_with(['"', '\'', '[', '{']);
    (top && bare && shell && !known).then(|| {
        let script = quoted(command.trim());
        let help = format!("write [process.{name}], and below it script = {script}");
        ("this is a line of a Procfile", help)
    })
}

/// Words `KEY: VALUE`, `KEY := VALUE` and `KEY = word`.
fn pair(line: &str) -> Option<(&'static str, String)> {
    let split = line.find([':', '=']).filter(|at| *at > 0)?;
    let key = line[..split].trim();
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if key.is_empty() || !key.chars().all(bare) || line.starts_with('[') {
        return None;
    }
    let rest = line[split..].trim_start_matches([':', '=']).trim();
    match (line.as_bytes()[split], line.as_bytes().get(split + 1)) {
        (b':', Some(b'=')) => {
            Some(("this is an assignment of a Makefile or a justfile", assigned(key, rest)))
        }
        (b':', _) if rest.is_empty() => Some((
            "this line opens a block of YAML or a rule of a Makefile",
            format!("write [process.{key}], with the keys below it"),
        )),
        (b':', _) => Some(("this is `KEY: VALUE`, and TOML has `=`", assigned(key, rest))),
        (b'=', _) if unquoted(rest) => {
            Some(("text stands in quotes", format!("write `{}`", assigned_line(key, rest))))
        }
        _ => None,
    }
}

/// Returns whether a value is text without quotes.
fn unquoted(value: &str) -> bool {
    let word = value.split([' ', ',', '#']).next().unwrap_or_default();
    let letter = word.starts_with(|c: char| c.is_ascii_alphabetic() || "./$~_-".contains(c));
    let unit =
        word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(char::is_alphabetic);
    let letter = letter || unit && !word.starts_with("0x");
    let known = ["true", "false", "inf", "nan"].contains(&word);
    letter && !known && !value.contains(['"', '\''])
}

fn assigned(key: &str, value: &str) -> String {
    format!("write `{}`", assigned_line(key, value))
}

fn assigned_line(key: &str, value: &str) -> String {
    let plain = value.starts_with(['"', '\'', '[', '{'])
        || value.parse::<f64>().is_ok()
        || ["true", "false"].contains(&value);
    if plain && value.len() <= LONGEST {
        return format!("{key} = {value}");
    }
    if key == "command" && !value.contains(['|', '&', ';', '$', '<', '>']) {
        let words: Vec<String> = value.split_whitespace().map(quoted).collect();
        return format!("{key} = [{}]", words.join(", "));
    }
    format!("{key} = {}", quoted(value))
}

/// Returns text in quotes, cut where it is long.
fn quoted(value: &str) -> String {
    let value = value.trim_matches(['"', '\'']);
    match value.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("\"{}…\"", &value[..at]),
        None => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_languages_are_known() {
        for (line, help) in [
            ("command: npm test", "write `command = [\"npm\", \"test\"]`"),
            ("retries: 3", "write `retries = 3`"),
            ("build:", "write [process.build], with the keys below it"),
            ("CC := gcc", "write `CC = \"gcc\"`"),
            ("name = hello", "write `name = \"hello\"`"),
            ("- echo hi", "write KEY = [\"echo hi\"]"),
            ("// note", "write `# note`"),
            ("timeout = 5m", "write `timeout = \"5m\"`"),
            ("[process a]", "write [process.a]"),
        ] {
            assert_eq!(shape("x", 1, line).map(|(_, help)| help).as_deref(), Some(help), "{line}");
        }
        for line in ["a = [1", "x = 1 2", "[process.a", "= 3", "a = \"b\" c", ""] {
            assert_eq!(shape("x", 1, line), None, "{line}");
        }
    }
}

//! Env file: `KEY=VALUE` lines, read strictly.
//!
//! Comments, blank lines, `export ` in front, single quotes (as it stands) and double quotes (with
//! `\n`, `\t`, `\"`, `\\` and `\$`). No variable is put in and nothing is executed: a line that
//! needs a shell to be understood is refused, with its number. Unaware of where the file was named.

/// Why a line cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    /// Its number, from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) why: &'static str,
}

/// Returns the variables of a file in order, or every line that cannot be read.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, Vec<BadLine>> {
    let mut pairs = Vec::new();
    let mut bad = Vec::new();
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        match pair(line.trim()) {
            Ok(Some(pair)) => pairs.push(pair),
            Ok(None) => {}
            Err(why) => bad.push(BadLine { line: index + 1, why }),
        }
    }
    if bad.is_empty() { Ok(pairs) } else { Err(bad) }
}

fn pair(line: &str) -> Result<Option<(String, String)>, &'static str> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=').ok_or("it has no `=`")?;
    let first = name.chars().next().ok_or("it has no name before the `=`")?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if first.is_ascii_digit() || !name.chars().all(word) {
        return Err("the name is not made of letters, digits and `_`");
    }
    Ok(Some((name.to_owned(), unquoted(value.trim())?)))
}

fn unquoted(value: &str) -> Result<String, &'static str> {
    if value.contains('\0') {
        return Err("it holds a zero byte");
    }
    if let Some(rest) = value.strip_prefix('\'') {
        let (inner, after) = rest.split_once('\'').ok_or("the quote is never closed")?;
        return only_comment(after).map(|()| inner.to_owned());
    }
    if let Some(rest) = value.strip_prefix('"') {
        return double_quoted(rest);
    }
    let end = value.find(" #").unwrap_or(value.len());
    Ok(value[..end].trim_end().to_owned())
}

fn double_quoted(rest: &str) -> Result<String, &'static str> {
    let mut out = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next().ok_or("the quote is never closed")? {
            '"' => return only_comment(chars.as_str()).map(|()| out),
            '\\' => out.push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(c @ ('"' | '\\' | '$')) => c,
                Some(_) | None => return Err("the escape is not one of \\n \\t \\\" \\\\ \\$"),
            }),
            c => out.push(c),
        }
    }
}

fn only_comment(after: &str) -> Result<(), &'static str> {
    let after = after.trim();
    if after.is_empty() || after.starts_with('#') {
        return Ok(());
    }
    Err("something follows the closing quote")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let text =
            "\u{feff}# a\n\nA=1\nexport B = two words # note\nC='$x # y'\nD=\"a\\n\\\"b\"\nE=\n";
        let want = [("A", "1"), ("C", "$x # y"), ("D", "a\n\"b"), ("E", "")];
        let want: Vec<_> = want.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let bad = BadLine { line: 4, why: "the name is not made of letters, digits and `_`" };
        assert_eq!(parse(text), Err(vec![bad]));
        assert_eq!(parse(&text.replace("export B =", "#")), Ok(want));
        let spaced = parse("export B=two words # note");
        assert_eq!(spaced, Ok(vec![("B".to_owned(), "two words".to_owned())]));
    }

    #[test]
    fn bad_lines_are_named() {
        let bad = parse("A\n=1\n1A=2\nA='x\nA=\"x\nA='x'y\nA=\"\\q\"\nok=1").unwrap_err();
        let lines: Vec<_> = bad.iter().map(|bad| bad.line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6, 7]);
    }
}

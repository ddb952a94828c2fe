//! Tokens: Rust text without its comments and literals, which is all that tidy looks at.
//!
//! A whole parser would be a large crate for three questions: which paths are named, where a
//! function starts and ends, what is a test. Unaware of the rules.

/// A word, a number or one sign.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    /// The text; one character where it is a sign.
    pub(super) text: &'a str,
    /// Its line, counted from 1.
    pub(super) line: usize,
}

/// A function with a body.
#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    /// The line of `fn`.
    pub(super) line: usize,
    /// From the line of `fn` to the closing brace.
    pub(super) lines: usize,
    /// Whether it stands in a `#[cfg(test)]` module.
    pub(super) test: bool,
}

/// Returns the tokens of a Rust text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut reader = Reader { text, at: 0, line: 1 };
    std::iter::from_fn(|| reader.next()).collect()
}

/// Returns every function of a Rust text.
pub(super) fn functions(source: &str) -> Vec<Function<'_>> {
    let tokens = tokens(source);
    let tests = test_modules(&tokens);
    let found = tokens.windows(2).enumerate().filter(|(_, pair)| {
        pair[0].text == "fn" && pair[1].text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    });
    let functions = found.filter_map(|(at, pair)| {
        let end = closing(&tokens, body(&tokens, at)?)?;
        let lines = tokens[end].line + 1 - pair[0].line;
        let test = tests.iter().any(|(from, to)| (*from..*to).contains(&at));
        Some(Function { name: pair[1].text, line: pair[0].line, lines, test })
    });
    functions.collect()
}

/// Returns the ranges of tokens that stand in inline modules.
pub(super) fn inline_modules(tokens: &[Token<'_>]) -> Vec<(usize, usize)> {
    let starts = tokens.windows(3).enumerate();
    let starts = starts.filter(|(_, three)| three[0].text == "mod" && three[2].text == "{");
    starts.filter_map(|(at, _)| Some((at, closing(tokens, at + 2)?))).collect()
}

fn test_modules(tokens: &[Token<'_>]) -> Vec<(usize, usize)> {
    let marked = |at: usize| {
        let from = at.saturating_sub(7);
        tokens[from..at].iter().map(|token| token.text).eq(["#", "[", "cfg", "(", "test", ")", "]"])
    };
    inline_modules(tokens).into_iter().filter(|(at, _)| marked(*at)).collect()
}

/// Returns where the body of the function at `at` opens, unless it has none.
fn body(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let (mut round, mut angle) = (0, 0);
    for (at, pair) in tokens.windows(2).enumerate().skip(at) {
        match pair[1].text {
            "(" | "[" => round += 1,
            ")" | "]" => round -= 1,
            "<" => angle += 1,
            ">" if pair[0].text != "-" && pair[0].text != "=" => angle -= 1,
            "{" if round == 0 && angle == 0 => return Some(at + 1),
            ";" if round == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Returns where the brace that opens at `at` is closed.
fn closing(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(at) {
        match token.text {
            "{" => depth += 1,
            "}" if depth == 1 => return Some(at),
            "}" => depth -= 1,
            _ => {}
        }
    }
    None
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            let first = rest.chars().next()?;
            let (line, skipped) = (self.line, literal(rest));
            if skipped > 0 {
                self.advance(skipped);
                continue;
            }
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let length = if word(first) {
                rest.find(|c| !word(c)).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            self.advance(length);
            return Some(Token { text: &rest[..length], line });
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn advance(&mut self, bytes: usize) {
        self.line += self.rest()[..bytes].matches('\n').count();
        self.at += bytes;
    }
}

/// Returns the length of the blank, comment or literal that a text starts with; 0 if none.
fn literal(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return comment(text);
    }
    let prefix = ["br", "cr", "r", "b", "c"].into_iter().find(|prefix| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.trim_start_matches('#').starts_with('"')
                && (prefix.contains('r') || !rest.starts_with('#'))
        })
    });
    let prefix = prefix.unwrap_or_default();
    match text[prefix.len()..].chars().next() {
        Some('"' | '#') if prefix.contains('r') => raw(text, prefix.len()),
        Some('"') => prefix.len() + quoted(&text[prefix.len()..], '"'),
        Some('\'') => character(text),
        Some(blank) if blank.is_whitespace() => blank.len_utf8(),
        _ => 0,
    }
}

fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let step = match () {
            () if rest.starts_with("/*") => (2, 1),
            () if rest.starts_with("*/") => (2, -1),
            () => (rest.chars().next().map_or(1, char::len_utf8), 0),
        };
        (at, depth) = (at + step.0, depth + step.1);
        if depth == 0 {
            break;
        }
    }
    at
}

fn raw(text: &str, prefix: usize) -> usize {
    let hashes = text[prefix..].find('"').unwrap_or_default();
    let end = format!("\"{}", "#".repeat(hashes));
    let open = prefix + hashes + 1;
    text[open..].find(&end).map_or(text.len(), |found| open + found + end.len())
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Returns the length of a character, or of a lifetime with its name.
fn character(text: &str) -> usize {
    let mut after = text[1..].chars();
    match (after.next(), after.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(text, '\''),
        _ => {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            text[1..].find(|c| !word(c)).map_or(text.len(), |found| found + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        tokens(text).iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        for (text, expected) in [
            ("a // fn b\nc", "a c"),
            ("a /* x /* y */ z */ b", "a b"),
            (r#"a("crate::x \" {", b"{", 'x', '\'', '{')"#, "a ( , , , , )"),
            ("r#\"a \" b\"# c br\"d\" e", "c e"),
            ("&'a str<'_>", "& str < >"),
            ("r#match + raw", "r # match + raw"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn functions_are_measured() {
        let text = "
            fn one() {}
            trait T { fn none(&self); }
            fn two<F: Fn() -> X<{ 1 }>>(f: fn(u8) -> u8) -> Vec<u8>
            where
                F: Clone,
            {
                match x { _ => {} }
            }
            #[cfg(test)]
            mod tests { fn three() { \"}\"; } }";
        let found: Vec<_> = functions(text)
            .iter()
            .map(|function| (function.name, function.line, function.lines, function.test))
            .collect();
        let expected = [("one", 2, 1, false), ("two", 4, 6, false), ("three", 11, 1, true)];
        assert_eq!(found, expected);
    }
}

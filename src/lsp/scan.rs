//! Scan: a job file read while it is typed, when it is seldom TOML.
//!
//! One pass over the text that never fails: a string that is not closed ends with its line, a
//! bracket that is not closed ends where the next key or table begins. Every piece is shown with
//! the keys that lead to it, and the end of the text says what could be typed there: to know that
//! for any place, the text up to it is scanned. What is right and what is wrong only `config` says.
//! Unaware of what the keys mean.

use std::ops::Range;

/// The most keys and lists that lead to a piece; what lies deeper is read as if it did not.
const MOST_STEPS: usize = 32;

/// One step to a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way<'t> {
    /// Into a table.
    Key(&'t str),
    /// Into a list.
    Entry,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One name in the header of a table; its way includes it.
    Header,
    /// One name of a key; its way includes it.
    Key,
    /// What stands between the quotes of a string.
    Text,
    /// A value without quotes.
    Word,
    /// The bracket that opens a list or an inline table; the end of a header that opens an entry of
    /// a list.
    Open,
}

/// A piece of the text.
#[derive(Debug)]
pub(super) struct Piece<'s, 't> {
    /// The keys that lead to it.
    pub(super) way: &'s [Way<'t>],
    /// What it is.
    pub(super) kind: Kind,
    /// Its bytes.
    pub(super) at: Range<usize>,
}

/// What could be typed at the end of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End<'t> {
    /// The table that the key or the name belongs to; the way to the value.
    pub(super) way: Vec<Way<'t>>,
    /// What could be typed.
    pub(super) spot: Spot,
    /// Where it begins, if some of it was typed already.
    pub(super) from: usize,
}

/// What could be typed at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// A name in the header of a table.
    Header,
    /// A key.
    Key,
    /// A value.
    Value,
    /// More of a string.
    Text,
    /// Nothing that one could know: a comment, the end of a value.
    Nothing,
}

/// Reads a text, shows every piece of it in order, and returns what could be typed at its end.
pub(super) fn scan<'t>(text: &'t str, see: &mut dyn FnMut(Piece<'_, 't>)) -> End<'t> {
    let mut scan = Scan {
        text,
        see,
        at: 0,
        way: Vec::new(),
        table: 0,
        levels: Vec::new(),
        want: Want::Key,
        end: None,
    };
    while let Some(letter) = scan.letter() {
        scan.step(letter);
    }
    let want = match scan.want {
        Want::Key => Spot::Key,
        Want::Value => Spot::Value,
        Want::After => Spot::Nothing,
    };
    let (spot, from) = scan.end.unwrap_or((want, text.len()));
    End { way: scan.way, spot, from }
}

/// What comes next where everything is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Key,
    Value,
    After,
}

/// A bracket that is open.
#[derive(Debug, Clone, Copy)]
struct Level {
    list: bool,
    /// How many steps lead to it.
    base: usize,
}

struct Scan<'s, 't> {
    text: &'t str,
    see: &'s mut dyn FnMut(Piece<'_, 't>),
    at: usize,
    way: Vec<Way<'t>>,
    /// How many steps the header of the table has.
    table: usize,
    levels: Vec<Level>,
    want: Want,
    /// Set by what the end of the text cuts off.
    end: Option<(Spot, usize)>,
}

impl<'t> Scan<'_, 't> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn letter(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn step(&mut self, letter: char) {
        match (letter, self.want) {
            (' ' | '\t', _) => self.at += 1,
            ('\n' | '\r', _) => self.newline(),
            ('#', _) => self.comment(),
            (',', _) => self.comma(),
            (']' | '}', _) => self.close(),
            ('[', Want::Key) if self.levels.is_empty() => self.header(),
            (_, Want::Key) if is_key(letter) => self.key(),
            (_, Want::Value) => self.value(letter),
            (_, Want::After) if self.levels.is_empty() => self.skip_line(),
            (_, Want::Key | Want::After) => self.at += letter.len_utf8(),
        }
    }

    fn newline(&mut self) {
        self.at += 1;
        if self.levels.is_empty() || self.restarts() {
            self.levels.clear();
            self.way.truncate(self.table);
            self.want = Want::Key;
        }
    }

    /// Returns whether a line can't belong to the bracket that is still open before it.
    fn restarts(&self) -> bool {
        let line = self.rest().lines().next().unwrap_or_default();
        let inner = line.trim_start();
        let in_list = self.levels.last().is_some_and(|level| level.list);
        opens_table(inner) || (in_list || inner.len() == line.len()) && gives_key(inner)
    }

    fn comment(&mut self) {
        self.skip_line();
        if self.at == self.text.len() {
            self.end = Some((Spot::Nothing, self.at));
        }
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
    }

    fn comma(&mut self) {
        self.at += 1;
        let Some(level) = self.levels.last() else { return };
        self.way.truncate(level.base);
        if level.list {
            self.way.push(Way::Entry);
            self.want = Want::Value;
        } else {
            self.want = Want::Key;
        }
    }

    fn close(&mut self) {
        self.at += 1;
        if let Some(level) = self.levels.pop() {
            self.way.truncate(level.base);
        }
        self.want = Want::After;
    }

    /// Reads `[a.b.c]`.
    fn header(&mut self) {
        let start = self.at;
        self.at += self.rest().bytes().take(2).take_while(|byte| *byte == b'[').count();
        let list = self.at - start == 2;
        self.way.clear();
        self.names(Kind::Header);
        if list {
            self.push(Way::Entry);
            self.show(Kind::Open, self.at..self.at);
        }
        self.at += self.rest().bytes().take_while(|byte| *byte == b']').count();
        self.table = self.way.len();
        self.want = Want::After;
    }

    /// Reads `a.b =`.
    fn key(&mut self) {
        let base = self.levels.last().map_or(self.table, |level| level.base);
        self.way.truncate(base);
        self.names(Kind::Key);
        self.want = Want::After;
        if self.letter() == Some('=') {
            self.at += 1;
            self.want = Want::Value;
        }
    }

    /// Reads names that are joined by dots.
    fn names(&mut self, kind: Kind) {
        loop {
            self.skip_blanks();
            let start = self.at;
            let name = self.name();
            let cut = self.at == self.text.len();
            if !name.is_empty() {
                self.push(Way::Key(&self.text[name.clone()]));
                self.show(kind, name.clone());
            }
            if cut {
                self.way.truncate(self.way.len() - usize::from(!name.is_empty()));
                let spot = if kind == Kind::Header { Spot::Header } else { Spot::Key };
                self.end = Some((spot, name.start));
            }
            self.skip_blanks();
            if self.at == start || self.letter() != Some('.') {
                return;
            }
            self.at += 1;
        }
    }

    /// Reads one name and returns its bytes without quotes.
    fn name(&mut self) -> Range<usize> {
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|letter| is_quote(*letter)) {
            let inner = &rest[1..];
            let length = inner.find([quote, '\n', '\r']).unwrap_or(inner.len());
            let start = self.at + 1;
            let closed = usize::from(inner[length..].starts_with(quote));
            self.at = start + length + closed;
            return start..start + length;
        }
        let start = self.at;
        self.at += rest.find(|letter| !is_bare(letter)).unwrap_or(rest.len());
        start..self.at
    }

    fn value(&mut self, letter: char) {
        match letter {
            '[' | '{' => self.open(letter == '['),
            '"' | '\'' => self.string(letter),
            '=' => self.at += 1,
            _ => {
                let start = self.at;
                let ends = |letter| " \t,]}#=\n\r".contains(letter);
                self.at += self.rest().find(ends).unwrap_or(self.rest().len());
                self.finish(Kind::Word, Spot::Value, start..self.at);
            }
        }
    }

    fn open(&mut self, list: bool) {
        self.at += 1;
        let base = self.way.len();
        if base >= MOST_STEPS {
            return;
        }
        self.show(Kind::Open, self.at - 1..self.at);
        self.levels.push(Level { list, base });
        if list {
            self.way.push(Way::Entry);
        } else {
            self.want = Want::Key;
        }
    }

    fn string(&mut self, quote: char) {
        let long: String = [quote; 3].iter().collect();
        let (width, length) = if self.rest().starts_with(&long) {
            (3, long_length(&self.rest()[3..], &long))
        } else {
            (1, short_length(&self.rest()[1..], quote))
        };
        let start = self.at + width;
        self.at = start + length;
        let inside = start..self.at;
        if self.at == self.text.len() {
            self.finish(Kind::Text, Spot::Text, inside);
            return;
        }
        if self.rest().starts_with(quote) {
            self.at += width;
        }
        self.show(Kind::Text, inside);
        self.want = Want::After;
    }

    /// Shows a value, which the end of the text may have cut off.
    fn finish(&mut self, kind: Kind, spot: Spot, at: Range<usize>) {
        if self.at == self.text.len() {
            self.end = Some((spot, at.start));
        }
        self.show(kind, at);
        self.want = Want::After;
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().bytes().take_while(|byte| b" \t".contains(byte)).count();
    }

    fn push(&mut self, way: Way<'t>) {
        if self.way.len() < MOST_STEPS {
            self.way.push(way);
        }
    }

    fn show(&mut self, kind: Kind, at: Range<usize>) {
        (self.see)(Piece { way: &self.way, kind, at });
    }
}

/// Returns how long a string is up to its quote, or up to the end of its line.
fn short_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let ends = |letter: char| {
        let ends = letter == quote && !escaped || letter == '\n' || letter == '\r';
        escaped = letter == '\\' && quote == '"' && !escaped;
        ends
    };
    text.find(ends).unwrap_or(text.len())
}

/// Returns how long a string over several lines is; one that is not closed ends where a table
/// begins.
fn long_length(text: &str, quotes: &str) -> usize {
    if let Some(length) = text.find(quotes) {
        return length;
    }
    let mut ends = memchr::memchr_iter(b'\n', text.as_bytes());
    let opens = |end: &usize| opens_table(text[end + 1..].lines().next().unwrap_or_default());
    ends.find(opens).unwrap_or(text.len())
}

/// Returns whether a line is the header of a table, as far as it was typed.
fn opens_table(line: &str) -> bool {
    let inner = line.trim_start_matches('[');
    let name = inner.split(']').next().unwrap_or_default();
    let value = ["true", "false", "inf", "nan"].contains(&name.trim());
    inner.len() < line.len()
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.chars().all(|letter| is_key(letter) || ". ".contains(letter))
        && !value
}

/// Returns whether a line begins with a key and an equals sign.
fn gives_key(line: &str) -> bool {
    let name = line.split('=').next().unwrap_or_default();
    name.len() < line.len()
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.chars().all(|letter| is_bare(letter) || ". \t".contains(letter))
}

/// Returns whether a key may begin with a letter.
fn is_key(letter: char) -> bool {
    is_bare(letter) || is_quote(letter)
}

/// Returns whether a letter may stand in a key without quotes; letters of other scripts are taken
/// too, as keys that `config` refuses.
fn is_bare(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '-' || letter == '_'
}

fn is_quote(letter: char) -> bool {
    letter == '"' || letter == '\''
}

#[cfg(test)]
mod tests;

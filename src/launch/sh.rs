//! Sh: reads a shell script just far enough to know how a variable is read at each point of it.
//!
//! Quotes, `$(…)`, backticks, `${…}`, comments and here-documents are followed. What is not: an
//! unbalanced `)` of a `case` inside `$(…)`, aliases, `eval`. A wrong guess there costs a value its
//! quotes or leaves the variable's name standing; the value itself is never text of the script. In
//! arithmetic only whole numbers are put in, because bash runs what stands in an index there.
//! Unaware of values.

use super::Unfit;
use super::script::Writer;
use crate::model::Placeholder;

/// A script under way.
#[derive(Debug)]
pub(super) struct Sh {
    out: String,
    /// Where we are, innermost last; empty at the top.
    inside: Vec<Inside>,
    /// Here-documents whose text begins after this line.
    announced: Vec<Here>,
    /// A backslash was read, and what it stands before is not known yet.
    escaped: bool,
    /// Whether the shell is known to have `$'…'` and `((…))`.
    is_bash: bool,
}

/// What a point of a script stands inside of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Inside {
    /// `(…)` or `$(…)`.
    Parens,
    /// `` `…` ``.
    Ticks,
    /// `'…'`.
    Single,
    /// `$'…'`.
    Dollar,
    /// `"…"`.
    Double,
    /// `${…}`; whether it stands in double quotes or a here-document.
    Braces { quoted: bool },
    /// `$((…))`: parentheses that are open.
    Arithmetic(u32),
    /// `# …`.
    Comment,
    /// The text of a here-document.
    Here(Here),
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Here {
    end: String,
    quoted: bool,
    tabs: bool,
}

impl Writer for Sh {
    fn text(&mut self, text: &str, is_last: bool) {
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let taken = if std::mem::take(&mut self.escaped) {
                self.out.push('\\');
                next.len_utf8()
            } else {
                self.step(rest, next, is_last)
            };
            self.out.push_str(&rest[..taken]);
            rest = &rest[taken.max(usize::from(self.escaped))..];
        }
        if is_last && std::mem::take(&mut self.escaped) {
            self.out.push('\\');
        }
    }

    fn variable(&mut self, name: &str, placeholder: &Placeholder) -> Result<(), Unfit> {
        let escaped = std::mem::take(&mut self.escaped);
        let refused = |place| Err(Unfit::Unreachable { name: placeholder.name(), place });
        let read = match self.inside.last() {
            // A backslash before a word says that its first letter is meant as it is.
            None
            | Some(
                Inside::Parens | Inside::Ticks | Inside::Comment | Inside::Braces { quoted: false },
            ) => format!("\"${name}\""),
            Some(Inside::Single) => format!("'\"${name}\"'"),
            Some(Inside::Dollar) if escaped => return refused("after a backslash"),
            Some(Inside::Dollar) => format!("'\"${name}\"$'"),
            Some(Inside::Here(Here { quoted: true, .. })) => {
                return refused("in a here-document whose end word is quoted");
            }
            Some(Inside::Double | Inside::Here(_) | Inside::Braces { quoted: true }) => {
                let backslash = if escaped { "\\\\" } else { "" };
                format!("{backslash}${{{name}}}")
            }
            Some(Inside::Arithmetic(_)) => match placeholder {
                Placeholder::ItemIndex | Placeholder::Slot => format!("${{{name}}}"),
                _ => return refused("in arithmetic, which a shell may run as a command"),
            },
        };
        self.out.push_str(&read);
        Ok(())
    }

    fn finish(self: Box<Self>) -> String {
        self.out
    }
}

impl Sh {
    /// Begins a script.
    pub(super) fn new(is_bash: bool) -> Self {
        let (out, inside, announced) = (String::new(), Vec::new(), Vec::new());
        Self { out, inside, announced, escaped: false, is_bash }
    }

    /// Takes one step and returns the bytes that it read.
    fn step(&mut self, rest: &str, next: char, is_last: bool) -> usize {
        match self.inside.last().cloned() {
            None | Some(Inside::Parens | Inside::Ticks) => self.word(rest, next),
            Some(Inside::Comment) if next == '\n' => {
                self.inside.pop();
                0
            }
            Some(Inside::Comment) => next.len_utf8(),
            Some(Inside::Dollar) if next == '\\' => self.escape(),
            Some(Inside::Single | Inside::Dollar) => self.until('\'', next),
            Some(Inside::Double) if next == '"' => self.until('"', next),
            Some(Inside::Double) => self.expansion(rest, next, true),
            Some(Inside::Braces { .. }) if next == '}' => self.until('}', next),
            Some(Inside::Braces { .. }) if next == '"' => self.enter(Inside::Double, 1),
            Some(Inside::Braces { quoted: false }) if next == '\'' => self.enter(Inside::Single, 1),
            Some(Inside::Braces { quoted }) => self.expansion(rest, next, quoted),
            Some(Inside::Arithmetic(open)) => self.arithmetic(rest, next, open),
            Some(Inside::Here(here)) => self.here(&here, rest, next, is_last),
        }
    }

    /// Steps where words and commands stand.
    fn word(&mut self, rest: &str, next: char) -> usize {
        let begins =
            self.out.chars().last().is_none_or(|c| c.is_whitespace() || ";&|(".contains(c));
        match next {
            '\'' => self.enter(Inside::Single, 1),
            '"' => self.enter(Inside::Double, 1),
            '$' if self.is_bash && rest.starts_with("$'") => self.enter(Inside::Dollar, 2),
            '`' if self.inside.last() == Some(&Inside::Ticks) => self.until('`', next),
            '(' if self.is_bash && rest.starts_with("((") && begins => {
                self.enter(Inside::Arithmetic(2), 2)
            }
            '(' => self.enter(Inside::Parens, 1),
            ')' if self.inside.last() == Some(&Inside::Parens) => self.until(')', next),
            '#' if begins => self.enter(Inside::Comment, 1),
            '<' if rest.starts_with("<<<") => 3,
            '<' if rest.starts_with("<<") => self.announce(rest),
            '\n' => {
                self.begin_here();
                1
            }
            _ => self.expansion(rest, next, false),
        }
    }

    /// Steps where only `$`, backticks and backslashes mean something.
    fn expansion(&mut self, rest: &str, next: char, quoted: bool) -> usize {
        match next {
            '\\' => self.escape(),
            '`' => self.enter(Inside::Ticks, 1),
            '$' if rest.starts_with("$((") => self.enter(Inside::Arithmetic(2), 3),
            '$' if rest.starts_with("$(") => self.enter(Inside::Parens, 2),
            '$' if rest.starts_with("${") => self.enter(Inside::Braces { quoted }, 2),
            _ => next.len_utf8(),
        }
    }

    /// Steps in arithmetic.
    fn arithmetic(&mut self, rest: &str, next: char, open: u32) -> usize {
        let open = match next {
            '(' => open + 1,
            ')' => open - 1,
            _ => return self.expansion(rest, next, true),
        };
        self.inside.pop();
        if open > 0 {
            self.inside.push(Inside::Arithmetic(open));
        }
        1
    }

    /// Steps in a here-document.
    fn here(&mut self, here: &Here, rest: &str, next: char, is_last: bool) -> usize {
        if self.out.ends_with('\n') {
            let (line, is_whole) = match rest.split_once('\n') {
                Some((line, _)) => (line, true),
                None => (rest, is_last),
            };
            let end = if here.tabs { line.trim_start_matches('\t') } else { line };
            if is_whole && end == here.end {
                self.inside.pop();
                self.begin_here();
                return line.len();
            }
        }
        if here.quoted { next.len_utf8() } else { self.expansion(rest, next, true) }
    }

    /// Goes inside of something.
    fn enter(&mut self, inside: Inside, taken: usize) -> usize {
        self.inside.push(inside);
        taken
    }

    /// Steps inside of something that one character ends.
    fn until(&mut self, end: char, next: char) -> usize {
        if next == end {
            self.inside.pop();
        }
        next.len_utf8()
    }

    /// Holds a backslash back until it is known what follows.
    fn escape(&mut self) -> usize {
        self.escaped = true;
        0
    }

    /// Takes note of a here-document: `<<END`, `<<-'END'`.
    fn announce(&mut self, rest: &str) -> usize {
        let tabs = rest.starts_with("<<-");
        let after = &rest[if tabs { 3 } else { 2 }..];
        let word = after.trim_start_matches([' ', '\t']);
        let length = word.find(|c: char| c.is_whitespace() || ";&|()<>".contains(c));
        let word = &word[..length.unwrap_or(word.len())];
        let end: String = word.chars().filter(|c| !"'\"\\".contains(*c)).collect();
        let quoted = end != word;
        self.announced.push(Here { end, quoted, tabs });
        rest.len() - after.len() + (after.find(word).unwrap_or(0) + word.len())
    }

    /// Goes into the next here-document that was announced.
    fn begin_here(&mut self) {
        if !self.announced.is_empty() {
            let here = self.announced.remove(0);
            self.inside.push(Inside::Here(here));
        }
    }
}

//! Code: how other languages than the shell read a variable, inside and outside their quotes.
//!
//! Strings and comments are followed. Where a language has no way to read a variable inside a
//! string, the placeholder is refused rather than left standing. What is not followed: regular
//! expressions, here-documents and the free quotes of perl and ruby (`q{…}`, `%w[…]`). Unaware of
//! values.

use super::Unfit;
use super::script::Writer;
use crate::model::Placeholder;

/// How one language quotes; `@` stands for the name of the variable.
#[derive(Debug)]
struct Language {
    /// Reads a variable outside of quotes.
    outside: &'static str,
    /// Quotes, the longer first, with what reads a variable inside of them.
    quotes: &'static [(&'static str, Option<&'static str>)],
    /// Comments, with their ends.
    comments: &'static [(&'static str, &'static str)],
    /// Whether a comment only begins a word.
    is_word: bool,
    /// What takes the meaning of the next character.
    escape: char,
}

const FISH: Language = Language {
    outside: "\"$@\"",
    quotes: &[("\"", Some("\"\"$@\"\"")), ("'", Some("'\"$@\"'"))],
    comments: &[("#", "\n")],
    is_word: true,
    escape: '\\',
};

const PYTHON: Language = Language {
    outside: "__import__(\"os\").environ[\"@\"]",
    quotes: &[("\"\"\"", None), ("'''", None), ("\"", None), ("'", None)],
    comments: &[("#", "\n")],
    is_word: false,
    escape: '\\',
};

const NODE: Language = Language {
    outside: "process.env.@",
    quotes: &[("\"", None), ("'", None), ("`", Some("${process.env.@}"))],
    comments: &[("//", "\n"), ("/*", "*/")],
    is_word: false,
    escape: '\\',
};

const PERL: Language = Language {
    outside: "$ENV{@}",
    // Perl hands what stands in backticks to a shell, as text.
    quotes: &[("\"", Some("$ENV{@}")), ("'", None), ("`", None)],
    comments: &[("#", "\n")],
    is_word: true,
    escape: '\\',
};

const RUBY: Language = Language {
    outside: "ENV[\"@\"]",
    quotes: &[("\"", Some("#{ENV[\"@\"]}")), ("'", None), ("`", None)],
    comments: &[("#", "\n")],
    is_word: true,
    escape: '\\',
};

const PWSH: Language = Language {
    outside: "${env:@}",
    quotes: &[("\"", Some("${env:@}")), ("'", None)],
    comments: &[("<#", "#>"), ("#", "\n")],
    is_word: true,
    escape: '`',
};

/// A script under way.
#[derive(Debug)]
pub(super) struct Code {
    language: &'static Language,
    out: String,
    inside: Inside,
    escaped: bool,
}

/// What a point of a script stands inside of.
#[derive(Debug, Clone, Copy)]
enum Inside {
    Nothing,
    Quotes(&'static str, Option<&'static str>),
    Comment(&'static str),
}

impl Code {
    /// Begins a script for a program, if its language is known.
    pub(super) fn new(program: &str) -> Option<Self> {
        let language = match program {
            "fish" => &FISH,
            "python" | "pypy" => &PYTHON,
            "node" | "nodejs" => &NODE,
            "perl" => &PERL,
            "ruby" => &RUBY,
            "pwsh" | "powershell" => &PWSH,
            _ => return None,
        };
        Some(Self { language, out: String::new(), inside: Inside::Nothing, escaped: false })
    }

    /// Takes one step and returns the bytes that it read.
    fn step(&mut self, rest: &str, next: char) -> usize {
        match self.inside {
            Inside::Nothing => self.open(rest, next),
            Inside::Comment(end) | Inside::Quotes(end, _) if rest.starts_with(end) => {
                self.inside = Inside::Nothing;
                end.len()
            }
            Inside::Comment(_) | Inside::Quotes(..) => next.len_utf8(),
        }
    }

    /// Steps outside of everything.
    fn open(&mut self, rest: &str, next: char) -> usize {
        let Language { quotes, comments, is_word, .. } = self.language;
        let begins = !is_word
            || self.out.chars().last().is_none_or(|c| c.is_whitespace() || ";({".contains(c));
        if let Some((open, end)) = comments.iter().find(|(open, _)| rest.starts_with(open))
            && begins
        {
            self.inside = Inside::Comment(end);
            return open.len();
        }
        if let Some((quote, read)) = quotes.iter().find(|(quote, _)| rest.starts_with(quote)) {
            self.inside = Inside::Quotes(quote, *read);
            return quote.len();
        }
        next.len_utf8()
    }
}

impl Writer for Code {
    fn text(&mut self, text: &str, _: bool) {
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let is_comment = matches!(self.inside, Inside::Comment(_));
            let taken = if std::mem::take(&mut self.escaped) {
                next.len_utf8()
            } else if next == self.language.escape && !is_comment {
                self.escaped = true;
                next.len_utf8()
            } else {
                self.step(rest, next)
            };
            self.out.push_str(&rest[..taken]);
            rest = &rest[taken..];
        }
    }

    fn variable(&mut self, name: &str, placeholder: &Placeholder) -> Result<(), Unfit> {
        let refused = |place| Unfit::Unreachable { name: placeholder.name(), place };
        if self.escaped {
            return Err(refused("after an escape character"));
        }
        let read = match self.inside {
            Inside::Nothing | Inside::Comment(_) => self.language.outside,
            Inside::Quotes(_, read) => read.ok_or_else(|| refused("inside quotes"))?,
        };
        self.out.push_str(&read.replace('@', name));
        Ok(())
    }

    fn finish(self: Box<Self>) -> String {
        self.out
    }
}

//! Variables: the simple ones of a Makefile, and how a recipe gets at them.
//!
//! A value that is plain words becomes a variable of the environment, which the shell splits as
//! make would; any other is put in where it stands. Unaware of rules.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::draft::shell::{Quotes, is_variable, is_words};

/// What make itself knows; the names by which it calls others.
const BUILT_IN: [(&str, &str); 6] = [
    ("MAKE", "make"),
    ("CC", "cc"),
    ("CXX", "g++"),
    ("AR", "ar"),
    ("RM", "rm -f"),
    ("INSTALL", "install"),
];

/// Values in values that are followed: more of them can only be a circle.
const DEEPEST: u32 = 20;

/// Values that are put into one line at most, and bytes that it may have then: more is no recipe.
const MOST_STEPS: u32 = 10_000;
const LONGEST: usize = 1 << 20;

/// The simple variables of a Makefile.
#[derive(Debug, Default)]
pub(super) struct Variables {
    set: Vec<(String, String)>,
    /// Those that a recipe reads from its environment.
    used: BTreeSet<String>,
    /// Values that were put into the line under way.
    steps: Cell<u32>,
}

/// What stands behind a dollar.
enum Dollar<'t> {
    /// A dollar.
    Itself,
    /// A variable, or one of make's own such as `@`.
    Name(&'t str),
}

impl Variables {
    /// Sets a variable, or says why it is not taken.
    pub(super) fn set(
        &mut self,
        name: &str,
        operator: &str,
        value: &str,
    ) -> Result<(), &'static str> {
        if operator == "!" {
            return Err("the output of a command");
        }
        if !is_simple(value) {
            return Err("a function, or a value that only make knows");
        }
        let value = match self.plain(value) {
            // `:=` means the values of now.
            Some(now) if operator.contains(':') => now.replace('$', "$$"),
            None if operator.contains(':') => return Err("it names what is not set before it"),
            Some(_) | None => value.to_owned(),
        };
        let before = self.value(name).map(str::to_owned);
        let value = match (operator, before) {
            ("?", Some(before)) => before,
            ("+", Some(before)) => format!("{before} {value}").trim().to_owned(),
            _ => value,
        };
        self.set.retain(|(have, _)| have != name);
        self.set.push((name.to_owned(), value));
        match operator {
            "?" => Err("taken, but a variable of the same name outside does not win over it"),
            _ => Ok(()),
        }
    }

    /// Returns what a variable was set to, as it stands.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.set.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// Returns text with all values put in, if all of them are known.
    pub(super) fn plain(&self, text: &str) -> Option<String> {
        self.expand(text, DEEPEST, &mut |_| None).ok()
    }

    /// Returns the variables that recipes read from their environment, with their values.
    pub(super) fn used(&self) -> Vec<(String, String)> {
        let used = self.set.iter().filter(|(name, _)| self.used.contains(name));
        used.filter_map(|(name, value)| Some((name.clone(), self.plain(value)?))).collect()
    }

    /// Returns a line of a recipe as a shell is to see it, or why it can't be known.
    pub(super) fn recipe(
        &mut self,
        text: &str,
        target: &str,
        needs: &[String],
    ) -> Result<String, String> {
        let mut used = BTreeSet::new();
        let first = needs.first().cloned().unwrap_or_default();
        let mut at_quote = Quotes::default();
        let line = self.expand(text, DEEPEST, &mut |found| match found {
            Found::Text(text) => {
                at_quote.pass(text);
                None
            }
            Found::Name("@", _) => Some(target.to_owned()),
            Found::Name("<", _) => Some(first.clone()),
            Found::Name("^" | "+", _) => Some(needs.join(" ")),
            Found::Name(name, value) => {
                let reads = is_variable(name) && !at_quote.hides();
                match value {
                    Some(value) if reads && is_words(value) && self.value(name).is_some() => {
                        used.insert(name.to_owned());
                        Some(format!("${{{name}}}"))
                    }
                    Some(_) => None,
                    // Make asks the environment, and takes nothing for what is not there either.
                    None => reads.then(|| format!("${{{name}-}}")),
                }
            }
        })?;
        self.used.extend(used);
        Ok(line)
    }

    /// Puts values in, within bounds; `instead` may have something else for a name, and sees all
    /// text that passes.
    fn expand(
        &self,
        text: &str,
        depth: u32,
        instead: &mut dyn FnMut(Found<'_>) -> Option<String>,
    ) -> Result<String, String> {
        let Some(deeper) = depth.checked_sub(1) else {
            return Err("a variable that names itself".to_owned());
        };
        if depth == DEEPEST {
            self.steps.set(0);
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            self.steps.set(self.steps.get() + 1);
            if self.steps.get() > MOST_STEPS || out.len() > LONGEST {
                return Err("a value that is too long".to_owned());
            }
            let (before, after) = rest.split_at(at);
            instead(Found::Text(before));
            out.push_str(before);
            let (dollar, end) = dollar(after).ok_or("a `$` that stands alone")?;
            rest = &after[end..];
            let name = match dollar {
                Dollar::Itself => {
                    out.push('$');
                    instead(Found::Text("$"));
                    continue;
                }
                Dollar::Name(name) => name,
            };
            let built_in = BUILT_IN.iter().find(|(have, _)| *have == name).map(|(_, value)| *value);
            let value = match self.value(name).or(built_in) {
                Some(value) => Some(self.expand(value, deeper, &mut |_| None)?),
                None => None,
            };
            let other = instead(Found::Name(name, value.as_deref()));
            let put =
                other.or(value).ok_or_else(|| format!("`$({name})` is known to make alone"))?;
            out.push_str(&put);
        }
        instead(Found::Text(rest));
        out.push_str(rest);
        Ok(out)
    }
}

/// What is come upon in a text.
enum Found<'t> {
    /// Text between values.
    Text(&'t str),
    /// A name, and its value where it is known.
    Name(&'t str, Option<&'t str>),
}

/// Returns whether a value holds only text and names of variables.
fn is_simple(value: &str) -> bool {
    let word = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        match dollar(&rest[at..]) {
            Some((Dollar::Name(name), end)) if word(name) && !name.is_empty() => {
                rest = &rest[at + end..];
            }
            Some((Dollar::Itself, end)) => rest = &rest[at + end..],
            Some((Dollar::Name(_), _)) | None => return false,
        }
    }
    true
}

/// Returns what a dollar at the start of a text means, and where it ends.
fn dollar(text: &str) -> Option<(Dollar<'_>, usize)> {
    let next = text[1..].chars().next()?;
    let close = match next {
        '$' => return Some((Dollar::Itself, 2)),
        '(' => ')',
        '{' => '}',
        c => return Some((Dollar::Name(&text[1..=c.len_utf8()]), 1 + c.len_utf8())),
    };
    let end = text.find(close)?;
    Some((Dollar::Name(&text[2..end]), end + 1))
}

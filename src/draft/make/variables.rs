//! Variables: the simple ones of a Makefile, and how a recipe gets at them.
//!
//! A value that is plain words becomes a variable of the environment, which the shell splits as
//! make would; any other is put in where it stands. Unaware of rules.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::draft::shell::{DEEPEST, Quotes, is_variable, is_words, reads};

/// What make itself knows; the names by which it calls others.
const BUILT_IN: [(&str, &str); 16] = [
    ("MAKE", "make"),
    ("SHELL", "/bin/sh"),
    (".SHELLFLAGS", "-c"),
    ("CC", "cc"),
    ("CXX", "g++"),
    ("CPP", "cc -E"),
    ("AR", "ar"),
    ("ARFLAGS", "rv"),
    ("AS", "as"),
    ("LD", "ld"),
    ("RM", "rm -f"),
    ("LEX", "lex"),
    ("YACC", "yacc"),
    ("MAKEINFO", "makeinfo"),
    ("TEX", "tex"),
    ("OBJC", "cc"),
];

/// What only make knows: where and how it runs, and programs that nobody has any more.
const OWN: [&str; 26] = [
    "CURDIR",
    "MAKECMDGOALS",
    "MAKEFILES",
    "MAKEFILE_LIST",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "MAKE_COMMAND",
    "MAKE_HOST",
    "MAKE_RESTARTS",
    "MAKE_TERMERR",
    "MAKE_TERMOUT",
    "MAKE_VERSION",
    "MFLAGS",
    "GNUMAKEFLAGS",
    "OUTPUT_OPTION",
    "SUFFIXES",
    "FC",
    "F77",
    "F77FLAGS",
    "PC",
    "CO",
    "GET",
    "LINT",
    "M2C",
    "TEXI2DVI",
];

/// Values that are put into one line at most, and bytes that it may have then: more is no recipe.
const MOST_STEPS: u32 = 10_000;
const LONGEST: usize = 1 << 20;

/// The simple variables of a Makefile.
#[derive(Debug, Default)]
pub(super) struct Variables {
    set: BTreeMap<String, String>,
    /// Those whose value nobody knows, because a line that sets them was left.
    left: HashSet<String>,
    /// Whether a line was left that can set any.
    any_left: bool,
    /// Those that a recipe reads from its environment.
    used: BTreeSet<String>,
    /// Those that recipes would have in their environment, with a value that nobody knows.
    unseen: BTreeSet<String>,
    /// Whether that can be any.
    any_unseen: bool,
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
        let value = self.next(name, operator, value).inspect_err(|_| self.leave(name))?;
        self.left.remove(name);
        self.set.insert(name.to_owned(), value);
        match operator {
            "?" => Err("taken, but a variable of the same name outside does not win over it"),
            _ => Ok(()),
        }
    }

    /// Returns the value that a variable gets.
    fn next(&self, name: &str, operator: &str, value: &str) -> Result<String, &'static str> {
        let before = self.value(name);
        if let ("?", Some(before)) = (operator, before) {
            return Ok(before.to_owned());
        }
        if operator == "!" {
            return Err("the output of a command");
        }
        if !is_simple(value) {
            return Err("a function, or a value that only make knows");
        }
        if matches!(operator, "?" | "+") && self.is_left(name) {
            return Err("what it was before is known to make alone");
        }
        let value = match self.plain(value) {
            // `:=` means the values of now.
            Some(now) if operator.contains(':') => now.replace('$', "$$"),
            None if operator.contains(':') => return Err("it names what is not set before it"),
            Some(_) | None => value.to_owned(),
        };
        let built_in = built_in(name).filter(|_| operator == "+");
        Ok(match (operator, before.or(built_in)) {
            ("+", Some(before)) => format!("{before} {value}").trim().to_owned(),
            _ => value,
        })
    }

    /// Notes that a line which sets a variable was left.
    pub(super) fn leave(&mut self, name: &str) {
        self.set.remove(name);
        self.left.insert(name.to_owned());
    }

    /// Notes that a line was left which can set any variable.
    pub(super) fn leave_any(&mut self) {
        self.any_left = true;
    }

    /// Notes that files may lie elsewhere than they are called.
    pub(super) fn leave_files(&mut self) {
        self.left.extend(["<", "^", "+"].map(str::to_owned));
    }

    /// Returns whether a line that sets a variable was left.
    pub(super) fn is_left(&self, name: &str) -> bool {
        self.left.contains(name)
    }

    /// Returns whether only make knows what a variable holds.
    fn is_unknown(&self, name: &str) -> bool {
        let unset = self.value(name).is_none() && built_in(name).is_none();
        self.is_left(name)
            || unset && OWN.contains(&name)
            || unset && self.any_left && is_variable(name)
    }

    /// Has recipes find a variable in their environment, `*` all of them; returns whether that can
    /// be done.
    pub(super) fn export(&mut self, name: &str) -> bool {
        let all = || self.set.keys().chain(&self.left).filter(|name| is_variable(name));
        let names: Vec<String> =
            if name == "*" { all().cloned().collect() } else { vec![name.to_owned()] };
        self.any_unseen |= name == "*" && self.any_left;
        let mut known = true;
        for name in names {
            let value = self.value(&name).map(|value| self.plain(value));
            if matches!(value, Some(None)) || self.is_unknown(&name) {
                known = false;
                self.unseen.insert(name);
            } else if is_variable(&name) {
                self.used.insert(name);
            }
        }
        known
    }

    /// Returns what a variable was set to, as it stands.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.set.get(name).map(String::as_str)
    }

    /// Returns text with all values put in, if all of them are known.
    pub(super) fn plain(&self, text: &str) -> Option<String> {
        self.expand(text, DEEPEST, &mut |_| None).ok()
    }

    /// Returns the variables that recipes read from their environment, with their values.
    pub(super) fn used(&self) -> Vec<(String, String)> {
        let used = self.set.iter().filter(|(name, _)| self.used.contains(*name));
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
        let mut seen = HashSet::new();
        let once: Vec<&str> =
            needs.iter().map(String::as_str).filter(|need| seen.insert(*need)).collect();
        let mut at_quote = Quotes::default();
        let is_sign = |c: char| c.is_whitespace() || "@-+".contains(c);
        let mut begun = false;
        let line = self.expand(text, DEEPEST, &mut |found| match found {
            Found::Text(text) => {
                at_quote.pass(text);
                begun |= !text.chars().all(is_sign);
                None
            }
            Found::Name("@", _) => Some(target.to_owned()),
            Found::Name("<", _) => Some(first.clone()),
            Found::Name("^", _) => Some(once.join(" ")),
            Found::Name("+", _) => Some(needs.join(" ")),
            Found::Name(name, value) => {
                let text = value.unwrap_or(name);
                // Make looks for signs once values are put in.
                let (signs, leads) = (text.chars().all(is_sign), !begun);
                begun |= !signs;
                if leads && (signs || text.starts_with(is_sign)) {
                    return None;
                }
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
        let unset = if self.any_unseen { unset(&line) } else { Vec::new() };
        let unset = unset.into_iter().find(|name| !self.set.contains_key(*name));
        let unseen = self.unseen.iter().map(String::as_str);
        if let Some(name) = unseen.chain(unset).find(|name| reads(&line, name)) {
            return Err(format!("`${name}` is known to make alone"));
        }
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
            if self.is_unknown(name) {
                return Err(format!("`$({name})` is known to make alone"));
            }
            let value = match self.value(name).or(built_in(name)) {
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

/// Returns the value of a variable that make has by itself.
fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(have, _)| *have == name).map(|(_, value)| *value)
}

/// Returns the variables that a text for a shell reads and does not set.
fn unset(text: &str) -> Vec<&str> {
    let names = text.match_indices('$').map(|(at, _)| {
        let after = text[at + 1..].trim_start_matches(['{', '#', '!']);
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        &after[..after.find(|c| !word(c)).unwrap_or(after.len())]
    });
    let sets = |name: &str| {
        let for_each = format!("for {name} ");
        text.contains(&format!("{name}=")) || text.contains(&for_each)
    };
    names.filter(|name| is_variable(name) && !sets(name)).collect()
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

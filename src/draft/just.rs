//! Just: recipes of a justfile, with what they need and their simple variables.
//!
//! A recipe whose parameters have no default can't run by itself and is not taken. Unaware of
//! modules, settings and functions.

use std::collections::BTreeMap;

use super::ledger::{Ledger, NOT_WHOLE};
use super::sheet::{Process, Sheet, USUAL};
use super::shell::{Line, Quotes, is_variable, is_words};
use super::values::list;

/// First words of lines that are none of a recipe, and what they are.
const OWN: [(&str, &str); 6] = [
    ("set", "a setting of just"),
    ("alias", "a second name"),
    ("import", "another file"),
    ("import?", "another file"),
    ("mod", "a module"),
    ("mod?", "a module"),
];

/// Interpreters that take a program as an argument, and behind which word.
const INTERPRETERS: [(&str, &str); 10] = [
    ("sh", "-c"),
    ("bash", "-c"),
    ("dash", "-c"),
    ("zsh", "-c"),
    ("ksh", "-c"),
    ("python", "-c"),
    ("python3", "-c"),
    ("node", "-e"),
    ("ruby", "-e"),
    ("perl", "-e"),
];

/// Reads a justfile.
pub(super) fn read(ledger: &mut Ledger<'_>) -> Sheet {
    let shell = USUAL.map(str::to_owned).to_vec();
    let mut reader = Reader { lines: ledger.lines(), ledger, vars: BTreeMap::new() };
    let mut sheet = Sheet { shell, ..Sheet::default() };
    let recipes = reader.walk(&mut sheet);
    for recipe in recipes {
        sheet.processes.extend(reader.process(recipe, &sheet.shell));
    }
    let used = |(name, _): &&(String, String)| {
        let read = format!("${{{name}}}");
        let scripts = sheet.processes.iter().filter_map(|process| process.script.as_ref());
        scripts.into_iter().any(|script| script.contains(&read))
    };
    let set: Vec<(String, String)> = reader.vars.into_iter().collect();
    sheet.env.extend(set.iter().filter(used).cloned().collect::<Vec<_>>());
    sheet.env.sort();
    sheet.env.dedup_by(|a, b| a.0 == b.0);
    sheet
}

/// A recipe as it stands: the line of its head, from 0, its head, and the lines below it.
struct Recipe<'t> {
    at: usize,
    head: &'t str,
    doc: Option<String>,
    body: Vec<(usize, &'t str)>,
}

struct Reader<'l, 't> {
    lines: Vec<&'t str>,
    ledger: &'l mut Ledger<'t>,
    vars: BTreeMap<String, String>,
}

impl<'t> Reader<'_, 't> {
    /// Walks over all lines: sets variables, and returns the recipes.
    fn walk(&mut self, sheet: &mut Sheet) -> Vec<Recipe<'t>> {
        let mut recipes: Vec<Recipe<'t>> = Vec::new();
        let (mut open, mut doc) = (false, None);
        for (at, line) in self.lines.clone().into_iter().enumerate() {
            if line.starts_with([' ', '\t']) || line.trim().is_empty() {
                if let Some(recipe) = recipes.last_mut().filter(|_| open) {
                    recipe.body.push((at, line));
                }
                continue;
            }
            open = false;
            if let Some(comment) = line.strip_prefix('#') {
                doc = Some(comment.trim().to_owned());
                continue;
            }
            let word = line.split_whitespace().next().unwrap_or_default();
            if let Some((_, what)) = OWN.iter().find(|(own, _)| *own == word) {
                self.ledger.leave(at + 1, *what);
            } else if line.starts_with('[') {
                self.ledger.leave(at + 1, "an attribute");
                continue;
            } else if let Some((name, value)) = line.split_once(":=") {
                self.variable(at, name.trim(), value.trim(), sheet);
            } else if line.contains(':') {
                recipes.push(Recipe { at, head: line, doc: doc.take(), body: Vec::new() });
                open = true;
            }
            doc = None;
        }
        recipes
    }

    /// Sets a variable whose value is a string.
    fn variable(&mut self, at: usize, name: &str, value: &str, sheet: &mut Sheet) {
        let Some(value) = literal(value) else {
            return self.ledger.leave(at + 1, "its value is no plain string");
        };
        self.ledger.take(at + 1);
        let exported = name.strip_prefix("export ").map(str::trim);
        let name = exported.unwrap_or(name);
        if exported.is_some() && is_variable(name) {
            sheet.env.push((name.to_owned(), value.clone()));
        }
        self.vars.insert(name.to_owned(), value);
    }

    /// Makes a process of a recipe, or lists it.
    fn process(&mut self, recipe: Recipe<'t>, shell: &[String]) -> Option<Process> {
        let number = recipe.at + 1;
        let Some((name, values, needs)) = self.head(number, recipe.head) else {
            let lines = recipe.body.iter().filter(|(_, line)| !line.trim().is_empty());
            lines.for_each(|(at, _)| self.ledger.leave(at + 1, "its recipe was not taken"));
            return None;
        };
        self.ledger.take(number);
        let needs = needs.into_iter().map(|need| (need, number)).collect();
        let mut process = Process {
            called: name,
            line: number,
            description: recipe.doc,
            needs,
            ..Process::default()
        };
        let indent = |line: &str| line.len() - line.trim_start().len();
        let filled = || recipe.body.iter().filter(|(_, line)| !line.trim().is_empty());
        let margin = filled().next().map_or(0, |(_, line)| indent(line));
        let strip = |line: &'t str| line.get(margin.min(indent(line))..).unwrap_or_default();
        if let Some((first, line)) =
            filled().next().filter(|(_, line)| line.trim_start().starts_with("#!"))
        {
            let body = recipe.body.iter().filter(|(at, _)| at > first);
            let text: String = body.flat_map(|(_, line)| [strip(line), "\n"]).collect();
            self.shebang(&mut process, line.trim_start(), text.trim_end(), &values);
            (recipe.at + 1..=recipe.at + recipe.body.len() + 1)
                .for_each(|line| self.ledger.take(line));
            return Some(process);
        }
        let (mut lines, mut whole) = (Vec::new(), true);
        let mut body = filled();
        while let Some((at, line)) = body.next() {
            let mut text = strip(line).to_owned();
            self.ledger.take(at + 1);
            while text.ends_with('\\') {
                let Some((more, line)) = body.next() else { break };
                self.ledger.take(more + 1);
                text.push('\n');
                text.push_str(strip(line));
            }
            match self.fill(&text, &values) {
                Ok(text) => lines.extend(body_line(&text)),
                Err(why) => {
                    self.ledger.leave(at + 1, why);
                    whole = false;
                }
            }
        }
        if whole {
            process.fill(&lines, shell);
        } else {
            filled().for_each(|(at, _)| self.ledger.leave_also(at + 1, NOT_WHOLE));
            process.refuse();
        }
        Some(process)
    }

    /// Reads the head of a recipe: its name, the values of its parameters, what it needs.
    fn head(
        &mut self,
        number: usize,
        head: &str,
    ) -> Option<(String, BTreeMap<String, String>, Vec<String>)> {
        let (left, right) = split_head(head)?;
        let left = left.trim_start_matches('@');
        let (name, parameters) = left.split_once(char::is_whitespace).unwrap_or((left, ""));
        let mut values = BTreeMap::new();
        for parameter in words(parameters) {
            let (name, value) = match parameter.split_once('=') {
                Some((name, value)) => (name, literal(value)),
                None => (&*parameter, parameter.starts_with('*').then(String::new)),
            };
            let bare = name.trim_start_matches(['*', '+', '$']);
            let Some(value) = value else {
                self.ledger.leave(number, format!("its parameter `{bare}` has no plain default"));
                return None;
            };
            let why = format!("its parameter `{bare}` is always its default");
            self.ledger.leave(number, why);
            values.insert(bare.to_owned(), value);
        }
        let (before, after) = right.split_once("&&").unwrap_or((right, ""));
        if !after.trim().is_empty() {
            self.ledger.leave(number, "what comes behind `&&` would run after it");
        }
        let mut needs = Vec::new();
        for word in before.split('#').next().unwrap_or_default().split_whitespace() {
            if word.contains(['(', ')', '"', '\'']) {
                self.ledger.leave(number, "a recipe is called with arguments");
                break;
            }
            needs.push(word.to_owned());
        }
        Some((name.to_owned(), values, needs))
    }

    /// Makes a script of a recipe that begins with its interpreter.
    fn shebang(
        &mut self,
        process: &mut Process,
        first: &str,
        text: &str,
        values: &BTreeMap<String, String>,
    ) {
        let words = first.trim_start_matches("#!").split_whitespace();
        let names = words.map(|word| word.rsplit('/').next().unwrap_or(word));
        let is_own = |name: &&str| *name != "env" && !name.starts_with('-');
        let name = names.into_iter().find(is_own).unwrap_or_default();
        let found = INTERPRETERS.iter().find(|(have, _)| *have == name);
        let text = self.fill(text, values);
        match (found, text) {
            (Some((name, word)), Ok(text)) => {
                process.keys.push(("shell", list(&[*name, *word])));
                process.script = Some(text + "\n");
            }
            (None, _) => {
                self.ledger
                    .leave(process.line, format!("`{name}` is no interpreter that is known"));
            }
            (_, Err(why)) => self.ledger.leave(process.line, why),
        }
        if process.script.is_none() {
            process.refuse();
        }
    }

    /// Puts values in.
    fn fill(&self, text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
        let (mut out, mut rest) = (String::new(), text);
        let mut quotes = Quotes::default();
        while let Some(at) = rest.find("{{") {
            let (before, after) = rest.split_at(at);
            quotes.pass(before);
            out.push_str(before);
            if let Some(escaped) = after.strip_prefix("{{{{") {
                out.push_str("{{");
                rest = escaped;
                continue;
            }
            let end = after.find("}}").ok_or("a `{{` that is not closed")?;
            let name = after[2..end].trim();
            rest = &after[end + 2..];
            let value = values.get(name).or_else(|| self.vars.get(name));
            let value = value.ok_or_else(|| format!("`{{{{{name}}}}}` is no plain variable"))?;
            let own = !values.contains_key(name) && is_variable(name);
            if own && is_words(value) && !quotes.hides() {
                out.extend(["${", name, "}"]);
            } else {
                quotes.pass(value);
                out.push_str(value);
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Returns a line of a recipe without the signs in front of it.
fn body_line(text: &str) -> Option<Line> {
    let bare = text.trim_start_matches(['@', '-', ' ']);
    let signs = &text[..text.len() - bare.len()];
    let line = || Line { text: bare.to_owned(), ignored: signs.contains('-') };
    (!bare.trim().is_empty()).then(line)
}

/// Returns what stands before and behind the colon of a head, which may stand in a string.
fn split_head(head: &str) -> Option<(&str, &str)> {
    let mut quotes = Quotes::default();
    for (at, c) in head.char_indices() {
        if c == ':' && !quotes.is_open() {
            return Some((&head[..at], &head[at + 1..]));
        }
        quotes.pass(c.encode_utf8(&mut [0; 4]));
    }
    None
}

/// Returns the words of a text, of which some hold strings with blanks.
fn words(text: &str) -> Vec<String> {
    let mut quotes = Quotes::default();
    let mut words = vec![String::new()];
    for c in text.chars() {
        if c.is_whitespace() && !quotes.is_open() {
            words.push(String::new());
            continue;
        }
        quotes.pass(c.encode_utf8(&mut [0; 4]));
        words.last_mut().expect("one is there").push(c);
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns the text of a plain string.
fn literal(value: &str) -> Option<String> {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let single = inside('\'').filter(|text| !text.contains('\''));
    let double = inside('"').filter(|text| !text.contains(['"', '\\']));
    single.or(double).map(str::to_owned)
}

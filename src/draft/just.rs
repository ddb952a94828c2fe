//! Just: recipes of a justfile, with what they need and their simple variables.
//!
//! A recipe whose parameters have no default can't run by itself and is not taken. Unaware of
//! modules, settings and functions.

use std::collections::BTreeMap;

use super::ledger::{Ledger, NOT_WHOLE};
use super::sheet::{Process, Sheet};
use super::shell::{Line, Quotes, Shell, is_shell, is_variable, is_words, reads};
use super::values::list;

/// First words of lines that are none of a recipe, and what they are.
const OWN: [(&str, &str); 5] = [
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

/// The shell that just starts for each line.
const SHELL: [&str; 3] = ["sh", "-u", "-c"];

/// Attributes that change nothing of what a recipe does.
const QUIET: [&str; 6] = ["private", "group", "doc", "no-exit-message", "no-quiet", "parallel"];

/// Signs in front of a line.
const SIGNS: &str = "@-";

/// Reads a justfile.
pub(super) fn read(ledger: &mut Ledger<'_>) -> Sheet {
    let shell = Some(Shell::new(&SHELL));
    let (lines, vars) = (ledger.lines(), BTreeMap::new());
    let mut reader = Reader { lines, ledger, vars, shell, exports: false, unseen: Vec::new() };
    let mut sheet = Sheet::default();
    let recipes = reader.walk(&mut sheet);
    sheet.shell = reader.shell.as_ref().map(Shell::lines).unwrap_or_default();
    for recipe in &recipes {
        sheet.processes.extend(reader.process(recipe));
    }
    if reader.exports {
        let all = reader.vars.iter().filter(|(name, _)| is_variable(name));
        sheet.env.extend(all.map(|(name, value)| (name.clone(), value.clone())));
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
    /// Whether an attribute says where it may run, or how.
    guarded: bool,
}

/// What the head of a recipe says.
#[derive(Default)]
struct Head {
    name: String,
    /// The values of its parameters.
    values: BTreeMap<String, String>,
    needs: Vec<String>,
    /// The parameters that it finds in its environment.
    env: Vec<(String, String)>,
    /// Whether all of it was taken.
    whole: bool,
}

struct Reader<'l, 't> {
    lines: Vec<&'t str>,
    ledger: &'l mut Ledger<'t>,
    vars: BTreeMap<String, String>,
    /// The shell of the recipes; none where it can't be known what they would do.
    shell: Option<Shell>,
    /// Whether recipes find all variables in their environment.
    exports: bool,
    /// Variables with a value that nobody knows, and whether each is exported.
    unseen: Vec<(String, bool)>,
}

impl<'t> Reader<'_, 't> {
    /// Walks over all lines: sets variables, and returns the recipes.
    fn walk(&mut self, sheet: &mut Sheet) -> Vec<Recipe<'t>> {
        let mut recipes: Vec<Recipe<'t>> = Vec::new();
        let (mut open, mut doc, mut guarded) = (false, None, false);
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
            if word == "set" {
                self.setting(at + 1, line.trim_start_matches(word).trim());
            } else if let Some((_, what)) = OWN.iter().find(|(own, _)| *own == word) {
                self.ledger.leave(at + 1, *what);
            } else if line.starts_with('[') {
                self.ledger.leave(at + 1, "an attribute");
                guarded |= !is_quiet(line);
                continue;
            } else if let Some((name, value)) = line.split_once(":=") {
                self.variable(at, name.trim(), value.trim(), sheet);
            } else if line.contains(':') {
                let (doc, body) = (doc.take(), Vec::new());
                recipes.push(Recipe { at, head: line, doc, body, guarded });
                open = true;
            }
            (doc, guarded) = (None, false);
        }
        recipes
    }

    /// Reads a setting, or lists it.
    fn setting(&mut self, number: usize, text: &str) {
        let (name, value) = text.split_once(":=").unwrap_or((text, "true"));
        let (name, value) = (name.trim(), value.trim());
        match (name, value) {
            ("export", "true") => self.exports = true,
            ("shell", _) => {
                let inside = value.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
                let words = inside.unwrap_or_default().trim_end_matches([',', ' ']).split(',');
                let words: Option<Vec<String>> = words.map(|word| literal(word.trim())).collect();
                let own = words.filter(|it| it.len() > 1 && is_shell(&it[0]));
                self.shell = own.map(|words| Shell::new(&words));
            }
            // Where a recipe runs, and what `$1` is in it.
            ("working-directory" | "positional-arguments", value) if value != "false" => {
                self.shell = None;
            }
            _ => return self.ledger.leave(number, "a setting of just"),
        }
        match self.shell {
            Some(_) => self.ledger.take(number),
            None => self.ledger.leave(number, "a setting of just, on which every recipe depends"),
        }
    }

    /// Sets a variable whose value is a string.
    fn variable(&mut self, at: usize, name: &str, value: &str, sheet: &mut Sheet) {
        let exported = name.strip_prefix("export ").map(str::trim);
        let name = exported.unwrap_or(name);
        let Some(value) = literal(value) else {
            self.unseen.push((name.to_owned(), exported.is_some()));
            return self.ledger.leave(at + 1, "its value is no plain string");
        };
        self.ledger.take(at + 1);
        if exported.is_some() && is_variable(name) {
            sheet.env.push((name.to_owned(), value.clone()));
        }
        self.vars.insert(name.to_owned(), value);
    }

    /// Makes a process of a recipe, or lists it.
    fn process(&mut self, recipe: &Recipe<'t>) -> Option<Process> {
        let number = recipe.at + 1;
        let filled = || recipe.body.iter().filter(|(_, line)| !line.trim().is_empty());
        let Some(head) = self.head(number, recipe.head) else {
            filled().for_each(|(at, _)| self.ledger.leave(at + 1, "its recipe was not taken"));
            return None;
        };
        self.ledger.take(number);
        let mut process = Process {
            called: head.name,
            line: number,
            description: recipe.doc.clone(),
            needs: head.needs.into_iter().map(|need| (need, number)).collect(),
            env: head.env,
            ..Process::default()
        };
        let first = filled().next().map(|(at, line)| (*at, line.trim_start()));
        let whole = if let Some((at, first)) = first.filter(|(_, line)| line.starts_with("#!")) {
            let text: Vec<&str> = recipe.stripped().filter(|it| it.0 > at).map(|it| it.1).collect();
            filled().for_each(|(at, _)| self.ledger.take(at + 1));
            self.shebang(&mut process, first, text.join("\n").trim_end(), &head.values)
        } else {
            let lines = self.recipe(recipe, &head.values);
            let known = lines.zip(self.shell.as_ref());
            known.map(|(lines, shell)| process.fill(&lines, shell)).is_some()
        };
        if !whole || !head.whole || recipe.guarded || self.shell.is_none() {
            filled().for_each(|(at, _)| self.ledger.leave_also(at + 1, NOT_WHOLE));
            process.refuse();
        }
        Some(process)
    }

    /// Returns the lines of a recipe, if all of them are known.
    fn recipe(
        &mut self,
        recipe: &Recipe<'t>,
        values: &BTreeMap<String, String>,
    ) -> Option<Vec<Line>> {
        let mut body = recipe.stripped().filter(|(_, line)| !line.trim().is_empty());
        let (mut lines, mut whole) = (Vec::new(), true);
        while let Some((at, line)) = body.next() {
            let mut text = line.to_owned();
            self.ledger.take(at + 1);
            while text.ends_with('\\') {
                let Some((more, line)) = body.next() else { break };
                self.ledger.take(more + 1);
                text.push('\n');
                text.push_str(line);
            }
            // Signs are none where a value holds them, and a comment goes on in the next line.
            let Some(line) = Line::of(&text, SIGNS).filter(|it| !it.text.starts_with('#')) else {
                continue;
            };
            match self.fill(&line.text, values, Place::Shell) {
                Ok(text) => lines.push(Line { text, ..line }),
                Err(why) => {
                    self.ledger.leave(at + 1, why);
                    whole = false;
                }
            }
        }
        whole.then_some(lines)
    }

    /// Reads the head of a recipe.
    fn head(&mut self, number: usize, line: &str) -> Option<Head> {
        let (left, right) = split_head(line)?;
        let left = left.trim_start_matches('@');
        let (name, parameters) = left.split_once(char::is_whitespace).unwrap_or((left, ""));
        let mut head = Head { name: name.to_owned(), whole: true, ..Head::default() };
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
            if name.contains('$') {
                head.env.push((bare.to_owned(), value.clone()));
            }
            head.values.insert(bare.to_owned(), value);
        }
        head.whole &= head.env.iter().all(|(name, _)| is_variable(name));
        let (before, after) = right.split_once("&&").unwrap_or((right, ""));
        if !after.trim().is_empty() {
            self.ledger.leave(number, "what comes behind `&&` would run after it");
        }
        let before = before.split('#').next().unwrap_or_default();
        if before.contains(['(', ')', '"', '\'']) {
            self.ledger.leave(number, "a recipe is called with arguments");
            head.whole = false;
        } else {
            head.needs = before.split_whitespace().map(str::to_owned).collect();
        }
        Some(head)
    }

    /// Makes a script of a recipe that begins with its interpreter; returns whether it is known.
    fn shebang(
        &mut self,
        process: &mut Process,
        first: &str,
        text: &str,
        values: &BTreeMap<String, String>,
    ) -> bool {
        let (Some((name, word, flags)), text) =
            (interpreter(first), self.fill(text, values, Place::Program))
        else {
            self.ledger.leave(process.line, format!("`{first}` is no interpreter that is known"));
            return false;
        };
        match text {
            Ok(text) => {
                let words: Vec<&str> = [&[name][..], &flags, &[word]].concat();
                process.keys.push(("shell", list(&words)));
                process.script = Some(text + "\n");
                true
            }
            Err(why) => {
                self.ledger.leave(process.line, why);
                false
            }
        }
    }

    /// Puts values in.
    fn fill(
        &self,
        text: &str,
        values: &BTreeMap<String, String>,
        place: Place,
    ) -> Result<String, String> {
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
            if own && place == Place::Shell && is_words(value) && !quotes.hides() {
                out.extend(["${", name, "}"]);
            } else {
                quotes.pass(value);
                out.push_str(value);
            }
        }
        out.push_str(rest);
        let mut unseen = self.unseen.iter().filter(|(_, exported)| *exported || self.exports);
        match unseen.find(|(name, _)| reads(&out, name)) {
            Some((name, _)) => Err(format!("`${name}` is computed by just")),
            None => Ok(out),
        }
    }
}

/// Where values are put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A line for a shell, which can read variables.
    Shell,
    /// A text of which only its interpreter knows what it means.
    Program,
}

impl<'t> Recipe<'t> {
    /// Returns the lines below its head, without the margin that all of them have.
    fn stripped(&self) -> impl Iterator<Item = (usize, &'t str)> {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let first = self.body.iter().find(|(_, line)| !line.trim().is_empty());
        let margin = first.map_or(0, |(_, line)| indent(line));
        let strip = move |line: &'t str| line.get(margin.min(indent(line))..).unwrap_or_default();
        self.body.iter().map(move |(at, line)| (*at, strip(line)))
    }
}

/// Returns the interpreter of a first line, the word that a program comes behind, and its flags.
fn interpreter(first: &str) -> Option<(&'static str, &'static str, Vec<&str>)> {
    let mut words = first.trim_start_matches("#!").split_whitespace();
    let mut program = words.next()?;
    let mut most = 1;
    if program.ends_with("/env") {
        // The system splits nothing: all that stands behind the program is one word.
        (program, most) = (words.next()?, 0);
        if program == "-S" {
            (program, most) = (words.next()?, usize::MAX);
        }
    }
    let flags: Vec<&str> = words.collect();
    let name = program.rsplit('/').next().unwrap_or(program);
    let (name, word) = INTERPRETERS.iter().find(|(have, _)| *have == name)?;
    let is_flag = |flag: &&str| flag.len() > 1 && flag.starts_with('-') && *flag != "--";
    (flags.len() <= most && flags.iter().all(is_flag)).then_some((name, word, flags))
}

/// Returns whether a line of attributes changes nothing of what a recipe does.
fn is_quiet(line: &str) -> bool {
    let inside = line.trim().trim_start_matches('[').split(']').next().unwrap_or_default();
    let name = inside.split(['(', ':', ' ']).next().unwrap_or_default();
    let one = !inside.contains(',') || inside.contains(['"', '\'']);
    let all = || inside.split(',').all(|name| QUIET.contains(&name.trim()));
    if one { QUIET.contains(&name) } else { all() }
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

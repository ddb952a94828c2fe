//! Make: targets, what they need, and recipes of a Makefile.
//!
//! Only what make does without thinking is taken: explicit rules and simple variables. Whether a
//! file is newer than another is not asked, so a target is always made. Unaware of files.
//!
//! Reading order: this is the walk over the lines; [`rules`] makes processes of what it found;
//! [`variables`] has the values, and puts them into a recipe; [`lost`] is what the lines that are
//! left would have said.

mod lost;
mod rules;
mod variables;

use super::ledger::Ledger;
use super::sheet::Sheet;
use lost::{Lost, bare};
use rules::Rule;
use variables::Variables;

/// First words of lines that mean something to make alone, and what they are.
const OWN: [(&str, &str); 9] = [
    ("include", "another file"),
    ("-include", "another file"),
    ("sinclude", "another file"),
    ("vpath", "a search for files"),
    ("unexport", "a variable that recipes do not see"),
    ("undefine", "a variable is taken back"),
    ("override", "a variable that wins over the command line"),
    ("private", "a variable of one target"),
    ("load", "a module of make"),
];

/// Variables that say something to make, and what.
const SETTINGS: [(&str, &str); 6] = [
    ("MAKEFLAGS", "options of make"),
    ("GNUMAKEFLAGS", "options of make"),
    ("MAKEFILES", "other files"),
    ("VPATH", "a search for files"),
    (".DEFAULT_GOAL", "what is made where nothing is named"),
    (".RECIPEPREFIX", "what recipe lines begin with"),
];

/// Targets that only say something to make, of which a job needs nothing.
const NOTHING: [&str; 3] = [".PHONY", ".SILENT", ".POSIX"];

/// Reads a Makefile.
pub(super) fn read(ledger: &mut Ledger<'_>) -> Sheet {
    let mut reader = Reader {
        ledger,
        variables: Variables::default(),
        rules: Vec::new(),
        lost: Lost::default(),
        exported: Vec::new(),
        shell_at: 0,
        one_shell: false,
        one_job: false,
    };
    reader.lines();
    rules::sheet(reader)
}

struct Reader<'l, 't> {
    ledger: &'l mut Ledger<'t>,
    variables: Variables,
    rules: Vec<Rule>,
    lost: Lost,
    /// Variables that recipes have in their environment, and the lines that say so.
    exported: Vec<(String, usize)>,
    /// The line that says last what the shell is, or what it finds; none says so where it is 0.
    shell_at: usize,
    /// Whether a recipe has one shell for all of its lines.
    one_shell: bool,
    /// Whether one recipe runs at a time.
    one_job: bool,
}

impl Reader<'_, '_> {
    /// Walks over all lines.
    fn lines(&mut self) {
        let lines = self.ledger.lines();
        let mut comments: Vec<String> = Vec::new();
        let mut at = 0;
        // Whether recipe lines belong to the rule read last.
        let mut open = false;
        while at < lines.len() {
            let (first, text) = (at + 1, lines[at]);
            let end = at + 1 + lines[at..].iter().take_while(|line| line.ends_with('\\')).count();
            let end = end.min(lines.len());
            at = end;
            if let Some(recipe) = text.strip_prefix('\t') {
                let more =
                    lines[first..end].iter().map(|line| line.strip_prefix('\t').unwrap_or(line));
                let all: Vec<&str> = std::iter::once(recipe).chain(more).collect();
                match self.rules.last_mut().filter(|_| open) {
                    Some(rule) => rule.recipe.push((first, all.join("\n"))),
                    None => self.astray(first, &all),
                }
                continue;
            }
            let parts = lines[first - 1..end].iter().map(|line| line.trim_end_matches('\\').trim());
            let joined = parts.collect::<Vec<_>>().join(" ");
            let line = joined.trim();
            if let Some(comment) = line.strip_prefix('#') {
                comments.push(comment.trim_start_matches('#').trim().to_owned());
                continue;
            }
            if line.is_empty() {
                comments.clear();
                continue;
            }
            (first..=end).for_each(|line| self.ledger.take(line));
            if let Some((until, why)) = block(&lines, first - 1) {
                self.block(first, &lines[first - 1..until], why);
                at = until;
                // What stands in it may belong to the recipe around it.
                if let Some(rule) = self.rules.last_mut().filter(|_| open) {
                    rule.whole = false;
                }
            } else {
                open = self.line(first, line, std::mem::take(&mut comments));
            }
        }
    }

    /// Leaves a line that begins as those of recipes do, where no rule is.
    fn astray(&mut self, first: usize, lines: &[&str]) {
        let text = lines[0].trim();
        if text.is_empty() || text.starts_with('#') {
            return;
        }
        self.lost.line(text, &mut self.variables);
        for at in 0..lines.len() {
            self.ledger.leave(first + at, "a line of a recipe without its rule");
        }
    }

    /// Leaves a block.
    fn block(&mut self, first: usize, lines: &[&str], why: &str) {
        // The lines of a value set nothing.
        let say = if lines[0].trim_start().starts_with("define") { &lines[..1] } else { lines };
        for line in say {
            self.lost.line(line, &mut self.variables);
        }
        (first..first + lines.len()).for_each(|line| self.ledger.leave(line, why));
    }

    /// Reads a line outside of recipes; returns whether recipe lines may follow.
    fn line(&mut self, number: usize, line: &str, comments: Vec<String>) -> bool {
        let text = without_comment(line);
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        if let Some((_, what)) = OWN.iter().find(|(own, _)| *own == word) {
            self.lost.line(text, &mut self.variables);
            self.ledger.leave(number, *what);
            return false;
        }
        if word == "export" {
            self.export(number, rest.trim());
            return false;
        }
        if let Some((name, operator, value)) = assignment(text) {
            self.assign(number, name, operator, value);
            return false;
        }
        let Some((targets, rest)) = text.split_once(':').filter(|_| !is_call(text)) else {
            self.lost.line(text, &mut self.variables);
            let what = if text.starts_with('$') { "a function" } else { "it was not understood" };
            self.ledger.leave(number, what);
            return false;
        };
        let targets = targets.trim();
        if targets.starts_with('.') && !targets.contains('/') && self.special(number, targets) {
            return false;
        }
        let mut rule = match self.rule(targets, rest) {
            Ok(rule) => rule,
            Err(why) => {
                self.lost.line(text, &mut self.variables);
                self.ledger.leave(number, why);
                // What follows is its recipe, which nobody then accounts for.
                Rule::default()
            }
        };
        if let Some((_, inline)) = rest.split_once(';').filter(|_| !rule.targets.is_empty()) {
            rule.recipe.push((number, inline.trim_start().to_owned()));
        }
        self.rules.push(Rule { line: number, comments, ..rule });
        true
    }

    /// Sets a variable, or lists it.
    fn assign(&mut self, number: usize, name: &str, operator: &str, value: &str) {
        if matches!(name, "SHELL" | ".SHELLFLAGS" | "PATH") {
            self.shell_at = number;
        }
        if let Some((_, what)) = SETTINGS.iter().find(|(own, _)| *own == name) {
            self.lost.line(&format!("{name}="), &mut self.variables);
            return self.ledger.leave(number, *what);
        }
        if let Err(why) = self.variables.set(name, operator, value) {
            self.ledger.leave(number, why);
        }
    }

    /// Reads what variables recipes have in their environment.
    fn export(&mut self, number: usize, text: &str) {
        if let Some((name, operator, value)) = assignment(text) {
            self.assign(number, name, operator, value);
            return self.exported.push((name.to_owned(), number));
        }
        match self.variables.plain(text) {
            Some(names) if names.is_empty() => self.exported.push(("*".to_owned(), number)),
            Some(names) => {
                let names = names.split_whitespace().map(|name| (name.to_owned(), number));
                self.exported.extend(names);
            }
            None => self.ledger.leave(number, "variables whose names make alone knows"),
        }
    }

    /// Reads a target that only says something to make; returns whether it is known.
    fn special(&mut self, number: usize, target: &str) -> bool {
        match target {
            ".NOTPARALLEL" => self.one_job = true,
            ".ONESHELL" => self.one_shell = true,
            ".EXPORT_ALL_VARIABLES" => self.exported.push(("*".to_owned(), number)),
            _ => return NOTHING.contains(&target),
        }
        true
    }

    /// Reads the head of a rule, or says why it is not taken.
    fn rule(&self, targets: &str, rest: &str) -> Result<Rule, &'static str> {
        let needs = rest.split(';').next().unwrap_or_default().trim_start_matches(':');
        match () {
            () if targets.starts_with('.') && !targets.contains('/') => {
                return Err("a word to make alone");
            }
            () if targets.contains('%') => return Err("a pattern rule"),
            () if assignment(bare(needs).1).is_some() => return Err("a variable of one target"),
            () if needs.contains('=') => return Err("a variable of one target"),
            () if needs.contains(':') => return Err("a static pattern rule"),
            () => {}
        }
        let words = |text: &str| {
            let plain = self.variables.plain(text).ok_or("a function, or a value of make alone")?;
            Ok::<_, &'static str>(plain.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        };
        let (needs, first) = needs.split_once('|').unwrap_or((needs, ""));
        let (targets, needs, order) = (words(targets)?, words(needs)?, words(first)?);
        Ok(Rule { targets, needs, order, whole: true, ..Rule::default() })
    }
}

/// Returns whether a line is nothing but a function.
fn is_call(text: &str) -> bool {
    let mut depth = 0;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        depth <= 0
    });
    text.starts_with("$(") && text.contains(' ') && end.is_some_and(|(at, _)| at + 1 == text.len())
}

/// Returns where a block ends that is left as a whole, and why, if one begins here.
fn block(lines: &[&str], at: usize) -> Option<(usize, &'static str)> {
    let word = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let (opens, close, why): (&[&str], _, _) = match word(lines[at]).as_str() {
        "define" => (&["define"], "endef", "a variable of several lines"),
        "ifeq" | "ifneq" | "ifdef" | "ifndef" => {
            (&["ifeq", "ifneq", "ifdef", "ifndef"], "endif", "a condition")
        }
        _ => return None,
    };
    let mut depth = 0;
    for (number, line) in lines.iter().enumerate().skip(at) {
        let word = word(line);
        depth += i32::from(opens.contains(&&*word)) - i32::from(word == close);
        if depth == 0 {
            return Some((number + 1, why));
        }
    }
    Some((lines.len(), why))
}

/// Returns the name, the operator and the value of a line that sets a variable.
fn assignment(line: &str) -> Option<(&str, &str, &str)> {
    let (left, value) = line.split_once('=')?;
    let name = left.trim_end_matches([':', '?', '+', '!']);
    let operator = &left[name.len()..];
    let name = name.trim();
    let odd = |c: char| c.is_whitespace() || ":#$".contains(c);
    (!name.is_empty() && !name.contains(odd)).then_some((name, operator, value.trim()))
}

/// Returns a line without the comment at its end.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').find(|(at, _)| !line[..*at].ends_with('\\'));
    comment.map_or(line, |(at, _)| line[..at].trim_end())
}

//! Make: targets, what they need, and recipes of a Makefile.
//!
//! Only what make does without thinking is taken: explicit rules and simple variables. Whether a
//! file is newer than another is not asked, so a target is always made. Unaware of files.
//!
//! Reading order: this is the walk over the lines; [`variables`] has the values, and puts them into
//! a recipe.

mod variables;

use std::collections::HashMap;

use super::ledger::{Ledger, NOT_WHOLE};
use super::sheet::{Process, Sheet};
use super::shell::{self, Line};
use variables::Variables;

/// First words of lines that mean something to make alone, and what they are.
const OWN: [(&str, &str); 12] = [
    ("include", "another file"),
    ("-include", "another file"),
    ("sinclude", "another file"),
    ("vpath", "a search for files"),
    ("export", "a variable for every recipe: put it into `[env]`"),
    ("unexport", "a variable that recipes do not see"),
    ("undefine", "a variable is taken back"),
    ("override", "a variable that wins over the command line"),
    ("private", "a variable of one target"),
    ("load", "a module of make"),
    ("$(eval", "a function"),
    ("$(foreach", "a function"),
];

/// Targets that only say something to make, of which a job needs nothing.
const NOTHING: [&str; 4] = [".PHONY", ".SILENT", ".POSIX", ".NOTPARALLEL"];

/// Reads a Makefile.
pub(super) fn read(ledger: &mut Ledger<'_>) -> Sheet {
    let (variables, rules) = (Variables::default(), Vec::new());
    let mut reader = Reader { ledger, variables, rules, targets: HashMap::new() };
    reader.lines();
    reader.sheet()
}

/// A rule, as it stands.
struct Rule {
    line: usize,
    targets: Vec<String>,
    needs: Vec<String>,
    recipe: Vec<(usize, String)>,
    comments: Vec<String>,
}

struct Reader<'l, 't> {
    ledger: &'l mut Ledger<'t>,
    variables: Variables,
    rules: Vec<Rule>,
    /// Where the process of each target is.
    targets: HashMap<String, usize>,
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
            if let (Some(recipe), true) = (text.strip_prefix('\t'), open) {
                let more =
                    lines[first..end].iter().map(|line| line.strip_prefix('\t').unwrap_or(line));
                let all: Vec<&str> = std::iter::once(recipe).chain(more).collect();
                self.rules.last_mut().expect("it is open").recipe.push((first, all.join("\n")));
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
            if let Some(block) = block(&lines, first - 1) {
                let (until, why) = block;
                (first..=until).for_each(|line| self.ledger.leave(line, why));
                at = until;
                open = false;
            } else {
                open = self.line(first, line, std::mem::take(&mut comments));
            }
        }
    }

    /// Reads a line outside of recipes; returns whether recipe lines may follow.
    fn line(&mut self, number: usize, line: &str, comments: Vec<String>) -> bool {
        let word = line.split_whitespace().next().unwrap_or_default();
        if let Some((_, what)) = OWN.iter().find(|(own, _)| *own == word) {
            self.ledger.leave(number, *what);
            return false;
        }
        let text = without_comment(line);
        if let Some((name, operator, value)) = assignment(text) {
            if let Err(why) = self.variables.set(name, operator, value) {
                self.ledger.leave(number, why);
            }
            return false;
        }
        let Some((targets, rest)) = text.split_once(':') else {
            self.ledger.leave(number, "it was not understood");
            return false;
        };
        let (rest, inline) = match rest.split_once(';') {
            Some((rest, recipe)) => (rest, Some(recipe.trim_start().to_owned())),
            None => (rest, None),
        };
        let needs = rest.trim_start_matches(':');
        let why = match () {
            () if targets.contains('%') => Some("a pattern rule"),
            () if needs.contains('=') => Some("a variable of one target"),
            () if needs.contains(':') => Some("a static pattern rule"),
            () if targets.trim().starts_with('.') && !targets.trim().contains('/') => {
                let quiet = NOTHING.contains(&targets.trim());
                if quiet {
                    return false;
                }
                Some("a word to make alone")
            }
            () => None,
        };
        let words = |text: &str| {
            let plain = self.variables.plain(text)?;
            Some(plain.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        };
        let read = words(targets).zip(words(&needs.replace('|', " ")));
        let (targets, needs) = match (why, read) {
            (None, Some(read)) => read,
            (why, _) => {
                self.ledger.leave(number, why.unwrap_or("a function, or a value of make alone"));
                // What follows is its recipe, which nobody then accounts for.
                self.rules.push(Rule {
                    line: number,
                    targets: Vec::new(),
                    needs: Vec::new(),
                    recipe: Vec::new(),
                    comments,
                });
                return true;
            }
        };
        let recipe = inline.map(|text| (number, text)).into_iter().collect();
        self.rules.push(Rule { line: number, targets, needs, recipe, comments });
        true
    }

    /// Makes processes of rules.
    fn sheet(mut self) -> Sheet {
        let mut sheet = Sheet { shell: self.shell(), ..Sheet::default() };
        for rule in std::mem::take(&mut self.rules) {
            if rule.targets.is_empty() {
                let lines = rule.recipe.iter();
                lines.for_each(|(line, _)| self.ledger.leave(*line, "its rule was not taken"));
            }
            for target in &rule.targets {
                self.target(target, &rule, &mut sheet);
            }
        }
        for process in &mut sheet.processes {
            let (needs, files): (Vec<_>, Vec<_>) = std::mem::take(&mut process.needs)
                .into_iter()
                .partition(|it| self.targets.contains_key(&it.0));
            process.needs = needs;
            for (file, line) in files {
                let why = format!("`{file}` is no target; whether a file is newer is not asked");
                self.ledger.leave(line, why);
            }
        }
        sheet.env = self.variables.used();
        sheet
    }

    /// Adds a rule to the process of its target.
    fn target(&mut self, target: &str, rule: &Rule, sheet: &mut Sheet) {
        let at = *self.targets.entry(target.to_owned()).or_insert(sheet.processes.len());
        if at == sheet.processes.len() {
            let called = target.to_owned();
            sheet.processes.push(Process { called, line: rule.line, ..Process::default() });
        }
        let process = &mut sheet.processes[at];
        process.comments.extend(rule.comments.iter().cloned());
        process.needs.extend(rule.needs.iter().map(|need| (need.clone(), rule.line)));
        if rule.recipe.is_empty() {
            return;
        }
        if process.script.is_some() {
            let lines = rule.recipe.iter();
            lines.for_each(|(line, _)| self.ledger.leave(*line, "a second recipe of its target"));
            return;
        }
        let mut lines = Vec::new();
        let mut whole = true;
        for (number, text) in &rule.recipe {
            match self.variables.recipe(text, target, &rule.needs) {
                Ok(text) => lines.extend(recipe_line(&text)),
                Err(why) => {
                    self.ledger.leave(*number, why);
                    whole = false;
                }
            }
            let more = text.matches('\n').count();
            (*number..=number + more).for_each(|line| self.ledger.take(line));
        }
        if whole {
            return process.fill(&lines, &sheet.shell);
        }
        for (number, _) in &rule.recipe {
            self.ledger.leave_also(*number, NOT_WHOLE);
        }
        process.refuse();
    }

    /// Returns the shell of the recipes.
    fn shell(&self) -> Vec<String> {
        let mut shell = shell::SHELL.map(str::to_owned).to_vec();
        if let Some(own) = self.variables.value("SHELL").filter(|own| !own.is_empty()) {
            own.clone_into(&mut shell[0]);
        }
        shell
    }
}

/// Returns a line of a recipe without the signs in front of it; none where nothing else is there.
fn recipe_line(text: &str) -> Option<Line> {
    let bare = text.trim_start_matches(|c: char| c.is_whitespace() || "@-+".contains(c));
    let signs = &text[..text.len() - bare.len()];
    (!bare.trim().is_empty()).then(|| Line { text: bare.to_owned(), ignored: signs.contains('-') })
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

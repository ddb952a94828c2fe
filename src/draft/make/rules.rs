//! Rules: processes of the rules of a Makefile.
//!
//! What several rules say of one target belongs together, and a recipe runs only where all of it is
//! known. Unaware of how lines are read.

use std::collections::HashMap;

use super::Reader;
use super::variables::Variables;
use crate::draft::ledger::NOT_WHOLE;
use crate::draft::sheet::{Process, Sheet};
use crate::draft::shell::{Line, Shell, is_shell};

/// Signs in front of a line.
const SIGNS: &str = "@-+";

/// A rule, as it stands.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) line: usize,
    pub(super) targets: Vec<String>,
    pub(super) needs: Vec<String>,
    /// What only has to be there before it.
    pub(super) order: Vec<String>,
    pub(super) recipe: Vec<(usize, String)>,
    pub(super) comments: Vec<String>,
    /// Whether no part of it was left.
    pub(super) whole: bool,
}

/// Makes processes of the rules that were read.
pub(super) fn sheet(mut reader: Reader<'_, '_>) -> Sheet {
    for name in reader.lost.scoped() {
        reader.variables.leave(&name);
    }
    for (name, line) in std::mem::take(&mut reader.exported) {
        if !reader.variables.export(&name) {
            reader.ledger.leave(line, "its value is known to make alone");
        }
    }
    // A value of it is seen by all recipes, as it came from outside.
    reader.variables.export("PATH");
    let shell = shell(&reader.variables);
    if shell.is_none() && reader.shell_at > 0 {
        reader.ledger.leave(reader.shell_at, "recipes would have another shell, or other programs");
    }
    let rules = std::mem::take(&mut reader.rules);
    let lines = shell.as_ref().map(Shell::lines).unwrap_or_default();
    let mut sheet = Sheet { shell: lines, ..Sheet::default() };
    if reader.one_job {
        let one = "jobs = 1 # one at a time; what must come first stands in `needs`";
        sheet.tables = vec!["[limits]".to_owned(), one.to_owned()];
    }
    Maker { needs: needs(&rules), reader: &mut reader, shell, targets: HashMap::new() }
        .processes(&rules, &mut sheet);
    sheet.env = reader.variables.used();
    sheet
}

struct Maker<'r, 'l, 't> {
    reader: &'r mut Reader<'l, 't>,
    /// The shell of the recipes; none where it can't be known.
    shell: Option<Shell>,
    /// What each target needs, as recipes see it.
    needs: HashMap<String, Vec<String>>,
    /// Where the process of each target is.
    targets: HashMap<String, usize>,
}

impl Maker<'_, '_, '_> {
    /// Makes a process of each target.
    fn processes(&mut self, rules: &[Rule], sheet: &mut Sheet) {
        for rule in rules {
            for (line, _) in rule.recipe.iter().filter(|_| rule.targets.is_empty()) {
                self.reader.ledger.leave(*line, "its rule was not taken");
            }
            for target in &rule.targets {
                self.target(target, rule, &mut sheet.processes);
            }
        }
        for process in &mut sheet.processes {
            let (needs, files): (Vec<_>, Vec<_>) = std::mem::take(&mut process.needs)
                .into_iter()
                .partition(|it| self.targets.contains_key(&it.0));
            process.needs = needs;
            if self.reader.lost.names(&process.called) {
                process.refuse();
            }
            for (file, line) in files {
                let why = if self.reader.lost.makes(&file) {
                    process.refuse();
                    format!("`{file}`, which was not taken, comes before it")
                } else {
                    format!("`{file}` is no target; whether a file is newer is not asked")
                };
                self.reader.ledger.leave(line, why);
            }
        }
    }

    /// Adds a rule to the process of its target.
    fn target(&mut self, target: &str, rule: &Rule, processes: &mut Vec<Process>) {
        let at = *self.targets.entry(target.to_owned()).or_insert(processes.len());
        if at == processes.len() {
            let called = target.to_owned();
            processes.push(Process { called, line: rule.line, ..Process::default() });
        }
        let process = &mut processes[at];
        process.comments.extend(rule.comments.iter().cloned());
        let needs = rule.needs.iter().chain(&rule.order);
        process.needs.extend(needs.map(|need| (need.clone(), rule.line)));
        if rule.recipe.is_empty() && rule.whole {
            return;
        }
        if process.script.is_some() {
            for (line, _) in &rule.recipe {
                self.reader.ledger.leave(*line, "a second recipe of its target");
            }
            return process.refuse();
        }
        match self.recipe(target, rule) {
            Some((lines, shell)) => process.fill(&lines, &shell),
            None => process.refuse(),
        }
    }

    /// Returns the lines of a recipe and their shell, if all of it is known.
    fn recipe(&mut self, target: &str, rule: &Rule) -> Option<(Vec<Line>, Shell)> {
        let needs = self.needs.get(target).map_or(&[][..], Vec::as_slice);
        let (mut lines, mut whole) = (Vec::new(), rule.whole && self.shell.is_some());
        for (number, text) in &rule.recipe {
            match self.reader.variables.recipe(text, target, needs) {
                Ok(text) => lines.extend(Line::of(&text, SIGNS)),
                Err(why) => {
                    self.reader.ledger.leave(*number, why);
                    whole = false;
                }
            }
            let more = text.matches('\n').count();
            (*number..=number + more).for_each(|line| self.reader.ledger.take(line));
        }
        if let (true, Some(shell)) = (whole, &self.shell) {
            return Some((
                if self.reader.one_shell { joined(&lines) } else { lines },
                shell.clone(),
            ));
        }
        for (number, _) in &rule.recipe {
            self.reader.ledger.leave_also(*number, NOT_WHOLE);
        }
        None
    }
}

/// Returns what each target needs over all rules, that of its recipe first.
fn needs(rules: &[Rule]) -> HashMap<String, Vec<String>> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    let (with, without): (Vec<_>, Vec<_>) = rules.iter().partition(|it| !it.recipe.is_empty());
    for rule in with.into_iter().chain(without) {
        for target in &rule.targets {
            all.entry(target.clone()).or_default().extend(rule.needs.iter().cloned());
        }
    }
    all
}

/// Returns lines that one shell runs, as one.
fn joined(lines: &[Line]) -> Vec<Line> {
    let text: Vec<&str> = lines.iter().map(|line| &*line.text).collect();
    let first = lines.first().map(|line| line.ignored);
    first.map(|ignored| Line { text: text.join("\n"), ignored }).into_iter().collect()
}

/// Returns the shell of the recipes, if it is one, and is known with what it finds.
fn shell(variables: &Variables) -> Option<Shell> {
    let words = |text: &str| {
        let plain = variables.plain(text)?;
        Some(plain.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    let (mut shell, flags) = (words("$(SHELL)")?, words("$(.SHELLFLAGS)")?);
    match shell.first().map(String::as_str) {
        Some("/bin/sh") => "sh".clone_into(&mut shell[0]),
        Some("env" | "/usr/bin/env") => drop(shell.remove(0)),
        _ => {}
    }
    let is_own = shell.first().is_some_and(|program| is_shell(program));
    let runs = flags.last().is_some_and(|word| word.starts_with('-') && word.ends_with('c'));
    let plain = flags.iter().all(|word| !word.contains(['\'', '"', '\\']));
    let known = is_own && runs && plain && !variables.is_left("PATH");
    known.then(|| Shell::new(&[shell, flags].concat()))
}

//! Sheet: a job under construction, and the file that it becomes.
//!
//! What is written is always a job that can be proved: names are valid, a process needs only what
//! is there, and a need that would close a circle is left out and told. Unaware of where processes
//! come from.

use std::collections::{HashMap, HashSet};

use super::ledger::{Ledger, Left};
use super::names::Names;
use super::shell::{self, Line, Shell};
use super::values::{key, list, literal, string, table};
use crate::config;
use crate::model::Problem;

/// The shell of a job file that names none.
const USUAL: [&str; 3] = ["sh", "-eu", "-c"];

/// Characters of a line by which it is known again in a comment.
const KNOWN_AGAIN: usize = 48;

/// A job under construction.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// Lines at its top.
    pub(super) head: Vec<String>,
    /// The folder that its paths start from, seen from that of the job file; none is the same.
    pub(super) base: Option<String>,
    /// The shell of every script.
    pub(super) shell: Vec<String>,
    /// Variables of every process.
    pub(super) env: Vec<(String, String)>,
    /// The processes.
    pub(super) processes: Vec<Process>,
    /// Lines behind everything else, before the processes.
    pub(super) tables: Vec<String>,
}

/// A process under construction.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// What it is called where it comes from.
    pub(super) called: String,
    /// The line that it comes from.
    pub(super) line: usize,
    /// Comments above it.
    pub(super) comments: Vec<String>,
    /// What it is for.
    pub(super) description: Option<String>,
    /// What it needs, as that is called, and the line that says so.
    pub(super) needs: Vec<(String, usize)>,
    /// The text for a shell.
    pub(super) script: Option<String>,
    /// Without a script: the program and its arguments; none does nothing but need others.
    pub(super) command: Vec<String>,
    /// Variables of its own.
    pub(super) env: Vec<(String, String)>,
    /// Its folder.
    pub(super) cwd: Option<String>,
    /// Files that it reads.
    pub(super) inputs: Vec<String>,
    /// Other keys, with their values as they are written.
    pub(super) keys: Vec<(&'static str, String)>,
}

impl Sheet {
    /// Leaves out needs that name nothing or close a circle, and lists them. What needs something
    /// that is not there fails.
    pub(super) fn settle(&mut self, ledger: &mut Ledger<'_>) {
        let known: HashMap<String, usize> =
            self.processes.iter().enumerate().map(|(at, it)| (it.called.clone(), at)).collect();
        let mut edges: Vec<Vec<usize>> = vec![Vec::new(); self.processes.len()];
        for (from, process) in self.processes.iter_mut().enumerate() {
            let (mut seen, mut whole) = (HashSet::new(), true);
            process.needs.retain(|(need, line)| match known.get(need) {
                Some(to) if seen.insert(*to) => {
                    edges[from].push(*to);
                    true
                }
                Some(_) => false,
                None => {
                    ledger.leave(*line, format!("there is no `{need}` to need"));
                    whole = false;
                    false
                }
            });
            if !whole {
                process.refuse();
            }
        }
        let closing = closing(&edges);
        for (from, process) in self.processes.iter_mut().enumerate() {
            process.needs.retain(|(need, line)| {
                let closes = known.get(need).is_some_and(|to| closing.contains(&(from, *to)));
                if closes {
                    ledger.leave(*line, format!("`{need}` already waits for this one"));
                }
                !closes
            });
        }
    }

    /// Returns the job file, in its canonical form, and the names of its processes.
    pub(super) fn write(&self, left: &[Left]) -> Result<(String, Vec<String>), Vec<Problem>> {
        let mut names = Names::default();
        let names: Vec<String> =
            self.processes.iter().map(|process| names.take(&process.called)).collect();
        let mut out: Vec<String> = self.head.iter().map(|line| comment(line)).collect();
        if !left.is_empty() {
            out.extend(["#".to_owned(), "# Not taken, or not as it was:".to_owned()]);
            out.extend(left.iter().map(|it| {
                comment(&format!("  line {}: {}  ({})", it.line, short(&it.text), it.why))
            }));
        }
        out.push(String::new());
        if !self.env.is_empty() {
            out.push("[env]".to_owned());
            let entry = |(name, value): &(String, String)| {
                format!("{} = {}", key(name), string(&literal(value)))
            };
            out.extend(self.env.iter().map(entry).chain([String::new()]));
        }
        let own_shell = !self.shell.is_empty() && self.shell != USUAL;
        if own_shell || self.base.is_some() {
            out.push("[defaults]".to_owned());
            out.extend(self.base.iter().map(|base| format!("cwd = {}", string(&literal(base)))));
            out.extend(own_shell.then(|| format!("shell = {}", list(&self.shell))));
            out.push(String::new());
        }
        out.extend(self.tables.iter().cloned());
        let by_call: HashMap<&str, &String> =
            self.processes.iter().map(|it| it.called.as_str()).zip(&names).collect();
        for (process, name) in self.processes.iter().zip(&names) {
            out.push(String::new());
            process.write(name, &by_call, self.base.as_deref(), &mut out);
        }
        Ok((config::format(&(out.join("\n") + "\n"))?, names))
    }
}

impl Process {
    /// Has it run in a pool.
    pub(super) fn pool(mut self, name: &str) -> Self {
        self.keys.push(("pool", string(name)));
        self
    }

    /// Has it fail, because a part of its recipe was not taken: to run the rest could do harm.
    pub(super) fn refuse(&mut self) {
        self.keys.retain(|(key, _)| *key != "shell");
        self.script = Some("echo 'not taken: see the top of the job file' >&2; exit 1".to_owned());
    }

    /// Gives it the lines of a recipe, which `shell` runs.
    pub(super) fn fill(&mut self, lines: &[Line], shell: &Shell) {
        match shell::without_comments(lines).as_slice() {
            [] => {}
            [line] if !line.ignored && !shell::is_plain(&line.text) => {
                if shell.alone() != shell.lines() {
                    self.keys.push(("shell", list(shell.alone())));
                }
                let ends = if line.text.contains('\n') { "\n" } else { "" };
                self.script = Some(line.text.clone() + ends);
            }
            lines => self.script = Some(shell::script(lines, shell)),
        }
    }

    fn write(
        &self,
        name: &str,
        names: &HashMap<&str, &String>,
        base: Option<&str>,
        out: &mut Vec<String>,
    ) {
        let from_base = |path: &String| match base {
            Some(base) if !path.starts_with('/') => format!("{base}/{path}"),
            Some(_) | None => path.clone(),
        };
        out.extend(self.comments.iter().map(|line| comment(line)));
        out.push(format!("[process.{}]", key(name)));
        let mut put = |key: &str, value: String| out.push(format!("{key} = {value}"));
        if let Some(description) = self.description.as_ref().filter(|it| !it.is_empty()) {
            put("description", string(description));
        }
        let needs: Vec<&String> =
            self.needs.iter().filter_map(|it| names.get(&*it.0)).copied().collect();
        if !needs.is_empty() {
            put("needs", list(&needs));
        }
        if !self.inputs.is_empty() {
            let inputs: Vec<String> = self.inputs.iter().map(from_base).collect();
            put("inputs", list(&inputs));
        }
        if let Some(cwd) = &self.cwd {
            put("cwd", string(&literal(&from_base(cwd))));
        }
        if !self.env.is_empty() {
            let env: Vec<_> =
                self.env.iter().map(|(name, value)| (name.clone(), literal(value))).collect();
            put("env", table(&env));
        }
        for (key, value) in &self.keys {
            put(key, value.clone());
        }
        match &self.script {
            Some(script) => put("script", string(&literal(script))),
            None if self.command.is_empty() => put("command", list(&["true"])),
            None => put("command", list(&self.command)),
        }
    }
}

/// Returns the edges that close a circle, as one comes upon them.
fn closing(edges: &[Vec<usize>]) -> HashSet<(usize, usize)> {
    let (mut closing, mut seen) = (HashSet::new(), vec![false; edges.len()]);
    let mut under_way = vec![false; edges.len()];
    for start in 0..edges.len() {
        let mut path = if seen[start] { Vec::new() } else { vec![(start, 0)] };
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            (seen[at], under_way[at]) = (true, true);
            let Some(to) = edges[at].get(*next).copied() else {
                under_way[at] = false;
                path.pop();
                continue;
            };
            *next += 1;
            if under_way[to] {
                closing.insert((at, to));
            } else if !seen[to] {
                path.push((to, 0));
            }
        }
    }
    closing
}

/// Returns as much of a line as is known again.
fn short(text: &str) -> String {
    match text.char_indices().nth(KNOWN_AGAIN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns text as a comment of one line, in which nothing can act on a terminal.
fn comment(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("# {plain}").trim_end().to_owned()
}

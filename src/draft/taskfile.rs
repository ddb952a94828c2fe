//! Taskfile: the tasks of go-task, version 3, as far as they are plain.
//!
//! Every key is read or listed, so nothing of the tree can be passed over. Values of plain
//! variables are put into commands; what a template computes is not. Unaware of includes.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode as _, MarkedYaml, YamlData, YamlLoader};
use saphyr_parser::Parser;

use super::ledger::Ledger;
use super::sheet::{Process, Sheet};
use super::shell::{self, DEEPEST, Line, Shell};

/// Keys that only say how much go-task prints.
const QUIET: [&str; 3] = ["version", "silent", "output"];

/// Keys of a task that change nothing of what it does.
const HARMLESS: [&str; 9] =
    ["generates", "method", "run", "label", "aliases", "internal", "watch", "prefix", "failfast"];

type Node<'t> = MarkedYaml<'t>;
type Values = BTreeMap<String, String>;

/// Reads a Taskfile.
pub(super) fn read(text: &str, ledger: &mut Ledger<'_>) -> Result<Sheet, String> {
    let mut loader = YamlLoader::<Node<'_>>::default();
    // A version stays `1.10`, and is no number.
    loader.early_parse(false);
    let parsed = Parser::new_from_str(text).load(&mut loader, false);
    parsed.map_err(|error| format!("it is no YAML: {error}"))?;
    let documents = loader.into_documents();
    (1..=ledger.lines().len()).for_each(|line| ledger.take(line));
    let (values, unseen) = (Values::new(), Vec::new());
    let mut reader = Reader { ledger, values, unseen, whole: true };
    let shell = Shell::new(&shell::USUAL);
    let mut sheet = Sheet { shell: shell.lines(), ..Sheet::default() };
    let Some(all) = documents.first().filter(|all| all.data.is_mapping()) else {
        // The loader says nothing of what it has found wrong.
        let wrong = Node::load_from_str(text).err();
        let wrong = wrong.map(|error| format!("it is no YAML that can be read: {error}"));
        return Err(wrong.unwrap_or_else(|| "it holds no table".to_owned()));
    };
    let entries = entries(all);
    // Commands need the variables, wherever they stand.
    for (key, line, node) in &entries {
        match key.as_str() {
            "vars" => reader.values = reader.values(*line, node).0,
            "env" => {
                let (values, unseen) = reader.values(*line, node);
                (sheet.env, reader.unseen) = (values.into_iter().collect(), unseen);
            }
            "tasks" => {}
            key if QUIET.contains(&key) => {}
            key => {
                reader.ledger.leave(*line, format!("`{key}` of go-task"));
                // What every command runs with.
                reader.whole &= !matches!(key, "set" | "shopt");
            }
        }
    }
    for (_, _, node) in entries.iter().filter(|(key, ..)| key == "tasks") {
        for (name, line, node) in self::entries(node) {
            let process = reader.task(name, line, node, &shell);
            sheet.processes.push(process);
        }
    }
    Ok(sheet)
}

struct Reader<'l, 't> {
    ledger: &'l mut Ledger<'t>,
    values: Values,
    /// Variables that commands would have in their environment, with a value that nobody knows.
    unseen: Vec<String>,
    /// Whether what all tasks share was taken.
    whole: bool,
}

impl Reader<'_, '_> {
    /// Makes a process of a task.
    fn task(&mut self, name: String, line: usize, node: &Node<'_>, shell: &Shell) -> Process {
        let mut process = Process { called: name, line, ..Process::default() };
        let own = entries(node).into_iter().find(|(key, ..)| key == "vars");
        let mut values = self.values.clone();
        if let Some((_, line, node)) = own {
            let (own, unknown) = self.values(line, node);
            values.extend(own);
            values.retain(|name, _| !unknown.contains(name));
        }
        let (mut ignored, mut whole) = (false, self.whole);
        let mut commands = Vec::new();
        if !node.data.is_mapping() {
            commands.extend(self.commands(line, node, &values, &mut process));
        }
        // They come before what commands call, wherever they stand.
        for (_, line, node) in entries(node).into_iter().filter(|(key, ..)| key == "deps") {
            whole &= self.needs(line, node, &values, &mut process);
        }
        for (key, line, node) in entries(node) {
            match (key.as_str(), text(node)) {
                ("cmds" | "cmd", _) => {
                    commands.extend(self.commands(line, node, &values, &mut process));
                }
                ("desc", Some(text)) => process.description = Some(text),
                ("summary", Some(text)) => {
                    process.comments = text.lines().map(str::to_owned).collect();
                }
                ("env", _) => {
                    let (values, unseen) = self.values(line, node);
                    process.env = values.into_iter().collect();
                    whole &= unseen.is_empty();
                }
                ("dir", Some(text)) => whole &= self.folder(line, &text, &values, &mut process),
                ("sources", _) => {
                    self.ledger.leave(line, "it runs though none of them has changed");
                    process.inputs = self.inputs(line, node, &values);
                }
                ("ignore_error", Some(text)) => ignored = text == "true",
                ("interactive", Some(text)) if text == "true" => {
                    process.keys.push(("interactive", "true".to_owned()));
                }
                ("vars" | "silent" | "deps", _) => {}
                (key, _) => {
                    self.ledger.leave(line, format!("`{key}` of a task"));
                    whole &= HARMLESS.contains(&key);
                }
            }
        }
        if ignored {
            commands.iter_mut().flatten().for_each(|line| line.ignored = true);
        }
        // Globs begin in the folder of the task.
        if let Some(folder) = &process.cwd {
            process.inputs.iter_mut().for_each(|glob| *glob = format!("{folder}/{glob}"));
        }
        match commands.into_iter().collect::<Option<Vec<Line>>>().filter(|_| whole) {
            Some(commands) => process.fill(&commands, shell),
            None => process.refuse(),
        }
        process
    }

    /// Reads the folder that a task runs in.
    fn folder(&mut self, line: usize, text: &str, values: &Values, process: &mut Process) -> bool {
        let folder = put(text, values, DEEPEST).map_err(|why| self.ledger.leave(line, why)).ok();
        process.cwd = folder;
        process.cwd.is_some()
    }

    /// Reads commands, none for each that is not taken. What the first one calls is needed, unless
    /// something comes before it: one after the other is not what needs are.
    fn commands(
        &mut self,
        line: usize,
        node: &Node<'_>,
        values: &Values,
        process: &mut Process,
    ) -> Vec<Option<Line>> {
        let single = std::slice::from_ref(node);
        let all = node.data.as_sequence().map_or(single, Vec::as_slice);
        let mut lines = Vec::new();
        for node in all {
            let line = if text(node).is_some() && all.len() == 1 { line } else { at(node) };
            if let Some(text) = text(node) {
                lines.push(self.command(line, &text, values, false));
                continue;
            }
            let entries = entries(node);
            let of = |name: &str| entries.iter().find(|it| it.0 == name).and_then(|it| text(it.2));
            let known = ["cmd", "task", "silent", "ignore_error"];
            for (key, line, _) in entries.iter().filter(|(key, ..)| !known.contains(&key.as_str()))
            {
                self.ledger.leave(*line, format!("`{key}` of a command"));
            }
            let plain = entries.iter().all(|it| known.contains(&&*it.0));
            let ignored = of("ignore_error").is_some_and(|text| text == "true");
            match (of("cmd"), of("task")) {
                (Some(text), _) if plain => lines.push(self.command(line, &text, values, ignored)),
                (None, Some(task)) if plain && !ignored => {
                    if lines.is_empty() && process.needs.is_empty() {
                        process.needs.push((task, line));
                    } else {
                        self.ledger.leave(line, "a task that is called after something else");
                        lines.push(None);
                    }
                }
                (_, _) => {
                    self.ledger.leave(line, "a command that is not plain");
                    lines.push(None);
                }
            }
        }
        lines
    }

    fn command(&mut self, line: usize, text: &str, values: &Values, ignored: bool) -> Option<Line> {
        match put(text, values, DEEPEST).and_then(|text| self.seen(text)) {
            Ok(text) if text.trim().is_empty() => Some(Line { text: ":".to_owned(), ignored }),
            Ok(text) => Some(Line { text: text.trim_end().to_owned(), ignored }),
            Err(why) => {
                self.ledger.leave(line, why);
                None
            }
        }
    }

    /// Returns a command whose variables are all known.
    fn seen(&self, text: String) -> Result<String, String> {
        match self.unseen.iter().find(|name| shell::reads(&text, name)) {
            Some(name) => Err(format!("`${name}` is computed by go-task")),
            None => Ok(text),
        }
    }

    /// Reads what a task needs; returns whether all of it was taken.
    fn needs(
        &mut self,
        line: usize,
        node: &Node<'_>,
        values: &Values,
        process: &mut Process,
    ) -> bool {
        let Some(all) = node.data.as_sequence() else {
            self.ledger.leave(line, "`deps` that are no list");
            return false;
        };
        let mut whole = true;
        for node in all {
            let line = at(node);
            let entries = entries(node);
            let task = entries.iter().find(|(key, ..)| key == "task").and_then(|it| text(it.2));
            for (key, line, _) in
                entries.iter().filter(|(key, ..)| key != "task" && key != "silent")
            {
                self.ledger.leave(*line, format!("`{key}` of what is needed"));
                whole = false;
            }
            let name = text(node).or(task).map(|name| put(&name, values, DEEPEST));
            match name.ok_or_else(|| "what is needed is not plain".to_owned()).flatten() {
                Ok(name) => process.needs.push((name, line)),
                Err(why) => {
                    self.ledger.leave(line, why);
                    whole = false;
                }
            }
        }
        whole
    }

    /// Reads the files that a task reads.
    fn inputs(&mut self, line: usize, node: &Node<'_>, values: &Values) -> Vec<String> {
        let Some(all) = node.data.as_sequence() else {
            self.ledger.leave(line, "`sources` that are no list");
            return Vec::new();
        };
        let mut inputs = Vec::new();
        let mut whole = true;
        for node in all {
            let glob = text(node).map(|glob| put(&glob, values, DEEPEST));
            match glob.ok_or_else(|| "a glob that is not plain".to_owned()).flatten() {
                Ok(glob) if !glob.contains(['{', '}', '[', ']', '!', '\\']) && !glob.is_empty() => {
                    inputs.push(glob);
                }
                Ok(_) => {
                    self.ledger.leave(at(node), "a glob that is not plain");
                    whole = false;
                }
                Err(why) => {
                    self.ledger.leave(at(node), why);
                    whole = false;
                }
            }
        }
        // With some of them missing it would seem that nothing had changed.
        if whole { inputs } else { Vec::new() }
    }

    /// Reads variables whose values are plain; returns them, and the names of the others.
    fn values(&mut self, line: usize, node: &Node<'_>) -> (Values, Vec<String>) {
        if !node.data.is_mapping() {
            self.ledger.leave(line, "variables that are no table");
        }
        let mut values = self.values.clone();
        let (mut own, mut others) = (Values::new(), Vec::new());
        for (name, line, node) in entries(node) {
            let value = text(node).map(|value| put(&value, &values, DEEPEST));
            let value = value.ok_or_else(|| "a value that is no text".to_owned()).flatten();
            let value = match value {
                Ok(_) if !shell::is_variable(&name) => {
                    Err("a name that a variable can't have".to_owned())
                }
                value => value,
            };
            match value {
                Ok(value) => {
                    values.insert(name.clone(), value.clone());
                    own.insert(name, value);
                }
                Err(why) => {
                    self.ledger.leave(line, why);
                    values.remove(&name);
                    others.push(name);
                }
            }
        }
        (own, others)
    }
}

/// Puts values into a text, or says which can't be known.
fn put(text: &str, values: &Values, depth: u32) -> Result<String, String> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err("a variable that names itself".to_owned());
    };
    if text.contains('\0') {
        return Err("it holds a zero byte".to_owned());
    }
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("{{") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let end = after.find("}}").ok_or("a `{{` that is not closed")?;
        let name = after[2..end].trim();
        let value = name.strip_prefix('.').and_then(|name| values.get(name));
        let value = value.ok_or_else(|| format!("`{{{{{name}}}}}` is computed by go-task"))?;
        out.push_str(&put(value, values, deeper)?);
        rest = &after[end + 2..];
    }
    Ok(out + rest)
}

/// Returns the entries of a table, each with its line.
fn entries<'n, 't>(node: &'n Node<'t>) -> Vec<(String, usize, &'n Node<'t>)> {
    let all = node.data.as_mapping().into_iter().flatten();
    let entry = |(key, value): (&'n Node<'t>, &'n Node<'t>)| {
        (text(key).unwrap_or_default(), at(key), value)
    };
    all.map(entry).collect()
}

/// Returns the text of a plain value.
fn text(node: &Node<'_>) -> Option<String> {
    match &node.data {
        YamlData::Representation(text, ..) => Some(text.to_string()),
        _ => None,
    }
}

fn at(node: &Node<'_>) -> usize {
    node.span.start.line()
}

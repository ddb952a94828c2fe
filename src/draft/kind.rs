//! Kind: what a job file is started for, and the file that is written for it.
//!
//! Each runs as it is on every machine, so that the first thing that one changes is one's own.
//! Unaware of files.

use super::project::{Part, Read, parts};
use super::sheet::{Process, Sheet};
use crate::model::Problem;

/// What a job file is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Checks of a project.
    Ci,
    /// Items through a command.
    Queue,
    /// Programs, and a service that they need.
    Service,
}

/// A job file to start from.
#[derive(Debug)]
pub struct Start {
    /// The job file.
    pub text: String,
    /// The names of its processes.
    pub processes: Vec<String>,
}

const NOTHING_FOUND: &str = r#"[limits]
on-failure = "continue" # one look shows all that is wrong

[process.lint]
description = "Put your linter here"
command = ["true"]

[process.build]
description = "Put here what builds your project"
command = ["true"]

[process.test]
description = "Put your tests here: they run once it is built"
needs = ["build"]
script = "echo 'all tests pass'"
"#;

const QUEUE: &str = r#"# Items through a command, as many at once as there are CPUs.
# What fails is tried again, and what fails for good is named and kept: `runner dead list`.

[queue.items]
# Or { file = "items.txt" }, { glob = "data/*.csv" }, { command = ["find", "data", "-type", "f"] }.
items = ["one", "two", "three"]

[queue.results]

[process.work]
description = "One child for each item: put your command here"
consumes = "items"
command = ["echo", "done: {item}"]
produces = "results"
timeout = "1m"
retry = 2

[process.collect]
description = "One child that reads what the others print"
consumes = "results"
deliver = "stream"
workers = 1
command = ["sort"]
stdout = "inherit" # what the run is for: printed at its end
"#;

const SERVICE: &str = r#"# A service is started for the first process that needs it,
# waited for until it is ready, and stopped after the last.

[process.server]
description = "Put your server here"
script = "echo ready; exec sleep 3600"
service = true
# Or { tcp = "127.0.0.1:5432" }, { http = "http://127.0.0.1:8080/" }, { file = "server.pid" }.
ready = { line = "ready", timeout = "30s" }
restart = "on-failure"

[process.test]
description = "Put here what needs it"
needs = ["server"]
command = ["echo", "the server is there"]
"#;

/// Returns the names of the tools that are found in a folder.
pub fn found(read: Read<'_>) -> Vec<&'static str> {
    parts(read).iter().map(|part| part.name).collect()
}

/// Makes a job file of a kind for a folder, which `base` leads to from that of the job file;
/// `named` is how the file is called on a command line.
pub fn start(
    kind: Kind,
    read: Read<'_>,
    base: Option<String>,
    named: &str,
) -> Result<Start, Vec<Problem>> {
    let example = |text: &str, names: &[&str]| {
        Ok(Start {
            text: text.to_owned(),
            processes: names.iter().map(ToString::to_string).collect(),
        })
    };
    match kind {
        Kind::Ci => {}
        Kind::Queue => return example(QUEUE, &["work", "collect"]),
        Kind::Service => return example(SERVICE, &["server", "test"]),
    }
    let parts = parts(read);
    if parts.iter().all(|part| part.processes.is_empty()) {
        return example(
            &format!("{}\n{NOTHING_FOUND}", top(named, "test")),
            &["lint", "build", "test"],
        );
    }
    let mut sheet = Sheet { base, ..Sheet::default() };
    sheet.tables = vec![
        "[limits]".into(),
        "on-failure = \"continue\" # one look shows all that is wrong".into(),
    ];
    let several = parts.len() > 1;
    for part in parts {
        sheet.tables.push(String::new());
        sheet.tables.extend(part.tables.iter().map(ToString::to_string));
        for process in &part.processes {
            sheet.processes.push(renamed(process, &part, several));
        }
    }
    let (text, processes) = sheet.write(&[])?;
    let head = top(named, processes.last().map_or("", String::as_str));
    Ok(Start { text: format!("{head}\n{}", text.trim_start()), processes })
}

/// Returns the lines at the top.
fn top(named: &str, one: &str) -> String {
    let all = format!("runner {named}");
    let one = format!("{all} {one}");
    let width = one.len() + 2;
    let lines = [format!("{all:width$}all of it"), format!("{one:width$}one, and what it needs")];
    let lines: String = lines.iter().flat_map(|line| ["#     ", line, "\n"]).collect();
    format!("# What is checked here, on a laptop as in CI:\n#\n{lines}")
}

/// Returns the name of a process among those of several tools.
fn full(part: &Part, called: &str) -> String {
    let called = called.replace(':', "-");
    if called.starts_with(part.name) { called } else { format!("{}-{called}", part.name) }
}

fn renamed(process: &Process, part: &Part, several: bool) -> Process {
    let name = |called: &str| if several { full(part, called) } else { called.to_owned() };
    Process {
        called: name(&process.called),
        description: process.description.clone(),
        needs: process.needs.iter().map(|(need, line)| (name(need), *line)).collect(),
        script: process.script.clone(),
        command: process.command.clone(),
        keys: process.keys.clone(),
        ..Process::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::format;

    #[test]
    fn every_example_is_in_its_canonical_form() {
        for text in [NOTHING_FOUND, QUEUE, SERVICE] {
            assert_eq!(format(text).as_deref(), Ok(text));
        }
    }
}

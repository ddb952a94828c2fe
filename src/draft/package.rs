//! Package: the scripts of a package.json.
//!
//! They find the programs of the project as npm lets them. A script that only calls others needs
//! them; `pre` and `post` come before and after. Unaware of everything but `scripts`.

use serde_json::Value;

use super::ledger::Ledger;
use super::sheet::{Process, Sheet};
use super::shell::{self, Line, Shell};

/// Where the programs of a project are.
const PROGRAMS: &str = "PATH = \"node_modules/.bin:{env.PATH}\"";

/// Reads a package.json.
pub(super) fn read(text: &str, ledger: &mut Ledger<'_>) -> Result<Sheet, String> {
    let all: Value =
        serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let lines = ledger.lines();
    let key = |line: &str, name: &str| {
        let quoted = Value::from(name).to_string();
        line.split_once(&quoted).is_some_and(|(_, rest)| rest.trim_start().starts_with(':'))
    };
    let start = lines.iter().position(|line| key(line, "scripts")).unwrap_or_default();
    let shell = Shell::new(&shell::USUAL);
    let mut processes: Vec<Process> = Vec::new();
    for (name, script) in all["scripts"].as_object().into_iter().flatten() {
        let line = lines[start..].iter().position(|line| key(line, name));
        let line = start + line.unwrap_or_default() + 1;
        let Some(script) = script.as_str() else {
            ledger.leave(line, "a script is text");
            continue;
        };
        if script.contains('\0') {
            ledger.leave(line, "it holds a zero byte");
            continue;
        }
        ledger.take(line);
        let mut process = Process { called: name.clone(), line, ..Process::default() };
        match called(script) {
            Some(names) => process.needs = names.into_iter().map(|name| (name, line)).collect(),
            None if script.trim().is_empty() => {}
            None => {
                process.fill(&[Line { text: script.to_owned(), ignored: false }], &shell);
            }
        }
        processes.push(process);
    }
    hooks(&mut processes);
    let tables = if processes.is_empty() {
        Vec::new()
    } else {
        vec!["[env]".to_owned(), PROGRAMS.to_owned()]
    };
    Ok(Sheet { shell: shell.lines(), processes, tables, ..Sheet::default() })
}

/// Has what is called `prex` come before `x`, and `postx` after it.
fn hooks(processes: &mut [Process]) {
    let names: Vec<String> = processes.iter().map(|process| process.called.clone()).collect();
    for process in processes {
        let before = format!("pre{}", process.called);
        if names.contains(&before) {
            process.needs.push((before, process.line));
        }
        let after = process.called.strip_prefix("post").filter(|name| !name.is_empty());
        if let Some(name) = after.filter(|name| names.iter().any(|have| have == name)) {
            process.needs.push((name.to_owned(), process.line));
        }
    }
}

/// Returns the scripts that a script calls, where it does nothing else.
fn called(script: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = script.split_whitespace().collect();
    let plain = |word: &&str| {
        word.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c))
            && !word.starts_with('-')
    };
    let names = match words.as_slice() {
        ["npm" | "pnpm" | "yarn" | "bun", "run", name]
        | ["npm" | "pnpm" | "yarn", name @ ("test" | "start")] => std::slice::from_ref(name),
        ["run-p", names @ ..] | ["npm-run-all", "-p" | "--parallel", names @ ..] => names,
        _ => return None,
    };
    (!names.is_empty() && names.iter().all(plain))
        .then(|| names.iter().map(ToString::to_string).collect())
}

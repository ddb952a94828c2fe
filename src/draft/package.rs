//! Package: the scripts of a package.json.
//!
//! They find the programs of the project as npm lets them. A script that only calls others needs
//! them; one with `pre` or `post` runs all three one after the other. Unaware of everything but
//! `scripts`, and what a package is called.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::ledger::Ledger;
use super::sheet::{Process, Sheet};
use super::shell::{self, Line, Shell};

/// Has a script find the programs of a project, also from another folder.
const PROGRAMS: &str = "PATH=\"$PWD/node_modules/.bin:$PATH\"\n";

/// What npm tells a script of the package, and where that stands.
const TOLD: [(&str, &str); 2] = [("npm_package_name", "name"), ("npm_package_version", "version")];

/// A script, as it stands.
struct Script<'t> {
    line: usize,
    text: &'t str,
}

/// Reads a package.json.
pub(super) fn read(text: &str, ledger: &mut Ledger<'_>) -> Result<Sheet, String> {
    let all: Value =
        serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let lines = keys(&ledger.lines());
    let shell = Shell::new(&shell::USUAL);
    let (mut names, mut scripts) = (Vec::new(), HashMap::new());
    for (name, script) in all["scripts"].as_object().into_iter().flatten() {
        let line = lines.get(&Value::from(&**name).to_string()).copied().unwrap_or(1);
        match script.as_str() {
            Some(text) if !text.contains('\0') => {
                ledger.take(line);
                names.push(name.as_str());
                scripts.insert(name.as_str(), Script { line, text });
            }
            Some(_) => ledger.leave(line, "it holds a zero byte"),
            None => ledger.leave(line, "a script is text"),
        }
    }
    let mut sheet = Sheet { shell: shell.lines(), ..Sheet::default() };
    let alone = names.iter().filter(|name| parts(name, &scripts).len() == 1);
    let needed: HashSet<String> =
        alone.filter_map(|name| called(scripts[name].text)).flatten().collect();
    let told = |key: &str| all[key].as_str().filter(|value| !value.contains('\0'));
    let told: Vec<_> =
        TOLD.iter().filter_map(|(name, key)| Some((*name, told(key)?.to_owned()))).collect();
    for name in &names {
        // What comes before or after another has its place there.
        if is_hook(name, &scripts) && !needed.contains(*name) {
            continue;
        }
        let parts = parts(name, &scripts);
        let mut process = process(name, &parts, &shell);
        for script in parts {
            if !is_told(script.text, &told) {
                ledger.leave(script.line, "it reads what only npm knows");
                process.refuse();
            }
        }
        sheet.processes.push(process);
    }
    let reads = |name: &str| scripts.values().any(|script| script.text.contains(name));
    let told = told.into_iter().filter(|(name, _)| reads(name));
    sheet.env = told.map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(sheet)
}

/// Makes a process of a script, with what comes before and after it.
fn process(name: &str, parts: &[&Script<'_>], shell: &Shell) -> Process {
    let line = parts[0].line;
    let mut process = Process { called: name.to_owned(), line, ..Process::default() };
    if let [script] = parts
        && let Some(names) = called(script.text)
    {
        process.needs = names.into_iter().map(|name| (name, line)).collect();
        return process;
    }
    let texts = parts.iter().map(|script| script.text).filter(|text| !text.trim().is_empty());
    let lines: Vec<Line> =
        texts.map(|text| Line { text: text.to_owned(), ignored: false }).collect();
    process.fill(&lines, shell);
    process.script = process.script.map(|text| format!("{PROGRAMS}{}\n", text.trim_end()));
    process
}

/// Returns what npm runs for a script: `pre`, itself and `post`, as far as they are there.
fn parts<'s, 't>(name: &str, scripts: &'s HashMap<&str, Script<'t>>) -> Vec<&'s Script<'t>> {
    let names = [format!("pre{name}"), name.to_owned(), format!("post{name}")];
    names.iter().filter_map(|name| scripts.get(&**name)).collect()
}

/// Returns whether a script comes before or after another.
fn is_hook(name: &str, scripts: &HashMap<&str, Script<'_>>) -> bool {
    let of = |word| name.strip_prefix(word).is_some_and(|name| scripts.contains_key(name));
    of("pre") || of("post")
}

/// Returns whether a script reads nothing of npm but what can be told it.
fn is_told(script: &str, told: &[(&str, String)]) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let all = script.match_indices("npm_").map(|(at, _)| {
        let text = &script[at..];
        &text[..text.find(|c| !word(c)).unwrap_or(text.len())]
    });
    all.into_iter().all(|name| told.iter().any(|(have, _)| *have == name))
        && !shell::reads(script, "INIT_CWD")
}

/// Returns the line of each key, from 1, as it is written, from `scripts` on.
fn keys(lines: &[&str]) -> HashMap<String, usize> {
    let mut keys = HashMap::new();
    let mut open = false;
    for (at, line) in lines.iter().enumerate() {
        let mut rest = *line;
        while let Some(start) = rest.find('"') {
            let mut escaped = false;
            let end = rest[start + 1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = start + 1 + end.map_or(rest.len() - start - 1, |end| end + 1);
            let text = &rest[start..end];
            rest = &rest[end..];
            if rest.trim_start().starts_with(':') {
                if open {
                    keys.entry(text.to_owned()).or_insert(at + 1);
                }
                open |= text == "\"scripts\"";
            }
        }
    }
    keys
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

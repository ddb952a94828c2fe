//! Program: whether what a command names can be started, as the spawner will look for it.
//!
//! With a slash in its name it is a path, else it is looked for along the PATH, once for each PATH.
//! Unaware of who starts it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Asker, Look, Named};
use crate::lookup::{Start, candidates, is_executable, start};
use crate::model::{Problem, code};

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A file that can be executed.
    Program(PathBuf),
    /// A file that cannot.
    Plain(PathBuf),
    /// A folder.
    Folder,
    /// Nothing.
    Nothing,
    /// Something that may not be looked at, or that is neither file nor folder.
    Unsure,
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Programs {
    paths: HashMap<OsString, HashMap<String, Found>>,
    starts: HashMap<PathBuf, Option<Start>>,
}

impl Programs {
    /// Looks for a program along a PATH.
    pub(super) fn find(&mut self, name: &str, path: &OsStr) -> Found {
        if let Some(found) = self.paths.get(path).and_then(|known| known.get(name)) {
            return found.clone();
        }
        let found = search(name, path);
        let known = self.paths.entry(path.to_owned()).or_default();
        known.insert(name.to_owned(), found.clone());
        found
    }

    /// Returns what the first bytes of a file say.
    pub(super) fn start(&mut self, file: &Path) -> Option<Start> {
        if let Some(known) = self.starts.get(file) {
            return known.clone();
        }
        let read = start(file);
        self.starts.insert(file.to_owned(), read.clone());
        read
    }
}

/// Returns what a path leads to.
pub(super) fn at(path: &Path) -> Found {
    match fs::metadata(path) {
        Ok(it) if it.is_dir() => Found::Folder,
        Ok(it) if it.is_file() && is_executable(&it) => Found::Program(path.to_owned()),
        Ok(it) if it.is_file() => Found::Plain(path.to_owned()),
        Err(error) if is_absent(&error) => Found::Nothing,
        Ok(_) | Err(_) => Found::Unsure,
    }
}

/// Returns whether an error proves that there is nothing.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Returns the first program along a PATH; without one, the first plain file of its name.
fn search(name: &str, path: &OsStr) -> Found {
    let mut best = Found::Nothing;
    for candidate in candidates(OsStr::new(name), path) {
        match at(&candidate) {
            Found::Program(file) => return Found::Program(file),
            Found::Plain(file) if best == Found::Nothing => best = Found::Plain(file),
            Found::Unsure => best = Found::Unsure,
            Found::Plain(_) | Found::Folder | Found::Nothing => {}
        }
    }
    best
}

impl Look<'_> {
    /// Says why a program could not be started from a folder, where that is known.
    pub(super) fn program(
        &mut self,
        named: Option<Named>,
        folder: Option<PathBuf>,
        asker: &Asker<'_>,
    ) {
        let Some(named) = named else { return };
        let is_path = named.text.contains('/');
        let is_absolute = named.text.starts_with('/');
        let Some(folder) = folder.or_else(|| (!is_path || is_absolute).then(PathBuf::new)) else {
            return;
        };
        let Some(path) = asker.variables.path() else { return };
        let file = folder.join(&named.text);
        let found = if is_path { at(&file) } else { self.programs.find(&named.text, &path) };
        let problem = match &found {
            Found::Unsure => None,
            Found::Program(file) => self.script(file, &named, (&folder, &path), asker),
            Found::Plain(file) => Some(not_executable(&named, file)),
            Found::Folder => {
                let said = format!("`{}` is a folder", named.text);
                let problem = named.problem(code::NOT_EXECUTABLE, said, "no program");
                Some(problem.help("name a program in it"))
            }
            Found::Nothing if is_path => Some(self.no_file(&named, &folder)),
            Found::Nothing => Some(self.not_on_path(&named, &folder, &path)),
        };
        let may_come = || {
            let mut folders = std::env::split_paths(&path);
            if is_path {
                self.may_come(&file, asker)
            } else {
                folders.any(|it| self.may_come(&it, asker))
            }
        };
        if let Some(problem) = problem.filter(|_| !may_come()) {
            self.problems.push(problem);
        }
    }

    fn not_on_path(&mut self, named: &Named, folder: &Path, path: &OsStr) -> Problem {
        let said = format!("`{}` is not on the PATH", named.text);
        let problem = named.problem(code::NO_PROGRAM, said, "no such program");
        if matches!(at(&folder.join(&named.text)), Found::Program(_)) {
            let here = format!("./{}", named.text);
            let help = format!("write `{here}` for the one in the folder it runs in");
            return named.instead(problem, &here, help);
        }
        if let Some((program, _)) = named.text.split_once(' ')
            && matches!(self.programs.find(program, path), Found::Program(_))
        {
            return apart(problem, named);
        }
        let near = self.near_program(&named.text, path);
        named.meant(problem, near, "install it, or write the path of the program")
    }

    /// Returns the program along a PATH that was probably meant.
    pub(super) fn near_program(&mut self, name: &str, path: &OsStr) -> Option<String> {
        let folders: Vec<_> = std::env::split_paths(path).filter(|it| it.is_absolute()).collect();
        let near = self.near.name(name, &folders)?;
        matches!(self.programs.find(&near, path), Found::Program(_)).then_some(near)
    }

    fn no_file(&mut self, named: &Named, folder: &Path) -> Problem {
        let name = &named.text;
        let said = match fs::read_link(folder.join(name)) {
            Ok(target) => {
                format!("`{name}` is a link to `{}`, which is not there", target.display())
            }
            Err(_) => format!("there is no program `{name}`"),
        };
        let problem = named.problem(code::NO_PROGRAM, said, "no such file");
        let near = self.near.path(folder, name);
        let near = near.filter(|near| matches!(at(&folder.join(near)), Found::Program(_)));
        let otherwise = if name.starts_with('/') {
            "install it, or write only its name: it is then looked for on the PATH"
        } else {
            "check the path: it begins in the folder that the program runs in"
        };
        named.meant(problem, near, otherwise)
    }
}

/// Adds the cure of a command line in the place of a program.
fn apart(problem: Problem, named: &Named) -> Problem {
    let line = &named.text;
    if line.contains(|c| "|&;<>()$`\\\"'*?[]{}~#".contains(c)) {
        return problem.help(format!("write it for a shell: script = '''{line}'''"));
    }
    let words: Vec<String> = line.split_whitespace().map(|word| format!("\"{word}\"")).collect();
    let words = words.join(", ");
    let problem = problem.help(format!("write its words apart: {words}"));
    if named.is_literal { problem.fix(named.place.clone(), words) } else { problem }
}

fn not_executable(named: &Named, file: &Path) -> Problem {
    let name = &named.text;
    let said = format!("`{name}` is not executable");
    let problem = named.problem(code::NOT_EXECUTABLE, said, "nobody may execute it");
    let path = if name.contains('/') { name.clone() } else { file.display().to_string() };
    problem.help(format!("run `chmod +x {path}`"))
}

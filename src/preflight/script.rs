//! Script: whether a file that may be executed also can be: by its first line.
//!
//! What the system does not start is told, and so is what `env` would not find. Unaware of what the
//! script does.

use std::ffi::OsStr;
use std::path::Path;

use super::program::{Found, at};
use super::{Asker, Look, Named};
use crate::lookup::{Interpreter, Start};
use crate::model::{Problem, code};

/// What may be written instead of a first line that cannot be used.
const BEGIN: &str = "begin it with a line like `#!/bin/sh`";

/// Why a script cannot be started, and the cure.
type Fault = (String, String);

impl Look<'_> {
    /// Returns why a file cannot be started, with a folder to start it in and a PATH.
    pub(super) fn script(
        &mut self,
        file: &Path,
        named: &Named,
        (folder, path): (&Path, &OsStr),
        asker: &Asker<'_>,
    ) -> Option<Problem> {
        let (why, help) = match self.programs.start(file)? {
            Start::Elf | Start::Other => return None,
            Start::Empty => ("it is an empty file".to_owned(), BEGIN.to_owned()),
            Start::Text => ("its first line names no interpreter".to_owned(), BEGIN.to_owned()),
            Start::Script(line) => {
                let interpreter = folder.join(&line.program);
                if self.may_come(&interpreter, asker) {
                    return None;
                }
                self.interpreter(&line, &interpreter)
                    .or_else(|| self.env(&line, path))
                    .map(|(why, help)| (why, help.replace("FILE", &named.text)))?
            }
        };
        let said = format!("`{}` cannot be started: {why}", named.text);
        Some(named.problem(code::BAD_INTERPRETER, said, "this script").help(help))
    }

    /// Returns what is wrong with the interpreter of a script.
    fn interpreter(&mut self, line: &Interpreter, file: &Path) -> Option<Fault> {
        let name = line.program.to_string_lossy();
        if name.ends_with('\r') {
            return Some(windows());
        }
        let why = match at(file) {
            _ if name.is_empty() => "its first line names no interpreter".to_owned(),
            Found::Nothing => format!("its interpreter `{name}` is not there"),
            Found::Folder => format!("its interpreter `{name}` is a folder"),
            Found::Plain(_) => format!("its interpreter `{name}` is not executable"),
            Found::Program(_) | Found::Unsure => return None,
        };
        let near = self.near.path(Path::new("/"), &name).filter(|_| name.starts_with('/'));
        let help = match near {
            Some(near) => format!("did you mean `#!{near}`?"),
            None => BEGIN.to_owned(),
        };
        Some((why, help))
    }

    /// Returns what is wrong with what `env` is to start.
    fn env(&mut self, line: &Interpreter, path: &OsStr) -> Option<Fault> {
        // Unlike the spawner, `env` takes programs from relative entries too.
        let is_relative = |folder: std::path::PathBuf| !folder.is_absolute();
        if line.program.file_name()? != "env" || std::env::split_paths(path).any(is_relative) {
            return None;
        }
        let env = line.program.to_str()?;
        let argument = std::str::from_utf8(&line.argument).ok()?;
        let (name, is_split) = match argument.strip_prefix("-S") {
            Some(words) => (words.split_whitespace().next()?, true),
            None => (argument.trim_end_matches('\r'), false),
        };
        if name.is_empty() || name.starts_with('-') || name.contains(['=', '/', '"', '\'', '$']) {
            return None;
        }
        if self.programs.find(name, path) != Found::Nothing {
            return (argument.ends_with('\r') && !is_split).then(windows);
        }
        if let Some((program, _)) = name.split_once(' ')
            && self.programs.find(program, path) != Found::Nothing
        {
            let why = format!("`env` takes `{name}` for one name");
            return Some((why, format!("begin it with `#!{env} -S {name}`")));
        }
        let why = format!("`env` finds no `{name}`");
        let help = match self.near_program(name, path) {
            Some(near) => format!("did you mean `#!{env} {near}`?"),
            None => format!("install `{name}`, or {BEGIN}"),
        };
        Some((why, help))
    }
}

/// Returns what is wrong with a line that ends as on Windows.
fn windows() -> Fault {
    let help = "save it with Unix line ends: `sed -i 's/\\r$//' FILE`";
    ("its first line ends in CR LF".to_owned(), help.to_owned())
}

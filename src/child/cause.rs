//! Cause: which program is meant, and in words that people understand why it can't run.
//!
//! The system has one number for a missing file, a missing interpreter and a script with the wrong
//! line ends. So after a failure the files are looked at, and the cause is named. Unaware of how a
//! program is started.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::host::Invocation;
use super::line::BORN_WITHIN;
use super::wire::{Failure, Step};
use crate::event::NotStarted;
use crate::lookup::{Interpreter, Start, USUAL_PATH, candidates, is_executable, start};

/// Bytes of one argument that systems allow at most.
const LONGEST_ARGUMENT: usize = 128 << 10;

/// Checks what no system could start.
pub(super) fn check(what: &Invocation) -> Result<(), NotStarted> {
    let Some(name) = what.argv.first().filter(|name| !name.is_empty()) else {
        return Err(because("the command is empty"));
    };
    let has_nul = |text: &OsStr| text.as_bytes().contains(&0);
    if what.argv.iter().any(|argument| has_nul(argument)) {
        return Err(because(format!("an argument of `{}` contains a NUL byte", name.display())));
    }
    let unfit = |(name, value): &&(OsString, OsString)| {
        name.is_empty() || has_nul(name) || name.as_bytes().contains(&b'=') || has_nul(value)
    };
    if let Some((name, _)) = what.env.iter().find(unfit) {
        let cause = format!("the environment variable `{}` has no valid form", name.display());
        return Err(with_hint(cause, "a name has no `=`, and neither part a NUL byte"));
    }
    if has_nul(what.cwd.as_os_str()) {
        return Err(because("the working directory contains a NUL byte"));
    }
    Ok(())
}

/// Programs that were found in a `PATH`, by that and their name.
#[derive(Debug, Default)]
pub(super) struct Paths {
    known: HashMap<OsString, HashMap<OsString, PathBuf>>,
}

/// A program that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Whether that was some time ago.
    pub(super) remembered: bool,
}

impl Paths {
    /// Finds the program of an invocation.
    pub(super) fn find(&mut self, what: &Invocation) -> Result<Found, NotStarted> {
        let name = &what.argv[0];
        if name.as_bytes().contains(&b'/') {
            return Ok(Found { path: name.into(), remembered: false });
        }
        let path = what.env.iter().rev().find(|(name, _)| name == "PATH");
        let path = path.map_or(OsStr::new(USUAL_PATH), |(_, value)| value);
        if let Some(path) = self.known.get(path).and_then(|known| known.get(name)) {
            return Ok(Found { path: path.clone(), remembered: true });
        }
        let found = search(name, path).ok_or_else(|| not_found(name, path, &what.cwd))?;
        let known = self.known.entry(path.to_owned()).or_default();
        known.insert(name.clone(), found.clone());
        Ok(Found { path: found, remembered: false })
    }

    /// Forgets all that was found: something has moved.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}

/// Returns the first program of this name that can be executed.
fn search(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let mut candidates = candidates(name, path);
    candidates.find(|path| fs::metadata(path).is_ok_and(|it| it.is_file() && is_executable(&it)))
}

fn not_found(name: &OsStr, path: &OsStr, cwd: &Path) -> NotStarted {
    let shown = name.display();
    if let Some(path) = candidates(name, path).find(|path| path.is_file()) {
        return not_executable(&path);
    }
    let cause = format!("`{shown}` was not found in PATH");
    if cwd.join(name).is_file() {
        return with_hint(cause, format!("write `./{shown}` for the one in `{}`", cwd.display()));
    }
    let ignored = |folder: &PathBuf| folder.is_relative() && cwd.join(folder).join(name).is_file();
    if let Some(folder) = std::env::split_paths(path).find(ignored) {
        let hint = format!("the relative entry `{}` of PATH is ignored", folder.display());
        return with_hint(cause, hint);
    }
    because(cause)
}

/// Says why a program could not be started.
pub(super) fn explain(failure: Failure, program: &Path, what: &Invocation) -> NotStarted {
    let error = io::Error::from_raw_os_error(failure.errno);
    let shown = program.display();
    match failure.step {
        Step::Receive if failure.errno == libc::ETIMEDOUT => {
            let within = humantime::format_duration(BORN_WITHIN);
            because(format!("`{shown}` did not start within {within}: the system holds it up"))
        }
        Step::Cwd => cwd_cause(&what.cwd, &error),
        Step::Exec => exec_cause(failure.errno, program, what)
            .unwrap_or_else(|| because(format!("failed to execute `{shown}`: {error}"))),
        Step::Descriptors => because(format!("failed to give `{shown}` its descriptors: {error}")),
        Step::Receive | Step::Fork | Step::Prepare => {
            because(format!("failed to make a process for `{shown}`: {error}"))
        }
    }
}

fn cwd_cause(cwd: &Path, error: &io::Error) -> NotStarted {
    let shown = cwd.display();
    match error.kind() {
        io::ErrorKind::NotFound => because(format!("working directory `{shown}` does not exist")),
        io::ErrorKind::NotADirectory => {
            because(format!("working directory `{shown}` is not a directory"))
        }
        _ => because(format!("failed to enter working directory `{shown}`: {error}")),
    }
}

fn exec_cause(errno: i32, program: &Path, what: &Invocation) -> Option<NotStarted> {
    let shown = program.display();
    let file = what.cwd.join(program);
    match errno {
        libc::E2BIG => Some(too_long(what)),
        libc::ETXTBSY => {
            Some(because(format!("`{shown}` is still open for writing by another process")))
        }
        libc::ENOENT | libc::ENOTDIR => {
            missing_file(&file, program, what).or_else(|| interpreter_cause(&file, program))
        }
        libc::EACCES => {
            let found = fs::metadata(&file).ok()?;
            if found.is_dir() {
                return Some(because(format!("`{shown}` is a directory")));
            }
            if !is_executable(&found) {
                return Some(not_executable(program));
            }
            interpreter_cause(&file, program)
        }
        libc::ENOEXEC => Some(no_program(&file, program)),
        libc::ELOOP => Some(because(format!("`{shown}` is a link that leads in a circle"))),
        _ => None,
    }
}

fn missing_file(file: &Path, program: &Path, what: &Invocation) -> Option<NotStarted> {
    let shown = program.display();
    if file.exists() {
        return None;
    }
    if let Ok(target) = fs::read_link(file) {
        let target = target.display();
        return Some(because(format!("`{shown}` is a link to `{target}`, which does not exist")));
    }
    if program.is_relative() {
        let cwd = what.cwd.display();
        return Some(because(format!("`{shown}` does not exist in `{cwd}`")));
    }
    Some(because(format!("`{shown}` does not exist")))
}

/// Says what is wrong with the interpreter of a script or the loader of a program, given that
/// something is.
fn interpreter_cause(file: &Path, program: &Path) -> Option<NotStarted> {
    let shown = program.display();
    let Start::Script(Interpreter { program: named, .. }) = start(file)? else {
        let cause = format!("`{shown}` needs a loader that this system does not have");
        return Some(with_hint(cause, "it was built for another kind of Linux"));
    };
    let named = named.as_os_str();
    let quoted = format!("{:?}", named.to_string_lossy());
    if named.as_bytes().ends_with(b"\r") {
        let cause = format!("`{shown}`: bad interpreter {quoted} (line ends with CR)");
        return Some(with_hint(cause, "save the script with Unix line ends"));
    }
    let why = match fs::metadata(named) {
        Ok(found) if found.is_dir() => "it is a directory",
        Ok(found) if !is_executable(&found) => "it is not executable",
        Ok(_) => return None,
        Err(_) => "no such file",
    };
    Some(because(format!("`{shown}`: bad interpreter {quoted} ({why})")))
}

fn no_program(file: &Path, program: &Path) -> NotStarted {
    let shown = program.display();
    match start(file) {
        Some(Start::Empty) => because(format!("`{shown}` is an empty file")),
        Some(Start::Elf) => because(format!("`{shown}` was built for another machine")),
        Some(Start::Script(_) | Start::Text | Start::Other) | None => with_hint(
            format!("`{shown}` is no program, and no script with an interpreter"),
            "begin it with a line like `#!/bin/sh`",
        ),
    }
}

fn not_executable(program: &Path) -> NotStarted {
    let shown = program.display();
    with_hint(format!("`{shown}` is not executable"), format!("chmod +x {shown}"))
}

fn too_long(what: &Invocation) -> NotStarted {
    let arguments: usize = what.argv.iter().map(|argument| argument.len() + 1).sum();
    let environment: usize =
        what.env.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let longest = what.argv.iter().map(|argument| argument.len()).max().unwrap_or_default();
    let cause = if longest >= LONGEST_ARGUMENT {
        format!("an argument has {longest} bytes, and this system takes {LONGEST_ARGUMENT}")
    } else {
        format!(
            "the arguments have {arguments} bytes and the environment {environment}, \
             more than this system takes"
        )
    };
    with_hint(cause, "pass it on standard input: `deliver = \"stdin\"`")
}

fn because(cause: impl Into<String>) -> NotStarted {
    NotStarted { cause: cause.into(), hint: None }
}

fn with_hint(cause: impl Into<String>, hint: impl Into<String>) -> NotStarted {
    NotStarted { cause: cause.into(), hint: Some(hint.into()) }
}

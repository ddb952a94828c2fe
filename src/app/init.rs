//! Init: a job file to start from, for what lies in the current folder.
//!
//! On a terminal it asks, and nothing is written before the last answer, so that who leaves in the
//! middle leaves nothing. Unaware of what such a file holds.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::load::{Load, check};
use super::words::{count, safe};
use super::written::{base, free, next, write};
use super::{FINE, Fault, Invoked, WRONG};
use crate::config::Purpose;
use crate::draft::{self, Kind, Start};

/// The job file that needs no name on a command line.
const USUAL: &str = "runner.toml";

/// Bytes of a file that are looked at: what says what it is for stands in them.
const LOOKED_AT: u64 = 1 << 20;

/// Bytes of an answer: more is none.
const ANSWER: u64 = 4096;

/// Times that a question is asked: who has not found an answer then has left.
const TRIES: u32 = 5;

/// Processes that are named at most when the file is written.
const NAMED: usize = 6;

/// What is started.
#[derive(Debug)]
pub struct Init {
    /// The file; `-` is standard output.
    pub file: Option<PathBuf>,
    /// What it is for.
    pub kind: Option<Kind>,
    /// Whether nothing is asked.
    pub quiet: bool,
    /// Whether a file that is there is written over.
    pub force: bool,
}

/// Writes a job file to start from.
pub fn init(asked: &Init) -> Invoked {
    let to_output = asked.file.as_deref() == Some(Path::new("-"));
    let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    let asks = terminal && !asked.quiet && !to_output;
    let kind = match asked.kind {
        Some(kind) => kind,
        None if asks => match ask_kind()? {
            Some(kind) => kind,
            None => return left(),
        },
        None => Kind::Ci,
    };
    let path = match &asked.file {
        Some(path) => path.clone(),
        None if asks => match ask_path(asked.force)? {
            Some(path) => path,
            None => return left(),
        },
        None => USUAL.into(),
    };
    if !to_output {
        free(&path, asked.force)?;
    }
    let base = if to_output { None } else { base(&path, Path::new("")) };
    let named = if to_output { USUAL.into() } else { safe(&path.to_string_lossy()) };
    let started = draft::start(kind, &|name| look(Path::new(name)), base, &named);
    let Start { text, processes } = started.map_err(|problems| {
        let why = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        Fault::Wrong(format!("no job file could be made: {why}"))
    })?;
    if to_output {
        io::stdout().write_all(text.as_bytes())?;
        return Ok(FINE);
    }
    write(&path, &text, asked.force)?;
    let many = match processes.len() {
        0..=NAMED => processes.join(", "),
        many => count(many, "process"),
    };
    writeln!(io::stderr(), "wrote {named}: {many}")?;
    if !check(&path, &Load::default(), Purpose::Check).problems.is_empty() {
        writeln!(
            io::stderr(),
            "this machine lacks something that it names: see `runner validate`"
        )?;
    }
    next(&path, None)?;
    Ok(FINE)
}

/// Returns the beginning of a file of the current folder, if it is there.
fn look(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let file = path.is_file().then(|| std::fs::File::open(path).ok())??;
    file.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Says that nothing was written.
fn left() -> Invoked {
    writeln!(io::stderr(), "\nnothing was written")?;
    Ok(WRONG)
}

/// Asks what the job is for; none where the input has ended.
fn ask_kind() -> io::Result<Option<Kind>> {
    let found = draft::found(&|name| look(Path::new(name)));
    let found = match found.as_slice() {
        [] => "checks of a project".to_owned(),
        found => format!("checks: {}", found.join(", ")),
    };
    let mut out = io::stderr();
    writeln!(out, "What is the job for?")?;
    writeln!(out, "  1  {found}")?;
    writeln!(out, "  2  items through a command")?;
    writeln!(out, "  3  a service, and what needs it")?;
    for _ in 0..TRIES {
        let kind = match ask("1, 2 or 3", "1")?.as_deref() {
            None => return Ok(None),
            Some("1") => Kind::Ci,
            Some("2") => Kind::Queue,
            Some("3") => Kind::Service,
            Some(_) => continue,
        };
        return Ok(Some(kind));
    }
    Ok(None)
}

/// Asks for a file that is not there; none where the input has ended.
fn ask_path(force: bool) -> io::Result<Option<PathBuf>> {
    for _ in 0..TRIES {
        let Some(answer) = ask("Which file?", USUAL)? else { return Ok(None) };
        let path = PathBuf::from(answer);
        match free(&path, force) {
            Ok(()) => return Ok(Some(path)),
            Err(_) => writeln!(io::stderr(), "It exists; name another.")?,
        }
    }
    Ok(None)
}

/// Asks, and returns the answer, or what is usual where there is none.
fn ask(question: &str, usual: &str) -> io::Result<Option<String>> {
    let mut out = io::stderr();
    write!(out, "{question} [{usual}] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(ANSWER).read_line(&mut answer)?;
    if !answer.ends_with('\n') {
        return Ok(None);
    }
    let answer = answer.trim();
    Ok(Some(if answer.is_empty() { usual.to_owned() } else { answer.to_owned() }))
}

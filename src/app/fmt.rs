//! Fmt: job files are written in their canonical form, or only compared with it.
//!
//! A file that is not TOML is told and left as it is; what else is wrong with a file does not
//! matter here. Unaware of what the canonical form is.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::load::{style, variable};
use super::replace::replace;
use super::validate::chosen;
use super::words::safe;
use super::{FINE, Fault, Invoked, NOTHING, UNFORMATTED, WRONG};
use crate::config::{self, Options};
use crate::diagnostic::{diff, pretty};
use crate::model::{Problem, Source};
use crate::report::{Color, color};

/// What is to be formatted, and how.
#[derive(Debug)]
pub struct Fmt {
    /// Files and folders, what is usual where there are none; `-` is standard input, which goes to
    /// standard output.
    pub paths: Vec<PathBuf>,
    /// Whether nothing is written and what would change is shown.
    pub check: bool,
    /// `--stdin-filename NAME`.
    pub stdin_name: Option<String>,
    /// When colours are used.
    pub color: Color,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    /// It is in its canonical form, and was.
    Same,
    /// It was not in its canonical form.
    Other,
    /// It is not TOML, or cannot be read.
    Broken,
}

/// Formats job files, and all of those below folders.
pub fn fmt(asked: &Fmt) -> Invoked {
    let files = match chosen(&asked.paths) {
        Ok(files) => files,
        Err(why) => {
            writeln!(io::stderr(), "{why}")?;
            return Ok(NOTHING);
        }
    };
    let became = files.iter().map(|file| one(file, asked)).collect::<Result<Vec<_>, _>>()?;
    let count = |what| became.iter().filter(|one| **one == what).count();
    let (broken, other) = (count(Became::Broken), count(Became::Other));
    let filter = asked.paths == [Path::new("-")] && !asked.check;
    if !filter {
        writeln!(io::stderr(), "{}", summary(files.len(), other, broken, asked.check))?;
    }
    Ok(match (broken, other) {
        (0, 0) => FINE,
        (0, _) if asked.check => UNFORMATTED,
        (0, _) => FINE,
        (_, _) => WRONG,
    })
}

/// Formats one file.
fn one(path: &Path, asked: &Fmt) -> Result<Became, Fault> {
    let options = Options { stdin_name: asked.stdin_name.clone(), ..Options::default() };
    let source = match config::source(path, &options) {
        Ok(source) => source,
        Err(problem) => {
            let shown = Source { path: path.display().to_string(), text: String::new() };
            return tell(&[*problem], shown, asked);
        }
    };
    let text = match config::format(&source.text) {
        Ok(text) => text,
        Err(problems) => return tell(&problems, source, asked),
    };
    let same = text == source.text;
    if asked.check && !same {
        let drawn = diff(&source.path, &source.text, &text, color_of_output(asked.color));
        io::stdout().write_all(drawn.as_bytes())?;
    } else if !asked.check && path == Path::new("-") {
        io::stdout().write_all(text.as_bytes())?;
    } else if !same {
        replace(path, &text).map_err(|error| Fault::File { path: path.to_owned(), error })?;
        writeln!(io::stderr(), "formatted {}", safe(&source.path))?;
    }
    Ok(if same { Became::Same } else { Became::Other })
}

/// Tells why a file can't be formatted.
fn tell(problems: &[Problem], source: Source, asked: &Fmt) -> Result<Became, Fault> {
    let report = pretty(problems, &[source], &style(asked.color));
    io::stderr().write_all(report.as_bytes())?;
    Ok(Became::Broken)
}

fn color_of_output(asked: Color) -> bool {
    color(asked, variable, io::stdout().is_terminal())
}

/// Says what became of all files.
fn summary(all: usize, other: usize, broken: usize, check: bool) -> String {
    let files = if all == 1 { "job file" } else { "job files" };
    let told = match (all, other) {
        (1, 0) => "1 job file: it is formatted".to_owned(),
        (_, 0) if broken == 0 => format!("{all} job files: all are formatted"),
        (_, _) if check => format!("{other} of {all} {files} would be formatted"),
        (_, _) => format!("{other} of {all} {files} formatted"),
    };
    match broken {
        0 => told,
        _ if all == 1 => "1 job file left as it is".to_owned(),
        _ => format!("{told}, {broken} left as they are"),
    }
}

//! Import: a job file is made of that of another tool, and what it lacks is told.
//!
//! Unaware of how those files are read.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::words::{count, safe};
use super::written::{base, free, next, write};
use super::{FINE, Fault, Invoked};
use crate::config::LARGEST;
use crate::draft::{self, Imported, Left, Tool};

/// What is taken over, and where to.
#[derive(Debug)]
pub struct Import {
    /// The file of the other tool; `-` is standard input.
    pub file: PathBuf,
    /// Whose it is, where its name does not say so.
    pub from: Option<Tool>,
    /// The job file; none is standard output.
    pub out: Option<PathBuf>,
    /// Whether one that is there is written over.
    pub force: bool,
}

/// Makes a job file of that of another tool.
pub fn import(asked: &Import) -> Invoked {
    let name = asked.file.file_name().unwrap_or_default().to_string_lossy();
    let shown = safe(&asked.file.to_string_lossy());
    let tool = asked.from.or_else(|| Tool::of(&name)).ok_or_else(|| {
        Fault::Wrong(format!("`{shown}` does not say whose file it is: name it with --from"))
    })?;
    if let Some(out) = &asked.out {
        free(out, asked.force)?;
    }
    let text = read(&asked.file).map_err(|why| Fault::Wrong(format!("`{shown}` {why}")))?;
    let folder = asked.file.parent().unwrap_or(Path::new(""));
    let base = asked.out.as_deref().and_then(|out| base(out, folder));
    let imported = draft::import(tool, &name, &text, base);
    let Imported { text, left, processes } = imported.map_err(|(why, left)| {
        let _ = tell(&left);
        Fault::Wrong(format!("`{shown}`: {why}"))
    })?;
    match &asked.out {
        Some(out) => write(out, &text, asked.force)?,
        None => io::stdout().write_all(text.as_bytes())?,
    }
    let made = match &asked.out {
        Some(out) => format!("wrote {}", safe(&out.to_string_lossy())),
        None => "made a job".to_owned(),
    };
    writeln!(io::stderr(), "{made}: {} of {shown}", count(processes.len(), "process"))?;
    tell(&left)?;
    if let Some(out) = &asked.out {
        next(out, usual(tool, &processes))?;
    }
    Ok(FINE)
}

/// Returns the process that one runs first; all of a Procfile.
fn usual(tool: Tool, processes: &[String]) -> Option<&str> {
    let named = |name: &str| processes.iter().find(|have| *have == name);
    let first = match tool {
        Tool::Procfile => None,
        Tool::Package => named("test").or_else(|| named("build")).or_else(|| processes.first()),
        Tool::Make | Tool::Just | Tool::Task => processes.first(),
    };
    first.map(String::as_str)
}

/// Reads a file of text, or says why it can't be read.
fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let limit = LARGEST + 1;
    let all = match path.to_str() {
        Some("-") => io::stdin().take(limit).read_to_end(&mut bytes),
        _ if path.is_dir() => return Err("is a folder".to_owned()),
        _ => File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
    };
    all.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err("is too large for a file that people write".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}

/// Tells what was not taken.
fn tell(left: &[Left]) -> io::Result<()> {
    let mut out = io::stderr();
    if !left.is_empty() {
        writeln!(out, "not taken, or not as it was:")?;
    }
    let mut last = 0;
    for Left { line, text, why } in left {
        if std::mem::replace(&mut last, *line) != *line {
            writeln!(out, "  line {line}: {}", safe(text))?;
        }
        writeln!(out, "    {}", safe(why))?;
    }
    Ok(())
}

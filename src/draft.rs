//! Draft: the text of a job file to start from: taken from the file of another tool, made for what
//! a project has, or an example of a kind.
//!
//! All of it is text in, text out. What is made can be proved and is in its canonical form; what
//! could not be taken is listed line by line. Unaware of files, and of who asks.
//!
//! Reading order: [`sheet`] is a job under construction, with [`values`] and [`names`]; [`ledger`]
//! accounts for each line of a file; [`make`], [`just`], [`taskfile`], [`procfile`] and [`package`]
//! read those, with [`shell`] for their recipes; [`kind`] is what else one starts from, with
//! [`project`] for what a folder holds.

mod just;
mod kind;
mod ledger;
mod make;
mod names;
mod package;
mod procfile;
mod project;
mod sheet;
mod shell;
mod taskfile;
mod values;

pub use kind::{Kind, Start, found, start};
pub use ledger::Left;
pub use project::Read;

use ledger::Ledger;
use sheet::Sheet;

/// A tool whose files can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// GNU make and its kin.
    Make,
    /// just.
    Just,
    /// go-task.
    Task,
    /// foreman and its kin.
    Procfile,
    /// npm and its kin.
    Package,
}

impl Tool {
    /// Returns the tool that a file of this name is for.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Some(match name.as_str() {
            "package.json" => Self::Package,
            _ if name.starts_with("taskfile") => Self::Task,
            _ if name.starts_with("procfile") => Self::Procfile,
            _ if name.trim_start_matches('.').starts_with("justfile") => Self::Just,
            _ if name.contains("makefile") => Self::Make,
            _ => match name.rsplit_once('.')?.1 {
                "just" => Self::Just,
                "mk" | "mak" => Self::Make,
                _ => return None,
            },
        })
    }

    /// Returns how a job that was taken over differs, as everyone should know.
    fn differs(self) -> &'static [&'static str] {
        match self {
            Self::Make => &[
                "Every target is made each time, also one that is up to date.",
                "What nothing orders can run at the same time, as with `make -j`.",
            ],
            Self::Just | Self::Task | Self::Package => {
                &["What nothing orders runs at the same time."]
            }
            Self::Procfile => &[
                "Values of `.env` are not read: `env-file = \".env\"` does that.",
                "One that fails ends the others; one that ends well does not.",
            ],
        }
    }
}

/// What was made of a file of another tool.
#[derive(Debug)]
pub struct Imported {
    /// The job file.
    pub text: String,
    /// What is not in it.
    pub left: Vec<Left>,
    /// The names of its processes.
    pub processes: Vec<String>,
}

/// Makes a job file of that of another tool, which is called `name` and lies where `base` leads to
/// from the folder of the job file; says why where nothing of it can be taken, with what was left.
pub fn import(
    tool: Tool,
    name: &str,
    text: &str,
    base: Option<String>,
) -> Result<Imported, (String, Vec<Left>)> {
    let mut ledger = Ledger::new(text);
    let bad = |why: String| (why, Vec::new());
    if text.contains('\0') {
        return Err(bad("it is no text: it holds a zero byte".to_owned()));
    }
    let mut sheet = match tool {
        Tool::Make => make::read(&mut ledger),
        Tool::Just => just::read(&mut ledger),
        Tool::Task => taskfile::read(text, &mut ledger).map_err(bad)?,
        Tool::Procfile => procfile::read(&mut ledger),
        Tool::Package => package::read(text, &mut ledger).map_err(bad)?,
    };
    sheet.settle(&mut ledger);
    let left = ledger.close(|line| match tool {
        Tool::Package => true,
        Tool::Make | Tool::Just | Tool::Task | Tool::Procfile => line.starts_with('#'),
    });
    if sheet.processes.is_empty() {
        return Err(("nothing in it could be taken".to_owned(), left));
    }
    sheet.head = head(tool, name, &sheet);
    sheet.base = base;
    match sheet.write(&left) {
        Ok((text, processes)) => Ok(Imported { text, left, processes }),
        Err(problems) => {
            let why = problems.first().map_or_else(String::new, |problem| problem.message.clone());
            Err((format!("what was made of it is no job file: {why}"), left))
        }
    }
}

/// Returns the lines at the top of a file.
fn head(tool: Tool, name: &str, sheet: &Sheet) -> Vec<String> {
    let mut head = vec![format!("Made of `{name}` by `runner import`.")];
    head.extend(tool.differs().iter().map(ToString::to_string));
    if sheet.processes.len() > 1 && tool != Tool::Procfile {
        head.push(
            "Without the name of a process all of them run: name the one that you want.".into(),
        );
    }
    head
}

//! Start: what can be typed to get a job file, and what it means below.
//!
//! Unaware of what is done with it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app::{self, Import, Init, Invoked};
use crate::draft::{Kind, Tool};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner init                    asks, on a terminal; else checks of what is found here
  runner init --queue jobs/thumbnails.toml
  runner init --ci -             to standard output")]
pub(super) struct InitWords {
    /// The job file, or `-` for standard output [default: runner.toml]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    kind: KindWords,
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
    /// Print it instead of writing a file
    #[arg(long, conflicts_with = "file")]
    print: bool,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

/// What it is for.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct KindWords {
    /// Checks of the project in this folder: of Cargo, npm, Python, Go and make what is found
    #[arg(long)]
    ci: bool,
    /// Items through a command
    #[arg(long)]
    queue: bool,
    /// A service, and what needs it
    #[arg(long)]
    service: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Taken are the plain parts; every line of which anything was not is listed, on standard error and at
the top of the job file.

Examples:
  runner import Makefile -o runner.toml
  runner import package.json | less
  runner import --from procfile Procfile.dev -o dev.toml")]
pub(super) struct ImportWords {
    /// A Makefile, justfile, Taskfile.yml, Procfile or package.json, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose file it is, where its name does not say so
    #[arg(long, value_name = "TOOL")]
    from: Option<ToolWord>,
    /// The job file [default: standard output]
    #[arg(short, long, value_name = "JOB.toml")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ToolWord {
    Make,
    Just,
    Taskfile,
    Procfile,
    Package,
}

/// Writes a job file to start from.
pub(super) fn init(words: InitWords) -> Invoked {
    let KindWords { ci, queue, service } = words.kind;
    let kinds = [(ci, Kind::Ci), (queue, Kind::Queue), (service, Kind::Service)];
    let printed = words.print.then(|| "-".into());
    app::init(&Init {
        file: words.file.or(printed),
        kind: kinds.into_iter().find(|(typed, _)| *typed).map(|(_, kind)| kind),
        quiet: words.yes,
        force: words.force,
    })
}

/// Makes a job file of that of another tool.
pub(super) fn import(words: ImportWords) -> Invoked {
    let from = words.from.map(|tool| match tool {
        ToolWord::Make => Tool::Make,
        ToolWord::Just => Tool::Just,
        ToolWord::Taskfile => Tool::Task,
        ToolWord::Procfile => Tool::Procfile,
        ToolWord::Package => Tool::Package,
    });
    app::import(&Import { file: words.file, from, out: words.out, force: words.force })
}

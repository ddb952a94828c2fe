//! Command line: words typed become a call, and a call becomes an exit code.
//!
//! Unaware of everything below `app`.
//!
//! Reading order: [`words`] is what can be typed, with [`selection`], [`rerun`] and [`dead`];
//! [`usual`] says which job it is about; [`complete`] proposes it while one types, [`man`] tells of
//! it, and [`start`] is what gets a first job file.

mod complete;
mod dead;
mod man;
mod rerun;
mod selection;
mod start;
mod usual;
mod words;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::app::{self, Invoked, Load, Named, Outlook, Run, Validate, View};
use crate::report::Color;
use words::{Command, ExplainWords, PlanWords, ReportWords, RunWords, ValidateWords, Words};

/// Does what the command line of this process says.
pub fn main() -> ExitCode {
    if let Some(code) = complete::answer() {
        return code;
    }
    let words = match Words::try_parse() {
        Ok(words) => words,
        Err(error) => {
            // Help that nobody reads to its end is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(app::WRONG));
        }
    };
    let code = match words.command {
        None => run(words.run),
        Some(Command::Run(run_words)) => run(run_words),
        Some(Command::Validate(words)) => validate(words),
        Some(Command::Plan(words)) => plan(words),
        Some(Command::Graph(words)) => {
            let view = View::Graph(words.format.into());
            shown(words.job, &words.load.into(), words.look.color.into(), view)
        }
        Some(Command::List(words)) => {
            let view = View::List { json: words.json };
            shown(words.job, &words.load.into(), words.look.color.into(), view)
        }
        Some(Command::Rerun(words)) => rerun::rerun(words),
        Some(Command::Report(words)) => report(&words),
        Some(Command::Dead(words)) => dead::dead(words),
        Some(Command::Fmt(words)) => app::fmt(&words.into()),
        Some(Command::Explain(words)) => explain(words),
        Some(Command::Schema(words)) => app::schema(words.of.into()),
        Some(Command::Init(words)) => start::init(words),
        Some(Command::Import(words)) => start::import(words),
        Some(Command::Completions(words)) => complete::install(words.shell),
        Some(Command::Man(words)) => man::man(&words),
        Some(Command::Lsp(_)) => app::lsp(),
    };
    let flushed = io::stdout().flush();
    ExitCode::from(app::after_output(code, flushed))
}

fn run(words: RunWords) -> Invoked {
    let (job, processes) = match usual::job(words.job, words.processes) {
        Ok(found) => found,
        Err(told) => return told,
    };
    app::run(Run {
        job,
        choice: words.selected.choice(processes, words.jobs),
        load: words.load.into(),
        on_failure: words.on_failure.map(Into::into),
        mode: words.output.into(),
        dry_run: words.dry_run,
        state: words.state_dir,
        color: words.look.color.into(),
        reports: words.report,
    })
}

fn report(words: &ReportWords) -> Invoked {
    let reports = words.reports();
    if reports.is_empty() {
        let message = "name at least one file: `runner report --junit report.xml`";
        let _ = Words::command().error(ErrorKind::MissingRequiredArgument, message).print();
        return Ok(app::WRONG);
    }
    let state = words.state_dir.clone();
    let color = words.look.color.into();
    let named = Named { words: words.run.clone().into_iter().collect(), state, color };
    app::report(&named, &reports)
}

fn validate(words: ValidateWords) -> Invoked {
    let load = Load { stdin_name: words.stdin_filename, ..words.load.into() };
    app::validate(&Validate {
        paths: words.paths,
        load,
        format: words.format.into(),
        strict: words.strict,
        color: words.look.color.into(),
    })
}

fn plan(words: PlanWords) -> Invoked {
    let (job, processes) = match usual::job(words.job, words.processes) {
        Ok(found) => found,
        Err(told) => return told,
    };
    let choice = words.selected.choice(processes, words.jobs);
    let view = View::Plan { choice: Box::new(choice), state: words.state_dir };
    app::view(&job, &words.load.into(), words.look.color.into(), view)
}

/// Explains a code, or a process where a job file is named or the usual one has it.
fn explain(words: ExplainWords) -> Invoked {
    let color = words.look.color.into();
    let (process, job) = match (words.word, words.job) {
        (Some(process), Some(job)) => (process, job),
        (Some(word), None) if !app::is_code(&word) => match usual::with(&word) {
            Some(Ok(job)) => (word, job),
            Some(Err(told)) => return told,
            None => return app::explain(Some(&word), color),
        },
        (word, _) => return app::explain(word.as_deref(), color),
    };
    app::outlook(Outlook {
        process,
        job,
        choice: words.selected.choice(Vec::new(), None),
        load: words.load.into(),
        state: words.state_dir,
        color,
    })
}

/// Shows the job that is named, or the usual one.
fn shown(job: Option<PathBuf>, load: &Load, color: Color, view: View) -> Invoked {
    match job.map_or_else(|| usual::job(None, Vec::new()), |job| Ok((job, Vec::new()))) {
        Ok((job, _)) => app::view(&job, load, color, view),
        Err(told) => told,
    }
}

//! Command line: words typed become a call, and a call becomes an exit code.
//!
//! Unaware of everything below `app`.
//!
//! Reading order: [`words`] is what can be typed, with [`selection`] and [`dead`]; [`complete`]
//! proposes it while one types, [`man`] tells of it, and [`start`] is what gets a first job file.

mod complete;
mod dead;
mod man;
mod selection;
mod start;
mod words;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::app::{self, Invoked, Load, Named, Run, Validate, View};
use crate::model::nearest;
use words::{Command, PlanWords, ReportWords, RunWords, ValidateWords, Words};

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
        None => run_or_tell(words.run),
        Some(Command::Run(run_words)) => run(run_words),
        Some(Command::Validate(words)) => validate(words),
        Some(Command::Plan(words)) => plan(words),
        Some(Command::Graph(words)) => {
            let format = words.format.into();
            app::view(&words.job, &words.load.into(), words.look.color.into(), View::Graph(format))
        }
        Some(Command::List(words)) => {
            let view = View::List { json: words.json };
            app::view(&words.job, &words.load.into(), words.look.color.into(), view)
        }
        Some(Command::Report(words)) => report(&words),
        Some(Command::Dead(words)) => dead::dead(words),
        Some(Command::Fmt(words)) => app::fmt(&words.into()),
        Some(Command::Explain(words)) => {
            app::explain(words.code.as_deref(), words.look.color.into())
        }
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

/// Runs a job that was named without `run` before it: a slip in a command is no job file.
fn run_or_tell(words: RunWords) -> Invoked {
    let word = words.job.as_deref().and_then(Path::to_str).unwrap_or_default();
    let bare = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !bare || word == "-" || Path::new(word).exists() {
        return run(words);
    }
    let file = format!("{word}.toml");
    let tip = if Path::new(&file).exists() {
        format!("; did you mean `{file}`?")
    } else {
        let near = meant(word).map(|command| format!("; did you mean `runner {command}`?"));
        near.unwrap_or_default()
    };
    let message = format!("`{word}` is neither a command nor a file{tip}");
    let _ = Words::command().error(ErrorKind::InvalidSubcommand, message).print();
    Ok(app::WRONG)
}

/// Returns the command that a word probably meant.
fn meant(word: &str) -> Option<String> {
    let commands = Words::command();
    nearest(word, commands.get_subcommands().map(clap::Command::get_name)).map(str::to_owned)
}

fn run(words: RunWords) -> Invoked {
    let Some(job) = words.job else { return Ok(app::WRONG) };
    app::run(Run {
        job,
        choice: words.selected.choice(words.processes, words.jobs),
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
    let choice = words.selected.choice(words.processes, words.jobs);
    let view = View::Plan { choice: Box::new(choice), state: words.state_dir };
    app::view(&words.job, &words.load.into(), words.look.color.into(), view)
}

//! Usual: which job a command means where its first word is none.
//!
//! A command's name wins, which clap has seen to; then a file; then a process of the usual job
//! file. Unaware of what is done with the job.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Command, CommandFactory};

use super::words::Words;
use crate::app::{self, Invoked};
use crate::model::nearest;

/// A job file, and the words behind it.
pub(super) type Job = (PathBuf, Vec<String>);

/// Returns the job that is meant, or what came of telling that none is.
pub(super) fn job(job: Option<PathBuf>, mut processes: Vec<String>) -> Result<Job, Invoked> {
    let Some(job) = job else {
        let mut files = app::usual();
        return match (files.len(), files.pop()) {
            (1, Some(file)) => Ok((file, processes)),
            (_, last) => {
                files.extend(last);
                Err(app::menu(&files))
            }
        };
    };
    let word = job.to_string_lossy().into_owned();
    let is_toml = job.extension().is_some_and(|end| end == "toml");
    let names_file = word == "-" || word.contains('/') || is_toml;
    if names_file || word.is_empty() || job.exists() {
        return Ok((job, processes));
    }
    let file = with(&word).unwrap_or_else(|| Err(Ok(tell(&word))))?;
    processes.insert(0, word);
    Ok((file, processes))
}

/// Returns the usual job file that has a process, or what came of telling that several have it;
/// `None` where there is none.
pub(super) fn with(process: &str) -> Option<Result<PathBuf, Invoked>> {
    let mut files = app::usual_with(process);
    match (files.len(), files.pop()?) {
        (1, file) => Some(Ok(file)),
        (_, last) => {
            files.push(last);
            Some(Err(app::menu(&files)))
        }
    }
}

/// Tells that a word means nothing, and what it probably should.
fn tell(word: &str) -> u8 {
    let file = format!("{word}.toml");
    let usual = app::usual();
    let names: Vec<(String, _)> =
        usual.iter().flat_map(|file| app::processes(Some(file))).collect();
    let process = nearest(word, names.iter().map(|(name, _)| name.as_str()));
    let tip = if Path::new(&file).exists() {
        format!("; did you mean `{file}`?")
    } else {
        let near = meant(word).or(process.map(str::to_owned));
        near.map(|near| format!("; did you mean `runner {near}`?")).unwrap_or_default()
    };
    let none = if usual.is_empty() { "nor a file" } else { "nor a file nor a process" };
    let shown: String = word.chars().flat_map(char::escape_default).collect();
    let message = format!("`{shown}` is neither a command {none}{tip}");
    let _ = Words::command().error(ErrorKind::InvalidSubcommand, message).print();
    app::WRONG
}

/// Returns the command that a word probably meant.
fn meant(word: &str) -> Option<String> {
    let commands = Words::command();
    nearest(word, commands.get_subcommands().map(Command::get_name)).map(str::to_owned)
}

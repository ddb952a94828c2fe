//! Man: the manual pages of the commands, from the words of their help.
//!
//! A page has the sections that people know. What help shows below its options becomes sections of
//! its own, whose examples keep their lines. Unaware of what the commands do.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Arg, Args, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::words::Words;
use crate::app::{FINE, Fault, Invoked};
use crate::model::nearest;

/// The section of the manual that is about programs.
const SECTION: &str = "1";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runner man | man -l -                            read the page of the program
  runner man dead retry | man -l -                 read that of a command
  runner man --out ~/.local/share/man/man1         write all of them, where man looks")]
pub(super) struct ManWords {
    /// The command [default: the program itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder, which is made
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// Prints a page, or writes all of them.
pub(super) fn man(words: &ManWords) -> Invoked {
    let mut all = brief(Words::command().disable_help_subcommand(true));
    all.build();
    match &words.out {
        Some(folder) => write(&all, folder)?,
        None => io::stdout().write_all(page(named(&all, &words.command)?)?.as_bytes())?,
    }
    Ok(FINE)
}

/// Returns a command whose options tell the words that they take in one line, as help does.
fn brief(command: Command) -> Command {
    let argument = |arg: Arg| {
        let values = arg.get_possible_values();
        let told = !arg.get_action().takes_values() || values.is_empty();
        if told || values.iter().any(|value| value.get_help().is_some()) {
            return arg;
        }
        let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
        let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let about = format!("{about} [possible values: {}]", names.join(", "));
        arg.hide_possible_values(true).help(about)
    };
    command.mut_args(argument).mut_subcommands(brief)
}

/// Finds a command by its words.
fn named<'a>(all: &'a Command, words: &[String]) -> Result<&'a Command, Fault> {
    words.iter().try_fold(all, |command, word| {
        let names = command.get_subcommands().map(Command::get_name);
        let near = nearest(word, names).map(|near| format!("; did you mean `{near}`?"));
        let parent = command.get_bin_name().unwrap_or_default();
        let wrong = || {
            let near = near.unwrap_or_default();
            Fault::Wrong(format!("`{parent}` has no command `{}`{near}", word.escape_debug()))
        };
        command.find_subcommand(word).ok_or_else(wrong)
    })
}

/// Writes the pages of a command and of those below it.
fn write(command: &Command, folder: &Path) -> Result<(), Fault> {
    let fault = |path: &Path, error| Fault::File { path: path.to_owned(), error };
    fs::create_dir_all(folder).map_err(|error| fault(folder, error))?;
    let path = folder.join(format!("{}.{SECTION}", title(command)));
    fs::write(&path, page(command)?).map_err(|error| fault(&path, error))?;
    shown(command).try_for_each(|below| write(below, folder))
}

/// Returns the commands below one.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| !below.is_hide_set())
}

/// Returns the name of a page: `runner-dead-list`.
fn title(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// Returns the page of a command.
fn page(command: &Command) -> io::Result<String> {
    let man = Man::new(command.clone());
    let mut out = Vec::new();
    man.render_name_section(&mut out)?;
    let mut synopsis = Roff::new();
    usage(&mut synopsis, command);
    out.extend(synopsis.render().into_bytes());
    if command.get_arguments().any(|arg| !arg.is_hide_set()) {
        man.render_options_section(&mut out)?;
    }
    if shown(command).next().is_some() {
        man.render_subcommands_section(&mut out)?;
    }
    let mut rest = Roff::new();
    if let Some(text) = command.get_after_help() {
        sections(&mut rest, &text.to_string());
    }
    if title(command) != "runner" {
        rest.control("SH", ["SEE ALSO"]);
        rest.text([bold("runner"), roman("(1)")]);
    }
    out.extend(rest.render().into_bytes());
    // Every part was written as a page of its own, which begins with the same definitions.
    let head = Roff::new().render();
    let text = String::from_utf8_lossy(&out).replace(&head, "");
    // No date: the same program prints the same page on every day.
    let (title, version) = (title(command), env!("CARGO_PKG_VERSION"));
    let heading = format!(".TH {title} {SECTION} \"\" \"runner {version}\" \"User Commands\"\n");
    Ok(head + &heading + &text)
}

/// Writes how a command is called, a line for each way.
fn usage(roff: &mut Roff, command: &Command) {
    roff.control("SH", ["SYNOPSIS"]);
    let text = command.clone().render_usage().to_string();
    let ways = text.trim_start_matches("Usage:").lines().map(str::trim);
    for (number, way) in ways.filter(|way| !way.is_empty()).enumerate() {
        if number > 0 {
            roff.control("br", []);
        }
        roff.text([roman(way)]);
    }
}

/// Writes what help shows below the options: a block that opens with a title is a section of lines,
/// any other is a paragraph.
fn sections(roff: &mut Roff, text: &str) {
    let mut noted = false;
    for block in text.trim().split("\n\n") {
        match block.split_once(":\n") {
            Some((title, lines)) if lines.starts_with("  ") => {
                roff.control("SH", [title.to_uppercase().as_str()]);
                roff.control("nf", []);
                text_lines(roff, lines);
                roff.control("fi", []);
            }
            _ => {
                if std::mem::replace(&mut noted, true) {
                    roff.control("PP", []);
                } else {
                    roff.control("SH", ["NOTES"]);
                }
                text_lines(roff, block);
            }
        }
    }
}

fn text_lines(roff: &mut Roff, text: &str) {
    for line in text.lines() {
        roff.text([roman(line)]);
    }
}

//! Complete: what may come next, proposed while one types.
//!
//! A shell asks this program itself, with a variable set that nothing else sets, so that no list
//! is made beforehand and an ordinary start looks at one variable. What may stand for an argument
//! is known by the name that help gives its value, so that a new command needs nothing here.
//! Unaware of how anything is read.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::ValueHint;
use clap::{Arg, ArgAction, Args, Command, CommandFactory, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _,
};
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use super::words::Words;
use crate::app::{self, FINE, Invoked, Known};

/// The variable by which a shell asks; its value is the shell.
const ASKED: &str = "RUNNER_COMPLETE";

/// The program, as a shell finds it: what is written today holds when it is installed elsewhere.
const PROGRAM: &str = "runner";

#[derive(Debug, Args)]
#[command(after_help = "\
What is printed belongs to this version, so a shell reads it anew when it starts:
  bash        echo 'source <(runner completions bash)' >>~/.bashrc
  zsh         echo 'source <(runner completions zsh)' >>~/.zshrc    (after compinit)
  fish        echo 'runner completions fish | source' >>~/.config/fish/config.fish
  elvish      echo 'eval (runner completions elvish | slurp)' >>~/.config/elvish/rc.elv
  powershell  runner completions powershell | Out-String | Invoke-Expression    (in $PROFILE)")]
pub(super) struct CompletionsWords {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: ShellWord,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ShellWord {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

/// Prints what a shell needs in order to ask.
pub(super) fn install(shell: ShellWord) -> Invoked {
    let completer: &dyn EnvCompleter = match shell {
        ShellWord::Bash => &Bash,
        ShellWord::Zsh => &Zsh,
        ShellWord::Fish => &Fish,
        ShellWord::Elvish => &Elvish,
        ShellWord::Powershell => &Powershell,
    };
    let mut text = Vec::new();
    completer.write_registration(ASKED, PROGRAM, PROGRAM, PROGRAM, &mut text)?;
    io::stdout().write_all(&text)?;
    Ok(FINE)
}

/// Answers a shell that asks what may come next; `None` where nobody does.
pub(super) fn answer() -> Option<ExitCode> {
    std::env::var_os(ASKED)?;
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(words).var(ASKED);
    // There is nobody to tell: what is printed appears in the line that is being typed.
    match asked.try_complete(std::env::args_os(), here.as_deref()) {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// Returns all words that can be typed; behind a job file no command can.
fn words() -> Command {
    let command = proposed(Words::command());
    let job = typed().first().is_some_and(|word| Path::new(word).is_file());
    if !job {
        return command;
    }
    command.disable_help_subcommand(true).mut_subcommands(|below| below.hide(true))
}

/// Returns a command whose arguments know what may stand for them. Its options are proposed where a
/// dash was typed, or where there is nothing else.
fn proposed(command: Command) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("Print help");
    let command = command.disable_help_flag(true).disable_version_flag(true).arg(help);
    command.mut_args(argument).mut_subcommands(proposed)
}

fn argument(arg: Arg) -> Arg {
    let arg = if arg.is_positional() { arg } else { arg.hide(true) };
    let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let parts: Vec<String> = name.iter().flat_map(|name| name.split('|')).map(Into::into).collect();
    match parts.as_slice() {
        [dir] if dir == "DIR" => arg.value_hint(ValueHint::DirPath),
        parts if !parts.iter().any(|part| NOUNS.contains(&part.as_str())) => arg,
        _ => arg.add(ArgValueCompleter::new(move |start: &OsStr| proposals(&parts, start))),
    }
}

/// Names that help gives to values of which it is known what they may be.
const NOUNS: [&str; 8] =
    ["JOB.toml", "PROCESS", "TAG", "NAME=VALUE", "RUN", "ITEM", "CODE", "COMMAND"];

/// Returns what may stand for a value that help calls by one of these names.
fn proposals(nouns: &[String], start: &OsStr) -> Vec<CompletionCandidate> {
    let files = nouns.iter().any(|noun| noun == "JOB.toml").then(|| {
        let is_toml = |path: &Path| path.extension().is_some_and(|end| end == "toml");
        PathCompleter::any().filter(is_toml).complete(start)
    });
    let known = nouns.iter().flat_map(|noun| known(noun));
    files.into_iter().flatten().chain(candidates(known, start)).collect()
}

/// Returns what is known of a name that help gives to values.
fn known(noun: &str) -> Vec<Known> {
    let job = job();
    match noun {
        "PROCESS" => app::processes(job.as_deref()),
        "TAG" => [app::processes(job.as_deref()), app::tags(job.as_deref())].concat(),
        "NAME=VALUE" => app::vars(job.as_deref()),
        // Of one that was typed only items can follow.
        "RUN" if run().is_none() => runs(),
        "ITEM" => app::dead_items(run(), state()),
        "CODE" => app::codes(),
        "COMMAND" => commands(),
        _ => Vec::new(),
    }
}

/// Returns the runs that are kept, and the word for the last.
fn runs() -> Vec<Known> {
    let ids = app::runs(state().as_deref()).into_iter().chain(["last".to_owned()]);
    ids.map(|id| (id, None)).collect()
}

/// Returns the run that was typed.
fn run() -> Option<String> {
    let known = runs();
    let words = typed().into_iter().filter_map(|word| word.into_string().ok());
    words.into_iter().find(|word| known.iter().any(|(id, _)| id == word))
}

fn commands() -> Vec<Known> {
    let named = |command: &Command| {
        (command.get_name().to_owned(), command.get_about().map(ToString::to_string))
    };
    Words::command().get_subcommands().map(named).collect()
}

/// Returns the job file that was typed.
fn job() -> Option<PathBuf> {
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml");
    typed().into_iter().map(PathBuf::from).filter(is_toml).find(|path| path.is_file())
}

/// Returns what begins like the word under way, and can be typed.
fn candidates(known: impl IntoIterator<Item = Known>, start: &OsStr) -> Vec<CompletionCandidate> {
    let Some(start) = start.to_str() else { return Vec::new() };
    let plain = |text: &str| !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let fitting = known.into_iter().filter(|(name, _)| name.starts_with(start) && plain(name));
    let candidate = |(order, (name, about)): (usize, Known)| {
        let about =
            about.map(|about| about.chars().filter(|c| !c.is_control()).collect::<String>());
        CompletionCandidate::new(name).help(about.map(Into::into)).display_order(Some(order))
    };
    fitting.enumerate().map(candidate).collect()
}

/// Returns the words of the line under way, which stand behind the program's own arguments.
fn typed() -> Vec<OsString> {
    std::env::args_os().skip_while(|word| word != "--").skip(2).collect()
}

/// Returns the folder of `--state-dir`, where it was typed.
fn state() -> Option<PathBuf> {
    let words = typed();
    let at = words.iter().position(|word| word == "--state-dir")?;
    words.get(at + 1).map(PathBuf::from)
}

//! Command line: words typed become a call, and a call becomes an exit code.
//!
//! Unaware of everything below `app`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::app::{self, Format, Invoked, Load, Run, View};
use crate::model::{OnFailure, nearest};
use crate::report::{Color, Mode};

/// What help shows below the options.
const EXAMPLES: &str = "\
Examples:
  runner jobs/pipeline.toml                 run a job
  runner jobs/ci.toml test                  run one process and what it needs
  runner jobs/ci.toml --output plain -j 4   prefixed lines, at most four children
  runner jobs/pipeline.toml --var root=/srv override a variable of the job file
  runner validate jobs                      every problem of every job file below a folder
  runner plan jobs/ci.toml                  what would run, in which order, and why
  runner graph jobs/ci.toml | dot -Tsvg     with --format dot: a picture

Ways to show a run, by --output:
  live   bars, redrawn in place: on a terminal
  plain  each line as it comes, with the name of its process: where there is none
  group  what a process prints in one piece, folded where the CI can: with CI=true
  quiet  failures only
  json   the event stream on standard output

Exit codes:
  0  everything passed        3  the runner itself could not go on
  1  a process failed         4  nothing was selected
  2  the job file is wrong    128+n  stopped by signal n";

/// A declarative job runner: processes, pools, queues and payloads in one TOML file.
#[derive(Debug, Parser)]
#[command(name = "runner", version, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Words {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunWords,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a job, or the named processes and what they need
    Run(RunWords),
    /// Show every problem of job files; runs nothing, writes nothing
    Validate(ValidateWords),
    /// Show what would run, in which order, on which pool, and why
    Plan(PlanWords),
    /// Draw the graph of a job
    Graph(GraphWords),
    /// List processes, pools and queues with their descriptions
    List(ListWords),
    /// Print the JSON Schema of the job file
    Schema,
}

#[derive(Debug, Args)]
struct RunWords {
    /// The job file, or `-` for standard input
    #[arg(value_name = "JOB.toml", required = true)]
    job: Option<PathBuf>,
    /// Run only these processes and what they need
    #[arg(value_name = "PROCESS")]
    processes: Vec<String>,
    #[command(flatten)]
    load: LoadWords,
    /// Bound on children over all pools
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// What happens once a process has failed
    #[arg(long, value_name = "WHAT")]
    on_failure: Option<OnFailureWord>,
    /// How the run is shown
    #[arg(long, value_name = "MODE", default_value = "auto")]
    output: OutputWord,
    /// Show the plan, and every command as it would be executed; runs nothing, writes nothing
    #[arg(long)]
    dry_run: bool,
    /// Where runs are kept [default: .runner beside the job file]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    #[command(flatten)]
    look: LookWords,
}

#[derive(Debug, Args)]
struct LoadWords {
    /// Override a variable of the job file
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = name_value)]
    vars: Vec<(String, String)>,
    /// Read variables of every process from a file
    #[arg(long = "env-file", value_name = "FILE")]
    env_files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct LookWords {
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorWord,
}

#[derive(Debug, Args)]
struct ValidateWords {
    /// Job files, folders of job files, or `-` for standard input
    #[arg(value_name = "JOB.toml|DIR|-", required = true)]
    paths: Vec<PathBuf>,
    /// Name to show for standard input
    #[arg(long, value_name = "NAME")]
    stdin_filename: Option<String>,
    #[command(flatten)]
    load: LoadWords,
    #[command(flatten)]
    look: LookWords,
}

#[derive(Debug, Args)]
struct PlanWords {
    /// The job file
    #[arg(value_name = "JOB.toml")]
    job: PathBuf,
    /// Plan only these processes and what they need
    #[arg(value_name = "PROCESS")]
    processes: Vec<String>,
    #[command(flatten)]
    load: LoadWords,
    /// Bound on children over all pools
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// Where runs are kept [default: .runner beside the job file]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    #[command(flatten)]
    look: LookWords,
}

#[derive(Debug, Args)]
struct GraphWords {
    /// The job file
    #[arg(value_name = "JOB.toml")]
    job: PathBuf,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    format: FormatWord,
    #[command(flatten)]
    load: LoadWords,
    #[command(flatten)]
    look: LookWords,
}

#[derive(Debug, Args)]
struct ListWords {
    /// The job file
    #[arg(value_name = "JOB.toml")]
    job: PathBuf,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    load: LoadWords,
    #[command(flatten)]
    look: LookWords,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnFailureWord {
    NoNew,
    Kill,
    Continue,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OutputWord {
    Auto,
    Live,
    Plain,
    Group,
    Quiet,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ColorWord {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatWord {
    Mermaid,
    Dot,
    Json,
}

/// Does what the command line of this process says.
pub fn main() -> ExitCode {
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
        Some(Command::Schema) => app::schema(),
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
        processes: words.processes,
        load: words.load.into(),
        jobs: words.jobs,
        on_failure: words.on_failure.map(Into::into),
        mode: words.output.into(),
        dry_run: words.dry_run,
        state: words.state_dir,
        color: words.look.color.into(),
    })
}

fn validate(words: ValidateWords) -> Invoked {
    let load = Load { stdin_name: words.stdin_filename, ..words.load.into() };
    app::validate(&words.paths, &load, words.look.color.into())
}

fn plan(words: PlanWords) -> Invoked {
    let view = View::Plan { processes: words.processes, jobs: words.jobs, state: words.state_dir };
    app::view(&words.job, &words.load.into(), words.look.color.into(), view)
}

/// Takes `NAME=VALUE` apart.
fn name_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it should be NAME=VALUE".to_owned()),
    }
}

impl From<LoadWords> for Load {
    fn from(words: LoadWords) -> Self {
        Self { vars: words.vars, env_files: words.env_files, stdin_name: None }
    }
}

impl From<OnFailureWord> for OnFailure {
    fn from(word: OnFailureWord) -> Self {
        match word {
            OnFailureWord::NoNew => Self::NoNew,
            OnFailureWord::Kill => Self::Kill,
            OnFailureWord::Continue => Self::Continue,
        }
    }
}

impl From<OutputWord> for Option<Mode> {
    fn from(word: OutputWord) -> Self {
        match word {
            OutputWord::Auto => None,
            OutputWord::Live => Some(Mode::Live),
            OutputWord::Plain => Some(Mode::Plain),
            OutputWord::Group => Some(Mode::Group),
            OutputWord::Quiet => Some(Mode::Quiet),
            OutputWord::Json => Some(Mode::Json),
        }
    }
}

impl From<ColorWord> for Color {
    fn from(word: ColorWord) -> Self {
        match word {
            ColorWord::Auto => Self::Auto,
            ColorWord::Always => Self::Always,
            ColorWord::Never => Self::Never,
        }
    }
}

impl From<FormatWord> for Format {
    fn from(word: FormatWord) -> Self {
        match word {
            FormatWord::Mermaid => Self::Mermaid,
            FormatWord::Dot => Self::Dot,
            FormatWord::Json => Self::Json,
        }
    }
}

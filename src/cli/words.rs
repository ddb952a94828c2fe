//! Words: what can be typed, with its help, and what it means below.
//!
//! Unaware of what is done with it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::complete::CompletionsWords;
use super::dead::DeadWords;
use super::man::ManWords;
use super::rerun::RerunWords;
use super::selection::SelectWords;
use super::start::{ImportWords, InitWords};
use crate::app::{Fmt, Format, Load, Report, Schema};
use crate::diagnostic;
use crate::model::OnFailure;
use crate::report::{Color, Form, Mode};

/// What help shows below the options.
const EXAMPLES: &str = "\
Examples:
  runner                                    run the job of runner.toml, or list those in jobs
  runner test                               run the process `test` of it and what that needs
  runner jobs/pipeline.toml                 run a job
  runner jobs/ci.toml test                  run one process and what it needs
  runner jobs/ci.toml --output plain -j 4   prefixed lines, at most four children
  runner jobs/pipeline.toml --var root=/srv override a variable of the job file
  runner validate jobs                      every problem of every job file below a folder
  runner fmt jobs                           write them in their canonical form
  runner explain E204                       what a code of a problem means
  runner explain test jobs/ci.toml          why a process would run or not
  runner plan jobs/ci.toml                  what would run, in which order, and why
  runner graph jobs/ci.toml | dot -Tsvg     with --format dot: a picture
  runner rerun --failed                     what failed in the last run, and what it never reached
  runner dead retry                         once more what has failed for good in the last run

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
pub(super) struct Words {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) run: RunWords,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
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
    /// Run a run that is kept again, or what failed in it and what was never reached
    Rerun(RerunWords),
    /// Write files about a run that is kept: a page, tests as XML, a trace, its events
    Report(ReportWords),
    /// Look at the items that failed for good, try them again, or give them up
    Dead(DeadWords),
    /// Write job files in their canonical form: the order of keys, blanks, blank lines
    Fmt(FmtWords),
    /// Say what a code of a problem means, or why a process would run or not
    Explain(ExplainWords),
    /// Print the JSON Schema of the job file, or of what is reported
    Schema(SchemaWords),
    /// Write a job file to start from: for what lies here, for items, or for a service
    Init(InitWords),
    /// Make a job file of a Makefile, justfile, Taskfile, Procfile or package.json
    Import(ImportWords),
    /// Print what a shell needs to complete commands, job files and names of processes
    Completions(CompletionsWords),
    /// Print the manual page of a command, or write all of them into a folder
    Man(ManWords),
    /// Answer an editor over standard input and output, as a language server
    Lsp(LspWords),
}

/// Returns the file that `KIND=FILE` asks for.
pub(super) fn report(word: &str) -> Result<Report, String> {
    let (kind, path) = word.split_once('=').ok_or("it is written `KIND=FILE`")?;
    let form = match kind {
        "junit" => Form::Junit,
        "markdown" => Form::Markdown,
        "trace" => Form::Trace,
        "events" => Form::Events,
        "html" => Form::Html,
        "codequality" => Form::CodeQuality,
        _ => {
            let kinds = "junit, markdown, trace, events, html and codequality";
            return Err(format!("the kinds are {kinds}"));
        }
    };
    if path.is_empty() {
        return Err("the file has no name".to_owned());
    }
    Ok(Report { form, path: path.into() })
}

#[derive(Debug, Args)]
#[command(after_help = "\
RUN is the id of a run, `last`, or the path of its folder. Without one it is the last run.")]
pub(super) struct ReportWords {
    /// The run
    #[arg(value_name = "RUN")]
    pub(super) run: Option<String>,
    /// Tests, in the XML that nearly every CI shows: a suite for each process
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// A page, as hosts of code show it
    #[arg(long, value_name = "FILE")]
    pub(super) markdown: Option<PathBuf>,
    /// A picture in time, for the viewers of Chrome and Perfetto
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,
    /// What happened, one JSON value a line
    #[arg(long, value_name = "FILE")]
    pub(super) events: Option<PathBuf>,
    /// A page for a browser: when everything ran, the graph, each log
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// What problem matchers have found, as GitLab shows it beside the changed lines
    #[arg(long, value_name = "FILE")]
    pub(super) codequality: Option<PathBuf>,
    /// Where runs are kept [default: .runner here, or beside the job files in `jobs`]
    #[arg(long, value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) look: LookWords,
}

impl ReportWords {
    /// Returns the files that are asked for.
    pub(super) fn reports(&self) -> Vec<Report> {
        let asked = [
            (Form::Junit, &self.junit),
            (Form::Markdown, &self.markdown),
            (Form::Trace, &self.trace),
            (Form::Events, &self.events),
            (Form::Html, &self.html),
            (Form::CodeQuality, &self.codequality),
        ];
        let report =
            |(form, path): (Form, &Option<PathBuf>)| path.clone().map(|path| Report { form, path });
        asked.into_iter().filter_map(report).collect()
    }
}

#[derive(Debug, Args)]
pub(super) struct RunWords {
    /// The job file, or `-` for standard input [default: runner.toml, or the one in jobs]
    #[arg(value_name = "JOB.toml")]
    pub(super) job: Option<PathBuf>,
    /// Run only these processes and what they need
    #[arg(value_name = "PROCESS")]
    pub(super) processes: Vec<String>,
    #[command(flatten)]
    pub(super) selected: SelectWords,
    #[command(flatten)]
    pub(super) load: LoadWords,
    /// Bound on children over all pools
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) jobs: Option<u32>,
    /// What happens once a process has failed
    #[arg(long, value_name = "WHAT")]
    pub(super) on_failure: Option<OnFailureWord>,
    /// Write a file about the run once it is over: html, junit, markdown, trace (Chrome, Perfetto),
    /// events or codequality (GitLab); may be given more than once
    #[arg(long, value_name = "KIND=FILE", value_parser = report)]
    pub(super) report: Vec<Report>,
    /// How the run is shown
    #[arg(long, value_name = "MODE", default_value = "auto")]
    pub(super) output: OutputWord,
    /// Show the plan, and every command as it would be executed; runs nothing, writes nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Where runs are kept [default: .runner beside the job file]
    #[arg(long, value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) look: LookWords,
}

#[derive(Debug, Args)]
pub(super) struct LoadWords {
    /// Override a variable of the job file
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = name_value)]
    pub(super) vars: Vec<(String, String)>,
    /// Read variables of every process from a file
    #[arg(long = "env-file", value_name = "FILE")]
    pub(super) env_files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct LookWords {
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorWord,
}

#[derive(Debug, Args)]
pub(super) struct ValidateWords {
    /// Job files, folders of job files, or `-` for standard input [default: runner.toml or jobs]
    #[arg(value_name = "JOB.toml|DIR|-")]
    pub(super) paths: Vec<PathBuf>,
    /// How problems are written: `pretty` to standard error, all others to standard output
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    pub(super) format: ReportWord,
    /// Make warnings errors
    #[arg(long)]
    pub(super) strict: bool,
    /// Name to show for standard input
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<String>,
    #[command(flatten)]
    pub(super) load: LoadWords,
    #[command(flatten)]
    pub(super) look: LookWords,
}

#[derive(Debug, Args)]
pub(super) struct FmtWords {
    /// Job files, folders of job files, or `-` for standard input, which goes to standard output
    /// [default: runner.toml or jobs]
    #[arg(value_name = "JOB.toml|DIR|-")]
    pub(super) paths: Vec<PathBuf>,
    /// Write nothing: show what would change, and exit with 1 if anything would
    #[arg(long)]
    pub(super) check: bool,
    /// Name to show for standard input
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<String>,
    #[command(flatten)]
    pub(super) look: LookWords,
}

#[derive(Debug, Args)]
pub(super) struct ExplainWords {
    /// The code, such as `E204` or `cycle`, or a process
    #[arg(value_name = "CODE|PROCESS")]
    pub(super) word: Option<String>,
    /// The job file of the process [default: runner.toml, or the one in jobs]
    #[arg(value_name = "JOB.toml")]
    pub(super) job: Option<PathBuf>,
    #[command(flatten)]
    pub(super) selected: SelectWords,
    #[command(flatten)]
    pub(super) load: LoadWords,
    /// Where runs are kept [default: .runner beside the job file]
    #[arg(long, value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) look: LookWords,
}

#[derive(Debug, Args)]
pub(super) struct LspWords {
    /// The only way to speak that there is; some editors add it by themselves
    #[arg(long, hide = true)]
    stdio: bool,
}

#[derive(Debug, Args)]
pub(super) struct SchemaWords {
    /// Whose schema
    #[arg(value_name = "OF", default_value = "job")]
    pub(super) of: SchemaWord,
}

#[derive(Debug, Args)]
pub(super) struct PlanWords {
    /// The job file [default: runner.toml, or the one in jobs]
    #[arg(value_name = "JOB.toml")]
    pub(super) job: Option<PathBuf>,
    /// Plan only these processes and what they need
    #[arg(value_name = "PROCESS")]
    pub(super) processes: Vec<String>,
    #[command(flatten)]
    pub(super) selected: SelectWords,
    #[command(flatten)]
    pub(super) load: LoadWords,
    /// Bound on children over all pools
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) jobs: Option<u32>,
    /// Where runs are kept [default: .runner beside the job file]
    #[arg(long, value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) look: LookWords,
}

#[derive(Debug, Args)]
pub(super) struct GraphWords {
    /// The job file [default: runner.toml, or the one in jobs]
    #[arg(value_name = "JOB.toml")]
    pub(super) job: Option<PathBuf>,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    pub(super) format: FormatWord,
    #[command(flatten)]
    pub(super) load: LoadWords,
    #[command(flatten)]
    pub(super) look: LookWords,
}

#[derive(Debug, Args)]
pub(super) struct ListWords {
    /// The job file [default: runner.toml, or the one in jobs]
    #[arg(value_name = "JOB.toml")]
    pub(super) job: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) load: LoadWords,
    #[command(flatten)]
    pub(super) look: LookWords,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum OnFailureWord {
    NoNew,
    Kill,
    Continue,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum OutputWord {
    Auto,
    Live,
    Plain,
    Group,
    Quiet,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ColorWord {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FormatWord {
    Mermaid,
    Dot,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ReportWord {
    /// Drawn, with the lines that problems are about
    Pretty,
    /// One line for each: `file:line:column: error[E101]: message`
    Short,
    /// One value with all that is known; `runner schema problems` describes it
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// A Code Quality report of GitLab
    Gitlab,
    /// SARIF 2.1.0, for code scanners
    Sarif,
    /// A test report, a suite for each job file
    Junit,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaWord {
    /// Job files
    Job,
    /// What `validate --format json` prints
    Problems,
    /// A line of `--output json` and of the events of a run
    Events,
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
        Self { vars: words.vars, env_files: words.env_files, stdin_name: None, on_failure: None }
    }
}

impl From<FmtWords> for Fmt {
    fn from(words: FmtWords) -> Self {
        Self {
            paths: words.paths,
            check: words.check,
            stdin_name: words.stdin_filename,
            color: words.look.color.into(),
        }
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

impl From<ReportWord> for diagnostic::Format {
    fn from(word: ReportWord) -> Self {
        match word {
            ReportWord::Pretty => Self::Pretty,
            ReportWord::Short => Self::Short,
            ReportWord::Json => Self::Json,
            ReportWord::Github => Self::GitHub,
            ReportWord::Gitlab => Self::GitLab,
            ReportWord::Sarif => Self::Sarif,
            ReportWord::Junit => Self::Junit,
        }
    }
}

impl From<SchemaWord> for Schema {
    fn from(word: SchemaWord) -> Self {
        match word {
            SchemaWord::Job => Self::Job,
            SchemaWord::Problems => Self::Problems,
            SchemaWord::Events => Self::Events,
        }
    }
}

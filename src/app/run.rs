//! Run: a job is loaded, planned and run to its end.
//!
//! Unaware of how any of that is done.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::choice::Choice;
use super::dry::dry_run;
use super::load::{Load, load, variable};
use super::past::Past;
use super::places::top;
use super::reports::{self, Report};
use super::{Fault, Invoked, WRONG};
use crate::engine::{self, Standby};
use crate::event::Sink;
use crate::journal::{KEEP_RUNS, RunFolder};
use crate::mask::Masker;
use crate::model::OnFailure;
use crate::plan::Plan;
use crate::report::{self, Color, Mode, Screen};

/// A run as it was asked for.
#[derive(Debug)]
pub struct Run {
    /// The job file.
    pub job: PathBuf,
    /// What of it.
    pub choice: Choice,
    /// What is added to the job file.
    pub load: Load,
    /// `--on-failure`.
    pub on_failure: Option<OnFailure>,
    /// `--output`; `None` is `auto`.
    pub mode: Option<Mode>,
    /// `--dry-run`.
    pub dry_run: bool,
    /// `--state-dir`.
    pub state: Option<PathBuf>,
    /// `--color`.
    pub color: Color,
    /// `--report`.
    pub reports: Vec<Report>,
}

/// Runs a job.
pub fn run(run: Run) -> Invoked {
    let asked_for = run.choice.ask(&run.job)?;
    // Before any thread exists, and before the job makes this process large.
    let standby = if run.dry_run { None } else { Some(Standby::prepare()?) };
    let asked = Load { on_failure: run.on_failure, ..run.load.clone() };
    let Some(job) = load(&run.job, &asked, run.color)? else { return Ok(WRONG) };
    let keep = job.limits.keep_runs;
    let past = Past::load(&run.job, run.state.as_deref());
    let plan = match asked_for.plan(job, &run.job, &past.expected())? {
        Ok(plan) => plan,
        Err(code) => return Ok(code),
    };
    let Some(standby) = standby else { return dry_run(&plan) };
    let going = Going {
        file: run.job,
        options: options(&run.load, run.state.as_deref()),
        mode: run.mode,
        color: run.color,
        ..begin(plan, &past, keep)?
    };
    going.go_and_tell(standby, past, &run.reports)
}

/// Makes the folder of a run that begins now, shown as is usual.
pub(super) fn begin(plan: Plan, past: &Past, keep: Option<u32>) -> Result<Going, Fault> {
    let secrets = secrets(&plan)?;
    let started = now();
    let folder = RunFolder::create(past.state(), keep.unwrap_or(KEEP_RUNS), started)?;
    let (file, options, mode, color) = (PathBuf::new(), Vec::new(), None, Color::Auto);
    Ok(Going { plan, secrets, folder, started, file, options, mode, color })
}

/// A run that is about to begin.
pub(super) struct Going {
    /// What is run.
    pub(super) plan: Plan,
    /// The values that nothing may tell.
    pub(super) secrets: Vec<Vec<u8>>,
    /// Where it is kept.
    pub(super) folder: RunFolder,
    /// When it starts.
    pub(super) started: SystemTime,
    /// The job file, as it was given.
    pub(super) file: PathBuf,
    /// The options that make it this run and no other.
    pub(super) options: Vec<String>,
    /// `--output`.
    pub(super) mode: Option<Mode>,
    /// `--color`.
    pub(super) color: Color,
}

impl Going {
    /// Runs it to its end, writes what tells of it, and remembers how long it took.
    pub(super) fn go_and_tell(self, standby: Standby, past: Past, reports: &[Report]) -> Invoked {
        let kept = self.folder.path().to_owned();
        let ended = self.go(standby);
        let told = reports::tell(&kept, reports);
        let ended = ended?;
        past.learn(ended.took)?;
        told?;
        Ok(ended.exit)
    }

    /// Runs it to its end.
    pub(super) fn go(self, standby: Standby) -> Result<engine::Ended, Fault> {
        let Self { plan, secrets, folder, started, file, options, mode, color } = self;
        let mut screen = Screen::stdio(color, variable, standby.hurry());
        screen.hide(&secrets)?;
        let masker = Masker::new(secrets);
        let mode = Mode::choose(mode, screen.is_terminal(), variable);
        // Where bars are drawn somebody watches, who can ask by a key.
        let hears_keys = mode == Mode::Live;
        let on_terminal = io::stderr().is_terminal();
        let sinks: Vec<Box<dyn Sink>> =
            vec![Box::new(folder.events()?), report::sink(mode, screen)];
        let inherited = std::env::vars_os().collect();
        let started = since_epoch(started);
        let run = engine::Run {
            plan,
            folder,
            sinks,
            file,
            options,
            started,
            inherited,
            top: top(),
            masker,
            on_terminal,
            hears_keys,
        };
        Ok(engine::run(run, standby)?)
    }
}

/// Returns the values that nothing may tell.
pub(super) fn secrets(plan: &Plan) -> Result<Vec<Vec<u8>>, Fault> {
    let inherited: Vec<_> = std::env::vars_os().collect();
    engine::secrets(plan, &inherited).map_err(|short| Fault::Wrong(short.to_string()))
}

/// Returns the options that make a run this run and no other.
pub(super) fn options(load: &Load, state: Option<&Path>) -> Vec<String> {
    let var = |(name, value): &(String, String)| ["--var".to_owned(), format!("{name}={value}")];
    let path = |name: &str, path: &Path| [name.to_owned(), path.to_string_lossy().into_owned()];
    let files = load.env_files.iter().map(|file| path("--env-file", file));
    let state = state.map(|folder| path("--state-dir", folder));
    load.vars.iter().map(var).chain(files).chain(state).flatten().collect()
}

#[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
/// Returns what the clock on the wall says.
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns a time in milliseconds since 1970.
pub(super) fn since_epoch(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

//! Process: one command, run once, per cell of a matrix, per item, or as a long-lived reader.
//!
//! Unaware of the graph that its edges make.

use std::path::PathBuf;
use std::time::Duration;

use super::{
    Condition, Consumes, Environment, FileId, Matcher, Probe, Produces, Service, Template,
};

/// The signal that asks a child to end, where its process names none.
const SIGTERM: i32 = 15;

/// A declared process.
#[derive(Debug, Clone)]
pub struct Process {
    /// `NAME` of `process.NAME`: `[A-Za-z0-9._-]`, at most 64.
    pub name: String,
    /// The file that declares it.
    pub file: FileId,
    /// The folder of that file, absolute: relative paths start there.
    pub base: PathBuf,
    /// `description`.
    pub description: Option<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `command` or `script`.
    pub action: Action,
    /// `stdin`.
    pub stdin: Stdin,
    /// `stdout`.
    pub stdout: Output,
    /// `stderr`.
    pub stderr: Output,
    /// `cwd`; the folder of the file where none is given.
    pub cwd: Option<Template>,
    /// `env`, `env-file`, `inherit-env`.
    pub env: Environment,
    /// `needs`: hard edges.
    pub needs: Vec<Need>,
    /// `after`: order only.
    pub after: Vec<String>,
    /// `run`.
    pub run: RunWhen,
    /// `if`: what must hold, all of it, or it is skipped.
    pub conditions: Vec<Condition>,
    /// `finally`: what runs after it, whatever its outcome, one after the other.
    pub finally: Vec<Action>,
    /// `pool`: `None` where the process names none and so runs in `default`.
    pub pools: Option<Vec<String>>,
    /// `weight`: slots that an attempt holds in each of its pools.
    pub weight: u32,
    /// `priority`: higher goes first.
    pub priority: i32,
    /// `matrix`.
    pub matrix: Option<Matrix>,
    /// `fail-fast`: the first cell of its matrix that fails ends the others.
    pub fail_fast: bool,
    /// `timeout`.
    pub timeout: Timeout,
    /// `stop`.
    pub stop: Stop,
    /// `retry`.
    pub retry: Retry,
    /// `interactive`: it owns the terminal alone.
    pub interactive: bool,
    /// `leaks`: what becomes of what an attempt leaves running.
    pub leaks: Leaks,
    /// `success`: exit codes that pass.
    pub success: Vec<i32>,
    /// `allow-failure`.
    pub allow_failure: AllowFailure,
    /// `consumes`.
    pub consumes: Option<Consumes>,
    /// `produces`: queues that it feeds; each gets every item of what is framed into it.
    pub produces: Vec<Produces>,
    /// `emit`: when what it produces enters its queues.
    pub emit: Emit,
    /// `service`: long-lived; started for its first dependant, stopped after its last.
    pub service: Option<Service>,
    /// `inputs`: globs of the files that it reads; `None` where they are not declared.
    pub inputs: Option<Vec<Template>>,
    /// `problem-matcher`: what finds problems in what it prints.
    pub problem_matcher: Vec<Matcher>,
}

impl Process {
    /// Returns a process that says nothing but what it executes; a child of it has ten seconds
    /// between SIGTERM and SIGKILL.
    pub fn new(name: impl Into<String>, file: FileId, base: PathBuf, action: Action) -> Self {
        Self {
            name: name.into(),
            file,
            base,
            description: None,
            tags: Vec::new(),
            action,
            stdin: Stdin::Closed,
            stdout: Output::Log,
            stderr: Output::Log,
            cwd: None,
            env: Environment::default(),
            needs: Vec::new(),
            after: Vec::new(),
            run: RunWhen::OnSuccess,
            conditions: Vec::new(),
            finally: Vec::new(),
            pools: None,
            weight: 1,
            priority: 0,
            matrix: None,
            fail_fast: false,
            timeout: Timeout::default(),
            stop: Stop { signal: SIGTERM, grace: Duration::from_secs(10) },
            retry: Retry::default(),
            interactive: false,
            leaks: Leaks::default(),
            success: vec![0],
            allow_failure: AllowFailure::No,
            consumes: None,
            produces: Vec::new(),
            emit: Emit::default(),
            service: None,
            inputs: None,
            problem_matcher: Vec::new(),
        }
    }

    /// Returns every text that may hold placeholders.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let actions = std::iter::once(&self.action).chain(&self.finally);
        let actions = actions.flat_map(Action::templates);
        let stdin = match &self.stdin {
            Stdin::Text(text) | Stdin::File(text) => Some(text),
            Stdin::Closed | Stdin::Process(_) | Stdin::Pipe(_) | Stdin::Inherit => None,
        };
        let files = [&self.stdout, &self.stderr].into_iter().filter_map(|output| match output {
            Output::File { path, .. } => Some(path),
            Output::Log | Output::Inherit | Output::Null => None,
        });
        let env = self.env.set.iter().map(|(_, value)| value);
        let ready = self.service.iter().filter_map(|service| service.ready.as_ref());
        let ready = ready.flat_map(|ready| Probe::templates(&ready.probe));
        let asked = self.conditions.iter().flat_map(|condition| condition.question.templates());
        let asked = asked.map(|(text, ..)| text);
        let own = actions.chain(stdin).chain(files).chain(env).chain(&self.cwd);
        own.chain(ready).chain(asked)
    }
}

/// What a process executes.
#[derive(Debug, Clone)]
pub enum Action {
    /// `command`: argv, executed directly.
    Command(Vec<Template>),
    /// `script`: text for `shell`; placeholders reach it as variables.
    Script {
        /// argv of the shell, in front of the text.
        shell: Vec<String>,
        /// The text.
        text: Template,
    },
}

impl Action {
    /// Returns every text of it that may hold placeholders.
    pub fn templates(&self) -> &[Template] {
        match self {
            Self::Command(words) => words,
            Self::Script { text, .. } => std::slice::from_ref(text),
        }
    }
}

/// `stdin`: the payload.
#[derive(Debug, Clone, Default)]
pub enum Stdin {
    /// Nothing: the null device.
    #[default]
    Closed,
    /// Text.
    Text(Template),
    /// `{ file }`: the bytes of a file.
    File(Template),
    /// `{ process }`: the standard output of a process that ended; implies `needs`.
    Process(String),
    /// `{ pipe }`: an operating-system pipe from a process that runs at the same time.
    Pipe(String),
    /// `"inherit"`, of an interactive process: the standard input of the runner.
    Inherit,
}

/// `stdout`, `stderr`: where output goes.
#[derive(Debug, Clone, Default)]
pub enum Output {
    /// `log`: the run's folder, and the screen as the output mode says.
    #[default]
    Log,
    /// `inherit`, of `stdout` only: to the log, and at the end of the run to the standard output of
    /// the runner.
    Inherit,
    /// `null`: nowhere.
    Null,
    /// `{ file }`: a file of the user's.
    File {
        /// Its path.
        path: Template,
        /// `append`: added to what is there, instead of replacing it.
        append: bool,
    },
}

/// `emit`: when the items that a process produces enter its queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Emit {
    /// As they come; of a consumer, when its item is accepted.
    #[default]
    Made,
    /// `input`: in the order of the items that it consumed.
    Input,
    /// `on-success`: once the source has passed.
    OnSuccess,
}

/// One entry of `needs`.
#[derive(Debug, Clone)]
pub struct Need {
    /// `process`.
    pub process: String,
    /// `when`.
    pub when: When,
}

/// `when` of a need: what must have happened to the needed process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum When {
    /// `passed` (also flaky, allowed to fail, stopped as asked, or skipped by its own condition).
    #[default]
    Passed,
    /// `ended`: whatever the outcome.
    Ended,
    /// `failed`.
    Failed,
    /// `started`.
    Started,
    /// `ready`: of a service, where that is the default.
    Ready,
}

impl When {
    /// Returns the word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::Started => "started",
            Self::Ready => "ready",
        }
    }

    /// Returns whether a need of this kind has a service started, and keeps it.
    pub fn holds(self) -> bool {
        match self {
            Self::Started | Self::Ready => true,
            Self::Passed | Self::Ended | Self::Failed => false,
        }
    }
}

/// `run`: whether a process runs once the run has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunWhen {
    /// `on-success`.
    #[default]
    OnSuccess,
    /// `on-failure`: only then.
    OnFailure,
    /// `always`: also after a stop.
    Always,
}

/// `matrix`: one node per cell.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// Keys with their values, in the order of the file.
    pub axes: Vec<(String, Vec<String>)>,
    /// `include`, as in GitHub Actions.
    pub include: Vec<Cell>,
    /// `exclude`, as in GitHub Actions.
    pub exclude: Vec<Cell>,
}

/// One combination of a matrix, or a partial one in `include` and `exclude`.
pub type Cell = Vec<(String, String)>;

/// `timeout`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeout {
    /// `total`: the attempt is stopped after it.
    pub total: Option<Duration>,
    /// `idle`: stopped after that long without output.
    pub idle: Option<Duration>,
    /// `slow`: only reported.
    pub slow: Option<Duration>,
}

/// `stop`: how a child is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// `signal`: its number on this system.
    pub signal: i32,
    /// `grace`: how long it has before SIGKILL.
    pub grace: Duration,
}

/// `leaks`: what becomes of what an attempt leaves running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leaks {
    /// `kill`: it is killed and named.
    #[default]
    Kill,
    /// `fail`: that too, and the attempt has failed.
    Fail,
    /// `allow`: it lives on, also after the run, and is named.
    Allow,
}

/// `retry`.
#[derive(Debug, Clone, Default)]
pub struct Retry {
    /// `max`: how often it is tried *again*.
    pub max: u32,
    /// `backoff`.
    pub backoff: Backoff,
    /// `on`: what is tried again; empty means everything.
    pub on: Vec<RetryOn>,
    /// `never`: exit codes that are final.
    pub never: Vec<i32>,
}

/// `backoff`: the wait doubles from `first` up to `most`, less a random part of up to `jitter`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
    /// Part of the wait that is random, from 0 to 1.
    pub jitter: f64,
}

/// One entry of `retry.on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOn {
    /// An exit code.
    Code(i32),
    /// `timeout`.
    Timeout,
    /// `signal`: ended by a signal that the runner did not send.
    Signal,
}

/// `allow-failure`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowFailure {
    /// `false`.
    #[default]
    No,
    /// `true`: any failure.
    Any,
    /// Only these exit codes.
    Codes(Vec<i32>),
}

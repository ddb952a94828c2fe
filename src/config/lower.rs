//! Lower: tables as they are written, made into the nouns of the model.
//!
//! Works through one file at a time and gathers; every problem is noted with its place and the work
//! goes on. What only all files together can say, such as whether a variable exists, is a loose end
//! until [`Lowering::finish`]. Unaware of the graph.
//!
//! Reading order: this file, [`section`], [`naming`], [`job`], [`process`] and its parts
//! [`action`], [`finally`], [`pace`], [`matrix`], [`flow`], [`consumer`], [`combine`],
//! [`service`], [`condition`], [`inputs`], [`matcher`], [`later`], then [`pool`], [`queue`],
//! [`items`], [`mark`], [`placeholder`], [`braces`], [`environment`], [`secrets`].

mod action;
mod braces;
mod combine;
mod condition;
mod consumer;
mod environment;
mod finally;
mod flow;
mod inputs;
mod items;
mod job;
mod later;
mod mark;
mod matcher;
mod matrix;
mod naming;
mod pace;
mod placeholder;
mod pool;
mod process;
mod queue;
mod secrets;
mod section;
mod service;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::DeValue;

use super::Options;
use super::decode::{self, Fault, Mistake, Name, Sink};
use super::document::Document;
use super::explain::{Table, explain};
use super::forms::{At, Key, Kind, Span};
use super::measures::Wrong;
use super::names::{self, Meant};
use crate::model::{Code, FileId, Job, Label, Place, Problem, code};
use environment::Pairs;
use naming::Names;
use placeholder::Loose;
use secrets::Shown;
use section::Section;

/// How many problems are kept: 50 are drawn, and a file that is one long mistake must not fill the
/// memory with the rest.
const MOST_KEPT: usize = 100_000;

/// Keys without which the edges of the graph are not known.
const EDGE_KEYS: [&str; 26] = [
    "needs",
    "after",
    "consumes",
    "produces",
    "stdin",
    "pool",
    "weight",
    "workers",
    "deliver",
    "matrix",
    "size",
    "slots",
    "items",
    "run",
    "retry",
    "emit",
    "allow-failure",
    "service",
    "on-full",
    "unique",
    "groups",
    "group",
    "dead",
    "shard",
    "capacity",
    "batch",
];

/// A job under construction.
pub(super) struct Lowering<'o> {
    /// What the command line adds.
    options: &'o Options,
    /// What is read so far.
    pub(super) job: Job,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
    /// Whether every edge of the graph could be read.
    pub(super) edges_known: bool,
    /// Whether every name could be read.
    pub(super) names_known: bool,
    /// Names by section.
    names: Names,
    /// Keys of the top level that may be given once over all files.
    given: HashMap<String, Place>,
    loose: Vec<Loose>,
    /// Needs that do not say what must have happened: a process, and which of its needs.
    unsaid: Vec<(usize, usize)>,
    /// What is wrong should a variable be a secret.
    shown: Vec<Shown>,
    /// Whether every pool could be read, and so what its slots lend.
    slots_known: bool,
    env_files: HashMap<PathBuf, Pairs>,
}

/// The file that is being worked through.
#[derive(Clone, Copy)]
pub(super) struct File<'f> {
    /// Its number.
    pub(super) id: FileId,
    /// Its text.
    pub(super) text: &'f str,
    /// Its folder, absolute.
    pub(super) base: &'f Path,
}

/// A path of `include` and where it stands.
pub(super) type Include = At<String>;

impl<'o> Lowering<'o> {
    /// Starts with nothing read.
    pub(super) fn new(options: &'o Options) -> Self {
        Self {
            options,
            job: Job::default(),
            problems: Vec::new(),
            edges_known: true,
            names_known: true,
            names: Names::default(),
            given: HashMap::new(),
            loose: Vec::new(),
            unsaid: Vec::new(),
            shown: Vec::new(),
            slots_known: true,
            env_files: HashMap::new(),
        }
    }

    /// Works through one file; returns what it includes.
    pub(super) fn file(&mut self, file: File<'_>, document: &Document<'_>) -> Vec<Include> {
        let mut reader = Reader {
            all: self,
            file,
            title: String::new(),
            slips: Vec::new(),
            defaults_known: true,
        };
        reader.mistakes(document);
        let (includes, defaults) = reader.top(document);
        // What is left of a table whose header was lost is no table of its own.
        let lost: HashSet<(&str, &str)> =
            document.lost.iter().map(|lost| (lost.section, lost.name.as_str())).collect();
        let whole = |section, name| !lost.contains(&(section, name));
        for (name, at, value) in reader.section(document, Section::Pool) {
            if whole("pool", name) {
                reader.pool(name, at, value);
            }
        }
        for (name, at, value) in reader.section(document, Section::Queue) {
            if whole("queue", name) {
                reader.queue(name, at, value);
            }
        }
        for (name, at, value) in reader.section(document, Section::Process) {
            if whole("process", name) {
                reader.process(name, at, value, &defaults);
            }
        }
        includes
    }

    /// Ties the loose ends once every file is read.
    pub(super) fn finish(&mut self) {
        self.overrides();
        self.more_env_files();
        self.tie();
        self.say_needs();
        self.shown_secrets();
        let sound = self.problems.iter().all(Problem::is_warning);
        if self.job.processes.is_empty() && self.names_known && sound {
            let label = Place::whole(FileId::default()).label("");
            let problem = Problem::error(code::EMPTY, "this job declares no process", label)
                .help("add one: [process.hello] with command = [\"echo\", \"hello\"]");
            self.problems.push(problem);
        }
    }
}

/// Where one table of one file is worked through.
struct Reader<'r, 'o, 'f> {
    all: &'r mut Lowering<'o>,
    file: File<'f>,
    /// How messages call the table, such as `[process.scan]`.
    title: String,
    /// Keys that were misspelt in the table, and tables in it that have such a key: what they
    /// lack is not told as missing.
    slips: Vec<String>,
    /// Whether the defaults of the file could be read.
    defaults_known: bool,
}

impl Reader<'_, '_, '_> {
    fn place(&self, at: Span) -> Place {
        Place::span(self.file.id, at.range())
    }

    fn label(&self, at: Span, text: impl Into<String>) -> Label {
        self.place(at).label(text)
    }

    fn tell(&mut self, problem: Problem) {
        if self.all.problems.len() < MOST_KEPT {
            self.all.problems.push(problem);
        }
    }

    /// Notes a problem at one place, with what to say there and the cure.
    fn error(
        &mut self,
        code: Code,
        said: impl Into<String>,
        at: Span,
        (label, help): (&str, &str),
    ) {
        let problem = Problem::error(code, said, self.label(at, label));
        self.tell(problem.help(help));
    }

    /// Notes a measure that cannot be read.
    fn wrong(&mut self, what: &str, value: &At<impl AsRef<str>>, wrong: Wrong) {
        let said = format!("`{}` is not {what}", value.value.as_ref());
        let problem = Problem::error(code::BAD_VALUE, said, self.label(value.at, wrong.why));
        self.tell(problem.help(wrong.help));
    }

    /// Notes what the text of the file has wrong.
    fn mistakes(&mut self, document: &Document<'_>) {
        let file = self.file.id;
        for mistake in &document.mistakes {
            self.all.edges_known = false;
            self.tell(mistake.problem(file));
        }
        for span in document.newer(self.file.text) {
            let label = "an inline table over several lines, or ending in a comma, is TOML 1.1";
            let place = Place::span(file, span.start..span.start + 1);
            let problem =
                Problem::error(code::TOML_1_1, "this file needs TOML 1.1", place.label(label));
            self.tell(problem.warning().help(
                "runner accepts it, but taplo and Python's tomllib do not; write it in one line or \
                 as a table with a header",
            ));
        }
        for lost in &document.lost {
            self.lost(lost.section, &lost.name, lost.at);
        }
        // A broken piece without a name may have been `vars`, `env` or `defaults`.
        self.defaults_known = document.mistakes.len() == document.lost.len();
        self.all.names_known &= self.defaults_known;
    }

    /// Reads one table, noting every mistake in it.
    fn table<T: DeserializeOwned>(&mut self, value: &Spanned<DeValue<'_>>) -> Option<T> {
        let sink = Sink::default();
        let read = decode::table(value, &sink);
        self.slips.clear();
        for mistake in sink.into_mistakes() {
            let meant = match &mistake.fault {
                Fault::Key(key, table, keys) => {
                    names::meant(key, (table, keys), mistake.value.kind == Kind::Table)
                }
                Fault::Type(_)
                | Fault::Value(_)
                | Fault::Word(_)
                | Fault::Later(_)
                | Fault::Other(_) => None,
            };
            let ours = meant.and_then(Meant::key);
            self.slips.extend(slips(&mistake, ours));
            self.all.edges_known &= !touches_edges(&mistake, ours);
            let table = Table { file: self.file.id, text: self.file.text, title: &self.title };
            let problem = explain(table, &mistake, meant);
            self.tell(problem);
        }
        read
    }

    /// Returns the value of a key that must be given; says so where it is missing.
    fn required<'k, T>(
        &mut self,
        key: &'k Key<T>,
        (table, name): (&str, &str),
        at: Span,
    ) -> Option<&'k At<T>> {
        if key.is_absent() && !self.slipped(&[table]) {
            let said = format!("`{table}.{name}` is missing");
            let label = format!("no `{name}` stands here");
            let help = match name {
                "max" => "add max = 2".to_owned(),
                name => format!("add {name} = \"…\""),
            };
            self.error(code::MISSING, said, at, (&label, &help));
        }
        key.get()
    }

    /// Returns whether one of these keys, or a key in one of these tables, is misspelt.
    fn slipped(&self, keys: &[&str]) -> bool {
        self.slips.iter().any(|slip| keys.contains(&slip.as_str()))
    }
}

/// Returns the keys that are missing only because another was misspelt.
fn slips(mistake: &Mistake, meant: Option<&str>) -> Vec<String> {
    match (&mistake.fault, &mistake.name) {
        (Fault::Key(..), Name::Table) => match meant {
            Some(meant) => vec![meant.to_owned()],
            // A dotted name: what it lacks stands one table deeper.
            None if mistake.value.kind == Kind::Table => vec!["command".to_owned()],
            None => Vec::new(),
        },
        (Fault::Key(..), Name::Key(table) | Name::EntryOf(table)) => vec![table.clone()],
        // A command written behind `run`, as other tools have it.
        (Fault::Word(_) | Fault::Type(_), Name::Key(key)) if key == "run" => {
            vec!["script".to_owned()]
        }
        (
            Fault::Type(_) | Fault::Value(_) | Fault::Word(_) | Fault::Later(_) | Fault::Other(_),
            _,
        ) => Vec::new(),
    }
}

/// Returns whether edges may be missing because of a mistake.
fn touches_edges(mistake: &Mistake, meant: Option<&str>) -> bool {
    let edge = |key: &str| EDGE_KEYS.contains(&key);
    match (&mistake.fault, &mistake.name) {
        (Fault::Later(_), _) => false,
        (Fault::Key(..), _) => match meant {
            Some(meant) => edge(meant),
            None => mistake.value.kind == Kind::Table,
        },
        (Fault::Type(_) | Fault::Value(_) | Fault::Word(_) | Fault::Other(_), name) => match name {
            Name::Table => true,
            Name::Key(key) | Name::EntryOf(key) => {
                edge(key) || ["queue", "process"].contains(&&**key)
            }
        },
    }
}

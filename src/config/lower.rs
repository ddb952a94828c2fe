//! Lower: tables as they are written, made into the nouns of the model.
//!
//! Works through one file at a time and gathers; every problem is noted with its place and the work
//! goes on. What only all files together can say, such as whether a variable exists, is a loose end
//! until [`Lowering::finish`]. Unaware of the graph.
//!
//! Reading order: this file, [`job`], [`process`] and its parts [`action`], [`pace`], [`matrix`],
//! [`items`], then [`pool`], [`queue`], [`placeholder`], [`environment`].

mod action;
mod environment;
mod items;
mod job;
mod matrix;
mod pace;
mod placeholder;
mod pool;
mod process;
mod queue;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::DeValue;

use super::Options;
use super::decode::{self, Fault, Mistake, Name, Sink};
use super::document::Document;
use super::explain::explain;
use super::forms::{At, Key, Kind, Span};
use super::measures::Wrong;
use super::names;
use crate::model::{Code, FileId, Job, Label, Place, Problem, code};
use environment::Pairs;
use placeholder::Loose;

/// The longest name: it is part of file names and of columns on a screen.
const LONGEST_NAME: usize = 64;

/// How many problems are kept: 50 are drawn, and a file that is one long mistake must not fill the
/// memory with the rest.
const MOST_KEPT: usize = 100_000;

/// Keys without which the edges of the graph are not known.
const EDGE_KEYS: [&str; 14] = [
    "needs", "after", "consumes", "produces", "stdin", "pool", "weight", "workers", "deliver",
    "matrix", "size", "slots", "items", "run",
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
    /// Names by section, in lowercase: two that differ in case only would share their files.
    names: HashMap<(&'static str, String), (String, Place)>,
    /// Keys of the top level that may be given once over all files.
    given: HashMap<String, Place>,
    loose: Vec<Loose>,
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
            names: HashMap::new(),
            given: HashMap::new(),
            loose: Vec::new(),
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
        for (name, at, value) in reader.section(document, "pool") {
            if whole("pool", name) {
                reader.pool(name, at, value);
            }
        }
        for (name, at, value) in reader.section(document, "queue") {
            if whole("queue", name) {
                reader.queue(name, at, value);
            }
        }
        for (name, at, value) in reader.section(document, "process") {
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

    /// Notes a problem at one place, without a cure.
    fn error(&mut self, code: Code, said: impl Into<String>, at: Span, label: &str) {
        let problem = Problem::error(code, said, self.label(at, label));
        self.tell(problem);
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
            let label = Place::span(file, mistake.at.clone()).label(mistake.label.clone());
            let twice = mistake.message.ends_with("twice");
            let code = if twice { code::DUPLICATE } else { code::SYNTAX };
            let mut problem = Problem::error(code, mistake.message.clone(), label);
            if let Some(first) = &mistake.first {
                problem = problem.also(Place::span(file, first.clone()).label("first here"));
            }
            self.tell(problem.help(mistake.help.clone()));
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

    /// Returns the tables of a section.
    fn section<'d, 'i>(
        &mut self,
        document: &'d Document<'i>,
        section: &'static str,
    ) -> Vec<(&'d str, Span, &'d Spanned<DeValue<'i>>)> {
        let whole = document.get(section);
        if let Some(value) = whole.filter(|value| !value.get_ref().is_table()) {
            let said = format!("`{section}` must be a table of tables");
            let label = self.label(Span::of(value), "this is none");
            let problem = Problem::error(code::WRONG_TYPE, said, label);
            self.tell(problem.help(format!("write [{section}.NAME]")));
        }
        document.named(section).collect()
    }

    /// Reads one table, noting every mistake in it.
    fn table<T: DeserializeOwned>(&mut self, value: &Spanned<DeValue<'_>>) -> Option<T> {
        let sink = Sink::default();
        let read = decode::table(value, &sink);
        self.slips.clear();
        for mistake in sink.into_mistakes() {
            let meant = match &mistake.fault {
                Fault::Key(_, keys) => names::meant(&mistake.value, keys),
                Fault::Type(_) | Fault::Value(_) | Fault::Word(_) | Fault::Other(_) => None,
            };
            self.slips.extend(slips(&mistake, meant));
            self.all.edges_known &= !touches_edges(&mistake, meant);
            self.tell(explain(self.file.id, &self.title, &mistake, meant));
        }
        read
    }

    /// Takes a name, unless it cannot be used; says so.
    fn name(&mut self, section: &'static str, name: &str, at: Span) {
        if let Some(why) = unusable(name) {
            let said = format!("{name:?} cannot name a {section}: {why}");
            let label = self.label(at, "this name");
            let problem = Problem::error(code::BAD_NAME, said, label);
            self.tell(problem.help("use letters, digits, `.`, `_` and `-`, at most 64 of them"));
        }
        let place = self.place(at);
        match self.all.names.entry((section, name.to_lowercase())) {
            Entry::Vacant(free) => {
                free.insert((name.to_owned(), place));
            }
            Entry::Occupied(taken) => {
                let (first, first_place) = taken.get().clone();
                let said = if first == name {
                    format!("{section} `{name}` is declared twice")
                } else {
                    format!("{section} `{name}` and `{first}` differ in case only")
                };
                let problem = Problem::error(code::DUPLICATE, said, place.label("declared again"))
                    .also(first_place.label("first declared here"))
                    .help("rename one of the two: log files carry these names");
                self.tell(problem);
            }
        }
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
            self.error(code::MISSING, said, at, &format!("no `{name}` stands here"));
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
            None if mistake.found == Kind::Table => vec!["command".to_owned()],
            None => Vec::new(),
        },
        (Fault::Key(..), Name::Key(table) | Name::EntryOf(table)) => vec![table.clone()],
        (Fault::Type(_) | Fault::Value(_) | Fault::Word(_) | Fault::Other(_), _) => Vec::new(),
    }
}

/// Returns whether edges may be missing because of a mistake.
fn touches_edges(mistake: &Mistake, meant: Option<&str>) -> bool {
    let edge = |key: &str| EDGE_KEYS.contains(&key);
    match (&mistake.fault, &mistake.name) {
        (Fault::Key(..), _) => match meant {
            Some(meant) => edge(meant),
            None => mistake.found == Kind::Table,
        },
        (Fault::Type(_) | Fault::Value(_) | Fault::Word(_) | Fault::Other(_), name) => match name {
            Name::Table => true,
            Name::Key(key) | Name::EntryOf(key) => {
                edge(key) || ["queue", "process"].contains(&&**key)
            }
        },
    }
}

/// Returns why a name cannot be used.
fn unusable(name: &str) -> Option<String> {
    let bad = name.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-".contains(*c)));
    match (name, bad) {
        ("", _) => Some("it is empty".to_owned()),
        ("." | "..", _) => Some("it means a folder".to_owned()),
        (_, Some(bad)) => Some(format!("it holds {bad:?}")),
        (_, None) if name.len() > LONGEST_NAME => {
            Some(format!("it is {} letters long", name.len()))
        }
        (_, None) => None,
    }
}

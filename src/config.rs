//! Config: job files as text, made into a [`Job`] and everything that is wrong with them.
//!
//! Nothing stops at the first mistake: a broken table is cut out of the text, a value that does not
//! fit is left out of its table, a table that cannot be used still declares its name. The same
//! structs load a file, make its schema and document its keys. Unaware of the graph and of running.
//!
//! Reading order: `files` follows includes; `read` gets bytes, `document` parses with
//! recovery; `forms` and `raw` are what may be written, `decode` reads it, `explain` and
//! `names` word what does not fit; `measures`, `env_file` and `lower` make it mean
//! something; `order` sorts problems and finds their bytes, `schema` writes the schema, `format`
//! the file itself in its canonical form.

mod decode;
mod document;
mod env_file;
mod explain;
mod files;
mod format;
mod forms;
mod lower;
mod measures;
mod names;
mod order;
mod raw;
mod read;
mod schema;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{Job, Problem, Source};

pub use format::format;
pub use read::LARGEST;
pub use schema::schema;

/// What the command line adds to a job file.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--var NAME=VALUE`: these win over `vars`.
    pub vars: Vec<(String, String)>,
    /// `--env-file FILE`: these win over the env files of the job.
    pub env_files: Vec<PathBuf>,
    /// `--stdin-filename NAME`: how messages call standard input.
    pub stdin_name: Option<String>,
    /// What it is read for.
    pub purpose: Purpose,
    /// What an editor has not saved yet: these win over what lies at their canonical path.
    pub texts: HashMap<PathBuf, Arc<String>>,
}

/// What a job file is read for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To be run here and now: an env file that is missing forbids it.
    #[default]
    Run,
    /// To be checked, perhaps for another machine: what this one lacks is a warning.
    Check,
}

/// What was made of a job file.
#[derive(Debug)]
pub struct Loaded {
    /// The job; `None` where any problem is an error.
    pub job: Option<Job>,
    /// The job as far as it could be read, where problems are errors: its graph can be checked too,
    /// and [`Loaded::add`] takes what that finds. It must never run.
    pub draft: Option<Job>,
    /// What is wrong, sorted by place.
    pub problems: Vec<Problem>,
    /// The texts of the job file and its includes, by [`crate::model::FileId`].
    pub sources: Vec<Source>,
    /// Whether every edge of the graph could be read.
    edges_known: bool,
    /// Whether every name could be read.
    names_known: bool,
}

/// Reads a job file and all that it includes; `-` is standard input.
pub fn load(path: &Path, options: &Options) -> Loaded {
    files::load(path, options)
}

/// Reads the text of one job file, without what it includes; `-` is standard input.
pub fn source(path: &Path, options: &Options) -> Result<Source, Box<Problem>> {
    files::source(path, options)
}

impl Loaded {
    /// Adds what a check of the graph found, but not what only follows from a table that could not
    /// be read: a queue that nothing reads may well be read by a process with a slip in it.
    pub fn add(&mut self, found: Vec<Problem>) {
        let known = |problem: &Problem| order::holds(problem, self.edges_known, self.names_known);
        self.problems.extend(found.into_iter().filter(known));
        order::sort(&mut self.problems, &self.sources);
    }

    /// Returns whether nothing forbids to run.
    pub fn is_sound(&self) -> bool {
        self.problems.iter().all(Problem::is_warning)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;
    use crate::model::{Action, Deliver, Items, OnEnd, Stdin, Template, When};

    /// Loads files, of which the first is the job.
    fn load_all(files: &[(&str, &str)], options: &Options) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        load(&folder.path().join(files[0].0), options)
    }

    fn job(text: &str) -> Job {
        let loaded = load_all(&[("job.toml", text)], &Options::default());
        assert!(loaded.is_sound(), "{:#?}", loaded.problems);
        loaded.job.unwrap()
    }

    fn codes(loaded: &Loaded) -> Vec<&'static str> {
        loaded.problems.iter().map(|problem| problem.code.id).collect()
    }

    #[test]
    fn everything_that_the_language_has_is_read() {
        let job = job(include_str!("config/everything.toml"));
        assert_eq!((job.name.as_str(), job.vars["root"].as_str()), ("all", "."));
        assert_eq!(job.limits.timeout, Some(Duration::from_secs(600)));
        let named = |name: &str| job.processes.iter().find(|it| it.name == name).unwrap();
        let [scan, hash, tail] = ["scan", "hash", "tail"].map(named);
        let [pipe, script, matrix, notify] = ["pipe", "script", "matrix", "notify"].map(named);
        assert_eq!(scan.produces, [crate::model::Produces::stdout("files")]);
        assert_eq!(scan.retry.max, 0);
        let consumes = hash.consumes.as_ref().unwrap();
        assert_eq!((consumes.deliver, consumes.workers), (Deliver::Args, Some(4)));
        assert_eq!(hash.retry.backoff.most, Duration::from_secs(60));
        assert_eq!(hash.pools.as_deref(), Some(&["net".to_owned(), "disk".to_owned()][..]));
        let consumes = tail.consumes.as_ref().unwrap();
        assert_eq!((consumes.deliver, consumes.on_end), (Deliver::Stream, OnEnd::Terminate));
        assert!(matches!(&pipe.stdin, Stdin::Pipe(from) if from == "script"));
        assert!(matches!(&script.action, Action::Script { shell, .. } if shell == &["sh", "-c"]));
        let cells = matrix.matrix.as_ref().unwrap();
        assert_eq!(cells.axes[1], ("level".to_owned(), vec!["1".to_owned(), "true".to_owned()]));
        assert_eq!((cells.include.len(), cells.exclude.len()), (1, 1));
        assert_eq!(notify.needs[1].when, When::Ended);
        assert_eq!(notify.timeout.total, Some(Duration::from_secs(30)), "from the defaults");
        assert_eq!(job.pools[1].slots[1], [("DISK".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn everything_of_services_is_read() {
        use crate::model::{Probe, Ready, RestartWhen};
        let job = job(include_str!("config/everything.toml"));
        let named = |name: &str| job.processes.iter().find(|it| it.name == name).unwrap();
        let service = |name: &str| named(name).service.as_ref().unwrap();
        let server = service("server");
        let Ready { probe, interval, timeout } = server.ready.as_ref().unwrap();
        assert!(matches!(probe, Probe::Http { status: 204, .. }));
        assert_eq!((interval.as_secs(), timeout.as_secs()), (1, 30));
        let restart = server.restart;
        assert_eq!((restart.when, restart.burst), (RestartWhen::OnFailure, 3));
        assert_eq!((restart.backoff.most.as_secs(), restart.within.as_secs()), (60, 600));
        assert_eq!(service("cache").restart.when, RestartWhen::Always);
        assert_eq!(named("server").timeout.total, None, "the defaults are for work");
        let whens: Vec<When> = named("mail").needs.iter().map(|need| need.when).collect();
        assert_eq!(whens, [When::Ready, When::Started]);
        let probes = ["cache", "mail", "proxy", "probed"];
        let probes = probes.map(|name| service(name).ready.as_ref().unwrap().probe.clone());
        assert!(matches!(
            probes,
            [Probe::Tcp(_), Probe::Line(_), Probe::File(_), Probe::Command(_)]
        ));
    }

    #[test]
    fn everything_of_queues_is_read() {
        use crate::model::{
            BatchForm, Emit, Framing, From, OnFull, OnProducerFailure, Order, Recycle, Tolerate,
            Wire,
        };
        let job = job(include_str!("config/everything.toml"));
        let queue = |name: &str| job.queues.iter().find(|it| it.name == name).unwrap();
        let files = queue("files");
        assert_eq!(
            (&files.groups[..], files.dead.as_deref()),
            (&["hash", "pack"].map(str::to_owned)[..], Some("lost"))
        );
        assert_eq!(files.on_producer_failure, OnProducerFailure::Discard);
        assert_eq!(
            (queue("lost").on_full, queue("lost").framing),
            (OnFull::Spill, Framing::Netstring)
        );
        let sums = queue("sums");
        assert_eq!((sums.unique, sums.tolerate), (true, Tolerate::Part(0.02)));
        assert_eq!(sums.key.as_ref().map(Template::source).as_deref(), Some("{item.path}"));
        assert!(matches!(&sums.order, Order::Priority(by) if by.source() == "{item.sum}"));
        assert_eq!((queue("packed").tolerate, queue("letters").crlf), (Tolerate::Items(3), true));
        let process = |name: &str| job.processes.iter().find(|it| it.name == name).unwrap();
        let consumes = |name: &str| process(name).consumes.as_ref().unwrap();
        assert_eq!((process("scan").emit, process("hash").emit), (Emit::OnSuccess, Emit::Input));
        let pack = consumes("pack");
        assert_eq!((pack.deliver, pack.wire, pack.fail_streak), (Deliver::Worker, Wire::Fd, 5));
        assert_eq!(pack.group.as_deref(), Some("pack"));
        assert_eq!(pack.shard.as_ref().map(Template::source).as_deref(), Some("{vars.root}{item}"));
        let age = Some(Duration::from_secs(3600));
        let recycle = Recycle { items: Some(1000), memory: Some(1 << 30), age };
        assert_eq!(pack.recycle, recycle);
        let batch = consumes("bury").batch;
        assert_eq!(
            (batch.items, batch.bytes, batch.form),
            (Some(10), Some(1 << 20), BatchForm::Args)
        );
        assert_eq!(batch.linger, Duration::from_secs(2));
        assert_eq!(process("bury").produces[0].from, From::Fd3);
        assert_eq!((consumes("unpack").keep_bytes, process("unpack").retry.max), (2 << 30, 1));
        assert_eq!(consumes("read").wire, Wire::Stdio);
    }

    #[test]
    fn defaults_are_for_those_that_they_fit() {
        use crate::model::{Emit, Wire};
        let job = job("[defaults]\nbatch = { items = 7 }\nwire = \"stdio\"\nkeep-bytes = \"1B\"\n\
             recycle = { items = 3 }\nfail-streak = 2\nemit = \"input\"\ncommand = [\"a\"]\n\
             [queue.q]\nitems = []\n[queue.r]\n[process.a]\nproduces = \"q\"\n\
             [process.b]\nconsumes = \"q\"\ndeliver = \"batch\"\nproduces = \"r\"\n\
             [process.c]\nconsumes = \"r\"\ndeliver = \"worker\"\n\
             [process.d]\nconsumes = \"r\"\ndeliver = \"stream\"\nproduces = \"q\"\n");
        let [a, b, c, d] = job.processes.as_slice() else { panic!("four processes") };
        assert_eq!(
            [a, b, c, d].map(|it| it.emit),
            [Emit::Made, Emit::Input, Emit::Made, Emit::Made]
        );
        let [b, c, d] = [b, c, d].map(|process| process.consumes.as_ref().unwrap());
        assert_eq!((b.batch.items, b.fail_streak, b.recycle.items), (Some(7), 2, None));
        assert_eq!((c.wire, c.recycle.items), (Wire::Stdio, Some(3)));
        assert_eq!((d.keep_bytes, d.wire), (1, Wire::Fd));
    }

    #[test]
    fn defaults_fill_only_what_is_missing() {
        let job =
            job("[defaults]\nweight = 2\ncommand = [\"a\"]\nenv = { A = \"1\", B = \"1\" }\n\
             deliver = \"stream\"\nstdin = \"x\"\n\
             [process.a]\n[process.b]\nscript = \"b\"\nweight = 3\nenv = { B = \"2\" }\n");
        let [a, b] = job.processes.as_slice() else { panic!("two processes") };
        assert_eq!((a.weight, b.weight), (2, 3));
        assert!(matches!(a.action, Action::Command(_)) && a.consumes.is_none());
        assert!(matches!(b.action, Action::Script { .. }));
        let value = |text: &str| Template::literal(text);
        let set = [("A".to_owned(), value("1")), ("B".to_owned(), value("2"))];
        assert_eq!(b.env.set, set);
    }

    #[test]
    fn items_are_text_or_json() {
        let job = job("[queue.a]\nitems = [\"x\", 1, 1.5, true, { b = 1, a = [1] }]\n\
             [queue.b]\nframing = \"json\"\nitems = [\"x\", 1]\n[process.p]\ncommand = [\"p\"]\n");
        let list = |index: usize| match &job.queues[index].items {
            Some(Items::List(items)) => items.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(list(0), ["x", "1", "1.5", "true", "{\"b\":1,\"a\":[1]}"]);
        assert_eq!(list(1), ["\"x\"", "1"]);
    }

    #[test]
    fn includes_are_merged_and_read_once() {
        let hello = "command = [\"echo\", \"{vars.who}\"]\n";
        let files = [
            ("job.toml", "include = [\"a/a.toml\", \"b.toml\"]\n[process.m]\n".to_owned() + hello),
            ("a/a.toml", "include = [\"../b.toml\"]\n[process.a]\n".to_owned() + hello),
            ("b.toml", "[vars]\nwho = \"you\"\n[process.b]\n".to_owned() + hello),
        ];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        let loaded = load_all(&files, &Options::default());
        assert!(loaded.is_sound(), "{:#?}", loaded.problems);
        let job = loaded.job.unwrap();
        let names: Vec<_> = job.processes.iter().map(|process| process.name.as_str()).collect();
        assert_eq!(names, ["m", "a", "b"]);
        assert!(job.processes[1].base.ends_with("a"));
        assert_eq!((job.name.as_str(), job.files.len()), ("job", 3));
    }

    #[test]
    fn command_line_wins_over_the_file() {
        let text = "env-file = \"e\"\n[vars]\nroot = \".\"\n[process.p]\n\
                    command = [\"{vars.root}\", \"{env.FROM_THE_FILE}\"]\n";
        let vars = vec![("root".to_owned(), "/".to_owned())];
        let files = [("job.toml", text), ("e", "FROM_THE_FILE=1\n")];
        let options = Options { vars, ..Options::default() };
        let loaded = load_all(&files, &options);
        assert!(loaded.is_sound(), "{:#?}", loaded.problems);
        let job = loaded.job.unwrap();
        assert_eq!(job.vars["root"], "/");
        assert_eq!(job.env.from_files, [("FROM_THE_FILE".to_owned(), "1".to_owned())]);
        let vars = vec![("rot".to_owned(), "/".to_owned())];
        let loaded = load_all(&files, &Options { vars, ..Options::default() });
        assert_eq!(loaded.problems[0].help.as_deref(), Some("did you mean `root`?"));
        assert!(loaded.job.is_none() && loaded.draft.is_some());
    }

    #[test]
    fn slips_do_not_hide_the_graph_nor_make_it_up() {
        use crate::model::{FileId, Place, Problem, code};
        let found = |code| {
            let place = Place::value(FileId::default(), ["process", "a"]);
            Problem::error(code, "", place.label(""))
        };
        let graph = || vec![found(code::CYCLE), found(code::UNKNOWN_POOL), found(code::UNREAD)];
        for (text, kept) in [
            ("[process.a]\ncommand = [\"a\"]\ntimeout = 5\n", 4),
            ("[process.a]\ncommand = [\"a\"]\nconsume = \"q\"\n", 3),
            ("[process.a]\ncommand = [\"a\n", 3),
            ("include = [\"none\"]\n[process.a]\ncommand = [\"a\"]\n", 2),
        ] {
            let mut loaded = load_all(&[("job.toml", text)], &Options::default());
            assert_eq!(loaded.problems.len(), 1, "{text}");
            assert_eq!(loaded.draft.as_ref().unwrap().processes.len(), 1, "{text}");
            loaded.add(graph());
            assert_eq!(loaded.problems.len(), kept, "{text}: {:?}", codes(&loaded));
        }
    }

    #[test]
    fn broken_tables_make_no_noise() {
        let broken = "x = \n";
        for (head, rest) in [
            ("[vars]\n", "[process.a]\ncommand = [\"{vars.x}\"]\n"),
            ("[defaults]\n", "[process.a]\nweight = 2\n"),
            ("[process.a]\n", "[process.a.env]\nX = \"1\"\n"),
            ("[process.a.env]\n", "[process.a]\ncommand = [\"a\"]\n"),
            ("[pool.a]\n", "[process.a]\ncommand = [\"{env.LENT_BY_NOBODY}\"]\n"),
            ("[env]\n", "[process.a]\ncommand = [\"{env.LENT_BY_NOBODY}\"]\n"),
        ] {
            let text = head.to_owned() + broken + rest;
            let loaded = load_all(&[("job.toml", &text)], &Options::default());
            assert_eq!(codes(&loaded), ["E002"], "{text}");
            assert_eq!(loaded.draft.unwrap().processes.len(), 1, "{text}");
        }
    }

    #[test]
    fn what_is_not_saved_wins_over_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        fs::write(base.join("job.toml"), "x").unwrap();
        let mut options = Options::default();
        let mut text = |name: &str, text: &str| {
            options.texts.insert(base.join(name), Arc::new(text.to_owned()));
        };
        text(
            "job.toml",
            "include = [\"part.toml\"]\n[process.a]\nneeds = [\"b\"]\ncommand = [\"a\"]\n",
        );
        text("part.toml", "[process.b]\ncommand = [\"b\"]\n");
        let loaded = load(&base.join("job.toml"), &options);
        assert!(loaded.is_sound(), "{:#?}", loaded.problems);
        assert_eq!(loaded.job.unwrap().processes.len(), 2);
        options.texts.insert(base.join("part.toml"), Arc::new("a\0".to_owned()));
        let loaded = load(&base.join("job.toml"), &options);
        assert!(loaded.problems[0].message.ends_with("is zero: this is no text"));
    }

    #[test]
    fn missing_file_is_a_problem_like_any_other() {
        let loaded = load(Path::new("no/such/file.toml"), &Options::default());
        assert_eq!(codes(&loaded), ["E001"]);
        assert!(loaded.job.is_none() && loaded.draft.is_none());
        assert_eq!(loaded.sources[0].path, "no/such/file.toml");
    }
}

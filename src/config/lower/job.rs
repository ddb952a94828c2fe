//! Job: the top level of a file, and what the command line puts over it.
//!
//! Unaware of processes, pools and queues.

use std::collections::hash_map::Entry;
use std::time::Duration;

use super::environment::Environs;
use super::{Include, Lowering, Reader};
use crate::config::document::Document;
use crate::config::forms::{At, Either, Key, Map, Span, Time};
use crate::config::measures;
use crate::config::raw::{self, EDGES, JobFile};
use crate::model::{FileId, OnFailure, Place, Problem, code, nearest, unusable};

impl Lowering<'_> {
    /// Puts `--var` over `vars`.
    pub(super) fn overrides(&mut self) {
        for (name, value) in &self.options.vars {
            if let Some(known) = self.job.vars.get_mut(name) {
                known.clone_from(value);
                continue;
            }
            let said = format!("`--var {name}=…` sets a variable that no file declares");
            let label = Place::whole(FileId::default()).label("");
            let known: Vec<&str> = self.job.vars.keys().map(String::as_str).collect();
            let help = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if known.is_empty() => format!("declare it: [vars] with {name} = \"…\""),
                None => format!("declared are: {}", known.join(", ")),
            };
            self.problems.push(Problem::error(code::BAD_VALUE, said, label).help(help));
        }
    }
}

impl Reader<'_, '_, '_> {
    /// Reads the top level; returns what the file includes and what holds for its processes.
    pub(super) fn top(&mut self, document: &Document<'_>) -> (Vec<Include>, raw::Process) {
        "this file".clone_into(&mut self.title);
        let Some(top) = self.table::<JobFile>(&document.root) else {
            return (Vec::new(), raw::Process::default());
        };
        let first = self.file.id == FileId::default();
        if first {
            if let Some(name) = top.name.get() {
                self.all.job.name.clone_from(&name.value);
            }
            self.all.job.description = top.description.get().map(|text| text.value.clone());
        }
        self.vars(&top.vars);
        self.job_environment(&top);
        self.secrets(&top.secrets);
        if let Some(limits) = top.limits.get() {
            self.limits(&limits.value);
        }
        let includes = top.include.get().map(|list| list.value.entries.clone());
        if top.include.is_broken() || top.include.get().is_some_and(|list| !list.value.whole) {
            self.all.names_known = false;
        }
        self.defaults_known &= !top.defaults.is_broken();
        let defaults = top.defaults.get().map(|defaults| defaults.value.0.clone());
        let mut defaults = defaults.unwrap_or_default();
        self.no_edges(&mut defaults);
        (includes.unwrap_or_default(), defaults)
    }

    /// Says that an edge has no default, and leaves it out.
    fn no_edges(&mut self, defaults: &mut raw::Process) {
        let given = [
            defaults.needs.at(),
            defaults.after.at(),
            defaults.consumes.at(),
            defaults.produces.at(),
        ];
        for (key, at) in EDGES.into_iter().zip(given) {
            if let Some(at) = at {
                self.edge_default(key, at);
            }
        }
        defaults.needs = Key::Absent;
        defaults.after = Key::Absent;
        defaults.consumes = Key::Absent;
        defaults.produces = Key::Absent;
        let edge = match defaults.stdin.get().map(|stdin| &stdin.value) {
            Some(Either::B(from)) => {
                let process = from.process.at().map(|at| ("stdin.process", at));
                process.or_else(|| from.pipe.at().map(|at| ("stdin.pipe", at)))
            }
            Some(Either::A(_)) | None => None,
        };
        if let Some((key, at)) = edge {
            self.edge_default(key, at);
            defaults.stdin = Key::Absent;
        }
    }

    fn edge_default(&mut self, key: &str, at: Span) {
        let said = format!("`{key}` has no default: it is an edge of the graph");
        let problem = Problem::error(code::UNKNOWN_KEY, said, self.label(at, "in `defaults`"));
        self.tell(problem.help("write it in each process that it is meant for"));
    }

    fn vars(&mut self, vars: &Key<Map<String>>) {
        for (name, value) in vars.get().map_or(&[][..], |vars| &vars.value.0) {
            if let Some(why) = unusable(&name.value) {
                let said = format!("{:?} cannot name a variable: {why}", name.value);
                let help = "use letters, digits, `.`, `_` and `-`";
                self.error(code::BAD_NAME, said, name.at, ("this name", help));
            }
            self.once(&format!("vars.{}", name.value), name.at);
            let value = value.get().map(|value| value.value.clone()).unwrap_or_default();
            self.all.job.vars.insert(name.value.clone(), value);
        }
    }

    fn job_environment(&mut self, top: &JobFile) {
        if let Some(at) = top.inherit_env.at() {
            self.once("inherit-env", at);
        }
        for (name, _) in top.env.get().map_or(&[][..], |env| &env.value.0) {
            self.once(&format!("env.{}", name.value), name.at);
        }
        let environs =
            Environs { env: &top.env, env_file: &top.env_file, inherit_env: &top.inherit_env };
        let mut uses = Vec::new();
        let read = self.environment(&environs, &mut uses);
        let env = &mut self.all.job.env;
        env.inherit = read.inherit.or(env.inherit.take());
        env.from_files.extend(read.from_files);
        env.files.extend(read.files);
        env.set.extend(read.set);
        self.uses_outside(uses, "the environment of a job");
    }

    fn limits(&mut self, limits: &raw::Limits) {
        let keys = [
            ("jobs", limits.jobs.at()),
            ("timeout", limits.timeout.at()),
            ("on-failure", limits.on_failure.at()),
            ("jobserver", limits.jobserver.at()),
            ("keep-runs", limits.keep_runs.at()),
        ];
        for (key, at) in keys {
            if let Some(at) = at {
                self.once(&format!("limits.{key}"), at);
            }
        }
        let narrow = |number: i64| u32::try_from(number).ok();
        let timeout = self.positive("timeout", &limits.timeout);
        let ours = &mut self.all.job.limits;
        ours.timeout = timeout.or(ours.timeout);
        ours.jobs = limits.jobs.get().and_then(|jobs| narrow(jobs.value.0)).or(ours.jobs);
        let keep = limits.keep_runs.get().and_then(|keep| narrow(keep.value.0));
        ours.keep_runs = keep.or(ours.keep_runs);
        ours.jobserver = limits.jobserver.get().map(|shares| shares.value).or(ours.jobserver);
        let on_failure = limits.on_failure.get().map(|what| match what.value {
            raw::OnFailure::NoNew => OnFailure::NoNew,
            raw::OnFailure::Kill => OnFailure::Kill,
            raw::OnFailure::Continue => OnFailure::Continue,
        });
        ours.on_failure = on_failure.or(ours.on_failure);
    }

    /// Notes a key that may be given once over all files, and says where it is given twice.
    fn once(&mut self, key: &str, at: Span) {
        let place = self.place(at);
        match self.all.given.entry(key.to_owned()) {
            Entry::Vacant(free) => {
                free.insert(place);
            }
            Entry::Occupied(taken) => {
                let said = format!("`{key}` is given in two files");
                let first = taken.get().clone().label("first given here");
                let problem = Problem::error(code::DUPLICATE, said, place.label("given again"));
                self.tell(problem.also(first).help("keep one of the two"));
            }
        }
    }

    /// Reads a duration that must not be zero.
    pub(super) fn positive(&mut self, name: &str, key: &Key<Time>) -> Option<Duration> {
        let text = key.get()?;
        let read = self.duration(text)?;
        if read.is_zero() {
            let said = format!("`{name}` must be longer than nothing");
            let problem = Problem::error(code::BAD_VALUE, said, self.label(text.at, "this is 0"));
            self.tell(problem.help("leave the key out for no bound"));
            return None;
        }
        Some(read)
    }

    /// Reads a duration.
    pub(super) fn duration(&mut self, text: &At<Time>) -> Option<Duration> {
        match measures::duration(&text.value.0) {
            Ok(read) => Some(read),
            Err(wrong) => {
                self.wrong("a duration", text, wrong);
                None
            }
        }
    }
}

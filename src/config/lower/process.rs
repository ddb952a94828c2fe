//! Process: a table of a process, with the defaults of its file, made into a process.
//!
//! Reads what is plain here and leaves the rest to its parts. Unaware of the graph that the edges
//! make.

use std::collections::HashSet;

use toml::Spanned;
use toml::de::DeValue;

use super::Reader;
use super::environment::{Environs, one_or_many};
use super::placeholder::{Items, Scope, Use};
use crate::config::forms::{At, Either, Key, Span};
use crate::config::raw::{self, Process as Raw};
use crate::model::{
    Action, Deliver, Environment, Need, Process, RunWhen, Stdin, Template, When, code, unusable,
};

/// Gives a process the keys that it does not have itself.
macro_rules! fill {
    ($raw:ident, $defaults:ident, $($key:ident),*) => {
        $($raw.$key.or(&$defaults.$key);)*
    };
}

impl Reader<'_, '_, '_> {
    /// Adds one process to the job.
    pub(super) fn process(
        &mut self,
        name: &str,
        at: Span,
        value: &Spanned<DeValue<'_>>,
        defaults: &Raw,
    ) {
        self.title = format!("[process.{name}]");
        self.name("process", name, at);
        let Some(mut raw) = self.table::<Raw>(value) else {
            return self.stub(name);
        };
        with_defaults(&mut raw, defaults);
        let (mut uses, mut asked, mut after) = (Vec::new(), Vec::new(), Vec::new());
        let action = self.action(&raw, at, &mut uses);
        let environs =
            Environs { env: &raw.env, env_file: &raw.env_file, inherit_env: &raw.inherit_env };
        let env = self.environment(&environs, &mut uses);
        let interactive = raw.interactive.get().is_some_and(|interactive| interactive.value);
        let has_terminal = interactive && raw.stdin.is_absent();
        let stdin = self.stdin(&raw.stdin, &mut uses);
        let stdin = if has_terminal { Stdin::Inherit } else { stdin };
        let cwd = raw.cwd.get().map(|cwd| self.template(cwd, &mut uses));
        let stdout = self.output(&raw.stdout, "stdout", &mut uses);
        let stderr = self.output(&raw.stderr, "stderr", &mut uses);
        let flow = self.flow(&raw, &uses);
        let service = self.service(&raw, &mut uses);
        let inputs = self.inputs(&raw, &mut uses);
        let conditions = self.conditions(&raw, &mut asked);
        let finally = self.finally(&raw, &mut after);
        self.declared(&raw);
        let matrix = self.matrix(&raw.matrix);
        let pools = (!raw.pool.is_absent()).then(|| self.pool_names(&raw.pool));
        let bare = Process::new(name, self.file.id, self.file.base.to_path_buf(), action);
        let process = Process {
            description: raw.description.get().map(|text| text.value.clone()),
            tags: self.tags(&raw),
            stdin,
            stdout,
            stderr,
            cwd,
            env,
            needs: self.needs(&raw),
            after: plain(raw.after.get().map_or(&[], |after| &after.value.entries)),
            run: run_when(&raw.run),
            conditions,
            finally,
            pools,
            weight: raw.weight.get().and_then(|w| u32::try_from(w.value.0).ok()).unwrap_or(1),
            priority: raw.priority.get().and_then(|p| i32::try_from(p.value.0).ok()).unwrap_or(0),
            matrix,
            fail_fast: raw.fail_fast.get().is_some_and(|fail_fast| fail_fast.value),
            timeout: self.timeout(&raw.timeout),
            stop: self.stop(&raw.stop),
            retry: self.retry(&raw.retry),
            interactive,
            leaks: Self::leaks(&raw.leaks),
            success: self.success(&raw.success),
            allow_failure: self.allow_failure(&raw.allow_failure),
            consumes: flow.consumes,
            produces: flow.produces,
            emit: flow.emit,
            service,
            inputs,
            problem_matcher: self.problem_matcher(&raw.problem_matcher, name),
            ..bare
        };
        self.scope(&process, (uses, asked, after));
        self.all.job.processes.push(process);
    }

    /// Checks the placeholders of a process, of its conditions and of what runs after it.
    fn scope(&mut self, process: &Process, (uses, asked, after): (Vec<Use>, Vec<Use>, Vec<Use>)) {
        if uses.is_empty() && asked.is_empty() && after.is_empty() {
            return;
        }
        let set = process.env.set.iter().map(|(name, _)| name.as_str());
        let read = process.env.from_files.iter().map(|(name, _)| name.as_str());
        let cells = process.matrix.iter().flat_map(|matrix| {
            let included = matrix.include.iter().flatten().map(|(key, _)| key.as_str());
            matrix.axes.iter().map(|(key, _)| key.as_str()).chain(included)
        });
        let axes: Vec<&str> = cells.collect();
        let items = match process.consumes.as_ref().map(|consumes| consumes.deliver) {
            Some(Deliver::Args | Deliver::Stdin) => Items::Each,
            Some(Deliver::Batch) => Items::Batch,
            Some(Deliver::Stream) => Items::Stream,
            Some(Deliver::Worker) => Items::Worker,
            None => Items::None,
        };
        let default = ["default".to_owned()];
        let pools = process.pools.as_deref().unwrap_or(&default);
        let mut scope = Scope { axes: &axes, items, env: set.chain(read).collect(), pools };
        self.uses(uses, &scope);
        scope.items = Items::Asked;
        self.uses(asked, &scope);
        scope.items = Items::Over;
        scope.env.extend(Environment::ENDED);
        self.uses(after, &scope);
    }

    /// Adds a process of which only the name is known, so that what names it is not told as wrong.
    pub(super) fn stub(&mut self, name: &str) {
        self.all.edges_known = false;
        let action = Action::Command(vec![Template::literal("true")]);
        let base = self.file.base.to_path_buf();
        self.all.job.processes.push(Process::new(name, self.file.id, base, action));
    }

    fn tags(&mut self, raw: &Raw) -> Vec<String> {
        let tags = raw.tags.get().map_or(&[][..], |tags| &tags.value.entries);
        for tag in tags {
            if let Some(why) = unusable(&tag.value) {
                self.error(
                    code::BAD_NAME,
                    format!("no tag can be {:?}: {why}", tag.value),
                    tag.at,
                    ("this tag", "use letters, digits, `.`, `_` and `-`"),
                );
            }
        }
        plain(tags)
    }

    fn needs(&mut self, raw: &Raw) -> Vec<Need> {
        let mut needs = Vec::new();
        for entry in raw.needs.get().map_or(&[][..], |needs| &needs.value.entries) {
            match &entry.value {
                Either::A(name) => {
                    self.all.unsaid.push((self.all.job.processes.len(), needs.len()));
                    needs.push(Need { process: name.clone(), when: When::default() });
                }
                Either::B(need) => {
                    if let Some(process) =
                        self.required(&need.process, ("needs", "process"), entry.at)
                    {
                        let process = process.value.clone();
                        if need.when.is_absent() {
                            self.all.unsaid.push((self.all.job.processes.len(), needs.len()));
                        }
                        needs.push(Need { process, when: when(&need.when) });
                    }
                }
            }
        }
        needs
    }

    fn pool_names(&mut self, key: &Key<raw::OneOrMany<String>>) -> Vec<String> {
        let names = one_or_many(key);
        let mut seen = HashSet::new();
        for name in &names {
            if !seen.insert(&name.value) {
                let said = format!("pool `{}` is named twice", name.value);
                self.error(code::DUPLICATE, said, name.at, ("named again", "remove this entry"));
            }
        }
        if let Some(at) = key.at().filter(|_| names.is_empty() && !key.is_broken()) {
            let said = "`pool` names no pool";
            self.error(
                code::BAD_VALUE,
                said,
                at,
                ("no name", "leave the key out for the default pool"),
            );
        }
        plain(&names)
    }
}

/// Gives a process what the defaults of its file say; an edge has none.
fn with_defaults(raw: &mut Raw, defaults: &Raw) {
    fill!(raw, defaults, description, tags, shell, stdout, stderr, cwd, pool);
    fill!(raw, defaults, weight, priority, stop, success);
    fill!(raw, defaults, env_file, inherit_env, leaks, problem_matcher);
    fill!(raw, defaults, condition, finally, inputs, cache);
    // How long work may take and how often it is tried says nothing of what has no end.
    if !raw.service.get().is_some_and(|service| service.value) {
        fill!(raw, defaults, timeout, retry, allow_failure, run, matrix);
        if !raw.matrix.is_absent() {
            fill!(raw, defaults, fail_fast);
        }
    }
    if raw.script.is_absent() && raw.command.is_absent() {
        fill!(raw, defaults, command, script);
    }
    if let Some(env) = defaults.env.get() {
        match &mut raw.env {
            Key::Given(own) => {
                let mut both = env.value.0.clone();
                let names: HashSet<&str> =
                    own.value.0.iter().map(|(name, _)| name.value.as_str()).collect();
                both.retain(|(name, _)| !names.contains(name.value.as_str()));
                both.append(&mut own.value.0);
                own.value.0 = both;
            }
            Key::Absent | Key::Broken(_) => raw.env.or(&defaults.env),
        }
    }
    if raw.consumes.is_absent() {
        fill!(raw, defaults, stdin);
    } else {
        as_consumer(raw, defaults);
    }
    let emits = |emit: &At<raw::Emit>| !raw.produces.is_absent() && fits(raw, emit.value);
    if defaults.emit.get().is_some_and(emits) {
        fill!(raw, defaults, emit);
    }
}

/// Gives a consumer what the defaults say for its kind.
fn as_consumer(raw: &mut Raw, defaults: &Raw) {
    fill!(raw, defaults, deliver, workers, shard, fail_streak);
    match raw.deliver.get().map(|deliver| deliver.value) {
        None | Some(raw::Deliver::Args | raw::Deliver::Stdin) => {}
        Some(raw::Deliver::Batch) => {
            fill!(raw, defaults, batch);
        }
        Some(raw::Deliver::Stream) => {
            fill!(raw, defaults, on_end, settle, ack, recycle, keep_bytes);
        }
        Some(raw::Deliver::Worker) => {
            fill!(raw, defaults, wire, recycle);
        }
    }
}

/// Returns whether a default of `emit` is meant for a process: each word is for one kind.
fn fits(raw: &Raw, emit: raw::Emit) -> bool {
    let streams = raw.deliver.get().is_some_and(|deliver| deliver.value == raw::Deliver::Stream);
    match emit {
        raw::Emit::Input => !raw.consumes.is_absent() && !streams,
        raw::Emit::OnSuccess => raw.consumes.is_absent(),
    }
}

/// Returns the entries of a list without their places.
pub(super) fn plain(entries: &[At<String>]) -> Vec<String> {
    entries.iter().map(|entry| entry.value.clone()).collect()
}

fn when(key: &Key<raw::When>) -> When {
    match key.get().map(|when| when.value) {
        Some(raw::When::Passed) | None => When::Passed,
        Some(raw::When::Ended) => When::Ended,
        Some(raw::When::Failed) => When::Failed,
        Some(raw::When::Started) => When::Started,
        Some(raw::When::Ready) => When::Ready,
    }
}

fn run_when(key: &Key<raw::RunWhen>) -> RunWhen {
    match key.get().map(|run| run.value) {
        Some(raw::RunWhen::OnSuccess) | None => RunWhen::OnSuccess,
        Some(raw::RunWhen::OnFailure) => RunWhen::OnFailure,
        Some(raw::RunWhen::Always) => RunWhen::Always,
    }
}

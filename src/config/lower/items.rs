//! Items: what a process takes from a queue and what it puts into others.
//!
//! Unaware of which queues exist.

use std::collections::HashSet;
use std::time::Duration;

use super::Reader;
use super::environment::one_or_many;
use super::placeholder::Use;
use crate::config::forms::{At, Either, Key, Span};
use crate::config::raw::{self, Process as Raw};
use crate::model::{Ack, Consumes, Deliver, OnEnd, Placeholder, Problem, code};

/// How long an endless reader must be quiet where `settle` does not say it.
const SETTLE: Duration = Duration::from_secs(1);

/// What flows through a process.
pub(super) struct Flow {
    /// `consumes` with all that belongs to it.
    pub(super) consumes: Option<Consumes>,
    /// `produces`.
    pub(super) produces: Vec<String>,
}

impl Reader<'_, '_, '_> {
    /// Reads `consumes` and `produces`, and what they go together with.
    pub(super) fn flow(&mut self, raw: &Raw, uses: &[Use]) -> Flow {
        let deliver = deliver(raw, uses);
        let produces = one_or_many(&raw.produces);
        self.twice_fed(&produces);
        if raw.consumes.is_absent() {
            self.needs_consumes(raw);
        } else {
            self.needs_stream(raw, deliver);
            self.one_stdin(raw, deliver);
        }
        self.retried(raw, deliver, &produces);
        if let (Some(queue), Some(stdout)) = (produces.first(), raw.stdout.get())
            && !matches!(stdout.value, Either::A(raw::StdoutWord::Log))
        {
            let said = "`stdout` and `produces` cannot both take the output";
            let problem = Problem::error(code::CONFLICT, said, self.label(stdout.at, "goes here"))
                .also(self.label(queue.at, "and into this queue"));
            self.tell(problem.help("remove `stdout`"));
        }
        let consumes = self.consumes(raw, deliver);
        Flow { consumes, produces: super::process::plain(&produces) }
    }

    fn consumes(&mut self, raw: &Raw, deliver: Deliver) -> Option<Consumes> {
        let queue = match raw.consumes.get()? {
            At { value: Either::A(queue), .. } => queue.clone(),
            At { value: Either::B(table), at } => {
                self.required(&table.queue, ("consumes", "queue"), *at)?.value.clone()
            }
        };
        let settle = raw.settle.get().and_then(|settle| self.duration(settle));
        Some(Consumes {
            queue,
            deliver,
            workers: raw.workers.get().and_then(|workers| u32::try_from(workers.value.0).ok()),
            on_end: match raw.on_end.get().map(|on_end| on_end.value) {
                Some(raw::OnEnd::Eof) | None => OnEnd::Eof,
                Some(raw::OnEnd::Terminate) => OnEnd::Terminate,
            },
            settle: settle.unwrap_or(SETTLE),
            ack: match raw.ack.get().map(|ack| ack.value) {
                Some(raw::Ack::Exit) | None => Ack::Exit,
                Some(raw::Ack::Read) => Ack::Read,
            },
        })
    }

    fn twice_fed(&mut self, produces: &[At<String>]) {
        let mut seen = HashSet::new();
        for queue in produces {
            if !seen.insert(&queue.value) {
                let said = format!("queue `{}` is named twice", queue.value);
                self.error(code::DUPLICATE, said, queue.at, "named again");
            }
        }
    }

    fn needs_consumes(&mut self, raw: &Raw) {
        let keys = [
            ("deliver", raw.deliver.at()),
            ("workers", raw.workers.at()),
            ("on-end", raw.on_end.at()),
            ("settle", raw.settle.at()),
            ("ack", raw.ack.at()),
        ];
        for (key, at) in keys {
            let Some(at) = at else { continue };
            let said = format!("`{key}` is for a process that consumes, and this one does not");
            let problem = Problem::error(code::CONFLICT, said, self.label(at, "never used"));
            self.tell(problem.help("add `consumes` with the name of a queue, or remove the key"));
        }
    }

    fn needs_stream(&mut self, raw: &Raw, deliver: Deliver) {
        if deliver == Deliver::Stream || raw.deliver.is_broken() {
            return;
        }
        let keys =
            [("on-end", raw.on_end.at()), ("settle", raw.settle.at()), ("ack", raw.ack.at())];
        for (key, at) in keys {
            let Some(at) = at else { continue };
            let said = format!("`{key}` is for deliver = \"stream\", a child that reads on");
            let problem = Problem::error(code::CONFLICT, said, self.label(at, "never used"));
            self.tell(problem.help("add deliver = \"stream\", or remove the key"));
        }
    }

    fn one_stdin(&mut self, raw: &Raw, deliver: Deliver) {
        let (Some(stdin), Some(consumes)) = (raw.stdin.at(), raw.consumes.at()) else { return };
        let name = match deliver {
            Deliver::Args => return,
            Deliver::Stdin => "stdin",
            Deliver::Stream => "stream",
        };
        let said = format!("`stdin` cannot be given: deliver = \"{name}\" writes the items to it");
        let problem =
            Problem::error(code::CONFLICT, said, self.label(stdin, "first source of stdin"))
                .also(self.label(consumes, "second source of stdin"));
        self.tell(problem.help("remove `stdin`, or set deliver = \"args\" and use `{item}`"));
    }

    fn retried(&mut self, raw: &Raw, deliver: Deliver, produces: &[At<String>]) {
        let Some(at) = retries(raw) else { return };
        if raw.consumes.is_absent() {
            let Some(queue) = produces.first() else { return };
            let said = "a producer that is tried again would put its items in twice";
            let problem = Problem::error(code::TWICE, said, self.label(at, "tried again"))
                .also(self.label(queue.at, "what it has put in stays"));
            self.tell(problem.help("remove `retry`, or let a consumer of the queue retry"));
        } else if deliver == Deliver::Stream {
            let said = "`retry` of a `stream` is part of the language, but this version does not \
                        run it yet: a fresh child would have to read everything again";
            let label = self.label(at, "not in this version");
            let problem = Problem::error(code::RESERVED, said, label);
            self.tell(problem.help("remove `retry`, or set deliver = \"stdin\""));
        }
    }
}

/// Returns where it is said that a process is tried again.
fn retries(raw: &Raw) -> Option<Span> {
    let At { value, at } = raw.retry.get()?;
    let max = match value {
        Either::A(max) => max.0,
        Either::B(table) => table.max.get()?.value.0,
    };
    (max > 0).then_some(*at)
}

/// Returns how items arrive: as it is said, else as arguments where `{item}` is used.
fn deliver(raw: &Raw, uses: &[Use]) -> Deliver {
    let item = |used: &Use| {
        matches!(
            used.placeholder,
            Placeholder::Item | Placeholder::ItemField(_) | Placeholder::ItemIndex
        )
    };
    match &raw.deliver {
        Key::Given(At { value: raw::Deliver::Args, .. }) => Deliver::Args,
        Key::Given(At { value: raw::Deliver::Stream, .. }) => Deliver::Stream,
        Key::Absent | Key::Broken(_) if uses.iter().any(item) => Deliver::Args,
        Key::Given(At { value: raw::Deliver::Stdin, .. }) | Key::Absent | Key::Broken(_) => {
            Deliver::Stdin
        }
    }
}

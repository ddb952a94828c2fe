//! Items: what a process takes from a queue and what it puts into others.
//!
//! Unaware of which queues exist.

use super::Reader;
use super::placeholder::Use;
use crate::config::forms::{At, Either, Span};
use crate::config::raw::{self, Process as Raw};
use crate::model::{Ack, Consumes, Deliver, Emit, OnEnd, Placeholder, Problem, Produces, code};

/// What flows through a process.
pub(super) struct Flow {
    /// `consumes` with all that belongs to it.
    pub(super) consumes: Option<Consumes>,
    /// `produces`.
    pub(super) produces: Vec<Produces>,
    /// `emit`.
    pub(super) emit: Emit,
}

impl Reader<'_, '_, '_> {
    /// Reads `consumes` and `produces`, and what they go together with.
    pub(super) fn flow(&mut self, raw: &Raw, uses: &[Use]) -> Flow {
        let deliver = deliver(raw, uses);
        let produces = self.produces(raw);
        self.combined(raw, deliver, &produces);
        if let (Some(command), false) = (raw.command.get(), raw.consumes.is_absent())
            && deliver == raw::Deliver::Stdin
            && raw.deliver.is_absent()
        {
            self.empty_braces(&command.value.entries);
        }
        self.retried(raw, deliver);
        let emit = match raw.emit.get().map(|emit| emit.value) {
            None => Emit::Made,
            Some(raw::Emit::Input) => Emit::Input,
            Some(raw::Emit::OnSuccess) => Emit::OnSuccess,
        };
        let consumes = self.consumes(raw, deliver);
        Flow {
            consumes,
            produces: produces.iter().map(|fed| Produces::stdout(&fed.value)).collect(),
            emit,
        }
    }

    /// Reads the queues that a process feeds.
    fn produces(&mut self, raw: &Raw) -> Vec<At<String>> {
        let entries = match raw.produces.get() {
            None => Vec::new(),
            Some(At { value: Either::A(one), at }) => vec![At { value: one.clone(), at: *at }],
            Some(At { value: Either::B(many), .. }) => many.entries.clone(),
        };
        let mut produces: Vec<At<String>> = Vec::with_capacity(entries.len());
        for entry in entries {
            let queue = match entry.value {
                Either::A(queue) => At { value: queue, at: entry.at },
                Either::B(table) => {
                    let queue = self.required(&table.queue, ("produces", "queue"), entry.at);
                    let Some(queue) = queue else { continue };
                    queue.clone()
                }
            };
            if produces.iter().any(|known| known.value == queue.value) {
                let said = format!("queue `{}` is named twice", queue.value);
                let label = self.label(queue.at, "named again");
                let problem = Problem::error(code::DUPLICATE, said, label);
                self.tell(problem.help("remove this entry"));
            }
            produces.push(queue);
        }
        produces
    }

    fn consumes(&mut self, raw: &Raw, deliver: raw::Deliver) -> Option<Consumes> {
        let queue = match raw.consumes.get()? {
            At { value: Either::A(queue), .. } => queue.clone(),
            At { value: Either::B(table), at } => {
                self.required(&table.queue, ("consumes", "queue"), *at)?.value.clone()
            }
        };
        if let At { value: Either::B(table), .. } = raw.consumes.get()?
            && let Some(group) = table.group.get()
        {
            self.all.groups.asked.push((queue.clone(), group.value.clone(), self.place(group.at)));
        }
        let settle = raw.settle.get().and_then(|settle| self.duration(settle));
        let plain = Consumes::new(queue, Deliver::Args);
        Some(Consumes {
            deliver: match deliver {
                raw::Deliver::Args => Deliver::Args,
                raw::Deliver::Stdin => Deliver::Stdin,
                raw::Deliver::Batch => Deliver::Batch,
                raw::Deliver::Stream => Deliver::Stream,
                raw::Deliver::Worker => Deliver::Worker,
            },
            workers: raw.workers.get().and_then(|workers| u32::try_from(workers.value.0).ok()),
            on_end: match raw.on_end.get().map(|on_end| on_end.value) {
                Some(raw::OnEnd::Eof) | None => OnEnd::Eof,
                Some(raw::OnEnd::Terminate) => OnEnd::Terminate,
            },
            settle: settle.unwrap_or(plain.settle),
            ack: match raw.ack.get().map(|ack| ack.value) {
                Some(raw::Ack::Exit) | None => Ack::Exit,
                Some(raw::Ack::Read) => Ack::Read,
            },
            ..plain
        })
    }

    fn retried(&mut self, raw: &Raw, deliver: raw::Deliver) {
        let Some(at) = retries(raw) else { return };
        if !raw.consumes.is_absent() && deliver == raw::Deliver::Stream {
            if let Some(ack) = raw.ack.get().filter(|ack| ack.value == raw::Ack::Read) {
                let said = "nothing can be tried again: with ack = \"read\" no item is kept";
                let problem = Problem::error(code::CONFLICT, said, self.label(at, "never used"))
                    .also(self.label(ack.at, "an item is gone once it is read"));
                self.tell(problem.help("remove `retry`, or set ack = \"exit\""));
                return;
            }
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
fn deliver(raw: &Raw, uses: &[Use]) -> raw::Deliver {
    let item = |used: &Use| {
        matches!(
            used.placeholder,
            Placeholder::Item | Placeholder::ItemField(_) | Placeholder::ItemIndex
        )
    };
    match raw.deliver.get().map(|deliver| deliver.value) {
        Some(said) => said,
        None if uses.iter().any(item) => raw::Deliver::Args,
        None => raw::Deliver::Stdin,
    }
}

//! Flow: what a process takes from a queue and what it puts into others.
//!
//! Unaware of which queues exist.

use super::Reader;
use super::placeholder::Use;
use crate::config::forms::{At, Either, Span};
use crate::config::raw::{self, Process as Raw};
use crate::model::{Consumes, Emit, From, Placeholder, Problem, Produces, code};

/// What flows through a process.
pub(super) struct Flow {
    /// `consumes` with all that belongs to it.
    pub(super) consumes: Option<Consumes>,
    /// `produces`.
    pub(super) produces: Vec<Produces>,
    /// `emit`.
    pub(super) emit: Emit,
}

/// A queue that a process feeds.
pub(super) struct Fed {
    /// Its name.
    pub(super) queue: At<String>,
    /// Where it is said that it gets what is written to descriptor 3.
    pub(super) fd3: Option<Span>,
}

impl Fed {
    fn lowered(&self) -> Produces {
        let from = if self.fd3.is_some() { From::Fd3 } else { From::Stdout };
        Produces { queue: self.queue.value.clone(), from }
    }
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
        Flow { consumes, produces: produces.iter().map(Fed::lowered).collect(), emit }
    }

    /// Reads the queues that a process feeds.
    fn produces(&mut self, raw: &Raw) -> Vec<Fed> {
        let entries = match raw.produces.get() {
            None => Vec::new(),
            Some(At { value: Either::A(one), at }) => vec![At { value: one.clone(), at: *at }],
            Some(At { value: Either::B(many), .. }) => many.entries.clone(),
        };
        let mut produces: Vec<Fed> = Vec::with_capacity(entries.len());
        for entry in entries {
            let fed = match entry.value {
                Either::A(queue) => Fed { queue: At { value: queue, at: entry.at }, fd3: None },
                Either::B(table) => {
                    let queue = self.required(&table.queue, ("produces", "queue"), entry.at);
                    let Some(queue) = queue else { continue };
                    let from = table.from.get().filter(|from| from.value == raw::From::Fd3);
                    Fed { queue: queue.clone(), fd3: from.map(|from| from.at) }
                }
            };
            if produces.iter().any(|known| known.queue.value == fed.queue.value) {
                let said = format!("queue `{}` is named twice", fed.queue.value);
                let label = self.label(fed.queue.at, "named again");
                let problem = Problem::error(code::DUPLICATE, said, label);
                self.tell(problem.help("remove this entry"));
            }
            produces.push(fed);
        }
        produces
    }

    /// Says where nothing is kept that could be tried again.
    fn retried(&mut self, raw: &Raw, deliver: raw::Deliver) {
        let Some(at) = retries(raw).filter(|_| !raw.consumes.is_absent()) else { return };
        let read = raw.ack.get().filter(|ack| ack.value == raw::Ack::Read);
        if let (raw::Deliver::Stream, Some(ack)) = (deliver, read) {
            self.conflict(
                "nothing can be tried again: with ack = \"read\" no item is kept",
                (at, "never used"),
                (ack.at, "an item is gone once it is read"),
                "remove `retry`, or set ack = \"exit\"",
            );
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

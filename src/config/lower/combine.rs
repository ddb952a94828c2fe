//! Combine: keys of a process that are of use only beside others, or that exclude each other.
//!
//! Each rule is a row: the key, and what the process must be for it. Unaware of what the values
//! mean beyond that.

use super::Reader;
use super::flow::Fed;
use crate::config::forms::{At, Either, Key, Span};
use crate::config::raw::{self, Deliver, Process as Raw};
use crate::model::{Problem, code};

/// What a process must be for a key to be of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// It consumes a queue.
    Consumer,
    /// Its items arrive in one of these ways.
    Delivery(&'static [Deliver]),
    /// It feeds a queue.
    Producer,
    /// It is a service.
    Service,
    /// It has cells.
    Cells,
}

use For::{Cells, Consumer, Delivery, Producer, Service};

/// Ways in which a child reads on and on.
const LONG_LIVED: &[Deliver] = &[Deliver::Stream, Deliver::Worker];

impl Reader<'_, '_, '_> {
    /// Says which keys of a process are of no use, or contradict each other.
    pub(super) fn combined(&mut self, raw: &Raw, deliver: Deliver, produces: &[Fed]) {
        for (key, at, purpose) in rules(raw) {
            let Some(at) = at else { continue };
            if !serves(raw, deliver, produces, purpose) {
                self.useless(key, at, purpose);
            }
        }
        self.sized(raw, deliver);
        self.one_stdin(raw, deliver);
        if deliver == Deliver::Worker && !raw.consumes.is_absent() {
            self.replies(raw, produces);
        } else {
            self.one_stdout(raw, produces);
        }
        self.one_terminal(raw);
        self.emitted(raw, deliver);
        self.endless(raw);
        self.kept(raw, deliver);
        self.served(raw);
    }

    /// Says that a key is of no use to a process that is not what the key is for.
    fn useless(&mut self, key: &str, at: Span, purpose: For) {
        let (what, help) = match purpose {
            Consumer => ("for a process that consumes, and this one does not", "consumes"),
            Producer => ("for a process that produces, and this one does not", "produces"),
            Service => ("for a service, and this process is none", "service = true"),
            Cells => ("for the cells of a `matrix`, and this process has none", "matrix"),
            Delivery([Deliver::Stream]) => {
                ("for deliver = \"stream\", a child that reads on", "deliver = \"stream\"")
            }
            Delivery([Deliver::Worker]) => {
                ("for deliver = \"worker\", a child that replies", "deliver = \"worker\"")
            }
            Delivery([Deliver::Batch]) => ("for deliver = \"batch\"", "deliver = \"batch\""),
            Delivery(_) => (
                "for deliver = \"stream\" or \"worker\", a child that lives on",
                "deliver = \"stream\"",
            ),
        };
        let help = match purpose {
            Consumer | Producer => format!("add `{help}` with the name of a queue"),
            Service | Delivery(_) => format!("add {help}"),
            Cells => format!("add `{help}` with lists of values"),
        };
        let said = format!("`{key}` is {what}");
        let problem = Problem::error(code::CONFLICT, said, self.label(at, "never used"));
        self.tell(problem.help(format!("{help}, or remove the key")));
    }

    /// Says where two keys contradict each other.
    pub(super) fn conflict(
        &mut self,
        said: impl Into<String>,
        (first, first_label): (Span, &str),
        (second, second_label): (Span, &str),
        help: &str,
    ) {
        let problem = Problem::error(code::CONFLICT, said, self.label(first, first_label))
            .also(self.label(second, second_label));
        self.tell(problem.help(help));
    }

    /// Says where a batch has no size.
    fn sized(&mut self, raw: &Raw, deliver: Deliver) {
        let Some(at) = raw.deliver.at().filter(|_| deliver == Deliver::Batch) else { return };
        if self.slipped(&["batch"]) {
            return;
        }
        let said = match &raw.batch {
            Key::Absent => "deliver = \"batch\" needs `batch`, which says how many items",
            Key::Given(batch) if batch.value.items.is_absent() && batch.value.bytes.is_absent() => {
                "`batch` does not say how many items"
            }
            Key::Given(_) | Key::Broken(_) => return,
        };
        let at = raw.batch.at().unwrap_or(at);
        let problem = Problem::error(code::MISSING, said, self.label(at, "how many at a time?"));
        self.tell(problem.help("write batch = { items = 100 }"));
    }

    fn one_stdin(&mut self, raw: &Raw, deliver: Deliver) {
        let (Some(stdin), Some(consumes)) = (raw.stdin.at(), raw.consumes.at()) else { return };
        let as_args = |batch: &At<raw::Batch>| {
            batch.value.form.get().is_some_and(|form| form.value == raw::BatchForm::Args)
        };
        let spoken = raw.wire.get().is_some_and(|wire| wire.value == raw::Wire::Stdio);
        let name = match deliver {
            Deliver::Args => return,
            Deliver::Batch if raw.batch.get().is_some_and(as_args) => return,
            Deliver::Worker if !spoken => return,
            Deliver::Stdin => "stdin",
            Deliver::Stream => "stream",
            Deliver::Batch => "batch",
            Deliver::Worker => "worker",
        };
        self.conflict(
            format!("`stdin` cannot be given: deliver = \"{name}\" writes the items to it"),
            (stdin, "first source of stdin"),
            (consumes, "second source of stdin"),
            "remove `stdin`, or set deliver = \"args\" and use `{item}`",
        );
    }

    fn one_stdout(&mut self, raw: &Raw, produces: &[Fed]) {
        let Some(fed) = produces.iter().find(|fed| fed.fd3.is_none()) else { return };
        let Some(stdout) = stdout(raw) else { return };
        let said = "`stdout` and `produces` cannot both take the output";
        let queue = (fed.queue.at, "and into this queue");
        let help = "remove `stdout`, or write the items to descriptor 3 and set from = \"fd3\"";
        self.conflict(said, (stdout, "goes here"), queue, help);
    }

    /// Says where a worker is to speak in two ways: what it replies goes into its queues.
    fn replies(&mut self, raw: &Raw, produces: &[Fed]) {
        let deliver = raw.deliver.at().unwrap_or_default();
        for fd3 in produces.iter().filter_map(|fed| fed.fd3) {
            self.conflict(
                "from = \"fd3\" is not for a worker: what it replies goes into its queues",
                (fd3, "never read"),
                (deliver, "this is a worker"),
                "remove `from`, and reply with {\"id\": …, \"ok\": true, \"out\": […]}",
            );
        }
        let stdio = raw.wire.get().filter(|wire| wire.value == raw::Wire::Stdio);
        if let (Some(wire), Some(stdout)) = (stdio, stdout(raw)) {
            self.conflict(
                "`stdout` cannot be given: with wire = \"stdio\" a worker replies on it",
                (stdout, "goes here"),
                (wire.at, "and to the runner"),
                "remove `stdout`, or set wire = \"fd\"",
            );
        }
    }

    fn one_terminal(&mut self, raw: &Raw) {
        let interactive = raw.interactive.get().filter(|interactive| interactive.value);
        let inherits = matches!(raw.stdin.get(), Some(At { value: Either::A(text), .. })
            if text == "inherit");
        if let (true, None, Some(at)) = (inherits, interactive, raw.stdin.at()) {
            let said = "stdin = \"inherit\" is for a process that owns the terminal";
            let problem = Problem::error(code::CONFLICT, said, self.label(at, "the terminal's"));
            self.tell(problem.help(
                "add interactive = true; for the text itself write stdin = { text = \"inherit\" }",
            ));
        }
        let several = raw.consumes.at().or(raw.matrix.at());
        if let (Some(interactive), Some(several)) = (interactive, several) {
            self.conflict(
                "an interactive process owns the terminal alone, and this one is several",
                (interactive.at, "one terminal"),
                (several, "many children"),
                "remove `interactive`",
            );
        }
    }

    fn emitted(&mut self, raw: &Raw, deliver: Deliver) {
        let Some(emit) = raw.emit.get().filter(|_| !raw.produces.is_absent()) else { return };
        let (said, help) = match (emit.value, raw.consumes.is_absent()) {
            (raw::Emit::Input, true) => {
                ("emit = \"input\" keeps the order of items that are consumed", "add `consumes`")
            }
            (raw::Emit::OnSuccess, false) => (
                "emit = \"on-success\" is for a source: a consumer's output waits for its item \
                 anyway",
                "remove `emit`",
            ),
            (raw::Emit::Input, false) if deliver == Deliver::Stream => {
                return self.conflict(
                    "emit = \"input\" is not for deliver = \"stream\": nobody knows which item a \
                     line of its output belongs to",
                    (emit.at, "in the order of which items?"),
                    (raw.deliver.at().unwrap_or(emit.at), "it reads one after the other"),
                    "remove `emit`, or set deliver = \"worker\"",
                );
            }
            (raw::Emit::Input, false) if deliver == Deliver::Worker && raw.shard.at().is_some() => {
                let shard = raw.shard.at().unwrap_or(emit.at);
                return self.conflict(
                    "emit = \"input\" and `shard` cannot both be given to workers: what waits for \
                     its turn would hold the shard of what it waits for",
                    (emit.at, "in the order of all items"),
                    (shard, "in the order of each shard"),
                    "remove one of the two, or set deliver = \"stdin\"",
                );
            }
            (raw::Emit::Input, false) | (raw::Emit::OnSuccess, true) => return,
        };
        let problem = Problem::error(code::CONFLICT, said, self.label(emit.at, "never used"));
        self.tell(problem.help(help));
    }

    fn endless(&mut self, raw: &Raw) {
        let ends = raw.on_end.get().is_none_or(|on_end| on_end.value == raw::OnEnd::Eof);
        let Some(at) = raw.settle.at().filter(|_| ends && !raw.on_end.is_broken()) else { return };
        if raw.consumes.is_absent() || raw.deliver.get().is_none() {
            return;
        }
        let said = "`settle` is for on-end = \"terminate\", an endless reader";
        let problem = Problem::error(code::CONFLICT, said, self.label(at, "never used"));
        self.tell(problem.help("add on-end = \"terminate\", or remove the key"));
    }

    fn kept(&mut self, raw: &Raw, deliver: Deliver) {
        let read = raw.ack.get().filter(|ack| ack.value == raw::Ack::Read);
        if let (Some(keep), Some(ack), Deliver::Stream) = (raw.keep_bytes.at(), read, deliver) {
            self.conflict(
                "`keep-bytes` is for ack = \"exit\", which keeps items until then",
                (keep, "never used"),
                (ack.at, "an item is gone once it is read"),
                "remove `keep-bytes`",
            );
        }
    }

    /// Says what a service can't have, and where nobody can see the line that it is to print.
    fn served(&mut self, raw: &Raw) {
        let line = raw.ready.get().and_then(|ready| ready.value.line.at());
        let stderr = raw.stderr.get();
        let stderr = stderr.filter(|it| !matches!(it.value, Either::A(raw::StderrWord::Log)));
        if let (Some(line), Some(out), Some(_)) = (line, stdout(raw), stderr) {
            let said = "`ready.line` looks for a line in the log, where nothing goes";
            let help = "leave `stdout` or `stderr` out, so that it goes to the log";
            self.conflict(said, (line, "never seen"), (out, "goes elsewhere"), help);
        }
        let Some(service) = raw.service.get().filter(|service| service.value) else { return };
        let keys = [
            ("retry", raw.retry.at(), "a service is started again: use `restart`"),
            ("consumes", raw.consumes.at(), "a long-lived consumer is deliver = \"stream\""),
            ("produces", raw.produces.at(), "what it prints has no end: let a process feed it"),
            ("matrix", raw.matrix.at(), "declare one service for each"),
            ("run", raw.run.at(), "it runs for those that need it: say it there"),
            ("allow-failure", raw.allow_failure.at(), "let those that need it fail"),
        ];
        for (key, at, help) in keys {
            let Some(at) = at else { continue };
            let said = format!("a service cannot have `{key}`");
            self.conflict(said, (at, "here"), (service.at, "a service"), help);
        }
    }
}

/// Returns the keys that are given, and what each is for.
fn rules(raw: &Raw) -> [(&'static str, Option<Span>, For); 15] {
    [
        ("deliver", raw.deliver.at(), Consumer),
        ("workers", raw.workers.at(), Consumer),
        ("shard", raw.shard.at(), Consumer),
        ("fail-streak", raw.fail_streak.at(), Consumer),
        ("on-end", raw.on_end.at(), Delivery(&[Deliver::Stream])),
        ("settle", raw.settle.at(), Delivery(&[Deliver::Stream])),
        ("recycle", raw.recycle.at(), Delivery(LONG_LIVED)),
        ("ack", raw.ack.at(), Delivery(&[Deliver::Stream])),
        ("keep-bytes", raw.keep_bytes.at(), Delivery(&[Deliver::Stream])),
        ("wire", raw.wire.at(), Delivery(&[Deliver::Worker])),
        ("batch", raw.batch.at(), Delivery(&[Deliver::Batch])),
        ("emit", raw.emit.at(), Producer),
        ("ready", raw.ready.at(), Service),
        ("restart", raw.restart.at(), Service),
        ("fail-fast", raw.fail_fast.at(), Cells),
    ]
}

/// Returns whether a process is what a key is for, as far as it can be known.
fn serves(raw: &Raw, deliver: Deliver, produces: &[Fed], purpose: For) -> bool {
    match purpose {
        Consumer => !raw.consumes.is_absent(),
        Delivery(ways) => {
            raw.deliver.is_broken() || !raw.consumes.is_absent() && ways.contains(&deliver)
        }
        Producer => !raw.produces.is_absent() || !produces.is_empty(),
        Cells => !raw.matrix.is_absent(),
        Service => raw.service.is_broken() || raw.service.get().is_some_and(|yes| yes.value),
    }
}

/// Returns where it is said that standard output goes elsewhere than to the log.
fn stdout(raw: &Raw) -> Option<Span> {
    let stdout = raw.stdout.get()?;
    (!matches!(stdout.value, Either::A(raw::StdoutWord::Log))).then_some(stdout.at)
}

//! Service: how a service becomes ready and is started again, what a process reads and writes, and
//! the conditions of its start, as far as they can be wrong by themselves.
//!
//! No version of the model holds these yet. Unaware of who needs a service.

use std::time::Duration;

use regex::Regex;

use super::Reader;
use crate::config::forms::{At, Either, Key, List, Span, Time};
use crate::config::measures;
use crate::config::raw::{self, Process as Raw};
use crate::model::{Problem, code};

impl Reader<'_, '_, '_> {
    /// Reads everything of a process that is declared for later.
    pub(super) fn declared(&mut self, raw: &Raw) {
        if let Some(ready) = raw.ready.get() {
            self.ready(&ready.value, ready.at);
        }
        if let Some(At { value: Either::B(restart), .. }) = raw.restart.get() {
            self.wait(&restart.backoff);
            self.positive("restart.within", &restart.within);
        }
        for globs in [&raw.inputs, &raw.outputs] {
            globs.get().into_iter().flat_map(|list| &list.value.entries).for_each(|glob| {
                self.glob(glob);
            });
        }
        match raw.finally.get() {
            Some(At { value: Either::B(list), at }) => {
                self.program("finally", &At { value: list.clone(), at: *at });
            }
            Some(At { value: Either::A(_), .. }) | None => {}
        }
        self.conditions(raw);
    }

    fn ready(&mut self, ready: &raw::Ready, at: Span) {
        let ways = [
            ("tcp", ready.tcp.at()),
            ("http", ready.http.at()),
            ("command", ready.command.at()),
            ("line", ready.line.at()),
            ("file", ready.file.at()),
        ];
        let given: Vec<_> = ways.iter().filter_map(|(key, at)| Some((*key, (*at)?))).collect();
        match given.as_slice() {
            [] if self.slipped(&["ready"]) => {}
            [] => {
                let label = self.label(at, "how is it known?");
                let problem = Problem::error(code::MISSING, "`ready` names no way", label);
                self.tell(problem.help("give one of `tcp`, `http`, `command`, `line`, `file`"));
            }
            [_] => {}
            [(first, one), (second, other), ..] => {
                let said = format!("`ready.{first}` and `ready.{second}` cannot both be given");
                let problem = Problem::error(code::CONFLICT, said, self.label(*one, "one way"))
                    .also(self.label(*other, "another"));
                self.tell(problem.help("keep one of them"));
            }
        }
        if let Some(line) = ready.line.get() {
            self.regex(line);
        }
        if let Some(tcp) = ready.tcp.get() {
            self.address(tcp);
        }
        self.positive("ready.interval", &ready.interval);
        self.positive("ready.timeout", &ready.timeout);
    }

    /// Says where a text is no regular expression.
    fn regex(&mut self, text: &At<String>) {
        let Err(error) = Regex::new(&text.value) else { return };
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let said = "this is not a regular expression";
        let problem = Problem::error(code::BAD_VALUE, said, self.label(text.at, why));
        self.tell(problem.help("write a `\\` before a sign that is meant as itself"));
    }

    /// Says where a text is no address with a port.
    fn address(&mut self, text: &At<String>) {
        if text.value.contains('{') {
            return;
        }
        let port = text.value.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_some_and(|port| port > 0) {
            return;
        }
        let said = format!("`{}` is not an address with a port", text.value);
        let problem = Problem::error(code::BAD_VALUE, said, self.label(text.at, "no port"));
        self.tell(problem.help("write it as \"127.0.0.1:5432\""));
    }

    fn wait(&mut self, key: &Key<crate::config::forms::Wait>) {
        if let Some(text) = key.get()
            && let Err(wrong) = measures::backoff(&text.value.0)
        {
            self.wrong("a wait", text, wrong);
        }
    }

    fn conditions(&mut self, raw: &Raw) {
        let all: Vec<At<raw::Condition>> = match raw.condition.get() {
            None => return,
            Some(At { value: Either::A(one), at }) => vec![At { value: one.clone(), at: *at }],
            Some(At { value: Either::B(List { entries, .. }), .. }) => entries.clone(),
        };
        for At { value: condition, at } in all {
            let bare = condition.env.is_absent()
                && condition.os.is_absent()
                && condition.exists.is_absent()
                && condition.command.is_absent()
                && condition.changed.is_absent();
            if bare && !self.slipped(&["if"]) {
                let label = self.label(at, "what must hold?");
                let problem = Problem::error(code::MISSING, "this condition asks nothing", label);
                let help = "give one of `env`, `os`, `exists`, `command`, `changed`";
                self.tell(problem.help(help));
            }
            for (key, at, with) in [
                ("is", condition.is.at().filter(|_| condition.env.is_absent()), "env"),
                (
                    "since",
                    condition.since.at().filter(|_| condition.changed.is_absent()),
                    "changed",
                ),
            ] {
                let Some(at) = at.filter(|_| !bare) else { continue };
                let said = format!("`{key}` belongs beside `{with}`, which is missing");
                let problem = Problem::error(code::CONFLICT, said, self.label(at, "never used"));
                self.tell(problem.help(format!("add `{with}`, or remove `{key}`")));
            }
            for glob in condition.changed.get().into_iter().flat_map(|list| &list.value.entries) {
                self.glob(glob);
            }
        }
    }

    /// Says where two bounds leave nothing between them.
    pub(super) fn bounds(&mut self, table: &raw::Timeout) {
        let read =
            |key: &Key<Time>| key.get().and_then(|text| measures::duration(&text.value.0).ok());
        let Some(total) = read(&table.total).filter(|total| *total > Duration::ZERO) else {
            return;
        };
        for (name, key) in [("idle", &table.idle), ("slow", &table.slow)] {
            let (Some(other), Some(at), Some(whole)) = (read(key), key.at(), table.total.at())
            else {
                continue;
            };
            if other >= total {
                let said = format!("`timeout.{name}` is never reached before `timeout.total`");
                let problem = Problem::error(code::CONFLICT, said, self.label(at, "never reached"))
                    .also(self.label(whole, "over by then"));
                self.tell(problem.help(format!("make `{name}` shorter than `total`")));
            }
        }
    }
}

//! Service: how a service becomes ready, and when it is started again.
//!
//! Unaware of who needs a service.

use std::collections::HashSet;

use regex::Regex;

use super::placeholder::Use;
use super::{Lowering, Reader};
use crate::config::forms::{At, Either, Key, Span};
use crate::config::raw::{self, Process as Raw, RestartWord};
use crate::model::{Probe, Problem, Ready, Restart, RestartWhen, Service, When, code};

impl Lowering<'_> {
    /// Lets needs of services that do not say what they wait for wait until these are ready.
    pub(super) fn say_needs(&mut self) {
        let processes = &mut self.job.processes;
        let services = processes.iter().filter(|process| process.service.is_some());
        let services: HashSet<String> = services.map(|process| process.name.clone()).collect();
        for (process, need) in std::mem::take(&mut self.unsaid) {
            let need = &mut processes[process].needs[need];
            if services.contains(&need.process) {
                need.when = When::Ready;
            }
        }
    }
}

impl Reader<'_, '_, '_> {
    /// Reads `service` and what belongs to it.
    pub(super) fn service(&mut self, raw: &Raw, uses: &mut Vec<Use>) -> Option<Service> {
        let ready = raw.ready.get().and_then(|ready| self.ready(&ready.value, ready.at, uses));
        let restart = self.restart(&raw.restart);
        let serves = raw.service.get().is_some_and(|service| service.value);
        serves.then_some(Service { ready, restart })
    }

    fn ready(&mut self, ready: &raw::Ready, at: Span, uses: &mut Vec<Use>) -> Option<Ready> {
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
                self.conflict(said, (*one, "one way"), (*other, "another"), "keep one of them");
            }
        }
        if let (Some(at), None) = (ready.status.at(), ready.http.at()) {
            let said = "`status` belongs beside `http`, which is missing";
            let help = "add `http`, or remove `status`";
            self.error(code::CONFLICT, said, at, ("never used", help));
        }
        let interval = self.positive("ready.interval", &ready.interval);
        let timeout = self.positive("ready.timeout", &ready.timeout);
        let probe = self.probe(ready, uses)?;
        let interval = interval.unwrap_or(Ready::INTERVAL);
        Some(Ready { probe, interval, timeout: timeout.unwrap_or(Ready::TIMEOUT) })
    }

    fn probe(&mut self, ready: &raw::Ready, uses: &mut Vec<Use>) -> Option<Probe> {
        if let Some(tcp) = ready.tcp.get() {
            self.address(tcp);
            Some(Probe::Tcp(self.template(tcp, uses)))
        } else if let Some(http) = ready.http.get() {
            self.url(http);
            let status = ready.status.get().and_then(|status| u16::try_from(status.value.0).ok());
            let url = self.template(http, uses);
            Some(Probe::Http { url, status: status.unwrap_or(Probe::STATUS) })
        } else if let Some(command) = ready.command.get() {
            self.program("command", command);
            let words = command.value.entries.iter();
            Some(Probe::Command(words.map(|word| self.template(word, uses)).collect()))
        } else if let Some(line) = ready.line.get() {
            self.regex(line);
            Some(Probe::Line(line.value.clone()))
        } else {
            Some(Probe::File(self.template(ready.file.get()?, uses)))
        }
    }

    fn restart(&mut self, key: &Key<Either<RestartWord, raw::Restart>>) -> Restart {
        let usual = Restart::default();
        match key.get() {
            None => usual,
            Some(At { value: Either::A(word), .. }) => Restart { when: when(*word), ..usual },
            Some(At { value: Either::B(table), at }) => {
                let word = self.required(&table.when, ("restart", "when"), *at);
                let burst = table.burst.get().and_then(|burst| u32::try_from(burst.value.0).ok());
                Restart {
                    when: word.map(|word| when(word.value)).unwrap_or_default(),
                    backoff: self.wait(&table.backoff).unwrap_or(usual.backoff),
                    burst: burst.unwrap_or(usual.burst),
                    within: self.positive("restart.within", &table.within).unwrap_or(usual.within),
                }
            }
        }
    }

    /// Says where a text is no regular expression.
    pub(super) fn regex(&mut self, text: &At<String>) {
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

    /// Says where a text is no address that can be asked without more than this program has.
    fn url(&mut self, text: &At<String>) {
        if text.value.starts_with("http://") || text.value.starts_with('{') {
            return;
        }
        let said = format!("`{}` does not begin with `http://`", text.value);
        let label = self.label(text.at, "only this can be asked");
        let problem = Problem::error(code::BAD_VALUE, said, label);
        let help = "write it as \"http://127.0.0.1:8080/health\"; for https use `command` and curl";
        self.tell(problem.help(help));
    }
}

fn when(word: RestartWord) -> RestartWhen {
    match word {
        RestartWord::Never => RestartWhen::Never,
        RestartWord::OnFailure => RestartWhen::OnFailure,
        RestartWord::Always => RestartWhen::Always,
    }
}

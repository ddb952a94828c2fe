//! Texts: every text of a process that may hold placeholders, and where it stands.
//!
//! Unaware of what placeholders name.

use std::ops::Range;

use super::links::place;
use crate::model::{Action, Output, Place, Probe, Process, Stdin, Template};

/// A text of a process that may hold placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// `command[i]`.
    Command(usize),
    /// `script`.
    Script,
    /// `env`, by position.
    Env(usize),
    /// `stdin`.
    Payload,
    /// `stdin.file`.
    StdinFile,
    /// `cwd`.
    Cwd,
    /// `stdout.file`.
    Stdout,
    /// `stderr.file`.
    Stderr,
    /// `finally`: which command, and of one that is no script which word.
    Finally(usize, Option<usize>),
    /// `ready`, under this key; of a command, by position.
    Ready(&'static str, Option<usize>),
    /// `if[i]`, under this key; of a list, by position.
    If(usize, &'static str, Option<usize>),
}

impl Text {
    /// Returns the placeholder at some bytes as it would be written of another process.
    pub(super) fn written(self, process: &Process, at: &Range<usize>, other: &str) -> String {
        let mut written = String::new();
        each_text(process, &mut |template, text| {
            if text == self
                && let Some((placeholder, _)) =
                    template.placeholders().find(|(_, range)| *range == at)
            {
                written = format!("{{{}}}", placeholder.of_other(other).name());
            }
        });
        written
    }

    /// Returns the key that it stands under.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Script => "script",
            Self::Env(_) => "env",
            Self::Payload | Self::StdinFile => "stdin",
            Self::Cwd => "cwd",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Finally(..) => "finally",
            Self::Ready(..) => "ready",
            Self::If(..) => "if",
        }
    }

    /// Returns the place of a text in its process.
    pub(super) fn place(self, process: &Process) -> Place {
        let at = place(process);
        match self {
            Self::Command(index) => at.then("command").item(index),
            Self::Script => at.then("script"),
            Self::Env(index) => at.then("env").then(&process.env.set[index].0),
            Self::Payload => at.then("stdin").then("text"),
            Self::StdinFile => at.then("stdin").then("file"),
            Self::Cwd => at.then("cwd"),
            Self::Stdout => at.then("stdout").then("file"),
            Self::Stderr => at.then("stderr").then("file"),
            Self::Finally(step, word) => {
                let at = at.then("finally");
                let at = if process.finally.len() > 1 { at.item(step) } else { at };
                word.map_or(at.clone(), |word| at.item(word))
            }
            Self::Ready(key, None) => at.then("ready").then(key),
            Self::Ready(key, Some(index)) => at.then("ready").then(key).item(index),
            Self::If(condition, key, None) => at.then("if").item(condition).then(key),
            Self::If(condition, key, Some(index)) => {
                at.then("if").item(condition).then(key).item(index)
            }
        }
    }
}

/// Calls `found` for every text of a process that may hold placeholders.
pub(super) fn each_text<'a>(process: &'a Process, found: &mut dyn FnMut(&'a Template, Text)) {
    match &process.action {
        Action::Command(words) => {
            words.iter().enumerate().for_each(|(i, word)| found(word, Text::Command(i)));
        }
        Action::Script { text, .. } => found(text, Text::Script),
    }
    for (step, action) in process.finally.iter().enumerate() {
        match action {
            Action::Command(words) => words
                .iter()
                .enumerate()
                .for_each(|(i, word)| found(word, Text::Finally(step, Some(i)))),
            Action::Script { text, .. } => found(text, Text::Finally(step, None)),
        }
    }
    let env = process.env.set.iter().enumerate();
    env.for_each(|(i, (_, value))| found(value, Text::Env(i)));
    match &process.stdin {
        Stdin::Text(text) => found(text, Text::Payload),
        Stdin::File(path) => found(path, Text::StdinFile),
        Stdin::Closed | Stdin::Process(_) | Stdin::Pipe(_) | Stdin::Inherit => {}
    }
    process.cwd.iter().for_each(|cwd| found(cwd, Text::Cwd));
    let ready = process.service.as_ref().and_then(|service| service.ready.as_ref());
    match ready.map(|ready| &ready.probe) {
        Some(Probe::Tcp(address)) => found(address, Text::Ready("tcp", None)),
        Some(Probe::Http { url, .. }) => found(url, Text::Ready("http", None)),
        Some(Probe::File(path)) => found(path, Text::Ready("file", None)),
        Some(Probe::Command(words)) => {
            let text = |i| Text::Ready("command", Some(i));
            words.iter().enumerate().for_each(|(i, word)| found(word, text(i)));
        }
        Some(Probe::Line(_)) | None => {}
    }
    for (condition, asked) in process.conditions.iter().enumerate() {
        for (template, key, index) in asked.question.templates() {
            found(template, Text::If(condition, key, index));
        }
    }
    for (output, text) in [(&process.stdout, Text::Stdout), (&process.stderr, Text::Stderr)] {
        if let Output::File { path, .. } = output {
            found(path, text);
        }
    }
}

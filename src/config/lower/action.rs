//! Action: what a process executes, what it reads and where its output goes.
//!
//! Unaware of queues and of when it runs.

use super::Reader;
use super::placeholder::Use;
use crate::config::forms::{At, Either, Key, List, Span};
use crate::config::raw::{self, OutputFile, StderrWord, StdinFrom, StdoutWord};
use crate::model::{Action, Output, Problem, Stdin, Template, code};

/// What runs `script` where no `shell` is given: it stops at the first failure and at a variable
/// that is not set.
const SHELL: [&str; 3] = ["sh", "-eu", "-c"];

impl Reader<'_, '_, '_> {
    /// Reads `command` or `script`.
    pub(super) fn action(&mut self, raw: &raw::Process, at: Span, uses: &mut Vec<Use>) -> Action {
        if let (Some(command), Some(script)) = (raw.command.at(), raw.script.at()) {
            let said = "`command` and `script` cannot both be given";
            let label = self.label(command, "executed directly");
            let problem = Problem::error(code::CONFLICT, said, label)
                .also(self.label(script, "run by a shell"))
                .help("keep one of them");
            self.tell(problem);
        }
        let nothing = raw.command.is_absent() && raw.script.is_absent();
        if nothing && self.defaults_known && !self.slipped(&["command", "script"]) {
            let said = format!("{} has neither `command` nor `script`", self.title);
            let label = self.label(at, "nothing to execute");
            let problem = Problem::error(code::MISSING, said, label);
            self.tell(problem.help("add command = [\"program\", \"argument\"]"));
        }
        let words = raw.command.get().map(|list| self.words("command", list, uses));
        if let Some(script) = raw.script.get() {
            return self.script(("script", script), &raw.shell, uses);
        }
        if let Some(at) = raw.shell.at().filter(|_| raw.command.get().is_some()) {
            // A default `shell` is for the scripts of the file.
            let own = raw.command.at().is_some_and(|command| nearby(self.file.text, command, at));
            let after = raw.finally.get();
            let runs_after = after.is_some_and(|it| matches!(it.value, Either::A(_)));
            if own && !runs_after {
                let said = "`shell` runs a `script`, and this process has none";
                self.error(
                    code::CONFLICT,
                    said,
                    at,
                    ("never used", "remove `shell`, or write the command as `script`"),
                );
            }
        }
        Action::Command(words.unwrap_or_default())
    }

    /// Reads the words of a command that stands under a key.
    pub(super) fn words(
        &mut self,
        key: &str,
        command: &At<List<String>>,
        uses: &mut Vec<Use>,
    ) -> Vec<Template> {
        self.program(key, command);
        let before = uses.len();
        let words = command.value.entries.iter().map(|word| self.template(word, uses)).collect();
        self.note_shown(&uses[before..]);
        words
    }

    /// Reads a script that stands under a key.
    pub(super) fn script(
        &mut self,
        (key, script): (&str, &At<String>),
        shell: &Key<List<String>>,
        uses: &mut Vec<Use>,
    ) -> Action {
        if script.value.trim().is_empty() {
            self.error(
                code::BAD_VALUE,
                format!("`{key}` is empty"),
                script.at,
                ("nothing to execute", "write a command"),
            );
        }
        let shell = match shell.get() {
            Some(list) => {
                self.program("shell", list);
                list.value.entries.iter().for_each(|word| self.no_nul(word));
                super::process::plain(&list.value.entries)
            }
            None => SHELL.map(str::to_owned).into(),
        };
        Action::Script { shell, text: self.template(script, uses) }
    }

    /// Says where a list of words names no program.
    pub(super) fn program(&mut self, key: &str, list: &At<List<String>>) {
        let (said, at) = match list.value.entries.first() {
            None if list.value.whole => (format!("`{key}` is an empty list"), list.at),
            Some(first) if first.value.trim().is_empty() => {
                (format!("`{key}` begins with an empty word"), first.at)
            }
            Some(_) | None => return,
        };
        let label = self.label(at, "the name of a program is missing");
        let problem = Problem::error(code::BAD_VALUE, said, label);
        self.tell(problem.help(format!("write {key} = [\"program\", \"argument\"]")));
    }

    /// Reads `stdin`.
    pub(super) fn stdin(
        &mut self,
        key: &Key<Either<String, StdinFrom>>,
        uses: &mut Vec<Use>,
    ) -> Stdin {
        let Some(At { value, at }) = key.get() else { return Stdin::Closed };
        match value {
            // Without `interactive` it is refused.
            Either::A(text) if text == "inherit" => Stdin::Inherit,
            Either::A(text) => {
                Stdin::Text(self.payload(&At { value: text.clone(), at: *at }, uses))
            }
            Either::B(from) => self.stdin_from(from, *at, uses),
        }
    }

    fn stdin_from(&mut self, from: &StdinFrom, at: Span, uses: &mut Vec<Use>) -> Stdin {
        let sources = [
            ("text", &from.text),
            ("file", &from.file),
            ("process", &from.process),
            ("pipe", &from.pipe),
        ];
        let given: Vec<_> = sources.iter().filter(|(_, key)| !key.is_absent()).collect();
        match given.as_slice() {
            [] if self.slipped(&["stdin"]) => {}
            [] => {
                let label = self.label(at, "no source");
                let problem = Problem::error(code::MISSING, "`stdin` names no source", label);
                self.tell(problem.help("give one of `text`, `file`, `process`, `pipe`"));
            }
            [(first, a), (second, b), ..] => {
                let said = format!("`stdin.{first}` and `stdin.{second}` cannot both be given");
                let spans = (a.at().unwrap_or(at), b.at().unwrap_or(at));
                let problem = Problem::error(
                    code::CONFLICT,
                    said,
                    self.label(spans.0, "first source of stdin"),
                )
                .also(self.label(spans.1, "second source of stdin"));
                self.tell(problem.help("keep one of them"));
            }
            [_] => {}
        }
        if let Some(text) = from.text.get() {
            Stdin::Text(self.payload(text, uses))
        } else if let Some(path) = from.file.get() {
            Stdin::File(self.template(path, uses))
        } else if let Some(process) = from.process.get() {
            Stdin::Process(process.value.clone())
        } else if let Some(process) = from.pipe.get() {
            Stdin::Pipe(process.value.clone())
        } else {
            Stdin::Closed
        }
    }

    /// Reads `stdout` or `stderr`.
    pub(super) fn output<W: Copy + Into<Output>>(
        &mut self,
        key: &Key<Either<W, OutputFile>>,
        name: &str,
        uses: &mut Vec<Use>,
    ) -> Output {
        match key.get() {
            None => Output::Log,
            Some(At { value: Either::A(word), .. }) => (*word).into(),
            Some(At { value: Either::B(to), at }) => {
                let path = match self.required(&to.file, (name, "file"), *at) {
                    Some(path) => self.template(path, uses),
                    None => Template::default(),
                };
                let append = to.append.get().is_some_and(|append| append.value);
                Output::File { path, append }
            }
        }
    }
}

impl From<StdoutWord> for Output {
    fn from(word: StdoutWord) -> Self {
        match word {
            StdoutWord::Log => Self::Log,
            StdoutWord::Inherit => Self::Inherit,
            StdoutWord::Null => Self::Null,
        }
    }
}

impl From<StderrWord> for Output {
    fn from(word: StderrWord) -> Self {
        match word {
            StderrWord::Log => Self::Log,
            StderrWord::Null => Self::Null,
        }
    }
}

/// Returns whether two places stand in one table: no header between them.
fn nearby(text: &str, a: Span, b: Span) -> bool {
    let (first, last) = if a < b { (a, b) } else { (b, a) };
    let between = text.get(first.range().end..last.range().start).unwrap_or_default();
    !between.lines().any(|line| line.starts_with('['))
}

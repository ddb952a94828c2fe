//! Finally: what runs after a process: a script, the words of one command, or several of those.
//!
//! Unaware of how the process can end.

use super::Reader;
use super::placeholder::Use;
use crate::config::forms::{At, Either, List};
use crate::config::raw::Process as Raw;
use crate::model::{Action, Problem, code};

impl Reader<'_, '_, '_> {
    /// Reads `finally`.
    pub(super) fn finally(&mut self, raw: &Raw, uses: &mut Vec<Use>) -> Vec<Action> {
        let list = match raw.finally.get() {
            None => return Vec::new(),
            Some(At { value: Either::A(script), at }) => {
                let script = At { value: script.clone(), at: *at };
                return vec![self.script(("finally", &script), &raw.shell, uses)];
            }
            Some(At { value: Either::B(list), at }) => At { value: list, at: *at },
        };
        let (mut words, mut commands) = (Vec::new(), Vec::new());
        for At { value, at } in &list.value.entries {
            match value {
                Either::A(word) => words.push(At { value: word.clone(), at: *at }),
                Either::B(command) => commands.push(At { value: command.clone(), at: *at }),
            }
        }
        if let (Some(word), Some(command)) = (words.first(), commands.first()) {
            let said = "`finally` is a list of words and of commands";
            let problem = Problem::error(code::CONFLICT, said, self.label(word.at, "a word"));
            let problem = problem.also(self.label(command.at, "a command"));
            self.tell(problem.help("write one list of words, or a list of such lists"));
            return Vec::new();
        }
        if commands.is_empty() {
            let words = List { entries: words, whole: list.value.whole };
            commands.push(At { value: words, at: list.at });
        }
        let mut words = |command: &At<List<String>>| self.words("finally", command, uses);
        commands.iter().map(|command| Action::Command(words(command))).collect()
    }
}

//! Condition: the entries of `if`, each with one question.
//!
//! Says also what can be known of the answers without asking: those that are always the same, and
//! those that never hold together. Unaware of the system that is asked.

use super::Reader;
use super::placeholder::Use;
use crate::config::forms::{At, Either, List, Span};
use crate::config::raw::{self, Process as Raw};
use crate::model::{Condition, Os, Problem, Question, code};

/// The ways to ask, for a cure.
const WAYS: &str = "give one of `env`, `value`, `os`, `exists`, `command`, `changed`";

impl Reader<'_, '_, '_> {
    /// Reads `if`.
    pub(super) fn conditions(&mut self, raw: &Raw, uses: &mut Vec<Use>) -> Vec<Condition> {
        let entries = match raw.condition.get() {
            None => return Vec::new(),
            Some(At { value: Either::A(one), at }) => vec![At { value: one.clone(), at: *at }],
            Some(At { value: Either::B(List { entries, whole }), at }) => {
                if entries.is_empty() && *whole {
                    let label = ("nothing is asked", "leave the key out");
                    self.error(code::BAD_VALUE, "`if` is an empty list", *at, label);
                }
                entries.clone()
            }
        };
        let mut conditions: Vec<(Condition, Span)> = Vec::with_capacity(entries.len());
        for At { value: entry, at } in &entries {
            self.in_vain(entry);
            let Some(question) = self.question(entry, *at, uses) else { continue };
            let not = entry.not.get().is_some_and(|not| not.value);
            let condition = Condition { question, not };
            let clash = conditions.iter().find(|(other, _)| clash(other, &condition));
            if let Some((_, first)) = clash {
                self.never(*first, *at);
            }
            conditions.push((condition, *at));
        }
        conditions.into_iter().map(|(condition, _)| condition).collect()
    }

    /// Reads the one question of a condition.
    fn question(
        &mut self,
        raw: &raw::Condition,
        at: Span,
        uses: &mut Vec<Use>,
    ) -> Option<Question> {
        let ways = [
            ("env", raw.env.at()),
            ("value", raw.value.at()),
            ("os", raw.os.at()),
            ("exists", raw.exists.at()),
            ("command", raw.command.at()),
            ("changed", raw.changed.at()),
        ];
        let given: Vec<_> = ways.iter().filter_map(|(key, at)| Some((*key, (*at)?))).collect();
        match given.as_slice() {
            [] if self.slipped(&["if"]) => {}
            [] => {
                let label = self.label(at, "what must hold?");
                let problem = Problem::error(code::MISSING, "this condition asks nothing", label);
                self.tell(problem.help(WAYS));
            }
            [_] => {}
            [(first, one), (second, other), ..] => {
                let said = format!("`{first}` and `{second}` are two conditions");
                let help = "write a list: if = [{ … }, { … }]; all of it must hold";
                self.conflict(said, (*one, "one"), (*other, "another"), help);
            }
        }
        let mut is = |reader: &mut Self| raw.is.get().map(|is| reader.template(is, uses));
        if let Some(name) = raw.env.get() {
            self.variable(name);
            Some(Question::Env { name: name.value.clone(), is: is(self) })
        } else if let Some(value) = raw.value.get() {
            let is = is(self);
            let value = self.value(value, uses);
            Some(Question::Value { value, is })
        } else if let Some(os) = raw.os.get() {
            Some(Question::Os(system(os.value)))
        } else if let Some(path) = raw.exists.get() {
            self.filled("exists", path);
            Some(Question::Exists(self.template(path, uses)))
        } else if let Some(command) = raw.command.get() {
            Some(Question::Command(self.words("command", command, uses)))
        } else {
            self.changed(raw, uses)
        }
    }

    fn changed(&mut self, raw: &raw::Condition, uses: &mut Vec<Use>) -> Option<Question> {
        let At { value: list, at } = raw.changed.get()?;
        if list.entries.is_empty() && list.whole {
            let label = ("no file", "write changed = [\"src/**\"]");
            self.error(code::BAD_VALUE, "`changed` is an empty list", *at, label);
        }
        let globs = list.entries.iter().map(|glob| {
            self.filled("changed", glob);
            self.glob(glob);
            self.template(glob, uses)
        });
        let globs = globs.collect();
        let since = raw.since.get().map(|since| {
            self.filled("since", since);
            self.template(since, uses)
        });
        Some(Question::Changed { globs, since })
    }

    /// Reads a text whose value is asked; without a placeholder it would always be the same.
    fn value(&mut self, text: &At<String>, uses: &mut Vec<Use>) -> crate::model::Template {
        let template = self.template(text, uses);
        if template.placeholders().next().is_none() && !text.value.contains('{') {
            let said = "this condition is always the same";
            let help = "write a placeholder: value = \"{vars.NAME}\"; a variable of the \
                        environment is env = \"NAME\"";
            self.error(code::BAD_VALUE, said, text.at, ("no placeholder", help));
        }
        template
    }

    /// Says where a name can't be that of a variable.
    fn variable(&mut self, name: &At<String>) {
        self.no_nul(name);
        let bare = name.value.trim_start_matches(['$', '{']).trim_end_matches('}');
        let is_name = !name.value.is_empty() && !name.value.contains('=');
        if is_name && bare == name.value {
            return;
        }
        let said = format!("no variable of the environment is called {:?}", name.value);
        let help = match bare.split_once('=') {
            Some((name, value)) => format!("write env = {name:?}, is = {value:?}"),
            None if bare.is_empty() => "write env = \"NAME\"".to_owned(),
            None => format!("write env = {:?}", bare.trim_start_matches("env.")),
        };
        self.error(code::BAD_VALUE, said, name.at, ("not a name", &help));
    }

    /// Says where a text is empty.
    fn filled(&mut self, key: &str, text: &At<String>) {
        if text.value.is_empty() {
            let said = format!("`{key}` is empty");
            self.error(code::BAD_VALUE, said, text.at, ("nothing to ask for", "write a text"));
        }
    }

    /// Says which keys stand beside a question that has no use for them.
    fn in_vain(&mut self, raw: &raw::Condition) {
        let has_text = !raw.env.is_absent() || !raw.value.is_absent();
        let asks = has_text
            || !raw.os.is_absent()
            || !raw.exists.is_absent()
            || !raw.command.is_absent()
            || !raw.changed.is_absent();
        let is = raw.is.at().filter(|_| !has_text);
        let since = raw.since.at().filter(|_| raw.changed.is_absent());
        for (key, at, with) in [("is", is, "env"), ("since", since, "changed")] {
            let Some(at) = at.filter(|_| asks) else { continue };
            let said = format!("`{key}` belongs beside `{with}`, which is missing");
            let problem = Problem::error(code::CONFLICT, said, self.label(at, "never used"));
            self.tell(problem.help(format!("add `{with}`, or remove `{key}`")));
        }
    }

    /// Says that two conditions never hold together.
    fn never(&mut self, first: Span, second: Span) {
        let said = "this process can never run: two of its conditions never hold together";
        let problem = Problem::error(code::UNREACHABLE, said, self.label(second, "or this"))
            .also(self.label(first, "either this holds"));
        self.tell(problem.help("remove one of them, or declare a process for each"));
    }
}

/// Returns whether two conditions never hold together.
fn clash(one: &Condition, other: &Condition) -> bool {
    if one.question == other.question {
        return one.not != other.not;
    }
    match (&one.question, &other.question) {
        (Question::Os(_), Question::Os(_)) => !one.not && !other.not,
        (
            Question::Env { name, is: Some(is) },
            Question::Env { name: other_name, is: Some(other_is) },
        ) => {
            let are_fixed = [is, other_is].iter().all(|is| is.placeholders().next().is_none());
            name == other_name && are_fixed && !one.not && !other.not
        }
        _ => false,
    }
}

fn system(os: raw::Os) -> Os {
    match os {
        raw::Os::Linux => Os::Linux,
        raw::Os::Macos => Os::Macos,
        raw::Os::Windows => Os::Windows,
        raw::Os::Freebsd => Os::Freebsd,
    }
}

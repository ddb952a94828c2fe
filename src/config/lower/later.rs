//! Later: what is declared for a version to come, as far as it can be wrong by itself: what a
//! process writes, what runs after it, and the conditions of its start.
//!
//! Nothing of the model holds these yet. Unaware of when they would matter.

use super::Reader;
use crate::config::forms::{At, Either, List};
use crate::config::raw::{self, Process as Raw};
use crate::model::{Problem, code};

impl Reader<'_, '_, '_> {
    /// Reads everything of a process that is declared for later.
    pub(super) fn declared(&mut self, raw: &Raw) {
        raw.outputs.get().into_iter().flat_map(|list| &list.value.entries).for_each(|glob| {
            self.glob(glob);
        });
        match raw.finally.get() {
            Some(At { value: Either::B(list), at }) => {
                self.program("finally", &At { value: list.clone(), at: *at });
            }
            Some(At { value: Either::A(_), .. }) | None => {}
        }
        self.conditions(raw);
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
}

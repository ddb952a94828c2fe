//! Mark: a text made of an item that tells it from others: `key`, `priority`, `shard`.
//!
//! It is filled in where an item is put into a queue, and no attempt, slot or cell is known there.
//! Unaware of what is done with it.

use super::Reader;
use super::placeholder::Use;
use crate::config::forms::{At, Key};
use crate::model::{Place, Placeholder, Problem, Template, code};

impl Reader<'_, '_, '_> {
    /// Reads a text that every item fills in by itself.
    pub(super) fn mark(&mut self, name: &str, key: &Key<String>) -> Option<Template> {
        let text = key.get()?;
        let before = self.all.problems.len();
        let mut uses = Vec::new();
        let template = self.payload(text, &mut uses);
        let item =
            |used: &Use| matches!(used.placeholder, Placeholder::Item | Placeholder::ItemField(_));
        let marks = uses.iter().any(item);
        for used in uses {
            self.marked(name, used);
        }
        if !marks && self.all.problems.len() == before {
            self.unmarked(name, text);
        }
        Some(template)
    }

    /// Checks one placeholder.
    fn marked(&mut self, name: &str, Use { placeholder, at }: Use) {
        let place = Place::span(self.file.id, at);
        let written = placeholder.name();
        let label = match placeholder {
            Placeholder::Item | Placeholder::ItemField(_) => return,
            Placeholder::Var(var) => return self.var(var, place),
            Placeholder::Env(var) => return self.env(var, place, Vec::new()),
            Placeholder::ItemIndex => "an item gets its index only when it is taken in",
            Placeholder::Matrix(_)
            | Placeholder::Stdout(_)
            | Placeholder::Result(..)
            | Placeholder::RunId
            | Placeholder::Slot => "no process runs where an item is put into a queue",
        };
        let said = format!("`{{{written}}}` does not name anything in `{name}`");
        let problem = Problem::error(code::PLACEHOLDER, said, place.label(label));
        self.tell(problem.help("write `{item}`, or `{item.FIELD}` for a field of a JSON item"));
    }

    /// Says that a text is the same for all items.
    fn unmarked(&mut self, name: &str, text: &At<String>) {
        let said = format!("`{name}` names no part of an item");
        let problem =
            Problem::error(code::BAD_VALUE, said, self.label(text.at, "the same for every item"));
        let is_field = |text: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain)
        };
        let meant = match text.value.as_str() {
            "item" => "{item}".to_owned(),
            field if is_field(field) => format!("{{item.{field}}}"),
            _ => "{item}".to_owned(),
        };
        let written = format!("\"{meant}\"");
        let help = format!("write {name} = {written}");
        self.tell(problem.help(help).fix(self.place(text.at), written));
    }
}

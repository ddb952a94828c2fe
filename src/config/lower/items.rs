//! Items: what a queue holds from the start: a list, or where its items come from.
//!
//! Unaware of who reads them.

use super::Reader;
use crate::config::forms::{At, Either, Item, Key, List, Span};
use crate::config::raw;
use crate::model::{Framing, Items, Problem, code};

/// The most numbers of a range: more than a run can work off.
const LONGEST_RANGE: i64 = 1_000_000_000;

impl Reader<'_, '_, '_> {
    /// Reads `items`.
    pub(super) fn items(
        &mut self,
        key: &Key<Either<List<Item>, raw::ItemsFrom>>,
        framing: Framing,
        max_item: u64,
    ) -> Option<Items> {
        match key.get()? {
            At { value: Either::A(list), .. } => {
                let items = list.entries.iter().map(|item| {
                    self.fits(item, framing, max_item);
                    item.value.framed(framing)
                });
                Some(Items::List(items.collect()))
            }
            At { value: Either::B(from), at } => self.items_from(from, *at),
        }
    }

    /// Says where an item of a list could not be told from its neighbours, or is too long.
    fn fits(&mut self, item: &At<Item>, framing: Framing, max_item: u64) {
        let text = item.value.framed(framing);
        let ends = match framing {
            Framing::Lines if text.contains('\n') => "a line feed, which ends an item of `lines`",
            Framing::Nul if text.contains('\0') => "a zero byte, which ends an item of `nul`",
            Framing::Lines | Framing::Nul | Framing::Json | Framing::Netstring | Framing::U32be => {
                ""
            }
        };
        if !ends.is_empty() {
            let said = format!("this item holds {ends}");
            let problem = Problem::error(code::BAD_VALUE, said, self.label(item.at, "this item"));
            self.tell(
                problem.help("set framing = \"netstring\", in which an item may hold any byte"),
            );
        }
        if text.len() as u64 > max_item {
            let said = format!("this item has {} bytes, and `max-item` is {max_item}", text.len());
            let problem = Problem::error(code::BAD_VALUE, said, self.label(item.at, "this item"));
            self.tell(problem.help("raise `max-item`"));
        }
    }

    fn items_from(&mut self, from: &raw::ItemsFrom, at: Span) -> Option<Items> {
        let sources = [
            ("file", from.file.at()),
            ("glob", from.glob.at()),
            ("range", from.range.at()),
            ("command", from.command.at()),
        ];
        let given: Vec<_> =
            sources.iter().filter_map(|(name, at)| at.map(|at| (*name, at))).collect();
        match given.as_slice() {
            [] if self.slipped(&["items"]) => {}
            [] => {
                let label = self.label(at, "no source");
                let problem = Problem::error(code::MISSING, "`items` names no source", label);
                self.tell(
                    problem.help("give one of `file`, `glob`, `range`, `command`, or a list"),
                );
            }
            [(first, a), (second, b), ..] => {
                let said = format!("`items.{first}` and `items.{second}` cannot both be given");
                let problem = Problem::error(code::CONFLICT, said, self.label(*a, "first source"))
                    .also(self.label(*b, "second source"));
                self.tell(problem.help("keep one of them"));
            }
            [_] => {}
        }
        let mut uses = Vec::new();
        let items = if let Some(path) = from.file.get() {
            Some(Items::File(self.template(path, &mut uses)))
        } else if let Some(glob) = from.glob.get() {
            self.glob(glob);
            Some(Items::Glob(self.template(glob, &mut uses)))
        } else if let Some(command) = from.command.get() {
            self.program("command", command);
            let words = &command.value.entries;
            let words = words.iter().map(|word| self.template(word, &mut uses)).collect();
            Some(Items::Command(words))
        } else {
            self.range(from)
        };
        self.uses_outside(uses, "a queue");
        items
    }

    /// Says where a text is no glob.
    pub(super) fn glob(&mut self, glob: &At<String>) {
        if ["{vars.", "{env.", "{matrix."].iter().any(|head| glob.value.contains(head)) {
            return;
        }
        if let Err(error) = globset::Glob::new(&glob.value) {
            let said = format!("this is not a glob: {}", error.kind());
            let problem = Problem::error(code::BAD_VALUE, said, self.label(glob.at, "here"));
            self.tell(problem.help("write it as `src/**/*.rs`"));
        }
    }

    fn range(&mut self, from: &raw::ItemsFrom) -> Option<Items> {
        let list = from.range.get()?;
        let said = match list.value.entries.as_slice() {
            _ if !list.value.whole => return None,
            [first, end] => {
                let (first, end) = (first.value.0, end.value.0);
                match end.checked_sub(first) {
                    Some(0..=LONGEST_RANGE) => return Some(Items::Range(first, end)),
                    Some(negative) if negative < 0 => "`range` ends before it begins".to_owned(),
                    Some(_) | None => format!("`range` has more than {LONGEST_RANGE} numbers"),
                }
            }
            entries => format!("`range` has 2 whole numbers, and here are {}", entries.len()),
        };
        let label = self.label(list.at, "this range");
        let problem = Problem::error(code::BAD_VALUE, said, label);
        self.tell(problem.help("write `range = [0, 5]` for 0, 1, 2, 3, 4"));
        None
    }
}

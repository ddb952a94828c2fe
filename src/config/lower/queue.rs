//! Queue: a table of a queue, made into a queue.
//!
//! Unaware of who feeds it and who reads it.

use toml::Spanned;
use toml::de::DeValue;

use super::Reader;
use crate::config::forms::{At, Either, Item, Key, List, Size, Span};
use crate::config::{measures, raw};
use crate::model::{Framing, Items, OnFull, Problem, Queue, code};

/// The most numbers of a range: more than a run can work off.
const LONGEST_RANGE: i64 = 1_000_000_000;

impl Reader<'_, '_, '_> {
    /// Adds one queue to the job.
    pub(super) fn queue(&mut self, name: &str, at: Span, value: &Spanned<DeValue<'_>>) {
        self.title = format!("[queue.{name}]");
        self.name("queue", name, at);
        let raw = self.table::<raw::Queue>(value).unwrap_or_default();
        let capacity = raw.capacity.get().and_then(|number| u64::try_from(number.value.0).ok());
        let bytes = self.bytes(&raw.capacity_bytes);
        let capacity_bytes = bytes.unwrap_or(Queue::CAPACITY_BYTES);
        let longest = self.bytes(&raw.max_item);
        if let (Some(at), Some(longest)) = (raw.max_item.at(), longest)
            && longest > capacity_bytes
        {
            let said = "`max-item` is larger than the whole queue";
            let label = self.label(at, "such an item would never fit");
            let problem = Problem::error(code::BAD_VALUE, said, label);
            self.tell(problem.help("raise `capacity-bytes`, which is 64MiB where it is not given"));
        }
        let framing = match raw.framing.get().map(|framing| framing.value) {
            Some(raw::Framing::Nul) => Framing::Nul,
            Some(raw::Framing::Json) => Framing::Json,
            Some(raw::Framing::Netstring) => Framing::Netstring,
            Some(raw::Framing::U32be) => Framing::U32be,
            None | Some(raw::Framing::Lines) => Framing::Lines,
        };
        let max_item = longest.unwrap_or(Queue::MAX_ITEM.min(capacity_bytes));
        let items = self.items(&raw.items, framing, max_item);
        // What cannot be read feeds the queue all the same.
        let items = items.or_else(|| (!raw.items.is_absent()).then(|| Items::List(Vec::new())));
        self.beside(&raw);
        self.note_groups(name, &raw);
        let plain = Queue::new(name, self.file.id, self.file.base.to_path_buf());
        self.all.job.queues.push(Queue {
            description: raw.description.get().map(|text| text.value.clone()),
            capacity: capacity.unwrap_or(plain.capacity),
            capacity_bytes,
            max_item,
            framing,
            items,
            on_full: match raw.on_full.get().map(|on_full| on_full.value) {
                Some(raw::OnFull::Block) | None => OnFull::Block,
                Some(raw::OnFull::Spill) => OnFull::Spill,
            },
            unique: raw.unique.get().is_some_and(|unique| unique.value),
            ..plain
        });
    }

    /// Adds a queue of which only the name is known.
    pub(super) fn lost_queue(&mut self, name: &str) {
        let queue = Queue::new(name, self.file.id, self.file.base.to_path_buf());
        self.all.job.queues.push(queue);
    }

    /// Says where a key of a queue is of no use without another.
    fn beside(&mut self, raw: &raw::Queue) {
        if let Some(At { value: Either::B(part), at }) = raw.tolerate.get()
            && let Err(wrong) = measures::part(&part.0)
        {
            self.wrong("a part of all items", &At { value: part, at: *at }, wrong);
        }
        let order = raw.order.get().map(|order| order.value);
        if let (Some(at), true) = (raw.priority.at(), order != Some(raw::Order::Priority)) {
            let said = "`priority` is for order = \"priority\"";
            let problem = Problem::error(code::CONFLICT, said, self.label(at, "never used"));
            self.tell(problem.help("add order = \"priority\", or remove the key"));
        }
        if let (Some(at), true, true) =
            (raw.order.at(), order == Some(raw::Order::Priority), raw.priority.is_absent())
        {
            let said = "order = \"priority\" needs `priority`, which says what goes first";
            let problem = Problem::error(code::MISSING, said, self.label(at, "by which number?"));
            self.tell(problem.help("add priority = \"{item.FIELD}\""));
        }
        let framed = raw.framing.get().filter(|framing| framing.value != raw::Framing::Lines);
        if let (Some(crlf), Some(framing)) = (raw.crlf.get().filter(|crlf| crlf.value), framed) {
            let said = "`crlf` is for framing = \"lines\"";
            let problem = Problem::error(code::CONFLICT, said, self.label(crlf.at, "never used"))
                .also(self.label(framing.at, "items end otherwise"));
            self.tell(problem.help("remove one of the two"));
        }
    }

    /// Reads a size.
    pub(super) fn bytes(&mut self, key: &Key<Size>) -> Option<u64> {
        let text = key.get()?;
        match measures::size(&text.value.0) {
            Ok(read) => Some(read),
            Err(wrong) => {
                self.wrong("a size", text, wrong);
                None
            }
        }
    }

    fn items(
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
            self.tell(problem.help("set framing = \"nul\" or \"json\""));
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
        if glob.value.contains("{vars.") || glob.value.contains("{env.") {
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

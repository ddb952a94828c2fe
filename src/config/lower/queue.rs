//! Queue: a table of a queue, made into a queue.
//!
//! Unaware of who feeds it and who reads it.

use toml::Spanned;
use toml::de::DeValue;

use super::Reader;
use crate::config::forms::{At, Either, Key, List, Size, Span};
use crate::config::{measures, raw};
use crate::model::{
    Framing, Items, OnFull, OnProducerFailure, Order, Problem, Queue, Tolerate, code, unusable,
};

/// The most groups of a queue: each is drawn and counted by itself, and a producer feeds them all.
const MOST_GROUPS: usize = 256;

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
        let framing = framing(&raw.framing);
        let max_item = longest.unwrap_or(Queue::MAX_ITEM.min(capacity_bytes));
        let items = self.items(&raw.items, framing, max_item);
        // What cannot be read feeds the queue all the same.
        let items = items.or_else(|| (!raw.items.is_absent()).then(|| Items::List(Vec::new())));
        self.beside(&raw);
        let plain = Queue::new(name, self.file.id, self.file.base.to_path_buf());
        let queue = Queue {
            description: raw.description.get().map(|text| text.value.clone()),
            capacity: capacity.unwrap_or(plain.capacity),
            capacity_bytes,
            max_item,
            framing,
            items,
            on_full: on_full(&raw.on_full),
            unique: raw.unique.get().is_some_and(|unique| unique.value),
            key: self.mark("key", &raw.key),
            order: self.order(&raw),
            groups: self.groups(&raw.groups),
            crlf: raw.crlf.get().is_some_and(|crlf| crlf.value),
            on_producer_failure: on_producer_failure(&raw.on_producer_failure),
            dead: raw.dead.get().map(|dead| dead.value.clone()),
            tolerate: self.tolerate(&raw),
            ..plain
        };
        self.all.job.queues.push(queue);
    }

    /// Adds a queue of which only the name is known.
    pub(super) fn lost_queue(&mut self, name: &str) {
        let queue = Queue::new(name, self.file.id, self.file.base.to_path_buf());
        self.all.job.queues.push(queue);
    }

    fn order(&mut self, raw: &raw::Queue) -> Order {
        let priority = self.mark("priority", &raw.priority);
        let order = raw.order.get().map(|order| order.value);
        if let (Some(at), Some(raw::Order::Priority), true) =
            (raw.order.at(), order, raw.priority.is_absent())
        {
            let said = "order = \"priority\" needs `priority`, which says what goes first";
            let problem = Problem::error(code::MISSING, said, self.label(at, "by which number?"));
            self.tell(problem.help("add priority = \"{item.FIELD}\""));
        }
        match (order, priority) {
            (Some(raw::Order::Priority), Some(priority)) => Order::Priority(priority),
            (Some(raw::Order::Priority | raw::Order::Fifo) | None, _) => Order::Fifo,
        }
    }

    fn tolerate(&mut self, raw: &raw::Queue) -> Tolerate {
        match raw.tolerate.get() {
            None => Tolerate::default(),
            Some(At { value: Either::A(items), .. }) => {
                Tolerate::Items(u64::try_from(items.0).unwrap_or_default())
            }
            Some(At { value: Either::B(part), at }) => match measures::part(&part.0) {
                Ok(read) => Tolerate::Part(read),
                Err(wrong) => {
                    self.wrong("a part of all items", &At { value: part, at: *at }, wrong);
                    Tolerate::default()
                }
            },
        }
    }

    /// Reads `groups`: names that can be used, once each.
    fn groups(&mut self, key: &Key<List<String>>) -> Vec<String> {
        let Some(list) = key.get() else { return Vec::new() };
        let count = list.value.entries.len();
        if count == 0 && list.value.whole {
            let label = self.label(list.at, "an empty list");
            let problem = Problem::error(code::BAD_VALUE, "`groups` names no group", label);
            self.tell(problem.help("leave the key out: then consumers compete for items"));
        } else if count > MOST_GROUPS {
            let said = format!("`groups` has more than {MOST_GROUPS} entries");
            let help = "let one reader pass items on to others";
            self.error(code::BAD_VALUE, said, list.at, (&format!("these are {count}"), help));
        }
        let mut groups: Vec<String> = Vec::with_capacity(count.min(MOST_GROUPS));
        for group in list.value.entries.iter().take(MOST_GROUPS) {
            if let Some(why) = unusable(&group.value) {
                let said = format!("no group can be {:?}: {why}", group.value);
                let help = "use letters, digits, `.`, `_` and `-`";
                self.error(code::BAD_NAME, said, group.at, ("this name", help));
            } else if groups.contains(&group.value) {
                let said = format!("group `{}` is named twice", group.value);
                self.error(code::DUPLICATE, said, group.at, ("named again", "remove this entry"));
            } else {
                groups.push(group.value.clone());
            }
        }
        groups
    }

    /// Says where a key of a queue is of no use without another, or contradicts it.
    fn beside(&mut self, raw: &raw::Queue) {
        let order = raw.order.get().filter(|order| order.value == raw::Order::Priority);
        if let (Some(at), None, false) = (raw.priority.at(), order, raw.order.is_broken()) {
            let help = "add order = \"priority\", or remove the key";
            self.unused("`priority` is for order = \"priority\"", at, help);
        }
        let unique = raw.unique.get().is_some_and(|unique| unique.value);
        if let (Some(at), false, false) = (raw.key.at(), unique, raw.unique.is_broken()) {
            let said = "`key` is for unique = true, which accepts each key once";
            self.unused(said, at, "add unique = true, or remove the key");
        }
        let spill = raw.on_full.get().filter(|on_full| on_full.value == raw::OnFull::Spill);
        if let (Some(order), Some(spill)) = (order, spill) {
            self.conflict(
                "a queue cannot both spill and have order = \"priority\"",
                (order.at, "all items must be in memory, so that the first of them is known"),
                (spill.at, "some would be on disk"),
                "remove `on-full`, and raise `capacity` and `capacity-bytes` if need be",
            );
        }
        let framed = raw.framing.get().filter(|framing| framing.value != raw::Framing::Lines);
        if let (Some(crlf), Some(framing)) = (raw.crlf.get().filter(|crlf| crlf.value), framed) {
            self.conflict(
                "`crlf` is for framing = \"lines\"",
                (crlf.at, "never used"),
                (framing.at, "items end otherwise"),
                "remove one of the two",
            );
        }
    }

    fn unused(&mut self, said: &str, at: Span, help: &str) {
        self.error(code::CONFLICT, said, at, ("never used", help));
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
}

fn framing(key: &Key<raw::Framing>) -> Framing {
    match key.get().map(|framing| framing.value) {
        None | Some(raw::Framing::Lines) => Framing::Lines,
        Some(raw::Framing::Nul) => Framing::Nul,
        Some(raw::Framing::Json) => Framing::Json,
        Some(raw::Framing::Netstring) => Framing::Netstring,
        Some(raw::Framing::U32be) => Framing::U32be,
    }
}

fn on_full(key: &Key<raw::OnFull>) -> OnFull {
    match key.get().map(|on_full| on_full.value) {
        None | Some(raw::OnFull::Block) => OnFull::Block,
        Some(raw::OnFull::Spill) => OnFull::Spill,
    }
}

fn on_producer_failure(key: &Key<raw::OnProducerFailure>) -> OnProducerFailure {
    match key.get().map(|what| what.value) {
        None | Some(raw::OnProducerFailure::Drain) => OnProducerFailure::Drain,
        Some(raw::OnProducerFailure::Discard) => OnProducerFailure::Discard,
    }
}

//! Pool: a table of a pool, made into a pool.
//!
//! Unaware of who runs in it.

use toml::Spanned;
use toml::de::DeValue;

use super::Reader;
use crate::config::forms::{At, Either, Fold, Form, Key, List, Map, Span, Whole};
use crate::config::{measures, raw};
use crate::model::{Pool, Problem, Size, code, unusable};

/// The most slots that may be listed: as many as `size` may say.
const MOST_SLOTS: usize = 65_536;

impl Reader<'_, '_, '_> {
    /// Adds one pool to the job.
    pub(super) fn pool(&mut self, name: &str, at: Span, value: &Spanned<DeValue<'_>>) {
        self.title = format!("[pool.{name}]");
        self.name("pool", name, at);
        let raw = self.table::<raw::Pool>(value).unwrap_or_default();
        if let (Some(size), Some(slots)) = (raw.size.at(), raw.slots.at()) {
            let said = "`size` and `slots` cannot both be given";
            let label = self.label(size, "so many slots");
            let problem = Problem::error(code::CONFLICT, said, label)
                .also(self.label(slots, "and as many as are listed"));
            self.tell(problem.help("remove `size`: there are as many slots as are listed"));
        }
        let slots = self.slots(&raw.slots);
        let size = if slots.is_empty() { self.size(&raw) } else { Size::Count(count(slots.len())) };
        let mut rate = None;
        if let Some(text) = raw.rate.get() {
            match measures::rate(&text.value.0) {
                Ok(read) => rate = Some(read),
                Err(wrong) => self.wrong("a rate", text, wrong),
            }
        }
        let memory = self.bytes(&raw.memory);
        self.all.job.pools.push(Pool {
            name: name.to_owned(),
            file: self.file.id,
            description: raw.description.get().map(|text| text.value.clone()),
            size,
            slots,
            rate,
            memory,
        });
    }

    fn size(&mut self, raw: &raw::Pool) -> Size {
        match raw.size.get() {
            None => Size::Cpus(1.0),
            Some(At { value: Either::A(number), .. }) => {
                Size::Count(u32::try_from(number.0).unwrap_or(1))
            }
            Some(At { value: Either::B(fold), at }) => match measures::slots(&fold.0) {
                Ok(size) => size,
                Err(wrong) => {
                    let value = At { value: &fold.0, at: *at };
                    if fold.0.parse::<i64>().is_ok() {
                        let words = <Either<Whole<1, 65_536>, Fold> as Form>::words();
                        let said = format!("`size` must be {words}");
                        let label = self.label(*at, "this is a string");
                        let problem = Problem::error(code::WRONG_TYPE, said, label);
                        self.tell(problem.help(format!("remove the quotes: `size = {}`", fold.0)));
                    } else {
                        self.wrong("the size of a pool", &value, wrong);
                    }
                    Size::Cpus(1.0)
                }
            },
        }
    }

    fn slots(&mut self, key: &Key<List<Map<String>>>) -> Vec<Vec<(String, String)>> {
        let Some(list) = key.get() else { return Vec::new() };
        let count = list.value.entries.len();
        if count == 0 && list.value.whole || count > MOST_SLOTS {
            let said = format!("`slots` must list from 1 to {MOST_SLOTS} slots");
            let label = format!("these are {count}");
            let help = "list a table for each slot, or give `size` instead";
            self.error(code::BAD_VALUE, said, list.at, (&label, help));
        }
        let mut slots = Vec::new();
        for slot in &list.value.entries {
            let mut lent = Vec::new();
            for (name, value) in &slot.value.0 {
                self.env_name(name);
                self.own_name(name);
                if let Some(value) = value.get() {
                    self.no_nul(value);
                    lent.push((name.value.clone(), value.value.clone()));
                }
            }
            slots.push(lent);
        }
        slots
    }

    /// Declares a name of which no more than that can be read.
    pub(super) fn lost(&mut self, section: &'static str, name: &str, at: Span) {
        if unusable(name).is_some() || self.all.names.has(section, name) {
            return;
        }
        self.all.slots_known &= section != "pool";
        match section {
            "process" => self.stub(name),
            "pool" => self.all.job.pools.push(Pool {
                name: name.to_owned(),
                file: self.file.id,
                description: None,
                size: Size::Cpus(1.0),
                slots: Vec::new(),
                rate: None,
                memory: None,
            }),
            _ => self.lost_queue(name),
        }
        self.name(section, name, at);
    }
}

fn count(slots: usize) -> u32 {
    u32::try_from(slots).unwrap_or(u32::MAX)
}

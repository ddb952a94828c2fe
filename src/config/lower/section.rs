//! Section: the tables of processes, queues and pools, wherever a file keeps them.
//!
//! People from other tools call a section otherwise, give a list of tables, or forget the name.
//! Each of these is told once, and what can be read is read all the same, so that the other
//! mistakes of the file are told too. Unaware of what stands in a table.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Reader;
use crate::config::document::Document;
use crate::config::forms::Span;
use crate::config::{names, raw};
use crate::model::{Problem, code};

/// A kind of table that has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// `process`.
    Process,
    /// `queue`.
    Queue,
    /// `pool`.
    Pool,
}

impl Section {
    fn word(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Queue => "queue",
            Self::Pool => "pool",
        }
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Process => names::keys::<raw::Process>(),
            Self::Queue => names::keys::<raw::Queue>(),
            Self::Pool => names::keys::<raw::Pool>(),
        }
    }
}

/// A table with its name.
pub(super) type Named<'d, 'i> = (&'d str, Span, &'d Spanned<DeValue<'i>>);

impl Reader<'_, '_, '_> {
    /// Returns the tables of a section.
    pub(super) fn section<'d, 'i>(
        &mut self,
        document: &'d Document<'i>,
        section: Section,
    ) -> Vec<Named<'d, 'i>> {
        let word = section.word();
        match document.get(word) {
            Some(value) if value.get_ref().is_array() => self.listed(section, value),
            Some(value) if !value.get_ref().is_table() => {
                let said = format!("`{word}` must be a table of tables");
                let label = self.label(Span::of(value), "this is none");
                let problem = Problem::error(code::WRONG_TYPE, said, label);
                self.tell(problem.help(format!("write [{word}.NAME]")));
            }
            Some(_) | None => {}
        }
        let known = names::keys::<raw::JobFile>();
        let other = |key: &&str| !known.contains(key) && names::section(key) == Some(word);
        let others: Vec<&str> = document.keys().filter(other).collect();
        let mut tables: Vec<Named<'d, 'i>> = document.named(word).collect();
        tables.extend(others.into_iter().flat_map(|other| document.named(other)));
        self.nameless(section, &mut tables);
        tables
    }

    /// Says where a section has the keys of one table, and leaves them out.
    fn nameless(&mut self, section: Section, tables: &mut Vec<Named<'_, '_>>) {
        let keys = section.keys();
        let stray =
            |(key, _, value): &Named<'_, '_>| keys.contains(key) && !value.get_ref().is_table();
        let Some((key, at, _)) = tables.iter().copied().find(|table| stray(table)) else { return };
        let word = section.word();
        let said = format!("`{key}` stands in [{word}] itself, and every {word} has a name");
        let problem = Problem::error(code::UNKNOWN_KEY, said, self.label(at, "whose is it?"));
        self.tell(problem.help(format!("write [{word}.NAME] above it")));
        self.all.edges_known = false;
        self.all.names_known = false;
        tables.retain(|table| !stray(table));
    }

    /// Says where a section is a list of tables; those that tell their name declare it.
    fn listed(&mut self, section: Section, value: &Spanned<DeValue<'_>>) {
        let word = section.word();
        let tables = value.get_ref().as_array().into_iter().flat_map(|list| list.iter());
        let name = |table: &DeTable<'_>| {
            let (key, name) = table.get_key_value("name")?;
            Some((name.get_ref().as_str()?.to_owned(), Span::of(key)))
        };
        let names: Vec<(String, Span)> =
            tables.filter_map(|table| name(table.get_ref().as_table()?)).collect();
        let said = format!("`{word}` is a list of tables, and each {word} stands under its name");
        let label = self.label(Span::of(value), "a list");
        let first = names.first().map_or("NAME", |(name, _)| name);
        let problem = Problem::error(code::WRONG_TYPE, said, label);
        self.tell(problem.help(format!("write [{word}.{first}] instead of [[{word}]]")));
        self.all.edges_known = false;
        self.all.names_known &= !names.is_empty();
        for (name, at) in names {
            self.lost(word, &name, at);
        }
    }
}

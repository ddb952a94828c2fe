//! Names: which keys there are, which are still to come, and which one was meant.
//!
//! The keys come from the structs themselves, so that a suggestion can't name one that does not
//! exist. Unaware of places and problems.

mod synonyms;

use serde::de::value::StringDeserializer;
use serde::{Deserialize, Deserializer, de::Visitor};

use super::decode::Fault;
use super::raw;
use crate::model::{fold, nearest};

/// Keys of the language that this version does not run, by struct. They are read, so that what is
/// wrong with them is told, and then refused.
const RESERVED: [(&str, &[&str]); 4] = [
    ("JobFile", &["place", "broker"]),
    ("Process", &["outputs", "cache", "flaky"]),
    ("Pool", &["place"]),
    ("Queue", &["broker", "durable"]),
];

/// Returns whether a key is part of the language, but not of this version.
pub(super) fn is_reserved(table: &str, key: &str) -> bool {
    RESERVED.iter().any(|(name, keys)| *name == table && keys.contains(&key))
}

/// What was probably meant by a key that a table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// This key of the same table; `stop.signal` is a key of a table in it.
    Key(&'static str),
    /// The same key in another kind of table.
    Home(&'static str),
    /// Nothing that is here; what to do instead.
    Advice(&'static str),
}

impl Meant {
    /// Returns the key of the table itself, if it is one.
    pub(super) fn key(self) -> Option<&'static str> {
        match self {
            Self::Key(key) => Some(key.split('.').next().unwrap_or(key)),
            Self::Home(_) | Self::Advice(_) => None,
        }
    }
}

/// Sections of a job file that hold tables by name.
const NAMED: [&str; 5] = ["process", "queue", "pool", "place", "broker"];

/// Returns what was probably meant by a key that is not among those of its table; `holds_table`
/// says whether a table stands behind it.
pub(super) fn meant(
    name: &str,
    (table, known): (&str, &'static [&'static str]),
    holds_table: bool,
) -> Option<Meant> {
    let folded = fold(name);
    let section = |key: &str| table == "JobFile" && NAMED.contains(&key);
    let has = |key: &&str| {
        let head = key.split('.').next().unwrap_or(key);
        known.contains(&head) && (holds_table || !section(head))
    };
    if let Some(same) = known.iter().find(|known| **known == folded) {
        return Some(Meant::Key(same));
    }
    if let Some(ours) = synonyms::keys(&folded).find(has) {
        return Some(Meant::Key(ours));
    }
    if table == "JobFile" && keys::<raw::Limits>().contains(&folded.as_str()) {
        return Some(Meant::Home("[limits]"));
    }
    if let Some(home) = home(&folded) {
        return Some(Meant::Home(home));
    }
    let near = nearest(name, known.iter().copied().filter(|key| !key.starts_with('$')));
    near.map(Meant::Key).or_else(|| synonyms::advice(&folded).map(Meant::Advice))
}

/// Returns the word that was probably meant, of those that are allowed.
pub(super) fn meant_word(word: &str, allowed: &'static [&'static str]) -> Option<&'static str> {
    let folded = fold(word);
    let same = allowed.iter().copied().find(|allowed| *allowed == folded);
    let ours = same.or_else(|| synonyms::words(&folded).find(|ours| allowed.contains(ours)));
    ours.or_else(|| nearest(word, allowed.iter().copied()))
}

/// Returns the section of a job file that a key of its top level is, or was meant to be.
pub(super) fn section(key: &str) -> Option<&'static str> {
    meant(key, ("JobFile", keys::<raw::JobFile>()), true).and_then(Meant::key)
}

/// Returns the kind of table that has a key which is missing in another one.
fn home(folded: &str) -> Option<&'static str> {
    let tables = [
        ("[process.NAME]", keys::<raw::Process>()),
        ("[queue.NAME]", keys::<raw::Queue>()),
        ("[pool.NAME]", keys::<raw::Pool>()),
        ("[limits]", keys::<raw::Limits>()),
        ("the top of the file", keys::<raw::JobFile>()),
    ];
    tables.into_iter().find(|(_, keys)| keys.contains(&folded)).map(|(table, _)| table)
}

/// Returns the keys of a struct that this version runs, in alphabetical order.
pub(super) fn listed(table: &str, keys: &[&'static str]) -> Vec<&'static str> {
    let runs = |key: &&str| !key.starts_with('$') && !is_reserved(table, key);
    let mut listed: Vec<_> = keys.iter().copied().filter(runs).collect();
    listed.sort_unstable();
    listed
}

/// Returns the keys of a struct.
pub(super) fn keys<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    match T::deserialize(Keys) {
        Err(Fault::Key(_, _, keys)) => keys,
        Err(_) | Ok(_) => &[],
    }
}

/// Answers every struct with its own keys.
struct Keys;

impl<'de> Deserializer<'de> for Keys {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        StringDeserializer::<Fault>::new(String::new()).deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Fault> {
        Err(Fault::Key(String::new(), name, fields))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_synonyms_are_understood() {
        let known = ("Process", keys::<raw::Process>());
        for (written, meant_name) in [
            ("neeeds", "needs"),
            ("comand", "command"),
            ("env_file", "env-file"),
            ("envFile", "env-file"),
            ("Timeout", "timeout"),
            ("timeout_seconds", "timeout"),
            ("depends_on", "needs"),
            ("dependsOn", "needs"),
            ("workdir", "cwd"),
            ("cmd", "command"),
            ("allow_failures", "allow-failure"),
            ("stop_signal", "stop.signal"),
            ("ExecStart", "command"),
        ] {
            assert_eq!(meant(written, known, false), Some(Meant::Key(meant_name)), "{written}");
        }
        assert_eq!(meant("zebra", known, false), None);
        assert_eq!(meant("", known, false), None);
        assert!(matches!(meant("image", known, false), Some(Meant::Advice(_))));
    }

    #[test]
    fn key_of_another_table_is_sent_home() {
        let known = ("Process", keys::<raw::Process>());
        assert_eq!(meant("capacity", known, false), Some(Meant::Home("[queue.NAME]")));
        assert_eq!(meant("on_failure", known, false), Some(Meant::Home("[limits]")));
    }

    #[test]
    fn every_synonym_leads_to_a_key() {
        let tables = [
            keys::<raw::JobFile>(),
            keys::<raw::Process>(),
            keys::<raw::Queue>(),
            keys::<raw::Pool>(),
            keys::<raw::Limits>(),
            keys::<raw::StdinFrom>(),
            keys::<raw::OutputFile>(),
            keys::<raw::Timeout>(),
            keys::<raw::Stop>(),
            keys::<raw::Retry>(),
            keys::<raw::Need>(),
            keys::<raw::Consumes>(),
            keys::<raw::ItemsFrom>(),
            keys::<raw::Ready>(),
            keys::<raw::Condition>(),
            keys::<raw::Batch>(),
            keys::<raw::Produces>(),
        ];
        for (ours, _) in synonyms::KEYS {
            let head = ours.split('.').next().unwrap_or(ours);
            assert!(tables.iter().any(|known| known.contains(&head)), "{ours}");
        }
    }

    #[test]
    fn sections_are_known_by_other_names() {
        for (written, section_name) in
            [("tasks", "process"), ("queues", "queue"), ("variables", "vars"), ("pol", "pool")]
        {
            assert_eq!(section(written), Some(section_name));
        }
        assert_eq!(section("zebra"), None);
    }

    #[test]
    fn every_reserved_key_is_read() {
        for (table, keys) in [
            ("JobFile", keys::<raw::JobFile>()),
            ("Process", keys::<raw::Process>()),
            ("Pool", keys::<raw::Pool>()),
            ("Queue", keys::<raw::Queue>()),
        ] {
            let (_, reserved) = RESERVED.iter().find(|(name, _)| *name == table).unwrap();
            assert!(reserved.iter().all(|key| keys.contains(key)), "{table}");
        }
    }
}

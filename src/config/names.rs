//! Names: which keys there are, which are still to come, and which one was meant.
//!
//! The keys come from the structs themselves, so that a suggestion can't name one that does not
//! exist. Unaware of places and problems.

use serde::de::value::StringDeserializer;
use serde::{Deserialize, Deserializer, de::Visitor};

use super::decode::Fault;
use super::raw;
use crate::model::{fold, nearest};

/// What people from other tools write, and what it is called here.
const SYNONYMS: [(&str, &str); 38] = [
    ("cmd", "command"),
    ("exec", "command"),
    ("argv", "command"),
    ("args", "command"),
    ("run-command", "command"),
    ("sh", "script"),
    ("steps", "script"),
    ("commands", "script"),
    ("deps", "needs"),
    ("dependencies", "needs"),
    ("depends", "needs"),
    ("depends-on", "needs"),
    ("requires", "needs"),
    ("dir", "cwd"),
    ("workdir", "cwd"),
    ("working-dir", "cwd"),
    ("working-directory", "cwd"),
    ("environment", "env"),
    ("envs", "env"),
    ("dotenv", "env-file"),
    ("input", "stdin"),
    ("payload", "stdin"),
    ("output", "stdout"),
    ("timeout-seconds", "timeout"),
    ("timeout-minutes", "timeout"),
    ("retries", "retry"),
    ("attempts", "retry"),
    ("continue-on-error", "allow-failure"),
    ("ignore-errors", "allow-failure"),
    ("parallel", "workers"),
    ("concurrency", "workers"),
    ("reads", "consumes"),
    ("writes", "produces"),
    ("slots-count", "size"),
    ("max", "size"),
    ("jobs", "size"),
    ("buffer", "capacity"),
    ("variables", "vars"),
];

/// Keys of the language that this version does not run, by struct.
const RESERVED: [(&str, &[&str]); 6] = [
    ("JobFile", &["secrets", "place", "broker"]),
    (
        "Process",
        &[
            "finally",
            "if",
            "leaks",
            "interactive",
            "inputs",
            "outputs",
            "cache",
            "service",
            "ready",
            "restart",
            "batch",
            "recycle",
            "emit",
            "shard",
            "fail-streak",
            "wire",
            "keep-bytes",
            "flaky",
        ],
    ),
    ("Pool", &["memory", "place"]),
    (
        "Queue",
        &[
            "on-full",
            "key",
            "unique",
            "order",
            "priority",
            "groups",
            "broker",
            "durable",
            "on-producer-failure",
            "dead",
            "crlf",
            "tolerate",
        ],
    ),
    ("Consumes", &["group"]),
    ("Retry", &["flaky"]),
];

/// Words of the language that this version does not run, each beside one that it does.
const RESERVED_WORDS: [(&str, &str); 5] = [
    ("stream", "batch"),
    ("stream", "worker"),
    ("lines", "netstring"),
    ("lines", "u32be"),
    ("passed", "ready"),
];

/// Returns whether a key is part of the language, but not of this version.
pub(super) fn is_reserved(table: &str, key: &str) -> bool {
    RESERVED.iter().any(|(name, keys)| *name == table && keys.contains(&key))
}

/// Returns whether a word is part of the language, but not of this version.
pub(super) fn is_reserved_word(allowed: &[&str], word: &str) -> bool {
    RESERVED_WORDS.iter().any(|(beside, later)| *later == word && allowed.contains(beside))
}

/// Returns the name that was probably meant: a synonym, or one that is a few slips away.
pub(super) fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let folded = fold(name);
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == folded).map(|(_, ours)| *ours);
    let by_synonym = synonym.and_then(|ours| known.iter().find(|known| **known == ours).copied());
    by_synonym.or_else(|| nearest(name, known.iter().copied()))
}

/// Returns the kind of table that has a key which is missing in this one.
pub(super) fn home(key: &str) -> Option<&'static str> {
    let tables = [
        ("[process.NAME]", keys::<raw::Process>()),
        ("[queue.NAME]", keys::<raw::Queue>()),
        ("[pool.NAME]", keys::<raw::Pool>()),
        ("[limits]", keys::<raw::Limits>()),
        ("the top of the file", keys::<raw::JobFile>()),
    ];
    let folded = fold(key);
    tables.into_iter().find(|(_, keys)| keys.contains(&folded.as_str())).map(|(table, _)| table)
}

/// Returns the keys of a struct.
fn keys<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    match T::deserialize(Keys) {
        Err(Fault::Key(_, keys)) => keys,
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
        Err(Fault::Key(name, fields))
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
        let known = keys::<raw::Process>();
        for (written, meant_name) in [
            ("neeeds", "needs"),
            ("comand", "command"),
            ("env_file", "env-file"),
            ("Timeout", "timeout"),
            ("timeout_seconds", "timeout"),
            ("depends_on", "needs"),
            ("workdir", "cwd"),
            ("cmd", "command"),
            ("allow_failures", "allow-failure"),
        ] {
            assert_eq!(meant(written, known), Some(meant_name), "{written}");
        }
        assert_eq!(meant("zebra", known), None);
        assert_eq!(meant("", known), None);
    }

    #[test]
    fn key_of_another_table_is_sent_home() {
        assert_eq!(home("capacity"), Some("[queue.NAME]"));
        assert_eq!(home("on_failure"), Some("[limits]"));
        assert_eq!(home("zebra"), None);
    }

    #[test]
    fn no_key_is_both_here_and_reserved() {
        for (table, keys) in [
            ("JobFile", keys::<raw::JobFile>()),
            ("Process", keys::<raw::Process>()),
            ("Pool", keys::<raw::Pool>()),
            ("Queue", keys::<raw::Queue>()),
            ("Retry", keys::<raw::Retry>()),
        ] {
            assert!(!keys.is_empty(), "{table}");
            assert!(!keys.iter().any(|key| is_reserved(table, key)), "{table}");
        }
    }
}

//! Values: what is different for each attempt, and what a placeholder makes of it.
//!
//! Bytes are passed on as they are: an item need not be text. Unaware of where they are put.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::value::RawValue;

use super::Unfit;
use super::environment::is_own;
use crate::model::Placeholder;

/// Bytes of another process's output that a placeholder holds, trimmed; more belongs on stdin.
pub const MAX_STDOUT: usize = 64 * 1024;

/// What one attempt is given.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// `RUNNER_SLOT`.
    pub slot: u32,
    /// `RUNNER_ATTEMPT`, counted from 1.
    pub attempt: u32,
    /// The variables that its slots lend.
    pub lent: &'a [(String, String)],
    /// Its item, where it has one.
    pub item: Option<Item<'a>>,
    /// Items that stand behind its arguments.
    pub more: &'a [&'a [u8]],
    /// Returns what a process printed, as it printed it; `None` where nothing is known of it. Of
    /// more than [`MAX_STDOUT`] bytes and some space it need not return the rest.
    pub stdout: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// Returns a result of a process, by its key; `None` where it has written no such one.
    pub result: &'a dyn Fn(&str, &str) -> Option<String>,
    /// Which command of `finally` it is, if it is one.
    pub after: Option<After>,
    /// The file that it may write its own results to, where it may have some.
    pub results: Option<&'a Path>,
}

impl<'a> Values<'a> {
    /// Returns what is known before there is an attempt: what others printed, and their results.
    pub fn before(
        stdout: &'a dyn Fn(&str) -> Option<Vec<u8>>,
        result: &'a dyn Fn(&str, &str) -> Option<String>,
    ) -> Self {
        Self { stdout, result, ..Self::of_item(None) }
    }

    /// Returns what is known where there is an item at most.
    pub(super) fn of_item(item: Option<Item<'a>>) -> Self {
        Self {
            slot: 0,
            attempt: 1,
            lent: &[],
            item,
            more: &[],
            stdout: &|_| None,
            result: &|_, _| None,
            after: None,
            results: None,
        }
    }
}

/// What is told to a command of `finally`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Which of them it is, counted from 0.
    pub step: usize,
    /// `RUNNER_OUTCOME`.
    pub outcome: &'static str,
    /// `RUNNER_EXIT_CODE`, where there is one.
    pub code: Option<i32>,
}

/// One item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// `RUNNER_ITEM_ID`.
    pub id: &'a str,
    /// `RUNNER_ITEM_INDEX`.
    pub index: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slot, attempt, lent, item, more, stdout: _, result: _, after, results } = self;
        f.debug_struct("Values")
            .field("slot", slot)
            .field("attempt", attempt)
            .field("lent", lent)
            .field("item", item)
            .field("more", more)
            .field("after", after)
            .field("results", results)
            .finish_non_exhaustive()
    }
}

/// Puts the value of a placeholder at the end of a buffer. Without values, for a preview, what only
/// an attempt knows stays in its braces.
pub(super) fn put(
    placeholder: &Placeholder,
    values: Option<&Values<'_>>,
    env: &[(OsString, OsString)],
    out: &mut Vec<u8>,
) -> Result<(), Unfit> {
    if let Placeholder::Env(name) = placeholder {
        let found = env.iter().find(|(have, _)| have.as_bytes() == name.as_bytes());
        if let Some((_, value)) = found {
            out.extend_from_slice(value.as_bytes());
            return Ok(());
        }
        // In a preview what the runner says itself is not known yet.
        if values.is_some() || !is_own(OsStr::new(name)) {
            return Err(Unfit::Unset(name.clone()));
        }
    }
    let Some(values) = values else {
        out.extend_from_slice(format!("{{{}}}", placeholder.name()).as_bytes());
        return Ok(());
    };
    let missing = || Unfit::Missing(placeholder.name());
    match placeholder {
        // After the last item there is none, and an environment that names one is of use still.
        Placeholder::Item | Placeholder::ItemField(_) | Placeholder::ItemIndex
            if values.after.is_some() => {}
        Placeholder::Item => out.extend_from_slice(values.item.ok_or_else(missing)?.bytes),
        Placeholder::ItemField(path) => {
            out.extend(field(values.item.ok_or_else(missing)?.bytes, path)?);
        }
        Placeholder::ItemIndex => {
            out.extend(values.item.ok_or_else(missing)?.index.to_string().into_bytes());
        }
        Placeholder::Slot => out.extend(values.slot.to_string().into_bytes()),
        Placeholder::Stdout(process) => {
            let printed = (values.stdout)(process).ok_or_else(missing)?;
            let trimmed = printed.trim_ascii();
            if trimmed.len() > MAX_STDOUT {
                let (process, bytes) = (process.clone(), trimmed.len());
                return Err(Unfit::LongOutput { process, bytes, most: MAX_STDOUT });
            }
            out.extend_from_slice(trimmed);
        }
        Placeholder::Result(process, key) => {
            let none = || Unfit::NoResult { process: process.clone(), key: key.clone() };
            out.extend((values.result)(process, key).ok_or_else(none)?.into_bytes());
        }
        Placeholder::Env(_) | Placeholder::Var(_) | Placeholder::Matrix(_) | Placeholder::RunId => {
            return Err(missing());
        }
    }
    Ok(())
}

/// Returns a field of a JSON item: a text as it is, anything else as compact JSON.
fn field(item: &[u8], path: &str) -> Result<Vec<u8>, Unfit> {
    let not_json = |why: String| Unfit::NotJson { field: path.to_owned(), why };
    let mut rest: Cow<'_, RawValue> = serde_json::from_slice::<&RawValue>(item)
        .map(Cow::Borrowed)
        .map_err(|error| not_json(format!("this one is not: {error}")))?;
    for key in path.split('.') {
        let found = within(rest.get(), key).map_err(|error| not_json(error.to_string()))?;
        rest = Cow::Owned(found.ok_or_else(|| Unfit::NoField(path.to_owned()))?);
    }
    let text = rest.get();
    if text.starts_with('"') {
        let text = serde_json::from_str::<String>(text);
        return text.map(String::into_bytes).map_err(|error| not_json(error.to_string()));
    }
    Ok(compact(text))
}

/// Returns a member of an object, or an element of an array by its number.
fn within(json: &str, key: &str) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    if json.starts_with('{') {
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json)?;
        Ok(members.remove(key))
    } else if json.starts_with('[') {
        let mut elements: Vec<Box<RawValue>> = serde_json::from_str(json)?;
        let at = key.parse().ok().filter(|at| *at < elements.len());
        Ok(at.map(|at: usize| elements.swap_remove(at)))
    } else {
        Ok(None)
    }
}

/// Returns JSON without the space between its parts; numbers stay as they were written.
fn compact(json: &str) -> Vec<u8> {
    let (mut quoted, mut escaped) = (false, false);
    let keeps = |byte: &u8| {
        let kept = quoted || !byte.is_ascii_whitespace();
        if *byte == b'"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && *byte == b'\\' && !escaped;
        kept
    };
    json.bytes().filter(keeps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_written_as_they_were() {
        let item = br#" { "url": "a\"b\n", "n": 12345678901234567890123, "f": 1e5, "t": true,
            "o": { "x" : [1, {"y": "a b"}, null] }, "": 1, "u": "\u00e9" } "#;
        for (path, expected) in [
            ("url", "a\"b\n"),
            ("n", "12345678901234567890123"),
            ("f", "1e5"),
            ("t", "true"),
            ("o", r#"{"x":[1,{"y":"a b"},null]}"#),
            ("o.x", r#"[1,{"y":"a b"},null]"#),
            ("o.x.1.y", "a b"),
            ("o.x.2", "null"),
            ("u", "é"),
        ] {
            let found = field(item, path).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), expected, "{path}");
        }
        for path in ["x", "o.y", "o.x.9", "o.x.y", "url.x"] {
            assert_eq!(field(item, path), Err(Unfit::NoField(path.to_owned())));
        }
        for item in [&b"plain"[..], b"", b"{", b"{} {}", b"\xff"] {
            assert!(matches!(field(item, "a"), Err(Unfit::NotJson { .. })), "{item:?}");
        }
    }

    #[test]
    fn compact_leaves_texts_alone() {
        assert_eq!(compact(r#"{ "a \" b" : "\\" , "c": 1 }"#), br#"{"a \" b":"\\","c":1}"#);
    }
}

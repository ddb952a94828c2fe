//! Results: `key=value` lines that processes write for those that come after them.
//!
//! As the outputs of steps in GitHub Actions: a line `key=value`, or `key<<END`, lines, and a line
//! `END`. The results of a process are those of its last attempt, as its output is. Values are kept
//! where others read them, and told to everybody. Unaware of who reads.

use std::collections::{BTreeMap, HashMap};

use thiserror::Error;

use super::context::Context;
use crate::event::EventKind;
use crate::journal::{ResultsFile, Unreadable};
use crate::launch::MAX_STDOUT;
use crate::model::{AttemptId, NodeId, Placeholder, Template, unusable};
use crate::plan::Plan;

/// Bytes of a file of results: as many as GitHub takes of a job.
const MAX_BYTES: u64 = 1 << 20;

/// Results of one process: more is data, and belongs on standard output.
const MAX_KEYS: usize = 256;

/// Bytes of a value: as many as of the other text that one process hands to another by its name.
const MAX_VALUE: usize = MAX_STDOUT;

/// Results by their keys.
pub(super) type Values = BTreeMap<String, String>;

/// The results of processes that others read.
#[derive(Debug)]
pub(super) struct Results {
    nodes: HashMap<String, NodeId>,
    values: HashMap<NodeId, Values>,
}

/// What is wrong with a file of results. The sentence follows "the file of results".
#[derive(Debug, Error)]
enum Wrong {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("is not UTF-8 in line {0}")]
    NotText(usize),
    #[error("has neither `key=value` nor `key<<END` in line {0}")]
    NoPair(usize),
    #[error("has a key in line {0} that is no name: {1}")]
    NoName(usize, String),
    #[error("has no word behind `<<` in line {0}")]
    NoEnd(usize),
    #[error("has no line that ends what begins in line {0}")]
    Open(usize),
    #[error("has a value of more than {MAX_VALUE} bytes in line {0}")]
    LongValue(usize),
    #[error("has more than {MAX_KEYS} keys, in line {0}")]
    ManyKeys(usize),
}

impl Results {
    /// Remembers which are read in a plan.
    pub(super) fn new(plan: &Plan) -> Self {
        let named = |template: &Template| {
            let all = template.placeholders().filter_map(|(placeholder, _)| match placeholder {
                Placeholder::Result(process, _) => Some(process.clone()),
                Placeholder::Var(_)
                | Placeholder::Env(_)
                | Placeholder::Matrix(_)
                | Placeholder::Item
                | Placeholder::ItemField(_)
                | Placeholder::ItemIndex
                | Placeholder::Stdout(_)
                | Placeholder::RunId
                | Placeholder::Slot => None,
            });
            all.collect::<Vec<_>>()
        };
        let read: Vec<String> = plan
            .nodes
            .iter()
            .flat_map(|node| plan.process(node.id).templates().flat_map(named))
            .collect();
        let mut nodes = HashMap::new();
        if !read.is_empty() {
            // Only what has one cell is read.
            let all = plan.nodes.iter().map(|node| (plan.process(node.id).name.as_str(), node.id));
            let all: HashMap<&str, NodeId> = all.collect();
            nodes.extend(read.into_iter().filter_map(|name| {
                let node = *all.get(name.as_str())?;
                Some((name, node))
            }));
        }
        let values = nodes.values().map(|node| (*node, Values::new())).collect();
        Self { nodes, values }
    }

    /// Says what the last attempt of a node has written.
    fn set(&mut self, node: NodeId, written: Values) {
        self.values.entry(node).and_modify(|values| *values = written);
    }

    /// Returns a result of a process.
    fn of(&self, process: &str, key: &str) -> Option<String> {
        self.values.get(self.nodes.get(process)?)?.get(key).cloned()
    }

    /// Returns the node of a process whose results are read.
    fn node(&self, process: &str) -> Option<NodeId> {
        self.nodes.get(process).copied()
    }
}

impl Context {
    /// Returns whether the attempts of a node may have results.
    pub(super) fn has_results(&self, node: NodeId) -> bool {
        self.plan.node(node).consumes.is_none() && self.plan.process(node).service.is_none()
    }

    /// Returns a result of a process; those of one that need not run are empty, as its output is.
    pub(super) fn result(&self, process: &str, key: &str) -> Option<String> {
        let results = self.results.borrow();
        let need_not_run = |node: &NodeId| self.excused.borrow().contains(node);
        let excused = || results.node(process).filter(need_not_run).map(|_| String::new());
        results.of(process, key).or_else(excused)
    }

    /// Tells what an attempt has written, and keeps it for those that read it.
    pub(super) fn results_written(&self, node: NodeId, attempt: AttemptId, results: Values) {
        self.results.borrow_mut().set(node, results.clone());
        if !results.is_empty() {
            self.teller.tell(EventKind::ResultsWritten { attempt, node, results });
        }
    }
}

/// Reads what an attempt has written, or says what is wrong with it.
pub(super) fn read(file: &ResultsFile) -> Result<Values, String> {
    let bytes = file.read(MAX_BYTES).map_err(Wrong::Unreadable);
    bytes.and_then(|bytes| parse(&bytes)).map_err(|wrong| format!("the file of results {wrong}"))
}

/// Takes the lines of a file apart.
fn parse(bytes: &[u8]) -> Result<Values, Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        Wrong::NotText(memchr::memchr_iter(b'\n', before).count() + 1)
    })?;
    let mut values = Values::new();
    let mut lines = text.split('\n').zip(1..);
    while let Some((line, number)) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let at = line.find(['=', '<']).ok_or(Wrong::NoPair(number))?;
        let (key, rest) = line.split_at(at);
        let value = if let Some(value) = rest.strip_prefix('=') {
            value.to_owned()
        } else {
            let end = rest.strip_prefix("<<").ok_or(Wrong::NoPair(number))?;
            let within = lines.by_ref().map(|(line, _)| line);
            lines_until(end, within, number)?
        };
        if let Some(why) = unusable(key) {
            return Err(Wrong::NoName(number, why));
        }
        if value.len() > MAX_VALUE {
            return Err(Wrong::LongValue(number));
        }
        values.insert(key.to_owned(), value);
        if values.len() > MAX_KEYS {
            return Err(Wrong::ManyKeys(number));
        }
    }
    Ok(values)
}

/// Returns the lines before one that ends them.
fn lines_until<'t>(
    end: &str,
    lines: impl Iterator<Item = &'t str>,
    began: usize,
) -> Result<String, Wrong> {
    if end.is_empty() {
        return Err(Wrong::NoEnd(began));
    }
    let mut value = Vec::new();
    for line in lines {
        if line == end {
            return Ok(value.join("\n"));
        }
        value.push(line);
    }
    Err(Wrong::Open(began))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Vec<(String, String)>, String> {
        let parsed = parse(text.as_ref()).map_err(|wrong| wrong.to_string())?;
        Ok(parsed.into_iter().collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn lines_are_results() {
        for (text, expected) in [
            ("", &[][..]),
            ("\n\n", &[]),
            ("a=1\nb.c_d-e=x = y \n", &[("a", "1"), ("b.c_d-e", "x = y ")]),
            ("a=1\na=2", &[("a", "2")]),
            ("a=", &[("a", "")]),
            ("a=b<<c\n", &[("a", "b<<c")]),
            ("a<<=\n=\n", &[("a", "")]),
            ("a<<END\n\n b=1\nEN\nEND\nc=3\n", &[("a", "\n b=1\nEN"), ("c", "3")]),
            ("a<<END\nEND", &[("a", "")]),
            ("a=x\r\n", &[("a", "x\r")]),
        ] {
            assert_eq!(read(text), Ok(pairs(expected)), "{text:?}");
        }
    }

    #[test]
    fn what_is_none_is_named_by_its_line() {
        let (long, many) = ("a=".to_owned() + &"x".repeat(MAX_VALUE + 1), MAX_KEYS + 1);
        let many: Vec<String> = (1..=many).map(|n| format!("k{n}=")).collect();
        let many = many.join("\n");
        for (text, expected) in [
            ("a=1\nhello", "has neither `key=value` nor `key<<END` in line 2"),
            ("a<b=1", "has neither `key=value` nor `key<<END` in line 1"),
            ("\n=1", "has a key in line 2 that is no name: it is empty"),
            ("a b=1", "has a key in line 1 that is no name: it holds ' '"),
            ("a<<\nx", "has no word behind `<<` in line 1"),
            ("b=1\na<<END\nx\nEND ", "has no line that ends what begins in line 2"),
            (&long, "has a value of more than 65536 bytes in line 1"),
            (&many, "has more than 256 keys, in line 257"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.starts_with(expected), "{wrong}");
        }
        assert_eq!(read(b"a=1\nb=\xff\n"), Err("is not UTF-8 in line 2".to_owned()));
    }
}

//! Letter: an item that failed for good, with all that is known of it.
//!
//! [`Letters`] reads the events of a run one after the other and hands out a letter where an item
//! died. It holds names, of which there are as many as the job declares, and no item. Unaware of
//! where events come from and of what is done with a letter.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::micros;
use super::{Event, EventKind, ItemRef, Logs, Outcome, Text, Try};
use crate::model::{NodeId, QueueId, When};

/// A dead item, or one that its run dropped untried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Letter {
    /// Its name: that of its queue, a colon and its index: `pages:17`, `pages/index:17`.
    pub item: String,
    /// Its queue; with groups what one of them sees of it: `pages/index`.
    pub queue: String,
    /// Its place in the order of arrival, counted from 0.
    pub index: u64,
    /// The process that failed, with its cell where there is a matrix; `None` where nobody had it.
    pub process: Option<String>,
    /// When it died, since the start of the run.
    #[serde(with = "micros")]
    pub at: Duration,
    /// How often it was tried.
    pub attempts: u32,
    /// How the last tries ended, oldest first.
    pub tries: Vec<Try>,
    /// Its bytes; a secret in them is masked.
    pub bytes: Text,
    /// Its bytes as they are, where they hold a secret.
    #[serde(skip)]
    pub exact: Option<Text>,
    /// The last lines of standard error of the last try.
    pub stderr: Text,
    /// Where its process was logging.
    pub log: Option<PathBuf>,
    /// Why the run dropped it, where it did.
    pub discarded: Option<String>,
}

/// What is known of a run while its events are read.
#[derive(Debug, Default)]
pub struct Letters {
    /// The job file, as it was given.
    pub file: PathBuf,
    /// The options of the command line that made it this run and no other.
    pub options: Vec<String>,
    /// Wall clock at its start, in milliseconds since 1970.
    pub started: u64,
    queues: Vec<String>,
    nodes: Vec<Node>,
}

/// What is known of a node.
#[derive(Debug)]
struct Node {
    name: String,
    process: String,
    has_started: bool,
    outcome: Option<Outcome>,
    /// The file that it logged to last.
    log: Option<PathBuf>,
}

impl Letter {
    /// Returns its bytes as they are.
    pub fn exact(&self) -> &[u8] {
        &self.exact.as_ref().unwrap_or(&self.bytes).0
    }
}

impl Letters {
    /// Takes in the next event. Returns the item that died by it, if one did.
    pub fn hear(&mut self, event: Event) -> Option<Letter> {
        let at = event.at;
        match event.kind {
            EventKind::RunStarted { file, options, started, .. } => {
                (self.file, self.options, self.started) = (file, options, started);
            }
            EventKind::QueueDeclared { name, .. } => self.queues.push(name),
            EventKind::NodeDeclared { name, process, .. } => {
                let (has_started, outcome, log) = (false, None, None);
                self.nodes.push(Node { name, process, has_started, outcome, log });
            }
            EventKind::AttemptStarted { node, .. } => {
                self.node(node, |node| node.has_started = true);
            }
            EventKind::AttemptEnded { node, logs: Logs { stdout, stderr }, .. } => {
                let log = stderr.or(stdout).map(|piece| piece.file);
                self.node(node, |node| node.log = log.or(node.log.take()));
            }
            EventKind::NodeEnded { node, outcome, .. } => {
                self.node(node, |node| node.outcome = Some(outcome));
            }
            EventKind::ItemDead { queue, node, item, bytes, exact, attempts, tries, stderr } => {
                let letter = self.letter(queue, &item, at, (bytes, exact));
                let of = self.nodes.get(node.index());
                let process = of.map(|node| node.name.clone());
                let log = of.and_then(|node| node.log.clone());
                return Some(Letter { process, attempts, tries, stderr, log, ..letter });
            }
            EventKind::ItemDropped { queue, item, bytes, exact, reason } => {
                let letter = self.letter(queue, &item, at, (bytes, exact));
                return Some(Letter { discarded: Some(reason), ..letter });
            }
            EventKind::PoolDeclared { .. }
            | EventKind::ProcessDeclared { .. }
            | EventKind::Output { .. }
            | EventKind::AttemptSlow { .. }
            | EventKind::AttemptSuspended { .. }
            | EventKind::AttemptResumed { .. }
            | EventKind::AttemptKilled { .. }
            | EventKind::FinallyStarted { .. }
            | EventKind::FinallyEnded { .. }
            | EventKind::ResultsWritten { .. }
            | EventKind::ItemEnded { .. }
            | EventKind::Found { .. }
            | EventKind::ServiceReady { .. }
            | EventKind::ServiceRestarts { .. }
            | EventKind::QueueLevels { .. }
            | EventKind::QueueClosed { .. }
            | EventKind::QueueDrained { .. }
            | EventKind::StopAsked { .. }
            | EventKind::Noted { .. }
            | EventKind::RunEnded { .. } => {}
        }
        None
    }

    /// Returns the name of a queue of the run.
    pub fn queue(&self, queue: QueueId) -> &str {
        self.queues.get(queue.index()).map_or("", String::as_str)
    }

    /// Returns whether a process has, in all its cells, come as far as a need of it asks.
    pub fn has_met(&self, process: &str, when: When) -> bool {
        let mut cells = self.nodes.iter().filter(|node| node.process == process).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.has_met(when))
    }

    fn node(&mut self, node: NodeId, change: impl FnOnce(&mut Node)) {
        self.nodes.get_mut(node.index()).map(change);
    }

    fn letter(
        &self,
        queue: QueueId,
        item: &ItemRef,
        at: Duration,
        (bytes, exact): (Text, Option<Text>),
    ) -> Letter {
        let queue = self.queue(queue).to_owned();
        Letter {
            item: format!("{queue}:{}", item.index),
            queue,
            index: item.index,
            process: None,
            at,
            attempts: 0,
            tries: Vec::new(),
            bytes,
            exact,
            stderr: Text::default(),
            log: None,
            discarded: None,
        }
    }
}

impl Node {
    fn has_met(&self, when: When) -> bool {
        match (when, self.outcome) {
            (When::Started | When::Ready, _) => self.has_started,
            (_, None) => false,
            (When::Ended, Some(_)) => true,
            (When::Passed, Some(outcome)) => !outcome.is_failure() && outcome != Outcome::Stopped,
            (When::Failed, Some(outcome)) => {
                outcome.is_failure() || outcome == Outcome::AllowedFailure
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn node(name: &str, process: &str) -> EventKind {
        EventKind::NodeDeclared {
            node: NodeId(0),
            name: name.to_owned(),
            process: process.to_owned(),
            cell: BTreeMap::new(),
            consumes: None,
            service: false,
            inherits: false,
            produces: Vec::new(),
            pools: Vec::new(),
            expected: None,
        }
    }

    fn ended(node: u32, outcome: Outcome) -> EventKind {
        let (node, took, reason) = (NodeId(node), Duration::ZERO, None);
        EventKind::NodeEnded { node, outcome, took, reason }
    }

    fn read(kinds: impl IntoIterator<Item = EventKind>) -> (Letters, Vec<Letter>) {
        let mut letters = Letters::default();
        let at = Duration::from_secs(3);
        let found = kinds.into_iter().filter_map(|kind| letters.hear(Event { at, kind }));
        let found = found.collect();
        (letters, found)
    }

    #[test]
    fn a_letter_is_named_by_what_its_group_sees() {
        let queue = QueueId(0);
        let item = ItemRef { id: "pages:17".to_owned(), index: 17, preview: Text::copy(b"a") };
        let declared = |name: &str| {
            let (name, capacity) = (name.to_owned(), 8);
            EventKind::QueueDeclared { queue, name, capacity }
        };
        let dead = EventKind::ItemDead {
            queue,
            node: NodeId(0),
            item: item.clone(),
            bytes: Text::copy(b"a"),
            exact: None,
            attempts: 2,
            tries: Vec::new(),
            stderr: Text::default(),
        };
        let (bytes, reason) = (Text::copy(b"a"), "why".to_owned());
        let dropped = EventKind::ItemDropped { queue, item, bytes, exact: None, reason };
        let (_, found) = read([declared("pages/index"), node("fetch", "fetch"), dead, dropped]);
        assert_eq!(found[0].item, "pages/index:17");
        assert_eq!(found[0].process.as_deref(), Some("fetch"));
        assert_eq!(found[1].discarded.as_deref(), Some("why"));
    }

    #[test]
    fn a_need_is_met_by_all_cells() {
        let cells = [node("a (1)", "a"), node("a (2)", "a"), node("b", "b")];
        let ends = [ended(0, Outcome::Passed), ended(1, Outcome::Failed)];
        let (letters, _) = read(cells.into_iter().chain(ends));
        let met = |when| letters.has_met("a", when);
        assert!(met(When::Ended) && !met(When::Passed) && !met(When::Failed));
        assert!(!letters.has_met("b", When::Ended) && !letters.has_met("c", When::Ended));
    }
}

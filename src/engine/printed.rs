//! Printed: where the standard output lies of processes that others read.
//!
//! Pieces of files, not bytes: memory does not grow with what is printed. What is read is what was
//! printed: where secrets are taken out of a log it lies beside it. Unaware of who reads.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use bytes::Bytes;

use crate::event::LogPiece;
use crate::model::{NodeId, Placeholder, Stdin, Template};
use crate::plan::{Node, Plan};
use crate::queue::Spool;

/// Bytes that are read at once.
const BLOCK: u64 = 256 * 1024;

/// What one child printed.
#[derive(Debug, Clone)]
pub(super) enum Print {
    /// It lies in its log.
    Logged(LogPiece),
    /// It lies here as it was.
    Exact(Rc<Spool>),
}

/// What the processes printed that others read.
#[derive(Debug)]
pub(super) struct Printed {
    /// Their nodes, by name, cells in order.
    nodes: HashMap<String, Vec<NodeId>>,
    /// Where the output lies of each of these nodes.
    pieces: HashMap<NodeId, Vec<Print>>,
}

impl Printed {
    /// Remembers what is read in a plan.
    pub(super) fn new(plan: &Plan) -> Self {
        let mut nodes: HashMap<_, _> = plan
            .nodes
            .iter()
            .flat_map(|node| read_by(plan, node))
            .map(|name| (name, Vec::new()))
            .collect();
        for node in &plan.nodes {
            if let Some(cells) = nodes.get_mut(plan.process(node.id).name.as_str()) {
                cells.push(node.id);
            }
        }
        let pieces = nodes.values().flatten().map(|node| (*node, Vec::new())).collect();
        let nodes = nodes.into_iter().map(|(name, nodes)| (name.to_owned(), nodes)).collect();
        Self { nodes, pieces }
    }

    /// Says what the only attempt of a node that counts has printed.
    pub(super) fn set(&mut self, node: NodeId, print: Option<Print>) {
        if let Some(pieces) = self.pieces.get_mut(&node) {
            *pieces = print.into_iter().collect();
        }
    }

    /// Returns whether others read what a node prints.
    pub(super) fn is_read(&self, node: NodeId) -> bool {
        self.pieces.contains_key(&node)
    }

    /// Adds what was printed for one more item.
    pub(super) fn add(&mut self, node: NodeId, print: Print) {
        let Some(pieces) = self.pieces.get_mut(&node) else { return };
        match (pieces.last_mut(), &print) {
            (Some(Print::Logged(last)), Print::Logged(piece))
                if last.file == piece.file && last.offset + last.bytes == piece.offset =>
            {
                last.bytes += piece.bytes;
            }
            (Some(_) | None, _) => pieces.push(print),
        }
    }

    /// Returns where the output of a process lies.
    pub(super) fn of(&self, process: &str) -> Blocks {
        let nodes = self.nodes.get(process).into_iter().flatten();
        let pieces = nodes.filter_map(|node| self.pieces.get(node)).flatten();
        Blocks { pieces: pieces.cloned().collect(), file: None, read: 0 }
    }
}

/// Returns the processes whose standard output a node reads.
fn read_by<'a>(plan: &'a Plan, node: &Node) -> impl Iterator<Item = &'a str> {
    let process = plan.process(node.id);
    let payload = match &process.stdin {
        Stdin::Process(name) => Some(name.as_str()),
        Stdin::Closed | Stdin::Text(_) | Stdin::File(_) | Stdin::Pipe(_) | Stdin::Inherit => None,
    };
    let words = process.templates().flat_map(Template::placeholders);
    let words = words.filter_map(|(placeholder, _)| match placeholder {
        Placeholder::Stdout(name) => Some(name.as_str()),
        Placeholder::Result(..)
        | Placeholder::Var(_)
        | Placeholder::Env(_)
        | Placeholder::Matrix(_)
        | Placeholder::Item
        | Placeholder::ItemField(_)
        | Placeholder::ItemIndex
        | Placeholder::RunId
        | Placeholder::Slot => None,
    });
    payload.into_iter().chain(words)
}

/// The bytes of pieces, block by block.
#[derive(Debug)]
pub(super) struct Blocks {
    pieces: VecDeque<Print>,
    /// The file of the first piece, at the place where reading goes on.
    file: Option<File>,
    /// How much of the first piece was read, where it has no file.
    read: u64,
}

impl Blocks {
    /// Returns the first bytes, at most about so many.
    pub(super) fn head(mut self, most: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        while (head.len() as u64) < most
            && let Some(block) = self.next_block()?
        {
            head.extend_from_slice(&block);
        }
        Ok(head)
    }

    /// Returns the next block, or `None` at the end.
    pub(super) fn next_block(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(print) = self.pieces.front_mut() {
            let piece = match print {
                Print::Logged(piece) => piece,
                Print::Exact(spool) => {
                    let block = spool.read(self.read).map_err(io::Error::other)?;
                    self.read += block.len() as u64;
                    if !block.is_empty() {
                        return Ok(Some(block));
                    }
                    self.read = 0;
                    self.pieces.pop_front();
                    continue;
                }
            };
            let file = match &mut self.file {
                Some(file) => file,
                none => {
                    let mut file = File::open(&piece.file)?;
                    file.seek(SeekFrom::Start(piece.offset))?;
                    none.insert(file)
                }
            };
            let mut block = Vec::new();
            let read = file.take(piece.bytes.min(BLOCK)).read_to_end(&mut block)? as u64;
            piece.bytes -= read;
            if read > 0 {
                return Ok(Some(block.into()));
            }
            self.file = None;
            self.pieces.pop_front();
        }
        Ok(None)
    }
}

//! Printed: where the standard output lies of nodes that others read.
//!
//! Pieces of files, not bytes: memory does not grow with what is printed. Unaware of who reads.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;

use crate::event::LogPiece;
use crate::model::NodeId;

/// Bytes that are read at once.
const BLOCK: u64 = 256 * 1024;

/// What the nodes printed that others read.
#[derive(Debug)]
pub(super) struct Printed {
    read: HashSet<NodeId>,
    pieces: HashMap<NodeId, Vec<LogPiece>>,
}

impl Printed {
    /// Remembers what these nodes print.
    pub(super) fn new(read: HashSet<NodeId>) -> Self {
        Self { read, pieces: HashMap::new() }
    }

    /// Says what the only attempt of a node that counts has printed.
    pub(super) fn set(&mut self, node: NodeId, piece: Option<&LogPiece>) {
        if self.read.contains(&node) {
            self.pieces.insert(node, piece.into_iter().cloned().collect());
        }
    }

    /// Adds what was printed for one more item.
    pub(super) fn add(&mut self, node: NodeId, piece: &LogPiece) {
        if !self.read.contains(&node) {
            return;
        }
        let pieces = self.pieces.entry(node).or_default();
        match pieces.last_mut() {
            Some(last) if last.file == piece.file && last.offset + last.bytes == piece.offset => {
                last.bytes += piece.bytes;
            }
            _ => pieces.push(piece.clone()),
        }
    }

    /// Returns where a node's output lies.
    pub(super) fn of(&self, node: NodeId) -> &[LogPiece] {
        self.pieces.get(&node).map_or(&[], Vec::as_slice)
    }
}

/// The bytes of pieces, block by block.
#[derive(Debug)]
pub(super) struct Blocks {
    pieces: VecDeque<LogPiece>,
    /// The file of the first piece, at the place where reading goes on.
    file: Option<File>,
}

impl Blocks {
    /// Begins to read pieces.
    pub(super) fn new(pieces: Vec<LogPiece>) -> Self {
        Self { pieces: pieces.into(), file: None }
    }

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
        while let Some(piece) = self.pieces.front_mut() {
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

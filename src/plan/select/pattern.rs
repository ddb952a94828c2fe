//! Pattern: words that mean processes: names, globs of names, and tags.
//!
//! A word without a wildcard means what is called or tagged exactly so; with one it is a glob of
//! names. A name is that of a process or of a node, as `test (linux)`. Unaware of what is done with
//! what is meant.

use std::collections::{BTreeSet, HashMap};

use globset::{Glob, GlobMatcher};

use super::Unselectable;
use super::cells::Cells;
use super::why::Ground;
use crate::model::nearest;
use crate::plan::links::Links;

/// What of a process was meant, and by which word.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    /// Its cells.
    pub(super) cells: Cells,
    /// The word that meant it first.
    pub(super) ground: Option<Ground>,
}

/// Everything that a word can mean.
pub(super) struct Words<'a> {
    links: &'a Links<'a>,
    names: &'a [Vec<String>],
    /// Process and cell, by the name of a node of a matrix.
    cells: HashMap<&'a str, (usize, usize)>,
}

impl<'a> Words<'a> {
    /// Collects the names.
    pub(super) fn of(links: &'a Links<'a>, names: &'a [Vec<String>]) -> Self {
        let of_matrix = |process: &usize| links.process(*process).matrix.is_some();
        let cells = (0..names.len()).filter(of_matrix).flat_map(|process| {
            let cells = names[process].iter().enumerate();
            cells.map(move |(cell, name)| (name.as_str(), (process, cell)))
        });
        Self { links, names, cells: cells.collect() }
    }

    /// Returns what words mean that are names.
    pub(super) fn named(&self, words: &[String]) -> Result<Vec<Hit>, Unselectable> {
        self.meant(words, false)
    }

    /// Returns what words mean that are names or tags.
    pub(super) fn matching(&self, words: &[String]) -> Result<Vec<Hit>, Unselectable> {
        self.meant(words, true)
    }

    fn meant(&self, words: &[String], tags: bool) -> Result<Vec<Hit>, Unselectable> {
        let mut hits = vec![Hit { cells: Cells::None, ground: None }; self.names.len()];
        for word in words {
            let mut any = false;
            let mut hit = |process: usize, cells: Cells, ground: Ground| {
                any = true;
                let hit: &mut Hit = &mut hits[process];
                hit.cells = hit.cells.either(&cells, self.names[process].len());
                hit.ground.get_or_insert(ground);
            };
            let named = || Ground::Named(word.clone());
            // A node may be called with brackets, which would be a wildcard.
            if let Some(&process) = self.links.names.get(word.as_str()) {
                hit(process, Cells::All, named());
            } else if let Some(&(process, cell)) = self.cells.get(word.as_str()) {
                let cells = Cells::of(BTreeSet::from([cell]), self.names[process].len());
                hit(process, cells, named());
            } else if let Some(glob) = glob(word)? {
                for process in 0..self.names.len() {
                    let cells = self.like(process, &glob);
                    if cells != Cells::None {
                        hit(process, cells, named());
                    }
                }
            }
            let tagged = |process: &usize| self.links.process(*process).tags.contains(word);
            for process in (0..self.names.len()).filter(tagged).filter(|_| tags) {
                hit(process, Cells::All, Ground::Tagged(word.clone()));
            }
            if !any {
                return Err(self.unknown(word, tags));
            }
        }
        Ok(hits)
    }

    /// Returns the cells of a process whose names are like a glob.
    fn like(&self, process: usize, glob: &GlobMatcher) -> Cells {
        if glob.is_match(self.links.name(process)) {
            return Cells::All;
        }
        if self.links.process(process).matrix.is_none() {
            return Cells::None;
        }
        let names = &self.names[process];
        let like = (0..names.len()).filter(|&cell| glob.is_match(&names[cell]));
        Cells::of(like.collect(), names.len())
    }

    fn unknown(&self, word: &str, tags: bool) -> Unselectable {
        let processes = || self.links.job.processes.iter();
        let names = processes().map(|process| process.name.as_str());
        let tagged = processes().filter(|_| tags).flat_map(|it| it.tags.iter().map(String::as_str));
        let near = nearest(word, names.chain(tagged)).map(str::to_owned);
        Unselectable::Unknown { name: word.to_owned(), tags, nearest: near }
    }
}

/// Returns the glob that a word is, if it is one.
fn glob(word: &str) -> Result<Option<GlobMatcher>, Unselectable> {
    if !word.contains(['*', '?', '[', '{']) {
        return Ok(None);
    }
    match Glob::new(word) {
        Ok(glob) => Ok(Some(glob.compile_matcher())),
        Err(error) => Err(Unselectable::Pattern(word.to_owned(), error.kind().to_string())),
    }
}

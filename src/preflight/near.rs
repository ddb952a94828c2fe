//! Near: what is there, beside what is not.
//!
//! Bounded in every direction: folders may be huge, and a file may hold 10 000 slips. Unaware of
//! what the names stand for.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::model::nearest_at;

/// How many entries of one folder are compared; one with more holds no names that people type.
const MOST_LISTED: usize = 10_000;

/// How many suggestions are made for a job: each compares thousands of names, and nobody reads so
/// many.
const MOST_SUGGESTED: usize = 200;

/// Names that are there, by folder.
#[derive(Default)]
pub(super) struct Near {
    listed: HashMap<PathBuf, Rc<Vec<String>>>,
    asked: usize,
}

impl Near {
    /// Returns the path that was probably meant: one folder or file of it has another name.
    pub(super) fn path(&mut self, base: &Path, path: &str) -> Option<String> {
        let mut known = PathBuf::new();
        let mut parts = Path::new(path).components();
        let missing = loop {
            let part = parts.next()?;
            if fs::metadata(base.join(&known).join(part)).is_err() {
                break part.as_os_str().to_str()?;
            }
            known.push(part);
        };
        let near = self.name(missing, &[base.join(&known)])?;
        let mut meant = known.join(near);
        // An empty rest would add a slash.
        meant.extend(parts);
        fs::metadata(base.join(&meant)).ok()?;
        meant.to_str().map(str::to_owned)
    }

    /// Returns the nearest name in some folders.
    pub(super) fn name(&mut self, name: &str, folders: &[PathBuf]) -> Option<String> {
        self.asked += 1;
        if self.asked > MOST_SUGGESTED {
            return None;
        }
        let lists: Vec<_> = folders.iter().map(|folder| self.names(folder)).collect();
        let all: Vec<&str> =
            lists.iter().flat_map(|list| list.iter()).map(String::as_str).collect();
        nearest_at(name, all.iter().copied()).map(|at| all[at].to_owned())
    }

    fn names(&mut self, folder: &Path) -> Rc<Vec<String>> {
        if let Some(known) = self.listed.get(folder) {
            return Rc::clone(known);
        }
        let entries = fs::read_dir(folder).into_iter().flatten().take(MOST_LISTED);
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        // The order of a folder is any; the first of equally near names must not be.
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        let names = Rc::new(names);
        self.listed.insert(folder.to_owned(), Rc::clone(&names));
        names
    }
}

/// Returns a text as it is written in a job file, where it needs no escapes.
pub(super) fn written(text: &str) -> Option<String> {
    let plain = |c: char| !c.is_control() && c != '"' && c != '\\' && c != '{';
    text.chars().all(plain).then(|| format!("\"{text}\""))
}

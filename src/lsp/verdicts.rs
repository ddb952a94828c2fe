//! Verdicts: what was found wrong with each open job, and what the editor must be told of it.
//!
//! An open document is checked as a job of its own, with all that it includes, so one file can be
//! looked at by several; what they find is shown together. A change makes those jobs due that read
//! the file. Unaware of messages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{Diagnostic, Uri};

use super::address::{canonical, uri_of};
use super::documents::Documents;
use super::findings::{Checked, Finding, by_file};
use super::position::{Encoding, Lines};
use crate::config::{Loaded, Options, Purpose};

/// What checks a job file: all floors below together, as `runner validate` has them.
pub type Check<'c> = dyn Fn(&Path, &Options) -> Loaded + 'c;

/// What is known of every open job, by the path of its file.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    jobs: BTreeMap<PathBuf, Verdict>,
    due: BTreeSet<PathBuf>,
}

/// What was found at the last check of a job.
#[derive(Debug, Default)]
struct Verdict {
    /// The files that were read.
    files: Vec<(PathBuf, Arc<String>)>,
    /// What is wrong, by file.
    found: BTreeMap<PathBuf, Vec<Finding>>,
}

/// How an editor wants to be told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// What a column counts.
    pub(super) encoding: Encoding,
    /// Whether it shows other places of a problem by itself.
    pub(super) related: bool,
}

impl Verdicts {
    /// Notes that the text of a document has changed: it is due, and what includes it.
    pub(super) fn changed(&mut self, path: &Path, documents: &Documents) {
        let reads = |verdict: &Verdict| verdict.files.iter().any(|(file, _)| file == path);
        let jobs = self.jobs.iter().filter(|(_, verdict)| reads(verdict));
        let jobs = jobs.map(|(job, _)| job.as_path());
        let own = documents.jobs().filter(|job| *job == path);
        self.due.extend(jobs.chain(own).map(Path::to_path_buf));
    }

    /// Notes that every open job must be checked: a file has come, gone or changed on disk.
    pub(super) fn all_changed(&mut self, documents: &Documents) {
        self.due.extend(documents.jobs().map(Path::to_path_buf));
    }

    /// Forgets a job that is no longer open; returns the files of which something else is to be
    /// shown now.
    pub(super) fn closed(&mut self, path: &Path) -> BTreeSet<PathBuf> {
        self.due.remove(path);
        let verdict = self.jobs.remove(path).unwrap_or_default();
        verdict.found.into_keys().collect()
    }

    /// Returns a job that is due.
    pub(super) fn next_due(&self) -> Option<PathBuf> {
        self.due.first().cloned()
    }

    /// Returns whether a job is due.
    pub(super) fn is_due(&self, path: &Path) -> bool {
        self.due.contains(path)
    }

    /// Returns whether a job was ever checked.
    pub(super) fn is_known(&self, path: &Path) -> bool {
        self.jobs.contains_key(path)
    }

    /// Checks a job; returns the files of which something else is to be shown now.
    pub(super) fn judge(
        &mut self,
        path: &Path,
        check: &Check<'_>,
        documents: &Documents,
        manner: Manner,
    ) -> BTreeSet<PathBuf> {
        self.due.remove(path);
        let texts = documents.texts();
        let options = Options { texts, purpose: Purpose::Check, ..Options::default() };
        let loaded = check(path, &options);
        drop(options);
        let sources = loaded.sources.into_iter();
        let files = sources.map(|source| (canonical(source.path.as_ref()), Arc::new(source.text)));
        let files: Vec<(PathBuf, Arc<String>)> = files.collect();
        let checked = files.iter().map(|(path, text)| Checked {
            path,
            uri: named(path, documents),
            lines: Lines::new(text, manner.encoding),
            text,
        });
        let checked: Vec<Checked<'_>> = checked.collect();
        let found = by_file(&loaded.problems, &checked, manner.related);
        drop(checked);
        let mut touched: BTreeSet<PathBuf> = found.keys().cloned().collect();
        // A file without problems is told too, so that an editor knows that it was looked at.
        touched.insert(path.to_path_buf());
        let before = self.jobs.insert(path.to_path_buf(), Verdict { files, found });
        touched.extend(before.into_iter().flat_map(|verdict| verdict.found.into_keys()));
        touched
    }

    /// Returns what is wrong with a file, whichever job has found it, each once.
    pub(super) fn of(&self, path: &Path) -> Vec<&Finding> {
        let mut all: Vec<&Finding> = Vec::new();
        let mut seen = BTreeSet::new();
        for finding in self.jobs.values().filter_map(|verdict| verdict.found.get(path)).flatten() {
            let Diagnostic { range, message, .. } = &finding.diagnostic;
            let place = (range.start.line, range.start.character, range.end.line);
            if seen.insert((place, range.end.character, message)) {
                all.push(finding);
            }
        }
        all
    }

    /// Returns the texts of all files that belong together with one, that one first: those of every
    /// job that reads it, as they are in the editor now.
    pub(super) fn family(&self, path: &Path, documents: &Documents) -> Vec<(PathBuf, Arc<String>)> {
        let mut family: Vec<(PathBuf, Arc<String>)> = Vec::new();
        let own =
            documents.of(path).map(|document| (path.to_path_buf(), Arc::clone(&document.text)));
        let jobs = self.jobs.values();
        let jobs = jobs.filter(|verdict| verdict.files.iter().any(|(file, _)| file == path));
        let mut seen = BTreeSet::new();
        for (file, text) in own.chain(jobs.flat_map(|verdict| verdict.files.iter().cloned())) {
            if seen.insert(file.clone()) {
                let open = documents.of(&file).next().map(|document| Arc::clone(&document.text));
                family.push((file, open.unwrap_or(text)));
            }
        }
        family
    }
}

/// Returns how the editor names a file.
pub(super) fn named(path: &Path, documents: &Documents) -> Uri {
    let open = documents.of(path).next().map(|document| document.uri.clone());
    open.or_else(|| uri_of(path)).expect("every path can be written as a URI")
}

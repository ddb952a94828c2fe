//! Look: one place in one document, and everything that can be seen from there.
//!
//! Unaware of what is asked about it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{Location, Range as Area};

use super::documents::Documents;
use super::language::Language;
use super::nouns::Names;
use super::position::{Encoding, Lines};
use super::verdicts::named;

/// A cursor in a document.
#[derive(Debug)]
pub(super) struct Look<'s> {
    /// What may be written.
    pub(super) language: &'s Language,
    /// The documents, for how the editor names files.
    pub(super) documents: &'s Documents,
    /// The files that belong together, that of the cursor first.
    pub(super) files: &'s [(PathBuf, Arc<String>)],
    /// What a column counts.
    pub(super) encoding: Encoding,
    /// Where the cursor stands in the text of the first file.
    pub(super) byte: usize,
}

impl<'s> Look<'s> {
    /// Returns the path of the file of the cursor.
    pub(super) fn path(&self) -> &'s Path {
        &self.files[0].0
    }

    /// Returns the text of the file of the cursor.
    pub(super) fn text(&self) -> &'s str {
        &self.files[0].1
    }

    /// Returns all names of all files, with the path and the text of each.
    pub(super) fn names(&self) -> impl Iterator<Item = (&'s Path, &'s str, Names<'s>)> {
        let language = self.language;
        self.files
            .iter()
            .map(move |(path, text)| (path.as_path(), text.as_str(), Names::of(text, language)))
    }

    /// Returns the lines of a text.
    pub(super) fn lines<'t>(&self, text: &'t str) -> Lines<'t> {
        Lines::new(text, self.encoding)
    }

    /// Returns a place as the editor names it.
    pub(super) fn location(&self, path: &Path, range: Area) -> Location {
        Location { uri: named(path, self.documents), range }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Looks at the place that `|` marks in the first of some files.
    pub(in crate::lsp) fn look<T>(files: &[(&str, &str)], see: impl FnOnce(&Look<'_>) -> T) -> T {
        let byte = files[0].1.find('|').expect("a cursor");
        let file = |(name, text): &(&str, &str)| {
            (Path::new("/job").join(name), Arc::new(text.replacen('|', "", 1)))
        };
        let files: Vec<_> = files.iter().map(file).collect();
        let language = Language::new(&crate::config::schema());
        let documents = Documents::default();
        let encoding = Encoding::Utf16;
        see(&Look { language: &language, documents: &documents, files: &files, encoding, byte })
    }
}

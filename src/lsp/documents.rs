//! Documents: what is open in the editor, as it is shown there, saved or not.
//!
//! Unaware of what stands in the texts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};

use super::address::path_of;
use super::position::{Encoding, Lines};

/// The most documents that are open at a time; more are not looked at.
const MOST_OPEN: usize = 1000;

/// The most bytes of all open documents: 32 times the largest job file.
const MOST_TEXT: usize = 256 << 20;

/// Files of other tools: an editor that knows no more than `toml` sends them too.
const FOREIGN: [&str; 13] = [
    "Cargo.toml",
    "Pipfile",
    "book.toml",
    "clippy.toml",
    "deny.toml",
    "mise.toml",
    "netlify.toml",
    "pyproject.toml",
    "ruff.toml",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "tombi.toml",
    "wrangler.toml",
];

/// What names the schema of a file, in one of its first lines, for all editors of TOML.
const SCHEMA: &str = "#:schema";

/// One document.
#[derive(Debug)]
pub(super) struct Document {
    /// How the editor names it.
    pub(super) uri: Uri,
    /// The one path of its file.
    pub(super) path: PathBuf,
    /// How often the editor has changed it.
    pub(super) version: i32,
    /// Its text.
    pub(super) text: Arc<String>,
}

impl Document {
    /// Returns whether it is a job file, and not plainly the file of another tool.
    pub(super) fn is_job(&self) -> bool {
        let mut head = self.text.lines().take_while(|line| line.starts_with('#'));
        let schema = head.find_map(|line| line.strip_prefix(SCHEMA));
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match schema {
            Some(schema) => schema.contains("runner"),
            None => !FOREIGN.contains(&name) && !name.starts_with('.'),
        }
    }
}

/// All open documents, by the one path of each; few enough to look through.
#[derive(Debug, Default)]
pub(super) struct Documents {
    open: Vec<Document>,
}

impl Documents {
    /// Takes in a document, or its text anew; returns its path.
    pub(super) fn open(&mut self, item: TextDocumentItem) -> Option<PathBuf> {
        self.close(&item.uri);
        if self.open.len() >= MOST_OPEN || self.size() + item.text.len() > MOST_TEXT {
            return None;
        }
        let path = path_of(&item.uri);
        let (uri, version) = (item.uri, item.version);
        let text = Arc::new(item.text);
        self.open.push(Document { uri, path: path.clone(), version, text });
        Some(path)
    }

    /// Applies edits in their order, each to what the one before has left; returns the path. What
    /// becomes too large is let go.
    pub(super) fn change(
        &mut self,
        (uri, version): (&Uri, i32),
        edits: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Option<PathBuf> {
        let document = self.open.iter_mut().find(|document| document.uri == *uri)?;
        document.version = version;
        let text = Arc::make_mut(&mut document.text);
        for edit in edits {
            match edit.range {
                None => *text = edit.text,
                Some(range) => {
                    let bytes = Lines::new(text, encoding).bytes(range);
                    text.replace_range(bytes, &edit.text);
                }
            }
        }
        let path = document.path.clone();
        if self.size() > MOST_TEXT {
            self.close(uri);
        }
        Some(path)
    }

    /// Lets a document go; returns its path.
    pub(super) fn close(&mut self, uri: &Uri) -> Option<PathBuf> {
        let at = self.open.iter().position(|document| document.uri == *uri)?;
        Some(self.open.swap_remove(at).path)
    }

    /// Returns the document that the editor names so.
    pub(super) fn named(&self, uri: &Uri) -> Option<&Document> {
        self.open.iter().find(|document| document.uri == *uri)
    }

    /// Returns the documents of a file.
    pub(super) fn of<'d>(&'d self, path: &'d Path) -> impl Iterator<Item = &'d Document> {
        self.open.iter().filter(move |document| document.path == path)
    }

    /// Returns the path of every job file.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &Path> {
        let jobs = self.open.iter().filter(|document| document.is_job());
        jobs.map(|document| document.path.as_path())
    }

    /// Returns every text by its path.
    pub(super) fn texts(&self) -> HashMap<PathBuf, Arc<String>> {
        let text = |document: &Document| (document.path.clone(), Arc::clone(&document.text));
        self.open.iter().map(text).collect()
    }

    fn size(&self) -> usize {
        self.open.iter().map(|document| document.text.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::{Position, Range};
    use std::str::FromStr;

    fn item(name: &str, text: &str) -> TextDocumentItem {
        let uri = Uri::from_str(name).unwrap();
        TextDocumentItem { uri, language_id: "toml".into(), version: 1, text: text.into() }
    }

    fn edit(range: Option<[u32; 4]>, text: &str) -> TextDocumentContentChangeEvent {
        let range = range.map(|[line, from, last, to]| Range {
            start: Position::new(line, from),
            end: Position::new(last, to),
        });
        TextDocumentContentChangeEvent { range, range_length: None, text: text.into() }
    }

    #[test]
    fn edits_follow_each_other() {
        let mut documents = Documents::default();
        let uri = Uri::from_str("file:///a.toml").unwrap();
        documents.open(item("file:///a.toml", "a = \"🦀\"\nb = 1\n"));
        let edits = vec![
            edit(Some([0, 5, 0, 7]), "ä"),
            edit(Some([0, 6, 0, 6]), "!"),
            edit(Some([1, 0, 9, 9]), ""),
            edit(Some([7, 7, 8, 8]), "# end"),
        ];
        documents.change((&uri, 2), edits, Encoding::Utf16).unwrap();
        let document = documents.named(&uri).unwrap();
        assert_eq!((document.text.as_str(), document.version), ("a = \"ä!\"\n# end", 2));
        documents.change((&uri, 3), vec![edit(None, "new")], Encoding::Utf16).unwrap();
        assert_eq!(documents.named(&uri).unwrap().text.as_str(), "new");
    }

    #[test]
    fn files_of_other_tools_are_left_alone() {
        let is_job = |name: &str, text: &str| {
            let mut documents = Documents::default();
            documents.open(item(name, text));
            documents.jobs().count() == 1
        };
        assert!(is_job("file:///job.toml", "[tasks.a]\n"));
        assert!(is_job("file:///Cargo.toml", "# x\n#:schema ../schemas/runner.schema.json\n"));
        assert!(!is_job("file:///Cargo.toml", "[package]\n"));
        assert!(!is_job("file:///job.toml", "#:schema none\n"));
        assert!(!is_job("file:///.taplo.toml", ""));
    }

    #[test]
    fn what_is_not_open_is_not_changed() {
        let mut documents = Documents::default();
        let uri = Uri::from_str("file:///a.toml").unwrap();
        assert_eq!(documents.change((&uri, 2), vec![edit(None, "x")], Encoding::Utf8), None);
        assert_eq!(documents.close(&uri), None);
        for count in 0..=MOST_OPEN {
            let opened = documents.open(item(&format!("file:///{count}"), ""));
            assert_eq!(opened.is_some(), count < MOST_OPEN);
        }
    }

    #[test]
    fn all_texts_together_have_a_bound() {
        let mut documents = Documents::default();
        let half = "x".repeat(MOST_TEXT / 2);
        let uri = Uri::from_str("file:///a").unwrap();
        assert!(documents.open(item("file:///a", &half)).is_some());
        assert!(documents.open(item("file:///b", &half)).is_some());
        assert!(documents.open(item("file:///c", "x")).is_none());
        documents.change((&uri, 2), vec![edit(Some([0, 0, 0, 0]), "x")], Encoding::Utf8);
        assert!(documents.named(&uri).is_none());
    }
}

//! Problem: one thing that is wrong with a job file, with its place and its cure.
//!
//! A value that is collected and never returned early, so that every problem is seen in one go.
//! Unaware of how it will be drawn.

use std::ops::Range;

/// A file of the job: index into [`super::Job::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u16);

/// One thing that is wrong, or odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which rule is broken.
    pub code: Code,
    /// Whether it forbids to run.
    pub severity: Severity,
    /// What is wrong, in the user's words: a lowercase fragment.
    pub message: String,
    /// Where, and why there; the first is the primary one.
    pub labels: Vec<Label>,
    /// An edit that can be typed.
    pub help: Option<String>,
}

impl Problem {
    /// Makes an error at a place.
    pub fn error(code: Code, message: impl Into<String>, label: Label) -> Self {
        let message = message.into();
        Self { code, severity: Severity::Error, message, labels: vec![label], help: None }
    }

    /// Adds another place, such as the declaration that a reference missed.
    #[must_use]
    pub fn also(mut self, label: Label) -> Self {
        self.labels.push(label);
        self
    }

    /// Adds the cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}

/// Whether a problem forbids to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is started.
    Error,
    /// Told, and the run goes on.
    Warning,
}

/// A place and what is to be said there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// Why there; empty to mark it only.
    pub text: String,
}

/// A place in a job file, found in its text only when a problem is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The way from the top to the entry, such as `process` / `scan` / `needs` / 1.
    pub path: Vec<Step>,
    /// What of it is meant.
    pub part: Part,
}

impl Place {
    /// Returns the place of a value, by its keys from the top.
    pub fn value<const N: usize>(file: FileId, path: [&str; N]) -> Self {
        let path = path.iter().map(|key| Step::Key((*key).to_owned())).collect();
        Self { file, path, part: Part::Value }
    }

    /// Returns the place of a key itself (of a table: its header).
    pub fn key<const N: usize>(file: FileId, path: [&str; N]) -> Self {
        Self { part: Part::Key, ..Self::value(file, path) }
    }

    /// Returns a range of bytes of the file.
    pub fn bytes(file: FileId, range: Range<usize>) -> Self {
        Self { file, path: Vec::new(), part: Part::Bytes(range) }
    }

    /// Returns the file as a whole.
    pub fn whole(file: FileId) -> Self {
        Self { file, path: Vec::new(), part: Part::Whole }
    }

    /// Goes one key deeper.
    #[must_use]
    pub fn then(mut self, key: &str) -> Self {
        self.path.push(Step::Key(key.to_owned()));
        self
    }

    /// Goes to one entry of a list.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        self.path.push(Step::Index(index));
        self
    }

    /// Narrows to a range of bytes of the string that stands there.
    #[must_use]
    pub fn within(mut self, range: Range<usize>) -> Self {
        self.part = Part::Within(range);
        self
    }

    /// Says why there.
    pub fn label(self, text: impl Into<String>) -> Label {
        Label { place: self, text: text.into() }
    }
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// What of an entry is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The key; the header of a table.
    Key,
    /// The value.
    Value,
    /// Some bytes of a text value, counted in the text as it is meant (escapes resolved).
    Within(Range<usize>),
    /// Bytes of the file, where there is no entry: a syntax error.
    Bytes(Range<usize>),
    /// The file as a whole.
    Whole,
}

/// The text of a file, for drawing.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its path as the user wrote it, or as it was included.
    pub path: String,
    /// Its text; empty where it could not be read.
    pub text: String,
}

/// The stable name of a rule: `E101`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

/// Every code there is. 0xx: the file; 1xx: keys and values; 2xx: the graph; 3xx: combinations.
pub mod code {
    use super::Code;

    /// The file cannot be read: missing, a folder, a device, not UTF-8, too large.
    pub const UNREADABLE: Code = Code("E001");
    /// The text is not TOML.
    pub const SYNTAX: Code = Code("E002");
    /// The file declares no process.
    pub const EMPTY: Code = Code("E003");
    /// An include leads back to itself.
    pub const INCLUDE_LOOP: Code = Code("E004");
    /// A table has no such key.
    pub const UNKNOWN_KEY: Code = Code("E101");
    /// A value of another type.
    pub const WRONG_TYPE: Code = Code("E102");
    /// A value out of its range or not among those allowed.
    pub const BAD_VALUE: Code = Code("E103");
    /// A key that must be there is missing.
    pub const MISSING: Code = Code("E104");
    /// A name that cannot be used.
    pub const BAD_NAME: Code = Code("E105");
    /// A name declared twice.
    pub const DUPLICATE: Code = Code("E106");
    /// A key of the language that this version does not run.
    pub const RESERVED: Code = Code("E107");
    /// A placeholder that names nothing.
    pub const PLACEHOLDER: Code = Code("E108");
    /// A process that no file declares.
    pub const UNKNOWN_PROCESS: Code = Code("E201");
    /// A pool that no file declares.
    pub const UNKNOWN_POOL: Code = Code("E202");
    /// A queue that no file declares.
    pub const UNKNOWN_QUEUE: Code = Code("E203");
    /// Processes that wait for each other.
    pub const CYCLE: Code = Code("E204");
    /// A queue that nothing feeds.
    pub const UNFED: Code = Code("E205");
    /// A queue that nothing reads.
    pub const UNREAD: Code = Code("E206");
    /// A pool too small for what must run in it at the same time.
    pub const STARVED: Code = Code("E207");
    /// More slots than the pool has.
    pub const TOO_HEAVY: Code = Code("E208");
    /// Two keys that exclude each other.
    pub const CONFLICT: Code = Code("E301");
    /// A producer that would emit its items twice.
    pub const TWICE: Code = Code("E302");
    /// A pipe that cannot be joined.
    pub const PIPE: Code = Code("E303");
    /// The file needs TOML 1.1, which other tools refuse.
    pub const TOML_1_1: Code = Code("W401");
}

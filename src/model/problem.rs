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
    /// The same edit for an editor, where it is a plain replacement of text.
    pub fix: Option<Fix>,
}

impl Problem {
    /// Makes an error at a place.
    pub fn error(code: Code, message: impl Into<String>, label: Label) -> Self {
        let message = message.into();
        Self {
            code,
            severity: Severity::Error,
            message,
            labels: vec![label],
            help: None,
            fix: None,
        }
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

    /// Adds the edit that the help describes: `text` instead of what stands at a place.
    #[must_use]
    pub fn fix(mut self, place: Place, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { place, text: text.into() });
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Returns whether it does not forbid to run.
    pub fn is_warning(&self) -> bool {
        self.severity == Severity::Warning
    }
}

/// How bad something is: whether a problem of a job file forbids to run, and what a tool calls what
/// it has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is started; the code is wrong.
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

/// An edit: text that replaces what stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced; nothing where the place is empty.
    pub place: Place,
    /// What is written there.
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
    pub fn span(file: FileId, range: Range<usize>) -> Self {
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

    /// Returns the bytes that are meant; none where the place is a path that was not followed.
    pub fn bytes(&self) -> Range<usize> {
        match &self.part {
            Part::Bytes(range) => range.clone(),
            Part::Key | Part::Value | Part::Within(_) | Part::Whole => 0..0,
        }
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

/// The stable name of a rule: its number, `E101`, and its name, `unknown-key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// The number: `E` for errors, `W` for warnings. It is never given to another rule.
    pub id: &'static str,
    /// The name, in words joined by `-`.
    pub name: &'static str,
}

/// Declares the codes, and the list of all of them in order.
macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $id:literal $words:literal;)+) => {
        $($(#[$doc])+ pub const $name: Code = Code { id: $id, name: $words };)+

        /// Every code, in order.
        pub const ALL: &[Code] = &[$($name),+];
    };
}

/// Every code there is, explained at length in `docs/codes.md`. 0xx: the file; 1xx: keys and
/// values; 2xx: the graph; 3xx: combinations; 4xx: what misleads; 5xx: the world around the file.
pub mod code {
    use super::Code;

    codes! {
        /// The file cannot be read: missing, a folder, a device, not UTF-8, too large.
        UNREADABLE = "E001" "unreadable";
        /// The text is not TOML.
        SYNTAX = "E002" "syntax";
        /// The file declares no process.
        EMPTY = "E003" "empty";
        /// An include leads back to itself.
        INCLUDE_LOOP = "E004" "include-loop";
        /// A table has no such key.
        UNKNOWN_KEY = "E101" "unknown-key";
        /// A value of another type.
        WRONG_TYPE = "E102" "wrong-type";
        /// A value out of its range or not among those allowed.
        BAD_VALUE = "E103" "bad-value";
        /// A key that must be there is missing.
        MISSING = "E104" "missing";
        /// A name that cannot be used.
        BAD_NAME = "E105" "bad-name";
        /// A name declared twice.
        DUPLICATE = "E106" "duplicate";
        /// A key of the language that this version does not run.
        RESERVED = "E107" "reserved";
        /// A placeholder that names nothing.
        PLACEHOLDER = "E108" "unknown-placeholder";
        /// A process that no file declares.
        UNKNOWN_PROCESS = "E201" "unknown-process";
        /// A pool that no file declares.
        UNKNOWN_POOL = "E202" "unknown-pool";
        /// A queue that no file declares.
        UNKNOWN_QUEUE = "E203" "unknown-queue";
        /// Processes that wait for each other.
        CYCLE = "E204" "cycle";
        /// A queue that nothing feeds.
        UNFED = "E205" "queue-without-producer";
        /// A queue that nothing reads.
        UNREAD = "E206" "queue-without-reader";
        /// A pool too small for what must run in it at the same time.
        STARVED = "E207" "pool-deadlock";
        /// More slots than the pool has.
        TOO_HEAVY = "E208" "too-heavy";
        /// A service that nothing needs, and so never starts.
        UNNEEDED = "E209" "unneeded-service";
        /// A process that can never run, whatever happens.
        UNREACHABLE = "E210" "unreachable";
        /// A queue on a loop that could block itself for ever.
        LOOP = "E211" "loop-without-spill";
        /// Two keys that exclude each other.
        CONFLICT = "E301" "conflict";
        /// A producer that would emit its items twice.
        TWICE = "E302" "emitted-twice";
        /// A pipe that cannot be joined.
        PIPE = "E303" "pipe";
        /// A secret where others can read it.
        SHOWN = "E304" "shown-secret";
        /// The file needs TOML 1.1, which other tools refuse.
        TOML_1_1 = "W401" "toml-1.1";
        /// Two names that a reader takes for one.
        ALIKE = "W402" "look-alike";
        /// A placeholder of another tool, which is not filled in.
        BRACES = "W403" "other-placeholder";
        /// A program that is not on the PATH.
        NO_PROGRAM = "W501" "program-not-found";
        /// A program that may not be executed.
        NOT_EXECUTABLE = "W502" "program-not-executable";
        /// A script whose first line names no interpreter that is there.
        BAD_INTERPRETER = "W503" "bad-interpreter";
        /// A folder that is not there.
        NO_FOLDER = "W504" "folder-not-found";
        /// A file that is not there.
        NO_FILE = "W505" "file-not-found";
        /// A glob that matches nothing.
        NO_MATCH = "W506" "no-match";
    }
}

//! Condition: what must hold for a process to run, beside what it needs.
//!
//! Unaware of how it is asked, and of what follows from the answer.

use std::fmt::Write as _;

use super::Template;

/// One entry of `if`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is asked.
    pub question: Question,
    /// `not`: the contrary must hold.
    pub not: bool,
}

/// What a condition asks. A text without `is` must not be empty; a variable that is not set is
/// empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// `env`: what a variable of the environment holds.
    Env {
        /// Its name.
        name: String,
        /// `is`.
        is: Option<Template>,
    },
    /// `value`: what a text with placeholders comes to.
    Value {
        /// The text.
        value: Template,
        /// `is`.
        is: Option<Template>,
    },
    /// `os`: whether this is the operating system.
    Os(Os),
    /// `exists`: whether a path is there.
    Exists(Template),
    /// `command`: whether it passes.
    Command(Vec<Template>),
    /// `changed`: whether a file has changed that one of these globs matches.
    Changed {
        /// The globs.
        globs: Vec<Template>,
        /// `since`: the revision; [`Question::SINCE`] where none is given.
        since: Option<Template>,
    },
}

/// An operating system, as Rust and Go call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Os {
    /// `linux`.
    Linux,
    /// `macos`.
    Macos,
    /// `windows`.
    Windows,
    /// `freebsd`.
    Freebsd,
}

impl Os {
    /// Returns the word of the language, which is the one of [`std::env::consts::OS`] too.
    pub fn word(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Macos => "macos",
            Self::Windows => "windows",
            Self::Freebsd => "freebsd",
        }
    }
}

impl Question {
    /// `since`, where none is given: what is not committed.
    pub const SINCE: &'static str = "HEAD";

    /// Returns every text that may hold placeholders, each with its key, and its place in the list
    /// behind that key where there is one.
    pub fn templates(&self) -> Vec<(&Template, &'static str, Option<usize>)> {
        match self {
            Self::Env { is, .. } => is.iter().map(|is| (is, "is", None)).collect(),
            Self::Value { value, is } => {
                let is = is.iter().map(|is| (is, "is", None));
                [(value, "value", None)].into_iter().chain(is).collect()
            }
            Self::Os(_) => Vec::new(),
            Self::Exists(path) => vec![(path, "exists", None)],
            Self::Command(words) => {
                let word = |(at, word)| (word, "command", Some(at));
                words.iter().enumerate().map(word).collect()
            }
            Self::Changed { globs, since } => {
                let glob = |(at, glob)| (glob, "changed", Some(at));
                let since = since.iter().map(|since| (since, "since", None));
                globs.iter().enumerate().map(glob).chain(since).collect()
            }
        }
    }
}

impl Condition {
    /// Says what must hold, as it is written: `CI is set`.
    pub fn says(&self) -> String {
        let not = if self.not { " not" } else { "" };
        match &self.question {
            Question::Env { name, is: None } => format!("{name} is{not} set"),
            Question::Env { name, is: Some(is) } => format!("{name} is{not} {:?}", is.source()),
            Question::Value { value, is: None } => {
                let not = if self.not { "" } else { " not" };
                format!("{} is{not} empty", value.source())
            }
            Question::Value { value, is: Some(is) } => {
                format!("{} is{not} {:?}", value.source(), is.source())
            }
            Question::Os(os) => format!("this is{not} {}", os.word()),
            Question::Exists(path) => {
                let exists = if self.not { "does not exist" } else { "exists" };
                format!("`{}` {exists}", path.source())
            }
            Question::Command(words) => {
                let mut said = String::from("`");
                for (at, word) in words.iter().enumerate() {
                    let space = if at > 0 { " " } else { "" };
                    let _ = write!(said, "{space}{}", word.source());
                }
                said + if self.not { "` fails" } else { "` passes" }
            }
            Question::Changed { globs, since } => {
                let thing = if self.not { "nothing" } else { "something" };
                let since = since.as_ref().map_or(Question::SINCE.to_owned(), Template::source);
                let globs: Vec<_> = globs.iter().map(Template::source).collect();
                format!("{thing} in {} has changed since {since}", globs.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_must_hold() {
        let text = |text: &str| Template::parse(text).0;
        let says = |question: &Question| {
            [false, true].map(|not| Condition { question: question.clone(), not }.says())
        };
        let name = || "CI".to_owned();
        for (question, holds, contrary) in [
            (Question::Env { name: name(), is: None }, "CI is set", "CI is not set"),
            (
                Question::Env { name: name(), is: Some(text("yes")) },
                "CI is \"yes\"",
                "CI is not \"yes\"",
            ),
            (
                Question::Value { value: text("{vars.x}"), is: None },
                "{vars.x} is not empty",
                "{vars.x} is empty",
            ),
            (
                Question::Value { value: text("{matrix.a}"), is: Some(text("{vars.x}")) },
                "{matrix.a} is \"{vars.x}\"",
                "{matrix.a} is not \"{vars.x}\"",
            ),
            (Question::Os(Os::Macos), "this is macos", "this is not macos"),
            (Question::Exists(text("a b")), "`a b` exists", "`a b` does not exist"),
            (Question::Command(vec![text("grep"), text("x")]), "`grep x` passes", "`grep x` fails"),
            (
                Question::Changed { globs: vec![text("a/**"), text("b")], since: None },
                "something in a/**, b has changed since HEAD",
                "nothing in a/**, b has changed since HEAD",
            ),
        ] {
            assert_eq!(says(&question), [holds, contrary]);
        }
    }
}

//! Found: a problem as programs read it, its places resolved.
//!
//! One struct is what `--format json` prints, what its schema describes and what every other format
//! for programs is made of. Keys are added and never renamed. Unaware of what is made of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::findings::Findings;
use super::lines::Lines;
use crate::ci::Fingerprints;
use crate::model::{Label, Place, Problem, Severity, Source};

/// The problems of one or more job files, as `runner validate --format json` prints them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Problems<'a> {
    /// The problems: job file by job file, and in each sorted by place. Empty where nothing is
    /// wrong.
    pub(super) problems: Vec<&'a Found>,
}

/// One thing that is wrong, or odd.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Problem")]
pub(super) struct Found {
    /// The stable number of the rule that is broken: `E101`. `runner explain E101` tells more.
    pub(super) code: &'static str,
    /// The name of that rule: `unknown-key`.
    pub(super) name: &'static str,
    /// Whether it forbids to run.
    pub(super) severity: Grade,
    /// What is wrong.
    pub(super) message: String,
    /// Where: the place of the first label.
    pub(super) place: Spot,
    /// All the places that it is about; the first is the primary one. The others may lie in other
    /// files.
    pub(super) labels: Vec<Said>,
    /// The cure in words.
    pub(super) help: Option<String>,
    /// The cure as an edit, where it is a plain replacement of text.
    pub(super) fix: Option<Edit>,
}

/// Whether a problem forbids to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Severity")]
pub(super) enum Grade {
    /// Nothing is started.
    Error,
    /// The job runs.
    Warning,
}

/// A place and what is said there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Label")]
pub(super) struct Said {
    /// Where.
    pub(super) place: Spot,
    /// Why there; empty to mark it only.
    pub(super) text: String,
}

/// Text that is written instead of what stands at a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Fix")]
pub(super) struct Edit {
    /// What is replaced; where it ends as it begins, text is put in.
    pub(super) place: Spot,
    /// What is written there.
    pub(super) text: String,
}

/// A range of a file: from its first character to the one after its last. A problem of a file as a
/// whole is at its start and takes no room.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Place")]
pub(super) struct Spot {
    /// The file: its path as it was given or included, or the name of standard input.
    pub(super) file: String,
    /// The line of the first character, from 1.
    #[schemars(range(min = 1))]
    pub(super) line: usize,
    /// The column of the first character, from 1, counted in characters (Unicode code points).
    #[schemars(range(min = 1))]
    pub(super) column: usize,
    /// The offset of the first byte, from 0.
    pub(super) byte: usize,
    /// The line of the character after the last, from 1.
    #[schemars(range(min = 1))]
    pub(super) end_line: usize,
    /// The column of the character after the last, from 1.
    #[schemars(range(min = 1))]
    pub(super) end_column: usize,
    /// The offset of the byte after the last, from 0.
    pub(super) end_byte: usize,
}

/// Returns the fingerprint of each problem.
pub(super) fn fingerprints(findings: &Findings) -> impl Iterator<Item = String> {
    let mut prints = Fingerprints::default();
    findings.all().map(move |found| {
        let label = found.labels.first().map_or("", |label| label.text.as_str());
        prints.of(&[found.place.file.as_str(), found.code, &found.message, label])
    })
}

impl From<Grade> for Severity {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Error => Self::Error,
            Grade::Warning => Self::Warning,
        }
    }
}

impl Found {
    /// Returns whether it forbids to run.
    pub(super) fn is_error(&self) -> bool {
        self.severity == Grade::Error
    }

    /// Returns the cure in words, or else why the place is wrong: often the same, such as
    /// "did you mean `command`?".
    pub(super) fn cure(&self) -> Option<&str> {
        let first = self.labels.first().map(|label| label.text.as_str());
        self.help.as_deref().or(first).filter(|text| !text.is_empty())
    }

    /// Returns what is wrong and the cure, in one line.
    pub(super) fn sentence(&self) -> String {
        match self.cure() {
            Some(cure) => format!("{}; {cure}", self.message),
            None => self.message.clone(),
        }
    }
}

impl Spot {
    /// Returns whether it lies within one line.
    pub(super) fn is_in_one_line(&self) -> bool {
        self.line == self.end_line
    }
}

/// The texts that places are resolved in.
pub(super) struct Texts<'a> {
    files: Vec<(&'a str, Lines<'a>)>,
}

impl<'a> Texts<'a> {
    /// Finds the lines of some texts.
    pub(super) fn of(sources: &'a [Source]) -> Self {
        let file = |source: &'a Source| (source.path.as_str(), Lines::of(&source.text));
        Self { files: sources.iter().map(file).collect() }
    }

    /// Resolves the places of a problem.
    pub(super) fn found(&self, problem: &Problem) -> Found {
        let labels: Vec<Said> = problem.labels.iter().map(|label| self.said(label)).collect();
        Found {
            code: problem.code.id,
            name: problem.code.name,
            severity: match problem.severity {
                Severity::Error => Grade::Error,
                Severity::Warning => Grade::Warning,
            },
            message: problem.message.clone(),
            place: labels.first().map_or_else(|| self.whole(), |label| label.place.clone()),
            labels,
            help: problem.help.clone(),
            fix: problem
                .fix
                .as_ref()
                .map(|fix| Edit { place: self.spot(&fix.place), text: fix.text.clone() }),
        }
    }

    fn said(&self, label: &Label) -> Said {
        Said { place: self.spot(&label.place), text: label.text.clone() }
    }

    fn spot(&self, place: &Place) -> Spot {
        let Some((path, lines)) = self.files.get(usize::from(place.file.0)) else {
            return self.whole();
        };
        let bytes = place.bytes();
        let ((line, column), (end_line, end_column)) =
            (lines.position(bytes.start), lines.position(bytes.end));
        Spot {
            file: (*path).to_owned(),
            line,
            column,
            byte: bytes.start,
            end_line,
            end_column,
            end_byte: bytes.end,
        }
    }

    /// Returns the place of a job as a whole.
    fn whole(&self) -> Spot {
        let file = self.files.first().map_or(String::new(), |(path, _)| (*path).to_owned());
        Spot { file, line: 1, column: 1, byte: 0, end_line: 1, end_column: 1, end_byte: 0 }
    }
}

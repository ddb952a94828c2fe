//! Findings: problems as an editor shows them, each with the edit that cures it.
//!
//! Editors show a message and a place, so the label and the help line go into the message, and the
//! other places of a problem are related ones. Unaware of who checks and when.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
    Range as Area, TextEdit, Uri,
};
use serde_json::json;

use super::position::Lines;
use crate::model::{Label, Place, Problem, Severity};

/// The most problems of a file that are shown: nobody reads more, and each is sent anew with every
/// change.
const MOST_SHOWN: usize = 1000;

/// The most other places of one problem that are shown; a cycle can have as many as processes.
const MOST_RELATED: usize = 50;

/// One problem of one file.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    /// How it is shown.
    pub(super) diagnostic: Diagnostic,
    /// What cures it.
    pub(super) cure: Option<Cure>,
}

/// An edit that cures a problem.
#[derive(Debug, Clone)]
pub(super) struct Cure {
    /// What it does, in the words of the help line.
    pub(super) title: String,
    /// The document that is edited.
    pub(super) uri: Uri,
    /// What is written where.
    pub(super) edit: TextEdit,
}

/// A file that was checked.
#[derive(Debug)]
pub(super) struct Checked<'c> {
    /// Its path.
    pub(super) path: &'c Path,
    /// How the editor names it.
    pub(super) uri: Uri,
    /// Its text, line by line.
    pub(super) lines: Lines<'c>,
    /// Its text.
    pub(super) text: &'c str,
}

/// Sorts problems by file; `related` is whether the editor shows other places by itself.
pub(super) fn by_file(
    problems: &[Problem],
    files: &[Checked<'_>],
    related: bool,
) -> BTreeMap<PathBuf, Vec<Finding>> {
    let mut found: BTreeMap<PathBuf, Vec<Finding>> = BTreeMap::new();
    for problem in problems {
        let Some(file) = problem.labels.first().and_then(|label| of(files, &label.place)) else {
            continue;
        };
        let here = found.entry(file.path.to_path_buf()).or_default();
        if here.len() < MOST_SHOWN {
            here.push(finding(problem, file, files, related));
        }
    }
    found
}

fn of<'f, 'c>(files: &'f [Checked<'c>], place: &Place) -> Option<&'f Checked<'c>> {
    files.get(usize::from(place.file.0))
}

fn finding(problem: &Problem, file: &Checked<'_>, files: &[Checked<'_>], related: bool) -> Finding {
    let first = &problem.labels[0];
    let others = problem.labels.iter().skip(1).filter(|label| !label.text.is_empty());
    let others: Vec<&Label> = others.take(MOST_RELATED).collect();
    let cure = cure(problem, files);
    let places = || others.iter().filter_map(|label| place(label, files)).collect();
    let mut message = problem.message.clone();
    let lines = [first.text.clone()].into_iter().filter(|text| !text.is_empty());
    let told = others.iter().filter(|_| !related).filter_map(|label| line(label, files));
    let help = problem.help.iter().map(|help| format!("help: {help}"));
    for text in lines.chain(told).chain(help) {
        message.push('\n');
        message.push_str(&text);
    }
    let diagnostic = Diagnostic {
        range: area(file, &first.place.bytes()),
        severity: Some(match problem.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(problem.code.id.to_owned())),
        source: Some("runner".to_owned()),
        message,
        related_information: related.then(places).filter(|places: &Vec<_>| !places.is_empty()),
        data: cure
            .as_ref()
            .map(|cure| json!({ "title": cure.title, "uri": cure.uri, "edit": cure.edit })),
        ..Diagnostic::default()
    };
    Finding { diagnostic, cure }
}

/// Returns the edit of a problem, under the name of its help line.
fn cure(problem: &Problem, files: &[Checked<'_>]) -> Option<Cure> {
    let fix = problem.fix.as_ref()?;
    let file = of(files, &fix.place)?;
    let label = problem.labels.first().map(|label| &label.text).filter(|text| !text.is_empty());
    let title = problem.help.as_ref().or(label).unwrap_or(&problem.message).clone();
    let edit = TextEdit { range: file.lines.area(&fix.place.bytes()), new_text: fix.text.clone() };
    Some(Cure { title, uri: file.uri.clone(), edit })
}

fn place(label: &Label, files: &[Checked<'_>]) -> Option<DiagnosticRelatedInformation> {
    let file = of(files, &label.place)?;
    let location = Location { uri: file.uri.clone(), range: area(file, &label.place.bytes()) };
    Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
}

/// Tells another place in a line of text.
fn line(label: &Label, files: &[Checked<'_>]) -> Option<String> {
    let file = of(files, &label.place)?;
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let number = file.lines.position(label.place.bytes().start).line + 1;
    Some(format!("{name}:{number}: {}", label.text))
}

/// Returns where bytes stand; the whole first line where there are none, so that it can be seen.
fn area(file: &Checked<'_>, bytes: &Range<usize>) -> Area {
    let whole = bytes.is_empty() && bytes.start == 0;
    let line = || file.text.find(['\n', '\r']).unwrap_or(file.text.len());
    file.lines.area(&if whole { 0..line() } else { bytes.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsp::address::uri_of;
    use crate::lsp::position::Encoding;
    use crate::model::{FileId, code};

    const TEXT: &str = "# ä\n[process.a]\nneds = [\"b\"]\n";

    fn found(problem: Problem, related: bool) -> Finding {
        let path = Path::new("/job.toml");
        let lines = Lines::new(TEXT, Encoding::Utf16);
        let files = [Checked { path, uri: uri_of(path).unwrap(), lines, text: TEXT }];
        by_file(&[problem], &files, related).remove(path).unwrap().remove(0)
    }

    fn at(words: &str) -> Place {
        let start = TEXT.find(words).unwrap();
        Place::span(FileId(0), start..start + words.len())
    }

    #[test]
    fn everything_that_is_known_is_told() {
        let problem = Problem::error(code::UNKNOWN_KEY, "no key `neds`", at("neds").label("here"))
            .also(at("process").label("of this table"))
            .help("write `needs`")
            .fix(at("neds"), "needs");
        let shown = found(problem.clone(), true);
        let related = shown.diagnostic.related_information.unwrap();
        assert_eq!(shown.diagnostic.message, "no key `neds`\nhere\nhelp: write `needs`");
        assert_eq!(related[0].message, "of this table");
        assert_eq!(shown.cure.unwrap().title, "write `needs`");
        assert_eq!(shown.diagnostic.data.unwrap()["edit"]["newText"], "needs");
        let shown = found(problem, false);
        assert!(shown.diagnostic.related_information.is_none());
        let message = "no key `neds`\nhere\njob.toml:2: of this table\nhelp: write `needs`";
        assert_eq!(shown.diagnostic.message, message);
    }

    #[test]
    fn a_problem_of_the_whole_file_marks_its_first_line() {
        let label = Place::whole(FileId(0)).label("");
        let shown = found(Problem::error(code::EMPTY, "no process", label), true);
        assert_eq!((shown.diagnostic.range.end.line, shown.diagnostic.range.end.character), (0, 3));
        assert_eq!(shown.diagnostic.message, "no process");
    }
}

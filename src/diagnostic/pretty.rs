//! Pretty: problems drawn for people, with the lines they are about.
//!
//! miette draws; what it is given is made safe here: only the lines that matter, cut to the width,
//! without control characters, with marks that never overlap. So nothing in a file can act on the
//! terminal, and a file of one line of 8 MiB is drawn as fast as any. Unaware of how problems are
//! found.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity as Grade, SourceCode,
};

use super::snippet::{Mark, Snippet, clean};
use crate::model::{Code, Label, Part, Problem, Severity, Source};

/// How many problems of one file are drawn: more are not read, and each costs a screen.
const MOST_DRAWN: usize = 50;
/// The narrowest drawing: below it miette has no room left, and the terminal may wrap.
const NARROWEST: usize = 40;

/// How a report looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether it is coloured.
    pub color: bool,
    /// How many columns it has.
    pub width: usize,
}

/// Draws problems, sorted by place, and says how many there are.
pub fn pretty(problems: &[Problem], sources: &[Source], style: &Style) -> String {
    let mut out = String::new();
    let mut files: BTreeMap<usize, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        files.entry(file_of(problem)).or_default().push(problem);
    }
    let handler = handler(style);
    for problems in files.values() {
        let drawn = &problems[..problems.len().min(MOST_DRAWN)];
        for diagnostic in drawings(drawn, sources, style) {
            let before = out.len();
            if handler.render_report(&mut out, &diagnostic).is_err() {
                out.truncate(before);
                out.push_str(&diagnostic.message);
            }
            out.push('\n');
        }
        let rest = problems.len() - drawn.len();
        if rest > 0 {
            let name = sources.get(file_of(problems[0])).map_or("", |source| &source.path);
            out.extend(["and ", &rest.to_string(), " more in ", &clean(name), "\n\n"]);
        }
    }
    out.push_str(&summary(problems, &files, sources));
    out
}

fn handler(style: &Style) -> GraphicalReportHandler {
    let theme =
        if style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width.max(NARROWEST))
        .with_links(false)
        .with_context_lines(1)
        .with_show_related_as_nested(true)
        .without_syntax_highlighting()
}

fn file_of(problem: &Problem) -> usize {
    problem.labels.first().map_or(0, |label| usize::from(label.place.file.0))
}

/// Returns `8 problems in jobs/x.toml (7 errors, 1 warning)`.
fn summary(
    problems: &[Problem],
    files: &BTreeMap<usize, Vec<&Problem>>,
    sources: &[Source],
) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    let name = |file: &usize| sources.get(*file).map_or("", |source| source.path.as_str());
    let place = match files.len() {
        0 => return String::new(),
        1 => files.keys().map(|file| clean(name(file)).into_owned()).collect(),
        several => format!("{several} files"),
    };
    let (all, errors, warnings) = (
        count(problems.len(), "problem"),
        (errors > 0).then(|| count(errors, "error")),
        (warnings > 0).then(|| count(warnings, "warning")),
    );
    let parts: Vec<String> = errors.into_iter().chain(warnings).collect();
    format!("{all} in {place} ({})\n", parts.join(", "))
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// Makes problems drawable.
fn drawings(problems: &[&Problem], sources: &[Source], style: &Style) -> Vec<Drawing> {
    problems
        .iter()
        .map(|problem| {
            let labels = problem.labels.iter().map(|label| (label, label.place.bytes())).collect();
            drawing(problem, labels, sources, style)
        })
        .collect()
}

fn drawing(
    problem: &Problem,
    labels: Vec<(&Label, Range<usize>)>,
    sources: &[Source],
    style: &Style,
) -> Drawing {
    let own = file_of(problem);
    let mut by_file: BTreeMap<usize, Vec<(&Label, Range<usize>)>> = BTreeMap::new();
    for (label, span) in labels {
        by_file.entry(usize::from(label.place.file.0)).or_default().push((label, span));
    }
    let snippet = by_file.remove(&own).and_then(|labels| cut(&labels, own, sources, style));
    let related = by_file.into_iter().filter_map(|(file, labels)| {
        let said = labels.first().map(|(label, _)| clean(&label.text).into_owned());
        // The first says its words in the heading.
        let place = labels.first().map(|(label, _)| label.place.clone());
        let bare = place.map(|place| place.label(""));
        let first = bare.iter().zip(labels.iter().map(|(_, span)| span.clone()));
        let labels: Vec<_> = first.chain(labels.iter().skip(1).cloned()).collect();
        Some(Drawing {
            code: None,
            severity: Grade::Advice,
            message: said.unwrap_or_default(),
            help: None,
            snippet: Some(cut(&labels, file, sources, style)?),
            related: Vec::new(),
        })
    });
    Drawing {
        code: Some(problem.code),
        severity: match problem.severity {
            Severity::Error => Grade::Error,
            Severity::Warning => Grade::Warning,
        },
        message: clean(&problem.message).into_owned(),
        help: problem.help.as_deref().map(|help| clean(help).into_owned()),
        snippet,
        related: related.collect(),
    }
}

fn cut(
    labels: &[(&Label, Range<usize>)],
    file: usize,
    sources: &[Source],
    style: &Style,
) -> Option<Snippet> {
    let marks = labels.iter().filter(|(label, _)| label.place.part != Part::Whole);
    let marks: Vec<Mark> = marks
        .enumerate()
        .map(|(index, (label, span))| Mark {
            span: span.clone(),
            text: clean(&label.text).into_owned(),
            primary: index == 0,
        })
        .collect();
    Snippet::cut(sources.get(file)?, marks, style.width.max(NARROWEST))
}

/// One problem, ready to be drawn.
#[derive(Debug)]
struct Drawing {
    code: Option<Code>,
    severity: Grade,
    message: String,
    help: Option<String>,
    snippet: Option<Snippet>,
    related: Vec<Drawing>,
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing {}

impl Diagnostic for Drawing {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let code = self.code?;
        Some(Box::new(format!("{} {}", code.id, code.name)))
    }

    fn severity(&self) -> Option<Grade> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let snippet = self.snippet.as_ref()?;
        Some(Box::new(snippet.labels()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|drawing| drawing as &dyn Diagnostic)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::{Loaded, Options, load};

    fn loaded(text: &str) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.toml");
        std::fs::write(&path, text).unwrap();
        let mut loaded = load(&path, &Options::default());
        loaded.sources[0].path = "job.toml".to_owned();
        loaded
    }

    fn drawn(text: &str, width: usize) -> String {
        let loaded = loaded(text);
        pretty(&loaded.problems, &loaded.sources, &Style { color: false, width })
    }

    #[test]
    fn flood_is_cut_and_counted() {
        let table = |n| format!("[process.p{n}]\ncommand = [\"x\"]\nx{n} = 1\n");
        let text: Vec<String> = (0..60).map(table).collect();
        let drawn = drawn(&text.concat(), 80);
        assert_eq!(drawn.matches("E101").count(), MOST_DRAWN);
        assert!(
            drawn.ends_with("and 10 more in job.toml\n\n60 problems in job.toml (60 errors)\n")
        );
    }

    #[test]
    fn long_lines_are_cut_around_their_mark() {
        let text = format!(
            "[process.a]\ncommand = [\"{}{{vars.q}}{}\"]\n",
            "ä".repeat(900),
            "b".repeat(900)
        );
        insta::assert_snapshot!(drawn(&text, 60), @r#"
        E108 unknown-placeholder

          × `{vars.q}` does not name anything
           ╭─[job.toml:2:913]
         1 │ [process.a]
         2 │ …ääääääääääää{vars.q}bbbbbbbbbbbbbbbbbbbbbbbbbb…
           ·              ────┬───
           ·                  ╰── no file declares it
           ╰────
          help: declare it: [vars] with q = "…"

        1 problem in job.toml (1 error)
        "#);
    }

    #[test]
    fn nothing_wrong_is_nothing_drawn() {
        assert_eq!(drawn("[process.a]\ncommand = [\"a\"]\n", 80), "");
    }

    const PIECES: [&str; 16] = [
        "\u{1b}[31m",
        "\u{9b}2J",
        "\"",
        "'''",
        "[",
        "]\n",
        "{",
        "}",
        "=",
        "\r",
        "\t",
        "\u{202e}",
        "漢字",
        "\\u001b",
        "\u{7f}",
        "{vars.\u{1b}}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_text_at_any_width_is_drawn_safely(
            cuts in prop::collection::vec((0_usize..3000, 0_usize..40, 0_usize..16), 1..6),
            width in 1_usize..=300,
            color in any::<bool>(),
        ) {
            let mut text = include_str!("../config/everything.toml").to_owned();
            for (at, length, piece) in cuts {
                let from = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
                let from = from.unwrap_or(0);
                let to = (from + length).min(text.len());
                let to = (from..=to).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(from);
                text.replace_range(from..to, PIECES[piece]);
            }
            let loaded = loaded(&text);
            let drawn = pretty(&loaded.problems, &loaded.sources, &Style { color, width });
            let acts = |c: char| c.is_control() && c != '\n' && !(color && c == '\u{1b}');
            prop_assert!(!drawn.contains(acts), "{drawn:?}");
            let unsafe_ones = ["\u{1b}[2J", "\u{202e}", "OutOfBounds"];
            prop_assert!(!unsafe_ones.iter().any(|found| drawn.contains(found)));
            prop_assert_eq!(loaded.job.is_some(), loaded.is_sound());
        }
    }
}

//! Pretty: problems drawn for people, with the lines they are about.
//!
//! miette draws; what it is given is made safe here: only the lines that matter, cut to the width,
//! without control characters, with marks that never overlap. So nothing in a file can act on the
//! terminal, and a file of one line of 8 MiB is drawn as fast as any. Unaware of how problems are
//! found.

use std::collections::BTreeMap;
use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity as Grade, SourceCode,
};

use super::found::Texts;
use super::narrow::narrow;
use super::safe::clean;
use super::snippet::{Mark, Snippet};
use super::summary::summary;
use crate::model::{Code, Label, Part, Problem, Severity, Source};

/// How many problems of one file are drawn: more are not read, and each costs a screen.
const MOST_DRAWN: usize = 50;
/// The narrowest drawing: below it there is no room beside the lines, and text is only wrapped.
const NARROWEST: usize = 40;
/// Columns by which miette indents what lies in another file.
const NESTED: usize = 8;

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
    let name = |file: usize| sources.get(file).map_or("", |source| source.path.as_str());
    for (file, problems) in &files {
        let drawn = &problems[..problems.len().min(MOST_DRAWN)];
        if style.width < NARROWEST {
            let texts = Texts::of(sources);
            for problem in drawn {
                out.extend([&narrow(&texts.found(problem), style.width), "\n"]);
            }
        } else {
            draw(drawn, sources, style, &mut out);
        }
        let rest = problems.len() - drawn.len();
        if rest > 0 {
            out.extend(["and ", &rest.to_string(), " more in ", &clean(name(*file)), "\n\n"]);
        }
    }
    let counted = problems.iter().map(|problem| (name(file_of(problem)), !problem.is_warning()));
    out + &textwrap::fill(&summary(counted), style.width.max(NARROWEST))
}

fn draw(problems: &[&Problem], sources: &[Source], style: &Style, out: &mut String) {
    let theme =
        if style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_context_lines(1)
        .with_show_related_as_nested(true)
        .without_syntax_highlighting();
    for problem in problems {
        let drawing = drawing(problem, sources, style);
        let before = out.len();
        if handler.render_report(out, &drawing).is_err() {
            out.truncate(before);
            out.push_str(&drawing.message);
        }
        out.push('\n');
    }
}

fn file_of(problem: &Problem) -> usize {
    problem.labels.first().map_or(0, |label| usize::from(label.place.file.0))
}

/// Makes a problem drawable, with what lies in other files beside it.
fn drawing(problem: &Problem, sources: &[Source], style: &Style) -> Drawing {
    let mut by_file: BTreeMap<usize, Vec<&Label>> = BTreeMap::new();
    for label in &problem.labels {
        by_file.entry(usize::from(label.place.file.0)).or_default().push(label);
    }
    let own = file_of(problem);
    let own = by_file.remove(&own).and_then(|labels| {
        let marks = labels.iter().map(|label| mark(label, &label.text));
        cut(marks, sources.get(own)?, style.width)
    });
    let related = by_file.into_iter().filter_map(|(file, labels)| {
        let (first, rest) = labels.split_first()?;
        // The first says its words in the heading.
        let bare = std::iter::once(mark(first, ""));
        let marks = bare.chain(rest.iter().map(|label| mark(label, &label.text)));
        let snippet = cut(marks, sources.get(file)?, style.width - NESTED)?;
        Some(Drawing {
            code: None,
            severity: Grade::Advice,
            message: clean(&first.text).into_owned(),
            help: None,
            snippet: Some(snippet.nested()),
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
        snippet: own,
        related: related.collect(),
    }
}

/// Returns a mark that is not the primary one; `None` for a file as a whole.
fn mark(label: &Label, text: &str) -> Option<Mark> {
    let text = clean(text).into_owned();
    let marked = label.place.part != Part::Whole;
    marked.then(|| Mark { span: label.place.bytes(), text, primary: false })
}

/// Cuts out the lines of marks, of which the first is the primary one.
fn cut(
    marks: impl Iterator<Item = Option<Mark>>,
    source: &Source,
    width: usize,
) -> Option<Snippet> {
    let mut marks: Vec<Mark> = marks.flatten().collect();
    marks.first_mut()?.primary = true;
    Snippet::cut(source, marks, width)
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
}

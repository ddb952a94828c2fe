//! Explain: what a code of a problem means, at length.
//!
//! Pages are Markdown that reads well as it is; on a terminal their headings and examples stand
//! out, and text is wrapped to its width. Unaware of what the pages say.

use std::io::{self, IsTerminal, Write};

use console::Style;

use super::known::processes;
use super::load::variable;
use super::words::safe;
use super::{FINE, Invoked, WRONG};
use crate::diagnostic::{Page, page, pages};
use crate::model::nearest;
use crate::report::{Color, color};

/// The widest text: longer lines are hard to follow.
const WIDEST: usize = 90;

/// A space at which no line ends.
const FIXED: &str = "\u{a0}";

/// What opens and closes an example.
const FENCE: &str = "```";

/// Prints the page of a code, known by its number or its name, or the list of all codes.
pub fn explain(word: Option<&str>, asked: Color) -> Invoked {
    let terminal = io::stdout().is_terminal();
    let style = |style: Style| style.force_styling(color(asked, variable, terminal));
    let size = console::Term::stdout().size_checked().filter(|_| terminal);
    let width = size.map_or(WIDEST, |(_, columns)| usize::from(columns).min(WIDEST));
    let heading = style(Style::new().bold());
    let Some(word) = word else {
        io::stdout().write_all(list(&heading).as_bytes())?;
        return Ok(FINE);
    };
    let Some(page) = page(word) else {
        writeln!(io::stderr(), "{}", unknown(word))?;
        return Ok(WRONG);
    };
    let example = style(Style::new().cyan());
    writeln!(io::stdout(), "{}", heading.apply_to(format!("{} {}", page.code.id, page.code.name)))?;
    io::stdout().write_all(body(page.text, &example, width).as_bytes())?;
    Ok(FINE)
}

/// Returns whether a word is a code, by its number or its name.
pub fn is_code(word: &str) -> bool {
    page(word).is_some()
}

/// Returns all codes with what they mean in one sentence.
fn list(heading: &Style) -> String {
    let pages: Vec<Page> = pages().collect();
    let width = pages.iter().map(|page| page.code.name.len()).max().unwrap_or_default();
    let line = |page: &Page| {
        let id = heading.apply_to(page.code.id);
        format!("{id}  {:width$}  {}\n", page.code.name, page.sentence)
    };
    pages.iter().map(line).collect()
}

/// Says that there is no such code, and which is near.
fn unknown(word: &str) -> String {
    let processes: Vec<String> = processes(None).into_iter().map(|(name, _)| name).collect();
    let codes = pages().flat_map(|page| [page.code.id, page.code.name]);
    let words = codes.chain(processes.iter().map(String::as_str));
    let near = nearest(word, words).map(|near| format!("; did you mean `{}`?", safe(near)));
    let near = near.unwrap_or_else(|| "; `runner explain` lists all codes".to_owned());
    let what = if processes.is_empty() { "code" } else { "code and no process" };
    format!("there is no {what} `{}`{near}", safe(word))
}

/// Returns a page as text: paragraphs wrapped, examples indented.
fn body(text: &str, example: &Style, width: usize) -> String {
    let mut out = String::new();
    // What stands between fences is every second part.
    for (number, part) in text.split(FENCE).enumerate() {
        if number % 2 == 1 {
            let (_, code) = part.split_once('\n').unwrap_or_default();
            let line = |line: &str| match line {
                "" => "\n".to_owned(),
                line => format!("    {}\n", example.apply_to(line)),
            };
            out.push('\n');
            out.extend(code.lines().map(line));
            continue;
        }
        for paragraph in part.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            out.extend(["\n", &wrapped(paragraph, width), "\n"]);
        }
    }
    out
}

/// Returns a paragraph in lines of a width, none of which ends within backticks.
fn wrapped(paragraph: &str, width: usize) -> String {
    let words = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts = words.split('`').enumerate().map(|(number, part)| match number % 2 {
        0 => part.to_owned(),
        _ => part.replace(' ', FIXED),
    });
    let options = textwrap::Options::new(width)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&parts.collect::<Vec<_>>().join("`"), options).replace(FIXED, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_wrapped_and_its_example_is_not() {
        let page = "One two\nthree.\n\n```toml\nkey = \"a long line\"\n\n[b]\n```\n\nFour.";
        let plain = Style::new().force_styling(false);
        let text = "\nOne two\nthree.\n\n    key = \"a long line\"\n\n    [b]\n\nFour.\n";
        assert_eq!(body(page, &plain, 8), text);
    }

    #[test]
    fn a_slip_in_a_code_is_told() {
        assert_eq!(unknown("E2044"), "there is no code `E2044`; did you mean `E204`?");
        assert_eq!(unknown("cycl"), "there is no code `cycl`; did you mean `cycle`?");
        let far = "there is no code `\\u{1b}zzzzzz`; `runner explain` lists all codes";
        assert_eq!(unknown("\u{1b}zzzzzz"), far);
    }
}

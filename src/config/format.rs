//! Format: a job file in its canonical form, with every comment and without a change of meaning.
//!
//! Tables stay where they stand: their order and the comments around them are the user's. The keys
//! of our own tables are put in the order in which this program declares them. A blank line ends a
//! group and keys are ordered within it, so that a comment that stands apart keeps its place.
//! Tables whose keys the user names keep their order, which can mean something. Strings, and inline
//! tables as only TOML 1.1 has them, are copied byte for byte.
//!
//! Reading order: `rows` finds what is written, with `entries` and the order of `shape`;
//! `gap` is what stands between two rows; `values` writes what stands behind a key, `page`
//! the lines. Unaware of what the keys mean.

mod entries;
mod gap;
mod page;
mod rows;
mod shape;
mod values;

use toml_edit::{Document, TomlError};

use gap::{Gap, split, split_head};
use page::Page;
use rows::{Row, Written, rows};
use values::Values;

use crate::model::{FileId, Place, Problem, code};

/// Some editors mark a text as UTF-8 by it; it is kept.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Returns a job file in its canonical form, or every place where it is not TOML.
pub fn format(text: &str) -> Result<String, Vec<Problem>> {
    let bare = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let document = Document::parse(bare).map_err(|error| mistakes(text, &error))?;
    let rows = rows(bare, document.as_table());
    let newline = newline(bare, &rows);
    let mut page = Page::new(newline);
    let values = Values::new(bare, newline, &rows);
    let (mut lines, rest) = lines(rows, &values);
    for group in lines.chunk_by_mut(Line::is_followed_by) {
        write(group, &mut page);
    }
    page.apart(&rest);
    let mark = &text[..text.len() - bare.len()];
    Ok(mark.to_owned() + &page.finish())
}

/// Returns every place where a text is not TOML, in the words of loading it. What loads is refused
/// here only for a number that TOML does not have, which loading leaves to the key.
fn mistakes(text: &str, error: &TomlError) -> Vec<Problem> {
    let file = FileId::default();
    let mut blank = String::new();
    let document = super::document::Document::parse(text, &mut blank);
    if document.mistakes.is_empty() {
        let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let at = error.span().unwrap_or_default();
        let place = Place::span(file, at.start + mark..at.end + mark);
        let label = place.label("64 bits can't hold it");
        let problem = Problem::error(code::SYNTAX, "this is not TOML: no such number", label);
        return vec![problem.help("write a smaller number, or put it in quotes")];
    }
    document.mistakes.iter().map(|mistake| mistake.problem(file)).collect()
}

/// Returns how the lines of a text end: as the first that does not end inside of a value.
fn newline(text: &str, rows: &[Row<'_>]) -> &'static str {
    let ends = std::iter::once(0).chain(rows.iter().map(|row| row.at.end));
    let starts = rows.iter().map(|row| row.at.start).chain([text.len()]);
    let mut gaps = ends.zip(starts).map(|(end, start)| &text[end..start]);
    let first = gaps.find_map(|gap| gap.split_once('\n'));
    if first.is_some_and(|(line, _)| line.ends_with('\r')) { "\r\n" } else { "\n" }
}

/// A row in its canonical form, and what stands around it.
struct Line<'t> {
    is_header: bool,
    rank: Vec<usize>,
    /// What stands apart, before it.
    apart: Vec<&'t str>,
    /// The comments that belong to it.
    above: Vec<&'t str>,
    text: String,
    /// The comment at its end.
    tail: String,
}

impl Line<'_> {
    /// Returns whether the next line belongs to the same group: the two may change places.
    fn is_followed_by(&self, next: &Self) -> bool {
        !self.is_header && !next.is_header && next.apart.is_empty()
    }
}

/// Makes lines of rows; returns also what stands behind the last.
fn lines<'t>(rows: Vec<Row<'_>>, values: &Values<'t>) -> (Vec<Line<'t>>, Vec<&'t str>) {
    let text = values.text();
    let starts: Vec<usize> = rows.iter().map(|row| row.at.start).collect();
    let ends = starts.iter().copied().skip(1).chain([text.len()]);
    let mut before = Gap::at_start(&text[..starts.first().copied().unwrap_or(text.len())]);
    let mut lines = Vec::new();
    for (row, end) in rows.into_iter().zip(ends) {
        let after = Gap::after(&text[row.at.end..end]);
        let split = if lines.is_empty() { split_head } else { split };
        let (apart, above) = split(std::mem::take(&mut before.lines));
        let (is_header, rank, text) = match row.written {
            Written::Header(text) => (true, Vec::new(), text),
            Written::Entry { key, entry } => {
                let text = values.entry(&key, &entry);
                (false, entry.rank, text)
            }
        };
        lines.push(Line { is_header, rank, apart, above, text, tail: after.tail.clone() });
        before = after;
    }
    (lines, before.lines)
}

/// Writes lines that may change places, in their order.
fn write(group: &mut [Line<'_>], page: &mut Page) {
    if let Some(first) = group.first() {
        page.apart(&first.apart);
        if first.is_header {
            page.end_table();
        }
    }
    group.sort_by(|a, b| a.rank.cmp(&b.rank));
    for line in &*group {
        for comment in &line.above {
            page.line(comment);
        }
        page.line(&format!("{}{}", line.text, line.tail));
        if line.is_header {
            page.begin_table();
        }
    }
}

#[cfg(test)]
mod laws;

#[cfg(test)]
mod tests {
    use super::*;

    /// Formats a text, twice.
    fn formatted(text: &str) -> String {
        let once = format(text).unwrap();
        assert_eq!(format(&once).as_ref(), Ok(&once), "formatting again changes nothing");
        once
    }

    #[test]
    fn our_keys_have_an_order_and_take_their_comments_along() {
        let text = "\
#:schema x.json
# What the file is for.
description = 'd'
name = \"n\"
[process.a]
# Why again.
#
# And how.
retry = {backoff=\"1s\" , max = 2}# so often
zebra = 1
command=[ \"a\",'b' ]
  needs = [\"b\"]   # aligned
";
        assert_eq!(
            formatted(text),
            "\
#:schema x.json
# What the file is for.
name = \"n\"
description = 'd'

[process.a]
needs = [\"b\"]   # aligned
command = [\"a\", 'b']
# Why again.
#
# And how.
retry = { max = 2, backoff = \"1s\" } # so often
zebra = 1
"
        );
    }

    #[test]
    fn a_comment_between_a_key_and_its_value_stays() {
        for text in ["x = [{ a # b\n= 1 }]\n", "x = { a = # b\n1 }\n"] {
            assert_eq!(formatted(text), text);
        }
    }

    #[test]
    fn a_directive_stands_apart_at_the_head() {
        for text in ["#:schema x\n# y\n[vars]", "\n\n#:schema x\n# y\n\n[ vars ]\n"] {
            assert_eq!(formatted(text), "#:schema x\n# y\n\n[vars]\n");
        }
    }

    #[test]
    fn a_blank_line_ends_a_group() {
        let text = "[process.a]\n\n# The parts:\n\n\nretry = 1\ncommand = []\n# So far.\n\n\
                    # Goes with tags.\ntags = []\nneeds = []\n";
        assert_eq!(
            formatted(text),
            "[process.a]\n# The parts:\n\ncommand = []\nretry = 1\n# So far.\n\n\
             # Goes with tags.\ntags = []\nneeds = []\n"
        );
    }

    #[test]
    fn tables_stay_with_one_blank_line_between_them() {
        let text = "\n\n[ process . \"b.c\" ] # tail\n# end of b\n\n# of a\n[process.a]\n[queue.q]\
                    \n\n\n\n[[process.a.needs]]\nwhen=\"ended\"\nprocess='b.c'\n# last\n\n\n";
        assert_eq!(
            formatted(text),
            "[process.\"b.c\"] # tail\n# end of b\n\n# of a\n[process.a]\n\n[queue.q]\n\n\
             [[process.a.needs]]\nprocess = 'b.c'\nwhen = \"ended\"\n# last\n"
        );
    }

    #[test]
    fn what_the_user_names_keeps_its_order() {
        let same = "env.B = \"\"\nenv.A = \"\"\n\n[vars]\nname = \"\"\ndescription = \"\"\n\n\
                    [process]\nz = { command = [] }\na = { command = [] }\n\n\
                    [process.m]\nmatrix = { os = [], level = [], include = [{ b = 1, a = 1 }] }\n\n\
                    [queue.q]\nitems = [{ process = 1, name = 2, glob = 3 }]\n";
        assert_eq!(formatted(same), same);
        let text =
            "process.b.retry = 1\nprocess.a.retry = 1\nprocess . b . command = []\nname = ''\n";
        let sorted =
            "name = ''\nprocess.b.command = []\nprocess.b.retry = 1\nprocess.a.retry = 1\n";
        assert_eq!(formatted(text), sorted);
    }

    #[test]
    fn lists_are_broken_where_they_must_be() {
        let long = |columns: usize| "x".repeat(columns - "name = [\"\", 1]".len());
        let fits = format!("name = [\"{}\", 1]\n", long(100));
        assert_eq!(formatted(&fits), fits);
        let wide = format!("name = [\"{}\", 1]\n", long(101));
        let broken = format!("name = [\n    \"{}\",\n    1,\n]\n", long(101));
        assert_eq!(formatted(&wide), broken);
        for (text, expected) in [
            ("a = [1,\n2\n]", "a = [1, 2]\n"),
            ("a = [1,\n2,]", "a = [1, 2]\n"),
            ("a = [ ]", "a = []\n"),
            ("a = [\n\n1,\n2,\n]", "a = [\n    1,\n    2,\n]\n"),
            (
                "a = [[1,\n],{b=[2,\n],},]",
                "a = [\n    [\n        1,\n    ],\n    { b = [\n        2,\n    ] },\n]\n",
            ),
        ] {
            assert_eq!(formatted(text), expected, "{text}");
        }
    }

    #[test]
    fn text_of_several_lines_hangs_from_the_end_of_a_list() {
        let same = "a = [\"x\", \"\"\"\n  two\n\"\"\"]\n";
        assert_eq!(formatted(same), same);
        let broken = "a = [\n    \"\"\"\nx\"\"\",\n    1,\n]\n";
        assert_eq!(formatted("a = [\"\"\"\nx\"\"\", 1]\n"), broken);
    }

    #[test]
    fn deep_lists_take_no_longer_than_flat_ones() {
        let (open, close, inner) = ("[".repeat(75), "]".repeat(75), "1,".repeat(5000));
        let once = formatted(&format!("a = {open}{inner}{close}"));
        assert_eq!(once.matches("1,\n").count(), 5000);
        assert!(once.len() < 5000 * 40, "{} bytes", once.len());
    }

    #[test]
    fn comments_in_lists_stay_with_their_entries() {
        let text = "a = [ # open\n\n  # of one\n  1 # tail\n  , 2, # two\n\n\n # apart\n\n  3\n\
                    # end\n\n] # a\n";
        let expected = "a = [ # open\n    # of one\n    1, # tail\n    2, # two\n\n    # apart\n\n\
                        \x20   3,\n    # end\n] # a\n";
        assert_eq!(formatted(text), expected);
        assert_eq!(formatted("a = [ # x\n]\n"), "a = [ # x\n]\n");
    }

    #[test]
    fn strings_and_newer_syntax_stay_byte_for_byte() {
        let same = "a = [\"x\", \"\"\"\n  two  \n\n\n\t\"\"\"]\nb = '''\n# no comment'''\n\
                    c = { x = 1, # 1.1\n  y=2 }\nd = \"\\u00e4\\x41\"\ne = 0x_\n";
        let same = same.replace("0x_", "0xFF_FF");
        assert_eq!(formatted(&same), same);
        assert_eq!(formatted("a = {  b=1 , 'c d' . e= 2, }"), "a = { b = 1, 'c d'.e = 2 }\n");
    }

    #[test]
    fn a_file_keeps_its_kind_of_line_ends_and_its_mark() {
        let text = "\u{feff}name='a'\r\n# c  \r\n\r\n\r\n[vars]\r\na='''\nb\r\n'''";
        let expected = "\u{feff}name = 'a'\r\n# c\r\n\r\n[vars]\r\na = '''\nb\r\n'''\r\n";
        assert_eq!(formatted(text), expected);
        let text = "\na = '''\r\nb'''\n";
        assert_eq!(formatted(text), &text[1..]);
        for (text, expected) in
            [("", ""), ("\n \n", ""), ("# a", "# a\n"), ("\u{feff}", "\u{feff}")]
        {
            assert_eq!(formatted(text), expected);
        }
    }

    #[test]
    fn what_is_not_toml_is_not_formatted() {
        for text in ["a", "a = 1\na = 2", "[a]\n[a]", "a = \"", "a = [1\n# x", "# \u{1b}"] {
            assert!(format(text).is_err_and(|told| !told.is_empty()), "{text}");
        }
        for number in ["9223372036854775808", "-1e400", "2_1x"] {
            let text = format!("\u{feff}a = [1, {number}]");
            let told = super::format(&text).unwrap_err();
            assert_eq!(&text[told[0].labels[0].place.bytes()], number);
        }
    }
}

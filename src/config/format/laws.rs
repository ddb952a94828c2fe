//! Laws: what formatting never changes, for job files of every shape and carelessness.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::format;

/// Entries of a process, by their first key, so that any few of them are a table.
const ENTRIES: [&str; 14] = [
    "command=[ \"a # b\" , '{item}', ]",
    "env={B='1',A=\"2\"}",
    "retry = { backoff = \"1s..1m\", max = 3, zebra.x = 1 }",
    "timeout . total='1m'\ntimeout.  idle = '2s'",
    "needs =[ {when='ended',process=\"a\"}, \"b\"]",
    "\"description\" = 'x'",
    "script = \"\"\"\n\n#!no comment  \n\n\"\"\"",
    "matrix.os=[\n1, 2 ]\nmatrix.\"a b\"=[ 3,\n]",
    "tags = ['x', 'a list that is too long for a line', 'and has', 'three',\n'entries more']",
    "zebra = 0x1F",
    "ant=1979-05-27 07:32:00",
    "stdin = {process ='a'  , }",
    "success = [0,[1,[ ]]]",
    "produces = []",
];

/// What may stand before an entry or a header.
const ABOVE: [&str; 6] = ["", "  ", "\n", "\n\n \n", "%\n", "\n%\n\n\t%\n"];

/// What may stand behind one.
const BEHIND: [&str; 4] = ["", "  ", " %", "%"];

/// What may stand behind the last bracket or comma of a list that is written over several lines.
const INSIDE: [&str; 4] = ["", " %\n", "\n%\n", "\n\n"];

/// An entry as somebody writes it.
#[derive(Debug, Clone)]
struct Line {
    above: &'static str,
    entry: usize,
    inside: &'static str,
    behind: &'static str,
}

impl Line {
    fn text(&self) -> String {
        let entry = ENTRIES[self.entry].replacen("[ ", &format!("[{}", self.inside), 1);
        format!("{}{entry}{}\n", self.above, self.behind)
    }
}

fn table() -> impl Strategy<Value = Vec<Line>> {
    let around = || (select(&ABOVE[..]), select(&INSIDE[..]), select(&BEHIND[..]));
    let some = subsequence((0..ENTRIES.len()).collect::<Vec<_>>(), 0..=ENTRIES.len());
    let some = some.prop_flat_map(move |some| {
        let around = prop::collection::vec(around(), some.len());
        (Just(some).prop_shuffle(), around)
    });
    let line = |(entry, (above, inside, behind))| Line { above, entry, inside, behind };
    some.prop_map(move |(some, around)| some.into_iter().zip(around).map(line).collect())
}

/// Puts a file together; each comment is a word of its own.
fn file(tables: &[Vec<Line>], windows: bool) -> String {
    let header = |number| format!("%\n[process . p{number}]%\n");
    let tables = tables.iter().enumerate().map(|(number, table)| {
        let header = if number > 0 { header(number) } else { String::new() };
        header + &table.iter().map(Line::text).collect::<String>()
    });
    let text: String = tables.collect();
    let text = if windows { text.replace('\n', "\r\n") } else { text };
    let commented = text.split('%').enumerate().map(|(number, part)| match number {
        0 => part.to_owned(),
        _ => format!("#c{number} ;{part}"),
    });
    commented.collect()
}

/// Returns the comments that [`file`] has put in.
fn comments(text: &str) -> Vec<&str> {
    let lines = text.lines().filter_map(|line| line.rfind("#c").map(|at| &line[at..]));
    let mut found: Vec<_> = lines.filter(|comment| comment.ends_with(';')).collect();
    found.sort_unstable();
    found
}

proptest! {
    #[test]
    fn meaning_and_comments_stay(
        tables in prop::collection::vec(table(), 1..4),
        windows in any::<bool>(),
    ) {
        let text = file(&tables, windows);
        let before: toml::Table = text.parse().expect("a file of whole entries");
        let formatted = format(&text).expect("it is TOML");
        prop_assert_eq!(&before, &formatted.parse().expect("it still is"));
        prop_assert_eq!(comments(&text), comments(&formatted));
        prop_assert_eq!(comments(&text).len(), text.matches("#c").count());
        prop_assert_eq!(format(&formatted), Ok(formatted));
    }
}

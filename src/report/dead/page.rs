//! Page: one dead item with all that is known of it.
//!
//! Unaware of which item it is.

use std::time::Duration;

use super::{Sheet, ago, bytes, ending};
use crate::event::Letter;
use crate::report::page::Page;
use crate::report::paint::Hue;
use crate::report::sanitize::{clean, text};
use crate::report::words::{exit, plural, size, took};

/// Columns of the labels.
const LABEL: usize = 8;

/// What is said of an item beside what its run has written down.
#[derive(Debug)]
pub struct Remarks<'a> {
    /// How long ago it died.
    pub age: Duration,
    /// What became of it since; empty where nothing did.
    pub fate: &'a str,
    /// Where its process was logging.
    pub log: Option<String>,
    /// The command that tries it again, where there is one.
    pub again: Option<String>,
}

/// Returns all that is known of an item.
pub fn dead_item(letter: &Letter, remarks: &Remarks<'_>, sheet: Sheet) -> String {
    let width = sheet.width.unwrap_or(usize::MAX);
    let mut page = Page::new(sheet.paint, width);
    page.title(&text(&letter.item), &ending(letter));
    page.field("process", LABEL, &letter.process.iter().map(|name| text(name)).collect::<Vec<_>>());
    let into = format!("{} into the run", took(letter.at));
    page.field("died", LABEL, &[ago(remarks.age), into]);
    if !remarks.fate.is_empty() {
        page.field("fate", LABEL, &[text(remarks.fate)]);
    }
    tries(letter, &mut page);
    let (rows, rest) = bytes::rows(&letter.bytes.0, width.saturating_sub(4));
    page.field("item", LABEL, &[size(letter.bytes.0.len() as u64)]);
    quote(&rows, sheet, &mut page);
    if rest > 0 {
        page.line(&format!("  and {} more: `--raw` writes all", size(rest as u64)));
    }
    let stderr: Vec<&[u8]> = letter.stderr.0.split(|byte| *byte == b'\n').collect();
    if !letter.stderr.0.is_empty() {
        page.field("stderr", LABEL, &["its last lines".to_owned()]);
        let lines = stderr.strip_suffix(&[&[][..]]).unwrap_or(&stderr);
        for line in lines {
            page.quote(&clean(line, sheet.paint.color));
        }
    }
    for (label, words) in [("log", &remarks.log), ("again", &remarks.again)] {
        if let Some(words) = words {
            page.copyable(label, LABEL, words);
        }
    }
    page.text
}

/// Writes each try.
fn tries(letter: &Letter, page: &mut Page) {
    let first = (letter.attempts as usize).saturating_sub(letter.tries.len());
    if first > 0 && !letter.tries.is_empty() {
        let words = format!("the last {} of {}", letter.tries.len(), letter.attempts);
        page.field("tries", LABEL, &[words]);
    } else if letter.attempts > 0 {
        page.field("tries", LABEL, &[plural(letter.attempts.into(), "try", "tries")]);
    }
    for (number, tried) in (first + 1..).zip(&letter.tries) {
        let reason = tried.reason.iter().map(|reason| format!(": {}", text(reason)));
        let how = exit(&tried.exit, tried.verdict);
        let words = format!("{how} after {}{}", took(tried.took), reason.collect::<String>());
        page.field(&format!("  {number}"), LABEL, &[words]);
    }
}

/// Writes rows that fit already.
fn quote(rows: &[String], sheet: Sheet, page: &mut Page) {
    let quote = sheet.paint.hue(Hue::Dim, sheet.paint.quote());
    for row in rows {
        page.line(format!("  {quote} {row}").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::sample::{letter, sheet};
    use super::*;

    fn drawn(letter: &Letter, width: usize) -> String {
        let remarks = Remarks {
            age: Duration::from_secs(130),
            fate: "retried in 20261123-034021-b109",
            log: Some(".runner/runs/7/logs/fetch.err".to_owned()),
            again: Some("runner dead retry .runner/runs/7 pages:7".to_owned()),
        };
        dead_item(letter, &remarks, sheet(Some(width)))
    }

    #[test]
    fn everything_is_told() {
        assert_snapshot!(drawn(&letter(7, b"https://a.example\nand \x1b[2J more"), 80), @r"
        ✗ pages:7  exit code 22
          process  fetch
          died     2m ago · 1.2s into the run
          fate     retried in 20261123-034021-b109
          tries    2 tries
            1      out of time after 12ms
            2      exit code 22 after 12ms
          item     31 B
          │ https://a.example
          │ and \u{1b}[2J more
          stderr   its last lines
          │ curl: (22) gone
          │ bye
          log      .runner/runs/7/logs/fetch.err
          again    runner dead retry .runner/runs/7 pages:7
        ");
        let letter = Letter { attempts: 40, ..letter(7, b"\0\x01\xff and more bytes") };
        assert_snapshot!(drawn(&letter, 40), @"
        ✗ pages:7  exit code 22
          process  fetch
          died     2m ago · 1.2s into the run
          fate     retried in
                   20261123-034021-b109
          tries    the last 2 of 40
            39     out of time after 12ms
            40     exit code 22 after 12ms
          item     18 B
          │ 00000000  00 01 ff 20 61 6e 64 20
          │ 00000008  6d 6f 72 65 20 62 79 74
          │ 00000010  65 73
          stderr   its last lines
          │ curl: (22) gone
          │ bye
          log      .runner/runs/7/logs/fetch.err
          again    runner dead retry .runner/runs/7 pages:7
        ");
    }
}

//! Table: dead items, one line for each.
//!
//! How wide columns are is decided by the first items, so that a million pass through without being
//! held. On a narrow terminal the columns that matter least are left out. Unaware of how many there
//! are.

use std::io::{self, Write};
use std::time::Duration;

use super::{Sheet, ago, ending};
use crate::event::Letter;
use crate::report::paint::{Hue, pad};
use crate::report::sanitize::text;
use crate::report::words::plural;

/// Rows that decide how wide columns are: some screens of them.
const SAMPLE: usize = 500;

/// Columns of the table.
const COLUMNS: usize = 7;

/// Where each stands.
const ITEM: usize = 0;
const PROCESS: usize = 1;
const END: usize = 2;
const TRIES: usize = 3;
const AGE: usize = 4;
const FATE: usize = 5;
const PREVIEW: usize = 6;

/// The widest that each is on a terminal.
const WIDEST: [usize; COLUMNS] = [32, 24, 40, 10, 8, 36, 80];

/// What is left out first where there is no room.
const SPARED: [usize; 4] = [AGE, TRIES, PROCESS, FATE];

/// Columns that a preview needs to say something.
const LEAST_PREVIEW: usize = 10;

/// Columns that an end keeps where even it has to give way.
const LEAST_END: usize = 12;

/// Blanks between two columns.
const GAP: usize = 2;

/// Bytes of the longest character in UTF-8.
const LONGEST_CHARACTER: usize = 4;

/// Characters of an item that its preview is made of.
const PREVIEWED: usize = 80;

/// Writes a table.
#[derive(Debug)]
pub struct DeadTable<W> {
    sheet: Sheet,
    to: W,
    held: Vec<[String; COLUMNS]>,
    widths: Option<[usize; COLUMNS]>,
}

impl<W: Write> DeadTable<W> {
    /// Makes an empty one.
    pub fn new(sheet: Sheet, to: W) -> Self {
        Self { sheet, to, held: Vec::new(), widths: None }
    }

    /// Adds an item, which died so long ago, with what became of it since.
    pub fn add(&mut self, letter: &Letter, age: Duration, fate: &str) -> io::Result<()> {
        let row = [
            text(&letter.item),
            letter.process.as_deref().map(text).unwrap_or_default(),
            ending(letter),
            plural(letter.attempts.into(), "try", "tries"),
            ago(age),
            text(fate),
            self.preview(letter),
        ];
        if self.widths.is_some() {
            return self.write(&row);
        }
        self.held.push(row);
        if self.held.len() == SAMPLE { self.write_held() } else { Ok(()) }
    }

    /// Writes what is held, and returns what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_held()?;
        Ok(self.to)
    }

    /// Returns the beginning of an item on one line.
    fn preview(&self, letter: &Letter) -> String {
        let longest = PREVIEWED * LONGEST_CHARACTER;
        let start = &letter.bytes.0[..letter.bytes.0.len().min(longest)];
        let start = text(&String::from_utf8_lossy(start).replace('\t', " "));
        self.sheet.paint.fit(&start, PREVIEWED).into_owned()
    }

    fn write_held(&mut self) -> io::Result<()> {
        self.widths.get_or_insert_with(|| widths(&self.held, self.sheet.width));
        for row in std::mem::take(&mut self.held) {
            self.write(&row)?;
        }
        Ok(())
    }

    fn write(&mut self, row: &[String; COLUMNS]) -> io::Result<()> {
        let Self { sheet: Sheet { paint, width }, to, widths, .. } = self;
        let mut widths = widths.expect("it is known before the first row is written");
        // Numbers grow, and an item is named to be copied: rather its preview gives way.
        let more = console::measure_text_width(&row[ITEM]).saturating_sub(widths[ITEM]);
        if more <= widths[PREVIEW] {
            widths[ITEM] += more;
            widths[PREVIEW] -= more;
        }
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate().filter(|(at, _)| widths[*at] > 0) {
            let cell = match (*width, at) {
                // What is no terminal has room: nothing is cut.
                (None, _) => cell.into(),
                (Some(_), ITEM) => paint.squeeze(cell, widths[at]),
                (Some(_), _) => paint.fit(cell, widths[at]),
            };
            let gap = if at == PREVIEW { 0 } else { GAP };
            let padded = pad(&cell, widths[at]) + &" ".repeat(gap);
            line += &match at {
                ITEM => paint.hue(Hue::Bold, padded),
                END => paint.hue(Hue::Bad, padded),
                AGE | TRIES => paint.hue(Hue::Dim, padded),
                _ => padded.into(),
            };
        }
        writeln!(to, "{}", line.trim_end())
    }
}

/// Returns how wide each column is; 0 where it is left out.
fn widths(rows: &[[String; COLUMNS]], screen: Option<usize>) -> [usize; COLUMNS] {
    let natural = |at: usize| {
        let widths = rows.iter().map(|row| console::measure_text_width(&row[at]));
        widths.max().unwrap_or(0)
    };
    let mut widths: [usize; COLUMNS] = std::array::from_fn(natural);
    let Some(screen) = screen else { return widths };
    for (width, widest) in widths.iter_mut().zip(WIDEST) {
        *width = (*width).min(widest);
    }
    for column in SPARED {
        if room(&widths, screen) < LEAST_PREVIEW {
            widths[column] = 0;
        }
    }
    let short = LEAST_PREVIEW.saturating_sub(room(&widths, screen));
    widths[END] = widths[END].saturating_sub(short).max(LEAST_END.min(widths[END]));
    let short = LEAST_PREVIEW.saturating_sub(room(&widths, screen));
    widths[ITEM] = widths[ITEM].saturating_sub(short).max(LEAST_PREVIEW.min(widths[ITEM]));
    widths[PREVIEW] = widths[PREVIEW].min(room(&widths, screen));
    widths
}

/// Returns what the other columns leave to the preview.
fn room(widths: &[usize; COLUMNS], screen: usize) -> usize {
    let others = widths[..PREVIEW].iter().filter(|width| **width > 0);
    screen.saturating_sub(others.map(|width| width + GAP).sum())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::sample::{letter, sheet};
    use super::*;

    fn drawn(width: Option<usize>, fate: &str) -> String {
        let mut table = DeadTable::new(sheet(width), Vec::new());
        let age = Duration::from_secs(130);
        table.add(&letter(7, b"https://a.example/a/long/path"), age, fate).unwrap();
        table.add(&letter(1_000, b"\x1b]0;x\x07\xff\n\tz"), age, "").unwrap();
        String::from_utf8(table.finish().unwrap()).unwrap()
    }

    #[test]
    fn columns_fit_the_terminal() {
        assert_snapshot!(drawn(None, ""), @"
        pages:7     fetch  exit code 22  2 tries  2m ago  https://a.example/a/long/path
        pages:1000  fetch  exit code 22  2 tries  2m ago  �␊ z
        ");
        assert_snapshot!(drawn(Some(70), ""), @"
        pages:7     fetch  exit code 22  2 tries  2m ago  https://a.example/a…
        pages:1000  fetch  exit code 22  2 tries  2m ago  �␊ z
        ");
        assert_snapshot!(drawn(Some(40), ""), @"
        pages:7     exit code 22  https://a.exa…
        pages:1000  exit code 22  �␊ z
        ");
        assert_snapshot!(drawn(Some(100), "dropped"), @"
        pages:7     fetch  exit code 22  2 tries  2m ago  dropped  https://a.example/a/long/path
        pages:1000  fetch  exit code 22  2 tries  2m ago           �␊ z
        ");
        for width in 1..120 {
            for line in drawn(Some(width), "retried in 20261123-034021-b109").lines() {
                let columns = console::measure_text_width(line);
                assert!(columns <= width.max(26), "{columns} of {width}: {line}");
            }
        }
    }

    #[test]
    fn an_item_is_never_cut_for_its_preview() {
        let mut table = DeadTable::new(sheet(Some(40)), Vec::new());
        for index in (0..SAMPLE as u64).chain([1_234_567_890]) {
            table.add(&letter(index, b"https://a.example/a"), Duration::ZERO, "").unwrap();
        }
        let drawn = String::from_utf8(table.finish().unwrap()).unwrap();
        let last = drawn.lines().last().unwrap();
        assert_eq!(last, "pages:1234567890  exit code 22  https:/…");
    }

    #[test]
    fn a_million_are_not_held() {
        let mut table = DeadTable::new(sheet(Some(80)), io::sink());
        let letter = letter(1, b"x");
        for _ in 0..=SAMPLE {
            table.add(&letter, Duration::ZERO, "").unwrap();
        }
        assert!(table.held.is_empty());
    }
}

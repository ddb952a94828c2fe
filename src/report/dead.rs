//! Dead: the items of a run that failed for good, on standard output.
//!
//! Many as a table with one line for each, or one with all that is known of it. Nothing that an
//! item holds acts on a terminal. Unaware of where items come from and of what becomes of them.
//!
//! Reading order: [`table`], [`page`]; [`bytes`] is what an item looks like.

mod bytes;
mod page;
mod table;

pub use page::{Remarks, dead_item};
pub use table::DeadTable;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use super::mode::{Color, color};
use super::paint::Paint;
use super::sanitize::text;
use super::{screen, words};
use crate::event::Letter;

/// What standard output is drawn with.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    paint: Paint,
    /// Columns; `None` where it is no terminal, so that nothing is cut.
    width: Option<usize>,
}

impl Sheet {
    /// Returns that of this process.
    pub fn stdout(asked: Color, env: impl Fn(&str) -> Option<String>) -> Self {
        let terminal = io::stdout().is_terminal();
        let size = console::Term::stdout().size_checked().filter(|_| terminal);
        let (color, unicode) = (color(asked, &env, terminal), screen::is_utf8(&env));
        let paint = Paint { color, unicode, ci: None };
        Self { paint, width: size.map(|(_, columns)| columns.into()) }
    }
}

/// Returns how an item ended last: `exit code 22`, `out of time`.
fn ending(letter: &Letter) -> String {
    let last = letter.tries.last();
    let reason = last.and_then(|last| last.reason.as_ref()).or(letter.discarded.as_ref());
    match (reason, last) {
        (Some(reason), _) => text(reason),
        (None, Some(last)) => words::exit(&last.exit, last.verdict),
        (None, None) => "failed".to_owned(),
    }
}

/// Returns how long ago something was: `5s ago`, `3m ago`, `2h ago`, `4d ago`.
fn ago(since: Duration) -> String {
    let seconds = since.as_secs();
    match seconds {
        0..60 => format!("{seconds}s ago"),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..86_400 => format!("{}h ago", seconds / 3600),
        86_400.. => format!("{}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
pub(super) mod sample {
    use super::*;
    use crate::event::{Exit, Text, Try, Verdict};

    /// Returns a letter of `pages`.
    pub(super) fn letter(index: u64, bytes: &[u8]) -> Letter {
        let took = Duration::from_millis(12);
        let tried = |exit, verdict| Try { exit, verdict, took, reason: None };
        Letter {
            item: format!("pages:{index}"),
            queue: "pages".to_owned(),
            index,
            process: Some("fetch".to_owned()),
            at: Duration::from_millis(1_250),
            attempts: 2,
            tries: vec![
                tried(Exit::Signal(15), Verdict::TimedOut),
                tried(Exit::Code(22), Verdict::Failed),
            ],
            bytes: Text::copy(bytes),
            exact: None,
            stderr: Text::copy(b"curl: (22) \x1b[31mgone\x1b[0m\nbye\n"),
            log: Some("logs/fetch.err".into()),
            discarded: None,
        }
    }

    /// Returns a sheet of so many columns.
    pub(super) fn sheet(width: Option<usize>) -> Sheet {
        Sheet { paint: Paint { color: false, unicode: true, ci: None }, width }
    }

    #[test]
    fn ages_are_coarse() {
        let ages = [0, 59, 61, 7_300, 200_000].map(|seconds| ago(Duration::from_secs(seconds)));
        assert_eq!(ages, ["0s ago", "59s ago", "1m ago", "2h ago", "2d ago"]);
    }
}

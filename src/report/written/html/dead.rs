//! Dead: items that failed for good, and those that were dropped, with what is known of each.
//!
//! They stand in the page as text, for scripts and people alike. Unaware of what becomes of them.

use std::io::{self, Write};

use super::Spool;
use crate::event::{Event, EventKind, ItemRef, Tally, Text, Try};
use crate::model::QueueId;
use crate::report::words;
use crate::report::written::markup::{lines, text};

/// Items that the page tells of.
const MOST: u64 = 500;

/// Bytes of an item that are shown.
const BYTES: usize = 2 << 10;

/// The items so far, as they stand in the page.
#[derive(Default)]
pub(super) struct Dead {
    rows: Spool,
    count: u64,
    /// How to list all of them.
    look: String,
}

impl Dead {
    /// Takes in that an item died or was dropped.
    pub(super) fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()> {
        self.count += 1;
        if self.count == 1 {
            self.look = words::look(&tally.folder.to_string_lossy());
        }
        if self.count > MOST {
            return Ok(());
        }
        match &event.kind {
            EventKind::ItemDead { queue, node, item, bytes, attempts, tries, stderr, .. } => {
                let process = text(&tally.nodes[node.index()].name);
                let how = tries.last().map_or_else(|| "dead".to_owned(), how);
                let tried = words::plural(u64::from(*attempts), "try", "tries");
                let how = format!("{process}: {} · {tried}", text(&how));
                self.begin((*queue, item), tally, &how)?;
                self.bytes("Item", bytes)?;
                self.bytes("Standard error", stderr)?;
            }
            EventKind::ItemDropped { queue, item, bytes, reason, .. } => {
                self.begin((*queue, item), tally, &format!("dropped: {}", text(reason)))?;
                self.bytes("Item", bytes)?;
            }
            _ => return Ok(()),
        }
        writeln!(self.rows, "</details>")
    }

    /// Writes them, where there are any.
    pub(super) fn write(&mut self, to: &mut dyn Write) -> io::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        writeln!(
            to,
            "<section aria-labelledby=\"dead\">\n\
             <h2 id=\"dead\">Dead items <small>{}</small></h2>\n<div class=\"dead\">",
            self.count
        )?;
        self.rows.copy(to)?;
        let more = self.count.saturating_sub(MOST);
        let more = if more > 0 { format!("and {more} more; ") } else { String::new() };
        let look = text(&self.look);
        writeln!(
            to,
            "</div>\n<p class=\"dim\">{more}all of them: <code>{look}</code></p>\n</section>"
        )
    }

    /// Begins the row of an item.
    fn begin(
        &mut self,
        (queue, item): (QueueId, &ItemRef),
        tally: &Tally,
        how: &str,
    ) -> io::Result<()> {
        let (name, preview) = (&tally.queues[queue.index()].name, words::preview(item));
        let (name, preview) = (text(&format!("{name}:{}", item.index)), text(&preview));
        writeln!(
            self.rows,
            "<details><summary><b>{name}</b> <code>{preview}</code> <span>{how}</span></summary>"
        )
    }

    fn bytes(&mut self, title: &str, bytes: &Text) -> io::Result<()> {
        if bytes.0.is_empty() {
            return Ok(());
        }
        let shown = &bytes.0[..bytes.0.len().min(BYTES)];
        let shown = String::from_utf8_lossy(shown);
        let shown = lines(shown.lines());
        let more = bytes.0.len().saturating_sub(BYTES) as u64;
        let more =
            if more > 0 { format!("\n… {} more", words::size(more)) } else { String::new() };
        writeln!(self.rows, "<p class=\"label\">{title}</p><pre>{shown}{more}</pre>")
    }
}

fn how(one: &Try) -> String {
    one.reason.clone().unwrap_or_else(|| words::exit(&one.exit, one.verdict))
}

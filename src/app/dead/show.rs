//! `runner dead show`: all that is known of dead items.
//!
//! Unaware of how it is drawn.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::Named;
use super::letters::{Search, age, fate, is_open, read};
use crate::app::find::{Found, find};
use crate::app::load::variable;
use crate::app::words::quoted;
use crate::app::{FINE, Fault, Invoked};
use crate::event::Letter;
use crate::journal::Fates;
use crate::report::{Remarks, Sheet, dead_item};

/// Shows items of a run; with `raw` only their bytes, one behind the other.
pub fn show(named: &Named, raw: bool) -> Invoked {
    let found = find(named)?;
    if found.items.is_empty() {
        return Err(Fault::Wrong("name an item, as in `runner dead show pages:17`".to_owned()));
    }
    let asked: BTreeSet<String> = found.items.iter().cloned().collect();
    let mut search = Search::new(&asked);
    let fates = Fates::read(&found.path)?;
    let sheet = Sheet::stdout(named.color, variable);
    let mut out = BufWriter::new(io::stdout());
    let mut first = true;
    read(&found, |letters, letter| {
        if !search.sees(&letter) {
            return Ok(());
        }
        if raw {
            return Ok(out.write_all(letter.exact())?);
        }
        let is_open = is_open(&letter, &fates);
        let remarks = Remarks {
            age: age(letters, &letter),
            fate: &fate(&letter, &fates),
            log: log(&found, &letter),
            again: is_open.then(|| again(&found.path, &letter.item)),
        };
        let gap = if std::mem::take(&mut first) { "" } else { "\n" };
        Ok(write!(out, "{gap}{}", dead_item(&letter, &remarks, sheet))?)
    })?;
    out.flush()?;
    search.found_all(&found)?;
    Ok(FINE)
}

/// Returns where the log lies, from here: events name it as it was then.
fn log(found: &Found, letter: &Letter) -> Option<String> {
    let log = found.path.join("logs").join(letter.log.as_ref()?.file_name()?);
    Some(quoted(log.as_os_str().as_bytes(), false))
}

/// Returns the command that tries an item again.
fn again(run: &Path, item: &str) -> String {
    let words = [run.as_os_str().as_bytes(), item.as_bytes()].map(|word| quoted(word, false));
    format!("runner dead retry {}", words.join(" "))
}

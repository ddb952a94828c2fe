//! `runner dead drop`: dead items are given up.
//!
//! Their bytes stay where they are; they are only no longer listed, nor tried again. Unaware of
//! why.

use std::io::{self, Write};

use super::Named;
use super::letters::{Chosen, read};
use super::settle::{self, take};
use crate::app::find::find;
use crate::app::words::{count, safe};
use crate::app::{FINE, Fault, Invoked};
use crate::journal::{Fate, Fates, mark};

/// Gives up the items that are named, or with `all` every one that is still dead.
pub fn drop(named: &Named, all: bool) -> Invoked {
    let found = find(named)?;
    if found.items.is_empty() != all {
        let message = if all {
            "items are named, and `--all` as well: which of them?"
        } else {
            "name the items to drop, or add `--all`"
        };
        return Err(Fault::Wrong(message.to_owned()));
    }
    let _taken = take(&found)?;
    settle::settle(&found)?;
    let fates = Fates::read(&found.path)?;
    let chosen = Chosen::of(&found, &fates)?;
    let mut items = Vec::new();
    read(&found, |_, letter| {
        items.extend(chosen.has(&letter, &fates).then_some(letter.item));
        Ok(())
    })?;
    if items.is_empty() {
        writeln!(io::stdout(), "nothing to do: no item of run {} is dead", safe(&found.id))?;
        return Ok(FINE);
    }
    mark(&found.path, &Fate::Dropped, items.iter().map(String::as_str))?;
    writeln!(io::stdout(), "dropped {} of run {}", count(items.len(), "item"), safe(&found.id))?;
    Ok(FINE)
}

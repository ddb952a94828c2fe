//! `runner dead list`: a line for each dead item of a run.
//!
//! Unaware of how a line is drawn.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::Named;
use super::letters::{age, fate, is_open, read};
use crate::app::find::{Found, find};
use crate::app::load::variable;
use crate::app::words::{count, safe};
use crate::app::{FINE, Fault, Invoked};
use crate::event::Letter;
use crate::journal::{Fate, Fates, take_run};
use crate::report::{DeadTable, Sheet};

/// An item for programs.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    letter: &'a Letter,
    /// What became of it since.
    since: Option<&'a Fate>,
}

/// How many items there are.
#[derive(Debug, Default)]
struct Counts {
    /// Those that are dead, by queue.
    dead: BTreeMap<String, usize>,
    /// Those that were seen to.
    settled: usize,
}

/// Lists the dead items of a run; with `all` also those that were seen to already.
pub fn list(named: &Named, all: bool, json: bool) -> Invoked {
    let found = find(named)?;
    if let Some(item) = found.items.first() {
        let message = format!("`list` takes no items; write `runner dead show {}`", safe(item));
        return Err(Fault::Wrong(message));
    }
    let fates = Fates::read(&found.path)?;
    let sheet = Sheet::stdout(named.color, variable);
    let mut table = DeadTable::new(sheet, BufWriter::new(io::stdout()));
    let mut lines = BufWriter::new(io::stdout());
    let mut counts = Counts::default();
    let (_, ended) = read(&found, |letters, letter| {
        if is_open(&letter, &fates) {
            *counts.dead.entry(letter.queue.clone()).or_default() += 1;
        } else {
            counts.settled += 1;
            if !all {
                return Ok(());
            }
        }
        if json {
            let since = fates.of(&letter.item);
            serde_json::to_writer(&mut lines, &Line { letter: &letter, since })
                .map_err(io::Error::from)?;
            return Ok(lines.write_all(b"\n")?);
        }
        Ok(table.add(&letter, age(letters, &letter), &fate(&letter, &fates))?)
    })?;
    lines.flush()?;
    let mut out = table.finish()?;
    if !json {
        conclude(&found, &counts, (all, ended), &mut out)?;
    }
    out.flush()?;
    Ok(FINE)
}

/// Writes how many there are.
fn conclude(
    found: &Found,
    counts: &Counts,
    (all, ended): (bool, bool),
    to: &mut dyn Write,
) -> Result<(), Fault> {
    let dead: usize = counts.dead.values().sum();
    let id = safe(&found.id);
    let goes_on = !ended && take_run(&found.path)?.is_none();
    let goes_on = if goes_on { ", which goes on," } else { "" };
    let listed = dead + if all { counts.settled } else { 0 };
    if listed > 0 {
        writeln!(to)?;
    }
    match dead {
        0 => writeln!(to, "no item of run {id}{goes_on} is dead")?,
        1 => writeln!(to, "1 item of run {id}{goes_on} is dead")?,
        _ => writeln!(to, "{dead} items of run {id}{goes_on} are dead{}", by_queue(counts))?,
    }
    if counts.settled > 0 {
        let was = if counts.settled == 1 { "was" } else { "were" };
        let settled = count(counts.settled, "item");
        let more = if all { "" } else { "; `--all` lists them" };
        writeln!(to, "{settled} {was} dropped or retried before{more}")?;
    }
    Ok(())
}

/// Returns how many are of each queue, where there are several.
fn by_queue(counts: &Counts) -> String {
    let queue = |(name, count): (&String, &usize)| format!("{} {count}", safe(name));
    let queues: Vec<String> = counts.dead.iter().map(queue).collect();
    if queues.len() > 1 { format!(": {}", queues.join(", ")) } else { String::new() }
}

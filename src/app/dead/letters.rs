//! Letters: the dead items of a run, with what became of each, and those of them that are meant.
//!
//! Events are read as a stream, so a run may have more dead items than memory. Unaware of what is
//! done with an item.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::app::Fault;
use crate::app::find::Found;
use crate::app::run::{now, since_epoch};
use crate::app::words::safe;
use crate::event::{EventKind, Letter, Letters};
use crate::journal::{Fate, Fates, read_events};
use crate::model::nearest;

/// Items that a wrong name is compared with.
const COMPARED: usize = 1000;

/// Reads the items of a run that failed for good, and calls `each` for every one. Returns what is
/// known of the run, and whether it has ended.
pub(super) fn read(
    found: &Found,
    mut each: impl FnMut(&Letters, Letter) -> Result<(), Fault>,
) -> Result<(Letters, bool), Fault> {
    let mut letters = Letters::default();
    let mut ended = false;
    for event in read_events(&found.events())? {
        let event = event?;
        ended |= matches!(event.kind, EventKind::RunEnded { .. });
        if let Some(letter) = letters.hear(event) {
            each(&letters, letter)?;
        }
    }
    Ok((letters, ended))
}

/// Returns the items of a run that are still to be seen to, with the process that each failed in.
pub(in crate::app) fn open_items(found: &Found) -> Result<Vec<(String, Option<String>)>, Fault> {
    let fates = Fates::read(&found.path)?;
    let mut items = Vec::new();
    read(found, |_, letter| {
        if is_open(&letter, &fates) {
            items.push((letter.item, letter.process));
        }
        Ok(())
    })?;
    Ok(items)
}

/// Returns how long ago an item died.
pub(super) fn age(letters: &Letters, letter: &Letter) -> Duration {
    let died = Duration::from_millis(letters.started) + letter.at;
    Duration::from_millis(since_epoch(now())).saturating_sub(died)
}

/// Returns whether an item is still to be seen to.
pub(super) fn is_open(letter: &Letter, fates: &Fates) -> bool {
    letter.discarded.is_none()
        && match fates.of(&letter.item) {
            None | Some(Fate::Retrying { .. }) => true,
            Some(Fate::Retried { .. } | Fate::Dropped) => false,
        }
}

/// Returns what became of an item, in words; nothing where nothing did.
pub(super) fn fate(letter: &Letter, fates: &Fates) -> String {
    match fates.of(&letter.item) {
        _ if letter.discarded.is_some() => "dropped by its run".to_owned(),
        None => String::new(),
        Some(Fate::Dropped) => "dropped".to_owned(),
        Some(Fate::Retried { run }) => format!("retried in {run}"),
        Some(Fate::Retrying { run, .. }) => format!("in retry: {run}"),
    }
}

/// The items that a command is about.
#[derive(Debug)]
pub(super) struct Chosen {
    /// Those that were named; none means all that are still to be seen to.
    named: BTreeSet<String>,
    /// How many there are, by queue.
    pub(super) counts: BTreeMap<String, u64>,
    /// How many of them were in a retry of which it is not known what came of them, and its run.
    pub(super) doubtful: BTreeMap<String, u64>,
    /// What is known of the run.
    pub(super) letters: Letters,
}

impl Chosen {
    /// Looks for the items that were named, or for all; each that was named must be there and be
    /// open.
    pub(super) fn of(found: &Found, fates: &Fates) -> Result<Self, Fault> {
        let named: BTreeSet<String> = found.items.iter().cloned().collect();
        let mut search = Search::new(&named);
        let (mut counts, mut doubtful) = (BTreeMap::new(), BTreeMap::new());
        let (letters, _) = read(found, |_, letter| {
            if !search.sees(&letter) {
                return Ok(());
            }
            if is_open(&letter, fates) {
                if let Some(Fate::Retrying { run, .. }) = fates.of(&letter.item) {
                    *doubtful.entry(run.clone()).or_default() += 1;
                }
                *counts.entry(letter.queue).or_default() += 1;
            } else if !named.is_empty() {
                let item = safe(&letter.item);
                let message = format!("`{item}` was {} already", fate(&letter, fates));
                return Err(Fault::Wrong(message));
            }
            Ok(())
        })?;
        search.found_all(found)?;
        Ok(Self { named, counts, doubtful, letters })
    }

    /// Returns whether an item is one of them.
    pub(super) fn has(&self, letter: &Letter, fates: &Fates) -> bool {
        let is_meant = self.named.is_empty() || self.named.contains(&letter.item);
        is_meant && is_open(letter, fates)
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> u64 {
        self.counts.values().sum()
    }
}

/// Who looks for named items.
#[derive(Debug)]
pub(super) struct Search<'a> {
    named: &'a BTreeSet<String>,
    missing: BTreeSet<&'a str>,
    /// Some that there are, for who has slipped.
    known: Vec<String>,
}

impl<'a> Search<'a> {
    /// Looks for these; none means all.
    pub(super) fn new(named: &'a BTreeSet<String>) -> Self {
        let missing = named.iter().map(String::as_str).collect();
        Self { named, missing, known: Vec::new() }
    }

    /// Returns whether this is one of them.
    pub(super) fn sees(&mut self, letter: &Letter) -> bool {
        if self.known.len() < COMPARED {
            self.known.push(letter.item.clone());
        }
        self.missing.remove(letter.item.as_str());
        self.named.is_empty() || self.named.contains(&letter.item)
    }

    /// Fails where one was not there, with the nearest that was.
    pub(super) fn found_all(&self, found: &Found) -> Result<(), Fault> {
        let Some(item) = self.missing.first() else { return Ok(()) };
        let meant = match nearest(item, self.known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{}`?", safe(near)),
            None if self.known.is_empty() => "none is".to_owned(),
            None => "`runner dead list` names those that are".to_owned(),
        };
        let (item, id) = (safe(item), safe(&found.id));
        Err(Fault::Wrong(format!("no item `{item}` of run {id} is dead; {meant}")))
    }
}

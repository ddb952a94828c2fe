//! Find: the run that is meant.
//!
//! By its id, by the path of its folder, or the last one, in the state folder that is given or in
//! those where the runs of a job file that is found here are kept. Unaware of what is in a run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::dead::Named;
use super::words::safe;
use super::{Fault, validate};
use crate::journal::{events_of, run_ids};
use crate::model::nearest;

/// The state folder beside a job file.
const STATE: &str = ".runner";

/// The link to the newest run, in a state folder.
const LATEST: &str = "latest";

/// The word for the newest run.
const LAST: &str = "last";

/// Runs that are named at most where none has the name that was asked for.
const NAMED: usize = 5;

/// A run that is kept, and items of it.
#[derive(Debug)]
pub(super) struct Found {
    /// Its id.
    pub(super) id: String,
    /// Its folder, as one can type it here.
    pub(super) path: PathBuf,
    /// The items that were named.
    pub(super) items: Vec<String>,
}

impl Found {
    /// Returns its events.
    pub(super) fn events(&self) -> PathBuf {
        events_of(&self.path)
    }
}

/// Finds the run that is meant.
pub(super) fn find(named: &Named) -> Result<Found, Fault> {
    let (run, items) = match named.words.split_first() {
        Some((first, rest)) if !is_item(first) => (first.as_str(), rest),
        _ => (LAST, named.words.as_slice()),
    };
    if let Some(word) = items.iter().find(|word| !is_item(word)) {
        let word = safe(word);
        let message = format!("`{word}` is no item: items are named as in the list, `pages:17`");
        return Err(Fault::Wrong(message));
    }
    let path = match run {
        path if path.contains('/') => folder(Path::new(path))?,
        id => of_id(id, &states(named.state.as_deref()))?,
    };
    // `.runner/latest` is another run once the next one has begun.
    let real = path.canonicalize().unwrap_or(path);
    let id = real.file_name().map(OsStr::to_string_lossy).unwrap_or_default().into_owned();
    Ok(Found { id, path: from_here(real), items: items.to_vec() })
}

/// Returns an absolute path as one would type it here.
pub(super) fn from_here(path: PathBuf) -> PathBuf {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    path.strip_prefix(&here).map(Path::to_owned).unwrap_or(path)
}

/// Returns whether a word names an item: a queue, a colon and a number.
fn is_item(word: &str) -> bool {
    let parts = word.rsplit_once(':');
    parts.is_some_and(|(queue, index)| !queue.is_empty() && index.parse::<u64>().is_ok())
}

/// Returns the folder of a run that was named by its path.
fn folder(path: &Path) -> Result<PathBuf, Fault> {
    if events_of(path).is_file() {
        return Ok(path.to_owned());
    }
    let path = safe(&path.to_string_lossy());
    Err(Fault::Wrong(format!("`{path}` is not the folder of a run: it has no `events.jsonl`")))
}

/// Returns where runs may be kept, the likeliest first.
pub(super) fn states(given: Option<&Path>) -> Vec<PathBuf> {
    if let Some(state) = given {
        return vec![state.to_owned()];
    }
    let jobs = validate::chosen(&[]).unwrap_or_default();
    let beside = jobs.iter().filter_map(|job| Some(job.parent()?.join(STATE)));
    let mut states: Vec<PathBuf> = std::iter::once(STATE.into()).chain(beside).collect();
    states.dedup();
    states
}

/// Finds a run by its id, or the newest one: of the first state folder, where it has one.
fn of_id(id: &str, states: &[PathBuf]) -> Result<PathBuf, Fault> {
    let mut known: Vec<(String, &PathBuf)> = Vec::new();
    for state in states {
        known.extend(run_ids(state)?.into_iter().map(|id| (id, state)));
    }
    let found = match id {
        LAST => {
            let first = known.iter().rfind(|(_, state)| *state == &states[0]);
            first.or_else(|| known.iter().max())
        }
        id => known.iter().find(|(known, _)| known == id),
    };
    match found {
        // Of runs that began in the same second only this link knows which was the last.
        Some((_, state)) if id == LAST && state.join(LATEST).is_dir() => {
            folder(&state.join(LATEST))
        }
        Some((id, state)) => folder(&state.join("runs").join(id)),
        None => Err(Fault::Wrong(unknown(id, &known, states))),
    }
}

/// Says that there is no such run, and which there are.
fn unknown(id: &str, known: &[(String, &PathBuf)], states: &[PathBuf]) -> String {
    let ids: Vec<&str> = known.iter().map(|(id, _)| id.as_str()).collect();
    if ids.is_empty() {
        let states: Vec<_> = states.iter().map(|state| safe(&state.to_string_lossy())).collect();
        return format!("no run is kept in `{}`; name its folder", states.join("`, `"));
    }
    let near = nearest(id, ids.iter().copied());
    let meant = near.map(|near| format!("; did you mean `{near}`?"));
    let newest: Vec<&str> = ids.iter().rev().take(NAMED).copied().collect();
    let more = ids.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let meant = meant.unwrap_or_else(|| format!("; there is {}{more}", newest.join(", ")));
    format!("no run is called `{}`{meant}", safe(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_ends_in_a_colon_and_a_number() {
        for (word, item) in [
            ("pages:17", true),
            ("pages/index:0", true),
            ("pages", false),
            ("pages:", false),
            (":1", false),
            ("20261123-034021-b109", false),
            ("a:b", false),
        ] {
            assert_eq!(is_item(word), item, "{word}");
        }
    }
}

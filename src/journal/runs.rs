//! Runs: the folders of all runs, by their names.
//!
//! Only what is named as a run and not locked is ever removed. Callers hold the lock of the state
//! folder, so no run is seen between its folder and its lock. Unaware of what lies in them.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::results::RESULTS;
use super::{Fault, folder};

/// Runs that are kept where nothing else is asked for: a day's work, and some megabytes of logs.
pub const KEEP_RUNS: u32 = 20;

/// What a run holds while it goes on. It goes when the run has told its end, so that nobody has to
/// look into what is kept: that there is none says it.
pub(super) const LOCK: &str = "lock";

/// The pipe by which a run shares its slots, in its folder.
pub const JOB_SERVER: &str = "jobserver";

/// Names that are tried for a run. There are 65 536 in each second, so even a few taken ones in a
/// row mean that something else is wrong.
const TRIES: u32 = 100;

/// Bytes in which the last event of a run that has ended stands whole.
const LAST_EVENT: u64 = 1024;

/// Makes the folder of a run that starts `now`, under a name that nobody has. Returns both.
pub(super) fn name(runs: &Path, now: SystemTime) -> Result<(String, PathBuf), Fault> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seed = since.subsec_nanos() ^ std::process::id().rotate_left(8);
    for step in 0..TRIES {
        let tail = (seed ^ (seed >> 16)).wrapping_add(step) & 0xffff;
        let id = format!("{}-{tail:04x}", timestamp(since.as_secs()));
        let path = runs.join(&id);
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok((id, path)),
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Fault::to("create", &path)(error)),
        }
    }
    Err(Fault::NoName { path: runs.to_owned() })
}

/// Removes the oldest runs beyond the `keep` newest, but none that goes on, and of others what they
/// have left open when they were cut off. What can't be removed stays for the next run to try.
pub(super) fn prune(runs: &Path, keep: u32) -> Result<(), Fault> {
    let ids = ids(runs)?;
    let beyond = ids.len().saturating_sub(keep.max(1) as usize);
    let (beyond, kept) = ids.split_at(beyond);
    for id in beyond {
        let path = runs.join(id);
        // The lock is held while it is removed, so that nobody takes it up in between.
        match File::open(path.join(LOCK)) {
            Ok(lock) if lock.try_lock().is_ok() => fs::remove_dir_all(&path).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_dir_all(&path).ok(),
            Ok(_) | Err(_) => None,
        };
    }
    for id in kept {
        tidy(&runs.join(id));
    }
    Ok(())
}

/// Returns the ids of the runs that are kept below a state folder, oldest first; none where there
/// is no such folder.
pub fn run_ids(state: &Path) -> Result<Vec<String>, Fault> {
    let runs = state.join("runs");
    if runs.is_dir() { ids(&runs) } else { Ok(Vec::new()) }
}

/// Takes a run that does not go on, so that it neither goes on nor is removed until the file is
/// dropped. `None` where it goes on, or somebody else has taken it.
pub fn take_run(run: &Path) -> Result<Option<File>, Fault> {
    let path = run.join(LOCK);
    let lock = match File::open(&path) {
        // One that came to its end has none.
        Err(none) if none.kind() == io::ErrorKind::NotFound => folder::open_lock(&path)?,
        lock => lock.map_err(Fault::to("open", &path))?,
    };
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Fault::to("lock", &path)(error)),
    }
}

/// Removes what a run that was cut off has left open: what only runs that go on need. What one that
/// came to its end has left, it has left for a person.
fn tidy(run: &Path) {
    if is_cut_off(run) {
        let entries = fs::read_dir(run).into_iter().flatten().flatten();
        let passing = entries.filter(|entry| is_passing(&entry.file_name().to_string_lossy()));
        passing.for_each(|entry| drop(fs::remove_file(entry.path())));
    }
}

/// Returns whether a run is over and has not told its end.
pub(super) fn is_cut_off(run: &Path) -> bool {
    let lock = File::open(run.join(LOCK));
    lock.is_ok_and(|lock| lock.try_lock().is_ok()) && !has_ended(run)
}

/// Returns where the events of a run lie.
pub fn events_of(run: &Path) -> PathBuf {
    run.join("events.jsonl")
}

/// Returns whether a run told its end.
fn has_ended(run: &Path) -> bool {
    let Ok(file) = File::open(events_of(run)) else { return false };
    let from = file.metadata().map_or(0, |it| it.len().saturating_sub(LAST_EVENT));
    let mut last = Vec::new();
    let read = { &file }.seek(SeekFrom::Start(from)).and_then(|_| { &file }.read_to_end(&mut last));
    read.is_ok() && memchr::memmem::find(&last, b"\"event\":\"run-ended\"").is_some()
}

/// Returns whether something in the folder of a run is of no use after it: items that were on their
/// way, output that was held back, results that nobody has read and that may hold secrets.
fn is_passing(name: &str) -> bool {
    let beginnings = ["spill-", ".spool-", RESULTS];
    name == JOB_SERVER || beginnings.iter().any(|begins| name.starts_with(begins))
}

fn ids(runs: &Path) -> Result<Vec<String>, Fault> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(runs).map_err(Fault::to("read", runs))? {
        let entry = entry.map_err(Fault::to("read", runs))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        ids.extend(entry.file_name().into_string().ok().filter(|id| is_folder && is_id(id)));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// Returns whether a name is that of a run: `20261123-015618-3f2a`.
fn is_id(name: &str) -> bool {
    let shape = "dddddddd-dddddd-xxxx";
    name.len() == shape.len()
        && name.bytes().zip(shape.bytes()).all(|(byte, kind)| match kind {
            b'd' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_hexdigit(),
            other => byte == other,
        })
}

/// Writes seconds since 1970 as `20261123-015618`, in UTC.
fn timestamp(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March, so that the leap day is the last one; eras of 400 years repeat.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..=9 => (era * 400 + year, month + 3),
        _ => (era * 400 + year + 1, month - 9),
    };
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_calendars_have_them() {
        let cases = [
            (0, "19700101-000000"),
            (951_782_400, "20000229-000000"),
            (951_868_799, "20000229-235959"),
            (1_772_323_199, "20260228-235959"),
            (1_795_398_978, "20261123-015618"),
            (4_107_542_400, "21000301-000000"),
        ];
        for (seconds, text) in cases {
            assert_eq!(timestamp(seconds), text);
        }
    }

    #[test]
    fn only_names_of_runs_are_runs() {
        assert!(is_id("20261123-015618-3f2a"));
        for name in ["mine", "20261123-015618-3f2", "20261123-015618-3f2g", "2026112x-015618-3f2a"]
        {
            assert!(!is_id(name), "{name}");
        }
    }
}

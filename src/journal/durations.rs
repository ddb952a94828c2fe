//! Durations: how long nodes took in earlier runs, as a weighted mean in which the last run counts
//! most.
//!
//! A convenience: nothing fails because they are missing. What can't be read is told, set aside
//! when they are next saved, and never overwritten. Unaware of what they are used for.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Fault, folder};

/// Version of the file; a newer one is left alone.
const SCHEMA: u32 = 1;

/// Nodes that are remembered. Those that did not run for longest are forgotten first; the file
/// stays below a megabyte and is read in milliseconds.
const REMEMBERED: usize = 20_000;

/// The largest file that is read: far above what [`REMEMBERED`] nodes need.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Damaged files that are kept aside before the folder is taken for broken.
const ASIDE: u32 = 1_000;

/// What is worth a write: by how much all means together must have moved. Who runs one short
/// process again and again learns nothing by it, and would wait for the disk as long as for that.
const NEWS: Duration = Duration::from_millis(1);

/// How many hundredths of the mean the last run is.
const LAST_RUN_PERCENT: u64 = 30;

/// How long nodes took, by their names.
#[derive(Debug, Default)]
pub struct Durations {
    known: BTreeMap<String, Known>,
    state: State,
    /// By how much the means have moved since they were loaded, all together.
    moved: Duration,
}

/// What was found on disk.
#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// Durations, or nothing.
    #[default]
    Sound,
    /// Something that is set aside before it is replaced.
    Damaged,
    /// The file of a newer version.
    Newer,
}

/// What is known of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The weighted mean.
    micros: u64,
    /// How often durations were saved since it last ran.
    age: u32,
}

#[derive(Serialize, Deserialize)]
struct Written {
    schema: u32,
    nodes: BTreeMap<String, Known>,
}

/// What can be read of every version.
#[derive(Deserialize)]
struct Head {
    schema: u32,
}

impl Durations {
    /// Loads the durations of a state folder. Nothing on disk is changed. What can't be used counts
    /// as unknown, and the second value is a sentence about it.
    pub fn load(state: &Path) -> (Self, Option<String>) {
        Self::at(&state.join("durations.json"))
    }

    /// Reads a file of durations that must be there and whole; the error is a sentence.
    pub fn of_file(path: &Path) -> Result<Self, String> {
        if !path.is_file() {
            return Err(format!("there is no file `{}`", path.display()));
        }
        match Self::at(path) {
            (durations, None) => Ok(durations),
            (_, Some(told)) => Err(told),
        }
    }

    fn at(path: &Path) -> (Self, Option<String>) {
        let text = match read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
            Err(error) => {
                let fault = Fault::to("read", path)(error);
                return (
                    Self::default(),
                    Some(format!("past durations are unknown: failed to {fault}")),
                );
            }
        };
        let newer = || serde_json::from_slice::<Head>(&text).is_ok_and(|head| head.schema > SCHEMA);
        let (state, told) = match serde_json::from_slice::<Written>(&text) {
            Ok(Written { schema, nodes: mut known }) if schema <= SCHEMA => {
                for known in known.values_mut() {
                    known.age = known.age.saturating_add(1);
                }
                return (Self { known, ..Self::default() }, None);
            }
            Err(error) if !newer() => {
                (State::Damaged, format!("is damaged and will be set aside: {error}"))
            }
            Ok(_) | Err(_) => (State::Newer, "is of a newer version and left alone".to_owned()),
        };
        let told = format!("past durations are unknown: `{}` {told}", path.display());
        (Self { state, ..Self::default() }, Some(told))
    }

    /// Returns how long each node is expected to take.
    pub fn expected(&self) -> BTreeMap<String, Duration> {
        let known = self.known.iter();
        known.map(|(name, known)| (name.clone(), Duration::from_micros(known.micros))).collect()
    }

    /// Counts one more run of a node.
    pub fn learn(&mut self, name: &str, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let (micros, moved) = match self.known.get(name) {
            Some(known) => {
                let parts = |micros: u64, percent| u128::from(micros) * u128::from(percent);
                let mean =
                    parts(known.micros, 100 - LAST_RUN_PERCENT) + parts(took, LAST_RUN_PERCENT);
                let mean = u64::try_from(mean / 100).unwrap_or(u64::MAX);
                // Who did not run the last time is known to run again.
                let moved = Duration::from_micros(mean.abs_diff(known.micros));
                (mean, if known.age > 1 { NEWS } else { moved })
            }
            None => (took, NEWS),
        };
        self.moved = self.moved.saturating_add(moved);
        self.known.insert(name.to_owned(), Known { micros, age: 0 });
    }

    /// Saves them into a state folder, whole or not at all, if there is news. The disk is not asked
    /// to keep them: they guess at the future, and after a power cut older ones guess as well.
    pub fn save(mut self, state: &Path) -> Result<(), Fault> {
        if self.state == State::Newer || self.moved < NEWS {
            return Ok(());
        }
        let _held = folder::lock_state(state)?;
        let path = state.join("durations.json");
        if self.state == State::Damaged {
            set_aside(&path)?;
        }
        self.forget();
        let written = Written { schema: SCHEMA, nodes: self.known };
        let fresh = state.join("durations.json.new");
        let mut text = serde_json::to_vec(&written)
            .map_err(io::Error::from)
            .map_err(Fault::to("write", &fresh))?;
        text.push(b'\n');
        // Nobody else writes it now; what is there was left by a run that was killed.
        fs::remove_file(&fresh).ok();
        let mut file = folder::create(&fresh)?;
        file.write_all(&text).map_err(Fault::to("write", &fresh))?;
        fs::rename(&fresh, &path).map_err(Fault::to("replace", &path))
    }

    /// Forgets what did not run for longest, where there is too much.
    fn forget(&mut self) {
        let beyond = self.known.len().saturating_sub(REMEMBERED);
        if beyond == 0 {
            return;
        }
        let mut ages: Vec<(u32, String)> =
            self.known.iter().map(|(name, known)| (known.age, name.clone())).collect();
        ages.sort_unstable();
        for (_, name) in ages.iter().rev().take(beyond) {
            self.known.remove(name);
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

/// Renames a damaged file to a name that nothing has. Callers hold the lock of the state folder.
fn set_aside(path: &Path) -> Result<(), Fault> {
    let names = (1..=ASIDE).map(|number| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".corrupt-{number}"));
        PathBuf::from(name)
    });
    let free = names.into_iter().find(|name| name.symlink_metadata().is_err());
    let free = free.ok_or_else(|| Fault::NoName { path: path.to_owned() })?;
    match fs::rename(path, &free) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::to("set aside", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(durations: &Durations, name: &str) -> Option<u64> {
        durations.expected().get(name).map(Duration::as_secs)
    }

    #[test]
    fn the_last_run_counts_most() {
        let home = tempfile::tempdir().unwrap();
        for took in [100, 200] {
            let (mut durations, told) = Durations::load(home.path());
            assert_eq!(told, None);
            durations.learn("test (linux)", Duration::from_secs(took));
            durations.save(home.path()).unwrap();
        }
        let (durations, told) = Durations::load(home.path());
        assert_eq!((seconds(&durations, "test (linux)"), told), (Some(130), None));
    }

    #[test]
    fn a_damaged_file_is_told_and_set_aside() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("durations.json");
        for number in [1, 2] {
            fs::write(&path, format!("damage {number}")).unwrap();
            let (mut durations, told) = Durations::load(home.path());
            assert!(told.unwrap().contains("durations.json` is damaged and will be set aside: "));
            durations.learn("a", Duration::from_secs(1));
            durations.save(home.path()).unwrap();
            let aside = home.path().join(format!("durations.json.corrupt-{number}"));
            assert_eq!(fs::read_to_string(aside).unwrap(), format!("damage {number}"));
            assert_eq!(seconds(&Durations::load(home.path()).0, "a"), Some(1));
        }
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("durations.json");
        fs::write(&path, r#"{"schema":2,"nodes":[]}"#).unwrap();
        let (mut durations, told) = Durations::load(home.path());
        assert!(told.unwrap().ends_with("is of a newer version and left alone"));
        durations.learn("a", Duration::from_secs(1));
        durations.save(home.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), r#"{"schema":2,"nodes":[]}"#);
    }

    #[test]
    fn what_did_not_run_for_longest_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let save = |names: &[String], seconds| {
            let (mut durations, _) = Durations::load(home.path());
            for name in names {
                durations.learn(name, Duration::from_secs(seconds));
            }
            durations.save(home.path()).unwrap();
        };
        // By its name it would stay.
        save(&["0".to_owned(), "z".to_owned()], 1);
        save(&["z".to_owned()], 2);
        let others: Vec<String> = (1..REMEMBERED).map(|number| number.to_string()).collect();
        save(&others, 1);
        let (durations, _) = Durations::load(home.path());
        assert_eq!(durations.known.len(), REMEMBERED);
        assert_eq!((seconds(&durations, "0"), seconds(&durations, "z")), (None, Some(1)));
    }

    #[test]
    fn what_is_no_news_is_not_written() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("durations.json");
        let learn = |took: &[(&str, u64)]| {
            let (mut durations, _) = Durations::load(home.path());
            for (name, micros) in took {
                durations.learn(name, Duration::from_micros(*micros));
            }
            durations.save(home.path()).unwrap();
            fs::read_to_string(&path).unwrap()
        };
        let first = learn(&[("a", 10_000), ("b", 10_000)]);
        assert_eq!(learn(&[("a", 13_000)]), first);
        assert_ne!(learn(&[("a", 13_000), ("b", 11_000)]), first, "both moved, by 1.2 ms");
        let second = learn(&[("a", 20_000)]);
        assert_ne!(learn(&[("b", 10_300)]), second, "it did not run the last time");
    }

    #[test]
    fn a_failed_save_names_the_file() {
        let home = tempfile::tempdir().unwrap();
        let mut durations = Durations::default();
        durations.learn("a", Duration::from_secs(1));
        let fault = durations.save(&home.path().join("gone")).unwrap_err();
        assert!(fault.to_string().ends_with("gone/lock`: it does not exist"), "{fault}");
    }
}

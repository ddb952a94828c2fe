//! Folder: the place of one run.
//!
//! Its name is the time at which it started, so that names sort, and its lock is the kernel's: it
//! is gone with the process, however that ends. Unaware of what is written into it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{OFlags, syncfs};

use super::events::EventsFile;
use super::log::Log;
use super::results::ResultsFile;
use super::{Fault, runs};
use crate::event::Stream;
use crate::model::AttemptId;

/// Logs that the disk is asked to keep one by one; of more it is asked to keep all that it has,
/// which takes one turn of it and not one for each.
const ONE_BY_ONE: usize = 64;

/// The link to the last run, for people.
const LATEST: &str = "latest";

/// The folder of one run, which is locked as long as this lives.
#[derive(Debug)]
pub struct RunFolder {
    id: String,
    path: PathBuf,
    after: Option<PathBuf>,
    _lock: File,
}

impl RunFolder {
    /// Makes the folder of a run that starts `now`, and removes the oldest runs beyond `keep`.
    pub fn create(state: &Path, keep: u32, now: SystemTime) -> Result<Self, Fault> {
        folder(state)?;
        let held = lock_state(state)?;
        ignore(&state.join(".gitignore"))?;
        let all = state.join("runs");
        folder(&all)?;
        let (id, path) = runs::name(&all, now)?;
        let lock_path = path.join(runs::LOCK);
        let lock = create(&lock_path)?;
        lock.lock().map_err(Fault::to("lock", &lock_path))?;
        let last = fs::read_link(state.join(LATEST)).map(|run| state.join(run)).ok();
        link_latest(state, &id);
        runs::prune(&all, keep)?;
        drop(held);
        let after = last.filter(|last| runs::is_cut_off(last));
        Ok(Self { id, path, after, _lock: lock })
    }

    /// Returns `{run.id}`, its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the folder of the run before this one, if that was cut off.
    pub fn after_cut_off(&self) -> Option<&Path> {
        self.after.as_deref()
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the file of events; once a run.
    pub fn events(&self) -> Result<EventsFile, Fault> {
        EventsFile::create(runs::events_of(&self.path))
    }

    /// Returns where the items of a queue lie that an earlier run has left to this one.
    pub fn items(&self, queue: &str) -> PathBuf {
        self.path.join("items").join(safe(queue))
    }

    /// Creates the file that an attempt may write its results to.
    pub fn results(&self, attempt: AttemptId) -> Result<ResultsFile, Fault> {
        ResultsFile::create(&self.path, attempt)
    }

    /// Has the disk keep what the logs hold. Called once, when nothing is written any more: no run
    /// is made slower by it.
    pub fn sync_logs(&self) -> Result<(), Fault> {
        let logs = self.path.join("logs");
        let folder = match File::open(&logs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            folder => folder.map_err(Fault::to("open", &logs))?,
        };
        // What is in it was written by this run.
        for (count, file) in fs::read_dir(&logs).map_err(Fault::to("read", &logs))?.enumerate() {
            if count == ONE_BY_ONE {
                let synced = syncfs(&folder).map_err(io::Error::from);
                return synced.map_err(Fault::to("sync", &logs));
            }
            let path = file.map_err(Fault::to("read", &logs))?.path();
            let file = File::open(&path).map_err(Fault::to("open", &path))?;
            file.sync_data().map_err(Fault::to("sync", &path))?;
        }
        folder.sync_all().map_err(Fault::to("sync", &logs))
    }

    /// Lets go of the run, which has told its end: from now on it is one that is kept.
    pub fn release(&self) {
        // Where it stays, the next run looks for that end.
        fs::remove_file(self.path.join(runs::LOCK)).ok();
    }

    /// Returns the log of one stream of a node. Nothing is created until a byte is written.
    ///
    /// `stem` names the node: its process, and `@` with the index of its cell where there is a
    /// matrix. What is no letter, digit, `.`, `_`, `-` or `@` is written as `%` and two digits.
    pub fn log(&self, stem: &str, stream: Stream) -> Log {
        let extension = match stream {
            Stream::Stdout => "out",
            Stream::Stderr => "err",
        };
        Log::new(self.path.join("logs"), safe(stem), extension)
    }
}

/// Takes the lock of the state folder, which makes one run after the other do what is not safe
/// together. It is let go of when the file is dropped.
pub(super) fn lock_state(state: &Path) -> Result<File, Fault> {
    let path = state.join("lock");
    let lock = open_lock(&path)?;
    lock.lock().map_err(Fault::to("lock", &path))?;
    Ok(lock)
}

/// Opens a file that is there to be locked.
pub(super) fn open_lock(path: &Path) -> Result<File, Fault> {
    let mut options = OpenOptions::new();
    let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    options.write(true).create(true).truncate(false).mode(0o600).custom_flags(no_link);
    options.open(path).map_err(Fault::to("open", path))
}

/// Creates a file that must not exist, for its owner only.
pub(super) fn create(path: &Path) -> Result<File, Fault> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true).mode(0o600);
    options.open(path).map_err(Fault::to("create", path))
}

/// Creates such a file, and the folder that it lies in where that does not exist, but none above.
pub(super) fn create_within(path: &Path) -> Result<File, Fault> {
    match create(path) {
        Err(Fault::Disk { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        created => return created,
    }
    let made = path.parent().map_or(Ok(()), |folder| DirBuilder::new().mode(0o700).create(folder));
    made.map_err(Fault::to("create", path))?;
    create(path)
}

/// Makes a folder, and those above it, where it does not exist, for its owner only. The state
/// folder itself may be reached over a link, as its user says; nothing in it may be one.
pub(super) fn folder(path: &Path) -> Result<(), Fault> {
    let own = ["runs", "items"];
    let inside = path.file_name().is_some_and(|name| own.iter().any(|own| name == *own));
    if inside && path.is_symlink() {
        return Err(Fault::Link { path: path.to_owned() });
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| match error.kind() {
        // Something of that name is there, and it is no folder.
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })
    .map_err(Fault::to("create", path))
}

fn ignore(path: &Path) -> Result<(), Fault> {
    match create(path) {
        Ok(mut file) => file.write_all(b"*\n").map_err(Fault::to("write", path)),
        Err(Fault::Disk { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// Points `latest` to a run. It is a convenience for people, so a file system without links, or
/// something else of that name, is no fault.
fn link_latest(state: &Path, id: &str) {
    let latest = state.join(LATEST);
    let ours = latest.is_symlink() || !latest.exists();
    let fresh = state.join("latest.new");
    fs::remove_file(&fresh).ok();
    if ours && symlink(Path::new("runs").join(id), &fresh).is_ok() {
        fs::rename(&fresh, &latest).ok();
    }
}

/// The digits that stand for a byte.
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Returns a name that can't lead out of a folder, and that differs where stems differ.
fn safe(stem: &str) -> String {
    let mut name = String::with_capacity(stem.len());
    for (index, byte) in stem.bytes().enumerate() {
        let hidden = index == 0 && byte == b'.';
        if byte.is_ascii_alphanumeric() || (b"._-@".contains(&byte) && !hidden) {
            name.push(char::from(byte));
        } else {
            name.push('%');
            name.extend([byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)])));
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::*;

    /// 2026-11-23 01:56:18 UTC.
    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_398_978 + seconds)
    }

    #[test]
    fn a_run_has_a_folder_of_its_own() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("a/.runner");
        let one = RunFolder::create(&state, 5, at(0)).unwrap();
        let two = RunFolder::create(&state, 5, at(0)).unwrap();
        assert!(one.id().starts_with("20261123-015618-"), "{}", one.id());
        assert_eq!(one.id().len(), "20261123-015618-3f2a".len());
        assert_ne!(one.id(), two.id());
        assert_eq!(fs::read_to_string(state.join(".gitignore")).unwrap(), "*\n");
        let latest = fs::canonicalize(state.join("latest")).unwrap();
        assert_eq!(latest, fs::canonicalize(two.path()).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(one.path()), 0o700);
        assert_eq!(mode(&one.path().join("lock")), 0o600);
    }

    #[test]
    fn the_oldest_runs_go_but_none_that_goes_on() {
        let home = tempfile::tempdir().unwrap();
        let create = |seconds| RunFolder::create(home.path(), 3, at(seconds)).unwrap();
        let goes_on = create(0);
        let ids: Vec<String> = (1..6).map(|seconds| create(seconds).id().to_owned()).collect();
        fs::create_dir(home.path().join("runs/mine")).unwrap();
        let last = create(6);
        let left = |id: &str| home.path().join("runs").join(id).exists();
        assert!(left(goes_on.id()) && left(last.id()) && left("mine"));
        let kept: Vec<bool> = ids.iter().map(|id| left(id)).collect();
        assert_eq!(kept, [false, false, false, true, true]);
    }

    #[test]
    fn runs_that_start_together_do_not_disturb_each_other() {
        let home = tempfile::tempdir().unwrap();
        let create = || RunFolder::create(home.path(), 1, at(0)).unwrap();
        let runs: Vec<RunFolder> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(runs.iter().all(|run| run.path().join("lock").is_file()));
    }

    #[test]
    fn faults_say_what_is_in_the_way() {
        let home = tempfile::tempdir().unwrap();
        let said = |state: &Path| RunFolder::create(state, 3, at(0)).unwrap_err().to_string();
        let state = home.path().join("file");
        fs::write(&state, "").unwrap();
        for state in [state.clone(), state.join("below")] {
            let expected = "it is not a directory, or lies below a file";
            assert_eq!(said(&state), format!("create `{}`: {expected}", state.display()));
        }
        let state = home.path().join("planted");
        fs::create_dir(&state).unwrap();
        symlink(home.path(), state.join("runs")).unwrap();
        assert!(said(&state).contains("planted/runs`: it is a symbolic link (hint: "));
        fs::remove_file(state.join("lock")).unwrap();
        symlink(home.path().join("elsewhere"), state.join("lock")).unwrap();
        assert!(said(&state).starts_with("open `"));
        assert!(!home.path().join("elsewhere").exists());
    }

    #[test]
    fn stems_stay_in_their_folder_and_apart() {
        let cases = [
            ("test@2", "test@2"),
            ("../x", "%2e.%2fx"),
            ("test (linux, 1.88)", "test%20%28linux%2c%201.88%29"),
            ("a%2fb", "a%252fb"),
        ];
        for (stem, name) in cases {
            assert_eq!(safe(stem), name);
        }
    }
}

//! Fates: what became of the dead items of a run after it had ended.
//!
//! The events of a run say what happened in it and are never changed. What is done with its dead
//! items later stands in a file of its own, to which lines are added; the last one that names an
//! item counts. A line that was torn by a power cut is as if it were not there. Unaware of which
//! items there are.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Fault;

/// The file, in the folder of the run.
const FILE: &str = "dead.jsonl";

/// Items that one line names: enough that the rest of the line costs nothing, few enough that a
/// line is read at once.
const NAMED: usize = 1000;

/// The longest line that is read: [`NAMED`] items of the longest names, and paths beside them.
const LONGEST: u64 = 1024 * 1024;

/// What became of a dead item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Fate {
    /// A run was begun that tries it again; what came of that was not written down.
    Retrying {
        /// The id of that run.
        run: String,
        /// Its folder.
        folder: PathBuf,
        /// Whether other items come into the same queue there, so that their numbers are not those
        /// of the items that were put in.
        mixed: bool,
        /// Whether something is made of it that goes into other queues there, so that it is not
        /// over before those are empty.
        flows: bool,
    },
    /// It was done or is dead again in another run.
    Retried {
        /// The id of that run.
        run: String,
    },
    /// It was given up.
    Dropped,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    #[serde(flatten)]
    fate: Fate,
    items: Vec<String>,
}

/// What became of every item that something became of.
#[derive(Debug, Default)]
pub struct Fates {
    /// By item, as a position in `known`: many share one.
    of: HashMap<String, usize>,
    known: Vec<Fate>,
}

impl Fates {
    /// Reads what became of the items of a run.
    pub fn read(run: &Path) -> Result<Self, Fault> {
        let mut fates = Self::default();
        each_mark(run, |mark| {
            if fates.known.last() != Some(&mark.fate) {
                fates.known.push(mark.fate);
            }
            let at = fates.known.len() - 1;
            fates.of.extend(mark.items.into_iter().map(|item| (item, at)));
        })?;
        Ok(fates)
    }

    /// Returns what became of an item.
    pub fn of(&self, item: &str) -> Option<&Fate> {
        self.of.get(item).map(|at| &self.known[*at])
    }

    /// Returns whether nothing became of any.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Returns the runs that were begun and of which it is not known what came of an item.
    pub fn unsettled(&self) -> Vec<&Fate> {
        let mut open = vec![false; self.known.len()];
        self.of.values().for_each(|at| open[*at] = true);
        let known = self.known.iter().zip(open);
        let open = known.filter(|(fate, open)| *open && matches!(fate, Fate::Retrying { .. }));
        open.map(|(fate, _)| fate).collect()
    }
}

/// Returns the items that were marked so, in the order in which they were.
pub fn marked(run: &Path, fate: &Fate) -> Result<Vec<String>, Fault> {
    let mut items = Vec::new();
    each_mark(run, |mark| {
        if mark.fate == *fate {
            items.extend(mark.items);
        }
    })?;
    Ok(items)
}

/// Writes down what became of items. Once this returns, it stays so after a power cut.
pub fn mark<'a>(
    run: &Path,
    fate: &Fate,
    items: impl IntoIterator<Item = &'a str>,
) -> Result<(), Fault> {
    let path = run.join(FILE);
    let file = open(&path)?;
    let mut to = BufWriter::new(&file);
    let mut items = items.into_iter().map(str::to_owned).peekable();
    while items.peek().is_some() {
        let items = items.by_ref().take(NAMED).collect();
        let written = serde_json::to_writer(&mut to, &Mark { fate: fate.clone(), items });
        let written = written.map_err(io::Error::from).and_then(|()| to.write_all(b"\n"));
        written.map_err(Fault::to("write", &path))?;
    }
    to.flush().map_err(Fault::to("write", &path))?;
    drop(to);
    file.sync_data().map_err(Fault::to("sync", &path))?;
    let folder = File::open(run).map_err(Fault::to("open", run))?;
    folder.sync_all().map_err(Fault::to("sync", run))
}

/// Opens the file for writing behind its last whole line.
fn open(path: &Path) -> Result<File, Fault> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(path).map_err(Fault::to("open", path))?;
    let torn = Fault::to("read", path);
    whole_lines(&mut file).map_err(torn).and_then(|end| {
        file.set_len(end).map_err(Fault::to("cut", path))?;
        file.seek(io::SeekFrom::Start(end)).map_err(Fault::to("read", path))?;
        Ok(file)
    })
}

/// Returns where the last whole line ends.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut lines = BufReader::new(file);
    let (mut end, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(end);
        }
        end += read as u64;
    }
}

/// Calls `found` for each whole line; there are none where there is no file.
fn each_mark(run: &Path, mut found: impl FnMut(Mark)) -> Result<(), Fault> {
    let path = run.join(FILE);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file.map_err(Fault::to("open", &path))?,
    };
    let (mut lines, mut line, mut offset) = (BufReader::new(file), Vec::new(), 0);
    loop {
        line.clear();
        let read = (&mut lines).take(LONGEST).read_until(b'\n', &mut line);
        let read = read.map_err(Fault::to("read", &path))? as u64;
        if !line.ends_with(b"\n") && read < LONGEST {
            return Ok(());
        }
        let damaged = |error: serde_json::Error| Fault::Damaged {
            path: path.clone(),
            offset,
            reason: error.to_string(),
        };
        found(serde_json::from_slice(&line).map_err(damaged)?);
        offset += read;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrying(run: &str) -> Fate {
        Fate::Retrying { run: run.to_owned(), folder: "f".into(), mixed: false, flows: false }
    }

    fn retried(run: &str) -> Fate {
        Fate::Retried { run: run.to_owned() }
    }

    #[test]
    fn the_last_mark_of_an_item_counts() {
        let run = tempfile::tempdir().unwrap();
        assert!(Fates::read(run.path()).unwrap().is_empty());
        mark(run.path(), &retrying("r1"), ["q:2", "q:0", "q:1"]).unwrap();
        mark(run.path(), &retried("r1"), ["q:0"]).unwrap();
        mark(run.path(), &Fate::Dropped, ["q:1"]).unwrap();
        let fates = Fates::read(run.path()).unwrap();
        assert_eq!(fates.of("q:0"), Some(&retried("r1")));
        assert_eq!(fates.of("q:1"), Some(&Fate::Dropped));
        assert_eq!(fates.of("q:2"), Some(&retrying("r1")));
        assert_eq!(fates.of("q:3"), None);
        assert_eq!(fates.unsettled(), [&retrying("r1")]);
        assert_eq!(marked(run.path(), &retrying("r1")).unwrap(), ["q:2", "q:0", "q:1"]);
    }

    #[test]
    fn many_items_take_few_lines() {
        let run = tempfile::tempdir().unwrap();
        let items: Vec<String> = (0..2500).map(|index| format!("q:{index}")).collect();
        mark(run.path(), &Fate::Dropped, items.iter().map(String::as_str)).unwrap();
        let text = std::fs::read_to_string(run.path().join(FILE)).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert_eq!(marked(run.path(), &Fate::Dropped).unwrap(), items);
    }

    #[test]
    fn a_torn_mark_is_as_if_it_were_not_there() {
        let run = tempfile::tempdir().unwrap();
        mark(run.path(), &Fate::Dropped, ["q:0"]).unwrap();
        let path = run.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(Fates::read(run.path()).unwrap().is_empty(), "{cut}");
            mark(run.path(), &retried("r"), ["q:1"]).unwrap();
            assert_eq!(Fates::read(run.path()).unwrap().of("q:1"), Some(&retried("r")), "{cut}");
        }
    }
}

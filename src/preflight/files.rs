//! Files: the folders and files that processes and queues name.
//!
//! Paths begin in the folder of the file that names them. Unaware of programs.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::program::is_absent;
use super::{Asker, Look, Named};
use crate::lookup::{any, literal_folder};
use crate::model::{Place, Process, code};

/// How many entries of folders are read for all globs of a job: about as many as in a tenth of a
/// second.
const MOST_WALKED: usize = 50_000;

/// Where a path of the job file begins.
const BASE: &str = "check the path: it begins in the folder of the job file";

/// The same, for a command.
const HERE: &str = "the folder of the job file";

/// Whether globs match anything, as far as that was looked for.
pub(super) struct Globs {
    known: HashMap<(PathBuf, String), Option<bool>>,
    /// Entries of folders that may still be read.
    left: usize,
}

impl Default for Globs {
    fn default() -> Self {
        Self { known: HashMap::new(), left: MOST_WALKED }
    }
}

impl Globs {
    fn any(&mut self, base: &Path, glob: &str) -> Option<bool> {
        let key = (base.to_owned(), glob.to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        // What is no glob was told when the file was read.
        let found = any(base, glob, &mut self.left).ok().flatten();
        self.known.insert(key, found);
        found
    }
}

impl Look<'_> {
    /// Returns the folder that a process runs in, or says that there is none.
    pub(super) fn folder(
        &mut self,
        process: &Process,
        asker: &Asker<'_>,
        place: &Place,
    ) -> Option<PathBuf> {
        let Some(cwd) = &process.cwd else { return Some(asker.base.clone()) };
        let named = asker.named(cwd, place.clone().then("cwd"))?;
        let path = asker.base.join(&named.text);
        let name = &named.text;
        let problem = match fs::metadata(&path) {
            Ok(it) if it.is_dir() => return Some(path),
            Ok(_) => {
                let said = format!("`{name}` is a file, not a folder");
                named.problem(code::NO_FOLDER, said, "no folder").help("name a folder")
            }
            Err(error) if is_absent(&error) => {
                let said = format!("the folder `{name}` is not there");
                let problem = named.problem(code::NO_FOLDER, said, "no such folder");
                let near = self.near.path(&asker.base, name);
                let near = near.filter(|near| asker.base.join(near).is_dir());
                named.meant(problem, near, &format!("make it: `mkdir -p {name}`, from {HERE}"))
            }
            Err(_) => return None,
        };
        if !self.may_come(&path, asker) {
            self.problems.push(problem);
        }
        None
    }

    /// Says that a file to read is not there.
    pub(super) fn file(&mut self, named: Option<Named>, asker: &Asker<'_>) {
        let Some(named) = named else { return };
        let path = asker.base.join(&named.text);
        let name = &named.text;
        let problem = match fs::metadata(&path) {
            Ok(it) if it.is_dir() => {
                let said = format!("`{name}` is a folder, not a file");
                named.problem(code::NO_FILE, said, "no file").help("name a file in it")
            }
            Err(error) if is_absent(&error) => {
                let said = format!("the file `{name}` is not there");
                let problem = named.problem(code::NO_FILE, said, "no such file");
                let near = self.near.path(&asker.base, name);
                let near = near.filter(|near| asker.base.join(near).is_file());
                named.meant(problem, near, BASE)
            }
            Ok(_) | Err(_) => return,
        };
        if !self.may_come(&path, asker) {
            self.problems.push(problem);
        }
    }

    /// Says that there is no folder for a file to write.
    pub(super) fn output(&mut self, named: Option<Named>, asker: &Asker<'_>) {
        let Some(named) = named else { return };
        let path = asker.base.join(&named.text);
        let Some(folder) = path.parent() else { return };
        let name = &named.text;
        let problem = match fs::metadata(folder) {
            _ if path.is_dir() => {
                let said = format!("`{name}` is a folder, not a file");
                named.problem(code::NO_FILE, said, "no file").help("name a file in it")
            }
            Err(error) if is_absent(&error) => {
                let said = format!("`{name}` cannot be written: its folder is not there");
                let problem = named.problem(code::NO_FILE, said, "no such folder");
                let parent = Path::new(name).parent().unwrap_or(Path::new("."));
                problem.help(format!("make it: `mkdir -p {}`, from {HERE}", parent.display()))
            }
            Ok(_) | Err(_) => return,
        };
        if !self.may_come(folder, asker) {
            self.problems.push(problem);
        }
    }

    /// Says that nothing matches a glob.
    pub(super) fn glob(&mut self, named: Option<Named>, asker: &Asker<'_>) {
        let Some(named) = named else { return };
        let (folder, pattern) = named.text.split_at(literal_folder(&named.text));
        if self.may_come(&asker.base.join(folder), asker)
            || self.globs.any(&asker.base, &named.text) != Some(false)
        {
            return;
        }
        let said = format!("nothing matches `{}`", named.text);
        let problem = named.problem(code::NO_MATCH, said, "matches no file");
        let is_plain = !pattern.contains(['*', '?', '[', '{', '\\']);
        let near = if is_plain {
            self.near.path(&asker.base, &named.text)
        } else {
            let near = self.near.path(&asker.base, folder);
            near.map(|near| Path::new(&near).join(pattern).to_string_lossy().into_owned())
        };
        let near = near.filter(|near| self.globs.any(&asker.base, near) == Some(true));
        let otherwise = "check the pattern: it begins in the folder of the job file";
        self.problems.push(named.meant(problem, near, otherwise));
    }
}

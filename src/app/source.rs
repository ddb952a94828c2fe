//! Source: the job file and the options of an earlier run, found again from here.
//!
//! Unaware of what is run.

use std::path::{Path, PathBuf};

use crate::app::find::{Found, from_here};
use crate::app::words::safe;
use crate::app::{Fault, Load};

/// What made a run this run and no other.
#[derive(Debug)]
pub(super) struct Source {
    /// The job file.
    pub(super) file: PathBuf,
    /// What the command line had added to it.
    pub(super) load: Load,
    /// `--state-dir`.
    pub(super) state: Option<PathBuf>,
}

impl Source {
    /// Finds it by what its run has told; `state` is where the next run shall be kept, if not where
    /// this one is.
    pub(super) fn of(
        found: &Found,
        (told, words): (&Path, &[String]),
        state: Option<&Path>,
    ) -> Result<Self, Fault> {
        let (load, was_given) = options(words);
        let kept = found.path.canonicalize().unwrap_or_default();
        let own = kept.ancestors().nth(2).unwrap_or(Path::new(".runner"));
        let file = if was_given {
            told.to_owned()
        } else {
            // It stands beside the state folder, whatever the folder was that it was named from.
            let name = told.file_name().unwrap_or_default();
            from_here(own.parent().unwrap_or(own).join(name))
        };
        if !file.is_file() {
            let name = safe(&file.to_string_lossy());
            let why = match told.to_str() {
                Some("-") => "it was read from standard input".to_owned(),
                _ if was_given => {
                    format!("`{name}` is not here: go to where the run was started")
                }
                _ => format!("`{name}` is gone"),
            };
            let id = safe(&found.id);
            return Err(Fault::Wrong(format!("the job file of run {id} can't be found: {why}")));
        }
        let own = was_given.then(|| from_here(own.to_owned()));
        Ok(Self { file, load, state: state.map(Path::to_owned).or(own) })
    }
}

/// Reads the options of a run back, as they are written in its first event. Returns also whether
/// its state folder was given.
fn options(words: &[String]) -> (Load, bool) {
    let mut load = Load::default();
    let mut was_given = false;
    for pair in words.chunks_exact(2) {
        match pair[0].as_str() {
            "--var" => load.vars.extend(
                pair[1].split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())),
            ),
            "--env-file" => load.env_files.push(PathBuf::from(&pair[1])),
            "--state-dir" => was_given = true,
            _ => {}
        }
    }
    (load, was_given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_back() {
        let words = ["--var", "a=b=c", "--env-file", "x", "--state-dir", "s"].map(str::to_owned);
        let (load, was_given) = options(&words);
        assert_eq!(load.vars, [("a".to_owned(), "b=c".to_owned())]);
        assert_eq!(load.env_files, [PathBuf::from("x")]);
        assert!(was_given && !options(&words[..4]).1);
    }
}

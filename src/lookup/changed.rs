//! Changed: which files differ from another revision, as git knows it.
//!
//! A conversation: it says what to ask and reads the answers, and whoever may start programs asks.
//! What counts is what one's own work changed: all since the common ancestor of the revision and
//! HEAD (`REV...HEAD` on a host of code), in commits, in the index, in the working tree, and new
//! files that are not ignored. Names are bytes, and never quoted. Unaware of what depends on them.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use globset::{Error, GlobBuilder};

use super::glob::literal_folder;
use super::plain::plain;

/// What git sets for hooks: with these it would answer for the repository that an outer git is busy
/// with, not for the folder that is asked about.
pub const OUTER_GIT: [&str; 5] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"];

/// Bytes of an answer that are read at most: the names of some hundred thousand files.
pub const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Letters of what git says of a failure that are passed on.
const SAID: usize = 200;

/// Why it is not known what changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The revision is none that could be meant.
    #[error("`{0}` is no revision: name a branch, a tag or a commit")]
    Word(String),
    /// There is no repository.
    #[error("`{}` is in no git repository", .0.display())]
    NoRepository(PathBuf),
    /// The revision is not known here.
    #[error("git knows no revision `{0}` here{hint}", hint = FETCH)]
    Revision(String),
    /// It has nothing in common with what is checked out.
    #[error("`{0}` and HEAD have no common ancestor{hint}", hint = FETCH)]
    Unrelated(String),
    /// Git could not answer.
    #[error("failed to list what changed: git says: {0}")]
    Git(String),
}

/// What to do about history that was not fetched.
const FETCH: &str = "; in CI set `fetch-depth: 0`, or `GIT_DEPTH: 0`";

/// How git answered.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its exit code; `None` where it was killed.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: &'a [u8],
    /// What it said of a failure.
    pub stderr: &'a [u8],
}

/// The conversation: [`question`](Self::question), [`answer`](Self::answer), until there is no
/// question left.
#[derive(Debug)]
pub struct Asking {
    revision: String,
    folder: PathBuf,
    step: Step,
    found: Changed,
}

/// How far it has come.
#[derive(Debug)]
enum Step {
    Root,
    Ancestor,
    Tracked(OsString),
    Untracked,
    Over,
}

/// Files that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// The root of the repository.
    root: PathBuf,
    /// Their paths below it. A repository inside this one is a single path.
    paths: BTreeSet<PathBuf>,
}

impl Asking {
    /// Begins: what changed since a revision, in the repository that a folder is in?
    pub fn since(revision: &str, folder: &Path) -> Result<Self, Unknown> {
        // What begins with a dash would be an option.
        let is_word = !revision.is_empty() && !revision.starts_with('-');
        if !is_word || revision.contains(['\0', '\n']) {
            return Err(Unknown::Word(revision.to_owned()));
        }
        Ok(Self {
            revision: revision.to_owned(),
            folder: folder.to_owned(),
            step: Step::Root,
            found: Changed::default(),
        })
    }

    /// Returns the next question, the program first, and the folder to ask it in.
    pub fn question(&self) -> Option<(Vec<OsString>, &Path)> {
        let (words, folder): (Vec<&OsStr>, _) = match &self.step {
            Step::Root => (words(&["rev-parse", "--show-toplevel"]), &self.folder),
            Step::Ancestor => (words(&["merge-base", &self.revision, "HEAD"]), &self.found.root),
            Step::Tracked(ancestor) => {
                let diff =
                    ["diff", "--name-only", "-z", "--no-renames", "--ignore-submodules=none"];
                let mut words = words(&diff);
                words.extend([ancestor.as_os_str(), OsStr::new("--")]);
                (words, &self.found.root)
            }
            Step::Untracked => {
                (words(&["ls-files", "-z", "--others", "--exclude-standard"]), &self.found.root)
            }
            Step::Over => return None,
        };
        // It asks only: the index is not touched while somebody else works with it.
        let git = ["git", "--no-optional-locks"].map(OsStr::new);
        Some((git.into_iter().chain(words).map(OsStr::to_owned).collect(), folder))
    }

    /// Takes in the answer to the question.
    pub fn answer(&mut self, answer: &Answer<'_>) -> Result<(), Unknown> {
        if answer.code != Some(0) {
            return Err(self.failed(answer));
        }
        let line = answer.stdout.strip_suffix(b"\n").unwrap_or(answer.stdout);
        self.step = match &self.step {
            Step::Root => {
                self.found.root = PathBuf::from(OsString::from_vec(line.to_vec()));
                Step::Ancestor
            }
            Step::Ancestor => Step::Tracked(OsString::from_vec(line.to_vec())),
            Step::Tracked(_) => {
                self.found.add(answer.stdout);
                Step::Untracked
            }
            Step::Untracked => {
                self.found.add(answer.stdout);
                Step::Over
            }
            Step::Over => Step::Over,
        };
        Ok(())
    }

    /// Returns what was found.
    pub fn found(self) -> Changed {
        self.found
    }

    fn failed(&self, answer: &Answer<'_>) -> Unknown {
        match &self.step {
            Step::Root if mentions(answer, "not a git repository") => {
                Unknown::NoRepository(self.folder.clone())
            }
            Step::Ancestor if answer.code == Some(1) => Unknown::Unrelated(self.revision.clone()),
            Step::Ancestor => Unknown::Revision(self.revision.clone()),
            Step::Root | Step::Tracked(_) | Step::Untracked | Step::Over => {
                let said = String::from_utf8_lossy(answer.stderr);
                let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
                let visible = line.chars().filter(|c| !c.is_control()).take(SAID);
                Unknown::Git(visible.collect())
            }
        }
    }
}

fn words<'w>(words: &[&'w str]) -> Vec<&'w OsStr> {
    words.iter().map(|word| OsStr::new(*word)).collect()
}

/// Returns whether git said so; asked with `LC_ALL=C` it speaks English.
fn mentions(answer: &Answer<'_>, words: &str) -> bool {
    String::from_utf8_lossy(answer.stderr).contains(words)
}

impl Changed {
    /// Makes it of a root and paths below it.
    pub fn new(root: PathBuf, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { root, paths: paths.into_iter().collect() }
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.paths.len()
    }

    /// Returns whether a file is among them.
    pub fn has(&self, file: &Path) -> bool {
        let real = real(file);
        real.strip_prefix(&self.root).is_ok_and(|path| self.covers(path))
    }

    /// Returns the first that a glob of a folder matches, as a path below the root. A glob without
    /// a pattern that names a folder means everything in it.
    pub fn matching(&self, folder: &Path, glob: &str) -> Result<Option<&Path>, Error> {
        let (literal, pattern) = glob.split_at(literal_folder(glob));
        let matcher = GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher();
        let begins = real(&folder.join(literal));
        let is_plain = !pattern.contains(['*', '?', '[', '{', '\\']);
        let whole = is_plain.then(|| real(&folder.join(glob)));
        let meant = |path: &&PathBuf| {
            let file = self.root.join(path);
            let below = file.strip_prefix(&begins).ok();
            below.is_some_and(|below| matcher.is_match(below))
                || whole.as_ref().is_some_and(|whole| file.starts_with(whole))
                // What changed in a repository inside this one is not known.
                || begins.starts_with(&file)
        };
        Ok(self.paths.iter().find(meant).map(PathBuf::as_path))
    }

    fn add(&mut self, names: &[u8]) {
        let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        self.paths.extend(names.map(|name| {
            let name = name.strip_suffix(b"/").unwrap_or(name);
            PathBuf::from(OsStr::from_bytes(name))
        }));
    }

    /// Returns whether a path changed, or a repository that it lies in.
    fn covers(&self, path: &Path) -> bool {
        path.ancestors().any(|above| self.paths.contains(above))
    }
}

/// Returns a path without links and dots: git names its root so. What is not there is only put
/// in order.
fn real(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    for above in path.ancestors() {
        if let Ok(found) = above.canonicalize() {
            return plain(&rest.iter().rev().fold(found, |path, name| path.join(name)));
        }
        rest.extend(above.components().next_back().map(|last| last.as_os_str().to_owned()));
    }
    plain(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: i32, stdout: &[u8]) -> Answer<'_> {
        Answer { code: Some(code), stdout, stderr: b"fatal: oh\x1b no\nmore" }
    }

    fn asked(asking: &Asking) -> String {
        let (words, folder) = asking.question().unwrap();
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        format!("{}: {}", folder.display(), words[2..].join(" "))
    }

    #[test]
    fn four_questions_say_what_changed() {
        let mut asking = Asking::since("origin/main", Path::new("/r/jobs")).unwrap();
        assert_eq!(asked(&asking), "/r/jobs: rev-parse --show-toplevel");
        asking.answer(&answer(0, b"/r\n")).unwrap();
        assert_eq!(asked(&asking), "/r: merge-base origin/main HEAD");
        asking.answer(&answer(0, b"beef\n")).unwrap();
        assert_eq!(
            asked(&asking),
            "/r: diff --name-only -z --no-renames --ignore-submodules=none beef --"
        );
        asking.answer(&answer(0, b"a b\nc\0\xff\0")).unwrap();
        assert_eq!(asked(&asking), "/r: ls-files -z --others --exclude-standard");
        asking.answer(&answer(0, b"inner/\0")).unwrap();
        assert!(asking.question().is_none());
        let paths = [&b"a b\nc"[..], b"inner", b"\xff"].map(|name| OsStr::from_bytes(name).into());
        assert_eq!(asking.found(), Changed::new("/r".into(), paths));
    }

    #[test]
    fn what_is_not_known_is_told() {
        for word in ["", "-p", "--output=x", "a\nb", "a\0"] {
            assert_eq!(
                Asking::since(word, Path::new("/")).unwrap_err(),
                Unknown::Word(word.into())
            );
        }
        let failed = |passed: &[&[u8]], answer: &Answer<'_>| {
            let mut asking = Asking::since("v1", Path::new("/r")).unwrap();
            for stdout in passed {
                asking.answer(&Answer { code: Some(0), stdout, stderr: b"" }).unwrap();
            }
            asking.answer(answer).unwrap_err()
        };
        let none = Answer {
            code: Some(128),
            stdout: b"",
            stderr: b"fatal: not a git repository (or any of the parent directories): .git\n",
        };
        assert_eq!(failed(&[], &none), Unknown::NoRepository("/r".into()));
        assert_eq!(failed(&[], &answer(128, b"")), Unknown::Git("fatal: oh no".into()));
        assert_eq!(failed(&[b"/r\n"], &answer(128, b"")), Unknown::Revision("v1".into()));
        assert_eq!(failed(&[b"/r\n"], &answer(1, b"")), Unknown::Unrelated("v1".into()));
        let killed = Answer { code: None, stdout: b"", stderr: b"" };
        assert_eq!(failed(&[b"/r\n", b"beef\n"], &killed), Unknown::Git("nothing".into()));
    }

    #[test]
    fn globs_of_a_folder_are_matched() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("jobs")).unwrap();
        let paths = ["jobs/ci.toml", "src/a.rs", "src/deep/b.rs", "gone/c.txt", "inner"];
        let changed = Changed::new(root.clone(), paths.map(PathBuf::from));
        let found = |glob: &str| {
            let found = changed.matching(&root.join("jobs"), glob).unwrap();
            found.map(|path| path.to_str().unwrap().to_owned())
        };
        for (glob, path) in [
            ("*.toml", Some("jobs/ci.toml")),
            ("*.rs", None),
            ("../src/*.rs", Some("src/a.rs")),
            ("../src/deep/*", Some("src/deep/b.rs")),
            ("../src/d*/**", Some("src/deep/b.rs")),
            ("../**/*.txt", Some("gone/c.txt")),
            ("../gone/c.txt", Some("gone/c.txt")),
            ("./../gone/../gone/*", Some("gone/c.txt")),
            ("../src", Some("src/a.rs")),
            ("../src/", Some("src/a.rs")),
            ("../sr", None),
            ("../inner/src/**", Some("inner")),
            ("../../**", Some("gone/c.txt")),
            ("..", Some("gone/c.txt")),
            ("../src/..", Some("gone/c.txt")),
            (".", Some("jobs/ci.toml")),
        ] {
            assert_eq!(found(glob).as_deref(), path, "{glob}");
        }
        assert!(changed.matching(&root, "a/[").is_err());
        assert!(changed.has(&root.join("jobs/../jobs/ci.toml")));
        assert!(!changed.has(&root.join("jobs")));
    }

    #[test]
    fn a_link_leads_to_where_git_is() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap().join("real");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::os::unix::fs::symlink(&root, home.path().join("link")).unwrap();
        let changed = Changed::new(root, [PathBuf::from("src/a.rs")]);
        let found = changed.matching(&home.path().join("link"), "src/*.rs").unwrap();
        assert_eq!(found, Some(Path::new("src/a.rs")));
    }
}

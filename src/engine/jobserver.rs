//! Job server: `make`, `cargo` and `ninja` inside a process share the slots of the run.
//!
//! They know it by `MAKEFLAGS`, which names a pipe with a token for each slot. Under a server that
//! is there already the run joins that, and so do its children; else it serves one of its own.
//! GNU make knows named pipes since 4.4, and an older one gives up on a name. So it is looked,
//! without running it, which one a child would find: an old one is given a descriptor instead, and
//! where `make` is not in sight only `cargo` is told, by a variable of its own. Unaware of who
//! runs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use super::core::Sharing;
use crate::child::{JOB_SERVER, Tokens};
use crate::lookup::{USUAL_PATH, candidates};
use crate::plan::Plan;

/// What make and whoever understands it read, and what cargo reads before.
const MAKE: &str = "MAKEFLAGS";
const CARGO: &str = "CARGO_MAKEFLAGS";

/// The same for makefiles of old.
const OLD: &str = "MFLAGS";

/// What the words begin with that name a server.
const AUTH: [&[u8]; 2] = [b"--jobserver-auth=", b"--jobserver-fds="];

/// What stands in the program of a make that knows named pipes.
const KNOWS: &[u8] = b"fifo:";

/// Bytes of that program that are looked at at once: it is of some hundred KiB, every run asks, and
/// this much stays in the nearest cache.
const WINDOW: usize = 16 * 1024;

/// The names of make.
const MAKES: [&[u8]; 2] = [b"make", b"gmake"];

type Variables = [(OsString, OsString)];

/// The job server of a run.
pub(super) struct JobServer {
    pub(super) tokens: Tokens,
    pub(super) sharing: Sharing,
    /// The word that says how many slots there are.
    jobs: Vec<u8>,
    /// `MAKEFLAGS` as it was inherited, and what of it is not about slots.
    inherited: Option<OsString>,
    rest: Vec<u8>,
    /// Whether the make of a `PATH` knows named pipes.
    modern: RefCell<HashMap<OsString, bool>>,
}

impl JobServer {
    /// Joins the server that is there, or else serves `path`. Says what is odd.
    pub(super) fn open(
        plan: &Plan,
        path: &Path,
        inherited: &Variables,
    ) -> (Option<Self>, Option<String>) {
        if plan.job.limits.jobserver == Some(false) {
            return (None, None);
        }
        let flags = value(inherited, MAKE);
        let (joined, odd) = match [MAKE, CARGO].iter().find_map(|name| named(inherited, name)) {
            None => (None, None),
            Some(auth) => match join(&auth) {
                Some(tokens) => (Some(tokens), None),
                None => (None, Some(unusable(&auth))),
            },
        };
        let (jobs, rest) = split(flags.map_or(b"", |flags| flags.as_bytes()));
        let inherited = flags.map(OsStr::to_owned);
        let modern = RefCell::default();
        if let Some(tokens) = joined {
            let sharing = Sharing::Joins;
            return (Some(Self { tokens, sharing, jobs, inherited, rest, modern }), None);
        }
        let slots = plan.jobs.unwrap_or(plan.pools[0].size);
        // Children find it whatever folder they are in.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match Tokens::serve(path, slots) {
            Ok(tokens) => {
                let (sharing, jobs) = (Sharing::Serves, format!("-j{slots}").into_bytes());
                (Some(Self { tokens, sharing, jobs, inherited, rest, modern }), odd)
            }
            Err(error) => {
                let path = path.display();
                (None, Some(format!("no job server: cannot make the pipe `{path}`: {error}")))
            }
        }
    }

    /// Tells a child of the server, and returns what it is given. What its process says itself of
    /// `MAKEFLAGS` holds.
    pub(super) fn tell(
        &self,
        env: &mut Vec<(OsString, OsString)>,
        (argv, is_script): (&[OsString], bool),
    ) -> Option<OwnedFd> {
        let have = value(env, MAKE);
        if have.is_some() && have != self.inherited.as_deref() {
            return None;
        }
        let path = value(env, "PATH").unwrap_or(OsStr::new(USUAL_PATH)).to_owned();
        let by_name = self.flags(&[b"fifo:", self.tokens.path().as_os_str().as_bytes()].concat());
        env.retain(|(name, _)| ![MAKE, CARGO, OLD].iter().any(|ours| name == ours));
        if self.knows(path) {
            env.push((MAKE.into(), by_name));
            return None;
        }
        env.push((CARGO.into(), by_name));
        let given = if is_make(argv, is_script) { self.tokens.another().ok() } else { None };
        if given.is_some() {
            let both = format!("{JOB_SERVER},{JOB_SERVER}");
            env.push((MAKE.into(), self.flags(both.as_bytes())));
        } else if !self.rest.is_empty() {
            env.push((MAKE.into(), OsString::from_vec(self.rest.clone())));
        }
        given
    }

    /// Returns `MAKEFLAGS`. It begins with a space: a first word without a dash would be letters.
    fn flags(&self, auth: &[u8]) -> OsString {
        let mut flags = Vec::new();
        for word in [&self.jobs, &[AUTH[0], auth].concat(), &self.rest] {
            if !word.is_empty() {
                flags.push(b' ');
                flags.extend_from_slice(word);
            }
        }
        OsString::from_vec(flags)
    }

    fn knows(&self, path: OsString) -> bool {
        *self.modern.borrow_mut().entry(path).or_insert_with_key(|path| {
            let mut makes = candidates(OsStr::new("make"), path);
            makes.find_map(|make| holds(&make, KNOWS).ok()).unwrap_or(true)
        })
    }
}

/// Returns whether a text stands in a file.
fn holds(path: &Path, text: &[u8]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut window = vec![0; WINDOW];
    let mut kept = 0;
    loop {
        let end = kept + file.read(&mut window[kept..])?;
        if end == kept {
            return Ok(false);
        }
        if memchr::memmem::find(&window[..end], text).is_some() {
            return Ok(true);
        }
        // It may begin here and end in what is read next.
        let from = end.saturating_sub(text.len() - 1);
        window.copy_within(from..end, 0);
        kept = end - from;
    }
}

fn value<'a>(env: &'a Variables, name: &str) -> Option<&'a OsStr> {
    env.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
}

/// Returns the server that a variable names.
fn named(env: &Variables, name: &str) -> Option<String> {
    let auths = words(value(env, name)?.as_bytes()).filter_map(auth);
    auths.last().map(|auth| String::from_utf8_lossy(auth).into_owned())
}

/// Returns the server that a word names.
fn auth(word: &[u8]) -> Option<&[u8]> {
    AUTH.iter().find_map(|auth| word.strip_prefix(*auth))
}

fn words(flags: &[u8]) -> impl Iterator<Item = &[u8]> {
    flags.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn join(auth: &str) -> Option<Tokens> {
    if let Some(path) = auth.strip_prefix("fifo:") {
        return Tokens::join(Path::new(path)).ok();
    }
    let (read, write) = auth.split_once(',')?;
    Tokens::inherit([read.parse().ok()?, write.parse().ok()?]).ok()
}

fn unusable(auth: &str) -> String {
    let hint = if auth.starts_with("fifo:") {
        ""
    } else {
        " (of a recipe, write `+` in front of the command)"
    };
    format!("the job server `{auth}` of {MAKE} cannot be used{hint}: this run shares with nobody")
}

/// Splits `MAKEFLAGS` into the word that says how many slots there are, and what is not about them.
fn split(flags: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut jobs, mut rest) = (Vec::new(), Vec::new());
    let mut is_over = false;
    for (at, word) in words(flags).enumerate() {
        // What follows are variables.
        is_over |= word == b"--";
        if !is_over && auth(word).is_some() {
            continue;
        }
        if !is_over && (word.starts_with(b"-j") || word.starts_with(b"--jobs")) {
            jobs = word.to_vec();
            continue;
        }
        if !rest.is_empty() {
            rest.push(b' ');
        }
        if at == 0 && !word.starts_with(b"-") && !word.contains(&b'=') {
            rest.push(b'-');
        }
        rest.extend_from_slice(word);
    }
    (jobs, rest)
}

/// Returns whether make is what is run, or stands in the script.
fn is_make(argv: &[OsString], is_script: bool) -> bool {
    let is_name = |name: &[u8]| MAKES.contains(&name);
    let Some(program) = argv.first() else { return false };
    if Path::new(program).file_name().is_some_and(|name| is_name(name.as_bytes())) {
        return true;
    }
    let of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let has_it = |text: &OsString| text.as_bytes().split(|byte| !of_word(byte)).any(is_name);
    is_script && argv.iter().any(has_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_about_slots_stays() {
        let cases: [(&str, &str, &str); 6] = [
            ("", "", ""),
            ("ks -j3 --jobserver-auth=3,4", "-j3", "-ks"),
            (
                " -j8 --jobserver-auth=fifo:/tmp/x --no-print-directory",
                "-j8",
                "--no-print-directory",
            ),
            ("--jobserver-fds=3,4 -j", "-j", ""),
            ("A=1", "", "A=1"),
            ("k -- -j=2 A=--jobserver-auth=1", "", "-k -- -j=2 A=--jobserver-auth=1"),
        ];
        for (flags, jobs, rest) in cases {
            assert_eq!(split(flags.as_bytes()), (jobs.into(), rest.into()), "{flags}");
        }
    }

    #[test]
    fn the_last_server_that_is_named_is_meant() {
        let env = |flags: &str| vec![(OsString::from(MAKE), OsString::from(flags))];
        assert_eq!(
            named(&env("-j --jobserver-auth=1,2 --jobserver-auth=fifo:/a"), MAKE),
            Some("fifo:/a".into())
        );
        assert_eq!(named(&env("-j2"), MAKE), None);
        assert_eq!(named(&env("--jobserver-auth=1,2"), CARGO), None);
    }

    #[test]
    fn a_text_is_found_wherever_it_stands_in_a_program() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("make");
        for at in [0, 7, WINDOW - KNOWS.len(), WINDOW - 3, WINDOW, 3 * WINDOW + 1] {
            let mut program = vec![b'f'; at];
            program.extend_from_slice(KNOWS);
            program.resize(at + 100, b'o');
            std::fs::write(&path, &program).unwrap();
            assert!(holds(&path, KNOWS).unwrap(), "{at}");
            program[at] = b'-';
            std::fs::write(&path, &program).unwrap();
            assert!(!holds(&path, KNOWS).unwrap(), "{at}");
        }
        assert!(holds(home.path(), KNOWS).is_err());
    }

    #[test]
    fn make_is_a_word() {
        let is = |argv: &[&str], is_script| {
            is_make(&argv.iter().map(OsString::from).collect::<Vec<_>>(), is_script)
        };
        assert!(is(&["/usr/bin/make", "all"], false) && is(&["gmake"], false));
        assert!(is(&["sh", "-c", "cd a && make -s"], true));
        assert!(!is(&["sh", "-c", "cd a && make -s"], false));
        assert!(!is(&["sh", "-c", "cmake --build . ; make-it"], true) && !is(&[], true));
    }
}

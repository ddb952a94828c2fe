//! Screen: where a run is drawn, and how much room there is.
//!
//! Reporters write to what they are given here and nowhere else, so a test reads whole screens.
//! Bars and lines go to standard error; standard output is for results. Unaware of what is drawn.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, LineWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};

use super::mode::{Color, color};
use super::paint::Paint;
use super::patient::Patient;
use super::replay::copy;
use super::{findings, summary};
use crate::ci::{Ci, hide};
use crate::event::Tally;
use crate::model::Environment;

/// Columns below which no bars are drawn.
pub(super) const NARROWEST: usize = 20;

/// Bytes of the shortest line of a secret that a system is asked to hide: a shorter one stands in
/// too much text by chance.
const SHORTEST: usize = 4;

/// Bytes that are held back while somebody else has the terminal alone; the logs have all.
const HELD: usize = 1 << 20;

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Where a run is drawn.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Screen {
    /// Takes results: the event stream.
    pub out: Box<dyn Write + Send>,
    /// Takes lines, bars and the summary.
    pub err: Box<dyn Write + Send>,
    /// Whether `out` is a terminal.
    pub watched: bool,
    /// Whether `err` shows colours.
    pub color: bool,
    /// Whether `err` shows signs beyond ASCII.
    pub unicode: bool,
    /// The system that shows `err`.
    pub ci: Option<Ci>,
    /// The current directory: paths below it are shown relative to it.
    pub cwd: PathBuf,
    /// Tells the size of the terminal behind `err` now; `None` where there is none.
    pub size: Box<dyn Fn() -> Option<Size>>,
    /// Tells whether a write to `err` would be taken at once; bars wait for nobody.
    pub ready: Box<dyn Fn() -> bool>,
    /// Whether `err` is kept somewhere before a system shows it: a file, or the log of another run.
    pub kept: bool,
    /// Whether something was written to `err` for good.
    pub(super) used: bool,
    /// How often something was written to `err`.
    pub(super) said: u64,
    /// What is to be written once nobody else has the terminal alone any more, and how many bytes
    /// there was no room for.
    pub(super) held: Option<(String, u64)>,
}

impl Screen {
    /// Returns the screen of this process. What nobody takes is given up once there is `hurry`.
    pub fn stdio(
        asked: Color,
        env: impl Fn(&str) -> Option<String>,
        hurry: Arc<AtomicBool>,
    ) -> Self {
        let terminal = io::stderr().is_terminal();
        Self {
            out: Box::new(Named {
                name: "stdout",
                to: LineWriter::new(Patient::new(io::stdout(), Arc::clone(&hurry))),
            }),
            err: Box::new(Named { name: "stderr", to: Patient::new(io::stderr(), hurry) }),
            watched: io::stdout().is_terminal(),
            color: color(asked, &env, terminal),
            unicode: is_utf8(&env),
            ci: Ci::detect(&env),
            cwd: std::env::current_dir().unwrap_or_default(),
            size: Box::new(terminal_size),
            ready: Box::new(takes_bytes),
            kept: is_kept(&env),
            used: false,
            said: 0,
            held: None,
        }
    }

    /// Returns whether there is a terminal that is wide enough for bars.
    pub fn is_terminal(&self) -> bool {
        (self.size)().is_some_and(|size| size.width >= NARROWEST)
    }

    /// Returns what it is drawn with.
    pub(super) fn paint(&self) -> Paint {
        Paint { color: self.color, unicode: self.unicode, ci: self.ci }
    }

    /// Returns its columns, without bound where there is no terminal to wrap lines.
    pub(super) fn width(&self) -> usize {
        (self.size)().map_or(usize::MAX, |size| size.width)
    }

    /// Returns a path as people would type it here.
    pub(super) fn path(&self, path: &Path) -> String {
        let near = path.strip_prefix(&self.cwd).unwrap_or(path);
        super::sanitize::text(&near.to_string_lossy())
    }

    /// Returns what ends a fold that has no end of its own, in front of a line that must be seen.
    pub(super) fn unfold(&self) -> &'static str {
        match self.ci {
            Some(Ci::Buildkite) => "+++ ",
            Some(Ci::GitHub | Ci::GitLab | Ci::Azure | Ci::TeamCity) | None => "",
        }
    }

    /// Has the system that shows this take secrets out of all that it shows. Nothing is told where
    /// the orders would go to a file, or to another run, in which they would be kept.
    pub fn hide(&mut self, secrets: &[Vec<u8>]) -> io::Result<()> {
        let Some(ci) = self.ci.filter(|_| !self.kept) else { return Ok(()) };
        let orders: String = secrets.iter().map(|secret| hide(ci, secret, SHORTEST)).collect();
        self.err.write_all(orders.as_bytes())?;
        self.err.flush()
    }

    /// Writes text as it is, all of it at once.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        self.used |= !text.is_empty();
        self.said += u64::from(!text.is_empty());
        match &mut self.held {
            Some((held, _)) if held.len() + text.len() <= HELD => held.push_str(text),
            Some((_, more)) => *more += text.len() as u64,
            None => {
                self.err.write_all(text.as_bytes())?;
                self.err.flush()?;
            }
        }
        Ok(())
    }

    /// Holds back what is said while somebody else has the terminal alone, or says it then.
    pub(super) fn give_way(&mut self, away: bool) -> io::Result<()> {
        if away {
            self.held.get_or_insert_default();
            return Ok(());
        }
        let Some((mut held, more)) = self.held.take() else { return Ok(()) };
        if more > 0 {
            let _ = writeln!(held, "{} {more} more bytes are in the logs", self.paint().more());
        }
        self.say(&held)
    }

    /// Writes what is left to say of a run that has ended: what its processes print for the runner
    /// to print, and the summary.
    pub(super) fn conclude(&mut self, tally: &Tally) -> io::Result<()> {
        let paint = self.paint();
        // First, because a system takes orders from what follows as from the output of any program.
        if let Some(ci) = self.ci {
            self.say(&findings::annotations(ci, tally))?;
        }
        for piece in tally.nodes.iter().filter_map(|node| node.inherits.as_ref()).flatten() {
            copy(piece, self.watched.then_some(paint), &mut *self.out)?;
            self.used |= self.watched;
        }
        self.out.flush()?;
        let gap = if self.used { "\n" } else { "" };
        let summary = summary::summary(tally, self);
        let open = if self.used { self.unfold() } else { "" };
        self.say(&format!("{gap}{open}{}", paint.blunt(summary.into())))
    }
}

/// A stream whose errors say which one it is.
struct Named<W> {
    name: &'static str,
    to: W,
}

impl<W> Named<W> {
    fn name<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| io::Error::new(error.kind(), unwritten(self.name, &error)))
    }
}

impl<W: Write> Write for Named<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes);
        self.name(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.to.flush();
        self.name(flushed)
    }
}

/// Returns why a stream could not be written: `write to stdout: no space left on the device`.
pub fn unwritten(stream: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => format!("write to {stream}: no space left on the device"),
        _ => format!("write to {stream}: {error}"),
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("color", &self.color)
            .field("ci", &self.ci)
            .finish_non_exhaustive()
    }
}

fn terminal_size() -> Option<Size> {
    let (rows, columns) = console::Term::stderr().size_checked()?;
    Some(Size { width: columns.into(), height: rows.into() })
}

/// Whether the terminal takes bytes now: not while Ctrl-S holds it.
fn takes_bytes() -> bool {
    let stderr = io::stderr();
    let mut asked = [PollFd::new(&stderr, PollFlags::OUT)];
    poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) != Ok(0)
}

/// Whether standard error is a file, or that of a child of another run.
fn is_kept(env: impl Fn(&str) -> Option<String>) -> bool {
    let file = fstat(io::stderr())
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
    file || env(Environment::RUN).is_some()
}

/// Whether the locale writes UTF-8.
pub(super) fn is_utf8(env: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| env(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_some_and(|name| name.to_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_which_signs_exist() {
        for (set, utf8) in [
            (&[("LANG", "en_US.UTF-8")][..], true),
            (&[("LC_ALL", "C.utf8"), ("LANG", "C")], true),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], false),
            (&[("LC_ALL", ""), ("LC_CTYPE", "de_DE.UTF-8")], true),
            (&[], false),
        ] {
            let env = |name: &str| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(is_utf8(env), utf8, "{set:?}");
        }
    }
}

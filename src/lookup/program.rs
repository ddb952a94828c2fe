//! Program: which file a name means, and what its first bytes say that it is.
//!
//! Unaware of how a program is started.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where programs are looked for when there is no `PATH`, as the C library does.
pub const USUAL_PATH: &str = "/bin:/usr/bin";

/// Bytes of a file that say what it is; the system reads as many.
const START: u64 = 256;

/// Any of the bits that let somebody execute a file.
const EXECUTABLE: u32 = 0o111;

/// Returns where a program without a slash may lie, in the order of a `PATH`. A relative or empty
/// entry is left out: it would take programs from wherever a child happens to start.
pub fn candidates(name: &OsStr, path: &OsStr) -> impl Iterator<Item = PathBuf> {
    let folders = std::env::split_paths(path).collect::<Vec<_>>().into_iter();
    folders.filter(|folder| folder.is_absolute()).map(move |folder| folder.join(name))
}

/// Returns whether anybody may execute a file.
pub fn is_executable(file: &Metadata) -> bool {
    file.permissions().mode() & EXECUTABLE != 0
}

/// What the first bytes of a file say that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Nothing: the file is empty.
    Empty,
    /// A program of this system, or of another machine.
    Elf,
    /// A script that names its interpreter.
    Script(Interpreter),
    /// Text that names none.
    Text,
    /// Something else, which the system may have been taught to start.
    Other,
}

/// The first line of a script, behind `#!`, as the system reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The program, with the CR of a line that ends in one and has no argument.
    pub program: PathBuf,
    /// All that follows it, as one argument.
    pub argument: Vec<u8>,
}

/// Returns what a file is; `None` where it is not regular or cannot be read.
pub fn start(file: &Path) -> Option<Start> {
    // A pipe would never open, and to open a device may do something.
    if !fs::metadata(file).ok()?.is_file() {
        return None;
    }
    let mut start = Vec::new();
    File::open(file).ok()?.take(START).read_to_end(&mut start).ok()?;
    Some(told(&start))
}

fn told(start: &[u8]) -> Start {
    let Some(line) = start.strip_prefix(b"#!") else {
        return match start {
            [] => Start::Empty,
            _ if start.starts_with(b"\x7fELF") => Start::Elf,
            _ if start.contains(&0) => Start::Other,
            _ => Start::Text,
        };
    };
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut lines = line.splitn(2, |byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let is_whole = lines.next().is_some() || (start.len() as u64) < START;
    let trimmed = first.iter().position(|byte| !is_space(byte)).map_or(&[][..], |at| &first[at..]);
    let end = trimmed.iter().position(is_space);
    if end.is_none() && !is_whole {
        return Start::Other;
    }
    let (program, argument) = trimmed.split_at(end.unwrap_or(trimmed.len()));
    let argument = if is_whole { argument.trim_ascii() } else { &[] };
    // What is cut off is trimmed too, but not the CR that a program would be given.
    let had_cr = first.ends_with(b"\r") && !argument.is_empty();
    let argument = if had_cr { [argument, b"\r"].concat() } else { argument.to_vec() };
    Start::Script(Interpreter { program: OsStr::from_bytes(program).into(), argument })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(program: &str, argument: &str) -> Start {
        let argument = argument.as_bytes().to_vec();
        Start::Script(Interpreter { program: program.into(), argument })
    }

    #[test]
    fn first_lines_are_read_as_the_system_does() {
        for (text, found) in [
            ("", Start::Empty),
            ("\x7fELF\0", Start::Elf),
            ("PK\0", Start::Other),
            ("echo hi\n", Start::Text),
            ("#!/bin/sh\necho", script("/bin/sh", "")),
            ("#! \t/bin/sh -eu \n", script("/bin/sh", "-eu")),
            ("#!/bin/sh\r\necho", script("/bin/sh\r", "")),
            ("#!/usr/bin/env python3\r\n", script("/usr/bin/env", "python3\r")),
            ("#!/usr/bin/env -S a  b", script("/usr/bin/env", "-S a  b")),
            ("#!", script("", "")),
        ] {
            assert_eq!(told(text.as_bytes()), found, "{text:?}");
        }
        let long = format!("#!/bin/{}\n", "x".repeat(300));
        assert_eq!(told(&long.as_bytes()[..256]), Start::Other);
        let long = format!("#!/bin/sh {}\n", "x".repeat(300));
        assert_eq!(told(&long.as_bytes()[..256]), script("/bin/sh", ""));
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o700);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert_eq!(start(&pipe), None);
        assert_eq!(start(folder.path()), None);
    }
}

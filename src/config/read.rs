//! Read: the bytes of a job file, from a world in which anything may stand behind a path.
//!
//! Only regular files are read, and only up to a bound: a pipe without writer would never open, a
//! device never end. What is no UTF-8 is refused with the place of the first bad byte. Unaware of
//! TOML.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// The largest job file. A parsed file takes up to 60 times its bytes, and 100 000 processes fit.
pub const LARGEST: u64 = 8 << 20;

/// Why a file cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// Whether there is no such file.
    pub(super) is_missing: bool,
    /// The reason.
    pub(super) why: String,
    /// What would be right.
    pub(super) help: String,
}

fn unreadable(why: impl Into<String>, help: impl Into<String>) -> Unreadable {
    Unreadable { is_missing: false, why: why.into(), help: help.into() }
}

/// Reads a text file; `-` is not special here.
pub(super) fn file(path: &Path) -> Result<String, Unreadable> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path).map_err(not_opened)?;
    let about = file.metadata().map_err(not_opened)?;
    let kind = about.file_type();
    if kind.is_dir() {
        return Err(unreadable("it is a folder", "name a file in it"));
    }
    if !kind.is_file() {
        let what = if kind.is_fifo() { "a pipe" } else { "a device" };
        let why = format!("it is {what}, not a regular file");
        return Err(unreadable(why, "write `-` to read standard input"));
    }
    if about.len() > LARGEST {
        return Err(too_large());
    }
    text(file)
}

/// Takes a text that somebody else has read.
pub(super) fn given(text: &str) -> Result<String, Unreadable> {
    self::text(text.as_bytes())
}

/// Reads standard input.
pub(super) fn stdin() -> Result<String, Unreadable> {
    text(io::stdin().lock())
}

fn text(source: impl Read) -> Result<String, Unreadable> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(not_opened)?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large());
    }
    decoded(bytes)
}

fn decoded(bytes: Vec<u8>) -> Result<String, Unreadable> {
    let help = "save the file as UTF-8";
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(unreadable("it is UTF-16, not UTF-8", help));
    }
    let line = |at: usize| memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1;
    if let Some(at) = memchr::memchr(0, &bytes) {
        let why = format!("byte {at}, on line {}, is zero: this is no text", line(at));
        return Err(unreadable(why, help));
    }
    if let Err(error) = std::str::from_utf8(&bytes) {
        let at = error.valid_up_to();
        let why = format!("byte {at}, on line {}, is not UTF-8: 0x{:02X}", line(at), bytes[at]);
        return Err(unreadable(why, help));
    }
    Ok(String::from_utf8(bytes).expect("checked above"))
}

fn too_large() -> Unreadable {
    unreadable("it is larger than 8 MiB", "split it and join the parts with `include`")
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn not_opened(error: io::Error) -> Unreadable {
    match error.kind() {
        io::ErrorKind::NotFound => {
            Unreadable { is_missing: true, ..unreadable("there is no such file", "check the path") }
        }
        io::ErrorKind::PermissionDenied => {
            unreadable("permission denied", "allow reading with `chmod +r`")
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            unreadable("its links lead in a circle", "remove one of the links")
        }
        _ => unreadable(error.to_string(), "check the path"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn why(bytes: &[u8]) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        super::file(file.path()).unwrap_err().why
    }

    #[test]
    fn text_is_read_and_everything_else_named() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all("\u{feff}a = 'ä'\r\n".as_bytes()).unwrap();
        assert_eq!(super::file(file.path()), Ok("\u{feff}a = 'ä'\r\n".to_owned()));
        assert_eq!(why(b"a\nb\xFF"), "byte 3, on line 2, is not UTF-8: 0xFF");
        assert_eq!(why(b"a\nb\0"), "byte 3, on line 2, is zero: this is no text");
        assert_eq!(why(b"\xFF\xFEa\0"), "it is UTF-16, not UTF-8");
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(super::file(folder.path()).unwrap_err().why, "it is a folder");
        assert_eq!(super::file(&folder.path().join("x")).unwrap_err().why, "there is no such file");
        let device = super::file(Path::new("/dev/zero")).unwrap_err().why;
        assert_eq!(device, "it is a device, not a regular file");
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert_eq!(super::file(&pipe).unwrap_err().why, "it is a pipe, not a regular file");
        let ring = folder.path().join("ring");
        std::os::unix::fs::symlink(&ring, &ring).unwrap();
        assert_eq!(super::file(&ring).unwrap_err().why, "its links lead in a circle");
    }

    #[test]
    fn large_files_are_refused_before_they_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(LARGEST + 1).unwrap();
        assert_eq!(super::file(file.path()).unwrap_err().why, "it is larger than 8 MiB");
    }
}

//! Address: the URIs by which editors name files, and the paths by which the runner does.
//!
//! Unaware of what lies there.

use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;

/// Returns the path of a document; of one that was never saved, the path that its name stands for.
pub(super) fn path_of(uri: &Uri) -> PathBuf {
    let bytes = uri.path().as_estr().decode().into_bytes().into_owned();
    let path = PathBuf::from(std::ffi::OsString::from_vec(bytes));
    std::path::absolute(&path).map_or(path, |path| canonical(&path))
}

/// Returns the one path of a file that may be named by several.
pub(super) fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Returns the URI of a path.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let mut text = String::from("file://");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Uri::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_the_way_there_and_back() {
        for path in ["/a/b.toml", "/a b/ä/%41#?.toml", "/\u{1}/🦀"] {
            let uri = uri_of(Path::new(path)).unwrap();
            assert_eq!(path_of(&uri), Path::new(path), "{}", uri.as_str());
        }
    }

    #[test]
    fn documents_without_a_file_have_a_path_too() {
        let path = |text: &str| path_of(&Uri::from_str(text).unwrap());
        assert_eq!(path("file:///a%20b"), Path::new("/a b"));
        assert!(path("untitled:Untitled-1").ends_with("Untitled-1"));
    }
}
